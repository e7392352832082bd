"""What a campaign's user should know before it starts, though it could run."""

import re

from odoo import _, api, fields, models
from odoo.fields import Domain
from odoo.tools import OrderedSet

from ...engine.filter_text import Reader, read_filter

# What stands for a date that moves with the clock: "today -7d", "-1w", "=monday" …
RELATIVE_DATE = re.compile(r"(?:today|now)\b|[=+-](?:\d+[dwmyHMS]|[a-z])")


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    warning_text = fields.Text(string="Warnings", compute="_compute_warning_text")

    @api.depends(
        lambda self: [
            *self._get_workflow_fields(),
            *("company_id", "company_id.alias_domain_id", "state", "marketing_activity_ids.child_ids"),
            *(
                "marketing_activity_ids.mass_mailing_id.body_html",
                "marketing_activity_ids.mass_mailing_id.reply_to_mode",
                "marketing_activity_ids.mass_mailing_id.reply_to",
                "marketing_activity_ids.mass_mailing_id.email_from",
            ),
        ]
    )
    @api.depends_context("lang", "uid")
    def _compute_warning_text(self):
        for campaign in self:
            campaign.warning_text = "\n".join(
                campaign._get_lost_filter_warnings() + campaign._find_entry_warnings() + campaign._get_warnings()
            )

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
        warnings += self._get_circle_warnings()
        for activity in self.marketing_activity_ids:
            warnings += activity._get_warnings()
        return warnings

    def _has_relative_date_filter(self):
        """Tell whether the filter has a date that moves with time.

        It calls the clock (``context_today()``), or compares a date with a text that is none: "today -7d", "=monday".
        """
        if self.model_name not in self.env:
            return False  # while a target is chosen
        asked = []

        def today():
            asked.append("today")
            return fields.Date.context_today(self)

        def now():
            asked.append("now")
            return fields.Datetime.now()

        try:
            domain = Domain(read_filter(self.domain, Reader(self.env.uid, today, now, lambda moment: moment)))
        except ValueError:
            return False  # said elsewhere
        return bool(asked) or any(
            (field is None or field.type in ("date", "datetime")) and _is_relative(condition.value)
            for field, condition in self._iter_fields(self.env[self.model_name], domain)
        )


def _is_relative(value):
    """Tell whether a value that a date is compared with is a moment that moves."""
    values = value if isinstance(value, list | tuple | set | frozenset | OrderedSet) else [value]
    return any(isinstance(text, str) and RELATIVE_DATE.match(text) for text in values)
