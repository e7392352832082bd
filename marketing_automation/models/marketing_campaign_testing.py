"""Tests of a campaign: the life of real traces, at the pace of the user who presses Run.

A test goes through the workflow as its activities describe it now, with the rights of the
user who runs it. No cron touches it and nothing of it is counted.
"""

import logging

from psycopg2.extensions import TransactionRollbackError

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .engine_context import ALONE_KEY, TEST_KEY, LoneRun, TestRun, test_run
from .marketing_campaign import CampaignStop
from .marketing_errors import is_shutdown

_logger = logging.getLogger(__name__)


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def action_launch_test(self):
        """Open the dialog in which a test is launched for one record of the target."""
        self.ensure_one()
        self._check_can_run(self._get_run_as_candidate())
        return {
            "name": _("Launch a Test"),
            "type": "ir.actions.act_window",
            "res_model": "marketing.campaign.test",
            "view_mode": "form",
            "target": "new",
            "context": {"default_campaign_id": self.id},
        }

    def action_view_tests(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.marketing_participant_action")
        domain = [("campaign_id", "=", self.id), ("is_test", "=", True)]
        return dict(action, display_name=_("Tests"), domain=domain, context={"marketing_of_campaign": True})

    def _create_test_participant(self, res_id):
        """Make a participant for a test, however many there were before.

        :param int res_id: id of a record of the target
        """
        self.ensure_one()
        self._check_can_run(self._get_run_as_candidate())
        now = fields.Datetime.now()
        campaign = self._for_test()
        participant = (
            self.env["marketing.participant"]
            .sudo()
            .create(
                {
                    "campaign_id": self.id,
                    "model_name": campaign._get_target(),
                    "res_id": res_id,
                    "is_test": True,
                    "is_outside": self._is_outside_filter(res_id),
                    "source": "test",
                    "date_start": now,
                }
            )
        )
        self.env["marketing.trace"].sudo().create(
            [
                {
                    "participant_id": participant.id,
                    "campaign_id": self.id,
                    "activity_id": step.id,
                    "res_id": res_id,
                    "is_test": True,
                    "schedule_date": step.due(now, campaign._get_tz()),
                }
                for step in campaign._get_workflow().roots
            ]
        )
        return participant.with_env(self.env)

    def _is_outside_filter(self, res_id):
        """Tell whether the campaign would not take a record, as the user who asks sees it: its test runs all the same.

        :param int res_id: id of a record of the target
        """
        campaign = self._for_test()
        try:
            env = campaign._get_run_env()
            return res_id not in campaign._filter_res_ids(env, [res_id], [campaign._get_workflow().domain])
        except CampaignStop:
            return False  # an error of its own, which Launch tells

    def _for_test(self):
        """Return this campaign as its tests see it, with every right."""
        return self._as_described(self.env.user)

    def _as_described(self, user):
        """Return this campaign with the workflow as its activities describe it now, acting for a user."""
        return self.sudo().with_context(**{TEST_KEY: TestRun(user.id)})

    @api.private
    def _get_workflow(self):
        if test_run(self.env):
            return self._build_workflow()
        return super()._get_workflow()

    def _get_run_user(self):
        run = test_run(self.env)
        return self.env["res.users"].browse(run.uid) if run else super()._get_run_user()


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    is_outside = fields.Boolean(
        string="Outside of the filter",
        readonly=True,
        help="This test is of a record that the campaign itself would not take: its filter lets nobody go.",
    )
    test_hint = fields.Char(compute="_compute_test_hint", help="How to go on with this test.")

    @api.depends("is_test", "state", "end_code", "trace_ids.state")
    @api.depends_context("lang")
    def _compute_test_hint(self):
        for participant in self:
            participant.test_hint = participant.is_test and participant._get_test_hint(fields.Datetime.now())

    def _get_test_hint(self, now):
        """Return in words what this test waits for, and how to go on."""
        if self._is_over():
            return _("The test ended: %s", self.end_reason)
        scheduled = self.trace_ids.filtered(lambda trace: trace.state == "scheduled")
        if scheduled:
            names = ", ".join(f"“{name}”" for name in scheduled.activity_id.mapped("name"))
            return _("Press Run beside %s: it runs now, whatever its date.", names)
        waits = self._get_test_waits(now)
        if not waits:
            return _("The test is through: nothing is left to run.")
        return " ".join(dict.fromkeys(waits))

    def _get_test_waits(self, now):
        """Return in words what may still happen in this test, and how to have it happen.

        :rtype: list[str]
        """
        traces = self.trace_ids.grouped("id")
        sentences = []
        for trace_id, waits in self._get_waits(self.trace_ids._get_facts(), now).items():
            name = traces[trace_id].activity_id.name
            words = {
                "open": _("It waits until “%s” is opened: open the message, or press “As if opened” below.", name),
                "click": _("It waits for a click in “%s”: click in the message, or press “As if clicked” below.", name),
                "reply": _("It waits for a reply to “%s”: answer it, or press “As if replied to” below.", name),
            }
            for wait in waits:
                if wait["step"]["state"] == "waiting" and wait["event"] != "bounce":
                    sentences.append(words.get(wait["event"]) or f"{name}: {wait['step']['note']}")
        return sentences

    def _refresh_state(self, now, awaiting_steps):
        """Keep a test running as long as something in it is waited for: its user ends it."""
        res = super()._refresh_state(now, awaiting_steps)
        if test_run(self.env):
            waiting = self.filtered(
                lambda test: test.is_test and test.state == "completed" and test._get_test_waits(now)
            )
            waiting.write({"state": "running", "date_end": False})
        return res

    def action_stop_test(self):
        """End tests: what is scheduled is cancelled."""
        self.campaign_id.check_access("write")
        tests = self.filtered("is_test").sudo()
        tests._lock()
        tests._remove("test_stopped", fields.Datetime.now())
        tests.write({"state": "completed"})

    def action_test_again(self):
        """Launch another test for the same record, and open its page.

        :raise UserError: for a participant that is no test, or whose record is gone
        """
        self.ensure_one()
        if not self.is_test:
            raise UserError(_("This is no test."))
        values = {"campaign_id": self.campaign_id.id, "res_id": self.res_id, "confirmed": True}
        wizard = self.env["marketing.campaign.test"].create(values)
        return wizard.action_launch_test()

    def action_refresh_test(self):
        """Take into account what really happened to the messages of a test: no cron does."""
        self.ensure_one()
        self.campaign_id.check_access("write")
        if not self.is_test:
            raise UserError(_("This is no test."))
        test = self.sudo().with_context(**{TEST_KEY: TestRun(self.env.uid)})
        test._lock()
        if test._is_over():
            return
        test.env["marketing.trace"]._consume_events(test, fields.Datetime.now())


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    can_fire = fields.Boolean(compute="_compute_can_fire", help="Whether something can happen to this step of a test.")

    @api.depends("is_test", "state", "activity_id.activity_type", "participant_id.end_code")
    def _compute_can_fire(self):
        for trace in self:
            ran = trace.is_test and trace.state == "processed" and not trace.participant_id._is_over()
            trace.can_fire = ran and bool(trace.activity_id._get_type_events(trace.activity_id.activity_type))

    def _sift_outsiders(self):
        return super()._sift_outsiders().filtered(lambda trace: not (trace.is_test and trace.participant_id.is_outside))

    def action_run_test(self):
        """Execute a step of a test now, whatever its date, and show what follows.

        What makes the step fail is its result, as it is for a participant.

        :raise UserError: for a trace that is no test, or is not scheduled
        """
        trace = self._check_test()
        if trace.state != "scheduled":
            raise UserError(_("“%s” was dealt with already.", trace.activity_id.name))
        now = fields.Datetime.now()
        run = LoneRun()
        try:
            trace.with_context(**{ALONE_KEY: run})._run_test(now)
        except CampaignStop as stop:
            raise UserError(str(stop)) from stop
        except BaseException as error:
            if is_shutdown(error):
                raise
            if isinstance(error, TransactionRollbackError) and not run.passed:
                raise  # Odoo begins the call again
            self.env.cr.rollback()
            _logger.info("The step %s of a test failed", trace.id, exc_info=True)
            trace.participant_id._lock()
            trace.campaign_id._fail(trace.ids, error, now)
        trace._take_test_events(now)

    def _run_test(self, now):
        traces = self._sift(now)
        if traces:
            outcomes = traces.activity_id._execute(traces, now)
            if outcomes is not None:
                self.env.flush_all()
                traces._finish(outcomes, now)

    def action_fire_event(self, event):
        """Have the test's participant do something with the message of this step.

        :param str event: open, click, reply, bounce, complaint or unsubscribe, as far as the type of the step knows it
        :raise UserError: where this cannot happen
        """
        trace = self._check_test()
        if not trace.can_fire or event not in trace.activity_id._get_type_events(trace.activity_id.activity_type):
            raise UserError(_("“%s” has sent no message that this could happen to.", trace.activity_id.name))
        now = fields.Datetime.now()
        self.env["marketing.trace.event"].sudo().record_events(event, trace.ids, "test", date=now)
        trace._take_test_events(now)

    def _check_test(self):
        """Return this trace with the rights of the engine, its participant locked."""
        self.ensure_one()
        self.campaign_id.check_access("write")
        if not self.is_test:
            raise UserError(_("This is no test: the campaign itself runs this step."))
        trace = self.sudo().with_context(**{TEST_KEY: TestRun(self.env.uid)})
        trace.participant_id._lock()
        if trace.participant_id._is_over():
            raise UserError(_("This test is over: launch another."))
        trace._consume_events(trace.participant_id, fields.Datetime.now())
        return trace

    def _take_test_events(self, now):
        self._consume_events(self.participant_id, now)
        if self.participant_id._is_over():  # its record is gone, or left the filter
            self.participant_id.state = "completed"
        else:
            self.participant_id._refresh_state(now, self.campaign_id._get_awaiting_steps())
