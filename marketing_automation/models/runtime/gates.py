"""Gates: claimed traces that must not run end here, each with its reason.

A gate takes a :class:`~.batch.Batch`, asks one query for all of these traces, ends those that it stops, and returns the
others.
"""

from odoo import api, models


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.model
    def _get_gates(self):
        """Extension point: the names of the gates, in the order in which traces come to them.

        :rtype: list[str]
        """
        return [
            "_stop_at_held_step",
            "_read_campaign_filter",
            "_stop_at_removed_step",
            "_stop_at_gone_record",
            "_stop_at_goal",
            "_stop_at_exit",
            "_stop_at_expiry",
            "_stop_at_campaign_filter",
            "_hold_until_best_time",
            "_hold_until_sending_hours",
            "_stop_at_own_filter",
            "_take_place",
        ]

    @api.private
    def _pass_gates(self, batch):
        """End the claimed traces of a batch that cannot run, and return the others.

        :param Batch batch: of these traces
        :raise StepHeld: when their step waits for an Update
        :raise CampaignStop: when the campaign cannot go on at all
        """
        traces = self
        for gate in self._get_gates():
            if traces:
                traces = getattr(traces, gate)(batch)
        return traces

    def _stop_at_held_step(self, batch):
        """Have a step wait whole that waits for an Update, also for who could not run it just now."""
        for activity in self.activity_id:
            if activity.id in batch.workflow.steps:
                activity._check_not_held()
        return self

    def _read_campaign_filter(self, batch):
        """See who matches the campaign's filter; where it cannot be read, nobody's step ends."""
        if batch.workflow.leave_on_mismatch:
            batch.matching = batch.campaign._filter_res_ids(batch.env, self.mapped("res_id"), [batch.workflow.domain])
        return self

    def _stop_at_removed_step(self, batch):
        """End steps that were removed from the workflow."""
        gone = self.activity_id.filtered(lambda activity: activity.id not in batch.workflow.steps)
        removed = self.filtered(lambda trace: trace.activity_id in gone) if gone else self.browse()
        removed._write_outcomes(dict.fromkeys(removed.ids, ("canceled", "step_removed", None)), batch.now)
        return self - removed

    def _stop_at_gone_record(self, batch):
        """Remove participants whose record was deleted."""
        unknown = set(self.mapped("res_id")) - batch.matching
        if not unknown:
            return self  # they were read just now
        model = batch.env[batch.campaign._get_target()]
        gone_ids = unknown.difference(model.browse(unknown).exists().ids)
        gone = self.filtered(lambda trace: trace.res_id in gone_ids)
        gone.participant_id._remove("record_deleted", batch.now)
        return self - gone

    def _stop_at_expiry(self, batch):
        """End steps for which it is too late to begin."""
        if not any(batch.workflow.steps[activity.id].validity_type for activity in self.activity_id):
            return self
        clocks = batch.campaign._get_clocks(self.mapped("res_id"), batch.now)
        expired = self.filtered(
            lambda trace: (
                not trace.waiting_since
                and batch.workflow.steps[trace.activity_id.id].is_expired(
                    trace.due_date or trace.schedule_date, batch.now, clocks.get(trace.res_id)
                )
            )
        )
        expired._write_outcomes(dict.fromkeys(expired.ids, ("canceled", "expired", None)), batch.now)
        return self - expired

    def _stop_at_campaign_filter(self, batch):
        """Remove participants who no longer match the campaign's filter, where that lets them go."""
        if not batch.workflow.leave_on_mismatch or batch.matching.issuperset(self.mapped("res_id")):
            return self
        leaving = self.filtered(
            lambda trace: (
                trace.res_id not in batch.matching
                and not (trace.is_test and trace.participant_id.is_outside)  # as its user knows
            )
        )
        leaving.participant_id._remove("left_filter", batch.now)
        return self - leaving

    def _stop_at_own_filter(self, batch):
        """End steps whose own filter, or one above theirs, the record does not match as they begin.

        Who waits at a step is asked whenever something may have fulfilled the wait: that must end nobody's.
        """
        workflow, passed = batch.workflow, self
        beginning = self.filtered(lambda trace: not trace.waiting_since)
        for activity in beginning.activity_id:
            filters = workflow.filters(workflow.steps[activity.id])
            if workflow.leave_on_mismatch and not filters:
                continue  # they have just matched the campaign's filter
            traces = beginning.filtered(lambda trace, activity=activity: trace.activity_id == activity)
            matching = batch.campaign._filter_res_ids(
                batch.env, traces.mapped("res_id"), filters, within=workflow.domain
            )
            rejected = traces.filtered(lambda trace, matching=matching: trace.res_id not in matching)
            rejected._write_outcomes(dict.fromkeys(rejected.ids, ("rejected", "filter_mismatch", None)), batch.now)
            passed -= rejected
        return passed
