"""What became of a step that added its participant to another campaign, where that did not take it in.

The step only asks for it: the other campaign decides later, when nobody looks. Nothing is kept of a refusal; what is
known of the record's times in that campaign tells why.
"""

from odoo import _, models


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    def _explain_handovers(self):
        """Return why campaigns did not take in the record of these steps of one participant, in words by trace id.

        The number of queries depends on how many different steps there are, not on how often each ran.

        :rtype: dict[int, str]
        """
        reasons = {}
        done = self.filtered(lambda trace: trace.state == "processed" and trace.done_date and not trace.is_test)
        for activity, traces in done.grouped("activity_id").items():
            # the other campaign may be one that the reader does not see
            for action in activity.sudo().server_action_id._get_all_actions():
                if action.state == "marketing_enroll" and action.marketing_campaign_id:
                    reasons |= traces._explain_handover(action)
        return reasons

    def _explain_handover(self, action):
        """Return why these steps' action did not add their one record to its campaign, in words by trace id."""
        campaign = action.marketing_campaign_id
        record = self.env[self[0].participant_id.model_name].sudo().browse(self[0].res_id).exists()
        if not record or action._find_marketing_path_problem():
            return {}
        target = action._follow_marketing_path(record)
        mine = [("campaign_id", "=", campaign.id), ("res_id", "in", target.ids)]
        if not target or self.env["marketing.entry.request"].sudo().search_count([*mine, ("operation", "=", "add")]):
            return {}
        passages = self.env["marketing.participant"].sudo().search([*mine, ("is_test", "!=", True)], order="run")
        name = campaign.display_name if campaign.sudo(False).has_access("read") else _("another campaign")
        ordered, reasons = self.sorted("done_date"), {}
        for trace, following in zip(ordered, [*ordered[1:], None], strict=True):
            reason = campaign._explain_refusal(passages, trace.done_date, following and following.done_date)
            if reason:
                reasons[trace.id] = _("Not added to “%(campaign)s”: %(reason)s", campaign=name, reason=reason)
        return reasons
