"""The campaigns' mails in Odoo's queue or a lane, which sends one after the other and commits after each.

Odoo's commit forgets all that was read: for the next mail it reads the company, the mailing and the rest anew. Here
many mails are read together, and what was read is kept from one to the next; each has transactions of its own.
"""

import logging
import time
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.sql_db import Cursor
from odoo.tools import SQL
from odoo.tools.constants import GC_UNLINK_LIMIT

from ...engine.context import QUEUE_KEY, WAKE_EVERY, QueueRun, queue_rounds, queue_run
from .mail_lines import SILENT_IN_A_ROW, TROUBLE_PAUSE, ServerTroubleError

_logger = logging.getLogger(__name__)

READ_TOGETHER = 100  # mails, whose texts are in memory together


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _send(
        self,
        auto_commit=False,
        raise_exception=False,
        smtp_session=None,
        alias_domain_id=False,
        mail_server=False,
        post_send_callback=None,
    ):
        """Send the campaigns' mails of a queue as _take_in_turn gives them; others as Odoo does, and before them."""
        options = {
            "raise_exception": raise_exception,
            "alias_domain_id": alias_domain_id,
            "mail_server": mail_server,
            "post_send_callback": post_send_callback,
        }
        if auto_commit is not True:  # as Odoo asks: whatever else it is, nothing is committed
            return super()._send(auto_commit=auto_commit, smtp_session=smtp_session, **options)
        rounds = queue_rounds(self.env)
        found = self.sudo().search_fetch([("id", "in", self.ids)], ["marketing_trace_id"])
        mails = self & found.sudo(self.env.su)  # some may have been sent, and deleted, since they were looked for
        of_campaigns = mails & found.filtered("marketing_trace_id")
        if not of_campaigns:
            if rounds:
                rounds.seen.update(self.ids)
            return super(MailMail, mails)._send(auto_commit=True, smtp_session=smtp_session, **options)
        if not rounds:
            with mails._open_rounds() as queue:
                queue._send(auto_commit=True, smtp_session=smtp_session, **options)
                queue._go_on()
            return True
        new = [number for number in of_campaigns.ids if number not in rounds.seen]
        rounds.seen.update(self.ids)
        run = self._get_run(rounds, smtp_session, options)
        run.lines.queue.extend(new)
        with run.lines.borrowing(smtp_session):
            run.mails._send_in_turn(mails - of_campaigns)
        return True

    @api.model
    def _get_run(self, rounds, smtp_session, options):
        """Return the QueueRun of these rounds for a mail server and a sender."""
        server_id = options["mail_server"].id if options["mail_server"] else None
        key = (server_id, options["alias_domain_id"], getattr(smtp_session, "smtp_from", False))
        if key not in rounds.runs:
            run = QueueRun(server_id)
            run.mails = self.browse().with_context(**{QUEUE_KEY: run})
            run.lines = run.mails._open_lines(smtp_session, options["mail_server"])
            rounds.stack.callback(run.lines.end)
            rounds.runs[key] = run
        rounds.runs[key].options = options
        return rounds.runs[key]

    def _send_in_turn(self, others=()):
        """Send the mails of campaigns that may go now, after others.

        :param others: mails of no campaign, in an environment of their own
        """
        run = queue_run(self.env)
        lines = run.lines
        try:
            for number in [mail.id for mail in others]:
                others.browse(number)._hand_over(lines, {**run.options, "auto_commit": True})
                self._check_server(lines)
            self._settle_aside()
            for mail in self._take_in_turn():
                mail._hand_over(lines, run.options)
            if lines.is_anybody_left() and not lines.aside:
                self._check_server(lines)
        except ServerTroubleError as error:
            _logger.warning("The mail server does not answer, the queue goes on in a minute: %s", error)
            self.env.cr.rollback()  # what was sent is committed
            run.parcels.clear()
            lines.leave()
            lines.wake(fields.Datetime.now() + TROUBLE_PAUSE)
        self._delete_sent()
        self._let_go()

    @api.model
    def _check_server(self, lines):
        if lines.is_silent():
            raise ServerTroubleError(_("%s mails in a row got no answer.", SILENT_IN_A_ROW))

    def _delete_sent(self):
        """Delete what was sent since the last time, and wake the engine for what became of it."""
        run = queue_run(self.env)
        self._follow_accepted()
        if not run.sent_ids and not run.has_news:
            return
        self.with_context(**{QUEUE_KEY: None}).browse(run.sent_ids).sudo().unlink()
        run.sent_ids, run.has_news = [], False
        self.env["marketing.campaign"]._get_execution_crons()._trigger_after_commit()
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as the queue does

    def _take_in_turn(self):
        """Yield the mails that are in the queue, one by one, each at the end of a transaction.

        What was read is forgotten after some mails or some seconds; then the engine is woken, and mails of no campaign
        that are new go first.
        """
        lines, rounds = queue_run(self.env).lines, queue_rounds(self.env)
        rounds.begin_turn()
        while lines.queue and lines.may_go_on() and not rounds.is_time_up():
            started = time.monotonic()
            together = self.browse(lines.queue.popleft() for _mail in range(min(READ_TOGETHER, len(lines.queue))))
            together = together._claim()._take_shares()._read_together()
            together._withdraw()
            together._pack()
            for number, mail in enumerate(together, start=1):
                yield mail
                self._settle_aside()
                if queue_run(self.env).is_time_to_follow():
                    self._follow_accepted()
                if time.monotonic() - started > WAKE_EVERY or not lines.may_go_on():
                    lines.put_back(together.ids[number:])
                    break
            queue_run(self.env).parcels.clear()
            queue_run(self.env).shared.clear()
            self._follow_accepted()
            self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as Odoo does for each mail
            self._let_go()
            self._let_others_pass()
            if rounds.is_turn_over():
                break

    def _read_together(self):
        """Read what is needed to send these mails.

        :return: those that still wait
        """
        mails = self.exists().filtered(lambda mail: mail.state == "outgoing")
        for path in self._get_fields_read_together():
            mails.mapped(path)
        return mails

    @api.model
    def _get_fields_read_together(self):
        """Return the paths of what is read to send a mail; what is not among them is read for each by itself."""
        return [
            "attachment_ids",
            "email_from",
            "email_to",
            "mail_server_id",
            "mailing_id.use_exclusion_list",
            "mailing_trace_ids.trace_status",
            "marketing_tries",
            "message_id",
            "model",
            "recipient_ids.email",
            "record_alias_domain_id",
            "reply_to",
            "res_id",
            "subject",
        ]

    def _take_from_queue(self):
        """Lock this mail, unless it does not wait any more or somebody else is sending it.

        :return: whether it is to be sent
        """
        query = "SELECT id FROM mail_mail WHERE id = %s AND state = 'outgoing' FOR NO KEY UPDATE SKIP LOCKED"
        return bool(self.env.execute_query(SQL(query, self.id)))

    @api.model
    def _commit_and_remember(self):
        """Commit, and keep what was read, which Odoo's own commit would forget.

        Nobody else writes to a mail that is being sent, and what mails share may be some seconds old.
        """
        self.env.cr.flush()
        if isinstance(self.env.cr, Cursor):
            self.env.cr._cnx.commit()
        else:  # a test's, in which a commit is none
            self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit

    def write(self, vals):
        """Do not write to the message of a mail that was sent under the Message-Id that it has."""
        if queue_run(self.env) and "message_id" in vals and set(self.mapped("message_id")) == {vals["message_id"]}:
            vals = {name: value for name, value in vals.items() if name != "message_id"}
        return super().write(vals)

    def _leave_for_queue(self):
        """Return those of these mails that the queue has just sent, and deletes later: all of them together."""
        run = queue_run(self.env)
        if not run:
            return self.browse()
        later = self.filtered(lambda mail: mail.marketing_trace_id and mail.state == "sent")
        run.sent_ids += later.ids
        return later

    @api.autovacuum
    def _gc_sent_marketing_mails(self):
        """Delete what a queue has sent that ended before it could."""
        domain = [
            ("marketing_trace_id", "!=", False),
            ("state", "=", "sent"),
            ("auto_delete", "=", True),
            ("marketing_handover", "=", False),
            ("write_date", "<", fields.Datetime.now() - timedelta(days=1)),
        ]
        mails = self.sudo().search(domain, limit=GC_UNLINK_LIMIT)
        mails.unlink()
        return len(mails), len(mails) == GC_UNLINK_LIMIT
