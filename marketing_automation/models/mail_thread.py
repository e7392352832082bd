from odoo import api, models

from .mailing_trace import AUTOMATIC_KEY

# RFC 3834, and the older headers that answering machines set
AUTOMATIC_PRECEDENCES = {"auto_reply", "bulk", "junk", "list"}
AUTOMATIC_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        """Take an automatic answer for no reply of a campaign's participant."""
        if self._is_automatic_answer(message):
            self = self.with_context(**{AUTOMATIC_KEY: True})
        return super()._message_route_process(message, message_dict, routes)

    @api.model
    def _is_automatic_answer(self, message):
        """Tell whether a machine wrote an incoming message: an out-of-office, a list, a bot.

        :param email.message.EmailMessage message:
        """
        submitted = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
        precedence = str(message.get("Precedence", "")).strip().lower()
        return (
            submitted != "no"
            or precedence in AUTOMATIC_PRECEDENCES
            or any(message.get(header) for header in AUTOMATIC_HEADERS)
        )
