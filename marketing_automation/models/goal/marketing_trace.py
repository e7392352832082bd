from odoo import api, models


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    def _stop_at_goal(self, batch):
        """End participants who have reached the goal; a test goes its way without."""
        if not batch.campaign._has_goal(batch.workflow):
            return self
        participants = self.filtered(lambda trace: not trace.is_test).participant_id
        finished = batch.campaign._find_converted(participants, batch.now)._reach_goal(batch.now)
        return self.filtered(lambda trace: trace.participant_id not in finished)

    def _stop_at_exit(self, batch):
        """Remove participants who have come to match the exit condition; a test goes its way without."""
        real = self.filtered(lambda trace: not trace.is_test)
        if not batch.workflow.exit_domain or not real:
            return self
        matching = batch.campaign._filter_res_ids(
            batch.env, real.mapped("res_id"), [batch.workflow.exit_domain], within=batch.workflow.domain
        )
        leaving = real.filtered(lambda trace: trace.res_id in matching)
        leaving.participant_id._remove("exited", batch.now)
        return self - leaving

    @api.model
    def _look_at_goals_of(self, participants, now):
        """See whether something that happened to messages was the goal.

        :param participants: locked marketing.participant of one campaign, of real people or of tests
        """
        campaign = participants.campaign_id
        if campaign._get_workflow().goal_behavior:
            campaign._find_converted(participants, now)._reach_goal(now)
