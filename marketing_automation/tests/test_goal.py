"""Goal and exit: who reaches what the campaign is for, who leaves, and what numbers say of it (journeys.md §5)."""

from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

CUSTOMER = "[('ref', '=', 'customer')]"
GONE = "[('ref', '=', 'gone')]"
DAY = timedelta(days=1)


@tagged("-at_install", "post_install")
class TestGoal(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts

    def _create_campaign_with_goal(self, **values):
        campaign = self._create_campaign(goal_domain=CUSTOMER, exit_domain=GONE, **values)
        self.first = self._create_email(campaign, "Welcome")
        self.second = self._create_action(
            campaign, "Remind", "activity", self.first, interval_number=2, interval_type="days"
        )
        return campaign

    def _sync(self, moment):
        self._run_crons(moment, ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, EXECUTION_CRON)

    def _people(self, campaign):
        """What became of each contact: (state, why, whether they have reached the goal)."""
        found = {}
        for contact in self.contacts:
            participant = self._participant(campaign, contact)
            found[contact.name] = (participant.state, participant.end_code, bool(participant.goal_date))
        return found

    def test_who_reaches_the_goal_has_finished_and_who_is_to_leave_leaves(self):
        campaign = self._create_campaign_with_goal()
        self.ben.ref, self.cleo.ref = "customer", "gone"
        preview = campaign.get_start_preview()
        self.assertEqual((preview["record_count"], preview["enroll_count"], preview["shared_count"]), (5, 3, 0))
        self.assertIn("2 have reached the goal already, or match the exit condition", preview["left_out"][0])
        self._start(campaign)
        self.assertEqual(len(campaign.sudo().participant_ids), 3)
        self._run_crons(self.start)
        self.ada.ref = "customer"
        self.dan.ref = "gone"
        self._sync(self.start + DAY)
        nobody = (False, False, False)
        self.assertEqual(
            self._people(campaign),
            {
                "Ada": ("completed", "goal_reached", True),
                "Ben": nobody,
                "Cleo": nobody,
                "Dan": ("unlinked", "exited", False),
                "Eve": ("running", False, False),
            },
        )
        self.assertTraces(self.second, {self.ada: "canceled", self.dan: "canceled", self.eve: "scheduled"})
        self.assertEqual(self._participant(campaign, self.ada).end_reason, "The goal was reached.")
        self.assertEqual((campaign.goal_count, round(campaign.goal_rate, 2)), (1, 0.33))
        self.assertIn("1 of 3 (33.3 %) have reached it, half of them within 24 hours", campaign.goal_numbers)
        self.ada.ref = False  # what was reached stays reached
        self._sync(self.start + 2 * DAY)
        self.assertEqual(campaign.goal_count, 1)

    def test_looked_at_before_each_step(self):
        campaign = self._create_campaign_with_goal()
        self._start(campaign)
        self._run_crons(self.start)
        self.ada.ref, self.ben.ref = "customer", "gone"
        self._run_crons(self.start + 2 * DAY, EXECUTION_CRON)
        self.assertTraces(
            self.second, {self.ada: "canceled", self.ben: "canceled", self.cleo: "processed", self.dan: "processed"}
        )
        self.assertEqual(self._people(campaign)["Ada"], ("completed", "goal_reached", True))
        self.assertEqual(self._people(campaign)["Ben"], ("unlinked", "exited", False))

    def test_a_goal_that_takes_people_out_of_the_filter_counts(self):
        campaign = self._create_campaign_with_goal(
            domain=f"[('category_id', 'in', {self.category.ids}), ('ref', '!=', 'customer')]"
        )
        self._start(campaign)
        self.ada.ref = self.ben.ref = "customer"
        self._run_crons(self.start, EXECUTION_CRON)
        self._sync(self.start + DAY)
        self.assertEqual(self._people(campaign)["Ada"], ("completed", "goal_reached", True))
        self.assertEqual(campaign.goal_count, 2)

    def test_who_goes_on_after_the_goal(self):
        campaign = self._create_campaign_with_goal(goal_leave=False)
        self._start(campaign)
        self.ada.ref = "customer"
        self._sync(self.start + DAY)
        self.assertEqual(self._people(campaign)["Ada"], ("running", False, True))
        self._run_crons(self.start + 3 * DAY)
        self.assertTraces(self.second, {self.ada: "processed", self.ben: "processed"})
        self.assertEqual(self._people(campaign)["Ada"], ("completed", False, True))

    def test_the_window_after_the_end(self):
        campaign = self._create_campaign_with_goal(goal_window_number=1, goal_window_unit="weeks")
        self._start(campaign)
        self._run_crons(self.start)
        self._run_crons(self.start + 2 * DAY)
        self.assertEqual(self._people(campaign)["Eve"], ("completed", False, False))
        self.eve.ref = "customer"
        self._sync(self.start + 5 * DAY)
        self.dan.ref = "customer"
        self._sync(self.start + 20 * DAY)
        self.assertEqual(self._people(campaign)["Eve"], ("completed", False, True))
        self.assertEqual(self._people(campaign)["Dan"], ("completed", False, False), "too late")

    def test_a_goal_of_behaviour_is_reached_as_it_happens(self):
        campaign = self._create_campaign_with_goal()
        campaign.write(
            {
                "goal_domain": False,
                "goal_behavior": {"lines": [{"event": "click", "link": "catalogue", "activity": self.first.id}]},
            }
        )
        self._start(campaign)
        self._run_crons(self.start)
        for contact in self.ada, self.ben:
            trace = self._trace(self.first, contact).mailing_trace_ids
            link = self.env["link.tracker"].search([("mass_mailing_id", "=", self.first.mass_mailing_id.id)], limit=1)
            if contact == self.ada:
                with self._at(self.start + DAY):
                    self.env["link.tracker.click"].sudo().create(
                        {"link_id": link.id, "mailing_trace_id": trace.id, "mass_mailing_id": trace.mass_mailing_id.id}
                    )
                    trace.set_clicked()
            else:
                with self._at(self.start + DAY):
                    trace.set_opened()
        self._run_crons(self.start + DAY, EXECUTION_CRON)
        self.assertEqual(self._people(campaign)["Ben"], ("running", False, False))
        self.assertIn("they clicked a link with “catalogue” in “Welcome”", campaign.goal_text)
        copy = campaign.copy()
        [line] = copy.goal_behavior["lines"]
        self.assertEqual(line["activity"], copy.marketing_activity_ids.filtered(lambda step: step.name == "Welcome").id)

    def test_an_end_that_is_the_goal(self):
        campaign = self._create_campaign()
        condition = self._create_activity(
            campaign, "Who?", "condition", "begin", None, condition_domain="[('name', '=', 'Ada')]", interval_number=0
        )
        for name, trigger, is_goal in (("Won", "cond_yes", True), ("Lost", "cond_no", False)):
            self._create_activity(campaign, name, "end", trigger, condition, interval_number=0, end_is_goal=is_goal)
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self._people(campaign)["Ada"], ("completed", "ended", True))
        self.assertEqual(self._people(campaign)["Ben"], ("completed", "ended", False))
        self.assertEqual(campaign.goal_count, 1)

    def test_numbers_by_step_and_branch(self):
        campaign = self._create_campaign(goal_domain=CUSTOMER)
        condition = self._create_activity(
            campaign, "Who?", "condition", "begin", None, condition_domain="[('name', '<', 'C')]", interval_number=0
        )
        step = self._create_action(campaign, "Call", "cond_yes", condition, interval_number=1, interval_type="days")
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.ada.ref = self.eve.ref = "customer"  # before the call; and at No
        self._sync(self.start + DAY)
        self.ben.ref = "customer"
        self._sync(self.start + 2 * DAY)
        cards = {card["name"]: card for card in campaign.get_workflow_cards()["cards"]}

        def numbers(name):
            return {m["name"]: m["count"] for m in cards[name]["metrics"] if m["name"].startswith("goal")}

        self.assertEqual(numbers("Who?"), {"goal:yes": 2, "goal:no": 1})
        self.assertEqual(numbers("Call"), {"goal": 1})
        for activity, metric, people in (
            (condition, "goal:yes", self.ada + self.ben),
            (condition, "goal:no", self.eve),
            (step, "goal", self.ben),
        ):
            action = activity.action_view_records(metric)
            found = self.env["marketing.participant"].search(action["domain"])
            self.assertEqual(set(found.mapped("res_id")), set(people.ids), metric)
        with self.assertRaisesRegex(UserError, "no number"):
            condition.action_view_records("goal:other")
        found = self.env["marketing.participant"].search(campaign.action_view_goal()["domain"])
        self.assertEqual(set(found.mapped("res_id")), set((self.ada + self.ben + self.eve).ids))

    def test_update_says_what_changes(self):
        campaign = self._create_campaign_with_goal()
        self._start(campaign)
        campaign.write({"goal_leave": False, "exit_domain": "[]", "goal_domain": "[('ref', '=', 'buyer')]"})
        self.assertTrue(campaign.require_sync)
        changes = "\n".join(campaign.get_update_preview()["changes"])
        self.assertIn("Who reaches it has finished. Now: Reached when Reference is", changes)
        self.assertIn("Now: nobody by an exit condition.", changes)
        self.ada.ref = "customer"
        self._sync(self.start + DAY)
        self.assertEqual(campaign.goal_count, 1, "the goal that runs")
        campaign.action_update_participants()
        self.ben.ref = "buyer"
        self._sync(self.start + 2 * DAY)
        self.assertEqual(self._people(campaign)["Ben"][2], True)

    def test_a_test_goes_its_way(self):
        campaign = self._create_campaign_with_goal()
        self.ada.ref = "customer"
        test = self.env["marketing.campaign.test"].with_user(self.marketer)
        wizard = test.create({"campaign_id": campaign.id, "res_id": self.ada.id, "confirmed": True})
        with self._at(self.start):
            tested = self.env["marketing.participant"].browse(wizard.action_launch_test()["res_id"])
            tested.with_user(self.marketer).trace_ids[:1].action_run_test()
        self.assertEqual((tested.state, tested.goal_date), ("running", False))

    def test_added_by_hand(self):
        campaign = self._create_campaign_with_goal()
        campaign.domain = f"[('category_id', 'in', {self.category.ids}), ('name', '!=', 'Ada')]"
        self._start(campaign)
        new = self.ben.copy({"name": "Fay", "ref": "customer", "category_id": [(6, 0, self.category.ids)]})
        wizard = self.env["marketing.campaign.enroll"].with_user(self.marketer)
        wizard = wizard.create({"model_name": "res.partner", "res_ids": new.ids, "campaign_id": campaign.id})
        with self._at(self.start):
            wizard.action_enroll()
        self.assertEqual(wizard.line_ids.reason, "goal")

    def test_what_cannot_be(self):
        campaign = self._create_campaign_with_goal()
        for values in (
            {"goal_domain": "nonsense"},
            {"exit_domain": "[('nothing', '=', 1)]"},
            {"goal_behavior": {"lines": [{"event": "dance"}]}},
            {"goal_window_number": -1},
            {"goal_window_number": 10**6},
            {"goal_window_unit": "years"},
        ):
            with self.subTest(values), self.assertRaises(Exception) as raised, self.env.cr.savepoint():
                campaign.write(values)
            self.assertIsInstance(raised.exception, (ValidationError, ValueError))
        campaign.goal_behavior = {"lines": [{"event": "click", "activity": self.first.id}]}
        self.first.unlink()
        with self.assertRaisesRegex(UserError, "The goal asks about a step that no longer exists"):
            self._start(campaign)

    def test_what_has_no_effect_asks_for_no_update(self):
        """The window of a goal that is none, the pause of who never enters again; once it has one, it is told."""
        campaign = self._create_campaign()
        self._create_action(campaign, "Note")
        self._start(campaign)
        campaign.write({"goal_window_number": 7, "goal_leave": False, "reentry_delay_number": 3})
        self.assertFalse(campaign.require_sync)
        self.assertEqual(campaign.get_update_preview()["changes"], [])
        campaign.goal_domain = CUSTOMER
        self.assertTrue(campaign.require_sync)
        [change] = campaign.get_update_preview()["changes"]
        self.assertIn("Before: There is no goal. Now: Reached when", change)
        with self._at(self.start):
            campaign.action_update_participants()
        campaign.goal_window_number = 8
        [change] = campaign.get_update_preview()["changes"]
        self.assertIn("until 7 days", change)
        self.assertIn("until 8 days", change)

    def test_a_goal_of_another_company_counts_there_alone(self):
        """A record's rule hides what its campaign's user may not see: the goal is asked with their rights."""
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        campaign = self._create_campaign_with_goal(company_id=self.env.company.id)
        self._start(campaign)
        self._run_crons(self.start)
        self.ada.ref = self.ben.ref = "customer"
        self.ben.company_id = elsewhere
        self.marketer.sudo().write({"company_ids": [(4, elsewhere.id)]})
        self._sync(self.start + DAY)
        self.assertTrue(self._participant(campaign, self.ada).goal_date)
        self.assertFalse(self._participant(campaign, self.ben).goal_date)
        self.assertEqual(campaign.goal_count, 1)
