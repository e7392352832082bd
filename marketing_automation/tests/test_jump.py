from collections import Counter
from datetime import datetime, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestJump(MarketingAutomationCommon):
    """Go to: participants go on at another step, as often as the limit allows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()  # what the actions do is done in their name
        cls.ada, cls.ben, cls.cleo, *_others = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.first = cls._create_action(cls.campaign, "First")
        cls.second = cls._create_action(cls.campaign, "Second", "activity", cls.first)
        cls.jump = cls._create_jump("Again", cls.second, cls.first, interval_number=1, interval_type="days")

    @classmethod
    def _create_jump(cls, name, parent, target, trigger_type="activity", **values):
        return cls._create_activity(
            cls.campaign, name, "jump", trigger_type, parent, jump_activity_id=target.id, **values
        )

    def _live(self, days=1):
        self._start(self.campaign)
        for day in range(days):
            self._run_crons(self.start + timedelta(days=day), EXECUTION_CRON)

    def _count(self, activity, record):
        return len(self._trace(activity, record).filtered(lambda trace: trace.state == "processed"))

    def _get_card(self, activity):
        self.env.invalidate_all()
        cards = self.campaign.with_user(self.marketer).get_workflow_cards()["cards"]
        return next(card for card in cards if card["id"] == activity.id)

    # ------------------------------------------------------------
    # How often
    # ------------------------------------------------------------

    def test_once_by_default(self):
        self.assertEqual(self.jump.jump_limit, 1)
        self._live(5)
        self.assertEqual([self._count(step, self.ada) for step in (self.first, self.second, self.jump)], [2, 2, 2])
        self.assertEqual(self.first.processed, 2 * len(self.contacts))
        self.assertEqual(set(self.campaign.sudo().participant_ids.mapped("state")), {"completed"})

    def test_as_often_as_it_may(self):
        self.jump.jump_limit = 3
        self._live(6)
        self.assertEqual(self._count(self.first, self.ada), 4)
        metrics = {metric["label"]: metric["count"] for metric in self._get_card(self.jump)["metrics"]}
        people = len(self.contacts)
        self.assertEqual(metrics, {"Came round": 3 * people, "Limit reached": people})

    def test_without_end(self):
        self.jump.jump_limit = 0
        self._live(10)
        self.assertEqual(self._count(self.first, self.ada), 10)
        self.assertEqual(set(self.campaign.sudo().participant_ids.mapped("state")), {"running"})

    def test_a_birthday_for_ever(self):
        """A year between two wishes, for years: also where the clock was put forward, and in a leap year."""
        self.jump.write({"jump_limit": 0, "interval_number": 12, "interval_type": "months"})
        self.campaign.user_id.tz = "Europe/Brussels"
        self._start(self.campaign)
        for year in range(8):
            self._run_crons(datetime(self.start.year + year, 6, 2), EXECUTION_CRON)
        dates = self._trace(self.first, self.ada).mapped("schedule_date")
        self.assertEqual(sorted({date.year for date in dates}), [2026 + year for year in range(8)])
        self.assertEqual(self._count(self.first, self.ada), 8)
        due = self._trace(self.jump, self.ada).filtered(lambda trace: trace.state == "scheduled").schedule_date
        self.assertEqual(due.year, 2034)

    def test_it_is_one_query_for_a_batch(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        counts = []
        for trace_ids in (self.jump.sudo().trace_ids[:1].ids, self.jump.sudo().trace_ids.ids):
            self.env.invalidate_all()
            traces = self.env["marketing.trace"].sudo().browse(trace_ids)
            before = self.cr.sql_log_count
            self.jump.sudo()._execute_jump(traces, self.start)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(*counts)

    # ------------------------------------------------------------
    # Several ways to one step
    # ------------------------------------------------------------

    def test_two_at_once(self):
        """Two ways come back at the same moment: both are gone, each once."""
        self._create_jump("Also", self.first, self.first, interval_number=1, interval_type="days")
        self._live(5)
        # twice by "Also", which the visits that "Again" brings pass too, and the other way round
        visits = Counter(self._trace(self.first, self.ada).mapped("state"))
        self.assertEqual(visits, {"processed": 3})
        numbers = self._trace(self.first, self.ada).mapped("visit")
        self.assertEqual(len(set(numbers)), 3)
        self.assertEqual(self._count(self.second, self.ada), 3)

    def test_one_of_two_by_turns(self):
        """Each way has a limit of its own, whichever was gone before."""
        condition = self._create_activity(
            self.campaign,
            "Ours",
            "condition",
            "activity",
            self.second,
            condition_domain="[('ref', '=', 'acted acted ')]",
            interval_number=1,
            interval_type="days",
        )
        self.jump.write({"parent_id": condition.id, "trigger_type": "cond_yes", "interval_number": 0})
        self._create_jump("Else", condition, self.first, "cond_no")
        self.first.server_action_id.sudo().code = "record.sudo().write({'ref': (record.ref or '') + 'acted '})"
        self.second.server_action_id.sudo().code = "pass"
        self.ada.ref = "acted "
        self._live(6)
        # first: "acted acted": yes; then three of them: no; then four: no, which has been gone once
        self.assertEqual(self._count(self.first, self.ada), 3)

    def test_a_loop_within_a_loop(self):
        inner = self._create_jump("Inner", self.second, self.second, interval_number=1)
        self.jump.write({"interval_number": 2, "interval_type": "days"})
        self.assertFalse(inner._get_start_errors())
        self._live(9)
        self.assertEqual(self._count(self.first, self.ada), 2)
        # once by the way from above for each visit of the first; once more by the inner way
        self.assertEqual(self._count(self.second, self.ada), 3)

    def test_forward(self):
        """It joins two branches: nobody comes round, and nothing has to wait."""
        self.jump.unlink()
        other = self._create_action(self.campaign, "Other")
        forward = self._create_jump("Join", other, self.second)
        self.assertFalse(forward._get_start_errors())
        self._live()
        self.assertEqual(self._count(self.second, self.ada), 2)
        self.assertEqual(forward.sentence, "As soon as “Other” was done: go on at “Second”.")
        self.assertEqual([metric["label"] for metric in self._get_card(forward)["metrics"]][0], "Went on")

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    def _get_problem(self, jump=None):
        return "\n".join((jump or self.jump)._get_start_errors())

    def test_nothing_waits(self):
        self.jump.interval_number = 0
        self.assertIn("“Again” goes back to “First”, and nothing between them waits", self._get_problem())
        with self.assertRaisesRegex(UserError, "nothing between them waits"):
            self.campaign.action_start_campaign()
        # at the step that is come back to nobody waits: they are there at once
        self.first.write({"interval_number": 1, "interval_type": "days"})
        self.assertIn("nothing between them waits", self._get_problem())
        self.second.interval_number = 1
        self.assertFalse(self._get_problem())

    def test_another_way_round(self):
        """One way to come back waits, another does not."""
        short = self._create_action(self.campaign, "Short", "activity", self.first)
        third = self._create_jump("Third", short, self.second)
        self.jump.interval_number = 0
        self.assertIn("nothing between them waits", self._get_problem())
        self.jump.interval_number = 1
        self.assertFalse(self._get_problem() + self._get_problem(third))

    def test_an_event_is_waited_for(self):
        email = self._create_email(self.campaign, "Mail")
        again = self._create_jump("Once more", email, email, "mail_click")
        self.assertFalse(self._get_problem(again))
        again.jump_limit = 0
        self.assertIn("without end: it has to take a day or more", self._get_problem(again))

    def test_less_than_a_day_without_end(self):
        self.jump.write({"jump_limit": 0, "interval_number": 23, "interval_type": "hours"})
        self.assertIn("without end: it has to take a day or more", self._get_problem())
        self.second.interval_number = 1
        self.assertFalse(self._get_problem())

    def test_itself_and_others(self):
        jump = self.jump.with_user(self.marketer)
        other = self._create_campaign(name="Other")
        step = self._create_action(other, "Theirs")
        with self.assertRaisesRegex(ValidationError, "goes to itself"):
            jump.jump_activity_id = jump
        with self.assertRaisesRegex(ValidationError, "“Theirs”, which is of another campaign"):
            jump.jump_activity_id = step
        for limit in (-1, 51, 10**6, 1.5, "many", [1], True):
            with self.subTest(limit), self.assertRaises(ValidationError):
                jump.write({"jump_limit": limit})

    def test_a_step_that_moves_away(self):
        """Not while a way leads to it: who sees this campaign may not see the other, and could not open it any more."""
        other = self._create_campaign(name="Other")
        target = self._create_action(self.campaign, "Target")
        self.jump.jump_activity_id = target
        with (
            self.assertRaisesRegex(ValidationError, "“Again” goes to “Target”, which is of another campaign"),
            self.cr.savepoint(),
        ):
            target.with_user(self.marketer).campaign_id = other
        self.jump.jump_activity_id = self.first
        target.with_user(self.marketer).campaign_id = other
        self.assertFalse(self._get_problem())

    def test_a_target_that_is_gone(self):
        target = self._create_action(self.campaign, "Target")
        self.jump.jump_activity_id = target
        self._live()
        target.action_remove()
        self.assertFalse(target.active)
        self.assertIn("“Again” goes to “Target”, which was removed", self._get_problem())
        with self.assertRaisesRegex(UserError, "which was removed"):
            self.campaign.action_update_participants()
        fresh = self._create_action(self.campaign, "Fresh")
        self.jump.jump_activity_id = fresh
        fresh.action_remove()
        self.assertIn("“Again” lacks Go to.", self._get_problem())

    def test_nothing_follows(self):
        self.assertEqual(self.jump._get_child_triggers(), [])
        offered = self.env["marketing.activity"].search(
            [("campaign_id", "=", self.campaign.id), ("may_be_followed", "=", True)]
        )
        self.assertEqual(offered, self.first | self.second)
        with self.assertRaisesRegex(ValidationError, "Nothing can follow “Again”"):
            self._create_action(self.campaign, "After", "activity", self.jump)
        with self.assertRaisesRegex(ValidationError, "Nothing can follow “First”"):
            self.first.activity_type = "jump"

    def test_a_campaign_that_one_may_not_see(self):
        """What is chosen is of this campaign: no name of another's shows."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        other = self.env["marketing.campaign"].create(
            {"name": "Secret", "model_id": self.model_partner.id, "company_id": company.id}
        )
        step = self._create_action(self.campaign, "Moved")
        step.sudo().campaign_id = other
        with self.assertRaises(AccessError):
            self.jump.with_user(self.marketer).jump_activity_id = step.id

    # ------------------------------------------------------------
    # Edits, copies, tests
    # ------------------------------------------------------------

    def test_an_edit_is_for_who_comes_then(self):
        """Who has gone the way before does not go again because it leads elsewhere now, nor since it may."""
        other = self._create_action(self.campaign, "Other", "activity", self.first)
        self._live(3)
        self.assertEqual(self._count(other, self.ada), 2)
        self.jump.write({"jump_activity_id": other.id, "jump_limit": 4})
        self.assertTrue(self.campaign.require_sync)
        changes = "\n".join(self.campaign.sudo()._get_changes())
        self.assertIn("“Again” goes to “Other” instead of “First”.", changes)
        self.assertIn("How often “Again” goes there: 4 instead of 1.", changes)
        with self._at(self.start + timedelta(days=3)):
            self.campaign.action_update_participants("run")
        self._run_crons(self.start + timedelta(days=9), EXECUTION_CRON)
        self.assertEqual((self._count(self.first, self.ada), self._count(other, self.ada)), (2, 2))

    def test_a_copy_goes_to_its_own_steps(self):
        copy = self.campaign.copy()
        jump = copy.marketing_activity_ids.filtered(lambda activity: activity.activity_type == "jump")
        self.assertEqual(jump.jump_activity_id.campaign_id, copy)
        self.assertEqual(jump.jump_activity_id.name, "First")

    def test_a_test_of_it(self):
        values = {"campaign_id": self.campaign.id, "res_id": self.ada.id, "confirmed": True}
        action = self.env["marketing.campaign.test"].with_user(self.marketer).create(values).action_launch_test()
        test = self.env["marketing.participant"].with_user(self.marketer).browse(action["res_id"])
        with self._at(self.start):
            for _step in range(6):
                test.trace_ids.filtered(lambda trace: trace.state == "scheduled").action_run_test()
        self.assertEqual(test.state, "completed")
        self.assertEqual(self._get_card(self.jump)["metrics"][0]["count"], 0, "tests are not counted")

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def test_words(self):
        when = "1 day after “Second” was done"
        self.assertEqual(self.jump.sentence, f"{when}: go back to “First”, once.")
        self.jump.jump_limit = 3
        self.assertEqual(self.jump.sentence, f"{when}: go to “First”, at most 3 times.")
        self.jump.jump_limit = 0
        self.assertEqual(self.jump.sentence, f"{when}: go to “First”, again and again.")

    def test_timeline(self):
        """Each round begins anew, and says which it is: it is no tree that grows for ever."""
        self._live(3)
        participant = self._participant(self.campaign, self.ada)
        rounds = participant.timeline_data["steps"]
        self.assertEqual([(step["name"], step["visit"]) for step in rounds], [("First", ""), ("First", "2nd time")])
        notes = [step["children"][0]["children"][0]["note"] for step in rounds]
        self.assertEqual(notes, ["Goes to “First”.", "It has gone to “First” as often as it may."])
        words = [participant._get_visit_words(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 112)]
        times = ["2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "112th"]
        self.assertEqual(words, ["", *(f"{time} time" for time in times)])
