from datetime import timedelta
from unittest.mock import patch

from odoo import api
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestTimeline(MarketingAutomationCommon):
    """What the form of a participant, and the page of a test, tell of each step."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben = cls.contacts[:2]
        cls.campaign = cls._create_campaign()
        cls.welcome = cls._create_email(cls.campaign, "Welcome")
        cls.thanks = cls._create_action(
            cls.campaign,
            "Thanks",
            "mail_click",
            cls.welcome,
            validity_duration=True,
            validity_duration_number=2,
            validity_duration_type="days",
        )
        cls.reminder = cls._create_email(
            cls.campaign, "Reminder", "mail_not_open", cls.welcome, interval_number=3, interval_type="days"
        )

    def _timeline(self, participant, moment=None):
        """Return the timeline as its marketer reads it at a moment, and its steps by name."""
        self.env.invalidate_all()
        with self._at(moment or self.start):
            data = participant.with_user(self.marketer).read(["timeline_data"])[0]["timeline_data"]
        steps = {}

        def collect(branch):
            for step in branch:
                steps[step["name"]] = step
                collect(step["children"])

        collect(data["steps"])
        return data, steps

    def _test(self, record=None):
        wizard = self.env["marketing.campaign.test"].with_user(self.marketer)
        values = {"campaign_id": self.campaign.id, "res_id": (record or self.ada).id, "confirmed": True}
        return wizard.browse(wizard.create(values).id).action_launch_test()["res_id"]

    def _browse_test(self, record=None):
        return self.env["marketing.participant"].with_user(self.marketer).browse(self._test(record))

    def _run(self, test, activity):
        with self._at(self.start):
            test.trace_ids.filtered(lambda trace: trace.activity_id == activity).action_run_test()

    def _fire(self, test, activity, event):
        with self._at(self.start):
            test.trace_ids.filtered(lambda trace: trace.activity_id == activity).action_fire_event(event)

    # ------------------------------------------------------------
    # A participant
    # ------------------------------------------------------------

    def test_what_is_due_and_what_is_waited_for(self):
        self._start(self.campaign)
        participant = self._participant(self.campaign, self.ada)
        data, steps = self._timeline(participant)
        self.assertEqual(list(steps), ["Welcome"])
        self.assertEqual((steps["Welcome"]["state"], steps["Welcome"]["due"]), ("scheduled", "2026-06-01 08:00:00"))
        self.assertEqual((data["is_test"], steps["Welcome"]["can_run"]), (False, False))
        self._run_crons(self.start)
        data, steps = self._timeline(participant)
        [welcome] = data["steps"]
        self.assertEqual([child["name"] for child in welcome["children"]], ["Reminder", "Thanks"])
        self.assertEqual([event["label"] for event in welcome["events"]], ["Sent"])
        self.assertEqual(welcome["fires"], [])
        self.assertEqual(steps["Reminder"]["due"], "2026-06-04 08:00:00")
        thanks = steps["Thanks"]
        self.assertEqual(
            (thanks["state"], thanks["note"], thanks["until"]),
            ("waiting", "Waits for a click.", "2026-06-03 08:00:00"),
        )

    def test_what_happened_and_why_a_step_did_not_run(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        later = self.start + timedelta(hours=1)
        trace = self._trace(self.welcome, self.ada)
        with self._at(later):
            trace.mailing_trace_ids.set_clicked()
        self._run_crons(later)
        _data, steps = self._timeline(trace.participant_id)
        self.assertEqual(
            [(event["label"], event["date"]) for event in steps["Welcome"]["events"]],
            [
                ("Sent", "2026-06-01 08:00:00"),
                ("Opened", "2026-06-01 09:00:00"),
                ("Clicked", "2026-06-01 09:00:00"),
            ],
        )
        self.assertEqual(steps["Thanks"]["state"], "processed")
        self.assertEqual(steps["Reminder"]["state"], "canceled")
        self.assertEqual(steps["Reminder"]["reason"], "What it waited not to happen has happened.")

    def test_a_wait_that_is_over(self):
        """Also while no cron has come by, and for an event that came too late."""
        self._start(self.campaign)
        self._run_crons(self.start)
        late = self.start + timedelta(days=2, hours=1)
        trace = self._trace(self.welcome, self.ada)
        for _happened in range(2):
            _data, steps = self._timeline(trace.participant_id, late)
            thanks = steps["Thanks"]
            self.assertEqual(
                (thanks["state"], thanks["reason"]), ("skipped", "It could not run within its expiry duration.")
            )
            with self._at(late):
                trace.mailing_trace_ids.set_clicked()

    def test_what_a_bounce_ends(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        trace = self._trace(self.welcome, self.ada)
        with self._at(self.start):
            trace.mailing_trace_ids.set_bounced()
        self._run_crons(self.start)
        _data, steps = self._timeline(trace.participant_id)
        self.assertEqual({steps[name]["state"] for name in ("Thanks", "Reminder")}, {"skipped", "canceled"})
        self.assertEqual({steps[name]["reason"] for name in ("Thanks", "Reminder")}, {"The message before it bounced."})

    def test_a_message_that_no_server_has_accepted_yet(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        _data, steps = self._timeline(self._participant(self.campaign, self.ada))
        self.assertIn("In the queue", steps["Welcome"]["note"])
        self.assertIn("accepted the previous message", steps["Reminder"]["note"])

    def test_errors_and_rejections(self):
        self._let_marketer_edit_contacts()
        self.welcome.activity_domain = "[('name', '!=', 'Ben')]"
        broken = self._create_action(self.campaign, "Broken", code="raise UserError('No paper')")
        self._start(self.campaign)
        self._run_crons(self.start)
        _data, steps = self._timeline(self._participant(self.campaign, self.ben))
        self.assertEqual(steps["Welcome"]["reason"], "The record does not match the filter of the activity.")
        self.assertEqual(steps["Broken"]["state"], "error")
        self.assertIn("No paper", steps["Broken"]["reason"])
        self.assertTrue(steps["Broken"]["can_retry"])
        self.assertNotIn("Reminder", steps, "nothing waits below what never ran")
        broken.server_action_id.sudo().code = "record.write({'ref': 'printed'})"
        with self._at(self.start):
            self.campaign.action_update_participants()
            self._trace(broken, self.ben).with_user(self.marketer).action_retry()
        self._run_crons(self.start, EXECUTION_CRON)
        _data, steps = self._timeline(self._participant(self.campaign, self.ben))
        self.assertEqual((steps["Broken"]["state"], steps["Broken"]["attempt"]), ("processed", 2))

    def test_a_mail_that_cannot_be_rendered(self):
        """The reason is that of its placeholder, not a page of Odoo's own code."""
        self._make_template_editor()
        self._start(self.campaign)
        self.welcome.mass_mailing_id.body_html = '<p t-out="object.nothing_there"/>'  # which Start would refuse
        self._run_crons(self.start, EXECUTION_CRON)
        _data, steps = self._timeline(self._participant(self.campaign, self.ada))
        self.assertIn("object has no attribute 'nothing_there'", steps["Welcome"]["reason"])
        self.assertNotIn("Traceback", steps["Welcome"]["reason"])

    def test_steps_stay_in_their_place(self):
        """In the order of the workflow at one moment, whichever was run first."""
        for number in range(3):
            self._create_action(self.campaign, f"At once {number}", sequence=20 + number)
        test = self._browse_test()
        names = [step["name"] for step in self._timeline(test)[0]["steps"]]
        self.assertEqual(names, ["Welcome", "At once 0", "At once 1", "At once 2"])
        for name in reversed(names[1:]):
            self._run(test, test.trace_ids.activity_id.filtered(lambda activity, name=name: activity.name == name))
        self.assertEqual([step["name"] for step in self._timeline(test)[0]["steps"]], names)

    def test_who_has_left_waits_for_nothing(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        participant = self._participant(self.campaign, self.ada)
        participant.with_user(self.marketer).action_remove()
        _data, steps = self._timeline(participant)
        self.assertEqual(steps["Reminder"]["reason"], "Removed by hand.")
        self.assertNotIn("Thanks", steps)

    def test_what_runs_counts_not_what_is_edited(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        self.thanks.action_remove()
        self._create_action(self.campaign, "New", "mail_click", self.welcome)
        _data, steps = self._timeline(self._participant(self.campaign, self.ada))
        self.assertEqual(set(steps), {"Welcome", "Reminder", "Thanks"})
        self.campaign.action_stop_campaign()
        self.thanks.sudo().unlink()
        data, steps = self._timeline(self._participant(self.campaign, self.ada))
        self.assertEqual(set(steps), {"Welcome", "Reminder"}, "a step that no longer is")
        self.assertTrue(data["is_paused"])

    def test_cost_does_not_grow_with_the_steps(self):
        def count_queries(participant):
            participant.with_user(self.marketer).read(["timeline_data"])  # Odoo looks for its rules once for all
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            participant.with_user(self.marketer).read(["timeline_data"])
            return self.cr.sql_log_count - before

        small = self._browse_test()
        self._run(small, self.welcome)
        queries = count_queries(small)
        for number in range(20):
            self._create_action(self.campaign, f"More {number}", "mail_open", self.welcome)
        large = self._browse_test(self.ben)
        self._run(large, self.welcome)
        self._fire(large, self.welcome, "open")
        self.assertEqual(len(large.trace_ids), 22)
        self.assertLessEqual(count_queries(large), queries)

    # ------------------------------------------------------------
    # A test
    # ------------------------------------------------------------

    def test_years_of_a_daily_loop(self):
        """The latest steps show, with how often they were come to, and what is still to come; not what was before."""
        self._start(self.campaign)
        participant = self._participant(self.campaign, self.ada)
        traces = self.env["marketing.trace"].sudo()
        self._trace(self.welcome, self.ada).schedule_date = self.start + timedelta(days=900)
        counts = []
        for last in (20, 400):
            known = len(participant.trace_ids)
            rows = [(participant.id, self.thanks.id, self.start, visit, None) for visit in range(known + 1, last + 1)]
            traces._insert_traces(rows).write({"state": "processed", "done_date": self.start})
            with patch("odoo.addons.marketing_automation.models.timeline.marketing_participant.LATEST", 5):
                self._timeline(participant)
                before = self.cr.sql_log_count
                data, steps = self._timeline(participant)
                counts.append(self.cr.sql_log_count - before)
            self.assertEqual(data["earlier"], last - 5)
            self.assertEqual(len(data["steps"]), 6)
            self.assertEqual((steps["Welcome"]["state"], steps["Welcome"]["visit"]), ("scheduled", ""))
            visits = [step["visit"] for step in data["steps"] if step["name"] == "Thanks"]
            self.assertEqual(visits, [f"{number}th time" for number in range(last - 5, last)])
        self.assertEqual(*counts)

    def test_what_can_be_fired(self):
        """What a step waits for comes first; what has happened is no longer offered."""
        test = self._browse_test()
        data, steps = self._timeline(test)
        self.assertTrue(data["is_test"] and data["can_write"] and steps["Welcome"]["can_run"])
        self._run(test, self.welcome)
        _data, steps = self._timeline(test)
        fires = {fire["event"]: fire["awaited"] for fire in steps["Welcome"]["fires"]}
        seldom = dict.fromkeys(("reply", "bounce", "complaint", "unsubscribe"), False)
        self.assertEqual(fires, {"open": True, "click": True, **seldom})
        self._fire(test, self.welcome, "click")
        _data, steps = self._timeline(test)
        self.assertEqual(
            [fire["event"] for fire in steps["Welcome"]["fires"]], ["reply", "bounce", "complaint", "unsubscribe"]
        )
        self.assertTrue(steps["Thanks"]["can_run"])
        self.assertEqual(steps["Reminder"]["state"], "canceled")
        self._fire(test, self.welcome, "bounce")
        _data, steps = self._timeline(test)
        self.assertEqual(steps["Welcome"]["fires"], [], "nothing follows a bounce")

    def test_only_what_the_type_knows_is_fired(self):
        action = self._create_action(self.campaign, "Act")
        test = self._browse_test()
        self._run(test, action)
        self._run(test, self.welcome)
        for activity, event in ((action, "open"), (self.welcome, "sent")):
            with self.assertRaisesRegex(UserError, "sent no message"):
                self._fire(test, activity, event)

    def test_a_step_that_fails_shows_why(self):
        """Its other steps stay as they are."""
        self._let_marketer_edit_contacts()
        self._create_action(self.campaign, "Broken", code="record.write({'ref': 'half'})\nraise UserError('No paper')")
        with self._in_test_mode(), self.env.registry.cursor() as cr:
            env = api.Environment(cr, self.marketer.id, {})
            test = env["marketing.participant"].browse(self._test())
            trace = test.trace_ids.filtered(lambda trace: trace.activity_id.name == "Broken")
            with self._at(self.start):
                trace.action_run_test()
        self.env.invalidate_all()
        _data, steps = self._timeline(self.env["marketing.participant"].browse(test.id))
        self.assertEqual((steps["Broken"]["state"], steps["Broken"]["can_retry"]), ("error", False))
        self.assertIn("No paper", steps["Broken"]["reason"])
        self.assertEqual(steps["Welcome"]["state"], "scheduled")
        self.assertFalse(self.ada.ref, "what it did before it failed is undone")

    def test_a_campaign_that_cannot_act(self):
        test = self._browse_test()
        self.env.flush_all()
        self.env.cr.execute("UPDATE marketing_campaign SET domain = '[(''nothing'', ''='', 1)]'")
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "filter cannot be read"):
            self._run(test, self.welcome)

    def test_stop_is_the_end(self):
        test = self._browse_test()
        self._run(test, self.welcome)
        test.action_stop_test()
        _data, steps = self._timeline(test)
        self.assertEqual((test.state, steps["Reminder"]["reason"]), ("completed", "The test was stopped."))
        self.assertEqual(steps["Welcome"]["fires"], [])
        self.assertNotIn("Thanks", steps)
        with self.assertRaisesRegex(UserError, "is over"):
            self._fire(test, self.welcome, "click")
        with self._at(self.start):
            test.sudo().trace_ids.mailing_trace_ids.set_clicked()
            test.action_refresh_test()
        self.assertEqual(
            (test.state, len(test.trace_ids)), ("completed", 2), "a click that comes later changes nothing"
        )

    def test_again(self):
        test = self._browse_test()
        self._run(test, self.welcome)
        action = test.action_test_again()
        again = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual((again.res_id, again.is_test, again.state), (self.ada.id, True, "running"))
        self.assertNotEqual(again, test)
        self.assertEqual(again.trace_ids.mapped("state"), ["scheduled"])

    def test_what_really_happens_is_taken_into_account(self):
        test = self._browse_test()
        self._run(test, self.welcome)
        with self._at(self.start):
            test.sudo().trace_ids.mailing_trace_ids.set_clicked()
            test.action_refresh_test()
        _data, steps = self._timeline(test)
        self.assertEqual((steps["Thanks"]["state"], steps["Reminder"]["state"]), ("scheduled", "canceled"))

    def test_the_record_is_gone(self):
        test = self._browse_test(self.ben)
        self.ben.unlink()
        self._run(test, self.welcome)
        _data, steps = self._timeline(test)
        self.assertEqual(steps["Welcome"]["reason"], "The record was deleted.")
        self.assertEqual((test.state, test.end_reason), ("completed", "The record was deleted."))
        self.assertFalse(test.resource_ref)
        with self.assertRaisesRegex(UserError, "Choose the record"):
            test.action_test_again()

    # ------------------------------------------------------------
    # Who may
    # ------------------------------------------------------------

    def test_who_sees_it(self):
        self._start(self.campaign)
        participant = self._participant(self.campaign, self.ada)
        mailer = new_test_user(self.env, login="mailer", groups="mass_mailing.group_mass_mailing_user")
        with self.assertRaises(AccessError):
            participant.with_user(mailer).read(["timeline_data"])
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.campaign.sudo().company_id = elsewhere
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            participant.with_user(self.marketer).read(["timeline_data"])
