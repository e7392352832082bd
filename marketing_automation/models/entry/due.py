"""Whose date is due: the time since the last look, turned round into a range of dates."""

from datetime import date, timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.occurrences import DateRule, Looks, find_next_moment

LOOK_BACK = timedelta(days=1)  # a date that is entered late on its day counts; nobody enters twice for it
GRACE_DAYS = 3  # how late they may enter after a server was down, where no other number is set
MOST_GRACE_DAYS = 365
NOTE_EVERY = timedelta(hours=1)  # a look; in between they all begin a day ago
NEXT_WITHIN = timedelta(minutes=65)  # a little more than the enrolment's own interval
LOOK_EVERY = timedelta(minutes=5)  # for dates with a time: at most
ASKED = 100  # rows that are looked at to find when to look next


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    start_date = fields.Datetime(
        string="Begins", readonly=True, copy=False, help="Nobody enters for a moment before it."
    )
    look_date = fields.Datetime(string="Last Look", readonly=True, copy=False)

    # ------------------------------------------------------------
    # What runs
    # ------------------------------------------------------------

    @api.model
    def _make_date_rule(self, settings, has_time, tz, yearly=False):
        return DateRule(
            has_time=has_time,
            number=settings["number"],
            unit=settings["unit"] or "days",
            direction=settings["direction"] or "before",
            time=settings["time"],
            tz=tz,
            yearly=yearly,
        )

    @api.model
    def _get_rule(self, campaign, running):
        """Return by which rule an entry takes people in; None for one without a date, or whose date is gone.

        :param campaign: the marketing.campaign
        :param Entry running: one of what runs
        :rtype: DateRule | None
        """
        make = getattr(self, f"_make_rule_{running.entry_type}", None)
        if not make or self._find_running_problem(campaign, running):
            return None
        model = self.env[campaign._get_target()]
        has_time = model._fields[running.settings["field"]].type == "datetime"
        return make(running.settings, has_time, campaign._get_tz())

    @api.model
    def _takes_dates(self, running):
        """Tell whether an entry of what runs takes people in by a date."""
        return hasattr(self, f"_make_rule_{running.entry_type}")

    @api.model
    def _find_running_problem(self, campaign, running):
        """Return in words why nobody enters by an entry of what runs, or None."""
        if not self._takes_dates(running):
            return None
        model = campaign._get_run_env()[campaign._get_target()]
        return self._find_field_problem(model, running.settings.get("field"))

    @api.model
    def _get_grace(self):
        text = self.env["ir.config_parameter"].sudo().get_param("marketing_automation.entry_grace_days")
        days = int(text) if (text or "").strip().isdecimal() else GRACE_DAYS
        return timedelta(days=max(1, min(days, MOST_GRACE_DAYS)))

    def _get_look_start(self, now):
        """Return since when moments are looked at: those of the last day, and what a server that was down missed."""
        start = (self.start_date or now) - timedelta(microseconds=1)  # at which somebody may be due
        if not self.look_date:
            return start
        return max(start, now - self._get_grace(), min(self.look_date, now - LOOK_BACK))

    # ------------------------------------------------------------
    # A look
    # ------------------------------------------------------------

    @api.model
    def _enrol_due(self, campaign, running, now, limit, after):
        """Take in those whose date is due, see :meth:`_enrol_by`."""
        entry = self.browse(running.id or []).exists()
        rule = entry and self._get_rule(campaign, running)
        if not rule:
            return None
        looks = self._make_looks(campaign, rule, entry._get_look_start(now), now)
        rows = self._find_due(campaign, running, looks.widest, limit, after)
        found = self._find_occurrences(campaign, looks, rows, now)
        occurrences = entry._leave_out_known({res_id: key for res_id, (key, _moment) in found.items()})
        if occurrences:
            campaign._enrol(
                now,
                len(occurrences),
                res_ids=sorted(occurrences),
                source=running.entry_type,
                entry=entry,
                occurrences=occurrences,
            )
        if len(rows) == limit:
            return rows[-1]
        if not entry.look_date or not timedelta(0) <= now - entry.look_date < NOTE_EVERY:
            entry.look_date = now
        return None

    @api.model
    def _make_looks(self, campaign, rule, since, until):
        """Return the looks at a span of time by the clocks that count in a campaign."""
        return Looks(rule, since, until, campaign._get_workflow().tz_mode == "recipient")

    @api.model
    def _find_occurrences(self, campaign, looks, rows, now):
        """Return for what records are due, and when, each by its clock: one query more where that is its own.

        :param Looks looks:
        :param list rows: (id, value) of each that may be due
        :param datetime now: UTC
        :rtype: dict[int, tuple[str, datetime]]
        """
        clocks = campaign._get_clocks([res_id for res_id, _value in rows], now)
        zones = (clocks.get(res_id) if looks.is_own else clocks.default for res_id, _value in rows)
        found = ((res_id, looks.get(tz).find(value)) for tz, (res_id, value) in zip(zones, rows, strict=True))
        return {res_id: occurrence for res_id, occurrence in found if occurrence}

    def _leave_out_known(self, occurrences):
        """Return those of the occurrences for which nobody has entered yet: each look goes over the last day again."""
        if not occurrences:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.res_id FROM unnest(%s::int[], %s::text[]) AS o (res_id, key)
                  JOIN marketing_participant p
                    ON p.entry_id = %s AND p.res_id = o.res_id AND p.entry_key = o.key AND p.entry_key IS NOT NULL
                """,
                list(occurrences),
                list(occurrences.values()),
                self.id,
            )
        )
        known = {res_id for (res_id,) in rows}
        return {res_id: key for res_id, key in occurrences.items() if res_id not in known}

    @api.model
    def _find_due(self, campaign, running, look, limit, after=0, within_filter=True):
        """Return the records of the audience that may be due, by one query.

        :param Look look:
        :param after: 0, or the row after which to go on
        :param bool within_filter: whether those alone who match the campaign's filter
        :return: (id, value) of each, by value
        """
        if not look:
            return []
        query, column = self._get_due_query(campaign, running, look, within_filter)
        record_id = SQL.identifier(query.table, "id")
        if after:
            query.add_where(SQL("(%s, %s) > (%s, %s)", column, record_id, after[1], after[0]))
        rows = self.env.execute_query(SQL("%s ORDER BY 2, 1 LIMIT %s", query.select(record_id, column), limit))
        return [tuple(row) for row in rows]

    @api.model
    def _count_due(self, campaign, running, look, limit):
        """Return how many records of the audience have each of the values that may be due.

        :return: (value, count) of each
        """
        if not look:
            return []
        query, column = self._get_due_query(campaign, running, look)
        counts = query.select(column, SQL("count(*)"))
        return self.env.execute_query(SQL("%s GROUP BY 1 ORDER BY 1 LIMIT %s", counts, limit))

    @api.model
    def _get_due_query(self, campaign, running, look, within_filter=True):
        """Return the query of the records of the audience that may be due, and the column of their date."""
        query, model = campaign._get_audience_query() if within_filter else campaign._get_target_query()
        column = model._field_to_sql(query.table, running.settings["field"], query)
        if look.rule.yearly:
            # compared day by day: by an index of the dates, or else by their hashes
            day = SQL("%s::date", column) if look.rule.has_time else column
            days = ",".join(map(date.isoformat, look.get_days()))  # one text: a thousand values take longer to read
            query.add_where(SQL("%s = ANY(%s::date[])", day, f"{{{days}}}"))
            if look.rule.has_time:  # once more, for an index of the times, which knows no days
                spans = [
                    SQL("%s >= %s AND %s < %s + 1", column, first, column, last) for first, last in look.get_spans()
                ]
                query.add_where(SQL("(%s)", SQL(" OR ").join(spans)))
        else:
            query.add_where(SQL("%s BETWEEN %s AND %s", column, look.first, look.last))
        return query, column

    # ------------------------------------------------------------
    # When to look next
    # ------------------------------------------------------------

    @api.model
    def _find_next_due(self, campaign, running, now):
        """Return when somebody may next be due, None where that is later than the next enrolment.

        :param datetime now: UTC
        """
        rule = self._get_rule(campaign, running)
        if not rule:
            return None
        looks = self._make_looks(campaign, rule, now, now + NEXT_WITHIN)
        if not rule.has_time and not looks.is_own:
            return find_next_moment(rule, now)
        rows = self._find_due(campaign, running, looks.widest, ASKED)
        moments = [moment for _key, moment in self._find_occurrences(campaign, looks, rows, now).values()]
        if not moments and len(rows) < ASKED:
            return None
        moment = min(moments, default=now)
        late = moment - moment.replace(minute=0, second=0, microsecond=0)
        return moment + (-late % LOOK_EVERY)
