"""The campaigns' mails in Odoo's queue, which sends one after the other and commits after each.

Odoo's commit forgets all that was read: for the next mail it reads the company, the mailing and the rest anew. Here
many mails are read together, and what was read is kept from one to the next; each has transactions of its own.
"""

import logging
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.sql_db import Cursor
from odoo.tools import SQL
from odoo.tools.constants import GC_UNLINK_LIMIT

from .engine_context import QUEUE_KEY, WAKE_EVERY, QueueRun, queue_run
from .mail_lines import ServerTroubleError

_logger = logging.getLogger(__name__)

READ_TOGETHER = 50  # mails, whose texts are in memory together
TROUBLE_PAUSE = timedelta(minutes=1)


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
            "smtp_session": smtp_session,
            "alias_domain_id": alias_domain_id,
            "mail_server": mail_server,
            "post_send_callback": post_send_callback,
        }
        domain = [("id", "in", self.ids), ("marketing_trace_id", "!=", False)]
        campaigns_mails = self & self.sudo().search(domain) if auto_commit else self.browse()
        if not campaigns_mails:
            return super()._send(auto_commit=auto_commit, **options)
        others, run = self - campaigns_mails, QueueRun()
        queue = campaigns_mails.with_context(**{QUEUE_KEY: run})
        run.lines = queue._open_lines(smtp_session, mail_server)
        run.lines.queue.extend(queue.ids)
        del options["smtp_session"]
        try:
            with queue._handing_over():
                queue._send_in_turn(others, options)
        finally:
            run.lines.end()
        self.browse(run.sent_ids).sudo().unlink()
        self.env["marketing.campaign"]._get_execution_crons()._trigger_after_commit()
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # auto_commit asks for it
        return True

    def _send_in_turn(self, others, options):
        """Send the mails of campaigns, after others.

        :param others: mails of no campaign, in an environment of their own
        :param dict options: for Odoo's _send
        """
        lines = queue_run(self.env).lines
        try:
            for number in others.ids:
                others.browse(number)._hand_over(lines, {**options, "auto_commit": True})
            for mail in self._take_in_turn():
                mail._hand_over(lines, options)
        except ServerTroubleError as error:
            _logger.warning("The mail server does not answer, the queue goes on in a minute: %s", error)
            self.env.cr.rollback()  # what was sent is committed
            lines.leave()
            lines.wake(fields.Datetime.now() + TROUBLE_PAUSE)
        self._leave_who_waits(lines)
        if lines.wake_at:
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger(at=lines.wake_at)
            self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as the queue does

    def _take_in_turn(self):
        """Yield the mails that are in the queue, one by one, each at the end of a transaction.

        What was read is forgotten after some mails or some seconds; then the engine is woken, too.
        """
        lines = queue_run(self.env).lines
        while self._wait_for_turn(lines):
            started = time.monotonic()
            together = self.browse(lines.queue.popleft() for _mail in range(min(READ_TOGETHER, len(lines.queue))))
            together._read_together()
            for number, mail in enumerate(together, start=1):
                self._settle_aside(lines)
                yield mail
                if time.monotonic() - started > WAKE_EVERY:
                    lines.queue.extendleft(reversed(together.ids[number:]))
                    break
            self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as Odoo does for each mail

    def _read_together(self):
        mails = self.exists()
        for path in self._get_fields_read_together():
            mails.mapped(path)

    @api.model
    def _get_fields_read_together(self):
        """Return the paths of what is read to send a mail; what is not among them is read for each by itself."""
        return [
            "attachment_ids",
            "email_from",
            "email_to",
            "mail_server_id",
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

    def unlink(self):
        """Delete the campaigns' mails that the queue has sent together, not each by itself."""
        run = queue_run(self.env)
        if not run:
            return super().unlink()
        later = self.filtered(lambda mail: mail.marketing_trace_id and mail.state == "sent")
        run.sent_ids += later.ids
        return super(MailMail, self - later).unlink()

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
