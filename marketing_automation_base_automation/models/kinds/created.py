"""A record is made."""

from odoo import api, models
from odoo.tools import LazyTranslate

from ...engine.event_kinds import EventKind, Happening

_lt = LazyTranslate(__name__)

CREATED = EventKind(
    "created",
    _lt("A new record is made"),
    hint=_lt("By hand, by an import, by a form, by another app"),
    icon="fa-plus-circle",
    happens=(Happening(created=True),),
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _describe_event_created(self):
        return CREATED
