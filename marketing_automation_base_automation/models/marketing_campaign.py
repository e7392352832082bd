from odoo import models


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _on_running_changed(self):
        """Have every process look again at what running campaigns wait for, where that may have changed."""
        res = super()._on_running_changed()
        kept = self.env["marketing.entry"]._get_watches()
        known = {watch.campaign_id for watches in kept.values() for watch in watches}
        if any(campaign.id in known or campaign._waits_for_events() for campaign in self.sudo()):
            self.flush_recordset(["workflow", "state"])
            self.env["marketing.entry"]._clear_watches()
        return res

    def _waits_for_events(self):
        return (
            self.state == "running"
            and bool(self.workflow)
            and any(entry.entry_type == "event" for entry in self._get_workflow().entries)
        )
