"""Workflows as people use them: onboarding in branches, a nurture flow of forty steps that comes as data."""

from datetime import timedelta

from odoo.tests import tagged

from .common import EXECUTION_CRON, MarketingAutomationCommon

DAY = timedelta(days=1)
PEOPLE = 300
COLUMNS = [
    *("id", "name", "campaign_id/.id", "parent_id/id", "activity_type", "trigger_type", "interval_number"),
    *("interval_type", "server_action_id/.id", "condition_domain", "branch_ids/name"),
    *("branch_ids/weight", "branch_id/.id", "jump_activity_id/id", "jump_limit", "end_reason"),
]


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

    def _make_row(self, action):
        """Return what makes a row of the table."""

        def row(key, name, kind, trigger="activity", parent=None, number=0, unit="days", **values):
            return {
                "id": f"nurture.{key}",
                "name": name,
                "campaign_id/.id": self.campaign.id,
                "parent_id/id": f"nurture.{parent}" if parent else "",
                "activity_type": kind,
                "trigger_type": trigger,
                "interval_number": number,
                "interval_type": unit,
                "server_action_id/.id": action.id if kind == "action" else "",
                **{name.replace("__", "/"): value for name, value in values.items()},
            }

        return row

    def _rows(self, row):
        """Return eight weeks of two lessons each, and a test of two offers."""
        rows = [row("lesson0", "Lesson 0", "action", "begin")]
        for week in range(1, 17):
            before = f"lesson{week - 1}"
            rows.append(row(f"lesson{week}", f"Lesson {week}", "action", parent=before, number=3))
            if week <= 9:
                rows.append(row(f"note{week}", f"Note {week}", "action", parent=f"lesson{week}", number=1))
        branches = {"branch_ids__name": "Plain", "branch_ids__weight": 60}
        rows.append(row("offer", "Offer", "split", parent="lesson16", number=2, **branches))
        rows.append({"branch_ids/name": "Discount", "branch_ids/weight": 40})
        return rows

    def _rows_below(self, row, branches):
        """Return what follows each offer: a question, reminders, the way round, the ends."""
        rows = []
        for branch in branches:
            of = {"branch_id__.id": branch.id}
            branch = branch.name.lower()
            rows.append(row(f"{branch}_offer", f"Offer {branch}", "action", "branch", "offer", **of))
            domain = {"condition_domain": "[('color', '=', 7)]"}
            rows.append(row(f"{branch}_asked", "Bought?", "condition", "activity", f"{branch}_offer", 5, **domain))
            reason = {"end_reason": "Bought"}
            rows.append(row(f"{branch}_won", "Bought", "end", "cond_yes", f"{branch}_asked", **reason))
            for reminder in range(1, 3):
                parent, trigger = f"{branch}_reminder{reminder - 1}", "activity"
                if reminder == 1:
                    parent, trigger = f"{branch}_asked", "cond_no"
                rows.append(row(f"{branch}_reminder{reminder}", "Reminder", "action", trigger, parent, 4))
        jump = {"jump_activity_id__id": "nurture.lesson16", "jump_limit": 1}
        rows.append(row("again", "Once more", "jump", parent="discount_reminder2", number=10, **jump))
        rows.append(row("lost", "Lost", "end", parent="plain_reminder2", number=30, end_reason="Not interested"))
        rows.append(row("thanks", "Thank you", "action", parent="lesson16", number=1))
        return rows

    def _load(self, rows):
        """Bring steps in as Odoo's import does."""
        values = [[row.get(column, "") for column in COLUMNS] for row in rows]
        result = self.env["marketing.activity"].with_user(self.marketer).load(COLUMNS, values)
        self.assertFalse(result["messages"])

    def test_forty_steps_as_data(self):
        self.env["res.partner"].create(
            [
                {"name": f"Person {number}", "category_id": self.category.ids, "color": 7 if number % 3 == 0 else 1}
                for number in range(PEOPLE - len(self.contacts))
            ]
        )
        row = self._make_row(self._create_server_action(code="pass"))
        self._load(self._rows(row))
        plain, discount = self.env.ref("nurture.offer").branch_ids
        self._load(self._rows_below(row, plain | discount))
        self.assertEqual(len(self.campaign.marketing_activity_ids), 40)
        self._start(self.campaign)
        for day in range(0, 280, 7):
            self._run_crons(self.start + day * DAY, EXECUTION_CRON)
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
