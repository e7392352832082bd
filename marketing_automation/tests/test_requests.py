"""What a campaign was asked to do with a record that is not the same any more when it is done."""

from unittest.mock import patch

from odoo.tests import tagged

from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestRequests(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign(domain="[('ref', '=', 'in')]")
        cls.step = cls._create_action(cls.campaign, "Act", interval_number=1)
        cls.requests = cls.env["marketing.entry.request"].sudo()
        cls.ada, cls.ben, cls.cleo, *_others = cls.contacts
        cls.other = cls._create_campaign(name="Other", domain="[('ref', '=', 'in')]")
        cls._create_action(cls.other, "Act")

    def setUp(self):
        super().setUp()
        self._start(self.campaign)
        self._start(self.other)
        self.contacts.ref = "in"
        self.env.flush_all()

    def _ask(self, operation, *records, campaign=None):
        self.env.flush_all()
        with self._at(self.start):
            self.requests.request(operation, campaign or self.campaign, [record.id for record in records], "action")

    def _take(self):
        self._run_crons(self.start, EXECUTION_CRON)
        self.env.invalidate_all()
        self.assertFalse(self.requests.search([]))

    def _merge(self, survivor, *others):
        self.env["base.partner.merge.automatic.wizard"]._merge((survivor.concat(*others)).ids, survivor)

    def _states(self, campaign=None):
        participants = (campaign or self.campaign).sudo().participant_ids
        return {(participant.res_id, participant.state) for participant in participants}

    def test_an_addon_that_does_not_say_how_they_come(self):
        self.env.flush_all()
        self.requests.request("add", self.campaign, self.ada.ids)
        self._take()
        self.assertEqual(self._participant(self.campaign, self.ada).source, "action")
        self.assertFalse(self.campaign.last_error)

    def test_a_merged_record_is_added_as_the_one_that_stays(self):
        ben = self.ben.id
        self._ask("add", self.ada, self.ben)
        self._ask("add", self.ben, campaign=self.other)
        self._merge(self.cleo, self.ben)
        self.assertNotIn(ben, self.requests.search([]).mapped("res_id"))
        self._take()
        self.assertEqual(self._states(), {(self.ada.id, "running"), (self.cleo.id, "running")})
        self.assertEqual(self._states(self.other), {(self.cleo.id, "completed")})

    def test_the_order_is_that_of_the_one_record(self):
        """Added as one, removed as the other: what came last holds."""
        self._ask("add", self.ada)
        self._ask("remove", self.ben)
        self._ask("remove", self.cleo)
        self._ask("add", self.cleo)
        self._merge(self.ada, self.ben)
        self._take()
        self.assertEqual(self._states(), {(self.ada.id, "unlinked"), (self.cleo.id, "running")})

    def test_of_another_target_with_the_same_id_nothing_moves(self):
        contact = self.env["mailing.contact"].create({"name": "Of another target"})
        model = self.env["ir.model"]._get("mailing.contact")
        campaign = self._create_campaign(name="List", model_id=model.id, domain="[]")
        self._create_action(campaign, "Act")
        campaign.entry_ids.unlink()
        self._start(campaign)
        self._ask("add", contact, campaign=campaign)
        self.requests._follow_merge("res.partner", contact.ids, self.ada.id)
        self.assertEqual(self.requests.search([]).res_id, contact.id)

    def test_of_a_deleted_record_nothing_is_left(self):
        """Neither who asked nor the engine is told of it: the others are added, and nothing waits."""
        gone = self.env["res.partner"].create({"name": "Gone", "ref": "in"})
        self._ask("add", self.ada)
        self._take()
        self._ask("remove", gone)
        self._ask("add", gone, self.ben)
        self._ask("remove", gone, self.ada)
        gone.unlink()
        self._take()
        self.assertEqual(self._states(), {(self.ada.id, "unlinked"), (self.ben.id, "running")})
        self.assertFalse(self.campaign.failure_count)

    def test_whom_somebody_works_on_is_removed_next_time(self):
        self._ask("add", self.ada)
        self._take()
        self._ask("remove", self.ada)
        self._ask("add", self.ben, self.ada)
        with patch.object(type(self.campaign), "_remove_records", return_value=(set(), {self.ada.id})):
            self.assertEqual(self.campaign.sudo()._take_requests(self.start), 1)
        self.assertEqual(self.requests.search([]).mapped("res_id"), [self.ada.id] * 2, "what came later waits too")
        self._take()
        self.assertEqual(self._states(), {(self.ada.id, "unlinked"), (self.ben.id, "running")})

    def test_who_has_finished_stays_completed(self):
        self._ask("add", self.ada, campaign=self.other)
        self._take()
        self._ask("remove", self.ada, campaign=self.other)
        self._take()
        self.assertEqual(self._states(self.other), {(self.ada.id, "completed")})
