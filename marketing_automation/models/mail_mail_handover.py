"""Mails that were being handed over to a mail server as Odoo's process died, or the connection broke.

A mail server accepts a message before Odoo can commit that it did. Whoever dies in between does not know whether the
message was sent, and Odoo would send it again. So a campaign's mail is marked, and the mark committed, right before its
content goes to the server. Who finds a mark that nobody works on says that it is unknown; people decide what then.
"""

from contextlib import contextmanager, suppress

import psycopg2

from odoo import _, api, fields, models
from odoo.tools import SQL

LOCK = 0x4D4153  # the advisory lock that whoever hands mails over shares
FAILURE = "mail_handover"


class MailMail(models.Model):
    _inherit = "mail.mail"

    marketing_handover = fields.Boolean(
        string="Being Handed Over",
        readonly=True,
        engine_only=True,
        copy=False,
        help="Its content is on the way to the mail server.",
    )

    _marketing_handover = models.Index("(id) WHERE marketing_handover")

    @api.model
    def process_email_queue(self, *args, **kwargs):
        self._settle_handovers()
        return super().process_email_queue(*args, **kwargs)

    @api.model
    def _settle_handovers(self):
        """Say of mails that were marked, and that nobody hands over any more, that it is unknown whether they left."""
        marked = [("marketing_handover", "=", True)]
        if not self.sudo().search_count(marked, limit=1):
            return
        [[alone]] = self.env.execute_query(SQL("SELECT pg_try_advisory_lock(%s)", LOCK))
        if not alone:
            return
        try:
            mails = self.sudo().search(marked)
            mails._postprocess_sent_message([], [], failure_type=FAILURE)
            self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as the queue does
        finally:
            self._unlock_handovers("pg_advisory_unlock")

    @contextmanager
    def _handing_over(self):
        """Have nobody settle the marks that are made while the block lasts."""
        self.env.execute_query(SQL("SELECT pg_advisory_lock_shared(%s)", LOCK))
        try:
            yield
        finally:
            self._unlock_handovers("pg_advisory_unlock_shared")

    def _mark_handover(self):
        if not self.marketing_handover:
            # On top of what Odoo has written so far: an exception, should nobody come back to say otherwise.
            self.sudo().write({"marketing_handover": True, "failure_reason": self._unknown_reason()})
            self._commit_and_remember()

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        self.filtered("marketing_handover").sudo().marketing_handover = False  # whoever sends it
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )

    @api.model
    def _unlock_handovers(self, function):
        # An error of the database may have ended the transaction, or the connection, and the lock with it.
        with suppress(psycopg2.Error):
            try:
                self.env.execute_query(SQL("SELECT %s(%s)", SQL.identifier(function), LOCK))
            except psycopg2.Error:
                self.env.cr.rollback()
                self.env.execute_query(SQL("SELECT %s(%s)", SQL.identifier(function), LOCK))

    @api.model
    def _unknown_reason(self):
        return _("It is unknown whether it was sent: Odoo was interrupted while it handed it over to the mail server.")


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    failure_type = fields.Selection(
        selection_add=[(FAILURE, "Unknown whether it was sent")], ondelete={FAILURE: "set null"}
    )


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.model
    def _get_end_reasons(self):
        return {
            **super()._get_end_reasons(),
            FAILURE: _(
                "It is unknown whether the message was sent: Odoo was interrupted, or the mail server did not answer, "
                "while it was handed over. It is not sent again by itself."
            ),
        }

    def _get_refusals(self):
        """Tell the messages of which nobody knows from those that were refused, and what the server answered."""
        known = self._get_told_failures()
        told = {
            trace_id: ("error", kind, None) if kind in known else ("error", "refused", answer and {"detail": answer})
            for trace_id, _status, kind, answer in self._get_last_messages()
        }
        return {**super()._get_refusals(), **told}

    @api.model
    def _get_unknown_failures(self):
        return [*super()._get_unknown_failures(), FAILURE]

    @api.model
    def _get_told_failures(self):
        """Return the failures of a message that are told by a reason of their own."""
        return [FAILURE]
