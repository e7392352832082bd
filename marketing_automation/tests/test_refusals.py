from unittest.mock import patch

from odoo import api, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import EXECUTION_CRON, MarketingAutomationCommon
from .mail_peer import running_mail_peer


@tagged("post_install", "-at_install")
class TestRefusals(MarketingAutomationCommon):
    """A real mail server refuses: people read why. What it needs not refuse reaches it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")

    def setUp(self):
        super().setUp()
        self.peer = self.enterContext(running_mail_peer())
        values = {"name": "Peer", "smtp_host": "127.0.0.1", "smtp_port": self.peer.port, "smtp_encryption": "none"}
        self.env["ir.mail_server"].search([]).active = False  # those of Odoo's own tests
        self.env["ir.mail_server"].create(values)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def _send(self, commits=True):
        """Queue the emails, send them as the queue's cron does, or without its commits, and run the engine."""
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        with (
            patch.object(self.env.registry["ir.mail_server"], "_disable_send", lambda _self: False),
            self._in_test_mode(),
            self.env.registry.cursor() as cr,
            patch("odoo.modules.module.current_test", not commits),
        ):
            api.Environment(cr, api.SUPERUSER_ID, {})["mail.mail"].process_email_queue()
        self.env.invalidate_all()
        self._execute(self.campaign, fields.Datetime.now())

    def test_the_servers_own_words(self):
        """In the timeline, and counted together on the card; the address is not repeated in them."""
        replies = {
            ("rcpt", "ada"): "550 5.1.1 <ada@people.example.com>: User unknown in virtual mailbox table",
            ("rcpt", "ben"): "550 5.1.1 <ben@people.example.com>: User unknown in virtual mailbox table",
            ("content", "cle"): "554 5.7.1 Message rejected <b>as spam</b> " + "x" * 500,
        }
        self.peer.answer = lambda stage, address: replies.get((stage, (address or "")[:3]))
        self._send()
        unknown = "550 5.1.1 <…>: User unknown in virtual mailbox table"
        self.assertIn(unknown, self._trace(self.email, self.ada).state_msg)
        spam = self._trace(self.email, self.cleo).state_msg
        self.assertIn("554 5.7.1 Message rejected <b>as spam</b>", spam)
        self.assertLess(len(spam), 400)
        self.assertTrue(self._trace(self.email, self.dan).sent_date)
        reasons = self.email.sudo()._get_error_reasons()[self.email.id]
        self.assertEqual([count for words, count in reasons if unknown in words], [2])

    def test_sent_by_hand(self):
        self.peer.answer = lambda stage, _address: "451 4.3.0 Try later" if stage == "rcpt" else None
        self._send(commits=False)
        self.assertIn("451 4.3.0 Try later", self._trace(self.email, self.ada).state_msg)

    def test_an_international_domain(self):
        """It is written in ASCII for the server; the rest of the address cannot be, and that is said."""
        self.ada.email = "ada@bücher.example.com"
        self.ben.email = "bän@people.example.com"
        self._send()
        self.assertIn("ada@xn--bcher-kva.example.com", self.peer.of("accepted"))
        self.assertTrue(self._trace(self.email, self.ada).sent_date)
        trace = self._trace(self.email, self.ben)
        self.assertEqual((trace.state, trace.end_code), ("error", "mail_smtputf8"))
        self.assertIn("SMTPUTF8", trace.state_msg)

    def test_several_addresses_in_one_field(self):
        """The first one is written to, and is the one that is looked up."""
        self.ada.email = "ada@people.example.com, blocked@people.example.com"
        self.ben.email = "blocked@people.example.com, ben@people.example.com"
        self.cleo.email = "cleo@people.example.com; dan@people.example.com"
        self.env["mail.blacklist"]._add("blocked@people.example.com")
        self._send()
        self.assertEqual(
            sorted(self.peer.of("accepted")),
            [f"{name}@people.example.com" for name in ("ada", "cleo", "dan", "eve")],
        )
        trace = self._trace(self.email, self.ben)
        self.assertEqual((trace.state, trace.end_code), ("canceled", "mail_bl"))

    def test_an_address_that_is_none(self):
        """No server was asked: the reason is not that one refused."""
        self.ada.email = "..ada@@people.example.com"
        self._send()
        trace = self._trace(self.email, self.ada)
        self.assertIn(trace.end_code, ("mail_email_invalid", "mail_email_missing"))
        self.assertIn("address", trace.state_msg)

    def test_a_name_of_two_lines(self):
        """It begins no header of its own (RFC 5322, 2.2)."""
        self.ada.write({"name": "Ada\r\nX-Injected: yes"})
        self._send()
        [content] = [message for message in self.peer.contents if "ada@people.example.com" in message]
        headers = content.partition("\r\n\r\n")[0]
        self.assertFalse([line for line in headers.splitlines() if line.startswith("X-Injected")])
