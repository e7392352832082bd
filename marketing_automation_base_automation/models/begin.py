"""Entries that are looked for begin at Start or Update: what was there before counts for nobody."""

from odoo import models


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _begin_entries(self, before, now, past_days=0):
        res = super()._begin_entries(before, now, past_days)
        entries = self.env["marketing.entry"]
        for running in self._get_workflow().entries:
            if running.entry_type == "event" and before.get(running.id) != running:
                entry = entries.browse(running.id)
                entry.seen_date = False
                entries._ask_kind("begin", running.settings, entry, now)
        return res
