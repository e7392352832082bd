import re

from odoo import api, models
from odoo.tools import consteq, hmac

from .fields import LooseMany2one

# A short link as Odoo writes it into a mailing: its code, and the mailing.trace
MAILING_LINK = re.compile(r"/r/(?P<code>\w+)/m/(?P<trace_id>\d+)\b")
SIGNATURE_LENGTH = 24  # hexadecimal digits: 96 bits


class MailMail(models.Model):
    _name = "mail.mail"
    _inherit = ["mail.mail", "marketing.engine.fields"]

    marketing_trace_id = LooseMany2one(
        "marketing.trace", string="Marketing Trace", engine_only=True, index="btree_not_null"
    )

    def _prepare_outgoing_body(self):
        """Sign the links of a campaign's mail.

        Odoo's own ``/r/<code>/m/<trace>`` can be counted up by anyone; a click makes a
        campaign act, so it takes an address that only the recipient was given.
        """
        body = super()._prepare_outgoing_body()
        if not body or not self.marketing_trace_id:
            return body

        def sign(match):
            return f"{match[0]}?s={self._get_marketing_link_signature(match['code'], int(match['trace_id']))}"

        return body.__class__(MAILING_LINK.sub(sign, body))

    @api.model
    def _get_marketing_link_signature(self, code, mailing_trace_id):
        signature = hmac(self.env(su=True), "marketing_automation-click", (code, mailing_trace_id))
        return signature[:SIGNATURE_LENGTH]

    @api.model
    def _check_marketing_link_signature(self, code, mailing_trace_id, signature):
        expected = self._get_marketing_link_signature(code, mailing_trace_id)
        return consteq(expected.encode(), (signature or "").encode())  # text must be ASCII, and anyone sends it

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        """Record that the server accepted or refused messages of campaigns.

        The mail has left by now: what fails here would have it sent again.
        """
        traces = [mail.marketing_trace_id.id for mail in self if mail.marketing_trace_id]  # super() may delete mails
        res = super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )
        self.env["marketing.trace.event"].record_events("failed" if failure_type else "sent", traces, "mail server")
        return res

    def cancel(self):
        """Tell the campaigns whose messages somebody takes out of the queue: they are not sent."""
        res = super().cancel()
        self._record_marketing_loss()
        return res

    def unlink(self):
        self.filtered(lambda mail: mail.state == "outgoing")._record_marketing_loss()
        return super().unlink()

    def _record_marketing_loss(self):
        traces = [mail.marketing_trace_id.id for mail in self if mail.marketing_trace_id]
        self.env["marketing.trace.event"].sudo().record_events("failed", traces, "taken out of the queue")
