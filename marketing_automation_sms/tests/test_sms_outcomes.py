from datetime import timedelta

from odoo import Command
from odoo.tests import tagged

from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON

from .common import SMS_CRON, MarketingAutomationSmsCommon


@tagged("post_install", "-at_install")
class TestSmsOutcomes(MarketingAutomationSmsCommon):
    """What becomes of a step, and what follows from what happens to its SMS."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.text = cls._create_sms(cls.campaign, "Sale")
        cls.later = cls.start + timedelta(hours=2)

    def _add_steps(self):
        """Make steps wait for whatever can happen to the SMS."""
        two_days = {"interval_number": 2, "interval_type": "days"}
        self.clicked = self._create_action(self.campaign, "Clicked", "sms_click", self.text)
        self.not_clicked = self._create_action(self.campaign, "Not clicked", "sms_not_click", self.text, **two_days)
        self.bounced = self._create_action(self.campaign, "Bounced", "sms_bounce", self.text)
        self.after = self._create_action(self.campaign, "After", "activity", self.text, **two_days)

    def _states(self, contact):
        steps = (self.clicked, self.not_clicked, self.bounced, self.after)
        return [self._trace(step, contact).state or None for step in steps]

    def _send(self):
        self._start(self.campaign)
        return self._run_sms(self.start)

    def _codes(self):
        return {
            contact: (self._trace(self.text, contact).state, self._trace(self.text, contact).end_code or None)
            for contact in self.contacts
        }

    def _recognize_numbers(self):
        """Refuse what has no digit, also where the library is missing without which Odoo takes any text."""
        contact = self.env.registry["res.partner"]
        original = contact._phone_format

        def phone_format(record, fname=False, number=False, **options):
            text = number or (fname and record[fname])
            return original(record, fname=fname, number=number, **options) if text != "no number" else False

        self.patch(contact, "_phone_format", phone_format)

    # ------------------------------------------------------------
    # No message was made
    # ------------------------------------------------------------

    def test_no_message_is_made(self):
        """For a number that is missing, wrong, blocked or reached already; each with its reason in words."""
        self.ada.phone = False
        self.ben.phone = "no number"
        self._recognize_numbers()
        self.env["phone.blacklist"]._add([self.cleo.phone_sanitized])
        self.eve.phone = self.dan.phone
        after = self._create_action(self.campaign, "After", "activity", self.text)
        messages = self._send()
        self.assertEqual(
            self._codes(),
            {
                self.ada: ("canceled", "sms_number_missing"),
                self.ben: ("canceled", "sms_number_format"),
                self.cleo: ("canceled", "sms_blacklist"),
                self.dan: ("processed", None),
                self.eve: ("canceled", "sms_duplicate"),
            },
        )
        self.assertEqual([sms["number"] for sms in messages], [self.dan.phone_sanitized])
        self.assertEqual(self._trace(self.text, self.ada).state_msg, "There is no phone number.")
        self.assertEqual(self._trace(self.text, self.cleo).state_msg, "The phone number is blocklisted.")
        self.assertTraces(after, {**dict.fromkeys(self.contacts), self.dan: "processed"})
        self.assertEqual((self.text.processed, self.text.total_sent), (1, 1))

    def test_the_blocklist_is_a_choice_of_the_template(self):
        self.env["phone.blacklist"]._add([self.cleo.phone_sanitized])
        self.text.mass_mailing_id.use_exclusion_list = False
        self.assertEqual(len(self._send()), 5)

    def test_blocked_after_it_was_scheduled(self):
        later = self._create_sms(self.campaign, "Later", "activity", self.text, interval_number=1)
        self._send()
        self.assertTraces(later, {self.ada: "scheduled"})
        self.env["phone.blacklist"]._add([self.ada.phone_sanitized])
        self._run_sms(self.later)
        self.assertEqual(self._trace(later, self.ada).end_code, "sms_blacklist")

    def test_opted_out_of_all_lists(self):
        """A contact who opted out takes the number from nobody."""
        mailing_list = self.env["mailing.list"].create({"name": "News"})
        out, other = self.env["mailing.contact"].create(
            [
                {
                    "name": name,
                    "mobile": "+32456000900",
                    "subscription_ids": [Command.create({"list_id": mailing_list.id, "opt_out": opt_out})],
                }
                for name, opt_out in (("Out", True), ("In", False))
            ]
        )
        model = self.env["ir.model"]._get("mailing.contact")
        campaign = self._create_campaign(model_id=model.id, domain=repr([("id", "in", (out + other).ids)]))
        text = self._create_sms(campaign, "To subscribers", template={"mailing_model_id": model.id})
        self._start(campaign)
        self.assertEqual(len(self._run_sms(self.start)), 1)
        self.assertEqual(self._trace(text, out).end_code, "sms_optout")
        self.assertTraces(text, {other: "processed"})

    def test_duplicate_is_a_number_of_another_participant(self):
        """Also one who comes later; each step for itself."""
        self._send()
        late = self.env["res.partner"].create(
            {"name": "Late", "phone": self.ada.phone, "category_id": self.category.ids}
        )
        second = self.env["res.partner"].create(
            {"name": "New", "phone": "+32456000777", "category_id": self.category.ids}
        )
        self._run_sms(self.later, "marketing_automation.ir_cron_campaign_sync_participants", EXECUTION_CRON, SMS_CRON)
        self.assertEqual(self._trace(self.text, late).end_code, "sms_duplicate")
        self.assertTraces(self.text, {second: "processed"})

    # ------------------------------------------------------------
    # It failed, and again
    # ------------------------------------------------------------

    def test_refused_by_the_provider(self):
        """Not sent, so what follows is cancelled; the reason is the provider's."""
        after = self._create_action(self.campaign, "After", "activity", self.text)
        errors = ("credit", "server_error", "country_not_supported")
        people = (self.ada, self.ben, self.cleo)
        self.gateway = {"nbr_t_error": dict(zip([person.phone_sanitized for person in people], errors, strict=True))}
        self._send()
        trace = self._trace(self.text, self.ada)
        self.assertEqual((trace.state, trace.end_code), ("error", "sms_credit"))
        self.assertEqual(trace.state_msg, "There is no SMS credit left.")
        self.assertIn("The SMS service did not answer", self._trace(self.text, self.ben).state_msg)
        self.assertEqual(self._trace(self.text, self.cleo).state_msg, "Country Not Supported", "in Odoo's words")
        self.assertTraces(after, dict.fromkeys(people))
        self.assertEqual((self.text.total_sent, self.campaign.error_count), (2, 3))

    def test_retry_is_no_duplicate_and_voids_the_last_attempt(self):
        self.gateway = {"nbr_t_error": {self.ada.phone_sanitized: "credit"}}
        self._send()
        failed = self._message(self.text, self.ada)
        self.gateway = {}
        with self._at(self.later):
            self._trace(self.text, self.ada).with_user(self.marketer).action_retry()
        self.assertEqual(failed.sudo().sms_id.state, "canceled", "nobody can resend it beside the new one")
        self.assertEqual(len(self._run_sms(self.later)), 1)
        self.assertTraces(self.text, {self.ada: "processed"})
        self.assertEqual(self._trace(self.text, self.ada).sent_date, self.later)
        self.assertNotEqual(self._message(self.text, self.ada), failed)

    def test_one_bad_record_fails_alone(self):
        """A text that cannot be rendered for somebody is that step's error, not the batch's."""
        self.text.mass_mailing_id.sudo().body_plaintext = "{{ 1 / (len(object.name) - 4) }}"
        self.campaign.sudo().run_as_id = False
        admin = self.env.ref("base.user_admin")
        with self._at(self.start):
            self.campaign.with_user(admin).action_start_campaign()
        self.assertEqual(len(self._run_sms(self.start)), 4)
        self.assertEqual(self._codes()[self.cleo], ("error", "exception"))
        self.assertEqual(self._codes()[self.ada], ("processed", None))

    def test_cancelled_in_the_queue(self):
        """Whose SMS an administrator cancels before it leaves gets none of what follows."""
        after = self._create_action(self.campaign, "After", "activity", self.text)
        self._start(self.campaign)
        self._run_sms(self.start, EXECUTION_CRON)
        with self._at(self.start):
            self._message(self.text, self.ada).sudo().sms_id.action_set_canceled()
        self.assertEqual(len(self._run_sms(self.start)), 4)
        trace = self._trace(self.text, self.ada)
        self.assertEqual((trace.state, trace.state_msg), ("error", "The SMS was cancelled before it was sent."))
        self.assertTraces(after, {self.ada: None, self.ben: "processed"})

    # ------------------------------------------------------------
    # Events
    # ------------------------------------------------------------

    def _click(self, contact, messages, moment):
        with self._at(moment):
            response = self.url_open(self._link(self._sms_to(messages, contact)), allow_redirects=False)
        self.assertEqual(response.status_code, 301)
        self.env.invalidate_all()
        self._run_crons(moment, EXECUTION_CRON)

    def test_click(self):
        self._add_steps()
        messages = self._send()
        self.assertEqual(self._states(self.ada), [None, "scheduled", None, "scheduled"])
        self._click(self.ada, messages, self.later)
        self.assertEqual(self._states(self.ada), ["processed", "canceled", None, "scheduled"])
        self.assertEqual(self._trace(self.not_clicked, self.ada).end_code, "event_happened")
        self._click(self.ada, messages, self.later + timedelta(hours=1))
        self.assertEqual((self.text.total_click, self.clicked.processed), (1, 1), "once per participant")

    def test_not_clicked(self):
        self._add_steps()
        messages = self._send()
        due = self.start + timedelta(days=2)
        self._run_sms(due)
        self.assertEqual(self._states(self.ben), [None, "processed", None, "processed"])
        self._click(self.ben, messages, due + timedelta(hours=1))
        self.assertEqual(self._states(self.ben), ["processed", "processed", None, "processed"])

    def test_bounce_reported_for_several_at_once(self):
        self._add_steps()
        self._send()
        self._report(self.text, (self.cleo, self.dan), "invalid_destination", self.later)
        self._run_crons(self.later, EXECUTION_CRON)
        for contact in (self.cleo, self.dan):
            self.assertEqual(self._states(contact), [None, "canceled", "processed", "canceled"])
            self.assertEqual(self._trace(self.after, contact).end_code, "parent_bounced")
        self.assertEqual(self._states(self.ada), [None, "scheduled", None, "scheduled"])
        self.assertEqual((self.text.total_bounce, self.text.total_sent), (2, 5))

    def test_delivery_report_after_a_click(self):
        """It overwrites Odoo's own status; the click is neither lost nor counted twice."""
        self._add_steps()
        messages = self._send()
        self._click(self.ada, messages, self.later)
        self.assertEqual(self._message(self.text, self.ada).trace_status, "open")
        self._report(self.text, self.contacts, "delivered", self.later + timedelta(hours=1))
        self._run_crons(self.later + timedelta(hours=1), EXECUTION_CRON)
        self.assertEqual(self._message(self.text, self.ada).trace_status, "sent")
        self.assertEqual(self._states(self.ada), ["processed", "canceled", None, "scheduled"])
        self.assertEqual((self.text.total_click, self.text.total_sent), (1, 5))
        sent = self._trace(self.text, self.ada).event_ids.filtered(lambda event: event.event == "sent")
        self.assertEqual(sent.mapped("date"), [self.start], "accepted once, whatever is reported later")

    def test_click_before_anything_was_reported(self):
        self._add_steps()
        self.gateway = {"moderated": True}
        messages = self._send()
        self.assertFalse(self._trace(self.text, self.ada).sent_date)
        self._click(self.ada, messages, self.later)
        self.assertEqual(self._trace(self.text, self.ada).sent_date, self.later, "it was accepted, then")
        self.assertEqual(self._states(self.ada), ["processed", None, None, "scheduled"])

    def test_moderated_is_not_accepted_yet(self):
        """Children wait until the provider lets the SMS go."""
        self._add_steps()
        self.gateway = {"moderated": True}
        self._send()
        self.assertEqual(self._message(self.text, self.ada).trace_status, "process")
        self.assertEqual(self._states(self.ada), [None, None, None, None])
        self.assertEqual((self.text.processed, self.text.total_sent), (5, 0))
        self.assertEqual(self._participant(self.campaign, self.ada).state, "running")
        self._report(self.text, self.contacts[:2], "sent", self.later)
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertEqual(self._states(self.ada), [None, "scheduled", None, "scheduled"])
        self.assertEqual(self._trace(self.after, self.ada).schedule_date, self.later + timedelta(days=2))
        self.assertEqual(self._states(self.cleo), [None, None, None, None])

    def test_delivered_at_once(self):
        """A provider that says nothing between accepted and delivered."""
        self._add_steps()
        self.gateway = {"force_delivered": True}
        self._send()
        self.assertEqual(self._message(self.text, self.ada).trace_status, "sent")
        self.assertEqual(self._trace(self.text, self.ada).sent_date, self.start)

    def test_not_delivered_after_it_was_accepted(self):
        """Odoo shows an error; the step stays done, because the provider had taken the message."""
        self._add_steps()
        self._send()
        self._report(self.text, self.ada, "not_delivered", self.later)
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertEqual(self._message(self.text, self.ada).trace_status, "error")
        self.assertTraces(self.text, {self.ada: "processed"})
        self.assertEqual(self._states(self.ada), [None, "scheduled", None, "scheduled"])

    def test_rejected_after_moderation(self):
        self._add_steps()
        self.gateway = {"moderated": True}
        self._send()
        self._report(self.text, self.ada, "expired", self.later)
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertEqual(self._codes()[self.ada], ("error", "sms_expired"))
        self.assertEqual(self._states(self.ada), [None, None, None, None])

    def test_several_traces_in_one_call_past_the_setters(self):
        """Odoo's tracker writes the status itself; others' messages among them are left alone."""
        self._add_steps()
        self._start(self.campaign)
        self._run_sms(self.start, EXECUTION_CRON)
        foreign = self.env["sms.tracker"].create({"sms_uuid": "f" * 32})
        trackers = self.env["sms.tracker"].search(
            [("mailing_trace_id.mass_mailing_id", "=", self.text.mass_mailing_id.id)]
        )
        self.assertEqual(len(trackers), 5)
        with self._at(self.later):
            (trackers + foreign)._action_update_from_sms_state("pending")
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertEqual(self.text.total_sent, 5)
        self.assertEqual(len(self.text.sudo().trace_ids.event_ids), 5)
