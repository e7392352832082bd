from odoo import api, models


class ResourceCalendarLeaves(models.Model):
    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._wake_campaigns()
        return leaves

    def write(self, vals):
        self._wake_campaigns()
        res = super().write(vals)
        self._wake_campaigns()
        return res

    def unlink(self):
        self._wake_campaigns()
        return super().unlink()

    def _wake_campaigns(self):
        """Wake the engine, unless these are days off of single people."""
        if any(not leave.resource_id for leave in self):
            self.env["marketing.campaign"]._wake_for_hours()
