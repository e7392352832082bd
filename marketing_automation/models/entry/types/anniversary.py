"""An anniversary: as by a date of the record, but every year."""

from dataclasses import replace

from odoo import _, api, fields, models
from odoo.tools import LazyTranslate

from .date import DATE

_lt = LazyTranslate(__name__)

ANNIVERSARY = replace(
    DATE, name="anniversary", icon="fa-birthday-cake", hint=_lt("Every year, some time before or after a date")
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    entry_type = fields.Selection(
        selection_add=[("anniversary", "Anniversary"), ("missing",)], ondelete={"anniversary": "cascade"}
    )

    @api.model
    def _describe_entry_anniversary(self):
        return ANNIVERSARY

    def _describe_settings_anniversary(self, settings):
        words = self._describe_settings_date(settings)
        return _("Every year, %s", words[:1].lower() + words[1:])

    def _find_problems_anniversary(self, user):
        return self._find_problems_date(user)

    @api.model
    def _make_rule_anniversary(self, settings, has_time, tz):
        return self._make_date_rule(settings, has_time, tz, yearly=True)

    @api.model
    def _enrol_anniversary(self, campaign, running, now, limit, after):
        return self._enrol_due(campaign, running, now, limit, after)
