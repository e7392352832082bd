"""A record is archived."""

from odoo import _, api, models
from odoo.tools import LazyTranslate

from ...engine.event_kinds import EventKind, Happening

_lt = LazyTranslate(__name__)

ARCHIVED = EventKind(
    "archived",
    _lt("It is archived"),
    hint=_lt("A lost opportunity, a customer who left"),
    icon="fa-archive",
    happens=(Happening(becomes=(False,), new_too=False),),
    fields=("active",),
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _describe_event_archived(self):
        return ARCHIVED

    @api.model
    def _find_entry_problems_event_archived(self, settings, entry):
        name = self.env[entry.model_name]._active_name
        if settings.get("link") or f"'{name}'" in (entry.campaign_id.domain or "").replace('"', "'"):
            return []
        return [_("Archived records do not enter, as the campaign's filter leaves them out: add “Active” to it.")]
