"""The winner of a split: compared, looked for seldom, chosen by hand (journeys.md §6)."""

import json
from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..engine.split import choose_branch
from ..engine.workflow import Step
from .common import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

DAY = timedelta(days=1)
GOAL = "[('ref', '=', 'customer')]"


@tagged("post_install", "-at_install")
class TestWinner(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign(goal_domain=GOAL, goal_leave=False)
        cls.split = cls._create_activity(cls.campaign, "Offer", "split", "begin", None)
        cls.first, cls.second = cls.split.branch_ids

    @classmethod
    def _add_people(cls, number, name="Person"):
        values = [
            {"name": f"{name} {n}", "email": f"{name}{n}@people.example.com", "category_id": cls.category.ids}
            for n in range(number)
        ]
        people = cls.env["res.partner"].create(values)
        cls.env.flush_all()
        return people

    def _compare_by(self, metric, **values):
        self.split.write({"winner_metric": metric, "winner_after_number": 30, **values})

    def _sync(self, moment):
        self._run_crons(moment, ENROLMENT_CRON, EXECUTION_CRON)

    def _on(self, branch):
        """Return the contacts who took a branch."""
        taken = self.split.sudo().trace_ids.filtered(lambda trace: trace.branch == str(branch.id))
        return self.env["res.partner"].browse(taken.mapped("res_id"))

    def _buy(self, people):
        people.write({"ref": "customer"})
        self.env.flush_all()

    def _verdict(self):
        return self.split.with_user(self.marketer)._get_verdict()

    def _card(self):
        self.env.invalidate_all()
        cards = self.campaign.with_user(self.marketer).get_workflow_cards()["cards"]
        return next(card for card in cards if card["id"] == self.split.id)

    # ------------------------------------------------------------
    # By the engine
    # ------------------------------------------------------------

    def test_by_the_goal(self):
        """The better branch takes everybody who comes later; who has taken another one stays there."""
        self._add_people(75)
        self._compare_by("goal")
        self._start(self.campaign)
        self._sync(self.start)
        self.assertRegex(
            self._verdict(),
            "Too early to say: the first look comes after 30 participants. Who has come since .* counts, a day later.",
        )
        self._buy(self._on(self.second)[:25])
        self._buy(self._on(self.first)[:2])
        self._sync(self.start + DAY / 2)
        self.assertFalse(self.split.experiment_look, "nobody has been in for a day")
        self._sync(self.start + 2 * DAY)
        self.assertEqual(self.split.winner_branch_id, self.second)
        self.assertGreater(self.split.winner_probability, 0.9875)
        self.assertRegex(self._verdict(), "“B” has won on .*: it is the best with 99.9 %. Everybody takes it.")
        told = self.env["mail.message"].search([("subject", "=", "Prospection: “Offer” is decided")])
        self.assertEqual(told.notified_partner_ids, self.campaign.user_id.partner_id)
        self.assertIn("“B” has won", told.body)
        before = len(self._on(self.first))
        self._add_people(12, "Later")
        self._sync(self.start + 3 * DAY)
        self.assertEqual((len(self._on(self.first)), len(self._on(self.second))), (before, 80 - before + 12))
        step = self.split._get_running_step()
        foreseen = [self.split._foresee_split(step, str(id_), self.campaign) for id_ in self.split.branch_ids.ids]
        self.assertEqual(foreseen, [0, 1])
        card = self._card()["experiment"]
        self.assertEqual([line["won"] for line in card["lines"]], [False, True])
        self.assertRegex(card["lines"][1]["text"], r"B: Goal \d+\.\d %")
        self.assertIn("fa-trophy", self.split.with_user(self.marketer).experiment_results)
        self._buy(self._on(self.first))  # what is decided stays
        self._sync(self.start + 9 * DAY)
        self.assertEqual(self.split.winner_branch_id, self.second)
        self.assertFalse(self.campaign.require_sync)

    def test_too_early_then_a_draw(self):
        self._add_people(35)
        self._compare_by("goal", winner_deadline_days=5)
        self._start(self.campaign)
        self._sync(self.start)
        self._buy(self._on(self.first)[:5] + self._on(self.second)[:6])
        self._sync(self.start + 1.5 * DAY)
        self.assertEqual(self.split.experiment_look["look"], 1)
        self.assertRegex(
            self._verdict(),
            "Too early to say: “[AB]” is better with .* %, and this look takes 98.7 %. Each look takes more, so that "
            "of 100 splits whose branches are alike at most 5 get a winner. The next one comes after 80 participants.",
        )
        self._sync(self.start + 2 * DAY)
        self.assertEqual(self.split.experiment_look["look"], 1, "the same people are not looked at again")
        self._sync(self.start + 5 * DAY)
        self.assertTrue(self.split.winner_date)
        self.assertFalse(self.split.winner_branch_id)
        self.assertRegex(self._verdict(), "A draw on .*: no branch was the best for sure")
        before = len(self._on(self.first)), len(self._on(self.second))
        self._add_people(20, "Later")
        self._sync(self.start + 6 * DAY)
        after = len(self._on(self.first)), len(self._on(self.second))
        self.assertTrue(all(now > then for now, then in zip(after, before, strict=True)))

    def test_by_messages(self):
        """The first message of each branch counts, a day after it was sent; what machines do does not."""
        self._add_people(11)
        mails = [
            self._create_email(self.campaign, f"For {branch.name}", "branch", self.split, branch_id=branch.id)
            for branch in self.split.branch_ids
        ]
        self._compare_by("clicked", winner_after_number=12)
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON, MAIL_CRON, EXECUTION_CRON)
        with self._at(self.start):
            for mail, origin in zip(mails, ("machine", "person"), strict=True):
                traces = mail.sudo().trace_ids
                traces.env["marketing.trace.event"].record_events("click", traces.ids, "link", origin=origin)
        self._sync(self.start + DAY / 2)
        self.assertFalse(self.split.experiment_look, "nobody's message is a day old")
        self._sync(self.start + 1.5 * DAY)
        sent = [len(mail.sudo().trace_ids) for mail in mails]
        tallies = self.split.experiment_look["tallies"]
        self.assertEqual([tallies[str(branch.id)] for branch in self.split.branch_ids], [[sent[0], 0], [sent[1]] * 2])
        self.assertEqual(self.split.winner_branch_id, self.second)
        self.assertIn("B: Clicked 100.0 %", self._card()["experiment"]["lines"][1]["text"])
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.split.with_user(self.marketer).with_context(lang="fr_FR")
        self.assertIn("100,0 %", french.experiment_results, "as its reader writes numbers")

    def test_three_branches_and_3000_people(self):
        """One branch leads 12 of 100 to the goal, the others 6 and 5: the better one wins within a month."""
        self.split.write({"branch_ids": [Command.create({"name": "C"})]})
        rates = dict(zip(map(str, self.split.branch_ids.ids), (6, 5, 12), strict=True))
        self._compare_by("goal", winner_after_number=500)
        self._start(self.campaign)
        for day in range(3, 31, 3):
            self.env.cr.execute(
                """
                WITH people AS (
                     INSERT INTO res_partner (name, complete_name, active, type, ref)
                     SELECT 'Somebody', 'Somebody', TRUE, 'contact', 'new' FROM generate_series(1, 300) RETURNING id)
                INSERT INTO res_partner_res_partner_category_rel (partner_id, category_id) SELECT id, %s FROM people
                """,
                [self.category.id],
            )
            self.env.invalidate_all()
            self._sync(self.start + day * DAY)
            if self.split.winner_branch_id:
                break
            self.env.cr.execute(
                """
                UPDATE res_partner r
                   SET ref = CASE WHEN number * 37 %% 100 < (%s::jsonb ->> branch)::int THEN 'customer' END
                  FROM (SELECT t.res_id, t.branch, row_number() OVER (PARTITION BY t.branch ORDER BY t.id) AS number
                          FROM marketing_trace t WHERE t.activity_id = %s) AS taken
                 WHERE r.id = taken.res_id AND r.ref = 'new'
                """,
                [json.dumps(rates), self.split.id],
            )
        self.assertEqual(self.split.winner_branch_id.name, "C")
        self.assertLess(day, 30)
        self._add_people(9, "Later")
        before = len(self._on(self.split.branch_ids[2]))
        self._sync(self.start + 31 * DAY)
        self.assertEqual(len(self._on(self.split.branch_ids[2])), before + 9)

    # ------------------------------------------------------------
    # By hand
    # ------------------------------------------------------------

    def test_by_hand_and_back(self):
        first = self.first.with_user(self.marketer)
        with self.assertRaisesRegex(UserError, "The campaign does not run"):
            first.action_choose_winner()
        self._start(self.campaign)
        self.assertTrue(first.may_win)
        first.action_choose_winner()
        self.assertFalse(first.may_win)
        self.assertIn("“A” was chosen by hand on", self._verdict())
        foreseen = self.campaign.sudo()._apply_winners(self.campaign.sudo()._get_workflow())
        self.assertEqual(foreseen.steps[self.split.id].settings["weights"], [[str(self.first.id), 1]])
        self._sync(self.start)
        self.assertEqual((len(self._on(self.first)), len(self._on(self.second))), (5, 0))
        with self.assertRaisesRegex(UserError, "everybody takes it now"):
            first.unlink()
        self.split.with_user(self.marketer).action_clear_winner()
        self.assertFalse(self.split.winner_branch_id or self.split.winner_date)
        self._add_people(20)
        self._sync(self.start)
        self.assertTrue(self._on(self.second))
        self.split.write({"branch_ids": [Command.create({"name": "C"})]})
        with self.assertRaisesRegex(UserError, "“C” does not run yet: press Update first"):
            self.split.branch_ids[2].with_user(self.marketer).action_choose_winner()

    def test_other_weights_begin_anew(self):
        self._start(self.campaign)
        self.second.with_user(self.marketer).action_choose_winner()
        self.split.with_user(self.marketer).winner_metric = "goal"
        changes = "\n".join(self.campaign.sudo()._get_changes())
        self.assertIn(
            "Before: no winner. Now: the winner by “The goal is reached”, first looked for after 200", changes
        )
        with self._at(self.start + DAY):
            self.campaign.action_update_participants()
        self.assertEqual(self.split.winner_branch_id, self.second)
        self.first.weight = 10
        self.assertIn("“B” no longer takes everybody at “Offer”", "\n".join(self.campaign.sudo()._get_changes()))
        with self._at(self.start + 2 * DAY):
            self.campaign.action_update_participants()
        self.assertFalse(self.split.winner_branch_id)
        self.assertEqual(self.split.experiment_start, self.start + 2 * DAY)

    def test_a_test_goes_where_it_is_sent(self):
        self._start(self.campaign)
        self.second.with_user(self.marketer).action_choose_winner()
        weights = self.split._weigh(self.split._get_running_step())
        self.assertEqual({choose_branch(weights, self.split.id, person) for person in range(9)}, {str(self.second.id)})
        gone = Step(self.split.id, None, "split", "begin", 0, "hours", "[]", settings={"weights": [["0", 1]]})
        self.assertEqual(self.split._weigh(gone), [["0", 1]], "a branch that does not run takes nobody")

    # ------------------------------------------------------------
    # Who got nothing
    # ------------------------------------------------------------

    def test_more_than_who_got_nothing(self):
        self._add_people(95)
        self._create_activity(self.campaign, "Gift", "end", "branch", self.split, branch_id=self.first.id)
        self._start(self.campaign)
        self._sync(self.start)
        self.assertFalse(self._card()["experiment"], "nobody has bought: there is nothing to tell")
        self._buy(self._on(self.first)[:1])
        self._sync(self.start)
        [words] = self._card()["experiment"]["verdict"]
        self.assertRegex(words, r"between \d+ fewer and \d+ more in 100 reach the goal than of “B”, who got nothing")
        self._buy(self._on(self.first)[:20])
        self._sync(self.start)
        [words] = self._card()["experiment"]["verdict"]
        self.assertRegex(words, r"“A”: between \d+ and \d+ more in 100 reach the goal than of “B”, who got nothing")
        self.assertIn(words, self.split.with_user(self.marketer).experiment_results)

    def test_differences_in_words(self):
        for low, high, words in (
            (0.02, 0.09, "between 2 and 9 more in 100"),
            (-0.012, 0.05, "between 1 fewer and 5 more in 100"),
            (-0.09, -0.02, "between 2 and 9 fewer in 100"),
            (0.0012, 0.0042, "between 1 and 4 more in 1,000"),
            (0.00012, 0.00042, "between 1 and 4 more in 10,000"),
        ):
            self.assertEqual(self.split._describe_difference(low, high), words)

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    def test_what_is_refused(self):
        split = self.split.with_user(self.marketer)
        for values, words in (
            ({"winner_confidence": 79}, "is 79 %: it must be from 80 to 99"),
            ({"winner_confidence": 100}, "it must be from 80 to 99"),
            ({"winner_after_number": -1}, "“First Look After” of “Offer” is a number from 0 to 1,000,000"),
            ({"winner_after_number": 0}, "never looks for its winner"),
            ({"winner_after_days": 30}, "ends in a draw before it looks"),
            ({"winner_deadline_days": 1_001}, "is a number from 0 to 1,000"),
        ):
            with self.subTest(words), self.assertRaises(ValidationError) as caught, self.env.cr.savepoint():
                split.write({"winner_metric": "goal", **values})
            self.assertIn(words, str(caught.exception))
        split.winner_metric = "goal"
        self.assertFalse(split._get_start_errors())
        self.second.weight = 0
        self.assertIn("of one alone there is no winner", split._get_start_errors()[0])
        self.second.weight = 50
        self.campaign.goal_domain = False
        self.assertIn("finds its winner by the goal: the campaign has none", split._get_start_errors()[0])
        split.winner_metric = "opened"
        self.assertIn("fewer than two of its branches have one", split._get_start_errors()[0])
        with self.assertRaisesRegex(UserError, "fewer than two of its branches have one"):
            self.campaign.action_start_campaign()

    def test_only_the_engine_decides(self):
        for values in (
            {"winner_branch_id": self.first.id},
            {"winner_date": self.start},
            {"winner_probability": 1},
            {"experiment_start": self.start},
            {"experiment_look": {"look": 1}},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                self.split.with_user(self.marketer).write(values)
