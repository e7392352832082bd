"""What is done with who was in a campaign several times: merging, erasing, Update, summing up."""

from datetime import timedelta

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ENROLMENT_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestSeveralTimes(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, *_others = cls.contacts
        cls.campaign = cls._create_campaign(reentry="after_end", domain="[('email', '!=', False)]", entry_ids=[])
        cls.email = cls._create_email(cls.campaign, "Welcome")

    def _live(self, contact, times=2, over=True):
        """Have a contact be in the campaign so often; the last time is over too, or goes on."""
        if self.campaign.state != "running":
            self._start(self.campaign)
        for number in range(times):
            now = self.start + timedelta(hours=number)
            with self._at(now):
                self.assertEqual(self.campaign.action_enroll(contact.ids)["enrolled"], contact.ids)
            if over or number < times - 1:
                self._run_crons(now)
        self.env.invalidate_all()

    def _runs(self, contact):
        return self._participant(self.campaign, contact).sorted("run")

    def _merge(self, survivor, other):
        self.env["base.partner.merge.automatic.wizard"]._merge((survivor + other).ids, survivor)

    def test_all_times_follow_a_merge(self):
        self._live(self.ada)
        first, second = self._runs(self.ada)
        outside = self.env["res.partner"].create({"name": "Outside"})
        self._merge(outside, self.ada)
        self.assertEqual(self._runs(outside), first + second)
        self.assertEqual((first + second).mapped("is_past_run"), [True, False])
        self.assertEqual(self.email.sudo().trace_ids.mapped("res_id"), [outside.id] * 2)
        self.assertEqual(second.with_user(self.marketer).run_words, "2nd time")
        with self._at(self.start + timedelta(days=1)):
            self.campaign.action_enroll(outside.ids)
        self.assertEqual(self._runs(outside).mapped("run"), [1, 2, 3])

    def test_who_is_in_already_goes_on_by_its_own_times(self):
        self._live(self.ada, over=False)
        self._live(self.ben, times=1, over=False)
        ada = self._runs(self.ada)
        self._merge(self.ben, self.ada)
        self.assertEqual(self._runs(self.ben).mapped("state"), ["running"])
        self.assertEqual(ada[-1].end_code, "merged")
        self.assertEqual(ada[-1].trace_ids.mapped("state"), ["canceled"])
        self.assertEqual(len(self._run_crons(self.start + timedelta(hours=2))), 1)

    @mute_logger("odoo.addons.marketing_automation.models.runtime.loop")
    def test_all_times_are_erased(self):
        self._create_action(self.campaign, "Fail", code="raise UserError(record.email)")
        self._live(self.ada)
        runs = self._runs(self.ada)
        failed = runs.trace_ids.filtered(lambda trace: trace.state == "error")
        self.assertEqual([self.ada.email in str(params) for params in failed.mapped("end_params")], [True, True])
        self.ada.unlink()
        self.env.invalidate_all()
        self.assertEqual(failed.mapped("end_params"), [False, False])
        self._run_crons(self.start + timedelta(hours=3), ENROLMENT_CRON)
        self.assertEqual(runs.mapped("end_code"), ["record_deleted"] * 2)

    def test_an_update_is_for_the_time_that_goes_on(self):
        """A step that is new comes to who is inside; the times before are history."""
        self.email.write({"interval_number": 1, "interval_type": "days"})
        self._start(self.campaign)
        for day in (0, 2):
            now = self.start + timedelta(days=day)
            with self._at(now):
                self.campaign.action_enroll(self.ada.ids)
            if not day:
                self._run_crons(now + timedelta(days=1))
        new = self._create_action(self.campaign, "New", "activity", self.email)
        with self._at(self.start + timedelta(days=2, hours=1)):
            self.campaign.action_update_participants()
        self._run_crons(self.start + timedelta(days=3))
        first, second = self._runs(self.ada)
        self.assertEqual((first.state, second.state), ("completed", "completed"))
        self.assertEqual(new.sudo().trace_ids.participant_id, second)

    def test_all_times_are_summed_up(self):
        self._live(self.ada, times=3)
        with self._at(self.start + timedelta(days=1)):
            self.campaign.action_stop_campaign()
        numbers = self.email.processed, self.email.total_sent, self.campaign.people_count
        self.assertEqual((numbers[0], numbers[2]), (3, 1))
        self.env["ir.config_parameter"].set_param("marketing_automation.retention_months", 3)
        with self.mock_datetime_and_now(self.start + timedelta(days=120)):
            self.env["marketing.trace.figure"]._gc_history()
        self.env.invalidate_all()
        runs = self._runs(self.ada)
        self.assertTrue(all(runs.mapped("summed_date")))
        self.assertFalse(runs.trace_ids)
        self.assertEqual((self.email.processed, self.email.total_sent, self.campaign.people_count), numbers)
        self.assertEqual(runs[-1].with_user(self.marketer).other_run_count, 2)
