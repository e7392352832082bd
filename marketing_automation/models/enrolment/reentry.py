"""Re-entry: who comes into a campaign once more, when, and how often.

The rows of a record count its passages (``run``). All of them but the last are history (``is_past_run``), so that what
asks who may come in again reads the last passages alone, however many there were. With a unicity, who shares its value
is one: a passage of one of them counts for all.
"""

from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...engine.entry_types import CHANGE
from ...engine.schedule import subtract_interval

MODES = [
    ("never", "Never"),
    ("after_end", "Once they have finished"),
    ("restart", "At any time: they begin again"),
]
DELAY_UNITS = [("hours", "Hours"), ("days", "Days"), ("weeks", "Weeks"), ("months", "Months")]
MOST_TIMES = 10_000  # a limit above it is none
LONGEST_DELAY = 1_000_000  # units
# What brings somebody in again and again is stopped, whatever it is: two campaigns that add to each other by a step of
# theirs where no limit says how often, and anything else
STEP_PAUSE = timedelta(days=1)
MOST_A_DAY = 24


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    reentry = fields.Selection(
        MODES,
        string="Enter Again",
        default="never",
        required=True,
        help=(
            "Whether records that were in the campaign may enter again. The filter brings back those that stopped "
            "matching it in between, or that still match it after the delay."
        ),
    )
    reentry_delay_number = fields.Integer(
        string="Not Before",
        default=0,
        help="How long after their last entry people may enter again, whatever brings them. 0: at once.",
    )
    reentry_delay_unit = fields.Selection(DELAY_UNITS, string="Unit of the Delay", default="days", required=True)
    reentry_limit = fields.Integer(
        string="Times Again", default=0, help="How many times a record enters again at most. 0 for no limit."
    )

    reentry_text = fields.Char(string="In Words", compute="_compute_reentry_text")

    @api.depends(lambda self: self._get_reentry_fields())
    @api.depends_context("lang")
    def _compute_reentry_text(self):
        for campaign in self:
            campaign.reentry_text = campaign._describe_reentry(campaign)

    @api.constrains("reentry_delay_number", "reentry_limit")
    def _check_reentry(self):
        for campaign in self:
            if not 0 <= campaign.reentry_delay_number <= LONGEST_DELAY:
                raise ValidationError(
                    _("How long after their last entry people may enter again is a number from 0 to %s.", LONGEST_DELAY)
                )
            if not 0 <= campaign.reentry_limit <= MOST_TIMES:
                raise ValidationError(
                    _("How many times people may enter again is 0, for no limit, or at most %s.", MOST_TIMES)
                )

    @api.model
    def _get_reentry_fields(self):
        """Return the fields of re-entry, as the workflow that runs keeps them."""
        return ["reentry", "reentry_delay_number", "reentry_delay_unit", "reentry_limit"]

    @api.model
    def _describe_reentry(self, described):
        """Return in words who enters again.

        :param described: what has the fields of re-entry: a campaign, or the :class:`Workflow` that runs
        """
        if described.reentry not in ("after_end", "restart"):
            return _("Nobody enters a second time.")
        if described.reentry == "after_end":
            sentences = [_("People enter again once they have finished.")]
        else:
            sentences = [_("People who enter again start over, even if they are still inside.")]
        if described.reentry_delay_number > 0:
            duration = self.env["marketing.activity"]._get_duration_label(
                described.reentry_delay_number, described.reentry_delay_unit
            )
            sentences.append(_("Not before %s after their last entry.", duration))
        if described.reentry_limit == 1:
            sentences.append(_("Once again at most."))
        elif described.reentry_limit > 1:
            sentences.append(_("%s times again at most.", described.reentry_limit))
        return " ".join(sentences)

    def _describe_reentry_changes(self, old, new):
        """Return in words what a changed re-entry means, as a list that is empty where it did not change."""
        if not old.differs(new, self._get_reentry_fields()):
            return []
        return [
            _(
                "Who enters again was changed. Before: %(old)s Now: %(new)s",
                old=self._describe_reentry(old),
                new=self._describe_reentry(new),
            )
        ]

    # ------------------------------------------------------------
    # Who
    # ------------------------------------------------------------

    def _get_returners_sql(self, audience, now, source):
        """Return the query of those of the audience who were in before and enter again.

        :param SQL audience: the query of (record id, what it is unique by)
        :param datetime now: UTC
        :param str source: how they come, see ``_enrol``
        :return: (record id, key, number of the passage, ids of the participants that it follows)
        """
        own, held = SQL.identifier("own"), SQL.identifier("held")
        is_unique = bool(self._get_workflow().unique_field)
        return SQL(
            # the last passages by the index on campaign and state; the one of a key by the unique index
            """
            SELECT a.id, a.key, GREATEST(own.run, held.run) + 1, ARRAY[own.id, held.id]
              FROM (%(audience)s) AS a (id, key)
         %(join)s JOIN marketing_participant own
                ON own.campaign_id = %(campaign)s AND own.res_id = a.id AND own.is_past_run IS NULL
               AND own.is_test IS NOT TRUE
         LEFT JOIN LATERAL (%(held)s) held ON TRUE
             WHERE (own.id IS NOT NULL OR held.id IS NOT NULL)
               AND (own.id IS NULL OR (%(own_may)s)) AND (held.id IS NULL OR (%(held_may)s))
               AND (own.run < %(most)s OR %(calm)s)
            """,
            audience=audience,
            join=SQL("LEFT") if is_unique else SQL(),
            campaign=self.id,
            held=self._get_holder_sql(is_unique),
            own_may=self._get_may_return_sql(own, now, source),
            held_may=self._get_may_return_sql(held, now, source),
            most=MOST_A_DAY,
            calm=self._get_calm_sql(own, now),
        )

    def _get_calm_sql(self, last, now):
        """Return the condition on the last passage of somebody that they have not gone round all day.

        :param SQL last: alias of that participant
        """
        return SQL(
            """(SELECT count(*) FROM marketing_participant q
                 WHERE q.campaign_id = %(campaign)s AND q.res_id = %(last)s.res_id AND q.run > %(last)s.run - %(most)s
                   AND q.is_test IS NOT TRUE AND q.date_start > %(since)s) < %(most)s""",
            campaign=self.id,
            last=last,
            most=MOST_A_DAY,
            since=now - STEP_PAUSE,
        )

    def _get_holder_sql(self, is_unique):
        """Return the query of the last passage with the value of ``a``."""
        return SQL(
            """SELECT q.id, q.run, q.state, q.date_start, q.end_code, q.outside_date FROM marketing_participant q
                WHERE q.campaign_id = %s AND q.unicity_key = a.key AND q.is_test IS NOT TRUE AND %s
             ORDER BY q.run DESC LIMIT 1""",
            self.id,
            is_unique,
        )

    def _get_may_return_sql(self, last, now, source="filter"):
        """Return the condition on the last passage of somebody for who may enter again.

        :param SQL last: alias of that participant
        """
        workflow = self._get_workflow()
        if workflow.reentry == "never":
            return SQL("FALSE")
        conditions = []
        if workflow.reentry == "after_end":
            conditions.append(SQL("%s.state != 'running'", last))
        if workflow.reentry_limit:
            conditions.append(SQL("%s.run <= %s", last, workflow.reentry_limit))
        pause = self._get_pause_end(now, source)
        if pause:
            conditions.append(SQL("%s.date_start <= %s", last, pause))
        kind = self.env["marketing.entry"]._get_types().get(source)
        if kind and kind.lets_in_again == CHANGE:
            was_outside = SQL("(%(last)s.outside_date IS NOT NULL OR %(last)s.end_code = 'left_filter')", last=last)
            if workflow.reentry_delay_number:  # whom somebody has removed is not brought back by the time alone
                was_outside = SQL(
                    "(%s OR COALESCE(%s.end_code, '') NOT IN ('removed_by_hand', 'removed_by_action'))",
                    was_outside,
                    last,
                )
            conditions.append(was_outside)
        return SQL(" AND ").join(conditions) if conditions else SQL("TRUE")

    def _get_pause_end(self, now, source=None):
        """Return until when (UTC) somebody must have entered the last time to enter again; None for no matter when."""
        workflow, moments = self._get_workflow(), []
        if workflow.reentry_delay_number:
            moments.append(
                subtract_interval(now, workflow.reentry_delay_number, workflow.reentry_delay_unit, self._get_tz())
            )
        if not workflow.reentry_limit and source == "step":
            moments.append(now - STEP_PAUSE)
        return min(moments, default=None)

    def _count_returners(self, now):
        """Return how many would enter again now by the filter."""
        if self._get_workflow().reentry == "never" or not self._enters_by_filter():
            return 0
        _newcomers, audience = self._get_newcomers_sql()
        returners = self._get_returners_sql(audience, now, "filter")
        [[count]] = self.env.execute_query(SQL("SELECT count(*) FROM (%s) AS r", returners))
        return count

    def _explain_no_return(self, res_ids, now):
        """Return why records that were in before did not enter again.

        :param list res_ids: ids of records that match the filter
        :param datetime now: UTC
        :return: ``participant``, ``inside``, ``limit``, ``too_soon``, or None where nothing is against it, by record id
        :rtype: dict[int, str | None]
        """
        workflow, pause, reasons = self._get_workflow(), self._get_pause_end(now), {}
        domain = [("campaign_id", "=", self.id), ("res_id", "in", res_ids), ("is_test", "!=", True)]
        for last in self.env["marketing.participant"].search([*domain, ("is_past_run", "=", False)]):
            if workflow.reentry == "never":
                reasons[last.res_id] = "participant"
            elif workflow.reentry == "after_end" and last.state == "running":
                reasons[last.res_id] = "inside"
            elif workflow.reentry_limit and last.run > workflow.reentry_limit:
                reasons[last.res_id] = "limit"
            elif (pause and last.date_start > pause) or last.run >= MOST_A_DAY:
                reasons[last.res_id] = "too_soon"
            else:
                reasons[last.res_id] = None
        return reasons

    # ------------------------------------------------------------
    # One chunk
    # ------------------------------------------------------------

    @api.model
    def _lock_passages(self, participant_ids, wait):
        """Lock the passages that others are to follow.

        :param list participant_ids: ids of marketing.participant
        :param bool wait: whether to wait for who works on them; else those are left for another time
        :return: ids of those that are locked
        :rtype: set[int]
        """
        if not participant_ids:
            return set()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM marketing_participant WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE %s",
                participant_ids,
                SQL() if wait else SQL("SKIP LOCKED"),
            )
        )
        return {row[0] for row in rows}

    def _get_resumes_sql(self, now):
        """Return the condition on a participant "p", who left the filter, matches again and goes on.

        Whom the filter lets in again begins anew instead.
        """
        if self._get_workflow().reentry == "never":
            return SQL("TRUE")
        begins_anew = self._get_may_return_sql(SQL.identifier("p"), now)
        return SQL(
            """NOT (%s) AND NOT EXISTS (SELECT 1 FROM marketing_participant q
                                         WHERE q.campaign_id = p.campaign_id AND q.unicity_key = p.unicity_key
                                           AND q.id != p.id AND q.state = 'running' AND q.is_test IS NOT TRUE)""",
            begins_anew if self._enters_by_filter() else SQL("FALSE"),
        )

    def _mark_outside(self, query, now):
        """Note of whom it is seen that they do not match the filter: should they match it once more, they come again.

        :param query: of the audience
        """
        if self._get_workflow().reentry == "never":
            return
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_participant SET outside_date = %s
                 WHERE id IN (SELECT p.id FROM marketing_participant p
                               WHERE p.campaign_id = %s AND p.state = ANY(%s) AND p.is_past_run IS NULL
                                 AND p.is_test IS NOT TRUE AND p.outside_date IS NULL
                                 AND NOT EXISTS (SELECT 1 FROM (%s) AS a (id) WHERE a.id = p.res_id)
                                 FOR NO KEY UPDATE SKIP LOCKED)
             RETURNING id
                """,
                now,
                self.id,
                ["running", "completed", "unlinked"],
                query.select(),
            )
        )
        self.env["marketing.participant"].invalidate_model(["outside_date"])
