"""Somebody subscribes to a mailing list: some ways to do so write the lists of a contact past the subscription."""

from odoo import _, api, fields, models
from odoo.tools import LazyTranslate

from ...engine.event_kinds import Email, EventKind, Link

_lt = LazyTranslate(__name__)

SUBSCRIPTION = EventKind(
    "subscription",
    _lt("Somebody subscribes to a mailing list"),
    hint=_lt("For the first time, or again after an opt-out"),
    icon="fa-list",
    model="mailing.subscription",
    ways=(Link("mailing.contact", "contact_id"), Email(path="contact_id")),
    filtered=False,
    settings={"list": "event_list_id"},
    form="""
        <field
            name="event_list_id"
            options="{'no_create': True}"
            required="True"
        />
    """,
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    event_list_id = fields.Many2one("mailing.list", string="Mailing List of the Event", ondelete="set null")

    @api.model
    def _describe_event_subscription(self):
        return SUBSCRIPTION

    @api.model
    def _words_event_subscription(self, settings):
        name = self.env["mailing.list"].browse(settings.get("list") or []).exists().name
        return _("Subscribed to “%s”", name) if name else _("Subscribed to a mailing list")

    @api.model
    def _find_kind_problems_event_subscription(self, settings, model):
        if not model.env["mailing.list"].browse(settings.get("list") or []).exists():
            return [_("Choose the mailing list to which people subscribe.")]
        return []

    @api.model
    def _is_fed_event_subscription(self, settings, step):
        """Tell whether a step puts people on the list."""
        return (
            step.activity_type == "list"
            and step.list_operation == "on"
            and step.mailing_list_id.id == settings.get("list")
        )

    @api.model
    def _begin_event_subscription(self, settings, entry, now):
        entry._settle(self.env["mailing.subscription"]._table, now)

    @api.model
    def _find_event_subscription(self, campaign, running, now, limit, after):
        """Return who has subscribed since the last look, also again: see ``_enrol_event``."""
        subscriptions, entry = campaign._get_run_env()["mailing.subscription"], self.browse(running.id)
        settled = entry.settled_id if after else entry._settle(subscriptions._table, now)
        domain = [
            ("id", ">", after or 0),
            ("list_id", "=", running.settings["list"]),
            ("opt_out", "=", False),
            *["|", ("id", ">", settled), ("write_date", ">", entry._get_look_start(now))],
        ]
        found = subscriptions.search_fetch(domain, ["contact_id", "write_date"], order="id", limit=limit)
        keys = {row: f"{row.id:010} {row.write_date.isoformat() if row.write_date else ''}" for row in found}
        return self._get_occurrences(campaign, running, keys), found[-1].id if len(found) == limit else None
