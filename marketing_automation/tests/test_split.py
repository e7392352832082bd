from collections import Counter
from datetime import timedelta
from math import sqrt

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ..engine.split import choose_branch
from .common import EXECUTION_CRON, MarketingAutomationCommon

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestSplit(MarketingAutomationCommon):
    """A split: each participant takes one branch, by chance, and the same whenever it is asked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()  # what the actions do is done in their name
        cls.contacts += cls.env["res.partner"].create(
            [{"name": f"Person {number}", "category_id": cls.category.ids} for number in range(35)]
        )
        cls.campaign = cls._create_campaign()
        cls.split = cls._create_activity(cls.campaign, "Offer", "split", "begin", None)
        cls.first, cls.second = cls.split.branch_ids
        cls.child = cls._create_child("For A", cls.first)

    @classmethod
    def _create_child(cls, name, branch, **values):
        return cls._create_action(cls.campaign, name, "branch", branch.activity_id, branch_id=branch.id, **values)

    def _live(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)

    def _on(self, branch):
        """Return the participants who took a branch."""
        return self.split.sudo().trace_ids.filtered(lambda trace: trace.branch == str(branch.id)).participant_id

    def _get_card(self):
        self.env.invalidate_all()
        cards = self.campaign.with_user(self.marketer).get_workflow_cards()["cards"]
        return next(card for card in cards if card["id"] == self.split.id)

    # ------------------------------------------------------------
    # By chance, and repeatable
    # ------------------------------------------------------------

    def test_shares(self):
        """Within three standard deviations, for any weights; what is chosen is known for ever."""
        number = 20_000
        for weights in ({"a": 50, "b": 50}, {"a": 1, "b": 2, "c": 97}, {"a": 0, "b": 10}, dict.fromkeys("abcdefgh", 1)):
            for activity_id in (1, 2, 7_777):
                pairs = list(weights.items())
                counts = Counter(choose_branch(pairs, activity_id, person) for person in range(1, number + 1))
                for branch, weight in pairs:
                    share = weight / sum(weights.values())
                    with self.subTest(weights=weights, activity=activity_id, branch=branch):
                        deviation = 3 * sqrt(number * share * (1 - share))
                        self.assertLessEqual(abs(counts[branch] - number * share), deviation)
        self.assertEqual("".join(choose_branch([["a", 1], ["b", 1]], 1, person) for person in range(8)), "aaabbbaa")

    def test_splits_do_not_agree(self):
        """Who took A at one split takes A or B at the next, or at the next visit."""
        pairs = [["a", 1], ["b", 1]]
        for other in ((2, 1), (1, 2)):
            both = Counter(
                (choose_branch(pairs, 1, person), choose_branch(pairs, other[0], person, other[1]))
                for person in range(4_000)
            )
            for count in both.values():
                self.assertLessEqual(abs(count - 1_000), 3 * sqrt(4_000 * 0.25 * 0.75))

    def test_each_takes_one(self):
        self._live()
        people = self.campaign.sudo().participant_ids
        on_a, on_b = self._on(self.first), self._on(self.second)
        self.assertEqual(on_a | on_b, people)
        self.assertFalse(on_a & on_b)
        self.assertTrue(on_a and on_b)
        self.assertEqual(self.child.sudo().trace_ids.participant_id, on_a)
        weights = self.split.branch_weights
        for person in people:
            [trace] = self.split.sudo().trace_ids.filtered(lambda trace, person=person: trace.participant_id == person)
            self.assertEqual(trace.branch, choose_branch(weights, self.split.id, person.id))
        self.assertEqual(set(people.mapped("state")), {"completed"}, "a branch without steps is a control group")

    def test_it_costs_no_query_for_each(self):
        self._live()
        counts = []
        for trace_ids in (self.split.sudo().trace_ids[:1].ids, self.split.sudo().trace_ids.ids):
            self.env.invalidate_all()
            traces = self.env["marketing.trace"].sudo().browse(trace_ids)
            before = self.cr.sql_log_count
            self.split.sudo()._execute_split(traces, self.start)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_new_weights_are_for_newcomers(self):
        self._live()
        before = {branch: self._on(branch) for branch in self.split.branch_ids}
        self.first.weight, self.second.weight = 0, 10
        self.assertTrue(self.campaign.require_sync)
        changes = "\n".join(self.campaign.sudo()._get_changes())
        self.assertIn("The weights of “Offer” are A 0, B 10 instead of A 50, B 50", changes)
        more = self._create_child("More for A", self.first)
        with self._at(self.start):
            self.campaign.action_update_participants("run")
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual({branch: self._on(branch) for branch in self.split.branch_ids}, before)
        self.assertEqual(more.sudo().trace_ids.participant_id, before[self.first])
        self.env["res.partner"].create(
            [{"name": f"New {number}", "category_id": self.category.ids} for number in range(9)]
        )
        self._run_crons(self.start, "marketing_automation.ir_cron_campaign_sync_participants", EXECUTION_CRON)
        self.assertEqual(len(self._on(self.second)), len(before[self.second]) + 9)

    def test_until_the_update(self):
        """What runs has the weights of the last Start or Update."""
        self.split.interval_number = 1
        self._start(self.campaign)
        self.first.weight = 0
        self._run_crons(self.start + DAY, EXECUTION_CRON)
        self.assertTrue(self._on(self.first))

    def test_a_step_that_moves_to_another_branch(self):
        self.child.interval_number = 1
        self._live()
        self.child.branch_id = self.second
        with self._at(self.start):
            self.campaign.action_update_participants("run")
        states = {branch: set() for branch in self.split.branch_ids}
        for trace in self.child.sudo().trace_ids:
            states[self.first if trace.participant_id in self._on(self.first) else self.second].add(trace.state)
        self.assertEqual(states, {self.first: {"canceled"}, self.second: {"scheduled"}})

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    def test_branches(self):
        split = self.split.with_user(self.marketer)
        self.child.unlink()
        for commands, words in (
            ([Command.delete(self.second.id)], "has 1 branches: a split takes 2 to 8"),
            ([Command.create({"name": str(number)}) for number in range(7)], "has 9 branches"),
            ([Command.update(branch.id, {"weight": 0}) for branch in split.branch_ids], "are all 0"),
            ([Command.update(self.first.id, {"weight": -1})], "must be from 0 to 1000"),
            ([Command.update(self.first.id, {"weight": 1001})], "must be from 0 to 1000"),
            ([Command.update(self.first.id, {"weight": 1.5})], "whole number"),
            ([Command.update(self.first.id, {"name": " "})], "needs a name"),
        ):
            with self.subTest(words), self.assertRaises(ValidationError) as caught, self.env.cr.savepoint():
                split.write({"branch_ids": commands})
            self.assertIn(words, str(caught.exception))
            self.env.invalidate_all()
        split.branch_ids.with_user(self.marketer)[0].unlink()  # of it alone nobody can tell what comes next
        with self.assertRaisesRegex(UserError, "a split takes 2 to 8"):
            self.campaign.action_start_campaign()

    def test_a_branch_that_is_needed(self):
        with self.assertRaisesRegex(UserError, "“For A” follows it. Move or remove that first"):
            self.first.with_user(self.marketer).unlink()
        self._live()
        with self.assertRaisesRegex(UserError, "participants took it. With the weight 0"):
            self.second.with_user(self.marketer).unlink()
        with self.assertRaisesRegex(UserError, "stays with its step"):
            self.first.with_user(self.marketer).activity_id = self.child
        self.assertEqual(self.first.activity_id, self.split)

    def test_which_branch(self):
        other = self._create_activity(self.campaign, "Other", "split", "begin", None)
        with self.assertRaisesRegex(ValidationError, "Choose the branch of “Offer”"):
            self._create_action(self.campaign, "None", "branch", self.split)
        with self.assertRaisesRegex(ValidationError, "“A” is no branch of that"):
            self._create_action(self.campaign, "Wrong", "branch", self.split, branch_id=other.branch_ids[0].id)
        with self.assertRaisesRegex(ValidationError, "is no branch of that"):
            self._create_action(self.campaign, "After", "branch", self.child, branch_id=self.first.id)

    def test_branches_of_another_company(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        other = self.env["marketing.campaign"].create(
            {"name": "Secret", "model_id": self.model_partner.id, "company_id": company.id}
        )
        theirs = self.env["marketing.activity"].create(
            {"name": "Theirs", "campaign_id": other.id, "activity_type": "split", "trigger_type": "begin"}
        )
        branches = self.env["marketing.activity.branch"].with_user(self.marketer)
        self.assertFalse(branches.search([("activity_id", "=", theirs.id)]))
        with self.assertRaises(AccessError):
            theirs.branch_ids[0].with_user(self.marketer).write({"weight": 9})
        with self.assertRaises(AccessError):
            branches.create({"name": "Mine", "activity_id": theirs.id})

    # ------------------------------------------------------------
    # Made and copied
    # ------------------------------------------------------------

    def test_the_form_proposes_two(self):
        view = "marketing_automation.marketing_activity_view_form"
        context = {"default_campaign_id": self.campaign.id}
        with Form(self.env["marketing.activity"].with_user(self.marketer).with_context(**context), view) as form:
            form.name = "Fresh"
            form.activity_type = "split"
            self.assertEqual([line["name"] for line in form.branch_ids._records], ["A", "B"])
            with form.branch_ids.edit(1) as line:
                line.weight = 150
        self.assertEqual(form.record.branch_ids.mapped("share"), [0.25, 0.75])
        context |= {"default_parent_id": form.record.id, "default_trigger_type": "branch"}
        with Form(self.env["marketing.activity"].with_user(self.marketer).with_context(**context), view) as child:
            child.name = "Below"
            child.activity_type = "end"
            child.branch_id = form.record.branch_ids[1]
        self.assertEqual(child.record.trigger_label, "At once on the branch “B” of “Fresh”")

    def test_another_type_has_none(self):
        self.assertFalse(self.child.branch_ids)
        view = "marketing_automation.marketing_activity_view_form"
        context = {"default_campaign_id": self.campaign.id}
        with Form(self.env["marketing.activity"].with_user(self.marketer).with_context(**context), view) as form:
            form.name = "Undecided"
            form.activity_type = "split"
            form.activity_type = "end"
        self.assertFalse(form.record.branch_ids)

    def test_a_copy(self):
        self._create_child("For B", self.second)
        copy = self.campaign.copy()
        split = copy.marketing_activity_ids.filtered(lambda activity: activity.activity_type == "split")
        self.assertEqual(split.branch_ids.mapped("name"), ["A", "B"])
        self.assertFalse(split.branch_ids & self.split.branch_ids)
        children = {child.name: child.branch_id for child in split.child_ids}
        self.assertEqual(children, {"For A": split.branch_ids[0], "For B": split.branch_ids[1]})

    def test_what_is_deleted_together(self):
        branches = self.split.branch_ids
        self.split.unlink()
        self.assertFalse(branches.exists() or self.child.exists())

    # ------------------------------------------------------------
    # In words and numbers
    # ------------------------------------------------------------

    def test_words(self):
        self.first.weight = 150
        self.assertIn(": send each participant on by chance: A 75%, B 25%.", self.split.sentence)
        self.assertEqual(self.child.trigger_label, "At once on the branch “A” of “Offer”")
        self.assertEqual(self.child._get_badge()[0], "A · at once")
        self.child.write({"interval_number": 2, "interval_type": "days"})
        self.assertEqual(self.child.trigger_label, "2 days later on the branch “A” of “Offer”")
        self.first.name = "Discount"
        self.assertEqual(self.child.trigger_label, "2 days later on the branch “Discount” of “Offer”")
        offered = [(label, values) for _type, label, _tone, values in self.split._get_child_triggers()]
        self.assertEqual(
            offered,
            [("Discount", {"branch_id": self.first.id}), ("B", {"branch_id": self.second.id}), ("Either way", {})],
        )

    def test_numbers(self):
        self._live()
        numbers = {metric["label"]: metric["count"] for metric in self._get_card()["metrics"]}
        self.assertEqual(numbers, {"A": len(self._on(self.first)), "B": len(self._on(self.second))})
        action = self.split.with_user(self.marketer).action_view_records(f"branch:{self.first.id}")
        self.assertEqual(action["display_name"], "Offer: A")
        found = self.env["marketing.participant"].with_user(self.marketer).search(action["domain"])
        self.assertEqual(found, self._on(self.first))
        [step] = self._on(self.second)[0].timeline_data["steps"]
        self.assertEqual(step["note"], "Branch: B")
