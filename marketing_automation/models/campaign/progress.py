"""How far campaigns are and how well they go: what their cards on the dashboard show, for all cards at once."""

from collections import Counter

from odoo import fields, models
from odoo.tools import SQL


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    success_rate = fields.Float(
        compute="_compute_success_rate",
        help="Steps that ran, of those that were due so far; the others did not match their filter, or failed.",
    )
    has_results = fields.Boolean(compute="_compute_success_rate")

    def _compute_success_rate(self):
        counts = Counter()
        if self.ids:
            rows = self.env.execute_query(
                SQL(
                    # index only: the counts of each activity (see marketing.trace, _by_activity)
                    """
                    SELECT a.campaign_id, t.state = 'processed', t.number
                      FROM marketing_activity a,
                           LATERAL (SELECT state, count(*) AS number FROM marketing_trace
                                     WHERE activity_id = a.id AND is_test IS NOT TRUE
                                       AND state IN ('processed', 'rejected', 'error')
                                  GROUP BY state
                                     UNION ALL
                                    SELECT metric, sum(number) FROM marketing_trace_figure
                                     WHERE activity_id = a.id AND metric IN ('processed', 'rejected')
                                  GROUP BY metric) t
                     WHERE a.campaign_id = ANY(%s)
                    """,
                    self.ids,
                )
            )
            for campaign_id, is_success, number in rows:
                counts[campaign_id, is_success] += number
        for campaign in self:
            success, other = (int(counts[campaign.id, is_success]) for is_success in (True, False))
            campaign.has_results = bool(success + other)
            campaign.success_rate = success / (success + other) if success + other else 0.0
