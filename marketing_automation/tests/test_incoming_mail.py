from datetime import timedelta

from odoo.tests import tagged

from .common import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon
from .mail_samples import ORIGINAL, SAMPLES, delivery, feedback, forwarded, plain, receipt, report

# what becomes of the events of a message by the kind of what comes in; an acceptance is there already
EVENTS = {
    "bounce": ["bounce"],
    "delayed": [],
    "accepted": ["sent"],
    "receipt": ["open"],
    "complaint": ["complaint"],
    "notice": [],
    "automatic": ["auto_answer"],
    "reply": ["open", "reply"],
}


@tagged("post_install", "-at_install")
class TestIncomingMail(MarketingAutomationCommon):
    """What comes back for campaigns' messages, raw, through Odoo's own gateway."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo = cls.contacts[:3]
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome", interval_number=0)
        cls.steps = {}
        for name, trigger, values in (
            ("any", "mail_bounce", {}),
            ("hard", "mail_bounce", {"bounce_type": "hard"}),
            ("soft", "mail_bounce", {"bounce_type": "soft"}),
            ("open", "mail_open", {}),
            ("reply", "mail_reply", {}),
            ("complaint", "mail_complaint", {}),
            ("not_open", "mail_not_open", {"interval_number": 2, "interval_type": "days"}),
        ):
            cls.steps[name] = cls._create_action(cls.campaign, name, trigger, cls.email, **values)
        cls.later_email = cls._create_email(
            cls.campaign, "Later", "activity", cls.email, interval_number=2, interval_type="days"
        )
        cls.second = cls._create_campaign(name="Second")
        cls.second_email = cls._create_email(cls.second, "Second", interval_number=3, interval_type="days")

    def setUp(self):
        super().setUp()
        self._start(self.campaign)
        self._start(self.second)
        self._run_crons(self.start)
        self.later = self.start + timedelta(hours=2)

    def _message(self, contact, email=None):
        return self._trace(email or self.email, contact).mailing_trace_ids

    def _receive(self, raw, contact, as_bytes=None, **values):
        """Hand a raw message to Odoo's gateway, as a mail server does."""
        message = self._message(contact)
        values = {
            "email": message.email,
            "to": f"{self.alias_catchall}@{self.alias_domain}",
            "bounce": f"{self.alias_bounce}@{self.alias_domain}",
            "id": f"in-{contact.id}-{message.id}",
            "subject": "About your mail",
            "message_id": message.message_id,
            **values,
        }
        with self._at(self.later):
            self.env["mail.thread"].message_process(False, as_bytes or raw.format(**values).encode())

    def _run(self):
        self._run_crons(self.later, EXECUTION_CRON)

    def _events(self, contact):
        self.env.invalidate_all()
        return self._trace(self.email, contact).event_ids

    def _ran(self, contact):
        return {name for name, step in self.steps.items() if self._trace(step, contact).state == "processed"}

    def test_every_kind(self):
        """The events that each kind of message makes, and what decided; the same to the address for bounces.

        To that one alone nobody answers but a machine.
        """
        outgoing = self.env["mail.mail"].search_count([])
        bounces = f"{self.alias_bounce}@{self.alias_domain}"
        for name, (raw, usual, bounce_type) in SAMPLES.items():
            for to in (f"{self.alias_catchall}@{self.alias_domain}", bounces):
                kind = "automatic" if usual == "reply" and to == bounces else usual
                with self.subTest(name, to=to), self.cr.savepoint() as savepoint:
                    before = self._events(self.ada)
                    self._receive(raw, self.ada, to=to)
                    new = self._events(self.ada) - before
                    self.assertEqual(sorted(new.mapped("event")), EVENTS[kind])
                    self.assertEqual(new.mapped("bounce_type"), [bounce_type or False] * len(new))
                    if kind == "bounce":
                        self.assertEqual(self._message(self.ada).trace_status, "bounce")
                        self.assertEqual(self.ada.message_bounce, 1)
                    elif kind not in ("reply", "receipt"):
                        self.assertEqual(self._message(self.ada).trace_status, "sent")
                        self.assertEqual(self.ada.message_bounce, 0)
                    self.assertEqual(self.ada.is_blacklisted, kind == "complaint")
                    if kind not in ("automatic", "reply"):
                        self.assertEqual(self.env["mail.mail"].search_count([]), outgoing, "nobody is answered")
                    self.assertTrue(all(event.reason for event in new if event.event != "bounce"))
                    savepoint.rollback()
                    self.env.invalidate_all()

    def test_hard_and_soft(self):
        """A step may be for one of them; both end what waits for anything else of that message."""
        self._receive(delivery("failed", "5.1.1", "550 5.1.1 No such user"), self.ada)
        self._receive(delivery("failed", "4.2.2", "452 4.2.2 Mailbox full"), self.ben)
        self._run()
        self.assertEqual(self._ran(self.ada), {"any", "hard"})
        self.assertEqual(self._ran(self.ben), {"any", "soft"})
        self.assertEqual(self.email.total_bounce, 2)
        for contact in (self.ada, self.ben):
            self.assertEqual(self._trace(self.later_email, contact).end_code, "parent_bounced")
        self.assertEqual(self._events(self.ben).filtered("bounce_type").reason, "452 4.2.2 Mailbox full")

    def test_nothing_has_happened_yet(self):
        for raw in (delivery("delayed", "4.4.1"), delivery("relayed", "2.1.5")):
            self._receive(raw, self.ada)
            self._run()
            self.assertEqual(self._ran(self.ada), set())
            self.assertEqual(self._trace(self.later_email, self.ada).state, "scheduled")
            self.assertFalse(self.email.total_bounce)

    def test_read_receipt(self):
        self._receive(receipt("manual-action/MDN-sent-manually; displayed"), self.ada)
        self._run()
        self.assertEqual(self._ran(self.ada), {"open"})
        event = self._events(self.ada).filtered(lambda event: event.event == "open")
        self.assertEqual((event.source, event.origin), ("read receipt", "person"))

    def test_reply_implies_an_open(self):
        self._receive(plain("Thank you", "References: {message_id}\n"), self.ada)
        self._run()
        self.assertEqual(self._ran(self.ada), {"open", "reply"})
        opened = self._events(self.ada).filtered(lambda event: event.event == "open")
        self.assertEqual(opened.source, "reply")

    def test_complaint(self):
        """It ends what waits for that address, in every campaign, and is counted."""
        second = self._trace(self.second_email, self.ada)
        self.assertEqual(second.state, "scheduled")
        self._receive(feedback("abuse"), self.ada)
        self._run()
        self.assertEqual(self._ran(self.ada), {"complaint"})
        self.assertEqual(self._trace(self.later_email, self.ada).end_code, "mail_bl")
        self.assertEqual(self._trace(self.steps["not_open"], self.ada).end_code, "parent_complained")
        self.assertEqual((second.state, second.end_code), ("canceled", "mail_bl"))
        self.assertEqual(self._participant(self.second, self.ada).state, "completed")
        self.assertEqual(self._trace(self.second_email, self.ben).state, "scheduled")
        self.assertEqual(self.email.total_complaint, 1)
        [card] = [card for card in self.campaign.get_workflow_cards()["cards"] if card["id"] == self.email.id]
        self.assertIn({"name": "complaint", "label": "Complaints", "count": 1}, card["metrics"])

    def test_a_complaint_that_names_no_message(self):
        """It is about the last one that the address got; whom it names, or whom the mail that it forwards was for."""
        nameless = ORIGINAL.partition("\n")[2]
        for contact, complaint in (
            (self.ada, feedback("abuse", original="")),
            (self.ben, feedback("abuse", told="Source-IP: 192.0.2.1").replace(ORIGINAL, nameless)),
            (self.cleo, forwarded(to="abuse@example.com").replace(ORIGINAL, nameless)),
        ):
            self._receive(complaint, contact)
            self._run()
            self.assertEqual(self._ran(contact), {"complaint"}, contact.name)
            self.assertTrue(contact.is_blacklisted)

    def test_a_complaint_long_after(self):
        """Nobody can tell which message it is about: the address is blocklisted, and that is logged."""
        self.later = self.start + timedelta(days=30)
        with self.assertLogs("odoo.addons.marketing_automation.models.incoming.mailing_trace", "WARNING"):
            self._receive(feedback("abuse", original=""), self.ada)
        self.assertTrue(self.ada.is_blacklisted)
        self.assertFalse(self._events(self.ada).filtered(lambda event: event.event == "complaint"))

    def test_a_complaint_about_an_ordinary_mailing(self):
        """Odoo's own, if that was what the address got last."""
        mailing = self.env["mailing.mailing"].create(
            {"subject": "News", "mailing_model_id": self.model_partner.id, "body_html": "<p>News</p>"}
        )
        self.env["mailing.trace"].create(
            {
                **{
                    "mass_mailing_id": mailing.id,
                    "model": "res.partner",
                    "res_id": self.ada.id,
                    "email": self.ada.email,
                },
                "sent_datetime": self.start + timedelta(minutes=30),
            }
        )
        self._receive(feedback("abuse", original=""), self.ada)
        self.assertFalse(self._events(self.ada).filtered(lambda event: event.event == "complaint"))

    def test_the_address_that_bounced(self):
        """Not the one that the contact has by now."""
        self.ada.email = "new@people.example.com"
        self._receive(delivery("failed", "5.1.1"), self.ada, email="ada@people.example.com")
        self.assertEqual(self._events(self.ada).filtered("bounce_type").bounce_type, "hard")
        self.assertEqual(self.ada.message_bounce, 0, "nothing bounced at the new address")

    def test_one_of_several_recipients(self):
        """A report about another recipient of the same mail says nothing of ours."""
        fields = "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; {email}\nAction: relayed\nStatus: 2.1.5\n\n"
        fields += "Final-Recipient: rfc822; other@people.example.com\nAction: failed\nStatus: 5.1.1"
        self._receive(report("delivery-status", "message/delivery-status", fields), self.ada)
        self.assertFalse(self._events(self.ada).filtered(lambda event: event.event == "bounce"))

    def test_unreadable(self):
        """Whatever is wrong with a report: no exception, which would have it come again and again."""
        raw = delivery("failed", "5.1.1")
        for broken in (
            raw.replace("us-ascii", "no-such-charset"),
            raw.replace("Content-Type: message/rfc822", "Content-Type: text/rfc822-headers; charset=no-such-charset"),
            raw.replace("To: {to}", "To: {to}, =?utf-8?q?=00?= <>,,@"),
        ):
            with self.subTest(broken), self.cr.savepoint() as savepoint:
                self._receive(broken, self.ada)
                self.assertIn("bounce", self._events(self.ada).mapped("event"))
                savepoint.rollback()
                self.env.invalidate_all()
        self._receive("", self.ada, as_bytes=b"Content-Type: multipart/report; report-type=delivery-status\n\n\xff\0")

    def test_reply_in_an_unknown_character_set(self):
        raw = plain("Thank you", "References: {message_id}\n").replace('"utf-8"', '"x-unknown"')
        self._receive(raw, self.ada)
        self.assertIn("reply", self._events(self.ada).mapped("event"))

    def test_ordinary_mailings(self):
        """Odoo's own behaviour is as it is: each report is a bounce."""
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Ordinary",
                "body_html": "<p>Hello</p>",
                "mailing_model_id": self.model_partner.id,
                "mailing_domain": repr([("id", "=", self.ada.id)]),
            }
        )
        with self._at(self.start):
            mailing.action_send_mail()
        message = mailing.mailing_trace_ids
        self._receive(delivery("delayed", "4.4.1"), self.ada, message_id=message.message_id)
        self.assertEqual(message.trace_status, "bounce")

    def test_automatic_answer_is_shown(self):
        """It counts for nothing, and the timeline says which header decided."""
        self._receive(SAMPLES["out of office, a comment (Pigeonhole)"][0], self.ada)
        self._run()
        self.assertEqual((self._ran(self.ada), self.email.total_reply), (set(), 0))
        [step] = [
            step
            for step in self._participant(self.campaign, self.ada).timeline_data["steps"]
            if step["name"] == "Welcome"
        ]
        [event] = [event for event in step["events"] if event["event"] == "auto_answer"]
        self.assertEqual(event["detail"], "Auto-Submitted: auto-replied (vacation)")

    def test_what_a_report_says_goes_with_the_record(self):
        self._receive(delivery("failed", "5.1.1", "smtp; 550 5.1.1 <{email}> unknown"), self.ada)
        events = self._events(self.ada)
        self.assertIn("ada@people", events.filtered("bounce_type").reason)
        self.ada.unlink()
        self.env.invalidate_all()
        self.assertFalse(any(events.mapped("reason")))

    def test_words(self):
        self.assertIn("bounces for good", self.steps["hard"].sentence)
        self.assertIn("is called spam", self.steps["complaint"].sentence)
        self.assertEqual(self.steps["soft"]._get_badge()[0], "Bounced for now · at once")

    def test_who_comes_after_a_complaint(self):
        """The address is blocklisted: nothing is sent to it."""
        self._receive(feedback("abuse"), self.ada)
        self._run()
        twin = self.ada.copy({"email": self.ada.email, "category_id": self.category.ids})
        self._run_crons(self.later, ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON)
        self.assertEqual(self._trace(self.email, twin).end_code, "mail_bl")
