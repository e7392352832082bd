"""Enrolment: who becomes a participant, set-based and in bounded chunks."""

from datetime import timedelta

from psycopg2.extensions import TransactionRollbackError

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...engine.errors import CampaignStop
from ..guards.marketing_checked_mixin import check_ids
from ..runtime.errors import is_shutdown
from ..runtime.marketing_participant import IS_LAST_RUN

CHUNK = 10_000  # participants enrolled by one transaction of the cron
FIRST_CHUNK = 1_000  # … and at once by Start, so that its user sees them
FIRST_POSITION = (0, 0)  # of an enrolment: the first entry, from its beginning
BUSY_PAUSE = timedelta(minutes=1)
BLANKS = " \t\r\n\v\f\u00a0\u202f\u3000\ufeff"  # what people paste around a text without seeing it


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    # ------------------------------------------------------------
    # Entry points
    # ------------------------------------------------------------

    @api.model
    def _cron_sync_participants(self):
        self.search([("state", "=", "running")]).sync_participants()

    @api.private
    def sync_participants(self, now=None):
        """Enrol the records that match and are no participants yet; let go who left the filter.

        Commits after each chunk. One campaign's failure does not touch another.

        :param datetime now: naive UTC; the present by default
        """
        cron = self.env["ir.cron"]
        languages = {}
        for number, campaign in enumerate(self):
            position = FIRST_POSITION
            while position is not None:
                moment = now or fields.Datetime.now()
                try:
                    position = campaign._in_language_of_user(languages)._sync_chunk(position, moment, CHUNK)
                    self.env.cr.flush()
                    if campaign.failed_job == "enrolment":
                        campaign._clear_failure()
                except CampaignStop as stop:
                    self.env.cr.rollback()
                    campaign._stop_for(str(stop))
                    position = None
                except TransactionRollbackError:
                    # somebody else works on these rows: they are enrolled, or will be next time
                    self.env.cr.rollback()
                    # until an Update is finished nothing of the campaign runs, and a look at those who wait is short
                    if campaign.update_job or campaign.wait_look_date:
                        self._get_enrolment_cron()._trigger(at=moment + BUSY_PAUSE)
                    position = None
                except BaseException as error:
                    self.env.cr.rollback()
                    if is_shutdown(error):
                        raise
                    campaign._note_failure("enrolment", error, moment)
                    position = None
                time_left = cron._commit_progress(1, remaining=len(self) - number - (position is None))
                if not time_left:
                    return
        self._wake_engine()

    @api.private
    def _sync_first_chunk(self, now):
        """Enrol a first chunk in the transaction of the user who starts the campaign."""
        self.ensure_one()
        campaign = self.sudo()
        try:
            if campaign._sync_chunk(FIRST_POSITION, now, FIRST_CHUNK) is not None:
                self._get_enrolment_cron()._trigger()
        except CampaignStop as stop:
            raise UserError(str(stop)) from stop

    def action_enroll(self, res_ids):
        """Enrol records by hand: the filter, the unicity and the rights of the campaign apply.

        Who is in already, and was kept from a message by a blocklisting or an opt-out that is lifted since, goes on.

        :param list res_ids: ids of records of the target
        :return: ``{"enrolled": ids, "left_out": ids}``; who goes on is among the enrolled
        :rtype: dict
        :raise UserError: when the campaign does not run
        """
        return self._enroll_records(res_ids, "hand")

    def _enroll_records(self, res_ids, source):
        """Enrol records for a user, see :meth:`action_enroll`.

        :param str source: how they come in
        """
        self.ensure_one()
        self.check_access("write")
        if self.state != "running":
            raise UserError(_("The campaign “%s” does not run: start it before you add participants.", self.name))
        asked = set(check_ids(res_ids, self.model_id.sudo().name or self.model_name))
        if not asked:
            return {"enrolled": [], "left_out": []}
        now = fields.Datetime.now()
        try:
            participants, _last_id = self.sudo()._enrol(now, len(asked), res_ids=sorted(asked), source=source)
            enrolled = set(participants.mapped("res_id"))
            enrolled |= self.sudo()._resume_lifted(asked - enrolled, now)
        except CampaignStop as stop:
            raise UserError(str(stop)) from stop
        self._wake_lanes()
        return {"enrolled": sorted(enrolled), "left_out": sorted(asked - enrolled)}

    # ------------------------------------------------------------
    # One chunk
    # ------------------------------------------------------------

    def _sync_chunk(self, position, now, limit):
        """Enrol the next records by each of the entries, and at the end let go who left the audience.

        :param tuple position: (which entry, what it said where to go on); ``FIRST_POSITION`` to begin with
        :return: where to go on, or None when everybody was looked at
        """
        if self.state != "running":
            return None
        if self._continue_update(now):
            return position
        number, after = position
        entries = self._get_workflow().entries
        while number < len(entries):
            after = self.env["marketing.entry"]._enrol_by(self, entries[number], now, limit, after)
            if after is not None:
                return number, after
            number, after = number + 1, 0
        self._look_at_goals(now)  # first: who reaches the goal may match the filter no longer
        self._remove_unmatched_participants(now)
        self._look_at_splits(now)
        self._plan_next_look(now)
        self.last_sync_date = now
        if self.wait_look_date:
            self.wait_look_date = now
        return None

    def _enrol(self, now, limit, after_id=0, res_ids=None, source="filter", entry=None, occurrences=None):
        """Insert participants, and the traces of the first steps.

        :param list res_ids: who asks to come in; by default everybody who matches the filter
        :param str source: how they come, one of the values of ``source`` of a participant
        :param entry: the marketing.entry by which they come, if any
        :param dict occurrences: for which occurrence each comes, as a text by the id of the record. The same record
            does not enter twice for the same occurrence of an entry.
        :return: (participants, the id after which to go on or None)
        """
        self.env.flush_all()  # what the user who starts the campaign has just written
        entering, _audience = self._get_entering_sql(now, source, after_id, res_ids)
        rows = self.env.execute_query(SQL("%s ORDER BY 1 LIMIT %s", entering, limit))
        last_id = rows[-1][0] if len(rows) == limit and res_ids is None else None
        before_ids = [id_ for *_row, passages in rows for id_ in passages or () if id_]
        locked = self._lock_passages(before_ids, wait=res_ids is not None)
        chosen, before, seen = [], {}, set()
        for record_id, unicity_key, run, passages in rows:  # by id: of those that share a key the lowest
            passages = {id_ for id_ in passages or () if id_}
            if passages <= locked and (unicity_key is None or unicity_key not in seen):
                chosen.append((record_id, unicity_key, run))
                before[record_id] = passages
                seen.add(unicity_key)
        participants = self._insert_participants(chosen, now, source, entry, occurrences)
        if locked:
            participants._follow_passages(before, now)
        return participants, last_id

    def _get_entering_sql(self, now, source="filter", after_id=0, res_ids=None):
        """Return the query of those who enter: for the first time, or again.

        :return: (the query of record id, what it is unique by, number of the passage, ids of the participants that
            it follows; the query of the whole audience)
        """
        newcomers, audience = self._get_newcomers_sql(after_id, res_ids)
        entering = SQL("SELECT n.id, n.key, 1 AS run, NULL::int[] AS passages FROM (%s) AS n", newcomers)
        if self._get_workflow().reentry != "never":
            returners = self._get_returners_sql(audience, now, source)
            entering = SQL("%s UNION ALL %s", entering, returners)
        return entering, audience

    def _get_newcomers_sql(self, after_id=0, res_ids=None):
        """Return the query of the audience's records that are no participants, with what they are unique by.

        :return: (that query, the one of the whole audience)
        """
        query, model = self._get_audience_query(after_id, res_ids, entering=True)
        key = self._get_unicity_sql(model, query)
        audience = query.select(SQL.identifier(query.table, "id"), key)
        newcomers = SQL(
            # anti-joins on the two unique indexes; the audience by its primary key
            """
            SELECT a.id, a.key FROM (%(audience)s) AS a (id, key)
             WHERE NOT EXISTS (SELECT 1 FROM marketing_participant p
                                WHERE p.campaign_id = %(campaign)s AND p.res_id = a.id AND p.is_test IS NOT TRUE)
               AND NOT EXISTS (SELECT 1 FROM marketing_participant p
                                WHERE p.campaign_id = %(campaign)s AND p.unicity_key = a.key
                                  AND p.is_test IS NOT TRUE)
            """,
            audience=audience,
            campaign=self.id,
        )
        return newcomers, audience

    def _get_audience_query(self, after_id=0, res_ids=None, entering=False):
        """Return the query of the records that match the filter, as the campaign's user sees them.

        :param bool entering: without those that have reached the goal, or met the exit condition, already
        :return: (query, model)
        :raise CampaignStop: when the filter cannot be read
        """
        env = self._get_run_env()
        model = env[self._get_target()]
        try:
            domain = self._parse_filter(self._get_workflow().domain, env)
            self._check_references(model, domain)
            if after_id:
                domain &= Domain("id", ">", after_id)
            if res_ids is not None:
                domain &= Domain("id", "in", res_ids)
            if entering:
                domain &= ~self._get_outside_domain(env)
            return model._search(domain), model
        except (ValueError, UserError) as error:
            raise CampaignStop(_("Its filter cannot be read: %s", error)) from error

    def _get_unicity_sql(self, model, query):
        """Return the hash of the value by which records are unique, NULL where there is none."""
        fname = self._get_workflow().unique_field
        if not fname:
            return SQL("NULL::text")
        if fname not in model._fields:
            raise CampaignStop(_("The unicity field “%s” no longer exists.", fname))
        if fname == getattr(model, "_primary_email", None) and "email_normalized" in model._fields:
            fname = "email_normalized"
        field = model._fields[fname]
        value = model._field_to_sql(query.table, fname, query)
        if field.type == "integer":
            key = SQL("NULLIF(%s, 0)::text", value)
        elif field.type == "many2one":
            key = SQL("(%s)::text", value)
        else:
            key = SQL("NULLIF(lower(btrim(%s, %s)), '')", value, BLANKS)
        return self._hash_unicity_sql(key)

    def _insert_participants(self, chosen, now, source, entry=None, occurrences=None):
        """Insert participants and the traces of their first steps, and nothing twice.

        :param list chosen: (record id, unicity key, which passage of that record it is)
        :param entry: see :meth:`_enrol`, and for the occurrences
        :return: the new participants
        """
        if not chosen:
            return self.env["marketing.participant"]
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO marketing_participant
                       (campaign_id, model_name, res_id, run, state, is_test, unicity_key, source, date_start,
                        entry_id, entry_key, create_uid, write_uid, create_date, write_date)
                SELECT %(campaign)s, %(model)s, c.res_id, c.run, 'running', FALSE, c.key, %(source)s, %(now)s,
                       %(entry)s, c.occurrence, %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM unnest(%(res_ids)s::int[], %(keys)s::text[], %(runs)s::int[], %(occurrences)s::text[])
                       AS c (res_id, key, run, occurrence)
           ON CONFLICT DO NOTHING
             RETURNING id, res_id
                """,
                campaign=self.id,
                model=self._get_target(),
                source=source,
                now=now,
                uid=self.env.uid,
                res_ids=[res_id for res_id, _key, _run in chosen],
                keys=[key for _res_id, key, _run in chosen],
                runs=[run for _res_id, _key, run in chosen],
                entry=entry.id or None if entry else None,
                occurrences=[(occurrences or {}).get(res_id) for res_id, _key, _run in chosen],
            )
        )
        participants = self.env["marketing.participant"].browse(row[0] for row in rows)
        if any(run > 1 for _res_id, _key, run in chosen):
            participants._make_history()
        self.env["marketing.trace"]._insert_traces(
            [(participant_id, step_id, date, 1, None) for participant_id, step_id, date in self._plan_firsts(rows, now)]
        )
        self.env.invalidate_all()
        self._on_enrolled(participants.ids)
        return participants

    def _plan_firsts(self, entered, now):
        """Yield when the first steps are due for who has just entered.

        :param list entered: (participant id, record id)
        :return: (participant id, activity id, UTC) of each
        """
        roots = self._get_workflow().roots
        clocks = self._get_clocks([res_id for _id, res_id in entered], now)
        is_own = any(step.follows_clock for step in roots)
        firsts = {}  # by zone
        for participant_id, res_id in entered:
            tz = clocks.get(res_id) if is_own else clocks.default
            if tz not in firsts:
                firsts[tz] = [(step.id, step.due(now, tz)) for step in roots]
            for step_id, date in firsts[tz]:
                yield participant_id, step_id, date

    def _on_enrolled(self, participant_ids):
        """Extension point: participants were just inserted, without going through create().

        :param list participant_ids: ids of marketing.participant, at most a chunk
        """

    def _remove_unmatched_participants(self, now):
        """Let those go whose record was deleted, or no longer matches the filter; let those come back who match again.

        :return: (how many left the filter, how many came back)
        """
        self._leave_deleted(now)
        left = 0
        query, _model = self._get_audience_query()
        if self._get_workflow().leave_on_mismatch:
            # an anti-join: NOT IN would compare everybody with everybody once its list outgrows work_mem
            unmatched = SQL("NOT EXISTS (SELECT 1 FROM (%s) AS a (id) WHERE a.id = p.res_id)", query.select())
            left = self._leave_unmatched(unmatched, "left_filter", now)
        self._mark_outside(query, now)
        return left, self._readmit_matching_participants(query, now)

    def _readmit_matching_participants(self, query, now):
        """Let those come back who had left the filter and match it again, and do not begin anew instead.

        :return: how many
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id FROM marketing_participant p
                 WHERE p.campaign_id = %s AND p.state = 'unlinked' AND p.end_code = 'left_filter'
                   AND p.is_test IS NOT TRUE AND p.summed_date IS NULL AND p.res_id IN %s AND %s AND %s
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                self.id,
                query.subselect(),
                IS_LAST_RUN,
                self._get_resumes_sql(now),
            )
        )
        self.env["marketing.participant"].browse(row[0] for row in rows)._readmit(now)
        return len(rows)

    def _leave_deleted(self, now):
        table = SQL.identifier(self.env[self._get_target()]._table)
        gone = SQL("NOT EXISTS (SELECT 1 FROM %s r WHERE r.id = p.res_id)", table)
        self._leave_unmatched(gone, "record_deleted", now, ("running", "completed"))

    def _leave_unmatched(self, condition, code, now, states=("running",)):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id FROM marketing_participant p
                 WHERE p.campaign_id = %s AND p.state = ANY(%s) AND p.is_test IS NOT TRUE AND %s
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                self.id,
                list(states),
                condition,
            )
        )
        self.env["marketing.participant"].browse(row[0] for row in rows)._remove(code, now)
        return len(rows)
