"""Headers of mailings as they go over the wire.

Python's email package folds what is longer than a line, and puts a long word without blanks into encoded words
(RFC 2047). RFC 2369 allows none in its fields: mail providers that look for a one-click unsubscription (RFC 8058) do
not find it then. Odoo keeps its own list of such fields, in which only those of message ids are.
"""

import email.policy

from odoo import models

from ...engine.context import queue_rounds
from .rounds import PutOffError

# Fields of addresses and ids that Odoo or this addon sets; none is ever as long as a line may be (998 octets).
UNFOLDED = {
    *("list-unsubscribe", "list-unsubscribe-post", "list-id", "list-archive", "list-help", "list-owner", "list-post"),
    *("return-path", "feedback-id", "x-odoo-objects", "x-odoo-message-id"),
}
_unfolding = email.policy.SMTP.clone(max_line_length=None)


class WirePolicy(type(email.policy.SMTP)):
    """Odoo's policy for messages, but for the fields of mailing lists."""

    def _fold(self, name, value, *args, **kwargs):
        if name.lower() in UNFOLDED:
            return _unfolding._fold(name, value, *args, **kwargs)
        return super()._fold(name, value, *args, **kwargs)


WIRE = WirePolicy(linesep=email.policy.SMTP.linesep)


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def _build_email__(self, *args, **kwargs):  # Odoo's name
        message = super()._build_email__(*args, **kwargs)
        if message["List-Unsubscribe"]:
            message.policy = WIRE
        return message

    def _connect__(self, *args, **kwargs):
        try:
            return super()._connect__(*args, **kwargs)
        except Exception as error:
            rounds = queue_rounds(self.env)
            if not rounds or not rounds.is_waiting_for(kwargs.get("mail_server_id")):
                raise
            raise PutOffError from error
