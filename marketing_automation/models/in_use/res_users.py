from odoo import api, models


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_of_campaign(self):
        self.env["marketing.campaign"]._check_not_in_use("run_as_id", self)
