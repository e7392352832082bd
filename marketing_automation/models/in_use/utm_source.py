from odoo import models


class UtmSource(models.Model):
    _inherit = "utm.source"

    def write(self, vals):
        self.check_access("write")  # before a refusal tells its name
        if not self.env.su and "name" in vals:
            mailings = self.env["mailing.mailing"].sudo().with_context(active_test=False)
            mailings = mailings.search([("source_id", "in", self.ids), ("marketing_campaign_id", "!=", False)])
            mailings.marketing_campaign_id._check_may_rename(mailings[:1].source_id.name)
        return super().write(vals)
