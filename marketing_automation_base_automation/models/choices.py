"""What the form of an event offers, in words: what happens, and to what."""

from odoo import api, fields, models

from odoo.addons.marketing_automation.models.activity.types.settable_fields import TECHNICAL_MODELS

from ..engine.event_kinds import EventKind
from .marketing_entry import _is_watchable


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    event_choices = fields.Json(compute="_compute_event_choices")

    @api.depends("entry_type", "event_kind", "event_link", "event_field", "campaign_id.model_id")
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
                "links": self._get_link_choices(target, kind) if kind and not kind.model else [],
                "fields": self._get_field_choices(entry.event_model) if kind and kind.chosen else [],
                "value": self._get_value_choice(kind, entry) if kind and entry.event_model else False,
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
    def _get_field_choices(self, model_name):
        """Return the fields whose change can be an event, as far as the user may read them."""
        model = self.env.get(model_name)
        if model is None or not model.has_access("read"):
            return []
        found = [
            [name, field._description_string(self.env)]
            for name, field in model._fields.items()
            if _is_watchable(field) and model._has_field_access(field, "read")
        ]
        labels = [label for _name, label in found]
        found = [[name, f"{label} ({name})" if labels.count(label) > 1 else label] for name, label in found]
        return sorted(found, key=lambda pair: pair[1].lower())

    def _get_value_choice(self, kind, entry):
        """Return what the browser has to know of a field to have values of it chosen, or False."""
        field = self._get_value_field(kind, entry.event_field, entry.event_model)
        if not field:
            return False
        described = {"type": field.type, "string": field._description_string(self.env)}
        if field.relational:
            return {**described, "relation": field.comodel_name}
        if field.type == "selection":
            return {**described, "selection": field._description_selection(self.env)}
        return described

    @api.model
    def _get_link_choices(self, target, kind):
        """Return what can happen to whom: the record itself, and what links to it, as far as the user may read it."""
        links = []
        for name, model in self.env.items():
            if model._abstract or model._transient or not model._auto or TECHNICAL_MODELS.fullmatch(name):
                continue
            if kind.fields and not self._get_watched_field(kind, False, name):
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
