"""Gates: claimed traces that must not run end here, each with its reason."""

from odoo import api, models


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.private
    def _sift(self, now):
        """End the claimed traces of one campaign that cannot run, and return the others.

        :param datetime now: UTC
        :raise CampaignStop: when the campaign cannot go on at all
        """
        campaign = self.campaign_id
        workflow = campaign._get_workflow()
        env = campaign._get_run_env()
        traces = self._sift_removed(workflow, now)
        traces = traces._sift_gone(env[campaign._get_target()], now)._sift_expired(workflow, campaign._get_tz(), now)
        if workflow.leave_on_mismatch and traces:
            matching = campaign._filter_res_ids(env, traces.mapped("res_id"), [workflow.domain])
            leaving = traces.filtered(
                lambda trace: (
                    trace.res_id not in matching
                    and not (trace.is_test and trace.participant_id.is_outside)  # which its user knows
                )
            )
            leaving.participant_id._remove("left_filter", now)
            traces -= leaving
        for activity, batch in traces.grouped("activity_id").items():
            filters = workflow.filters(workflow.steps[activity.id])
            if workflow.leave_on_mismatch and not filters:
                continue  # they have just matched the campaign's filter
            matching = campaign._filter_res_ids(env, batch.mapped("res_id"), filters, within=workflow.domain)
            rejected = batch.filtered(lambda trace, matching=matching: trace.res_id not in matching)
            rejected._end(dict.fromkeys(rejected.ids, ("rejected", "filter_mismatch", None)), now)
            traces -= rejected
        return traces

    def _sift_removed(self, workflow, now):
        removed = self.filtered(lambda trace: trace.activity_id.id not in workflow.steps)
        removed._end(dict.fromkeys(removed.ids, ("canceled", "step_removed", None)), now)
        return self - removed

    def _sift_gone(self, model, now):
        existing = set(model.browse(self.mapped("res_id")).exists().ids)
        gone = self.filtered(lambda trace: trace.res_id not in existing)
        gone.participant_id._remove("record_deleted", now)
        return self - gone

    def _sift_expired(self, workflow, tz, now):
        expired = self.filtered(
            lambda trace: workflow.steps[trace.activity_id.id].is_expired(trace.schedule_date, now, tz)
        )
        expired._end(dict.fromkeys(expired.ids, ("canceled", "expired", None)), now)
        return self - expired
