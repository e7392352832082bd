import re
import smtplib
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import consteq, hmac
from odoo.tools.constants import GC_UNLINK_LIMIT

from .engine_context import QUEUE_KEY, QueueRun, queue_run
from .fields import LooseMany2one

# A short link as Odoo writes it into a mailing: its code, and the mailing.trace
MAILING_LINK = re.compile(r"/r/(?P<code>\w+)/m/(?P<trace_id>\d+)\b")
HUNG_UP_PAUSE = timedelta(minutes=1)
SIGNATURE_LENGTH = 24  # hexadecimal digits: 96 bits


class MailMail(models.Model):
    _inherit = "mail.mail"

    marketing_trace_id = LooseMany2one("marketing.trace", string="Marketing Trace", index="btree_not_null")

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

    def _send(
        self,
        auto_commit=False,
        raise_exception=False,
        smtp_session=None,
        alias_domain_id=False,
        mail_server=False,
        post_send_callback=None,
    ):
        """Delete the campaigns' mails that the queue has sent together, not each by itself.

        Odoo commits after each mail, deletes it, and so spends a quarter of its time on deletions.
        """
        options = {
            "auto_commit": auto_commit,
            "raise_exception": raise_exception,
            "smtp_session": smtp_session,
            "alias_domain_id": alias_domain_id,
            "mail_server": mail_server,
            "post_send_callback": post_send_callback,
        }
        if not auto_commit or not any(mail.marketing_trace_id for mail in self):
            return super()._send(**options)
        run = QueueRun()
        queue = self.with_context(**{QUEUE_KEY: run})
        try:
            with queue._handing_over(smtp_session):
                res = super(MailMail, queue)._send(**options)
        except smtplib.SMTPServerDisconnected:
            self._go_on_later()
            raise
        self.browse(run.sent_ids).sudo().unlink()
        self.env["marketing.campaign"]._get_execution_crons()._trigger_after_commit()
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # auto_commit asks for it
        return res

    @api.model
    def _go_on_later(self):
        """Have the mail that the server hung up on wait again, with those behind it.

        Odoo's queue ends here, leaves that mail as failed without telling anybody, and goes on within the hour.
        """
        self.env.cr.rollback()  # all that was sent is committed
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()
        queue._trigger(at=fields.Datetime.now() + HUNG_UP_PAUSE)
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as the queue does

    @api.autovacuum
    def _gc_sent_marketing_mails(self):
        """Delete what a queue has sent that ended before it could."""
        domain = [
            ("marketing_trace_id", "!=", False),
            ("state", "=", "sent"),
            ("auto_delete", "=", True),
            ("write_date", "<", fields.Datetime.now() - timedelta(days=1)),
        ]
        mails = self.sudo().search(domain, limit=GC_UNLINK_LIMIT)
        mails.unlink()
        return len(mails), len(mails) == GC_UNLINK_LIMIT

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
        run = queue_run(self.env)
        if not run:
            return super().unlink()
        later = self.filtered(lambda mail: mail.marketing_trace_id and mail.state == "sent")
        run.sent_ids += later.ids
        return super(MailMail, self - later).unlink()

    def _record_marketing_loss(self):
        traces = [mail.marketing_trace_id.id for mail in self if mail.marketing_trace_id]
        self.env["marketing.trace.event"].sudo().record_events("failed", traces, "taken out of the queue")
