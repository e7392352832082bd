from datetime import timedelta

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import ENROLMENT_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestReentry(MarketingAutomationCommon):
    """Who enters a campaign once more: by the filter, and by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, *_others = cls.contacts
        cls.campaign = cls._create_campaign(reentry="after_end")
        cls.email = cls._create_email(cls.campaign, "Welcome")

    def _runs(self, record):
        return self._participant(self.campaign, record).sorted("run")

    def _states(self, record):
        return self._runs(record).mapped("state")

    def _hours(self, number):
        return self.start + timedelta(hours=number)

    def _enroll(self, record, hours):
        with self._at(self._hours(hours)):
            result = self.campaign.action_enroll(record.ids)
        self.env.invalidate_all()
        return result

    def _sync(self, hours):
        self._run_crons(self._hours(hours), ENROLMENT_CRON)

    def _let_out_and_in(self, record, hours):
        """Have a record stop matching the filter, and match it again, each seen."""
        record.category_id = False
        self._sync(hours)
        record.category_id = self.category
        self._sync(hours + 1)

    # -- the modes

    def test_never_is_the_default(self):
        campaign = self._create_campaign()
        self.assertEqual((campaign.reentry, campaign.reentry_delay_number, campaign.reentry_limit), ("never", 0, 0))
        self.campaign.reentry = "never"
        self._start(self.campaign)
        self._run_crons(self.start)
        self._let_out_and_in(self.ada, 1)
        self.assertEqual(self._enroll(self.ada, 3), {"enrolled": [], "left_out": [self.ada.id]})
        self.assertEqual(self._states(self.ada), ["completed"])

    def test_by_hand_once_they_have_finished(self):
        self._start(self.campaign)
        self.assertEqual(self._enroll(self.ada, 0)["left_out"], self.ada.ids)  # they are inside
        self._run_crons(self.start)
        self.assertEqual(self._enroll(self.ada, 1)["enrolled"], self.ada.ids)
        self.assertEqual(self._states(self.ada), ["completed", "running"])
        self.assertEqual(self._runs(self.ada).mapped("run"), [1, 2])
        self.assertEqual(self._runs(self.ada).mapped("is_past_run"), [True, False])
        # what was sent in the first passage is no duplicate
        self.assertEqual(len(self._run_crons(self._hours(1))), 1)
        self.assertEqual(self._enroll(self.ada, 2)["enrolled"], self.ada.ids)
        self.assertEqual(self._runs(self.ada).mapped("run"), [1, 2, 3])

    def test_who_was_removed_is_let_in_by_hand_alone(self):
        self.campaign.write({"reentry_delay_number": 1, "reentry_delay_unit": "hours"})
        self._start(self.campaign)
        self._run_crons(self.start)
        with self._at(self.start):
            self._runs(self.ada).with_user(self.marketer).action_remove()
        self._sync(2)
        self.assertEqual(self._states(self.ada), ["unlinked"])
        self.assertEqual(self._states(self.ben), ["completed", "running"])
        self.assertEqual(self._enroll(self.ada, 2)["enrolled"], self.ada.ids)
        self.assertEqual(self._states(self.ada), ["unlinked", "running"])

    def test_restart(self):
        self.campaign.reentry = "restart"
        later = self._create_email(self.campaign, "Later", "activity", self.email, interval_number=2)
        self._start(self.campaign)
        self._run_crons(self.start)
        self.assertEqual(self._enroll(self.ada, 1)["enrolled"], self.ada.ids)
        first, second = self._runs(self.ada)
        self.assertEqual((first.state, first.end_code, first.date_end), ("unlinked", "restarted", self._hours(1)))
        self.assertEqual(first.end_reason, "The record entered the campaign again and began anew.")
        waited = later.sudo().trace_ids.filtered(lambda trace: trace.participant_id == first)
        self.assertEqual((waited.state, waited.end_code), ("canceled", "restarted"))
        self.assertEqual((second.state, second.run, second.source), ("running", 2, "hand"))
        self.assertEqual(len(self._run_crons(self._hours(1))), 1)

    # -- by the filter

    def test_the_filter_lets_in_who_had_stopped_matching(self):
        self.campaign.leave_on_mismatch = False
        self._start(self.campaign)
        self._run_crons(self.start)
        self._sync(1)
        self.assertEqual(self._states(self.ada), ["completed"])  # it matched all the time
        self._let_out_and_in(self.ada, 2)
        self.assertEqual(self._states(self.ada), ["completed", "running"])
        self.assertEqual(self._states(self.ben), ["completed"])
        self._run_crons(self._hours(4))
        self._sync(5)
        self.assertEqual(self._states(self.ada), ["completed", "completed"])
        self._let_out_and_in(self.ada, 6)
        self.assertEqual(self._states(self.ada), ["completed", "completed", "running"])

    def test_who_left_by_the_filter_begins_anew(self):
        """Where nobody enters again they go on where they were."""
        self._create_email(self.campaign, "Later", "activity", self.email, interval_number=9)
        self._start(self.campaign)
        self._run_crons(self.start)
        self._let_out_and_in(self.ada, 1)
        self.assertEqual(self._states(self.ada), ["unlinked", "running"])
        self.assertEqual(self._runs(self.ada)[0].end_code, "left_filter")

    def test_within_the_delay_they_go_on_where_they_were(self):
        self.campaign.write({"reentry_delay_number": 1, "reentry_delay_unit": "days"})
        self._create_email(self.campaign, "Later", "activity", self.email, interval_number=9)
        self._start(self.campaign)
        self._run_crons(self.start)
        self._let_out_and_in(self.ada, 1)
        self.assertEqual(self._states(self.ada), ["running"])
        self.assertEqual(self._enroll(self.ada, 3)["left_out"], self.ada.ids)
        self.ada.category_id = False
        self._sync(4)
        self.ada.category_id = self.category
        self._sync(25)
        self.assertEqual(self._states(self.ada), ["unlinked", "running"])

    def test_after_the_delay_who_still_matches_enters_again(self):
        self.campaign.write({"reentry_delay_number": 30, "reentry_delay_unit": "days"})
        self._start(self.campaign)
        self._run_crons(self.start)
        self.ben.category_id = False
        self._sync(24 * 30 - 1)
        self.assertEqual(self._states(self.ada), ["completed"])
        self._sync(24 * 30)
        self.assertEqual(self._states(self.ada), ["completed", "running"])
        self.assertEqual(self._states(self.ben), ["completed"])
        self._run_crons(self._hours(24 * 30))
        self._sync(24 * 31)
        self.assertEqual(self._states(self.ada), ["completed", "completed"])

    def test_a_restart_by_the_filter(self):
        self.campaign.write({"reentry": "restart", "leave_on_mismatch": False})
        self._create_email(self.campaign, "Later", "activity", self.email, interval_number=9)
        self._start(self.campaign)
        self._run_crons(self.start)
        self._let_out_and_in(self.ada, 1)
        self.assertEqual(self._states(self.ada), ["unlinked", "running"])
        self.assertEqual(self._states(self.ben), ["running"])

    # -- limit and unicity

    def test_the_limit(self):
        self.campaign.reentry_limit = 1
        self._start(self.campaign)
        self._run_crons(self.start)
        self._let_out_and_in(self.ada, 1)
        self._run_crons(self._hours(3))
        self.assertEqual(self._enroll(self.ada, 4)["left_out"], self.ada.ids)
        self._let_out_and_in(self.ada, 5)
        self.assertEqual(self._states(self.ada), ["completed", "completed"])
        self.assertEqual(self._enroll(self.ben, 7)["enrolled"], self.ben.ids)

    def test_one_open_passage_of_a_value(self):
        self.campaign.unique_by = "email"
        twin = self.ada.copy({"name": "Twin", "email": self.ada.email, "category_id": self.category.ids})
        self._start(self.campaign)
        self.assertFalse(self._runs(twin))
        self.assertEqual(self._enroll(twin, 0)["left_out"], twin.ids)
        self._run_crons(self.start)
        self._sync(1)
        self.assertFalse(self._runs(twin))  # the filter brings nobody whose value was there all the time
        self.assertEqual(self._enroll(self.ada + twin, 1)["enrolled"], self.ada.ids)
        self._run_crons(self._hours(1))
        self.assertEqual(self._enroll(twin, 2)["enrolled"], twin.ids)
        self.assertEqual(self._runs(twin).mapped("run"), [3])
        participant = self._runs(twin).with_user(self.marketer)
        self.assertEqual((participant.run_group, participant.run_words), ("Ada (2nd time)", ""))
        self.assertEqual(self._runs(self.ada)[0].with_user(self.marketer).run_group, "Twin (3rd time)")
        self.assertEqual(self._enroll(self.ada, 2)["left_out"], self.ada.ids)

    def test_a_restart_ends_who_has_the_same_value(self):
        self.campaign.write({"reentry": "restart", "unique_by": "email"})
        twin = self.ada.copy({"name": "Twin", "email": self.ada.email, "category_id": self.category.ids})
        self._start(self.campaign)
        self.assertEqual(self._enroll(twin, 1)["enrolled"], twin.ids)
        self.assertEqual((self._states(self.ada), self._states(twin)), (["unlinked"], ["running"]))

    # -- campaigns that add to each other

    def _make_circle(self, **values):
        """Have two campaigns add to each other by their only step."""
        campaigns = [self._create_campaign(name=name, reentry="after_end", **values) for name in ("There", "Back")]
        for campaign, other in zip(campaigns, reversed(campaigns), strict=True):
            action = self._create_server_action(
                name="Hand over", state="marketing_enroll", code=False, marketing_campaign_id=other.id
            )
            self._create_activity(campaign, "Hand over", "action", "begin", None, server_action_id=action.id)
        campaigns[0].domain = repr([("id", "=", self.ada.id)])
        campaigns[1].entry_ids = False
        return campaigns

    def _go_round(self, campaigns, hours):
        for turn in range(6):
            for campaign in campaigns:
                self._execute(campaign, self._hours(hours) + timedelta(minutes=turn))

    def _count_passages(self, campaigns):
        return [len(campaign.sudo().participant_ids) for campaign in campaigns]

    def test_a_circle_is_told_and_goes_round_once_a_day(self):
        there, back = self._make_circle()
        warning = there.get_start_preview()["warnings"][0]
        self.assertIn("go round: “There” by “Hand over”, “Back” by “Hand over”.", warning)
        self.assertIn("once a day at most", warning)
        self._start(back)
        self._start(there)
        self._go_round([there, back], 0)
        self.assertEqual(self._count_passages([there, back]), [1, 1])
        with self._at(self._hours(25)):
            there.action_enroll(self.ada.ids)
        self._go_round([there, back], 25)
        self.assertEqual(self._count_passages([there, back]), [2, 2])
        self.assertEqual(back.sudo().participant_ids.mapped("source"), ["step", "step"])

    def test_a_circles_refusal_is_told_on_the_timeline(self):
        """Of whom the other campaign does not take in, the step says why; of whom it takes in, nothing."""
        there, back = self._make_circle()
        self._start(back)
        self._start(there)
        self._go_round([there, back], 0)
        notes = [self._get_note(campaign) for campaign in (there, back)]
        self.assertEqual(notes[0], "")
        with self._at(self._hours(2)):
            [held_up, nobody] = [campaign.get_workflow_cards()["held_up"] for campaign in (there, back)]
        self.assertRegex(held_up, "^Not entered today: 1 who would go round")
        self.assertFalse(nobody)
        with self._at(self._hours(24)):
            self.assertFalse(there.get_workflow_cards()["held_up"])
        self.assertIn("Not added to “There”: it was too soon after the last time", notes[1])
        with self._at(self._hours(25)):
            there.action_enroll(self.ada.ids)
        self._go_round([there, back], 25)
        self.assertEqual(self._get_note(there), "", "it came in this time")
        second = self.env["res.company"].create({"name": "Second"})
        self.env.flush_all()
        self.env.cr.execute("UPDATE marketing_campaign SET company_id = %s WHERE id = %s", [second.id, there.id])
        self.assertIn("Not added to “another campaign”", self._get_note(back))

    def test_why_a_step_brings_nobody_in(self):
        other = self._create_campaign(name="Other", domain="[('ref', '=', 'in')]", entry_ids=[])
        self._create_action(other, "Later", interval_number=9, interval_type="days")
        action = self._create_server_action(
            name="Hand over", state="marketing_enroll", code=False, marketing_campaign_id=other.id
        )
        self._create_activity(self.campaign, "Hand over", "action", "begin", None, server_action_id=action.id)
        self.campaign.reentry = "restart"
        self._start(other)
        notes = []
        for hours, ref, values in (
            (0, "out", {}),
            (1, "in", {}),
            (2, "in", {}),
            (3, "in", {"reentry": "after_end"}),
            (6, "in", {"reentry": "restart", "reentry_limit": 1}),
            (9, "in", {}),
        ):
            self.ada.ref = ref
            other.write(values)
            with self._at(self._hours(hours)):
                other.action_update_participants()
            self.env.flush_all()
            if self.campaign.state == "draft":
                self._start(self.campaign, self._hours(hours))
            else:
                self._enroll(self.ada, hours)
            self._execute(self.campaign, self._hours(hours))
            self._execute(other, self._hours(hours))
            notes.append(self._get_note(self.campaign))
        words = ["did not match", "", "nobody enters a second time", "still inside", "", "as often as it may"]
        for note, expected in zip(notes, words, strict=True):
            self.assertIn(expected, note) if expected else self.assertEqual(note, "")

    def _get_note(self, campaign):
        """Return what the timeline says of the handover of Ada's last time in a campaign."""
        self.env.invalidate_all()
        last = self._participant(campaign, self.ada).sorted("run")[-1:].with_user(self.marketer)
        [step] = [step for step in last.timeline_data["steps"] if step["name"] == "Hand over"]
        return step["note"]

    def test_a_circle_goes_round_as_often_as_the_limit(self):
        there, back = self._make_circle(reentry_limit=2)
        self.assertIn("2 time(s) at most", there.get_start_preview()["warnings"][0])
        self._start(back)
        self._start(there)
        self._go_round([there, back], 0)
        self.assertEqual(self._count_passages([there, back]), [3, 3])

    def test_a_circle_through_what_the_user_does_not_see(self):
        """It is told, and the name of the other campaign is not."""
        there, back = self._make_circle()
        second = self.env["res.company"].create({"name": "Second"})
        self.env.flush_all()
        self.env.cr.execute("UPDATE marketing_campaign SET company_id = %s WHERE id = %s", [second.id, back.id])
        self.env.invalidate_all()
        self.assertIn("“There” by “Hand over”, another campaign.", there.with_user(self.marketer).warning_text)

    def test_a_circle_that_ends_by_itself_is_not_told(self):
        there, back = self._make_circle()
        back.reentry = "never"
        self.assertNotIn("go round", "\n".join(there.get_start_preview()["warnings"]))

    def test_nothing_brings_in_without_end(self):
        self.campaign.reentry = "restart"
        self._start(self.campaign)
        for turn in range(30):
            with self._at(self.start + timedelta(minutes=turn)):
                self.campaign.action_enroll(self.ada.ids)
        self.assertEqual(len(self._runs(self.ada)), 24)

    # -- what is told

    def test_update_tells_and_counts(self):
        self.campaign.reentry = "never"
        self._start(self.campaign)
        self._run_crons(self.start)
        self.campaign.write({"reentry": "after_end", "reentry_delay_number": 2, "reentry_limit": 1})
        self.assertTrue(self.campaign.require_sync)
        self._sync(49)
        self.assertEqual(self._states(self.ada), ["completed"])  # what runs is not what is edited
        with self._at(self._hours(49)):
            preview = self.campaign.get_update_preview()
            self.assertEqual((preview["again"], self._states(self.ada)), (5, ["completed"]))
            self.assertEqual(
                preview["changes"],
                [
                    "Who enters again was changed. Before: Nobody enters a second time. Now: People enter again once "
                    "they have finished. Not before 2 days after their last entry. Once again at most."
                ],
            )
            self.campaign.action_update_participants()
        self.assertEqual(self._states(self.ada), ["completed", "running"])
        self.campaign.reentry = "never"
        with self._at(self._hours(50)):
            self.assertEqual(self.campaign.get_update_preview()["again"], 0)
            self.campaign.action_update_participants()
        self._run_crons(self._hours(50))
        self.assertEqual(self._enroll(self.ada, 999)["left_out"], self.ada.ids)

    def test_why_they_are_left_out(self):
        self.campaign.write({"reentry_delay_number": 2, "reentry_limit": 1})
        self._start(self.campaign)
        reasons = []
        for hours in (0, 1, 49, 99):
            with self._at(self._hours(hours)):
                wizard = self.env["marketing.campaign.enroll"].with_user(self.marketer)
                wizard = wizard.with_context(active_model="res.partner", active_ids=self.ada.ids).create({})
                wizard.campaign_id = self.campaign
                wizard.action_enroll()
                reasons += [wizard.line_ids.mapped("reason")]
            self._run_crons(self._hours(hours))
        self.assertEqual(reasons, [["inside"], ["too_soon"], [], ["limit"]])

    def test_numbers_count_passages_and_people(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        self._enroll(self.ada, 1)
        self.assertEqual((self.campaign.total_participant_count, self.campaign.people_count), (6, 5))
        self.assertEqual(self.campaign.get_workflow_cards()["participants"]["people"], 5)
        participants = self.env["marketing.participant"].with_user(self.marketer)
        self.assertEqual(participants.search_count(self.campaign.action_view_people()["domain"]), 5)
        first, second = self._runs(self.ada).with_user(self.marketer)
        self.assertEqual((first.other_run_count, first.run_words), (1, ""))
        self.assertEqual((second.other_run_count, second.run_words), (1, "2nd time"))
        self.assertEqual(second.action_view_runs()["res_id"], first.id)
        self.assertEqual(second.timeline_data["run"], "2nd time in this campaign")
        self.assertEqual((first.timeline_data["run"], first.run_group), ("", ""))
        self.assertEqual(self._runs(self.ben).other_run_count, 0)

    def test_a_test_of_somebody_who_is_inside_again(self):
        """A test is none of the passages, and begins and ends none."""
        self.campaign.reentry = "restart"
        self._start(self.campaign)
        self._enroll(self.ada, 1)
        with self._at(self._hours(2)):
            test = self.env["marketing.campaign.test"].with_user(self.marketer)
            test.create(
                {"campaign_id": self.campaign.id, "res_id": self.ada.id, "confirmed": True}
            ).action_launch_test()
        tests = self.campaign.sudo().participant_ids.filtered("is_test")
        self.assertEqual((tests.run, tests.other_run_count, tests.run_words), (1, 0, ""))
        self.assertEqual(self._states(self.ada), ["unlinked", "running"])
        self.assertEqual(self.campaign.people_count, 5)

    # -- what is refused

    def test_numbers_that_are_none(self):
        for fname in ("reentry_delay_number", "reentry_limit"):
            for value in (-1, 10**9, 10**400, float("nan"), 1.5, "often", [1], True):
                with self.subTest(fname=fname, value=str(value)[:20]), self.assertRaises(ValidationError):
                    self.campaign.write({fname: value})
        for fname in ("reentry", "reentry_delay_unit"):
            for value in ("always", 3, ["never"]):
                with self.subTest(fname=fname, value=value), self.assertRaises(ValidationError):
                    self.campaign.write({fname: value})
