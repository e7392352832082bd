from odoo import _, models
from odoo.tools import SQL

from ..notices import notify

# Traces of participants of whom more may happen: see ``marketing.participant._is_over``
OF_WHO_GOES_ON = (
    ("is_test", "!=", True),
    ("participant_id.state", "!=", "unlinked"),
    ("participant_id.end_code", "=", False),
)


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def action_retry_errors(self):
        """Try all errors of this campaign again, those of its tests and of who has left excepted.

        :return: a notification that tells how many
        """
        self.ensure_one()
        return self._retry_errors(self.with_context(active_test=False).marketing_activity_ids)

    def _resume_lifted(self, res_ids, now):
        """Schedule again what a blocklisting or an opt-out kept from participants, where it is lifted by now.

        :param res_ids: ids of records of the target
        :param datetime now: UTC
        :return: the ids of those records for whom something is scheduled again
        :rtype: set[int]
        """
        steps = self._get_workflow().steps
        traces = self.env["marketing.trace"]
        codes = [*traces._get_liftable_codes(), *traces._get_duplicate_columns()]
        kept = traces.search(
            [
                *(("campaign_id", "=", self.id), ("res_id", "in", list(res_ids)), ("activity_id", "in", list(steps))),
                *(("state", "=", "canceled"), ("end_code", "in", codes)),
                *OF_WHO_GOES_ON,
            ]
        )
        if not kept:
            return set()
        kept.participant_id._lock()
        kept = kept._filter_retryable()  # as they are under the lock
        matching = self._filter_res_ids(self._get_run_env(), kept.mapped("res_id"), [self._get_workflow().domain])
        resumed = traces
        for activity, waiting in kept.grouped("activity_id").items():
            reached = self._find_reached(steps[activity.id], waiting.mapped("res_id")) & matching
            resumed += waiting.filtered(lambda trace, reached=reached: trace.res_id in reached)
        resumed._retry(now)
        return set(resumed.mapped("res_id"))

    def _retry_errors(self, activities):
        """Try the errors of some activities again, and what ended as a duplicate of a message that reached nobody.

        :return: a notification that tells how many
        """
        self.check_access("write")
        traces = self.env["marketing.trace"]
        errors = traces.search(
            [
                ("campaign_id", "=", self.id),
                ("activity_id", "in", activities.ids),
                ("state", "=", "error"),
                *OF_WHO_GOES_ON,
            ]
        )
        errors += traces._find_unreached_duplicates(SQL("d.activity_id = ANY(%s)", activities.ids))
        errors.action_retry()
        reload = {"type": "ir.actions.client", "tag": "soft_reload"}
        return notify("info", _("%s step(s) are tried again.", len(errors)), reload)
