from odoo import api, models


class LinkTrackerCode(models.Model):
    _inherit = "link.tracker.code"

    @api.model_create_multi
    def create(self, vals_list):
        codes = super().create(vals_list)
        codes.link_id._check_marketing_links()
        return codes

    def write(self, vals):
        self.link_id._check_marketing_links()
        res = super().write(vals)
        self.link_id._check_marketing_links()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_of_campaign(self):
        self.link_id._check_marketing_links()
