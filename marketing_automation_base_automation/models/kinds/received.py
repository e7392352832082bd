"""A record gets a message from outside."""

from odoo import _, api, models
from odoo.tools import LazyTranslate

from ...engine.event_kinds import EventKind, Happening

_lt = LazyTranslate(__name__)

RECEIVED = EventKind(
    "received",
    _lt("A message comes in"),
    hint=_lt("An answer, or a mail from outside, in its history"),
    icon="fa-envelope-o",
    happens=(Happening(received=True),),
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _describe_event_received(self):
        return RECEIVED

    @api.model
    def _find_kind_problems_event_received(self, settings, model):
        if hasattr(model, "message_post"):
            return []
        name = self.env["ir.model"].sudo()._get(model._name).name
        return [_("“%s” gets no messages: choose another one.", name)]
