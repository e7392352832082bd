"""How far campaigns are and how well they go: what their cards on the dashboard show, for all cards at once."""

from collections import Counter

from odoo import fields, models
from odoo.tools import SQL


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    success_rate = fields.Float(
        compute="_compute_success_rate",
        help="How many of the steps due so far have run. The others did not match their filter, or failed.",
    )
    has_results = fields.Boolean(compute="_compute_success_rate")

    def _compute_success_rate(self):
        counts = Counter()
        for (campaign_id, _activity_id, metric), number in self._read_counters().items():
            if metric in ("processed", "rejected", "error"):
                counts[campaign_id, metric == "processed"] += number
        if self.ids:
            past = self.env.execute_query(
                SQL(
                    """SELECT a.campaign_id, f.metric = 'processed', sum(f.number)
                         FROM marketing_activity a JOIN marketing_trace_figure f ON f.activity_id = a.id
                        WHERE a.campaign_id = ANY(%s) AND f.metric IN ('processed', 'rejected')
                     GROUP BY 1, 2""",
                    self.ids,
                )
            )
            for campaign_id, is_success, number in past:
                counts[campaign_id, is_success] += number
        for campaign in self:
            success, other = (int(counts[campaign.id, is_success]) for is_success in (True, False))
            campaign.has_results = bool(success + other)
            campaign.success_rate = success / (success + other) if success + other else 0.0
