"""Mails that were being handed over to a mail server as Odoo's process died, or the connection broke.

A mail server accepts a message before Odoo can commit that it did. Whoever dies in between does not know whether the
message was sent, and Odoo would send it again. So a campaign's mail is marked, and the mark committed, right before its
content goes to the server. Who finds a mark that nobody works on says that it is unknown; people decide what then.
"""

from contextlib import contextmanager, suppress

import psycopg2

from odoo import _, api, fields, models
from odoo.tools import SQL

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
    def _settle_handovers(self):
        """Say of mails that were marked, and that nobody hands over any more, that it is unknown whether they left."""
        marked = self.sudo().search([("marketing_handover", "=", True)])
        if not marked:
            return
        claimed = marked._claim_free()
        try:
            mails = marked.browse(claimed).exists().filtered("marketing_handover")
            accepted = mails.filtered(lambda mail: mail.state == "sent")  # what follows was not written
            accepted._postprocess_sent_message([], [])
            (mails - accepted)._postprocess_sent_message([], [], failure_type=FAILURE)
            self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as the queue does
        finally:
            self._release_claims(claimed)

    @contextmanager
    def _alone_with_handovers(self, lock):
        """Tell whether nobody hands anything over, and have nobody begin while the block lasts.

        :param int lock: the advisory lock of those who do
        """
        [[alone]] = self.env.execute_query(SQL("SELECT pg_try_advisory_lock(%s)", lock))
        try:
            yield alone
        finally:
            if alone:
                self._unlock_handovers("pg_advisory_unlock", lock)

    @contextmanager
    def _handing_over(self, lock):
        """Have nobody settle the marks that are made while the block lasts."""
        self.env.execute_query(SQL("SELECT pg_advisory_lock_shared(%s)", lock))
        try:
            yield
        finally:
            self._unlock_handovers("pg_advisory_unlock_shared", lock)

    def _mark_handover(self):
        if not self.marketing_handover:
            # On top of what Odoo has written so far: an exception, should nobody come back to say otherwise.
            self.sudo().write({"marketing_handover": True, "failure_reason": self._unknown_reason()})
            self._commit_and_remember()

    @api.model
    def _unlock_handovers(self, function, lock):
        # An error of the database may have ended the transaction, or the connection, and the lock with it.
        with suppress(psycopg2.Error):
            try:
                self.env.execute_query(SQL("SELECT %s(%s)", SQL.identifier(function), lock))
            except psycopg2.Error:
                self.env.cr.rollback()
                self.env.execute_query(SQL("SELECT %s(%s)", SQL.identifier(function), lock))

    @api.model
    def _unknown_reason(self):
        return _(
            "It may or may not have been sent: Odoo was interrupted while it handed the message to the mail server."
        )
