from odoo import models


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    # Who got a step already, by phone number; emails have none.
    _marketing_sms_number = models.Index(
        "(mass_mailing_id, sms_number) WHERE marketing_trace_id IS NOT NULL AND sms_number IS NOT NULL"
    )
