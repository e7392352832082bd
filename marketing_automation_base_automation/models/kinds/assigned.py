"""Somebody becomes responsible for a record."""

from odoo import api, models
from odoo.tools import LazyTranslate

from ...engine.event_kinds import EventKind, Happening

_lt = LazyTranslate(__name__)

ASSIGNED = EventKind(
    "assigned",
    _lt("It is assigned"),
    hint=_lt("To one of these people, or to anybody"),
    icon="fa-user",
    happens=(Happening(filled=True),),
    fields=("user_id", "user_ids"),
    values="to",
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _describe_event_assigned(self):
        return ASSIGNED
