from odoo import fields, models

from .answer import NEEDS_SMTPUTF8
from .delivery import UNANSWERED
from .handover import FAILURE
from .withdrawn import WITHDRAWN


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    failure_type = fields.Selection(
        selection_add=[
            (NEEDS_SMTPUTF8, "The mail server cannot send to international addresses"),
            (FAILURE, "Unknown whether it was sent"),
            (UNANSWERED, "The mail server did not answer"),
            (WITHDRAWN, "The campaign had stopped, or the participant had left it"),
        ],
        ondelete=dict.fromkeys((NEEDS_SMTPUTF8, FAILURE, UNANSWERED, WITHDRAWN), "set null"),
    )
