"""A record gets a tag."""

from odoo import api, models
from odoo.tools import LazyTranslate

from ...engine.event_kinds import EventKind, Happening

_lt = LazyTranslate(__name__)

TAG = EventKind(
    "tag",
    _lt("It gets a tag"),
    hint=_lt("One of these tags, or any"),
    icon="fa-tag",
    happens=(Happening(adds=True),),
    fields=("tag_ids", "category_id", "category_ids"),
    values="to",
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _describe_event_tag(self):
        return TAG
