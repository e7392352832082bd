import itertools
import smtplib
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from odoo import api
from odoo.sql_db import db_connect
from odoo.tests import tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

from odoo.addons.marketing_automation.models.mail_queue.claims import LOCK as CLAIM

from .common import EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

QUEUE_LOGGER = "odoo.addons.marketing_automation.models.mail_queue.queue"


class Death(BaseException):
    """The end of a process, of which nobody is told."""


@tagged("post_install", "-at_install")
class TestMailQueue(MarketingAutomationCommon):
    """Odoo's queue sends the mails of campaigns; those that have left are deleted together."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")

    def _queued(self, *states):
        domain = [("marketing_trace_id.activity_id", "=", self.email.id), ("state", "in", states)]
        return self.env["mail.mail"].search(domain)

    def _prepare(self):
        """:return: the mails that wait in the queue"""
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        mails = self._queued("outgoing").sorted("id")
        self.assertEqual(len(mails), 5)
        return mails

    def _send_queue(self, mails, send_email=None, send_content=None):
        """Send as the queue's cron does, which commits after each mail.

        :param send_email: what takes the place of the mail server
        :param send_content: what takes the place of the part in which a content goes to it
        """
        with (
            self.mock_datetime_and_now(self.start),
            self.mock_mail_gateway(mail_unlink_sent=True),
            self._in_test_mode(),
            self.env.registry.cursor() as cr,
        ):
            if send_email:
                self.send_email_mocked.side_effect = send_email
            if send_content:
                self.testing_smtp_session.data = send_content
            mails.with_env(api.Environment(cr, api.SUPERUSER_ID, {})).send(auto_commit=True)
        self.env.invalidate_all()

    def test_nothing_is_left(self):
        mails = self._prepare()
        mails += self.env["mail.mail"].create(
            {"email_to": "zoe@example.com", "subject": "Other", "body_html": "<p>Other</p>", "auto_delete": True}
        )
        messages = mails.mail_message_id
        self._send_queue(mails)
        self.assertFalse(mails.exists())
        self.assertFalse(messages.exists())
        self.assertEqual(set(self.email.sudo().trace_ids.mailing_trace_ids.mapped("trace_status")), {"sent"})

    def test_what_is_to_be_kept_stays(self):
        self.email.mass_mailing_id.keep_archives = True
        self._send_queue(self._prepare())
        with self.mock_datetime_and_now(self.start + timedelta(days=3)):
            self.env["mail.mail"]._gc_sent_marketing_mails()
        self.assertEqual(len(self._queued("sent")), 5)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_a_queue_that_ends_too_soon(self):
        """What has left by then is deleted later, and not sent again."""
        mails = self._prepare()
        accepted = []

        def send_email(_server, message, *_args, **_kwargs):
            if len(accepted) == 2:
                raise MemoryError
            accepted.append(message["To"])
            return message["Message-Id"]

        with suppress(MemoryError):  # assertRaises would undo what was committed
            self._send_queue(mails, send_email)
        self.env.invalidate_all()
        self.assertEqual(Counter(mails.mapped("state")), {"sent": 2, "outgoing": 3})
        self._send_queue(self._queued("outgoing"))
        self.assertEqual(len(self._mails), 3, "nobody twice")
        self.assertEqual(len(mails.exists()), 2)
        with self.mock_datetime_and_now(self.start + timedelta(days=2)):
            mails._gc_sent_marketing_mails()
        self.assertFalse(mails.exists())

    def test_the_engine_is_woken_for_the_first_and_after_the_last(self):
        """Not for each of them: that would take a transaction each."""
        mails = self._prepare()
        left = []

        def trigger(cron):
            left.append(cron.env["mail.mail"].search_count([("id", "in", mails.ids), ("state", "=", "outgoing")]))

        with patch.object(self.env.registry["ir.cron"], "_trigger_after_commit", trigger):
            self._send_queue(mails)
        self.assertEqual(left, [4, 0])

    # ------------------------------------------------------------
    # Sent many at a time
    # ------------------------------------------------------------

    def _remembering(self):
        """Have a test's cursor keep what was read, as that of a queue does."""
        return patch.object(self.env.registry["mail.mail"], "_commit_and_remember", lambda self: self.env.cr.flush())

    def _send_and_meanwhile(self, mails, event):
        """Send, and have something happen in another transaction while the first mail is handed over.

        :param event: a function that gets the environment of that transaction
        :return: to whom a mail was sent, in turn
        """
        sent = []

        def send_email(_server, message, *_args, **_kwargs):
            if not sent:
                with self.env.registry.cursor() as cr:
                    event(api.Environment(cr, api.SUPERUSER_ID, {}))
            sent.append(message["To"])
            return message["Message-Id"]

        with self._remembering():
            self._send_queue(mails, send_email)
        return sent

    def _prepare_with_another(self):
        """:return: the mails that wait in the queue, the last one of no campaign"""
        mails = self._prepare()
        message = mails.mail_message_id[:1].copy({"subject": "Your password"})
        other = {"email_to": "zoe@example.com", "body_html": "<p>Reset</p>", "mail_message_id": message.id}
        mails += self.env["mail.mail"].create(other)
        self.assertEqual(mails[-1].email_from, mails[0].email_from, "one session with the mail server for all")
        return mails

    def test_others_are_sent_first(self):
        mails = self._prepare_with_another()
        sent = self._send_and_meanwhile(mails, lambda env: None)
        self.assertEqual(len(sent), 6)
        self.assertEqual(sent[0], "zoe@example.com")

    def test_what_only_looks_like_a_commit(self):
        """Odoo commits for True alone: its composer is called with the records in the place of it, in its own tests."""
        mails = self._prepare() + self.env["mail.mail"].create({"email_to": "a@people.example.com", "subject": "Hello"})
        with self._at(self.start), patch.object(type(self.env.cr), "commit") as commit:
            mails.send(auto_commit=mails.ids)
        commit.assert_not_called()

    def test_others_that_come_meanwhile_pass(self):
        """A mail of no campaign goes by the same connection, and marks none that was sent before it."""
        self.email.mass_mailing_id.keep_archives = True
        queued = self._prepare().sudo()
        other = {"email_to": "zoe@example.com", "subject": "Other", "body_html": "<p>Other</p>", "auto_delete": True}
        handed_over = []

        def send_email(_server, message, *_args, smtp_session=None, **_kwargs):
            if not handed_over:
                queued.browse().create(other)
            smtp_session.data(message["To"])
            return message["Message-Id"]

        models = "odoo.addons.marketing_automation.models"
        with patch(f"{models}.mail_queue.rounds.LOOK_EVERY", -1), patch(f"{models}.mail_queue.queue.READ_TOGETHER", 2):
            self._run_queue(send_email, send_content=handed_over.append)
        self.assertEqual(len(handed_over), 6)
        self.assertEqual(handed_over.index("zoe@example.com"), 2, "it passes those behind the first two")
        self.assertFalse(self.env["mail.mail"].search([("subject", "=", "Other")]), "it was sent")
        self.assertEqual(queued.mapped("marketing_handover"), [False] * 5)

    def test_cancelled_meanwhile(self):
        """The mails that follow were read with the first one, and yet each is looked at when its turn has come."""
        mails = self._prepare()
        last = mails[-1]
        sent = self._send_and_meanwhile(mails, lambda env: last.with_env(env).cancel())
        self.assertEqual(len(sent), 4)
        self.assertEqual(last.state, "cancel")
        self.assertEqual(len(mails.exists()), 1)

    def test_deleted_meanwhile(self):
        mails = self._prepare()
        last = mails[-1]
        self.assertEqual(len(self._send_and_meanwhile(mails, lambda env: last.with_env(env).unlink())), 4)
        self.assertFalse(mails.exists())

    def test_what_all_share_is_read_once(self):
        """Each mail takes five statements of its own, and Odoo's look for its notifications."""
        mails = self._prepare()
        counts = []

        def send_email(_server, message, *_args, smtp_session=None, **_kwargs):
            smtp_session.data(message)
            counts.append(self.cr.sql_log_count)
            return message["Message-Id"]

        with self._remembering():
            self._send_queue(mails, send_email, lambda _content: None)
        [_with_the_wake_up, *others] = [later - sooner for sooner, later in itertools.pairwise(counts)]
        self.assertEqual(others, [6, 6, 6])

    def test_a_message_id_of_the_servers_own(self):
        self.email.mass_mailing_id.keep_archives = True
        mails = self._prepare()
        self._send_queue(mails, lambda *_args, **_kwargs: "<theirs@example.com>")
        self.assertEqual(set(mails.mapped("message_id")), {"<theirs@example.com>"})

    # ------------------------------------------------------------
    # Interrupted while a mail is handed over
    # ------------------------------------------------------------

    def _send_and_die(self, mails, deaths_mail):
        """Send, and end the process when the server has got the content of a mail, but has not answered.

        :return: to whom the server got a content
        """
        received = []

        def send_content(recipient):
            received.append(recipient)
            if len(received) == deaths_mail:
                raise Death

        def send_email(_server, message, *_args, smtp_session=None, **_kwargs):
            smtp_session.data(message["To"])
            return message["Message-Id"]

        with suppress(Death):
            self._send_queue(mails, send_email, send_content)
        return received

    def _run_queue(self, send_email=None, moment=None, send_content=None):
        """Run the queue as its cron does, on a cursor that may be committed.

        :param send_email: what takes the place of the mail server
        :param datetime moment: UTC, by default the start
        :param send_content: what takes the place of the part in which a content goes to it
        :return: the mails that left
        """
        with (
            self.mock_datetime_and_now(moment or self.start),
            self.mock_mail_gateway(mail_unlink_sent=True),
            self._in_test_mode(),
            self.env.registry.cursor() as cr,
        ):
            if send_email:
                self.send_email_mocked.side_effect = send_email
            if send_content:
                self.testing_smtp_session.data = send_content
            with patch("odoo.modules.module.current_test", False):  # or the queue does not commit
                api.Environment(cr, api.SUPERUSER_ID, {})["mail.mail"].process_email_queue()
            sent = list(self._mails)
        self.env.invalidate_all()
        return sent

    def test_interrupted_while_handing_over(self):
        """Nobody knows whether it was sent: it is said so, and it is not sent again by itself."""
        mails = self._prepare()
        self.assertEqual(len(self._send_and_die(mails, 3)), 3)
        [unknown] = self._queued("exception")
        self.assertEqual(len(self._run_queue()), 2, "those who had not had their turn")
        self.assertEqual(self._run_queue(), [])
        self._execute(self.campaign, self.start)
        trace = unknown.marketing_trace_id
        self.assertEqual((trace.state, trace.end_code), ("error", "mail_handover"))
        self.assertIn("may or may not have been sent", trace.state_msg)
        self.assertIn("may or may not have been sent", unknown.failure_reason)
        self.assertEqual(unknown.mailing_trace_ids.trace_status, "error")
        self.assertEqual(self.email.total_sent, 4)

        with self._at(self.start):
            trace.with_user(self.marketer).action_retry()
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(len(self._run_queue()), 1, "who looked, and decided, may send it again")

    def test_who_still_hands_over_is_left_alone(self):
        mails = self._prepare()
        self._send_and_die(mails, 1)
        with db_connect(get_db_name()).cursor() as other:
            other.execute("SELECT pg_advisory_lock(%s, %s)", [CLAIM, self._queued("exception").id])
            self._run_queue()
            self.assertTrue(self._queued("exception").marketing_handover)
            other.execute("SELECT pg_advisory_unlock(%s, %s)", [CLAIM, self._queued("exception").id])
        self._run_queue()
        self.assertFalse(self._queued("exception").marketing_handover)

    def _assert_queue_goes_on_in_a_minute(self):
        pauses = self.env["ir.cron.trigger"].search([("cron_id", "=", self.env.ref(MAIL_CRON).id)]).mapped("call_at")
        self.assertIn(self.start + timedelta(minutes=1), pauses)

    @mute_logger("odoo.addons.mail.models.mail_mail", QUEUE_LOGGER)
    def test_a_server_that_hangs_up(self):
        """The mail waits again, with those behind it, and the queue goes on in a minute: it serves nobody."""
        mails = self._prepare()
        taken = []

        def send_email(_server, message, *_args, **_kwargs):
            if len(taken) == 2:
                raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
            taken.append(message["To"])
            return message["Message-Id"]

        self._run_queue(send_email)
        self.assertEqual(mails.exists().mapped("state"), ["outgoing"] * 3)
        self._assert_queue_goes_on_in_a_minute()
        self.assertEqual(len(self._run_queue(moment=self.start + timedelta(minutes=1))), 3)

    @mute_logger("odoo.addons.mail.models.mail_mail", QUEUE_LOGGER)
    def test_a_server_that_hangs_up_on_another_mail(self):
        mails = self._prepare_with_another()

        def send_email(*_args, **_kwargs):
            raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

        self._run_queue(send_email)
        self.assertEqual(set(mails.mapped("state")), {"outgoing"})
        self._assert_queue_goes_on_in_a_minute()
