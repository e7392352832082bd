from datetime import datetime, timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from ..models.enrolment import marketing_campaign as marketing_campaign_enrolment
from ..models.runtime import loop as marketing_campaign_execution
from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon

EXECUTION_LOG = "odoo.addons.marketing_automation.models.runtime.loop"
FAIL_FOR_CLEO = (
    "if record.name == 'Cleo':\n    raise UserError('no')\nrecord.write({'ref': (record.ref or '') + 'acted '})"
)


@tagged("post_install", "-at_install")
class TestPains(MarketingAutomationCommon, HttpCase, CronMixinCase):
    """What hurts the users of other systems, by the numbers of the specification.

    1 (overlapping runs), 2 and 4 (crashes) take real processes: /tests/test_concurrency.py.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.campaign = cls._create_campaign()

    def _states(self, activity):
        return sorted(activity.sudo().trace_ids.filtered(lambda trace: not trace.is_test).mapped("state"))

    def _count_queries(self, campaign, moment):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self._execute(campaign, moment)
        return self.cr.sql_log_count - before

    def _open(self, activity, contact, moment, setter="set_opened"):
        with self._at(moment):
            getattr(self._trace(activity, contact).mailing_trace_ids, setter)()

    @mute_logger(EXECUTION_LOG)
    def test_pain_03_one_bad_recipient_neither_stops_nor_repeats_the_batch(self):
        self._let_marketer_edit_contacts()
        email = self._create_email(self.campaign, "Welcome")
        self._make_template_editor()
        email.mass_mailing_id.body_html = """<p t-out="1 / (object.name != 'Cleo')"/>"""
        action = self._create_action(self.campaign, "Act", code=FAIL_FOR_CLEO)
        self._start(self.campaign)
        self.assertEqual(len(self._run_crons(self.start)), 4)
        for activity in (email, action):
            self.assertEqual(self._states(activity), ["error"] + ["processed"] * 4)
        self.assertEqual(self.ada.ref, "acted ")

    def test_pain_05_no_email_no_children(self):
        self.env["mail.blacklist"]._add(self.ada.email)
        email = self._create_email(self.campaign, "Welcome")
        after = self._create_action(self.campaign, "After", "activity", email)
        not_opened = self._create_action(self.campaign, "Not opened", "mail_not_open", email)
        self._start(self.campaign)
        self._run_crons(self.start)
        self._run_crons(self.start + timedelta(days=30))
        self.assertFalse(self._trace(after, self.ada) + self._trace(not_opened, self.ada))
        self.assertEqual(self._states(after), ["processed"] * 4)

    @mute_logger(EXECUTION_LOG)
    def test_pain_06_a_retry_is_no_duplicate(self):
        email = self._create_email(self.campaign, "Welcome")
        body = email.mass_mailing_id.body_html
        self._make_template_editor()
        email.mass_mailing_id.body_html = """<p t-out="1 / (object.name != 'Cleo')"/>"""
        self._start(self.campaign)
        self._run_crons(self.start)
        email.mass_mailing_id.body_html = body
        with self._at(self.start):
            self._trace(email, self.cleo).with_user(self.marketer).action_retry()
        mails = self._run_crons(self.start)
        self.assertIn("Hello Cleo", self._mail_to(mails, self.cleo)["body"])

    def test_pain_06_one_template_in_two_steps(self):
        """Email Marketing mails nobody twice for one mailing; a second step with the same one does."""
        first = self._create_email(self.campaign, "Welcome")
        second = self._create_activity(
            self.campaign, "Again", "email", "activity", first, mass_mailing_id=first.mass_mailing_id.id
        )
        self._start(self.campaign)
        mails = self._run_crons(self.start) + self._run_crons(self.start)
        for contact in self.contacts:
            self.assertEqual(len([mail for mail in mails if contact.email_normalized in mail["email_to"][0]]), 2)
        self.assertEqual(self._states(first) + self._states(second), ["processed"] * 10)

    def test_pain_07_a_second_test_with_a_changed_template(self):
        email = self._create_email(self.campaign, "Welcome")
        for body in ("<p>One</p>", "<p>Two</p>"):
            email.mass_mailing_id.body_html = body
            wizard = self.env["marketing.campaign.test"].with_user(self.marketer)
            action = wizard.create(
                {"campaign_id": self.campaign.id, "res_id": self.ada.id, "confirmed": True}
            ).action_launch_test()
            test = self.env["marketing.participant"].with_user(self.marketer).browse(action["res_id"])
            with self._at(self.start):
                test.trace_ids.action_run_test()
                self.assertIn(body, self._mail_to(self._mails, self.ada)["body"])

    def test_pain_08_deleted_records_break_neither_lists_nor_runs(self):
        activity = self._create_action(self.campaign, "Act", interval_number=1)
        self._start(self.campaign)
        self.cleo.unlink()
        participants = self.campaign.participant_ids.with_user(self.marketer)
        participants.web_read({"display_name": {}, "resource_ref": {}, "trace_ids": {}})
        self._run_crons(self.start + timedelta(hours=1), EXECUTION_CRON)
        self.assertEqual(self._states(activity), ["canceled"] + ["processed"] * 4)
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)

    def test_pain_09_nothing_of_a_context_leaks_into_a_server_action(self):
        self._let_marketer_edit_contacts()
        code = "env['res.partner'].create({'name': 'Made for ' + record.name, 'type': 'contact'})"
        self._create_action(self.campaign, "Make", code=code)
        leaking = {"default_name": "x", "default_parent_id": self.ada.id, "active_test": False, "active_ids": [1, 2]}
        with self._at(self.start):
            self.campaign.with_context(**leaking).action_start_campaign()
        self._execute(self.campaign.with_context(**leaking), self.start)
        made = self.env["res.partner"].search([("name", "like", "Made for ")])
        self.assertEqual((len(made), made.parent_id), (5, self.env["res.partner"]))

    def test_pain_10_several_companies_and_a_restricted_user(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.env["ir.rule"].create(
            {
                "name": "Contacts of the own companies",
                "model_id": self.model_partner.id,
                "domain_force": "['|', ('company_id', '=', False), ('company_id', 'in', company_ids)]",
            }
        )
        self.ada.company_id = other
        activity = self._create_action(self.campaign, "Act")
        self._start(self.campaign)
        self._run_crons(self.start, ENROLMENT_CRON, EXECUTION_CRON)
        self.assertEqual(self.campaign.state, "running")
        self.assertFalse(self._participant(self.campaign, self.ada), "of a company that the user does not work for")
        self.assertEqual(self._states(activity), ["processed"] * 4)

    def test_pain_11_finished_rows_are_not_read_again(self):
        """The cost of a run depends on what is due, not on what has been."""
        self._create_action(self.campaign, "Act")
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        after_five = self._count_queries(self.campaign, self.start + timedelta(hours=1))
        more = [{"name": f"More {i}", "category_id": self.category.ids} for i in range(300)]
        self.env["res.partner"].create(more)
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON, EXECUTION_CRON)
        self.assertEqual(self._count_queries(self.campaign, self.start + timedelta(hours=2)), after_five)
        self._add_finished_traces()
        plan = self._plan_of_what_is_due()
        self.assertIn("marketing_trace_due", plan)
        self.assertNotIn("Seq Scan on marketing_trace", plan)

    def _add_finished_traces(self):
        """Fill the table, so that the planner has a choice."""
        self.env.flush_all()
        self.cr.execute(
            """INSERT INTO marketing_trace
                      (participant_id, campaign_id, activity_id, visit, res_id, state, schedule_date, attempt)
               SELECT participant_id, campaign_id, activity_id, v, res_id, state, schedule_date, 1
                 FROM marketing_trace, generate_series(2, 60) v WHERE state = 'processed'"""
        )
        self.cr.execute("ANALYZE marketing_trace")

    def _plan_of_what_is_due(self):
        self.cr.execute(
            """EXPLAIN SELECT id FROM marketing_trace
                WHERE campaign_id = %s AND state = 'scheduled' AND is_test IS NOT TRUE AND schedule_date <= %s
             ORDER BY schedule_date, id LIMIT 10""",
            [self.campaign.id, self.start],
        )
        return "\n".join(row[0] for row in self.cr.fetchall())

    def test_pain_12_memory_depends_on_the_batch(self):
        """No transaction of the engine holds more traces than a batch."""
        self.patch(marketing_campaign_execution, "BATCH", 2)
        seen = []
        activity_class = self.env.registry["marketing.activity"]
        execute = activity_class._execute

        def note_size(activity, traces, now):
            seen.append(len(traces))
            return execute(activity, traces, now)

        self.patch(activity_class, "_execute", note_size)
        self._create_action(self.campaign, "Act")
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual((sum(seen), max(seen)), (5, 2))

    def test_pain_13_a_step_is_one_row(self):
        """What waits for an event that never comes has no row; a retry has none of its own."""
        email = self._create_email(self.campaign, "Welcome")
        for trigger in ("mail_open", "mail_click", "mail_reply", "mail_bounce"):
            self._create_action(self.campaign, trigger, trigger, email)
        self._start(self.campaign)
        self._run_crons(self.start)
        self._run_crons(self.start + timedelta(days=1))
        self.assertEqual(self.env["marketing.trace"].search_count([("campaign_id", "=", self.campaign.id)]), 5)

    def test_pain_14_a_big_run_reports_its_progress(self):
        """At the cron's time limit it has committed what it did, says that there is more, and goes on."""
        self.patch(marketing_campaign_execution, "BATCH", 2)
        activity = self._create_action(self.campaign, "Act")
        self._start(self.campaign)
        cron_class = self.env.registry["ir.cron"]
        commit_progress = cron_class._commit_progress
        reported = []

        def time_is_over(cron, processed=0, **kwargs):
            reported.append((processed, kwargs.get("remaining")))
            left = commit_progress(cron, processed, **kwargs)
            return 0 if processed else left

        with self._at(self.start):
            self.patch(cron_class, "_commit_progress", time_is_over)
            self.env.ref(EXECUTION_CRON).method_direct_trigger()
        self.env.invalidate_all()
        self.assertTrue(all(remaining for processed, remaining in reported if processed), "there is more to do")
        self.assertEqual(self._states(activity), ["processed"] * 5)
        self.assertEqual(self.env.ref(EXECUTION_CRON).failure_count, 0)

    def test_pain_15_due_now_runs_now(self):
        self._create_action(self.campaign, "Act", interval_number=1)
        with self.capture_triggers(EXECUTION_CRON) as captured:
            self._start(self.campaign)
            self._execute(self.campaign, self.start)
        due = self.start + timedelta(hours=1)
        self.assertEqual(sorted(captured.records.mapped("call_at")), [self.start, due])

    def test_pain_16_a_later_step_reaches_those_inside(self):
        first = self._create_action(self.campaign, "First")
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        new = self._create_action(self.campaign, "New", "activity", first, interval_number=2)
        with self._at(self.start + timedelta(hours=1)):
            self.campaign.action_update_participants()
        self._run_crons(self.start + timedelta(hours=2), EXECUTION_CRON)
        self.assertEqual(self._states(new), ["processed"] * 5)

    def test_pain_17_removing_a_step_keeps_history_and_sends_nothing_again(self):
        email = self._create_email(self.campaign, "Welcome")
        self._create_action(self.campaign, "Act")
        self._start(self.campaign)
        self._run_crons(self.start)
        with self.assertRaisesRegex(UserError, "history"):
            email.unlink()
        email.action_archive()
        with self._at(self.start):
            self.campaign.action_update_participants()
        self.assertFalse(
            self._run_crons(self.start, ENROLMENT_CRON, EXECUTION_CRON, "mail.ir_cron_mail_scheduler_action")
        )
        self.assertEqual(self._states(email), ["processed"] * 5)
        self.assertEqual(email.total_sent, 5)

    def test_pain_18_not_opened_fires_once_in_time_and_only_then(self):
        email = self._create_email(self.campaign, "Welcome")
        reminder = self._create_action(
            self.campaign, "Remind", "mail_not_open", email, interval_number=3, interval_type="days"
        )
        self._start(self.campaign)
        self._run_crons(self.start)
        self._open(email, self.ada, self.start + timedelta(days=3, minutes=-1))
        self._run_crons(self.start + timedelta(days=3, minutes=-1), EXECUTION_CRON)
        self.assertEqual(self._states(reminder), ["canceled"] + ["scheduled"] * 4)
        self._run_crons(self.start + timedelta(days=3), EXECUTION_CRON)
        self.assertEqual(self._states(reminder), ["canceled"] + ["processed"] * 4)

    def test_pain_19_not_clicked_does_not_wait_for_an_open(self):
        email = self._create_email(self.campaign, "Welcome")
        step = self._create_action(self.campaign, "Ask", "mail_not_click", email, interval_number=2)
        self._start(self.campaign)
        self._run_crons(self.start)
        self._run_crons(self.start + timedelta(hours=2), EXECUTION_CRON)
        self.assertEqual(self._states(step), ["processed"] * 5)

    def test_pain_20_days_keep_the_clock_of_the_campaign(self):
        """A day across the change to summer time has 23 hours."""
        self.marketer.tz = "Europe/Brussels"
        activity = self._create_action(self.campaign, "Act", interval_number=1, interval_type="days")
        self._start(self.campaign, datetime(2026, 3, 28, 8))
        self.assertEqual(self.campaign.tz, "Europe/Brussels")
        self.assertEqual(self._trace(activity, self.ada).schedule_date, datetime(2026, 3, 29, 7))

    def test_pain_21_nobody_enters_twice(self):
        activity = self._create_action(self.campaign, "Act", interval_number=1)
        self._start(self.campaign)
        self._run_crons(self.start, ENROLMENT_CRON, ENROLMENT_CRON)
        self.campaign.action_enroll(self.contacts.ids)
        self.campaign.action_stop_campaign()
        self._start(self.campaign)
        self.assertEqual((len(self.campaign.participant_ids), len(activity.sudo().trace_ids)), (5, 5))

    def test_pain_22_blocklisted_after_scheduling(self):
        email = self._create_email(self.campaign, "Welcome", interval_number=1)
        self._start(self.campaign)
        self.env["mail.blacklist"]._add(self.ada.email)
        self.assertEqual(len(self._run_crons(self.start + timedelta(hours=1))), 4)
        self.assertEqual(self._trace(email, self.ada).state_msg, "The address is blocklisted.")

    def test_pain_23_who_left_the_filter_gets_nothing(self):
        email = self._create_email(self.campaign, "Welcome", interval_number=1)
        action = self._create_action(self.campaign, "Act", interval_number=1)
        self._start(self.campaign)
        self.ada.category_id = False
        self.assertEqual(len(self._run_crons(self.start + timedelta(hours=1))), 4)
        self.assertFalse(self.ada.ref)
        self.assertTraces(email, {self.ada: "canceled"})
        self.assertTraces(action, {self.ada: "canceled"})

    def test_pain_24_only_the_recipients_own_click_counts(self):
        email = self._create_email(self.campaign, "Welcome")
        clicked = self._create_action(self.campaign, "Clicked", "mail_click", email)
        self._start(self.campaign)
        mails = self._run_crons(self.start)
        link, _pixel = self._links(self._mail_to(mails, self.ada))
        path = link.split("?")[0]
        with self._at(self.start):
            self.assertEqual(self.url_open(path, allow_redirects=False).status_code, 301, "unsigned")
            for agent in ("Mozilla/5.0 (compatible; BingPreview/1.0)", "Barracuda Sentinel", "Googlebot/2.1"):
                headers = {"User-Agent": agent}
                self.assertEqual(self.url_open(link, headers=headers, allow_redirects=False).status_code, 301, agent)
            self.assertEqual(self.opener.head(self.base_url() + link, allow_redirects=False).status_code, 301)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual((self.campaign.link_tracker_click_count, self._states(clicked)), (0, []))
        with self._at(self.start):
            self.url_open(link, headers={"User-Agent": "Mozilla/5.0 Firefox/140.0"}, allow_redirects=False)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual((self.campaign.link_tracker_click_count, self._states(clicked)), (1, ["processed"]))

    @mute_logger(EXECUTION_LOG)
    def test_pain_25_errors_are_seen_explained_and_retried(self):
        self._let_marketer_edit_contacts()
        activity = self._create_action(self.campaign, "Act", code="raise UserError('The stock is empty')")
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self.campaign.error_count, 5)
        self.assertEqual(self._trace(activity, self.ada).state_msg, "The activity failed: The stock is empty")
        activity.server_action_id.sudo().code = "record.write({'ref': 'now'})"
        with self._at(self.start):
            self.campaign.action_update_participants()
            self.campaign.action_retry_errors()
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual((self.campaign.error_count, self.ada.ref), (0, "now"))

    @mute_logger(EXECUTION_LOG, "odoo.sql_db")
    def test_pain_26_a_database_error_blocks_no_other_campaign(self):
        broken = self._create_action(self.campaign, "Break", code="env.cr.execute('SELECT 1 / 0')")
        sound = self._create_action(self._create_campaign(name="Sound"), "Act")
        self._start(self.campaign + sound.campaign_id)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self._states(broken), ["error"] * 5)
        self.assertEqual(self._states(sound), ["processed"] * 5)

    def test_pain_27_unicity_enrols_all_that_it_should(self):
        """Also when the duplicates fill a whole chunk, and within the filter alone."""
        self.patch(marketing_campaign_enrolment, "CHUNK", 3)
        self.patch(marketing_campaign_enrolment, "FIRST_CHUNK", 3)
        self.contacts.write({"function": "Boss"})
        outside = self.env["res.partner"].create({"name": "Outside", "function": "clerk"})
        more = self.env["res.partner"].create(
            [{"name": f"M{i}", "function": "Clerk", "category_id": self.category.ids} for i in range(4)]
        )
        self.campaign.unique_field_id = self.env["ir.model.fields"]._get("res.partner", "function")
        self._create_action(self.campaign, "Act")
        self._start(self.campaign)
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertEqual(sorted(self.campaign.participant_ids.mapped("res_id")), [self.ada.id, more[0].id])
        self.assertLess(outside.id, more[0].id)

    def test_pain_28_nothing_mails_everybody(self):
        """Neither an empty filter in Email Marketing's eyes, nor an empty id list, nor a stranger's click on Send."""
        email = self._create_email(self.campaign, "Welcome")
        mailing = email.mass_mailing_id
        user = new_test_user(self.env, login="mailer", groups="mass_mailing.group_mass_mailing_user")
        with self._at(self.start):
            for res_ids in (None, [], self.contacts.ids):
                with self.assertRaises(UserError):
                    mailing.with_user(user).action_send_mail(res_ids)
            mailing.sudo().write({"state": "in_queue", "contact_list_ids": [Command.clear()]})
        self.assertFalse(self._run_crons(self.start, "mass_mailing.ir_cron_mass_mailing_queue"))
        self.assertFalse(mailing.mailing_trace_ids)
