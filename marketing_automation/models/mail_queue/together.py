"""Mails of a mailing go to a mail server one after the other; what comes before and after is done for some together.

    sender, recipient ──> claim the mail, mark it, note the one before ──> commit ──> content ──> the next …
                                                                                          └─> follow (some together)

Each mail is marked, and the mark committed, before its content goes to the server, as any mail of a campaign (see
``handover.py``). The same statement notes that the one before was accepted: it is sent then, and keeps its mark until
the messages, the engine and Odoo have been told. Whoever finds such a mark tells them.
"""

import logging
import smtplib

from odoo import api, fields, models
from odoo.tools import SQL, exception_to_unicode

from ...engine.context import queue_run
from ..runtime.errors import ATTEMPTS, CONTENTION
from .smtp_line import AsideError

_logger = logging.getLogger(__name__)

# What a mail is told by, which these statements write past Odoo's cache
WRITTEN = ("state", "failure_type", "failure_reason", "marketing_handover", "write_date")


class NotWaitingError(BaseException):
    """A mail does not wait any more, as its turn has come. That is no failure of its own."""


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _post(self, lines, parcel):
        """Send the parcel of this mail. It begins at the end of a transaction, and ends there.

        :raise ServerTroubleError: when the server serves nobody now
        """
        domain, run = parcel.destination, queue_run(self.env)
        while True:
            line = self._get_line(lines)
            if not line or not lines.is_turn_of(self.id, domain):
                return
            lines.begin(line, domain, parcel.has_failed, may_wait_aside=True)
            run.posted = self
            try:
                line.post(parcel.sender, parcel.recipient, parcel.octets)
            except NotWaitingError:
                lines.drop(line)  # it waits for a content
            except AsideError:
                lines.put_aside(self.id, domain)
                lines.silent_in_a_row += 1
                self._forget()
            except smtplib.SMTPServerDisconnected as error:
                lines.drop(line)
                self._note_accepted()
                self._forget()
                if line.is_idle_end():
                    continue
                self._end_without_answer(lines, line, error)
            except Exception as error:
                line.is_fresh = False
                lines.silent_in_a_row = 0
                self._note_accepted()
                self._forget()
                # not marked yet where its recipient was refused: somebody else may have had it meanwhile
                if not run.posted or self._take_from_queue():
                    self._end_refused_now(error)
            else:
                line.is_fresh = False
                lines.silent_in_a_row = 0
                run.accepted = parcel
            finally:
                run.posted = None
            return

    def _claim_parcel(self):
        """Mark this mail right before its content goes out, and commit.

        :raise NotWaitingError: when it does not wait any more, or somebody else is sending it
        """
        if self.id not in self._write_marks(self.ids):
            raise NotWaitingError
        queue_run(self.env).posted = None

    @api.model
    def _note_accepted(self):
        """Have the database know that the last parcel was accepted."""
        run = queue_run(self.env)
        if run and run.accepted:
            self._write_marks([])

    @api.model
    def _write_marks(self, claimed):
        """Mark mails that wait, and note that the last parcel was accepted, in a transaction.

        :param list claimed: ids, at most one
        :return: the ids of those that were written
        """
        run = queue_run(self.env)
        accepted = run.accepted
        query = SQL(
            # by the primary key
            """
            UPDATE mail_mail SET marketing_handover = TRUE, write_date = %(now)s,
                   state = CASE WHEN id = %(accepted)s THEN 'sent' ELSE 'exception' END,
                   failure_type = CASE WHEN id = %(accepted)s THEN NULL ELSE 'unknown' END,
                   failure_reason = CASE WHEN id = %(accepted)s THEN NULL ELSE %(unknown)s END
             WHERE id = ANY(ARRAY(SELECT id FROM mail_mail WHERE id = ANY(%(claimed)s) AND state = 'outgoing'
                                     FOR NO KEY UPDATE SKIP LOCKED)
                            || %(accepted)s)
         RETURNING id
            """,
            now=fields.Datetime.now(),
            accepted=accepted.mail_id if accepted else None,
            claimed=list(claimed),
            unknown=self._unknown_reason(),
        )
        written = self._commit_in_time(self._execute_marks, query)
        if accepted:
            run.accepted = None
            run.to_follow.append(accepted)
            _logger.info("Mail %s with Message-Id %s was accepted", accepted.mail_id, accepted.message_id)
        return written

    @api.model
    def _execute_marks(self, query):
        self.env.cr.execute(query, log_exceptions=False)
        return [number for (number,) in self.env.cr.fetchall()]

    @api.model
    def _commit_in_time(self, method, *args):
        """Call a method and commit, again when others' writes made it fail; as _in_transaction of the engine does.

        :return: what the method returns
        :raise Exception: one of ``CONTENTION`` when others kept writing the same rows
        """
        for left in reversed(range(ATTEMPTS)):
            try:
                result = method(*args)
                self._commit_and_remember()
                return result
            except CONTENTION:
                self.env.cr.rollback()
                if not left:
                    raise
        return None

    def _forget(self):
        """Read what was written past Odoo's cache."""
        self.invalidate_recordset(WRITTEN, flush=False)

    def _end_refused_now(self, error):
        """Note why a server refused this mail, as Odoo does; to be called while the error is handled."""
        reason = exception_to_unicode(error)
        kind = "mail_spam" if "OutboundSpamException" in reason else "unknown"
        _logger.info("Mail %s was refused: %s", self.id, reason)
        self.write({"state": "exception", "failure_type": kind, "failure_reason": reason})
        self._postprocess_sent_message([], [], failure_reason=reason, failure_type=kind)
        self._commit_and_remember()

    @api.model
    def _follow_accepted(self):
        """Tell the messages, the engine and Odoo of the parcels that were accepted, all together, and commit."""
        run = queue_run(self.env)
        self._note_accepted()
        parcels, run.to_follow = run.to_follow, []
        if not parcels:
            return
        try:
            self._commit_in_time(self._follow, parcels)
        except CONTENTION as error:  # whoever finds the marks does it
            _logger.info("What follows %s mails is written later: %s", len(parcels), error)
        callback = run.options.get("post_send_callback")
        if callback:
            callback([parcel.mail_id for parcel in parcels])
            self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as the queue does

    @api.model
    def _follow(self, parcels):
        """Tell of these parcels, unless somebody else has done so, who took this process for dead."""
        query = """
            UPDATE mail_mail SET marketing_handover = FALSE WHERE id = ANY(%s) AND marketing_handover AND state = 'sent'
         RETURNING id
        """
        rows = self.env.execute_query(SQL(query, [parcel.mail_id for parcel in parcels]))
        mails = self.browse(number for (number,) in rows)
        mails._forget()
        partners = [partner for parcel in parcels for partner in parcel.recipients]
        mails._postprocess_sent_message(partners, [email for parcel in parcels for email in parcel.emails])
