"""A mail of the queue meets a mail server: what each answer means, and each silence.

- The content went out, and nobody answered: it is unknown whether it was sent, and it is not sent again by itself.
- Before that, a server that hung up or kept silent has accepted nothing: the mail is tried again, a few times.
"""

import math
import smtplib
from datetime import timedelta
from functools import partial

from odoo import _, api, fields, models
from odoo.tools import SQL, email_domain_extract

from odoo.addons.base.models.ir_mail_server import SMTP_TIMEOUT

from ...engine.context import queue_run
from .handover import FAILURE as UNKNOWN
from .mail_lines import TROUBLE_PAUSE, MailLines, PutOffError, ServerTroubleError
from .smtp_line import ACCEPTED, AsideError

LIMIT_KEY, LIMIT = "marketing_automation.mail_answer_limit", 60  # seconds
PATIENCE_KEY, PATIENCE = "marketing_automation.mail_answer_patience", 5  # seconds
DAY = 86400  # seconds
TRIED_AGAIN_AFTER = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)]
GIVEN_UP_FOR = timedelta(minutes=15)  # the other mails to a domain whose server does not answer
UNANSWERED = "mail_unanswered"


class MailMail(models.Model):
    _inherit = "mail.mail"

    marketing_tries = fields.Integer(
        string="Tries without an Answer",
        readonly=True,
        engine_only=True,
        copy=False,
        help="How often the mail server hung up or kept silent before it got the content.",
    )

    @api.model
    def _open_lines(self, smtp_session, mail_server):
        """Return the MailLines of a run, for connections like the one that Odoo has made for it."""
        connect = partial(
            self.env["ir.mail_server"]._connect__,
            mail_server_id=mail_server and mail_server.id,
            smtp_from=getattr(smtp_session, "smtp_from", False),
        )
        limit, patience = self._get_seconds(LIMIT_KEY, LIMIT), self._get_seconds(PATIENCE_KEY, PATIENCE)
        run = queue_run(self.env)

        def mark():
            if run.posted:
                run.posted._claim_parcel()
            elif run.mail:
                run.mail._mark_handover()

        return MailLines(connect, mark, limit, min(patience, limit))

    @api.model
    def _get_seconds(self, key, default):
        try:
            # sudo: users do not read system parameters
            seconds = float(self.env["ir.config_parameter"].sudo().get_param(key, default))
        except ValueError:
            return default
        return seconds if math.isfinite(seconds) and 0 < seconds <= DAY else default

    # ------------------------------------------------------------
    # One mail
    # ------------------------------------------------------------

    def _hand_over(self, lines, options):
        """Send this mail. It begins at the end of a transaction, and ends there, whatever the server does.

        :param MailLines lines: for the connection
        :param dict options: for Odoo's _send
        :raise ServerTroubleError: when the server serves nobody now
        """
        run = queue_run(self.env)  # None for a mail of no campaign
        if run and self.id in run.parcels:
            self._post(lines, run.parcels.pop(self.id))
            return
        self._note_accepted()
        while True:
            line = self._get_line(lines)
            if not line:
                return
            if run:
                self._commit_and_remember()
                if not self._take_from_queue() or not lines.is_turn_of(self.id, self._get_destination()):
                    return
                lines.begin(line, self._get_destination(), bool(self.marketing_tries), self._may_wait_aside())
                run.mail = self
            else:
                line.begin(SMTP_TIMEOUT)
            try:
                super()._send(smtp_session=line.session, **options)
            except AsideError:
                lines.put_aside(self.id, self._get_destination())
                lines.silent_in_a_row += 1
            except smtplib.SMTPServerDisconnected as error:
                lines.drop(line)
                if line.is_idle_end():
                    self.env.cr.rollback()
                    continue
                self._end_without_answer(lines, line, error)
            else:
                line.is_fresh = False
                lines.silent_in_a_row = 0
            finally:
                if run:
                    run.mail = None  # the next one by this connection may be of no campaign
            return

    def _get_line(self, lines):
        """Return a connection for this mail; none if it goes once an answer makes one free.

        :raise ServerTroubleError:
        """
        try:
            return lines.get_line()
        except (Exception, PutOffError) as error:  # whatever the network, the server or its settings give
            if not lines.aside or not queue_run(self.env):
                raise ServerTroubleError(error) from error
            lines.wait_for_line(self.id)  # the server may allow so many connections only
            return None

    def _get_destination(self):
        """Return the domain to which this mail goes, as far as one can tell."""
        return email_domain_extract(self.recipient_ids[:1].email or self.email_to or "")

    def _may_wait_aside(self):
        """Tell whether Odoo makes one message of this mail; the next one would go by the same connection."""
        return bool(self.email_to or self.email_cc) + len(self.recipient_ids) == 1

    def _end_without_answer(self, lines, line, error):
        if line.contents:
            self._end_unknown()
        else:
            self._try_again_later(lines, error)
            if not line.asked_recipient:
                raise ServerTroubleError(error)
        if self.marketing_trace_id:
            lines.give_up(self._get_destination())
        lines.silent_in_a_row += 1

    # ------------------------------------------------------------
    # Mails that wait aside, and behind them
    # ------------------------------------------------------------

    @api.model
    def _settle_aside(self):
        """Take note of the answers that mails aside have got, at the end of a transaction."""
        lines = queue_run(self.env).lines
        for aside in lines.take_answered():
            mail = self.browse(aside.mail_id).exists()
            try:
                code, text = aside.line.answer()
            except smtplib.SMTPServerDisconnected as error:
                lines.drop(aside.line)
                lines.give_up(aside.domain)
                if aside.line.contents:
                    mail._end_unknown()
                else:
                    mail._try_again_later(lines, error)
            else:
                lines.keep(aside.line)
                lines.go_on_with(aside.domain)
                mail._end_answered(code, text)

    @api.model
    def _leave_who_waits(self):
        """End a run: those whose turn it was not wait for the next one, or for some time."""
        lines = queue_run(self.env).lines
        if lines.is_anybody_left():
            lines.wake(fields.Datetime.now() + (TROUBLE_PAUSE if lines.is_unreachable else timedelta()))
        if lines.left_ids:
            later = fields.Datetime.now() + GIVEN_UP_FOR
            lines.wake(later)
            self.env.execute_query(
                SQL(
                    """
                    UPDATE mail_mail SET scheduled_date = %s WHERE id IN (
                        SELECT id FROM mail_mail
                         WHERE id = ANY(%s) AND state = 'outgoing' FOR NO KEY UPDATE SKIP LOCKED)
                 RETURNING id
                    """,
                    later,
                    lines.left_ids,
                )
            )
        if lines.wake_at:
            for cron in self._get_queue_cron() | self._get_sending_lanes():  # whose mails they are
                cron._trigger(at=lines.wake_at)
            self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as the queue does

    # ------------------------------------------------------------
    # What became of a mail
    # ------------------------------------------------------------

    def _end_answered(self, code, text):
        """Note the server's answer to the content, as Odoo does where it does not wait aside."""
        if code == ACCEPTED:
            self.write({"state": "sent", "failure_type": False, "failure_reason": False})
            self._postprocess_sent_message([], [])
        else:
            reason = f"{code} {text.decode(errors='replace')}"
            self.write({"state": "exception", "failure_type": "unknown", "failure_reason": reason})
            self._postprocess_sent_message([], [], failure_reason=reason, failure_type="unknown")
        self._commit_and_remember()

    def _end_unknown(self):
        """Say that it is unknown whether this mail was sent. One of no campaign stays failed, as Odoo leaves it."""
        if self.marketing_trace_id:
            self.write({"failure_reason": _("It may or may not have been sent: the mail server did not answer.")})
            self._postprocess_sent_message([], [], failure_type=UNKNOWN)
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as the queue does

    def _try_again_later(self, lines, error):
        """Have this mail, which the server has not accepted, wait; after some tries it has failed."""
        self.env.cr.rollback()
        if not self:
            return
        tries = self.marketing_tries + 1
        values = {"marketing_tries": tries, "marketing_handover": False}
        if tries <= len(TRIED_AGAIN_AFTER):
            later = fields.Datetime.now() + TRIED_AGAIN_AFTER[tries - 1]
            lines.wake(later)
            waiting = {"state": "outgoing", "scheduled_date": later, "failure_type": False, "failure_reason": False}
            self.sudo().write({**values, **waiting})  # whoever sends it
        else:
            reason = _("The mail server did not answer, in %(count)s tries: %(error)s", count=tries, error=error)
            self.sudo().write({**values, "state": "exception", "failure_type": "mail_smtp", "failure_reason": reason})
            failure_type = UNANSWERED if self.marketing_trace_id else "mail_smtp"
            self._postprocess_sent_message([], [], failure_reason=reason, failure_type=failure_type)
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as the queue does
