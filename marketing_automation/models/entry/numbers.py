"""Who entered, who enters next and who does not: for the first card of the workflow, and before Start.

The form of a campaign asks for these numbers after it is shown: some of them read the target's table.
"""

from collections import Counter
from datetime import datetime, time, timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ...engine.errors import CampaignStop
from ...engine.occurrences import Look
from ...engine.schedule import at_wall, to_local
from ..guards.marketing_checked_mixin import shorten
from ..numbers import format_number

NEXT_DAYS = 7
PAST_DAYS = 30
MOST = 10_000  # values that are looked at; beyond it a number is told as "more than"
SHOWN_DAYS = 3
MOST_PAST_DAYS = 365


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    # ------------------------------------------------------------
    # On the form
    # ------------------------------------------------------------

    def _get_entry_cards(self):
        """Return what the first card of the workflow shows of each entry, and how many came by it today."""
        entered = self._count_entered_today()
        types = self.env["marketing.entry"]._get_types()
        return [
            {
                "id": entry.id,
                "type": entry.entry_type,
                "icon": types[entry.entry_type].icon,
                "sentence": entry.sentence,
                "problem": entry.problem,
                "entered_today": entered.get(entry.id, 0),
            }
            for entry in self.entry_ids
        ]

    def _get_today(self, now):
        """Return when today began (UTC) where the campaign is."""
        tz = self._get_tz()
        return at_wall(datetime.combine(to_local(now, tz).date(), time.min), tz)

    def _count_entered_today(self):
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT entry_id, count(*) FROM marketing_participant
                        WHERE entry_id = ANY(%s) AND date_start >= %s AND is_test IS NOT TRUE GROUP BY entry_id""",
                    self.entry_ids.ids,
                    self._get_today(fields.Datetime.now()),
                )
            )
        )

    def get_entry_numbers(self):
        """Tell in words who enters next by each entry, and who does not, and why.

        :return: of each entry that has something to tell, by its id (as a text): a list of sentences
        :rtype: dict[str, list[str]]
        """
        self.ensure_one()
        self.check_access("read")
        now = fields.Datetime.now()
        campaign = self.sudo() if self.state == "running" else self._as_described(self._get_run_as_candidate())
        numbers = {}
        try:
            for running in campaign._get_workflow().entries:
                sentences = [
                    *campaign._describe_next(running, now),
                    *(campaign._describe_left_behind(running, now) if self.state == "running" else []),
                ]
                if sentences:
                    numbers[str(running.id)] = sentences
        except CampaignStop as stop:
            return {str(entry.id): [str(stop)] for entry in self.entry_ids[:1]}
        return numbers

    def _describe_next(self, running, now):
        """Return in words how many are due in the next days by an entry, as a list."""
        days, more = self._count_days(running, now, now + timedelta(days=NEXT_DAYS))
        if days is None:
            return []
        if not days:
            return [_("Nobody is due in the next %s days.", NEXT_DAYS)]
        shown = [
            _("%(count)s on %(day)s", count=format_number(self.env, count), day=format_date(self.env, day))
            for day, count in sorted(days.items())[:SHOWN_DAYS]
        ]
        total = sum(days.values())
        if more:
            return [_("Next: more than %s in the coming days.", format_number(self.env, total))]
        if len(days) > SHOWN_DAYS:
            words = ", ".join(shown)
            return [_("Next: %(days)s; %(total)s in %(number)s days.", days=words, total=total, number=NEXT_DAYS)]
        return [_("Next: %s.", ", ".join(shown))]

    def _describe_left_behind(self, running, now):
        """Return in words whose moment was today and who did not enter, and why, as a list."""
        entries = self.env["marketing.entry"]
        rule = entries._get_rule(self, running)
        entry = entries.browse(running.id or []).exists()
        if not rule or not entry or not self.last_sync_date:
            return []
        since = max(self._get_today(now), entry.start_date or now) - timedelta(microseconds=1)
        looks = entries._make_looks(self, rule, since, min(now, self.last_sync_date))
        everybody = self._find_occurrences(running, looks, now, within_filter=False)
        matching = self._find_occurrences(running, looks, now)
        waiting = entry._leave_out_known(matching)
        sentences = []
        if len(everybody) > len(matching):
            count = len(everybody) - len(matching)
            sentences.append(_("Not entered today: %s who do not match the filter.", format_number(self.env, count)))
        if waiting:
            sentences.append(
                _(
                    "Not entered today: %s who were in already, or share a value with somebody.",
                    format_number(self.env, len(waiting)),
                )
            )
        return sentences

    def _find_occurrences(self, running, looks, now, within_filter=True):
        """Return who is due in a span, as the campaign's user sees them: for what, by the id of the record."""
        entries = self.env["marketing.entry"]
        rows = entries._find_due(self, running, looks.widest, MOST, within_filter=within_filter)
        found = entries._find_occurrences(self, looks, rows, now)
        return {res_id: key for res_id, (key, _moment) in found.items()}

    def _count_days(self, running, since, until):
        """Return how many are due on each day of a span by an entry; None for one without a date.

        :return: Counter by day of the campaign's zone; whether there are more
        """
        entries = self.env["marketing.entry"]
        rule = entries._get_rule(self, running)
        if not rule:
            return None, False
        days, tz, look = Counter(), self._get_tz(), Look(rule, since, until)
        rows = entries._count_due(self, running, look, MOST)
        for value, count in rows:
            found = look.find(value)
            if found:
                days[to_local(found[1], tz).date()] += count
        return days, len(rows) == MOST

    # ------------------------------------------------------------
    # Before Start
    # ------------------------------------------------------------

    def _foresee_entries(self, entering, now):
        """Return in words who enters by each entry once the campaign starts.

        :param int entering: how many enter by the filter
        :rtype: list[str]
        """
        sentences = []
        for running in self._get_workflow().entries:
            entry = self.env["marketing.entry"].browse(running.id or [])
            parts = self._describe_next(running, now)
            if running.entry_type == "filter":
                parts = [_("%s enter now, others as soon as they match.", format_number(self.env, entering))]
            past, more = self._count_days(running, now - timedelta(days=PAST_DAYS), now)
            if past:
                count = format_number(self.env, sum(past.values())) + ("+" if more else "")
                parts.append(
                    _(
                        "%(count)s had their moment in the last %(days)s days: they do not enter.",
                        count=count,
                        days=PAST_DAYS,
                    )
                )
            sentences.append(_("%(entry)s: %(numbers)s", entry=entry.sentence, numbers=" ".join(parts)))
        return sentences

    def get_past_count(self, past_days):
        """Tell how many more enter at Start where dates count too whose moment is past.

        :param int past_days: in how many days before now
        :rtype: int
        :raise UserError: for a number of days that Start does not take
        """
        return self.get_start_preview(past_days)["past_count"]

    def _get_start_sql(self, now, past_days):
        """Return the query of who enters once the campaign starts: the id of each record, what it is unique by.

        :param datetime now: UTC
        :param int past_days: how far back dates count
        """
        workflow, parts = self._get_workflow(), []
        if self._enters_by_filter():
            parts.append(self._get_entering_sql(now)[0])
        if past_days:
            since = now - timedelta(days=past_days, microseconds=1)
            for running in workflow.entries:
                past = self._get_past_query(running, since, now)
                if past is not None:
                    parts.append(self._get_entering_sql(now, running.entry_type, res_ids=past)[0])
        entering = [SQL("SELECT e.id, e.key FROM (%s) AS e", part) for part in parts]
        return SQL(" UNION ").join(entering) if entering else SQL("SELECT NULL::int AS id, NULL::text AS key LIMIT 0")

    def _get_past_query(self, running, since, now):
        """Return the query of the records of the audience that were due in a span; None for an entry without dates."""
        entries = self.env["marketing.entry"]
        rule = entries._get_rule(self, running)
        look = rule and Look(rule, since, now)
        if not look:
            return None
        values = [value for value, _count in entries._count_due(self, running, look, MOST) if look.find(value)]
        query, column = entries._get_due_query(self, running, look)
        query.add_where(SQL("%s = ANY(%s)", column, values))
        return query

    def _count_newcomers(self, newcomers):
        """Return how many enter of those of a query, of those that share a value one."""
        counts = SQL("SELECT count(*) FILTER (WHERE n.key IS NULL) + count(DISTINCT n.key) FROM (%s) AS n", newcomers)
        [[count]] = self.env.execute_query(counts)
        return count

    @api.model
    def _check_past_days(self, past_days):
        if type(past_days) is not int or not 0 <= past_days <= MOST_PAST_DAYS:
            raise UserError(
                _(
                    "Dates can be taken in from 0 to %(maximum)s days back, not from “%(days)s”.",
                    maximum=MOST_PAST_DAYS,
                    days=shorten(past_days),
                )
            )

    @api.model
    def _has_dates(self, entries):
        """Tell whether people enter by a date."""
        return any(self.env["marketing.entry"]._takes_dates(entry) for entry in entries)

    def _get_target_query(self):
        """Return the query of all records of the target that the campaign's user sees, filter or not; and the model."""
        model = self._get_run_env()[self._get_target()]
        return model._search(Domain.TRUE), model
