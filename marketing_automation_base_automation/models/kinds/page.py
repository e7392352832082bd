"""A page of the website is visited: Odoo notes who was where by a bare INSERT, which nobody is told of."""

from odoo import _, api, fields, models
from odoo.tools import LazyTranslate, escape_psql

from ...engine.event_kinds import Email, EventKind, Link

_lt = LazyTranslate(__name__)

SHORTEST = 2  # characters of an address: "/a"
PAGE = EventKind(
    "page",
    _lt("A page of the website is visited"),
    hint=_lt("By somebody who is logged in, or who has sent a form before"),
    icon="fa-globe",
    model="website.track",
    ways=(Link("res.partner", "visitor_id.partner_id"), Email("email", "visitor_id")),
    filtered=False,
    settings={"page": "event_page"},
    form="""
        <field
            name="event_page"
            placeholder="/pricing"
            required="True"
        />
    """,
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    event_page = fields.Char(
        string="Address Contains",
        help="A part of the page's address, such as “/pricing”. Website notes the visits of pages where “Track” is on.",
    )

    @api.model
    def _describe_event_page(self):
        return PAGE

    @api.model
    def _words_event_page(self, settings):
        return _("Visited a page whose address contains “%s”", settings.get("page") or "…")

    @api.model
    def _find_kind_problems_event_page(self, settings, model):
        if len((settings.get("page") or "").strip()) < SHORTEST:
            return [_("Enter which page brings people in: a part of its address, such as “/pricing”.")]
        return []

    @api.model
    def _begin_event_page(self, settings, entry, now):
        entry._settle(self.env["website.track"]._table, now)

    @api.model
    def _find_event_page(self, campaign, running, now, limit, after):
        """Return who has visited the page since the last look: see ``_enrol_event``."""
        tracks = campaign._get_run_env()["website.track"]
        first = after or self.browse(running.id)._settle(tracks._table, now)
        domain = [("id", ">", first), ("url", "ilike", escape_psql(running.settings["page"].strip()))]
        found = tracks.search_fetch(domain, ["visitor_id", "visit_datetime"], order="id", limit=limit)
        keys = {track: f"{track.visit_datetime.isoformat()} {track.id}" for track in found}
        return self._get_occurrences(campaign, running, keys), found[-1].id if len(found) == limit else None
