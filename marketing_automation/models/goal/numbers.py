"""How many have reached the goal, and how fast."""

from datetime import timedelta

from odoo import _, fields, models
from odoo.tools import SQL

from ..numbers import format_number

DAY = timedelta(days=1)


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    goal_count = fields.Integer(
        string="Conversions", compute="_compute_goal_numbers", help="How many participants have reached the goal."
    )
    goal_rate = fields.Float(
        string="Conversion Rate",
        compute="_compute_goal_numbers",
        help="Participants, past and present, who have reached the goal.",
    )
    goal_numbers = fields.Char(string="Conversions in Words", compute="_compute_goal_numbers")

    def _get_conversion_counts(self):
        """Return how many have reached the goal, by the ids of those of these campaigns in which somebody has."""
        counters = self._read_counters()
        return {id_: counters[id_, 0, "goal"] for id_ in self.ids if counters[id_, 0, "goal"]}

    def _compute_goal_numbers(self):
        counts = self._get_conversion_counts()
        rows = counts and self.env.execute_query(
            SQL(
                """SELECT campaign_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY goal_date - date_start)
                     FROM marketing_participant
                    WHERE campaign_id = ANY(%s) AND goal_date IS NOT NULL AND is_test IS NOT TRUE
                 GROUP BY campaign_id""",
                list(counts),
            )
        )
        medians = dict(rows or ())
        for campaign in self:
            count, median = counts.get(campaign.id, 0), medians.get(campaign.id)
            total = campaign.total_participant_count
            campaign.goal_count = count
            campaign.goal_rate = count / total if total else 0.0
            campaign.goal_numbers = bool(count) and _(
                "%(count)s of %(total)s (%(rate)s %%) have reached it, half of them within %(median)s.",
                count=format_number(self.env, count),
                total=format_number(self.env, total),
                rate=format_number(self.env, 100 * campaign.goal_rate, 1),
                median=self._describe_median(median),
            )

    def _describe_median(self, median):
        """Return a span of time in words, in the next whole unit."""
        unit, length = ("hours", timedelta(hours=1)) if median < 2 * DAY else ("days", DAY)
        return self.env["marketing.activity"]._get_duration_label(max(1, -(-median // length)), unit)

    def action_view_goal(self):
        """Open the participants who have reached the goal."""
        self.ensure_one()
        action = self.action_view_participants()
        domain = [*action["domain"], ("goal_date", "!=", False)]
        empty = self._get_empty_help(_("Nobody yet"), _("Who reaches the goal of this campaign shows here."))
        return dict(action, display_name=_("Conversions"), domain=domain, help=empty)
