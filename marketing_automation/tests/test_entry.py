from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from ..engine.workflow import Entry, Workflow
from .common import ENROLMENT_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestEntry(MarketingAutomationCommon, CronMixinCase):
    """The ways into a campaign, whatever their type."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.activity = cls._create_action(cls.campaign, "Act")

    def _people(self, campaign=None):
        return (campaign or self.campaign).sudo().participant_ids.sorted("res_id")

    def test_a_new_campaign_takes_whoever_matches(self):
        entry = self.campaign.entry_ids
        self.assertEqual(entry.mapped("entry_type"), ["filter"])
        self.assertEqual(entry.sentence, "Whoever matches the filter")
        self.assertFalse(entry.problem)
        self._start(self.campaign)
        people = self._people()
        self.assertEqual(people.mapped("res_id"), self.contacts.ids)
        self.assertEqual(people.entry_id, entry)
        self.assertEqual(set(people.mapped("source")), {"filter"})

    def test_without_an_entry_people_come_by_hand_alone(self):
        self.campaign.entry_ids = [Command.clear()]
        self.assertEqual(self.campaign.get_start_preview()["enroll_count"], 0)
        self._start(self.campaign)
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
        self.assertFalse(self._people())
        self.campaign.action_enroll(self.contacts[:1].ids)
        self.assertEqual(self._people().mapped("source"), ["hand"])
        self.assertFalse(self._people().entry_id)

    def test_what_runs_is_the_entry_as_it_was_published(self):
        self._start(self.campaign)
        self.assertFalse(self.campaign.require_sync)
        entry = self.campaign.entry_ids
        self.campaign.entry_ids = [Command.delete(entry.id)]
        self.assertFalse(entry.active, "who came by it still names it")
        self.assertTrue(self.campaign.require_sync)
        late = self.env["res.partner"].create({"name": "Late", "category_id": self.category.ids})
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
        self.assertIn(late.id, self._people().mapped("res_id"))
        self.campaign.action_update_participants()
        later = self.env["res.partner"].create({"name": "Later", "category_id": self.category.ids})
        self._run_crons(self.start + timedelta(hours=2), ENROLMENT_CRON)
        self.assertNotIn(later.id, self._people().mapped("res_id"))

    def test_a_campaign_of_an_earlier_release_goes_on(self):
        workflow = self.campaign._build_workflow()
        kept = workflow.to_json()
        self.assertEqual(Workflow.from_json(kept).entries, workflow.entries)
        del kept["entries"]
        self.assertEqual(Workflow.from_json(kept).entries, (Entry(None, "filter"),))
        self._start(self.campaign)
        stored = dict(self.campaign.workflow)
        del stored["entries"]
        self.campaign.sudo().workflow = stored
        late = self.env["res.partner"].create({"name": "Late", "category_id": self.category.ids})
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
        self.assertEqual(self._participant(self.campaign, late).source, "filter")

    def test_a_copy_has_entries_of_its_own(self):
        copy = self.campaign.copy()
        self.assertEqual(copy.entry_ids.mapped("entry_type"), ["filter"])
        self.assertFalse(copy.entry_ids & self.campaign.entry_ids)
        self.campaign.entry_ids = [Command.clear()]
        self.assertFalse(self.campaign.copy().entry_ids)

    def test_an_entry_stays_with_its_campaign(self):
        other = self._create_campaign(name="Other")
        with self.assertRaisesRegex(UserError, "stays with its campaign"):
            self.campaign.entry_ids.campaign_id = other

    def test_an_entry_whose_app_is_gone_keeps_a_campaign_from_starting(self):
        self.campaign.entry_ids.sudo().entry_type = "missing"
        with self.assertRaisesRegex(UserError, "was uninstalled"):
            self._start(self.campaign)

    def test_the_same_occurrence_never_enters_twice(self):
        """Whoever may be let in again: a crash, two lanes, a clock that was put back."""
        self._start(self.campaign)
        campaign, entry = self.campaign.sudo(), self.campaign.entry_ids
        record = self.env["res.partner"].create({"name": "New"})
        keys = {record.id: "2026-06-01"}
        for run in (1, 2):
            campaign._insert_participants([(record.id, None, run)], self.start, "filter", entry, keys)
        self.assertEqual(self._participant(self.campaign, record).mapped("entry_key"), ["2026-06-01"])
        campaign._insert_participants([(record.id, None, 2)], self.start, "filter", entry, {record.id: "2027-06-01"})
        keys = campaign.participant_ids.filtered(lambda one: one.res_id == record.id).mapped("entry_key")
        self.assertEqual(sorted(keys), ["2026-06-01", "2027-06-01"])
