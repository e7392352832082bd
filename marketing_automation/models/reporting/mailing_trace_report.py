from odoo import models


class MailingTraceReport(models.Model):
    _inherit = "mailing.trace.report"

    def _report_get_request_where_items(self):
        """Leave out what campaigns send: they have reports of their own."""
        return [*super()._report_get_request_where_items(), "mailing.use_in_marketing_automation IS NOT TRUE"]
