"""A record comes to a stage, or a document to a status."""

from odoo import api, models
from odoo.tools import LazyTranslate

from ...engine.event_kinds import EventKind, Happening

_lt = LazyTranslate(__name__)

STAGE = EventKind(
    "stage",
    _lt("It comes to a stage"),
    hint=_lt("A stage of a pipeline, or the status of a document"),
    icon="fa-flag",
    happens=(Happening(filled=True),),
    fields=("stage_id", "state"),
    values="to",
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _describe_event_stage(self):
        return STAGE
