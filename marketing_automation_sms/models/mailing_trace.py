from odoo import fields, models

from .sms_sms_queue import UNKNOWN


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    failure_type = fields.Selection(
        selection_add=[(UNKNOWN, "Unknown whether it was sent")], ondelete={UNKNOWN: "set null"}
    )

    # Who got a step already, by phone number; emails have none.
    _marketing_sms_number = models.Index(
        "(mass_mailing_id, sms_number) WHERE marketing_trace_id IS NOT NULL AND sms_number IS NOT NULL"
    )

    # When numbers got mailings of SMS Marketing, which count where Settings say so.
    _marketing_sms_of_mailings = models.Index(
        "(sms_number, sent_datetime)"
        " WHERE marketing_trace_id IS NULL AND sms_number IS NOT NULL AND sent_datetime IS NOT NULL"
    )
