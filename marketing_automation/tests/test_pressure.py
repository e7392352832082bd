from datetime import timedelta
from unittest.mock import patch

from odoo import api
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models.sending.caps import CAP_KEY
from .common import EXECUTION_CRON, MarketingAutomationCommon

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@tagged("post_install", "-at_install")
class TestPressure(MarketingAutomationCommon):
    """At most so many messages to one address in so many days, over all campaigns."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben = cls.contacts[:2]
        (cls.contacts - cls.ada - cls.ben).category_id = False
        cls._set_caps(limit=2, days=7)

    @classmethod
    def _set_caps(cls, limit=2, days=7, **values):
        values.setdefault("marketing_automation_cap_mail_on", True)
        cls.env["res.config.settings"].create(
            {"marketing_automation_cap_mail": limit, "marketing_automation_cap_days": days, **values}
        ).execute()

    def _make_campaigns(self, count, **values):
        """Return the emails of as many running campaigns, in the order in which these have their turn."""
        emails = self.env["marketing.activity"]
        for number in range(count):
            emails += self._create_email(self._create_campaign(name=f"Campaign {number}", **values), f"Email {number}")
        for email in emails:
            self._start(email.campaign_id)
        return emails[::-1]

    def _states(self, emails, record=None):
        return [self._trace(email, record or self.ada).state for email in emails]

    def _places(self):
        self.env.flush_all()
        self.cr.execute("SELECT cardinality(dates) FROM marketing_pressure ORDER BY 1")
        return [count for (count,) in self.cr.fetchall()]

    # ------------------------------------------------------------
    # Waiting
    # ------------------------------------------------------------

    def test_the_third_waits_until_there_is_room(self):
        emails = self._make_campaigns(3)
        mails = self._run_crons(self.start)
        self.assertEqual(self._states(emails), ["processed", "processed", "scheduled"])
        self.assertEqual(len(mails), 4)
        trace = self._trace(emails[2], self.ada)
        self.assertEqual((trace.schedule_date, trace.due_date), (self.start + 7 * DAY, self.start))
        with self._at(self.start):
            reader = trace.with_user(self.marketer).with_context(tz="Europe/Brussels", lang="en_US")
            words = "Waits until Monday Jun 8, 2026 10:00 AM: 2 of 2 emails in 7 days"
            self.assertEqual(reader.state_msg, words)
            [step] = reader.participant_id._get_timeline(self.start)["steps"]
            self.assertEqual(step["reason"], words)
            [card] = emails[2].campaign_id.with_user(self.marketer).get_workflow_cards()["cards"]
            self.assertEqual(card["waiting"], "2 wait: limit of messages")
            newcomers = self._create_campaign()
            self._create_email(newcomers, "Offer")
            [sentence] = newcomers.get_start_preview()["left_out"]
            self.assertEqual(sentence, "Some 2 of 2 would wait for “Offer”: 2 of 2 emails in 7 days.")
        self._run_crons(self.start + 7 * DAY - MINUTE)
        self.assertEqual(self._states(emails), ["processed", "processed", "scheduled"])
        self._run_crons(self.start + 7 * DAY)
        self.assertEqual(self._states(emails), ["processed"] * 3)
        self.assertFalse(trace.state_msg)
        self.assertEqual(self._places(), [1, 1])

    def test_the_span_rolls_and_expiry_counts_from_the_first_date(self):
        """It begins anywhere: of two messages on different days each makes room on its own day."""
        expiry = {"validity_duration": True, "validity_duration_number": 6, "validity_duration_type": "days"}
        campaign = self._create_campaign()
        first = self._create_email(campaign, "First")
        second, third, late = (
            self._create_email(campaign, name, interval_number=3, interval_type="days", **values)
            for name, values in (("Second", {}), ("Third", {}), ("Late", expiry))
        )
        self._start(campaign)
        for days in (0, 3, 7):
            self._run_crons(self.start + days * DAY, EXECUTION_CRON)
        self.assertEqual(self._states((first, second, third, late)), [*["processed"] * 3, "scheduled"])
        self.assertEqual(self._trace(late, self.ada).schedule_date, self.start + 10 * DAY)
        self._run_crons(self.start + 10 * DAY, EXECUTION_CRON)
        self.assertEqual(self._trace(late, self.ada).end_code, "expired")

    def test_one_address_of_two_records(self):
        """The address counts, as it is read; a duplicate of a step is told as one, and takes no place."""
        self.ben.email = "ADA@people.example.com"
        emails = self._make_campaigns(3)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self._states(emails), ["processed", "processed", "scheduled"])
        self.assertEqual([self._trace(email, self.ben).end_code for email in emails[:2]], ["mail_dup"] * 2)
        self.assertEqual(self._places(), [2])

    def test_where_the_address_is_known_as_the_message_is_made(self):
        """Some models tell it to nobody before: then the composer has them wait."""
        emails = self._make_campaigns(3)
        with patch.object(type(self.env["marketing.campaign"]), "_find_addresses", lambda *_args: {}):
            self.assertEqual(len(self._run_crons(self.start)), 4)
        self.assertEqual(self._states(emails), ["processed", "processed", "scheduled"])
        self.assertEqual(self._trace(emails[2], self.ada).schedule_date, self.start + 7 * DAY)
        self.assertFalse(self._trace(emails[2], self.ada).mailing_trace_ids)
        self.assertEqual(self._places(), [2, 2])

    # ------------------------------------------------------------
    # Skipping; what does not count
    # ------------------------------------------------------------

    def test_skip(self):
        self._set_caps(limit=1, marketing_automation_cap_mode="skip")
        first, second = self._make_campaigns(2)
        follow_up = self._create_action(second.campaign_id, "Follow up", "activity", second)
        second.campaign_id.action_update_participants()
        self._run_crons(self.start)
        trace = self._trace(second, self.ada)
        self.assertEqual((trace.state, trace.end_code), ("canceled", "frequency_cap"))
        self.assertIn("as many messages", trace.state_msg)
        self.assertTraces(follow_up, {self.ada: None})
        self.assertEqual(trace.participant_id.state, "completed")
        self.assertEqual(self._states([first]), ["processed"])

    def test_what_does_not_count(self):
        """Needed messages, tests, and what is not sent after all."""
        [needed] = self._make_campaigns(1, ignore_cap=True)
        emails = self._make_campaigns(4)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self._states([needed, *emails]), ["processed"] * 3 + ["scheduled"] * 2)
        with self._at(self.start):
            test = emails[2].campaign_id._create_test_participant(self.ada.id)
            test.trace_ids.with_user(self.marketer).action_run_test()
            emails[2].campaign_id.with_user(self.marketer).ignore_cap = True
        self.assertEqual(test.trace_ids.state, "processed")
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self._states(emails), ["processed"] * 3 + ["scheduled"])
        self.assertEqual(self._places(), [2, 2])
        refused = self._trace(emails[0], self.ben)
        refused.mailing_trace_ids.write({"trace_status": "error", "failure_type": "mail_smtp"})
        for event, state, places in (("failed", "error", [1, 2]), ("sent", "processed", [2, 2])):
            self.env["marketing.trace.event"].sudo().record_events(event, refused.ids, "queue", date=self.start)
            self._run_crons(self.start, EXECUTION_CRON)  # refused, and sent again by hand
            self.assertEqual((refused.state, self._places()), (state, places))
        self.env["mail.blacklist"]._add(self.ada.email)
        with (
            self._at(self.start),
            self._in_test_mode(),
            self.env.registry.cursor() as cr,
            patch("odoo.modules.module.current_test", False),  # or the queue does not commit
        ):
            api.Environment(cr, api.SUPERUSER_ID, {})["mail.mail"].process_email_queue()
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self._trace(emails[0], self.ada).end_code, "mail_bl")
        self.assertEqual(self._places(), [0, 2])

    def test_mailings_count_where_settings_say_so(self):
        self._set_caps(limit=1, marketing_automation_cap_mailings=True)
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "News",
                "body_html": "<p>News</p>",
                "mailing_model_id": self.model_partner.id,
                "mailing_domain": repr([("id", "=", self.ada.id)]),
            }
        )
        with self._at(self.start - DAY):
            mailing.action_send_mail()
        self.assertEqual(mailing.mailing_trace_ids.trace_status, "sent")
        [email] = self._make_campaigns(1)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(email, {self.ada: "scheduled", self.ben: "processed"})
        self.assertEqual(self._trace(email, self.ada).schedule_date, self.start + 6 * DAY)

    # ------------------------------------------------------------
    # Priority
    # ------------------------------------------------------------

    def test_who_waits_longest_within_the_highest_priority_goes_first(self):
        """Whichever campaign looks first; a place is kept for who comes first, but not for ever."""
        self._set_caps(limit=1)
        self.ben.category_id = False
        self._make_campaigns(1)
        self._run_crons(self.start, EXECUTION_CRON)
        high, low = (self._create_campaign(name=name, priority=name) for name in ("2", "0"))  # newest first
        hours = {"interval_type": "hours"}
        later, longest = (self._create_email(high, str(hour), interval_number=hour, **hours) for hour in (3, 2))
        last = self._create_email(low, "1", interval_number=1, **hours)
        for campaign in (high, low):
            self._start(campaign)
        self._run_crons(self.start + 4 * HOUR, EXECUTION_CRON)
        order = (longest, later, last)
        for week, states in enumerate(("PSS", "PPS", "PPP"), start=1):
            for minute in range(3):
                self._run_crons(self.start + week * 7 * DAY + 5 * minute * MINUTE, EXECUTION_CRON)
            self.assertEqual("".join(state[0].upper() for state in self._states(order)), states)

    # ------------------------------------------------------------
    # Settings
    # ------------------------------------------------------------

    def test_a_limit_that_is_raised_lets_them_go(self):
        self._set_caps(limit=1)
        emails = self._make_campaigns(3)
        self._run_crons(self.start, EXECUTION_CRON)
        for minute, values, waiting in (
            (1, {"limit": 2}, 1),
            (2, {"marketing_automation_cap_mail_on": False}, 0),
        ):
            with self._at(self.start + minute * MINUTE):
                self._set_caps(**values)
            for _turn in range(2):
                self._run_crons(self.start + minute * MINUTE, EXECUTION_CRON)
            self.assertEqual(self._states(emails).count("scheduled"), waiting)
        with self._at(self.start + DAY):  # what was sent before a limit is set counts
            self._set_caps()
        self.assertEqual(self._places(), [3, 3])

    def test_limits_that_are_none(self):
        for values, words in (
            ({"limit": 0}, "1 to 1000 messages to one address, not “0”"),
            ({"limit": -1}, "not “-1”"),
            ({"limit": 1001}, "not “1001”"),
            ({"days": 0}, "over 1 to 365 days, not “0”"),
            ({"days": -7}, "not “-7”"),
        ):
            with self.subTest(values), self.assertRaisesRegex(ValidationError, words):
                self._set_caps(**values)
        parameters = self.env["ir.config_parameter"]
        for key, value in (("mail", "two"), ("mail", "2.5"), ("mail", "²"), ("days", "week"), ("days", "99999999999")):
            with self.subTest(value), self.assertRaises(ValidationError):
                parameters.set_param(f"{CAP_KEY}{key}", value)
        self._set_caps(limit=0, days=0, marketing_automation_cap_mail_on=False)  # there is none
        self.assertIsNone(self.env["marketing.campaign"]._get_cap("mail"))

    def test_administrators_alone_set_limits(self):
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
            self.env["ir.config_parameter"].with_user(self.marketer).set_param(f"{CAP_KEY}mail", "5")
        self.assertFalse(self.env["res.config.settings"].with_user(self.marketer).has_access("create"))

    def test_the_form_shows_what_there_is_to_choose(self):
        with Form(self._create_campaign()) as form:
            form.priority = "2"
        self._set_caps(marketing_automation_cap_mail_on=False)
        form = Form(self._create_campaign())
        self.assertTrue(form._get_modifier("priority", "invisible"))

    # ------------------------------------------------------------
    # What is kept
    # ------------------------------------------------------------

    def test_what_is_kept(self):
        """Nobody's address; nothing for longer than the limit looks back, nor of who is erased."""
        self.ben.category_id = False
        self._make_campaigns(1)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self._places(), [1])
        self.cr.execute("SELECT count(*) FROM marketing_pressure p WHERE p::text ILIKE '%ada@%'")
        self.assertEqual(self.cr.fetchone(), (0,))
        self.cr.execute("INSERT INTO marketing_pressure VALUES ('old', 'mail', %s, '{1}')", [[self.start - 7 * DAY]])
        with self._at(self.start):
            self.assertEqual(self.env["marketing.trace"]._gc_places(), (1, False))
        self.assertEqual(self._places(), [1])
        self.ada.unlink()
        self.assertEqual(self._places(), [])
