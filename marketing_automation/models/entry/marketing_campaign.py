from datetime import timedelta

from odoo import fields, models
from odoo.fields import Command


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    entry_ids = fields.One2many(
        "marketing.entry",
        "campaign_id",
        string="Who Enters",
        copy=True,
        default=lambda self: [Command.create({"entry_type": "filter"})],
        help="The ways into the campaign. Without one, people are added by hand.",
    )

    def _find_entry_errors(self, user):
        """Return in words what is wrong with the entries: the campaign does not start before it is put right.

        :param user: with whose rights people would enter
        :rtype: list[str]
        """
        return [problem for entry in self.entry_ids for problem in entry._find_problems(user)]

    def _find_entry_warnings(self):
        """Return in words which entries of what runs take nobody in any more; those inside go on."""
        if self.state != "running":
            return []
        return [entry.problem for entry in self.entry_ids if entry.problem]

    def _enters_by_filter(self):
        """Tell whether everybody enters who matches the filter."""
        return any(entry.entry_type == "filter" for entry in self._get_workflow().entries)

    def _begin_entries(self, before, now, past_days=0):
        """Have entries look from now on that are new, or differ from what ran.

        :param dict before: the Entry of what ran, by id; empty at Start
        :param datetime now: UTC
        :param int past_days: how far back to look at first
        """
        for entry in self._get_workflow().entries:
            if before.get(entry.id) != entry:
                self.env["marketing.entry"].browse(entry.id).write(
                    {"start_date": now - timedelta(days=past_days), "look_date": False}
                )

    def _plan_next_look(self, now):
        """Trigger the next enrolment at the minute when somebody may be due by a date.

        :param datetime now: UTC
        """
        entries = self.env["marketing.entry"]
        moments = [entries._find_next_due(self, running, now) for running in self._get_workflow().entries]
        at = min(filter(None, moments), default=None)
        if at is None:
            return
        at = max(at, now)
        if at.second or at.microsecond:
            at = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
        cron = self._get_enrolment_cron()
        earlier = [("cron_id", "=", cron.id), ("call_at", ">", now), ("call_at", "<=", at)]
        if at > now and not self.env["ir.cron.trigger"].sudo().search_count(earlier, limit=1):
            cron._trigger(at)
