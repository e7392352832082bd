from odoo import api, models
from odoo.tools.mail import mail_header_msgid_re

from ...engine.context import GATEWAY_KEY, Gateway
from ...mail_reports import AUTOMATIC, REPLY

GATEWAY_LOGINS = "marketing_automation.mail_gateway_logins"


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        """Record the replies of campaigns' participants; an automatic answer is none."""
        judgement = self._judge_incoming(message)
        is_gateway = self._is_marketing_gateway()
        is_ignored = judgement.kind != REPLY or not is_gateway
        self = self.with_context(**{GATEWAY_KEY: Gateway(is_ignored, judgement)})
        # to the address for bounces, it was recorded there
        if judgement.kind == AUTOMATIC and is_gateway and not message_dict.get("is_bounce"):
            self._find_marketing_messages(judgement.message_ids)._record_report(judgement)
        return super()._message_route_process(message, message_dict, routes)

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
