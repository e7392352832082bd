from odoo import api, models


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_of_campaign(self):
        self.env["marketing.campaign"]._check_not_in_use("company_id", self)
