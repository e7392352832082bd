"""Circles in which a step changes what the entry of a campaign waits for: told before Start as others are.

What Python code and what only follows from a change do is not foreseen.
"""

from odoo import models


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _get_fed_campaigns(self):
        """Add the campaigns that wait for what a step of this one does."""
        fed = super()._get_fed_campaigns()
        changes = [(step, change) for step in self.marketing_activity_ids for change in step._find_writes()]
        entries = self.env["marketing.entry"].sudo().search([("entry_type", "=", "event")])  # of whichever company
        for entry in entries:
            target = entry.campaign_id.model_name
            running = entry._to_entry()
            for model_name, happening in entry._find_happenings(running, target):
                for step, (changed_model, field, values) in changes:
                    if changed_model == model_name and happening.may_be(field, values):
                        fed.setdefault(entry.campaign_id, step)
            for step in self.marketing_activity_ids:
                if entry._ask_kind("is_fed", running.settings, step):
                    fed.setdefault(entry.campaign_id, step)
        return fed
