"""What the form of an event offers, in words: what happens, and to what."""

from odoo import api, fields, models

from odoo.addons.marketing_automation.models.activity.types.settable_fields import TECHNICAL_MODELS

from ..engine.event_kinds import EventKind


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    event_choices = fields.Json(compute="_compute_event_choices")

    @api.depends("entry_type", "event_kind", "event_link", "campaign_id.model_id")
    @api.depends_context("lang", "uid")
    def _compute_event_choices(self):
        kinds = self._get_kinds()
        for entry in self:
            target = entry.model_name
            if entry.entry_type != "event" or target not in self.env:
                entry.event_choices = False
                continue
            kind = kinds.get(entry.event_kind)
            entry.event_choices = {
                "kinds": [
                    [kind.name, self.env._(kind.label), self.env._(kind.hint)]
                    for kind in kinds.values()
                    if self._suits(kind, target)
                ],
                "links": self._get_link_choices(target) if kind and not kind.model else [],
                **(self._ask_kind("choices", {"kind": kind.name}, target, default={}) if kind else {}),
            }

    @api.model
    def _suits(self, kind: EventKind, target):
        """Tell whether a kind of event can bring records of a target in."""
        suits = self._ask_kind("suits", {"kind": kind.name}, target)
        if suits is not None:
            return suits
        return not kind.model or any(self._is_way(way, kind.model, target) for way in kind.get_ways(target))

    @api.model
    def _get_link_choices(self, target):
        """Return what can happen to whom: the record itself, and what links to it, as far as the user may read it."""
        links = []
        for name, model in self.env.items():
            if model._abstract or model._transient or not model._auto or TECHNICAL_MODELS.fullmatch(name):
                continue
            names = [fname for fname, field in model._fields.items() if self._is_offered_link(field, target)]
            if names and model.has_access("read"):
                links += [f"{name}:{fname}" for fname in names if model._has_field_access(model._fields[fname], "read")]
        labelled = [(self._get_link_label(link), link) for link in links]
        labelled.sort(key=lambda pair: pair[0].lower())
        return [[link, label] for label, link in labelled]

    @api.model
    def _is_offered_link(self, field, target):
        return (
            field.type == "many2one"
            and field.store
            and field.comodel_name == target
            and field.name not in models.MAGIC_COLUMNS
        )
