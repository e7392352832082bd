"""What the file of a campaign names of an event: the records of its values, and the model of its condition."""

from odoo import api, models

LINKED = {"event_from", "event_to", "event_domain"}


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _get_moving_model(self, fname, get, target):
        kind = self._get_kinds().get(get("event_kind") or "") if fname in LINKED else None
        if not kind:
            return super()._get_moving_model(fname, get, target)
        settings = {name: get(field) for name, field in self._get_types()["event"].settings.items()}
        model = self._get_event_model(kind, settings, target)
        if fname == "event_domain":
            return model or target
        if model not in self.env:
            return None
        field = self._get_value_field(kind, get("event_field"), model)
        return field.comodel_name if field and field.relational else None
