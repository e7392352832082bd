from odoo import api, models


class ResourceCalendarAttendance(models.Model):
    _inherit = "resource.calendar.attendance"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env["marketing.campaign"]._wake_for_hours()
        return records

    def write(self, vals):
        res = super().write(vals)
        self.env["marketing.campaign"]._wake_for_hours()
        return res

    def unlink(self):
        res = super().unlink()
        self.env["marketing.campaign"]._wake_for_hours()
        return res
