from datetime import timedelta

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon

MINUTE = timedelta(minutes=1)


@tagged("post_install", "-at_install")
class TestRate(MarketingAutomationCommon):
    """A limit of messages per hour."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign(hourly_limit=120)  # two a minute
        cls.email = cls._create_email(cls.campaign, "Welcome")

    def test_messages_are_spread_evenly(self):
        self._start(self.campaign)
        for minute, expected in enumerate((2, 4, 5, 5)):
            for _again in range(2):  # however often the engine looks
                self._run_crons(self.start + minute * MINUTE, EXECUTION_CRON)
            self.assertEqual(self.email.processed, expected, f"minute {minute}")

    def test_less_than_one_a_minute(self):
        self.campaign.hourly_limit = 4  # one in a quarter of an hour
        self._start(self.campaign)
        for minute, expected in ((0, 1), (14, 1), (15, 2), (30, 3)):
            self._run_crons(self.start + minute * MINUTE, EXECUTION_CRON)
            self.assertEqual(self.email.processed, expected, f"minute {minute}")

    def test_the_engine_looks_again_in_a_minute(self):
        self._start(self.campaign)
        self.env["ir.cron.trigger"].search([]).unlink()
        for _run in range(2):
            self._run_crons(self.start, EXECUTION_CRON)
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", self.env.ref(EXECUTION_CRON).id)])
        self.assertIn(self.start + MINUTE, triggers.mapped("call_at"))

    def test_what_follows_waits_for_its_own_message_alone(self):
        """A step below a message that went out runs, though others' messages still wait; so do steps that send none."""
        note = self._create_action(self.campaign, "Note", interval_number=0)
        follow_up = self._create_action(self.campaign, "Follow up", "activity", self.email)
        self._start(self.campaign)
        self._run_crons(self.start)
        self.assertEqual((self.email.processed, follow_up.processed, note.processed), (2, 2, 5))

    def test_a_step_that_waits_for_an_update(self):
        """It takes no slot from those behind it, and the engine does not look for it again and again."""
        second = self._create_email(self.campaign, "Second")
        self._start(self.campaign)
        self.email.mass_mailing_id.use_exclusion_list = False
        self.env["ir.cron.trigger"].search([]).unlink()
        for minute in range(4):
            self._run_crons(self.start + minute * MINUTE, EXECUTION_CRON)
        self.assertEqual((self.email.processed, second.processed), (0, 5))
        self.env["ir.cron.trigger"].search([]).unlink()
        self._run_crons(self.start + 4 * MINUTE, EXECUTION_CRON)
        self.assertFalse(self.env["ir.cron.trigger"].search([("cron_id", "=", self.env.ref(EXECUTION_CRON).id)]))
        with self._at(self.start + 5 * MINUTE):
            self.campaign.action_update_participants()
        self._run_crons(self.start + 5 * MINUTE, ENROLMENT_CRON, EXECUTION_CRON)
        self.assertEqual(self.email.processed, 2)

    def test_all_messages_count_and_tests_do_not(self):
        second = self._create_email(self.campaign, "Second")
        self._start(self.campaign)
        with self._at(self.start):
            wizard = self.env["marketing.campaign.test"].with_user(self.marketer)
            test = wizard.create(
                {"campaign_id": self.campaign.id, "res_id": self.contacts[0].id, "confirmed": True}
            ).action_launch_test()
            traces = self.env["marketing.participant"].browse(test["res_id"]).trace_ids
            for trace in traces:
                trace.with_user(self.marketer).action_run_test()
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self.email.processed + second.processed, 2)

    def test_a_change_takes_effect_at_once(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.campaign.hourly_limit = 0
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self.email.processed, 5)
        self.assertFalse(self.campaign.require_sync)

    def test_number_that_cannot_be(self):
        with self.assertRaises(ValidationError):
            self.campaign.hourly_limit = -1

    def test_expected_end_before_start(self):
        with self._at(self.start):
            action = self.campaign.action_open_start()
            model = self.env[action["res_model"]].with_user(self.marketer).with_context(**action["context"])
            self.assertFalse(Form(model).expected_end, "all go out within the hour")
            self.campaign.hourly_limit = 2
            self.assertEqual(Form(model).expected_end, self.start + timedelta(hours=2, minutes=30))
