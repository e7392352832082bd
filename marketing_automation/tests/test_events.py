from datetime import timedelta

from odoo.tests import tagged

from .common import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

REPLY = """\
From: {sender}
To: {to}
Subject: {subject}
Message-ID: <{id}@people.example.com>
Date: Mon, 01 Jun 2026 10:00:00 +0000
{headers}
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"

Thank you.
"""
BOUNCE = """\
Return-Path: <>
From: MAILER-DAEMON@people.example.com
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-{id}@people.example.com>
Date: Mon, 01 Jun 2026 10:00:00 +0000
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain; charset=us-ascii

No such user.

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.people.example.com

Final-Recipient: rfc822; {email}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user

--=_b
Content-Type: message/rfc822

Message-ID: {message_id}
From: shop@example.com
To: {email}
Subject: Welcome

Hello

--=_b--
"""


@tagged("post_install", "-at_install")
class TestEvents(MarketingAutomationCommon):
    """What people and mail servers do, through Odoo's own mail gateway, and what follows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome", interval_number=0)
        cls.steps = {}
        for trigger in ("open", "click", "reply"):
            cls.steps[trigger] = cls._create_action(cls.campaign, trigger, f"mail_{trigger}", cls.email)
            cls.steps[f"not_{trigger}"] = cls._create_action(
                cls.campaign,
                f"not_{trigger}",
                f"mail_not_{trigger}",
                cls.email,
                interval_number=2,
                interval_type="days",
            )
        cls.steps["bounce"] = cls._create_action(cls.campaign, "bounce", "mail_bounce", cls.email)
        cls.steps["activity"] = cls._create_action(
            cls.campaign, "activity", "activity", cls.email, interval_number=2, interval_type="days"
        )

    def setUp(self):
        super().setUp()
        self._start(self.campaign)
        self.mails = self._run_crons(self.start)
        self.later = self.start + timedelta(hours=2)

    def _states(self, contact):
        return {name: self._trace(step, contact).state or None for name, step in self.steps.items()}

    def _message(self, contact):
        return self._trace(self.email, contact).mailing_trace_ids

    def _receive(self, template, contact, headers="", moment=None):
        """Hand a raw message to Odoo's gateway, as fetchmail or a mail server would."""
        with self._at(moment or self.later):
            self.env["mail.thread"].message_process(
                False,
                template.format(
                    sender=contact.email,
                    email=contact.email,
                    to=f"{self.alias_catchall}@{self.alias_domain}",
                    id=f"{contact.name}-{len(headers)}",
                    subject="Re: Welcome",
                    headers=headers,
                    message_id=self._message(contact).message_id,
                ).encode(),
            )
        self._run_crons(moment or self.later, EXECUTION_CRON)

    def _fire(self, contact, *setters, moment=None):
        with self._at(moment or self.later):
            for setter in setters:
                getattr(self._message(contact), setter)()
        self._run_crons(moment or self.later, EXECUTION_CRON)

    WAITING = {
        "open": None,
        "not_open": "scheduled",
        "click": None,
        "not_click": "scheduled",
        "reply": None,
        "not_reply": "scheduled",
        "bounce": None,
        "activity": "scheduled",
    }

    def test_nothing_happened(self):
        self.assertEqual(self._states(self.ada), self.WAITING)
        self._run_crons(self.start + timedelta(days=2), EXECUTION_CRON)
        done = {"not_open", "not_click", "not_reply", "activity"}
        self.assertEqual(self._states(self.ada), {name: "processed" if name in done else None for name in self.steps})

    def test_open_implies_nothing(self):
        self._fire(self.ada, "set_opened")
        self.assertEqual(self._states(self.ada), {**self.WAITING, "open": "processed", "not_open": "canceled"})

    def test_click_implies_open(self):
        self._fire(self.ada, "set_clicked")
        self.assertEqual(
            self._states(self.ada),
            {
                **self.WAITING,
                "open": "processed",
                "not_open": "canceled",
                "click": "processed",
                "not_click": "canceled",
            },
        )
        self.assertEqual((self.email.total_open, self.email.total_click), (1, 1))

    def test_replies(self):
        """By References, or by In-Reply-To alone."""
        replied = {
            **self.WAITING,
            "open": "processed",
            "not_open": "canceled",
            "reply": "processed",
            "not_reply": "canceled",
        }
        for contact, header in [(self.ada, "References"), (self.ben, "In-Reply-To")]:
            self._receive(REPLY, contact, f"{header}: {self._message(contact).message_id}")
            self.assertEqual(self._states(contact), replied, header)
        self.assertEqual((self.email.total_reply, self.email.total_open), (2, 2))

    def test_automatic_answer_is_no_reply(self):
        references = f"References: {self._message(self.ada).message_id}"
        for header in ("Auto-Submitted: auto-replied", "Return-Path: <>", "X-Autoreply: yes"):
            self._receive(REPLY, self.ada, f"{references}\n{header}")
            self.assertEqual(self._states(self.ada), self.WAITING, header)
        self._receive(REPLY, self.ada, f"{references}\nAuto-Submitted: no")
        self.assertEqual(self._states(self.ada)["reply"], "processed", "the person's own answer counts")

    def test_bounce(self):
        """It cancels all other waiting children of that message."""
        self._receive(BOUNCE, self.ada)
        self.assertEqual(
            self._states(self.ada),
            {
                **{name: "canceled" if state else None for name, state in self.WAITING.items()},
                "bounce": "processed",
            },
        )
        self.assertEqual(self._trace(self.steps["activity"], self.ada).end_code, "parent_bounced")
        self.assertEqual(self._participant(self.campaign, self.ada).state, "completed")
        self.assertEqual(self.email.total_bounce, 1)

    def test_the_same_event_twice(self):
        self._fire(self.ada, "set_opened", "set_opened", "set_clicked", "set_clicked")
        self._fire(self.ada, "set_opened", "set_clicked", moment=self.later + timedelta(days=1))
        self.assertEqual((self.steps["open"].processed, self.steps["click"].processed), (1, 1))
        self.assertEqual(self.ada.ref, "acted acted ")
        self.assertEqual((self.email.total_open, self.email.total_click), (1, 1))

    def test_late_event_after_its_negative_ran(self):
        self._run_crons(self.start + timedelta(days=2), EXECUTION_CRON)
        self._fire(self.ada, "set_opened", moment=self.start + timedelta(days=3))
        states = self._states(self.ada)
        self.assertEqual((states["not_open"], states["open"]), ("processed", "processed"))

    def test_event_before_its_sent(self):
        """An open implies that the message was accepted, also where that is told later, or never."""
        late = self.env["res.partner"].create(
            {"name": "Late", "email": "late@people.example.com", "category_id": self.category.ids}
        )
        self._run_crons(self.start, ENROLMENT_CRON, EXECUTION_CRON)
        self.assertFalse(self._trace(self.email, late).sent_date)
        self._fire(late, "set_clicked")
        self.assertEqual(self._trace(self.email, late).sent_date, self.later)
        self.assertEqual(self._states(late)["click"], "processed")
        self.assertEqual(self._trace(self.steps["activity"], late).schedule_date, self.later + timedelta(days=2))
        self._run_crons(self.later + timedelta(hours=1), MAIL_CRON, EXECUTION_CRON)
        self.assertEqual(self._trace(self.email, late).sent_date, self.later)
        self.assertEqual(self._trace(self.steps["activity"], late).schedule_date, self.later + timedelta(days=2))

    def test_events_count_before_timers(self):
        """What is recorded when the negative is due keeps it from running, in the same run."""
        due = self.start + timedelta(days=2)
        with self._at(due):
            self._message(self.ada).set_opened()
        self._run_crons(due, EXECUTION_CRON)
        states = self._states(self.ada)
        self.assertEqual((states["not_open"], states["not_click"]), ("canceled", "processed"))

    def test_numbers_never_decrease(self):
        """Odoo's own status of a message is overwritten by what comes later; ours is not."""
        self._fire(self.ada, "set_opened", "set_clicked", "set_replied")
        numbers = [self.email[f"total_{event}"] for event in ("sent", "open", "click", "reply")]
        self._fire(self.ada, "set_bounced", "set_sent", moment=self.later + timedelta(hours=1))
        self.assertEqual(numbers, [self.email[f"total_{event}"] for event in ("sent", "open", "click", "reply")])
        self.assertEqual(numbers, [5, 1, 1, 1])
