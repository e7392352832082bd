from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.marketing_automation.models.runtime.failures import MAX_FAILURES

from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon

MUTED = (
    "odoo.addons.marketing_automation.models.runtime.failures",
    "odoo.addons.marketing_automation.models.runtime.loop",
)
WINDOW = "{'type': 'ir.actions.act_window', 'res_model': 'res.partner', 'view_mode': 'form'}"


class OwnError(BaseException):
    """No Exception."""


@tagged("post_install", "-at_install")
class TestFailures(MarketingAutomationCommon):
    """What fails, and is nobody's fault: the campaign says so, others go on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.activity = cls._create_action(cls.campaign, "Touch")
        cls.other = cls._create_campaign(name="Other")
        cls.other_activity = cls._create_action(cls.other, "Too", code="record.write({'function': 'touched'})")

    def _break(self, method, error):
        """Have a method of this campaign raise; :return: the patch"""
        model = self.registry["marketing.campaign"]
        original = getattr(model, method)

        def broken(campaign, *args, **kwargs):
            if campaign == self.campaign:
                raise error
            return original(campaign, *args, **kwargs)

        return patch.object(model, method, broken)

    @mute_logger(*MUTED)
    def test_an_exception_of_a_campaign_stands_on_it_and_others_go_on(self):
        self._let_marketer_edit_contacts()
        self._start(self.campaign)
        self._start(self.other)
        for error in (KeyError("lost"), OwnError("lost")):
            with self._break("_execute_due", error):
                self._run_crons(self.start + timedelta(minutes=5), EXECUTION_CRON)
            self.assertIn("lost", self.campaign.last_error)
        self.assertEqual(self.campaign.last_error_date, self.start + timedelta(minutes=5))
        self.assertIn("Traceback", self.campaign.sudo().last_error_traceback)
        self.assertEqual(self.contacts.mapped("function"), ["touched"] * 5)
        health = (self.campaign + self.other).sudo()._get_health()
        self.assertIn("“Prospection” failed on", health["text"])
        self.assertNotIn("scheduled actions", health["text"])
        self._run_crons(self.start + timedelta(minutes=10), EXECUTION_CRON)
        self.assertFalse(self.campaign.last_error)
        self.assertFalse(self.campaign.sudo().last_error_traceback)
        self.assertEqual(set(self.contacts.mapped("ref")), {"acted "})

    def test_the_traceback_is_for_administrators(self):
        with self.assertRaises(AccessError):
            self.campaign.with_user(self.marketer).read(["last_error_traceback"])
        for fname in ("last_error", "failure_count", "failed_job"):
            with self.assertRaises(AccessError):
                self.campaign.with_user(self.marketer).write({fname: 1})

    @mute_logger(*MUTED)
    def test_enrolment_tells_too_and_execution_does_not_clear_it(self):
        self._start(self.campaign)
        with self._break("_sync_chunk", KeyError("lost")):
            self._run_crons(self.start, ENROLMENT_CRON)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertIn("lost", self.campaign.last_error)
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertFalse(self.campaign.last_error)

    @mute_logger(*MUTED)
    def test_a_campaign_stops_when_it_failed_often_enough(self):
        self._start(self.campaign)
        with self._break("_execute_due", KeyError("lost")):
            for minute in range(MAX_FAILURES):
                self.assertEqual(self.campaign.state, "running")
                self._execute(self.campaign, self.start + timedelta(minutes=minute))
        self.assertEqual(self.campaign.state, "stopped")
        self.assertIn(f"It failed {MAX_FAILURES} times", self.campaign.stop_reason)
        self.assertIn("lost", self.campaign.stop_reason)

    @mute_logger(*MUTED)
    def test_what_passes_by_itself_stops_nothing(self):
        self._start(self.campaign)
        with self._break("_execute_due", MemoryError()):
            for minute in range(MAX_FAILURES + 1):
                self._execute(self.campaign, self.start + timedelta(minutes=minute))
        self.assertEqual(self.campaign.state, "running")
        self.assertIn("more than the server has", self.campaign.last_error)

    # ------------------------------------------------------------
    # What asks for a person
    # ------------------------------------------------------------

    def test_an_action_that_opens_a_window_cannot_be_chosen(self):
        code = f"record.write({{'ref': 'x'}})\naction = {WINDOW}"
        window = self._create_server_action(code=code)
        inside = self._create_server_action(state="multi", code=False, child_ids=[Command.set(window.ids)])
        for action in (window, inside):
            with self.assertRaisesRegex(ValidationError, "opens a window for a person"):
                self._create_activity(self.campaign, "W", "action", "begin", None, server_action_id=action.id)
        chosen = self.activity.server_action_id.sudo()
        chosen.code = code
        with self.assertRaisesRegex(UserError, "opens a window for a person"):
            self._start(self.campaign)

    def test_what_shows_nothing_to_do_can_be_chosen(self):
        self._let_marketer_edit_contacts()
        harmless = (
            "action = {'type': 'ir.actions.act_window_close'}",
            "action = {'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {'message': 'Done'}}",
            f"if not record:\n    action = {WINDOW}",
            f"action = {WINDOW}\naction = None",
        )
        for code in harmless:
            self.activity.server_action_id.sudo().code = f"record.write({{'ref': 'done'}})\n{code}"
            self.contacts.ref = False
            campaign = self.campaign.copy()
            self._start(campaign)
            self._run_crons(self.start, EXECUTION_CRON)
            self.assertEqual(set(self.contacts.mapped("ref")), {"done"}, code)

    @mute_logger(*MUTED)
    def test_what_opens_a_window_after_all_is_undone_also_inside_another(self):
        self._let_marketer_edit_contacts()
        window = self._create_server_action(code=f"record.write({{'ref': 'x'}})\nopened = {WINDOW}\naction = opened")
        after = self._create_server_action(code="record.write({'ref': 'y'})")
        children = [Command.set([window.id, after.id])]
        inside = self._create_server_action(state="multi", code=False, child_ids=children)
        campaign = self._create_campaign()
        activity = self._create_activity(campaign, "W", "action", "begin", None, server_action_id=inside.id)
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(set(self.contacts.mapped("ref")), {False})
        for trace in activity.sudo().trace_ids:
            self.assertEqual((trace.state, trace.end_code), ("error", "exception"))
            self.assertIn("opens a window for a person", trace.state_msg)

    # ------------------------------------------------------------
    # What an action does to itself
    # ------------------------------------------------------------

    def test_an_action_deletes_its_record_or_its_participant(self):
        self._let_marketer_edit_contacts()
        deletes = self._create_server_action(
            code="""
if record.name in ('Ada', 'Ben'):
    record.unlink()
elif record.name == 'Cleo':
    env['marketing.participant'].sudo().search([('res_id', '=', record.id)]).unlink()
"""
        )
        campaign = self._create_campaign()
        activity = self._create_activity(campaign, "D", "action", "begin", None, server_action_id=deletes.id)
        after = self._create_action(campaign, "After", "activity", activity)
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(activity.sudo().trace_ids.mapped("state"), ["processed"] * 4)
        self.assertEqual(self.contacts.exists().mapped("name"), ["Cleo", "Dan", "Eve"])
        ran = after.sudo().trace_ids.filtered(lambda trace: trace.state == "processed")
        self.assertEqual(sorted(ran.mapped("res_id")), self.contacts[3:].ids)

    def test_an_action_stops_its_campaign(self):
        self._let_marketer_edit_contacts()
        self.activity.server_action_id.sudo().code = (
            f"record.write({{'ref': 'x'}})\nenv['marketing.campaign'].browse({self.campaign.id}).action_stop_campaign()"
        )
        after = self._create_action(self.campaign, "After", "activity", self.activity)
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self.campaign.state, "stopped")
        self.assertEqual(set(self.contacts.mapped("ref")), {"x"}, "it takes effect after the batch")
        self.assertEqual(set(after.sudo().trace_ids.mapped("state")), {"scheduled"})

    def test_an_action_archives_the_campaigns_user(self):
        self.activity.server_action_id.sudo().code = (
            f"env['res.users'].with_user(1).browse({self.marketer.id}).write({{'active': False}})"
        )
        self._create_action(self.campaign, "After", "activity", self.activity)
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self._run_crons(self.start + timedelta(days=1), EXECUTION_CRON)
        self.assertEqual(self.campaign.state, "stopped")
        self.assertIn("archived", self.campaign.stop_reason)
