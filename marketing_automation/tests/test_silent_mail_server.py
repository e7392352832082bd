import smtplib
import ssl
from base64 import b64encode
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from odoo import api, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

import odoo.addons.base
from odoo.addons.marketing_automation.models.mail_queue.delivery import TRIED_AGAIN_AFTER
from odoo.addons.marketing_automation.models.mail_queue.mail_lines import ASIDE_AT_MOST, SILENT_IN_A_ROW
from odoo.addons.marketing_automation.models.mail_queue.smtp_line import SmtpLine

from .common import EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon
from .mail_peer import HANG_UP, SILENCE, running_mail_peer
from .test_mail_queue import QUEUE_LOGGER

ODOOS_LOGGER = "odoo.addons.mail.models.mail_mail"
CERTIFICATES = Path(odoo.addons.base.__file__).parent / "tests" / "ssl"
LIMIT, PATIENCE = "marketing_automation.mail_answer_limit", "marketing_automation.mail_answer_patience"


class MailServerCase(MarketingAutomationCommon):
    """Emails of a campaign go to a real mail server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.env["ir.config_parameter"].set_param(PATIENCE, "0.1")
        for contact in cls.contacts:
            contact.email = f"{contact.name.lower()}@{contact.name.lower()}.example.com"

    def setUp(self):
        super().setUp()
        self.peer = self.enterContext(running_mail_peer())
        values = {"name": "Peer", "smtp_host": "127.0.0.1", "smtp_port": self.peer.port, "smtp_encryption": "none"}
        self.env["ir.mail_server"].search([]).active = False  # those of Odoo's own tests
        self.server = self.env["ir.mail_server"].create(values)

    def _prepare(self, *addresses):
        """Have an email wait for each of the contacts.

        :param addresses: for the first contacts, in place of those that they have; for new ones, if there are too few
        """
        missing = len(addresses) - len(self.contacts)
        category = [(4, self.category.id)]
        contacts = self.contacts + self.env["res.partner"].create(
            [{"name": f"P{number}", "category_id": category} for number in range(missing)]
        )
        for contact, address in zip(contacts, addresses, strict=False):
            contact.email = address
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(len(self._waiting()), len(contacts))
        return contacts.mapped("email")

    def _waiting(self):
        domain = [("marketing_trace_id.activity_id", "=", self.email.id), ("state", "=", "outgoing")]
        return self.env["mail.mail"].search(domain)

    def _run_queue(self):
        """Run the queue as its cron does, now: whoever waits for a later moment has been waiting long enough."""
        self.env["mail.mail"].search([("scheduled_date", "!=", False)]).scheduled_date = False
        with (
            patch.object(self.env.registry["ir.mail_server"], "_disable_send", lambda _self: False),
            mute_logger(ODOOS_LOGGER, QUEUE_LOGGER),
            self._in_test_mode(),
            self.env.registry.cursor() as cr,
            patch("odoo.modules.module.current_test", False),  # or the queue does not commit
        ):
            api.Environment(cr, api.SUPERUSER_ID, {})["mail.mail"].process_email_queue()
        self.env.invalidate_all()
        self._execute(self.campaign, fields.Datetime.now())

    def _set_limit(self, seconds):
        self.env["ir.config_parameter"].set_param(LIMIT, seconds)

    def _answer(self, stage, begin, reply):
        """Have the peer answer so at a stage, to addresses that begin so."""
        self.peer.answer = lambda at, address: reply if at == stage and (address or "").startswith(begin) else None

    def _outcomes(self):
        """:return: how many traces ended so"""
        traces = self.email.sudo().trace_ids
        return Counter("sent" if trace.sent_date else trace.end_code or "waits" for trace in traces)

    def _assert_accepted_once(self, addresses):
        self.assertEqual(Counter(self.peer.of("accepted")), Counter(addresses))


@tagged("post_install", "-at_install")
class TestSilentMailServer(MailServerCase):
    """A real mail server keeps one recipient waiting; the others do not wait for it."""

    # ------------------------------------------------------------
    # The answer to a content
    # ------------------------------------------------------------

    def test_others_do_not_wait(self):
        """A server that answers at last has accepted the email: the others have left meanwhile."""
        self._assert_others_do_not_wait()

    def test_others_do_not_wait_on_encrypted_connections(self):
        """Two libraries serve them: Python's own, and another one where Odoo shows a certificate."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CERTIFICATES / "self_signed.cert.pem", CERTIFICATES / "self_signed.key.pem")
        self.peer = self.enterContext(running_mail_peer(tls))
        key, certificate = (b64encode((CERTIFICATES / f"client.{kind}.pem").read_bytes()) for kind in ("key", "cert"))
        shown = {"smtp_ssl_certificate": certificate, "smtp_ssl_private_key": key}
        for values in ({"smtp_authentication": "login"}, {"smtp_authentication": "certificate", **shown}):
            with self.subTest(values["smtp_authentication"]):
                self.server.write({"smtp_port": self.peer.port, "smtp_encryption": "ssl", **values})
                self.campaign = self._create_campaign(name=values["smtp_authentication"])
                self.email = self._create_email(self.campaign, "Welcome")
                self.peer.events.clear()
                self._assert_others_do_not_wait()

    def _assert_others_do_not_wait(self):
        first, *others = self._prepare()

        def answer(stage, address):
            if (stage, address) == ("content", first):
                self.peer.wait_until(lambda: len(self.peer.of("accepted")) == len(others))

        self.peer.answer = answer
        self._run_queue()
        self.assertEqual(self.peer.of("accepted"), [*others, first])
        self.assertEqual(self._outcomes(), {"sent": 5})
        self.assertFalse(self.env["mail.mail"].search([("marketing_handover", "=", True)]))

    def test_refused_at_last(self):
        [first, *others] = self._prepare()

        def answer(stage, address):
            if (stage, address) == ("content", first):
                self.peer.wait_until(lambda: len(self.peer.of("accepted")) == len(others))
                return "554 5.7.1 No thanks"
            return None

        self.peer.answer = answer
        self._run_queue()
        self._assert_accepted_once(others)
        self.assertEqual(self._outcomes(), {"sent": 4, "refused": 1})
        [refused] = self.env["mail.mail"].search([("marketing_trace_id", "!=", False), ("state", "=", "exception")])
        self.assertIn("No thanks", refused.failure_reason)

    def test_a_server_that_never_answers(self):
        """Unknown, and not sent again by itself; the others to the same domain wait for some time."""
        self._set_limit(0.3)
        held, behind, *others = self._prepare("ada@dead.example.com", "ben@dead.example.com")
        self._answer("content", "ada", SILENCE)
        self._run_queue()
        self._assert_accepted_once(others)
        self.assertEqual(self._outcomes(), {"sent": 3, "mail_handover": 1, "waits": 1})
        self.assertEqual(self._waiting().recipient_ids.email, behind)
        self.assertGreater(self._waiting().scheduled_date, fields.Datetime.now())
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", self.env.ref(MAIL_CRON).id)])
        self.assertIn(self._waiting().scheduled_date, triggers.mapped("call_at"))

        self._answer("content", "nobody", None)
        self._run_queue()
        self._run_queue()
        self._assert_accepted_once([behind, *others])
        self.assertEqual(self.peer.of("content").count(held), 1)
        [unknown] = self.env["mail.mail"].search([("marketing_trace_id", "!=", False), ("state", "=", "exception")])
        self.assertIn("may or may not have been sent", unknown.failure_reason)

    def test_who_waited_behind_a_late_answer(self):
        """The domain is slow, not dead: its emails go one after the other, in the same run."""
        addresses = self._prepare("ada@slow.example.com", "ben@slow.example.com", "cleo@slow.example.com")

        def answer(stage, address):
            if (stage, address) == ("content", "ada@slow.example.com"):
                self.peer.wait_until(lambda: len(self.peer.of("accepted")) == 2)

        self.peer.answer = answer
        self._run_queue()
        self._assert_accepted_once(addresses)
        self.assertEqual(self.peer.of("accepted")[:2], addresses[3:])
        self.assertEqual(self._outcomes(), {"sent": 5})

    def test_more_servers_are_silent_than_may_wait_aside(self):
        self._set_limit(0.3)
        silent = [f"silent{number}@silent{number}.example.com" for number in range(ASIDE_AT_MOST + 2)]
        fine = [f"fine{number}@fine{number}.example.com" for number in range(ASIDE_AT_MOST + 2)]
        self._prepare(*(address for pair in zip(silent, fine, strict=True) for address in pair))
        self._answer("content", "silent", SILENCE)
        self._run_queue()
        self._assert_accepted_once(fine)
        self.assertEqual(self._outcomes(), {"sent": len(fine), "mail_handover": len(silent)})

    def test_a_server_that_answers_nobody(self):
        """It is the server that is in trouble: few emails are risked, the others wait for a minute."""
        self._set_limit(0.3)
        self._prepare(*(f"p{number}@silent{number}.example.com" for number in range(SILENT_IN_A_ROW + 3)))
        self._answer("content", "", SILENCE)
        self._run_queue()
        self.assertEqual(self._outcomes(), {"mail_handover": SILENT_IN_A_ROW, "waits": 3})
        self.assertFalse(any(self._waiting().mapped("scheduled_date")))
        self._assert_queue_goes_on_within(timedelta(minutes=1))

    def _assert_queue_goes_on_within(self, pause):
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", self.env.ref(MAIL_CRON).id)])
        now = fields.Datetime.now()
        self.assertTrue(any(now < trigger.call_at <= now + pause for trigger in triggers))

    def test_a_late_server_whoever_the_recipient_is(self):
        self.peer.delay = 0.2
        addresses = self._prepare()
        self._run_queue()
        self._assert_accepted_once(addresses)
        self.assertEqual(self._outcomes(), {"sent": 5})
        self.assertEqual(len(self.peer.of("greet")), 1, "nobody waits aside")

    # ------------------------------------------------------------
    # Before the content
    # ------------------------------------------------------------

    def test_no_answer_about_a_recipient(self):
        """It was not sent, and is tried again a few times; the others are sent by another connection."""
        self._set_limit(0.2)
        first, *others = self._prepare()
        self._answer("rcpt", first, SILENCE)
        self._run_queue()
        self._assert_accepted_once(others)
        self.assertEqual(self._outcomes(), {"sent": 4, "waits": 1})
        for _try in TRIED_AGAIN_AFTER:
            self.assertGreater(self._waiting().scheduled_date, fields.Datetime.now())
            self._run_queue()
        self._run_queue()
        self.assertEqual(self.peer.of("rcpt").count(first), 1 + len(TRIED_AGAIN_AFTER))
        self.assertEqual(self._outcomes(), {"sent": 4, "mail_unanswered": 1})
        trace = self._trace(self.email, self.contacts[0])
        self.assertIn("did not answer", trace.state_msg)
        with self._at(self.start):
            trace.with_user(self.marketer).action_retry()
        self._answer("rcpt", "nobody", None)
        self._run_crons(self.start, EXECUTION_CRON)
        self._run_queue()
        self._assert_accepted_once([first, *others])

    def test_a_server_that_closes_the_connection(self):
        """421 is no word about a recipient, nor about a content: both are tried again."""
        for stage in ("rcpt", "data", "content"):
            with self.subTest(stage=stage):
                campaign = self.campaign = self._create_campaign(name=stage)
                self.email = self._create_email(campaign, stage)
                self.peer.events.clear()
                addresses = self._prepare()
                self._answer(stage, addresses[0], "421 4.3.2 Shutting down")
                self._run_queue()
                self._assert_accepted_once(addresses[1:])
                self._answer(stage, "nobody", None)
                self._run_queue()
                self._assert_accepted_once(addresses)
                self.assertEqual(self._outcomes(), {"sent": 5})

    def test_a_server_that_takes_two_emails_by_a_connection(self):
        addresses = self._prepare()

        def answer(stage, _address):
            if stage == "mail" and len(self.peer.of("mail")) % 3 == 0:
                return "421 4.7.0 Too many messages"
            return None

        self.peer.answer = answer
        self._run_queue()
        self._assert_accepted_once(addresses)
        self.assertEqual(len(self.peer.of("greet")), 3)
        self.assertFalse(self._waiting())

    # ------------------------------------------------------------
    # Another connection
    # ------------------------------------------------------------

    def test_a_server_that_allows_one_connection(self):
        """The answer that is awaited aside makes it free."""
        addresses = self._prepare()

        def answer(stage, address):
            if stage == "greet" and len(self.peer.of("greet")) > 1:
                return "421 4.7.0 Too many connections"
            if (stage, address) == ("content", addresses[0]):
                self.peer.wait_until(lambda: len(self.peer.of("greet")) > 1)
            return None

        self.peer.answer = answer
        self._run_queue()
        self._assert_accepted_once(addresses)
        self.assertEqual(self._outcomes(), {"sent": 5})

    def test_a_server_that_is_gone(self):
        self._set_limit(0.2)
        first, *others = self._prepare()

        def answer(stage, address):
            if stage == "greet" and len(self.peer.of("greet")) > 1:
                return HANG_UP
            return SILENCE if (stage, address) == ("content", first) else None

        self.peer.answer = answer
        self._run_queue()
        self._assert_accepted_once([])
        self.assertEqual(self._outcomes(), {"mail_handover": 1, "waits": 4})
        self._assert_queue_goes_on_within(timedelta(minutes=1))
        self._answer("greet", "nobody", None)
        self._run_queue()
        self._assert_accepted_once(others)

    def test_a_mail_server_that_is_archived_meanwhile(self):
        self._set_limit(0.2)
        self.email.mass_mailing_id.sudo().mail_server_id = self.server
        first, *others = self._prepare()

        self._answer("content", first, HANG_UP)
        mark_handover = type(self.env["mail.mail"])._mark_handover

        def archive_and_mark(mail):
            mail.mail_server_id.active = False
            mark_handover(mail)

        with patch.object(self.env.registry["mail.mail"], "_mark_handover", archive_and_mark):
            self._run_queue()
        self.assertEqual(self._outcomes(), {"mail_handover": 1, "waits": 4})
        self.server.active = True
        self._answer("greet", "nobody", None)
        self._run_queue()
        self._assert_accepted_once(others)

    def test_an_error_in_the_middle_of_a_message(self):
        session = smtplib.SMTP("127.0.0.1", self.peer.port, timeout=60)
        line = SmtpLine(session, lambda: None)
        line.begin(60)
        with suppress(UnicodeEncodeError):
            session.sendmail("us@example.com", ["adä@example.com"], b"Hello")
        line.begin(60)
        session.sendmail("us@example.com", ["ben@example.com"], b"Hello\r\n.\r\nBye")
        line.release()
        session.quit()
        self._assert_accepted_once(["ben@example.com"])

    # ------------------------------------------------------------
    # Mails of no campaign
    # ------------------------------------------------------------

    def _prepare_another(self):
        """Have a mail of no campaign wait before the campaign's, which goes by the same connection."""
        addresses = self._prepare()
        message = self._waiting().mail_message_id[:1].copy({"subject": "Your password"})
        values = {"email_to": "zoe@zoe.example.com", "body_html": "<p>Reset</p>", "mail_message_id": message.id}
        return self.env["mail.mail"].create(values), addresses

    def test_no_answer_to_the_content_of_another_mail(self):
        """It stays failed, as in Odoo: it may have left. The campaign's emails go on."""
        other, addresses = self._prepare_another()
        self._answer("content", "zoe", HANG_UP)
        self._run_queue()
        self._run_queue()
        self.assertEqual(other.state, "exception")
        self.assertEqual(self.peer.of("content").count("zoe@zoe.example.com"), 1)
        self._assert_accepted_once(addresses)

    def test_no_answer_about_the_recipient_of_another_mail(self):
        other, addresses = self._prepare_another()
        self._answer("rcpt", "zoe", HANG_UP)
        self._run_queue()
        self._assert_accepted_once(addresses)
        self.assertEqual(other.state, "outgoing")
        self.assertGreater(other.scheduled_date, fields.Datetime.now())
        self._answer("rcpt", "nobody", None)
        self._run_queue()
        self._assert_accepted_once([*addresses, "zoe@zoe.example.com"])
