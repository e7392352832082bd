"""A record is active again."""

from odoo import api, models
from odoo.tools import LazyTranslate

from ...engine.event_kinds import EventKind, Happening

_lt = LazyTranslate(__name__)

UNARCHIVED = EventKind(
    "unarchived",
    _lt("It is taken out of the archive"),
    hint=_lt("It is active again"),
    icon="fa-undo",
    happens=(Happening(becomes=(True,), new_too=False),),
    fields=("active",),
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _describe_event_unarchived(self):
        return UNARCHIVED
