from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models.retention import marketing_trace_figure
from .common import EXECUTION_CRON, MarketingAutomationCommon

PATH = "marketing_automation.retention_months"
ZONES = ["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"]
NUMBERS = ["processed", "rejected", "total_sent", "total_open", "total_click", "total_reply", "total_bounce"]


@tagged("post_install", "-at_install")
class TestRetention(MarketingAutomationCommon):
    """What is kept of campaigns that were stopped long ago."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, *_rest = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.opened = cls._create_action(cls.campaign, "Opened", "mail_open", cls.email)
        cls.named = cls._create_action(
            cls.campaign, "Named", "activity", cls.email, interval_number=3, activity_domain="[('name', '=', 'Ada')]"
        )
        cls.activities = cls.email + cls.opened + cls.named

    def _live(self):
        """Let the campaign run its course: all is done, Ada has opened her mail."""
        self._start(self.campaign)
        self._run_crons(self.start)
        with self._at(self.start + timedelta(hours=1)):
            self._message(self.ada).set_opened()
        self._run_crons(self.start + timedelta(hours=2))
        self._run_crons(self.start + timedelta(days=2))
        self.assertEqual(set(self.campaign.sudo().participant_ids.mapped("state")), {"completed"})
        with self._at(self.start + timedelta(days=3)):
            self.campaign.action_stop_campaign()

    def _message(self, contact):
        return self._trace(self.email, contact).mailing_trace_ids

    def _clean(self, months=3, after=timedelta(days=120)):
        """Have Odoo's daily cleaning look at the campaigns.

        :return: how many participants it dealt with, whether more are to come
        """
        self.env["ir.config_parameter"].set_param(PATH, months)
        with self.mock_datetime_and_now(self.start + after):
            return self.env["marketing.trace.figure"]._gc_history()

    def _numbers(self):
        self.env.invalidate_all()
        seen = {(activity.name, name): activity[name] for activity in self.activities for name in NUMBERS}
        for tz in ZONES:
            self.env.user.tz = tz
            seen[tz] = self.activities.with_user(self.env.user)._get_daily_numbers("life")
        return seen

    def _report(self):
        """:return: what Reporting > Traces shows: by activity, state and day"""
        rows = (
            self.env["marketing.trace.report"]
            .with_context(tz="UTC")
            .formatted_read_group(
                [("campaign_id", "=", self.campaign.id)],
                ["activity_id", "state", "done_date:day"],
                ["number:sum"],
            )
        )
        return {(row["activity_id"], row["state"], row["done_date:day"], row["number:sum"]) for row in rows}

    def _traces(self):
        return self.env["marketing.trace"].search([("campaign_id", "=", self.campaign.id)])

    def test_numbers_and_graphs_stay(self):
        self._live()
        before, reported = self._numbers(), self._report()
        self.assertEqual(sum(number for *_group, number in reported), 11)
        self.assertEqual(self._clean(), (5, False))
        self.assertFalse(self._traces())
        self.assertFalse(self.env["marketing.trace.event"].search([("campaign_id", "=", self.campaign.id)]))
        self.assertEqual(self._numbers(), before)
        self.assertEqual(self._report(), reported)
        self.assertEqual((self.email.total_sent, self.email.total_open, self.named.rejected), (5, 1, 4))
        self.assertEqual(self.campaign.completed_participant_count, 5)
        self.assertEqual(self._clean(), (0, False), "once")

    def test_list_of_the_report(self):
        """A trace opens; of those that were summed up a row tells how many they were."""
        self._live()
        domain = [("campaign_id", "=", self.campaign.id), ("activity_id", "=", self.email.id)]
        report = self.env["marketing.trace.report"].with_user(self.marketer)
        rows = report.search(domain)
        self.assertEqual(sorted(rows.trace_id.mapped("res_id")), sorted(self.contacts.ids))
        self.assertEqual(rows[0].action_open_trace()["res_id"], rows[0].trace_id.id)
        self._clean()
        self.env.invalidate_all()
        [row] = report.search(domain)
        self.assertEqual((row.number, row.state, row.trace_id.id), (5, "processed", False))
        self.assertIn("summed up", row.action_open_trace()["params"]["message"])

    def test_off_by_default_and_only_long_after_the_stop(self):
        self._live()
        self.assertEqual(self._clean(months=0), (0, False))
        self.assertEqual(self._clean(months=3, after=timedelta(days=80)), (0, False))
        self.assertEqual(len(self._traces()), 11)

    def test_nobody_comes_in_again(self):
        """After a restart with one step more: neither the old steps nor the new one, except for newcomers."""
        self._live()
        self._clean()
        more = self._create_action(self.campaign, "More", interval_number=1)
        again = self.start + timedelta(days=130)
        zoe = self.env["res.partner"].create(
            {"name": "Zoe", "email": "zoe@example.com", "category_id": self.category.ids}
        )
        self._start(self.campaign, again)
        mails = self._run_crons(again) + self._run_crons(again + timedelta(days=1))
        self.assertEqual([mail["email_to"] for mail in mails], [['"Zoe" <zoe@example.com>']])
        self.assertEqual(more.sudo().trace_ids.mapped("res_id"), zoe.ids)
        self.assertEqual(len(self.campaign.sudo().participant_ids), 6)

    def test_who_left_the_filter_does_not_return(self):
        """Of what was done nobody knows any more: it could be done twice."""
        self._start(self.campaign)
        self._run_crons(self.start)
        self.ada.category_id = False
        self._run_crons(self.start + timedelta(hours=1), "marketing_automation.ir_cron_campaign_sync_participants")
        self.assertEqual(self._participant(self.campaign, self.ada).state, "unlinked")
        with self._at(self.start + timedelta(hours=2)):
            self.campaign.action_stop_campaign()
        self.assertEqual(self._clean(), (1, False))
        self.ada.category_id = self.category
        again = self.start + timedelta(days=130)
        self._start(self.campaign, again)
        self.assertEqual(self._participant(self.campaign, self.ada).state, "unlinked")

    def test_an_address_got_its_step(self):
        """After a restart too: who shares an address with somebody who was summed up gets nothing again."""
        self._live()
        self._clean()
        self.assertFalse(self.email.sudo().trace_ids)
        twin = self.ada.copy({"name": "Twin", "email": self.ada.email})
        self._start(self.campaign, self.start + timedelta(days=121))
        self.assertFalse(self._run_crons(self.start + timedelta(days=121)))
        trace = self._trace(self.email, twin)
        self.assertEqual((trace.state, trace.end_code), ("canceled", "mail_dup"))

    def test_what_can_still_happen_is_kept(self):
        """Steps that are scheduled, errors that can be retried."""
        self._start(self.campaign)
        self._run_crons(self.start)
        with self._at(self.start + timedelta(hours=1)):
            self.campaign.action_stop_campaign()
        self.assertEqual(self._clean(), (0, False))

    def test_campaigns_that_run_keep_all(self):
        self._live()
        self._start(self.campaign, self.start + timedelta(days=4))
        self.assertEqual(self._clean(), (0, False))

    def test_what_comes_late_is_no_trouble(self):
        """An open of a message whose step was summed up: Odoo's own figures count it."""
        self._live()
        message = self._message(self.ben)
        self._clean()
        with self._at(self.start + timedelta(days=121)):
            message.set_opened()
        self.assertEqual(message.trace_status, "open")
        self._run_crons(self.start + timedelta(days=121), EXECUTION_CRON)
        self.assertEqual(self.email.total_open, 1)

    def test_its_page(self):
        self._live()
        self._clean()
        participant = self._participant(self.campaign, self.ada).with_user(self.marketer)
        self.assertEqual(participant.timeline_data["steps"], [])
        self.assertTrue(participant.summed_date)

    def test_in_bounded_batches(self):
        self._live()
        with patch.object(marketing_trace_figure, "CHUNK", 2):
            self.assertEqual([self._clean() for _turn in range(4)], [(2, True), (2, True), (1, False), (0, False)])
        self.assertEqual((self.email.processed, self.email.total_open), (5, 1))

    def test_settings(self):
        settings = self.env["res.config.settings"].create({"marketing_automation_retention_months": 12})
        settings.execute()
        self.assertEqual(self.env["ir.config_parameter"].get_param(PATH), "12")
        with self.assertRaises(UserError):
            self.env["res.config.settings"].create({"marketing_automation_retention_months": -1}).execute()
