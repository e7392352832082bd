from odoo import api, models
from odoo.tools.mail import mail_header_msgid_re

from .engine_context import GATEWAY_KEY, Gateway

# RFC 3834, and the older headers that answering machines set
AUTOMATIC_PRECEDENCES = {"auto_reply", "bulk", "junk", "list"}
GATEWAY_LOGINS = "marketing_automation.mail_gateway_logins"
AUTOMATIC_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        """Record the replies of campaigns' participants; an automatic answer is none."""
        is_ignored = self._is_automatic_answer(message) or not self._is_marketing_gateway()
        self = self.with_context(**{GATEWAY_KEY: Gateway(is_ignored)})
        return super()._message_route_process(message, message_dict, routes)

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        """Record the bounces of campaigns' messages."""
        self = self.with_context(**{GATEWAY_KEY: Gateway(not self._is_marketing_gateway())})
        return super()._routing_handle_bounce(email_message, message_dict)

    @api.model
    def _is_marketing_gateway(self):
        """Tell whether who hands in a mail may say what people answered: Odoo lets any user call its gateway.

        Incoming mail servers work as superuser, a mail server's script mostly as an administrator; the logins of others
        are in a setting.
        """
        if self.env.su or self.env.user._is_system():
            return True
        logins = self.env["ir.config_parameter"].sudo().get_param(GATEWAY_LOGINS, "")
        return self.env.user.login in {login.strip() for login in logins.split(",")} - {""}

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """Keep the record that an answer to a test's message makes out of the campaign's numbers.

        Odoo gives it the campaign and the source of the mailing that was answered.
        """
        if isinstance(self, self.pool["utm.mixin"]) and self._is_answer_to_test(msg_dict):
            custom_values = {"campaign_id": False, "source_id": False, **(custom_values or {})}
        return super().message_new(msg_dict, custom_values=custom_values)

    @api.model
    def _is_answer_to_test(self, msg_dict):
        references = msg_dict.get("references") or msg_dict.get("in_reply_to") or ""
        message_ids = mail_header_msgid_re.findall(references)
        if not message_ids:
            return False
        # of several messages the one whose campaign Odoo takes
        trace = self.env["mailing.trace"].sudo().search([("message_id", "in", message_ids)], limit=1)
        return trace._is_of_marketing_test()

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
