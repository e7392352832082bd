import smtplib
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from odoo import api
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import EXECUTION_CRON, MarketingAutomationCommon


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
        mails = self._queued("outgoing")
        self.assertEqual(len(mails), 5)
        return mails

    def _send_queue(self, mails, send_email=None):
        """Send as the queue's cron does, which commits after each mail.

        :param send_email: what takes the place of the mail server
        """
        with (
            self.mock_datetime_and_now(self.start),
            self.mock_mail_gateway(mail_unlink_sent=True),
            self._in_test_mode(),
            self.env.registry.cursor() as cr,
        ):
            if send_email:
                self.send_email_mocked.side_effect = send_email
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
                raise smtplib.SMTPServerDisconnected("gone")
            accepted.append(message["To"])
            return message["Message-Id"]

        with suppress(smtplib.SMTPServerDisconnected):  # assertRaises would undo what was committed
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
