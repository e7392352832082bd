from odoo import api, models
from odoo.tools import consteq, hmac

from ...engine.context import GATEWAY_KEY, Gateway, may_record_events
from ...links import hide_pages_below, show_pages_below
from ..fields import Many2oneNoConstraint
from ..tracking.link_tracker import CLICK, CONFIRM

SIGNATURE_LENGTH = 24  # hexadecimal digits: 96 bits


class MailMail(models.Model):
    _name = "mail.mail"
    _inherit = ["mail.mail", "marketing.engine.fields"]

    marketing_trace_id = Many2oneNoConstraint(
        "marketing.trace", string="Marketing Trace", engine_only=True, index="btree_not_null"
    )

    def _prepare_outgoing_body(self):
        """Sign the links of a campaign's mail: its own, for its own recipient, and nothing that others wrote into it.

        Odoo's own ``/r/<code>/m/<trace>`` can be counted up by anyone; a click makes a
        campaign act, so it takes an address that only the recipient was given.
        """
        body = super()._prepare_outgoing_body()
        if body and self._is_marketing_mail():  # what Odoo completes next
            body = hide_pages_below(body, self.mailing_id.get_base_url())
        if not body or not self.marketing_trace_id:
            return body
        own = self.mailing_trace_ids.filtered(lambda trace: trace.marketing_trace_id == self.marketing_trace_id)

        def sign(code, purpose, kind, message_id):
            if kind != "m" or message_id not in own.ids:
                return ""
            return f"/m/{message_id}?s={self._get_marketing_link_signature(code, message_id, purpose)}"

        return self.env["link.tracker"]._replace_marked_links(body, sign)

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        emails = super()._prepare_outgoing_list(mail_server=mail_server, doc_to_followers=doc_to_followers)
        if self._is_marketing_mail():
            for values in emails:
                values["body"] = values["body"] and show_pages_below(values["body"], self.mailing_id.get_base_url())
        if self.marketing_trace_id:
            self._complete_marketing_texts(emails)
            self._keep_first_addresses(emails)
        return emails

    def _is_marketing_mail(self):
        """Tell whether this is a message of a campaign, or a sample of one."""
        return bool(self.mailing_id) and (bool(self.marketing_trace_id) or self.mailing_id.use_in_marketing_automation)

    @api.model
    def _get_marketing_link_signature(self, code, mailing_trace_id, purpose=CLICK):
        """Return what only the recipient of a message is given.

        It holds for one link of one message, and for what a click on it says.

        :param str code: of the link
        :param int mailing_trace_id: of the message
        :param str purpose: ``CLICK`` or ``CONFIRM``
        """
        signature = hmac(self.env(su=True), f"marketing_automation-{purpose}", (code, mailing_trace_id))
        return signature[:SIGNATURE_LENGTH]

    @api.model
    def _check_marketing_link_signature(self, code, mailing_trace_id, signature):
        """Return what a signature was made for: ``CLICK``, ``CONFIRM``, or None where it is not ours.

        :param signature: whatever somebody sent
        """
        if not isinstance(signature, str):
            return None
        given = signature.encode(errors="replace")  # text must be ASCII, and anyone sends it
        for purpose in (CLICK, CONFIRM):
            if consteq(self._get_marketing_link_signature(code, mailing_trace_id, purpose).encode(), given):
                return purpose
        return None

    @api.model
    def _get_marketing_confirmation(self, mailing_trace_id):
        """Return what shows the page that says thank you that the recipient of a message has confirmed."""
        signature = hmac(self.env(su=True), "marketing_automation-confirmed", mailing_trace_id)
        return f"{mailing_trace_id}-{signature[:SIGNATURE_LENGTH]}"

    @api.model
    def _check_marketing_confirmation(self, confirmation):
        """Tell whether something that somebody sent is what :meth:`_get_marketing_confirmation` gave."""
        number = confirmation.partition("-")[0] if isinstance(confirmation, str) else ""
        if not (number.isascii() and number.isdecimal() and len(number) <= 10):
            return False
        given = confirmation.encode(errors="replace")
        return consteq(self._get_marketing_confirmation(int(number)).encode(), given)

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        """Record that the server accepted or refused messages of campaigns.

        The mail has left by now: what fails here would have it sent again.
        """
        failure_type = self._note_server_answer(failure_reason, failure_type)
        self.filtered("marketing_handover").sudo().marketing_handover = False  # whoever sends it
        traces = [mail.marketing_trace_id.id for mail in self if mail.marketing_trace_id]  # super() may delete mails
        if traces and not may_record_events(self.env):  # whoever has it sent by hand
            self = self.with_context(**{GATEWAY_KEY: Gateway()})
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
        """Tell the campaigns what is lost. The queue deletes what it has sent later, and together."""
        mails = self - self._leave_for_queue()
        mails.filtered(lambda mail: mail.state == "outgoing")._record_marketing_loss()
        return super(MailMail, mails).unlink()

    def _record_marketing_loss(self):
        mails = self.sudo().filtered("marketing_trace_id")  # sudo: whoever may take it out
        if not mails:
            return
        waiting = mails.mailing_trace_ids.filtered(lambda trace: trace.trace_status == "outgoing")
        waiting.set_canceled()  # nobody was reached, so nobody else is a duplicate
        self.env["marketing.trace.event"].sudo().record_events(
            "failed", mails.mapped("marketing_trace_id.id"), "taken out of the queue"
        )
