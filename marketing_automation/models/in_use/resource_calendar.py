from odoo import api, models


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_of_campaign(self):
        self.env["marketing.campaign"]._check_not_in_use("sending_calendar_id", self)
