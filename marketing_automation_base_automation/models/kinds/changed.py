"""A field gets another value."""

from odoo import api, models
from odoo.tools import LazyTranslate

from ...engine.event_kinds import EventKind, Happening

_lt = LazyTranslate(__name__)

CHANGED = EventKind(
    "changed",
    _lt("A field changes"),
    hint=_lt("From one value to another, or in whatever way"),
    icon="fa-pencil",
    happens=(Happening(),),
    chosen=True,
    values="both",
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _describe_event_changed(self):
        return CHANGED
