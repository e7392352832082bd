"""Workflows as people use them: onboarding in branches, a nurture flow of forty steps that comes as data."""

from datetime import timedelta

from odoo.tests import tagged

from .common import EXECUTION_CRON, MarketingAutomationCommon
from .nurture_flow import COLUMNS, OFFER, STEPS, WEEKS, make_lessons, make_rest, make_values

PEOPLE = 300


@tagged("post_install", "-at_install")
class TestNurture(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()  # what the actions do is done in their name
        cls.campaign = cls._create_campaign()

    # ------------------------------------------------------------
    # Onboarding
    # ------------------------------------------------------------

    def test_onboarding_in_branches(self):
        """Three ways to begin, by chance; who has bought is through, the others are asked again each week, twice."""
        split = self._create_activity(
            *(self.campaign, "First steps", "split", "begin", None),
            branch_ids=[(0, 0, {"name": name, "weight": 1}) for name in ("Video", "Call", "Nothing")],
        )
        video, call, nothing = split.branch_ids
        self._create_action(self.campaign, "Video", "branch", split, branch_id=video.id)
        self._create_action(self.campaign, "Call", "branch", split, branch_id=call.id)
        asked = self._create_activity(
            *(self.campaign, "Bought?", "condition", "activity", split),
            condition_domain="[('function', '=', 'buyer')]",
            interval_number=1,
            interval_type="weeks",
        )
        end = self._create_activity(self.campaign, "Bought", "end", "cond_yes", asked, end_reason="Became a customer")
        again = self._create_activity(
            *(self.campaign, "Ask again", "jump", "cond_no", asked),
            jump_activity_id=asked.id,
            jump_limit=2,
            interval_number=1,
            interval_type="weeks",
        )
        self._start(self.campaign)
        ada, ben, *_others = self.contacts
        for week in range(6):
            if week == 2:
                ada.function = "buyer"
            self._run_crons(self.start + timedelta(weeks=week), EXECUTION_CRON)
        people = self.campaign.sudo().participant_ids
        self.assertEqual(set(people.mapped("state")), {"completed"})
        ends = {person.res_id: person.end_reason for person in people if person.end_reason}
        self.assertEqual(ends, {ada.id: "End of the workflow: Became a customer"})
        self.assertEqual(len(self._trace(asked, ben)), 3)
        self.assertEqual((end.processed, again.processed), (1, 1 + 3 * 4))
        taken = sum(self.campaign.marketing_activity_ids.filtered("branch_id").mapped("processed"))
        left = split.sudo().trace_ids.filtered(lambda trace: trace.branch == str(nothing.id))
        self.assertEqual(taken + len(left), len(self.contacts))

    # ------------------------------------------------------------
    # A nurture flow as data
    # ------------------------------------------------------------

    def _load(self, rows):
        """Bring steps in as Odoo's import does."""
        result = self.env["marketing.activity"].with_user(self.marketer).load(COLUMNS, make_values(rows))
        self.assertFalse(result["messages"])

    def test_forty_steps_as_data(self):
        self.env["res.partner"].create(
            [
                {"name": f"Person {number}", "category_id": self.category.ids, "color": 7 if number % 3 == 0 else 1}
                for number in range(PEOPLE - len(self.contacts))
            ]
        )
        ids = self.campaign.id, self._create_server_action(code="pass").id
        self._load(make_lessons(*ids))
        branches = self.env.ref(OFFER).branch_ids
        discount = branches[1]
        self._load(make_rest(*ids, {branch.name: branch.id for branch in branches}))
        self.assertEqual(len(self.campaign.marketing_activity_ids), STEPS)
        self._start(self.campaign)
        for week in range(WEEKS):
            self._run_crons(self.start + timedelta(weeks=week), EXECUTION_CRON)
        people = self.campaign.sudo().participant_ids
        self.assertEqual(len(people), PEOPLE)
        self.assertEqual(set(people.mapped("state")), {"completed"})
        steps = {activity.name: activity for activity in self.campaign.marketing_activity_ids}
        on_discount = steps["Offer"].sudo().trace_ids.filtered(lambda trace: trace.branch == str(discount.id))
        self.assertTrue(60 <= len(on_discount.filtered(lambda trace: trace.visit == 1)) <= 180)
        buyers = people.filtered(lambda person: person.end_reason == "End of the workflow: Bought")
        self.assertEqual(set(buyers.mapped(lambda person: person.resource_ref.color)), {7})
        self.assertEqual(len(buyers), len(range(0, PEOPLE - len(self.contacts), 3)))
        self.assertEqual(steps["Lesson 5"].processed, PEOPLE)
        self.assertGreater(steps["Once more"].processed, 0)
        self.assertEqual(steps["Lesson 16"].processed - PEOPLE, len(self._gone(steps["Once more"])))

    def _gone(self, jump):
        return jump.sudo().trace_ids.filtered(lambda trace: trace.branch == "again")
