"""The filter: whoever matches it enters."""

from odoo import _, api, models
from odoo.tools import LazyTranslate

from ....engine.entry_types import CHANGE, EntryType

_lt = LazyTranslate(__name__)

FILTER = EntryType(
    "filter",
    icon="fa-filter",
    hint=_lt("Everybody who matches the filter, now and later"),
    lets_in_again=CHANGE,
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _describe_entry_filter(self):
        return FILTER

    def _describe_settings_filter(self, settings):
        return _("Whoever matches the filter")

    @api.model
    def _enrol_filter(self, campaign, running, now, limit, after):
        _participants, last_id = campaign._enrol(now, limit, after_id=after, entry=self.browse(running.id or []))
        return last_id
