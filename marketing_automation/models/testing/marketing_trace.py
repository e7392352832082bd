import logging

from psycopg2.extensions import TransactionRollbackError

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...engine.context import ALONE_KEY, TEST_KEY, LoneRun, TestRun
from ...engine.errors import CampaignStop
from ..runtime.batch import Batch
from ..runtime.errors import is_shutdown

_logger = logging.getLogger(__name__)


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    can_fire = fields.Boolean(compute="_compute_can_fire", help="Whether something can happen to this step of a test.")

    @api.depends("is_test", "state", "activity_id.activity_type", "participant_id.end_code")
    def _compute_can_fire(self):
        for trace in self:
            ran = trace.is_test and trace.state == "processed" and not trace.participant_id._is_over()
            trace.can_fire = ran and bool(trace.activity_id._get_type_events(trace.activity_id.activity_type))

    def action_run_test(self, branch=None):
        """Execute a step of a test now, whatever its date, and show what follows.

        What makes the step fail is its result, as it is for a participant.

        :param str branch: have it choose that branch, where it chooses one, whatever is true
        :raise UserError: for a trace that is no test, or is not scheduled; for a branch that it does not have
        """
        trace = self._check_test()
        if branch is not None and not (isinstance(branch, str) and branch in trace.activity_id._get_branch_labels()):
            raise UserError(_("“%s” has no such branch.", trace.activity_id.name))
        if trace.state != "scheduled":
            raise UserError(_("“%s” was dealt with already.", trace.activity_id.name))
        now = fields.Datetime.now()
        run = LoneRun()
        try:
            alone = trace.with_context(**{ALONE_KEY: run})
            passed = alone._pass_gates(Batch(alone.campaign_id, now))
            if branch is None:
                passed._execute_and_finish(now)
            else:
                passed._finish(dict.fromkeys(passed.ids, ("processed", None, None, branch)), now)
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
            raise UserError(_("This is not a test: the campaign itself runs this step."))
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
