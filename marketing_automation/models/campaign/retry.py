from odoo import _, models


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def action_retry_errors(self):
        """Try all errors of this campaign again, those of its tests and of who has left excepted.

        :return: a notification that tells how many
        """
        self.ensure_one()
        return self._retry_errors([])

    def _resume_lifted(self, res_ids, now):
        """Schedule again what a blocklisting or an opt-out kept from participants, where it is lifted by now.

        :param res_ids: ids of records of the target
        :param datetime now: UTC
        :return: the ids of those records for whom something is scheduled again
        :rtype: set[int]
        """
        steps = self._get_workflow().steps
        traces = self.env["marketing.trace"]
        kept = traces.search(
            [
                *(("campaign_id", "=", self.id), ("res_id", "in", list(res_ids)), ("activity_id", "in", list(steps))),
                *(("state", "=", "canceled"), ("end_code", "in", traces._get_liftable_codes())),
                *(("is_test", "!=", True), ("participant_id.state", "!=", "unlinked")),
            ]
        )
        if not kept:
            return set()
        kept.participant_id._lock()
        kept = kept.filtered(lambda trace: trace._may_be_retried())  # as they are under the lock
        matching = self._filter_res_ids(self._get_run_env(), kept.mapped("res_id"), [self._get_workflow().domain])
        resumed = traces
        for activity, waiting in kept.grouped("activity_id").items():
            reached = self._find_reached(steps[activity.id], waiting.mapped("res_id")) & matching
            resumed += waiting.filtered(lambda trace, reached=reached: trace.res_id in reached)
        resumed._retry(now)
        return set(resumed.mapped("res_id"))

    def _retry_errors(self, domain):
        self.check_access("write")
        errors = self.env["marketing.trace"].search(
            [
                ("campaign_id", "=", self.id),
                ("state", "=", "error"),
                ("is_test", "!=", True),
                ("participant_id.state", "!=", "unlinked"),
                *domain,
            ]
        )
        errors.action_retry()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": _("%s step(s) are tried again.", len(errors)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
