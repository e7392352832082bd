"""What screens show is counted where it changes. That it is right, each test of campaigns asks when it ends."""

from datetime import timedelta

from odoo.tests import tagged

from ..models.reporting.marketing_trace_report import COUNTED_KEY
from .common import MarketingAutomationCommon
from .counters import counter_differences

NUMBERS = ("processed", "rejected", "scheduled_count", "total_sent", "total_open", "total_click", "total_machine_open")
LOGGER = "odoo.addons.marketing_automation.models.counters.marketing_campaign"


@tagged("post_install", "-at_install")
class TestCounters(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, *_rest = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.opened = cls._create_action(cls.campaign, "Opened", "mail_open", cls.email)
        cls.later = cls._create_action(cls.campaign, "Later", "activity", cls.email, interval_number=9)

    def _live(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        for contact, event in ((self.ada, "open"), (self.ben, "click")):
            self._tell(event, contact)
            self._tell(event, contact)
        self._tell("open", self.contacts[2], origin="machine")

    def _tell(self, event, contact, seconds=600, **values):
        date = self.start + timedelta(seconds=seconds)
        self.env["marketing.trace.event"].sudo().record_events(
            event, self._trace(self.email, contact).ids, "test", date=date, **values
        )

    def _numbers(self):
        self.env.invalidate_all()
        numbers = [tuple(activity[name] for name in NUMBERS) for activity in self.email + self.opened + self.later]
        campaign = self.campaign
        return [*numbers, campaign.running_participant_count, campaign.total_participant_count, campaign.success_rate]

    def _rows(self):
        self.env.cr.execute(
            "SELECT count(*) FILTER (WHERE NOT folded), count(*) FROM marketing_counter WHERE campaign_id = %s",
            [self.campaign.id],
        )
        return self.env.cr.fetchone()

    def _fold(self, seconds):
        campaigns = self.env["marketing.campaign"].sudo()
        self.env.flush_all()
        campaigns._fold_counters(self.start + timedelta(seconds=seconds))
        return campaigns._add_up_increments()

    def test_adding_up_changes_no_number(self):
        """New events count at once, as the same once they are counted for good; a person's open beats a machine's."""
        self._live()
        before = self._numbers()
        self.assertEqual(before[0], (5, 0, 0, 5, 1, 1, 1))
        self.assertEqual(counter_differences(self.env), [])
        for seconds in (601, 700, 700):  # those of the last minute wait
            self._fold(seconds)
            self.assertEqual(self._numbers(), before)
        self._run_crons(self.start + timedelta(seconds=700))  # a click implies an open
        self.assertEqual(self._numbers()[0], (5, 0, 0, 5, 2, 1, 1))
        self._tell("open", self.contacts[2], seconds=800, origin="person")
        self.assertEqual(self._numbers()[0], (5, 0, 0, 5, 3, 1, 0))
        self._fold(900)
        self.assertEqual(self._numbers()[0], (5, 0, 0, 5, 3, 1, 0))
        increments, rows = self._rows()
        self.assertEqual(increments, 0)
        self.assertLess(rows, 20)
        self._run_crons(self.start + timedelta(hours=10))
        self.assertEqual(self._numbers()[2][:2], (5, 0))

    def test_whatever_deletes(self):
        """Also what PostgreSQL deletes with something else."""
        self._live()
        self._fold(700)
        trace = self._trace(self.email, self.ada)
        trace.participant_id.sudo().unlink()
        self.assertEqual(counter_differences(self.env), [])
        self.assertEqual(self._numbers()[-2], 4)
        self.campaign.action_stop_campaign()
        self.env.cr.execute("DELETE FROM marketing_campaign WHERE id = %s", [self.campaign.id])
        self.env.invalidate_all()
        self.env["marketing.campaign"].sudo()._check_counters()
        self.env.cr.execute(
            "SELECT metric, number FROM marketing_counter WHERE campaign_id = %s AND activity_id = 0",
            [self.campaign.id],
        )
        self.assertEqual(self.env.cr.fetchall(), [])

    def test_a_difference_is_mended_and_told(self):
        self._live()
        before = self._numbers()
        with self.assertNoLogs(LOGGER):
            self.env["marketing.campaign"].sudo()._check_counters()
        self.env.cr.execute(
            "UPDATE marketing_counter SET number = number + 3 WHERE campaign_id = %s", [self.campaign.id]
        )
        self.assertNotEqual(self._numbers(), before)
        with self.assertLogs(LOGGER, "WARNING"):
            self.env["marketing.campaign"].sudo()._check_counters()
        self.assertEqual(self._numbers(), before)

    def test_the_report_tells_the_same_by_counters(self):
        """What needs no more than activities and states is read from the counters: groups, sums, numbers of lines."""
        self._live()
        self._run_crons(self.start + timedelta(hours=10))
        self.campaign.action_stop_campaign()
        wizard = self.env["marketing.campaign.test"].with_user(self.marketer)
        wizard.create({"campaign_id": self.campaign.id, "res_id": self.ben.id}).action_launch_test()
        report = self.env["marketing.trace.report"].with_user(self.marketer)
        mine, aggregates = [("campaign_id", "=", self.campaign.id)], ["__count", "number:sum"]
        for domain in (mine, [*mine, ("is_test", "=", False)], [*mine, ("activity_id.name", "ilike", "open")]):
            for groupby in (["activity_id", "state"], ["is_test"], []):
                counted = report._read_group(domain, groupby, aggregates)
                slow = report._read_group([*domain, ("id", "!=", 0)], groupby, aggregates)
                self.assertEqual(sorted(map(str, counted)), sorted(map(str, slow)), (domain, groupby))
        forged = report.with_context(**{COUNTED_KEY: True})
        self.assertEqual(forged.search_count(mine), report.search_count(mine))
        self.assertTrue(all(forged.search(mine).mapped("schedule_date")))
