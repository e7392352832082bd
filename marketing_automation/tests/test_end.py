from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import EXECUTION_CRON, MarketingAutomationCommon

REASON = "Became a customer"
SAID = f"End of the workflow: {REASON}"


@tagged("post_install", "-at_install")
class TestEnd(MarketingAutomationCommon):
    """End: who comes to it is through, whatever else was scheduled."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()  # what the actions do is done in their name
        cls.ada, cls.ben, *_others = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.opened = cls._create_action(cls.campaign, "Opened", "mail_open", cls.email)
        cls.later = cls._create_action(cls.campaign, "Later", "activity", cls.email, interval_number=9)
        cls.asked = cls._create_activity(
            cls.campaign, "Ours?", "condition", "activity", cls.email, condition_domain="[('name', '=', 'Ada')]"
        )
        cls.end = cls._create_activity(cls.campaign, "Won", "end", "cond_yes", cls.asked, end_reason=REASON)

    def _live(self, *moments):
        self._start(self.campaign)
        for hours in moments or (0,):
            self._run_crons(self.start + timedelta(hours=hours))

    def _open(self, record, hours):
        with self._at(self.start + timedelta(hours=hours)):
            self._trace(self.email, record).mailing_trace_ids.set_opened()

    def test_at_once(self):
        self._live()
        ada, ben = (self._participant(self.campaign, record) for record in (self.ada, self.ben))
        self.assertEqual((ada.state, ada.end_reason, ada.date_end), ("completed", SAID, self.start))
        self.assertEqual((ben.state, ben.end_reason), ("running", False))
        self.assertTraces(self.end, {self.ada: "processed", self.ben: None})
        self.assertTraces(self.later, {self.ada: "canceled", self.ben: "scheduled"})
        self.assertEqual(self._trace(self.later, self.ada).state_msg, SAID)
        self.assertEqual(self.campaign.completed_participant_count, 1)

    def test_nothing_brings_them_back(self):
        """Neither what happens later, nor an Update, nor a retry."""
        broken = self._create_action(self.campaign, "Broken", "activity", self.email, code="raise UserError('broken')")
        broken.sequence = 1
        self.asked.interval_number = 1
        self._live(0, 1)
        self.assertEqual(self._trace(broken, self.ada).state, "error")
        self._open(self.ada, 2)
        self._open(self.ben, 2)
        self._create_action(self.campaign, "More", "activity", self.email)
        with self._at(self.start + timedelta(hours=2)):
            self.campaign.action_update_participants("run")
        self._run_crons(self.start + timedelta(hours=20))
        ada = self._participant(self.campaign, self.ada)
        self.assertEqual((ada.state, ada.end_reason), ("completed", SAID))
        self.assertTraces(self.opened, {self.ada: None, self.ben: "processed"})
        self.assertFalse(ada.trace_ids.filtered(lambda trace: trace.state == "scheduled"))
        self.assertEqual(self.email.total_open, 2, "what they do is counted all the same")
        self.assertFalse(self._trace(broken, self.ada).can_retry)
        with self.assertRaises(UserError):
            self._trace(broken, self.ada).with_user(self.marketer).action_retry()
        broken.with_user(self.marketer).action_retry_errors()
        self.assertEqual(self._trace(broken, self.ada).state, "error")
        self.assertFalse(ada.wait_text)

    def test_a_message_that_had_run_goes_out(self):
        second = self._create_email(self.campaign, "Second", "activity", self.asked)
        second.sequence = 1
        self.end.interval_number = 1
        self._live()
        self._run_crons(self.start + timedelta(hours=1), EXECUTION_CRON)
        self.assertFalse(self._trace(second, self.ada).sent_date)
        self.assertEqual(self._participant(self.campaign, self.ada).end_code, "ended")
        self._run_crons(self.start + timedelta(hours=1))
        self.assertTrue(self._trace(second, self.ada).sent_date)

    def test_the_reason_of_what_runs(self):
        self.end.interval_number = 1
        self._live()
        self.end.end_reason = "Lost"
        self.assertIn("The reason of “Won” is “Lost” instead of", "\n".join(self.campaign.sudo()._get_changes()))
        self._run_crons(self.start + timedelta(hours=1))
        self.assertEqual(self._participant(self.campaign, self.ada).end_reason, SAID)

    def test_without_a_reason(self):
        self.end.end_reason = False
        self._live()
        self.assertEqual(self._participant(self.campaign, self.ada).end_reason, "End of the workflow")

    def test_who_is_deleted_then(self):
        self._live()
        ada = self._participant(self.campaign, self.ada)
        self.ada.unlink()
        self._run_crons(self.start, "marketing_automation.ir_cron_campaign_sync_participants")
        self.assertEqual((ada.state, ada.end_code), ("unlinked", "record_deleted"))
        self.assertEqual(ada.end_reason, "The record was deleted.")

    def test_nothing_follows(self):
        self.assertEqual(self.end._get_child_triggers(), [])
        with self.assertRaisesRegex(ValidationError, "Nothing can follow “Won”"):
            self._create_action(self.campaign, "After", "activity", self.end)

    def test_words(self):
        self.assertEqual(self.end.sentence, f"As soon as “Ours?” says “Yes”: end the workflow: “{REASON}”.")
        self._live()
        [welcome] = self._participant(self.campaign, self.ada).timeline_data["steps"]
        asked = next(step for step in welcome["children"] if step["name"] == "Ours?")
        self.assertEqual(asked["children"][0]["note"], SAID)
        waiting = [step["name"] for step in welcome["children"] if step["state"] == "waiting"]
        self.assertFalse(waiting, "nothing is waited for any more")

    def test_a_test_of_it(self):
        values = {"campaign_id": self.campaign.id, "res_id": self.ada.id, "confirmed": True}
        action = self.env["marketing.campaign.test"].with_user(self.marketer).create(values).action_launch_test()
        test = self.env["marketing.participant"].with_user(self.marketer).browse(action["res_id"])
        with self._at(self.start):
            for activity in self.email, self.asked, self.end:
                test.trace_ids.grouped("activity_id")[activity].action_run_test()
        self.assertEqual(test.state, "completed")
        self.assertEqual(test.test_hint, f"The test ended: {SAID}")
