from ast import literal_eval
from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from ..models.runtime import loop as marketing_campaign_execution
from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon

EXECUTION_LOG = "odoo.addons.marketing_automation.models.runtime.loop"
FAIL_FOR_CLEO = """
if record.name == 'Cleo':
    raise UserError("Cleo is on holiday")
record.write({'ref': (record.ref or '') + 'acted '})
"""
BREAK_THE_TRANSACTION = """
if record.name == 'Cleo':
    env.cr.execute("SELECT * FROM no_such_table")
record.write({'ref': (record.ref or '') + 'acted '})
"""
SEES_ITS_RECORD = """
if records != record or len(record) != 1 or env.uid != MARKETER or env.su:
    raise UserError(f"{records} {record} {env.uid} {env.su}")
if [key for key in env.context if key.startswith('default_')]:
    raise UserError(env.context)
record.write({'ref': env.user.login})
"""


@tagged("post_install", "-at_install")
class TestExecution(MarketingAutomationCommon, CronMixinCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.all_but_cleo = cls.contacts - cls.cleo

    def _assert_states(self, activity, state, **others):
        expected = dict.fromkeys(self.contacts, state)
        expected.update({getattr(self, name): other for name, other in others.items()})
        self.assertTraces(activity, expected)

    # ------------------------------------------------------------
    # Isolation
    # ------------------------------------------------------------

    @mute_logger(EXECUTION_LOG, "odoo.sql_db")
    def test_one_failing_participant(self):
        """It stands alone with its error; the others' work is done, once."""
        self._let_marketer_edit_contacts()
        for code in (FAIL_FOR_CLEO, BREAK_THE_TRANSACTION):
            self.contacts.ref = False
            campaign = self._create_campaign(name=code[:20])
            first = self._create_action(campaign, "First", code=code)
            after = self._create_action(campaign, "After", "activity", first)
            self._start(campaign)
            self._run_crons(self.start, EXECUTION_CRON, EXECUTION_CRON)
            self._assert_states(first, "processed", cleo="error")
            self._assert_states(after, "processed", cleo=None)
            self.assertEqual(set(self.all_but_cleo.mapped("ref")), {"acted acted "})
            self.assertFalse(self.cleo.ref)
            self.assertEqual(campaign.error_count, 1)
            trace = self._trace(first, self.cleo)
            self.assertIn("The activity failed: ", trace.state_msg)
            self.assertEqual(self._participant(campaign, self.cleo).state, "completed")
        self.assertIn("no_such_table", trace.state_msg)

    @mute_logger(EXECUTION_LOG)
    def test_template_that_fails_for_one(self):
        email = self._create_email(self.campaign, "Welcome")
        self._make_template_editor()
        email.mass_mailing_id.body_html = """<p t-out="1 / (object.name != 'Cleo')"/>"""
        self._start(self.campaign)
        mails = self._run_crons(self.start)
        self._assert_states(email, "processed", cleo="error")
        self.assertEqual(len(mails), 4)

    @mute_logger(EXECUTION_LOG)
    def test_one_failing_campaign(self):
        """A broken campaign stops, with its reason, and keeps no other from running."""
        broken, sound = self._create_campaign(name="Broken"), self._create_campaign(name="Sound")
        activities = [self._create_action(campaign, "Act") for campaign in (broken, sound)]
        self._start(broken + sound)
        workflow = dict(broken.workflow, domain="[('shoe_size', '=', 42)]")
        broken.sudo().workflow = workflow
        self._run_crons(self.start, ENROLMENT_CRON, EXECUTION_CRON)
        self.assertEqual(broken.state, "stopped")
        self.assertIn("shoe_size", broken.stop_reason)
        self.assertEqual(set(broken.participant_ids.mapped("state")), {"running"}, "nobody leaves")
        self._assert_states(activities[0], "scheduled")
        self._assert_states(activities[1], "processed")

    def test_deleted_record(self):
        email = self._create_email(self.campaign, "Welcome")
        self._start(self.campaign)
        self.cleo.unlink()
        mails = self._run_crons(self.start)
        self.assertEqual(len(mails), 4)
        traces = email.trace_ids.filtered(lambda trace: trace.state == "canceled")
        self.assertEqual(traces.mapped("state_msg"), ["The record was deleted."])
        self.assertEqual(traces.participant_id.state, "unlinked")
        self.campaign.participant_ids.mapped("display_name")
        self.campaign.participant_ids.mapped("resource_ref")

    # ------------------------------------------------------------
    # Once
    # ------------------------------------------------------------

    def test_nothing_runs_twice(self):
        first = self._create_action(self.campaign, "First")
        after = self._create_action(self.campaign, "After", "activity", first)
        self._start(self.campaign)
        for minute in range(3):
            self._run_crons(self.start + timedelta(minutes=minute), ENROLMENT_CRON, EXECUTION_CRON)
        self.campaign.action_stop_campaign()
        self._start(self.campaign, self.start + timedelta(hours=1))
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON, EXECUTION_CRON)
        self.assertEqual(set(self.contacts.mapped("ref")), {"acted acted "})
        self.assertEqual((first.processed, after.processed), (5, 5))

    def test_duplicate_address_through_another_participant(self):
        self.ben.email = "ADA@people.example.com"
        email = self._create_email(self.campaign, "Welcome")
        self._start(self.campaign)
        mails = self._run_crons(self.start)
        self.assertEqual(len(mails), 4)
        self._assert_states(email, "processed", ben="canceled")
        self.assertEqual(self._trace(email, self.ben).end_code, "mail_dup")

    def test_no_message_no_children(self):
        self.env["mail.blacklist"]._add(self.ada.email)
        self.ben.email = False
        self.cleo.email = "nonsense"
        email = self._create_email(self.campaign, "Welcome")
        after = self._create_action(self.campaign, "After", "activity", email)
        self._start(self.campaign)
        mails = self._run_crons(self.start)
        self.assertEqual(len(mails), 2)
        codes = {contact: self._trace(email, contact).end_code for contact in self.contacts[:3]}
        self.assertEqual(codes, {self.ada: "mail_bl", self.ben: "mail_email_missing", self.cleo: "mail_email_invalid"})
        self._assert_states(email, "canceled", dan="processed", eve="processed")
        self._assert_states(after, None, dan="processed", eve="processed")
        self.assertEqual(set(self.campaign.participant_ids.mapped("state")), {"completed"})

    # ------------------------------------------------------------
    # Filters and expiry
    # ------------------------------------------------------------

    def test_filters_down_the_tree(self):
        first = self._create_action(self.campaign, "First", activity_domain="[('name', '!=', 'Ada')]")
        after = self._create_action(
            self.campaign, "After", "activity", first, activity_domain="[('name', '!=', 'Ben')]",
            interval_number=1, interval_type="days",
        )  # fmt: skip
        self.assertEqual(
            self.env["res.partner"].search(literal_eval(after.domain)), self.cleo + self.dan + self.eve, after.domain
        )
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self._assert_states(first, "processed", ada="rejected")
        self.cleo.name = "Ada"  # no longer matches the filter of the step above
        self._run_crons(self.start + timedelta(days=1), EXECUTION_CRON)
        self._assert_states(after, "processed", ada=None, ben="rejected", cleo="rejected")
        self.assertEqual(self._participant(self.campaign, self.ben).state, "completed", "rejected, not removed")
        self.assertEqual((first.rejected, after.rejected), (1, 2))

    def test_relative_date_in_a_filter(self):
        self.campaign.domain = "[('create_date', '>=', 'today -7d'), ('category_id', '!=', False)]"
        self._create_action(self.campaign, "Act")
        self._start(self.campaign, fields.Datetime.now())
        self.assertEqual(len(self.campaign.participant_ids), 5)

    def test_expiry_after_a_standstill(self):
        activity = self._create_action(
            self.campaign, "Act", validity_duration=True, validity_duration_number=2, validity_duration_type="hours"
        )
        after = self._create_action(self.campaign, "After", "activity", activity)
        self._start(self.campaign)
        self._run_crons(self.start + timedelta(hours=2, seconds=1), EXECUTION_CRON)
        self._assert_states(activity, "canceled")
        self.assertEqual(set(activity.trace_ids.mapped("end_code")), {"expired"})
        self._assert_states(after, None)

    def test_wait_with_a_deadline(self):
        """It keeps the participant running; when it is over, the participant is done."""
        email = self._create_email(self.campaign, "Welcome")
        read = self._create_action(
            self.campaign, "Read", "mail_open", email,
            validity_duration=True, validity_duration_number=2, validity_duration_type="days",
        )  # fmt: skip
        self._start(self.campaign)
        self._run_crons(self.start)
        self.assertEqual(set(self.campaign.participant_ids.mapped("state")), {"running"})
        with self._at(self.start + timedelta(days=1)):
            self._trace(email, self.ada).mailing_trace_ids.set_opened()
        self._run_crons(self.start + timedelta(days=1), EXECUTION_CRON)
        self._assert_states(read, None, ada="processed")
        self._run_crons(self.start + timedelta(days=2, minutes=1), EXECUTION_CRON)
        self.assertEqual(set(self.campaign.participant_ids.mapped("state")), {"completed"})
        with self._at(self.start + timedelta(days=3)):
            self._trace(email, self.ben).mailing_trace_ids.set_opened()
        self._run_crons(self.start + timedelta(days=3), EXECUTION_CRON)
        self._assert_states(read, None, ada="processed")
        self.assertEqual(email.total_open, 2, "counted, though too late to act upon")

    # ------------------------------------------------------------
    # Server actions
    # ------------------------------------------------------------

    def test_server_action_sees_its_record_and_a_clean_context(self):
        self._let_marketer_edit_contacts()
        code = SEES_ITS_RECORD.replace("MARKETER", str(self.marketer.id))
        activity = self._create_action(self.campaign.with_context(default_name="wrong"), "Act", code=code)
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self._assert_states(activity, "processed")
        self.assertEqual(set(self.contacts.mapped("ref")), {"marketer"})

    @mute_logger(EXECUTION_LOG, "odoo.addons.base.models.ir_actions", "odoo.addons.base.models.ir_rule")
    def test_server_action_has_the_rights_of_the_user(self):
        self._let_marketer_edit_contacts()
        self.env["ir.rule"].create(
            {
                "name": "Marketers do not write Ada",
                "model_id": self.model_partner.id,
                "domain_force": repr([("id", "!=", self.ada.id)]),
                "groups": [Command.link(self.env.ref("marketing_automation.group_marketing_automation_user").id)],
                "perm_read": False,
            }
        )
        activity = self._create_action(self.campaign, "Act")
        action = activity.server_action_id.sudo()
        action.write({"code": "record.write({'ref': 'acted'})", "group_ids": False})
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self._assert_states(activity, "processed", ada="error")
        self.assertFalse(self.ada.ref)

    # ------------------------------------------------------------
    # Stop, wake-up, cost
    # ------------------------------------------------------------

    def test_stopped_campaign_executes_nothing_but_remembers(self):
        email = self._create_email(self.campaign, "Welcome")
        read = self._create_action(self.campaign, "Read", "mail_open", email)
        self._start(self.campaign)
        self._run_crons(self.start)
        self.campaign.action_stop_campaign()
        with self._at(self.start + timedelta(hours=1)):
            self._trace(email, self.ada).mailing_trace_ids.set_opened()
        self._run_crons(self.start + timedelta(hours=1), EXECUTION_CRON)
        self._assert_states(read, None)
        self.assertEqual(email.total_open, 1)
        self._start(self.campaign, self.start + timedelta(hours=2))
        self._run_crons(self.start + timedelta(hours=2), EXECUTION_CRON)
        self._assert_states(read, None, ada="processed")
        self.assertEqual(self._trace(read, self.ada).schedule_date, self.start + timedelta(hours=1))

    def test_wakes_at_the_due_minute(self):
        """One trigger, at the minute when something is due, not at the next full hour."""
        first = self._create_action(self.campaign, "First", interval_number=1, interval_type="hours")
        self._create_action(self.campaign, "After", "activity", first, interval_number=3, interval_type="days")
        start = self.start + timedelta(seconds=20)
        with self.capture_triggers(EXECUTION_CRON) as captured:
            self._start(self.campaign, start)
        self.assertEqual(captured.records.mapped("call_at"), [start], "a start wakes the engine at once")
        with self.capture_triggers(EXECUTION_CRON) as captured:
            self._execute(self.campaign, start)
        self.assertEqual(captured.records.mapped("call_at"), [self.start + timedelta(hours=1, minutes=1)])
        with self.capture_triggers(EXECUTION_CRON) as captured:
            self._execute(self.campaign, start + timedelta(minutes=1))
        self.assertFalse(captured.records, "the trigger is there already")
        with self.capture_triggers(EXECUTION_CRON) as captured:
            self._execute(self.campaign, self.start + timedelta(hours=1, minutes=1))
        self.assertEqual(captured.records.mapped("call_at"), [self.start + timedelta(days=3, hours=1, minutes=1)])

    def test_children_due_at_once_run_in_the_same_run(self):
        first = self._create_action(self.campaign, "First")
        second = self._create_action(self.campaign, "Second", "activity", first)
        third = self._create_action(self.campaign, "Third", "activity", second)
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        for activity in (first, second, third):
            self._assert_states(activity, "processed")

    def test_overdue_steps_run_in_due_order(self):
        self._let_marketer_edit_contacts()
        for name, hours in [("Late", 2), ("Early", 1)]:
            self._create_action(
                self.campaign, name, code=f"record.write({{'ref': (record.ref or '') + '{name} '}})",
                interval_number=hours,
            )  # fmt: skip
        self._start(self.campaign)
        self._run_crons(self.start + timedelta(days=1), EXECUTION_CRON)
        self.assertEqual(set(self.contacts.mapped("ref")), {"Early Late "})

    def test_small_batches(self):
        """What does not fit into one batch or one plan is done all the same."""
        self.patch(marketing_campaign_execution, "BATCH", 2)
        self.patch(marketing_campaign_execution, "WINDOW", 3)
        email = self._create_email(self.campaign, "Welcome")
        read = self._create_action(self.campaign, "Read", "mail_open", email)
        self._start(self.campaign)
        self.assertEqual(len(self._run_crons(self.start)), 5)
        with self._at(self.start + timedelta(hours=1)):
            email.sudo().trace_ids.mailing_trace_ids.set_opened()
        self._run_crons(self.start + timedelta(hours=1), EXECUTION_CRON)
        self._assert_states(read, "processed")

    def test_queries_do_not_grow_with_the_batch(self):
        """Neither executing, nor consuming events, nor making children, nor completing."""
        counts = []
        for size in (9, 10, 200):  # the first round fills what the registry caches
            contacts = self.env["res.partner"].create(
                [{"name": f"{size}-{i}", "email": f"{size}-{i}@people.example.com"} for i in range(size)]
            )
            campaign = self._create_campaign(name=f"Of {size}", domain=repr([("id", "in", contacts.ids)]))
            email = self._create_email(campaign, f"Welcome {size}")
            self._create_email(campaign, f"Read {size}", "mail_open", email, interval_number=1)
            self._create_email(campaign, f"Not read {size}", "mail_not_open", email, interval_number=1)
            self._start(campaign)
            self._run_crons(self.start)
            with self._at(self.start + timedelta(minutes=1)):
                email.sudo().trace_ids.mailing_trace_ids.set_opened()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._execute(campaign, self.start + timedelta(minutes=1))
            counts.append(self.cr.sql_log_count - before)
            self.assertEqual(len(campaign.sudo().participant_ids.trace_ids), 3 * size)
        self.assertEqual(counts[1], counts[2])

    def test_idle_run_is_cheap(self):
        """What is finished is not read again."""
        self._create_action(self.campaign, "Act")
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self._execute(self.campaign, self.start + timedelta(hours=1))
        self.assertLessEqual(self.cr.sql_log_count - before, 10)

    # ------------------------------------------------------------
    # Once the workflow is edited
    # ------------------------------------------------------------

    def test_edits_take_effect_at_update(self):
        activity = self._create_action(self.campaign, "Act", interval_number=1, interval_type="days")
        self._start(self.campaign)
        self.assertFalse(self.campaign.require_sync)
        activity.activity_domain = "[('name', '=', 'Ada')]"
        self.assertTrue(self.campaign.require_sync)
        self.campaign.domain = repr([("id", "=", self.ada.id)])
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
        self.assertEqual(set(self.campaign.participant_ids.mapped("state")), {"running"}, "nothing before Update")
        self.campaign.domain = repr([("category_id", "in", self.category.ids)])
        with self._at(self.start + timedelta(hours=2)):
            self.campaign.action_update_participants()
        self.assertFalse(self.campaign.require_sync)
        self._run_crons(self.start + timedelta(days=1), EXECUTION_CRON)
        self._assert_states(activity, "rejected", ada="processed")
