"""What a campaign's user should know before it starts, though it could run."""

import re

from odoo import _, api, fields, models

# A moment in a filter that moves with the clock: "today -7d", "-1w", "=monday", context_today() …
RELATIVE_DATE = re.compile(
    r"""context_today|relativedelta|datetime\.|["'](?:(?:today|now)\b|(?!=i?like["'])[=+-](?:\d+[dwmyHMS]|[a-z]))"""
)


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    warning_text = fields.Text(string="Warnings", compute="_compute_warning_text")

    @api.depends(
        *("domain", "leave_on_mismatch", "company_id", "company_id.alias_domain_id", "state"),
        *("marketing_activity_ids.activity_domain", "marketing_activity_ids.bounce_type"),
        "marketing_activity_ids.server_action_id",
        *("marketing_activity_ids.trigger_type", "marketing_activity_ids.child_ids"),
        *("marketing_activity_ids.interval_number", "marketing_activity_ids.interval_type"),
        *("marketing_activity_ids.mass_mailing_id.body_html", "marketing_activity_ids.mass_mailing_id.reply_to_mode"),
    )
    @api.depends_context("lang", "uid")
    def _compute_warning_text(self):
        for campaign in self:
            campaign.warning_text = "\n".join(campaign._get_lost_filter_warnings() + campaign._get_warnings())

    def _get_warnings(self):
        """Return in words what may surprise the campaign's user; it can run nevertheless.

        :rtype: list[str]
        """
        self.ensure_one()
        warnings = []
        if self.leave_on_mismatch and self._has_relative_date_filter():
            warnings.append(
                _(
                    "The filter has a date that moves with time: participants leave when it no longer covers them. "
                    "Turn “Leave on Mismatch” off to let everybody finish who came in."
                )
            )
        if not self.company_id and len(self.env.user.company_ids) > 1:
            warnings.append(
                _(
                    "The campaign belongs to no company: it reaches the records of every company that its user works "
                    "for. Choose a company to keep to its records."
                )
            )
        for activity in self.marketing_activity_ids:
            warnings += activity._get_warnings()
        return warnings

    def _has_relative_date_filter(self):
        """Tell whether the filter has a date that moves with time."""
        return bool(RELATIVE_DATE.search(self.domain or ""))
