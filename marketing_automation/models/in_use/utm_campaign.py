from odoo import api, models


class UtmCampaign(models.Model):
    _inherit = "utm.campaign"

    def write(self, vals):
        self.check_access("write")  # before a refusal tells its name
        if not self.env.su and not vals.keys().isdisjoint(("name", "title", "is_auto_campaign", "active")):
            campaigns = self.env["marketing.campaign"].sudo().with_context(active_test=False)
            campaigns = campaigns.search([("utm_campaign_id", "in", self.ids)])
            campaigns._check_may_rename(campaigns[:1].utm_campaign_id.title)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_of_campaign(self):
        self.env["marketing.campaign"]._check_not_in_use("utm_campaign_id", self)
