"""Where events are seen: whatever creates or changes a record.

Odoo's own automation rules would see the same. Each of them costs a search for every write and every stored
recomputation of its model, whether or not it fires (an import of contacts took twice as long), and reloads the registry
of every process when it is made. What running campaigns wait for is kept in a cache here: a write that is no event
costs no query, and nothing that goes wrong reaches who saves.
"""

from odoo import api, models


class Base(models.AbstractModel):
    _inherit = "base"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        watches = self._get_event_watches()
        if watches:
            self.env["marketing.entry"]._tell_created(watches, records)
        return records

    def write(self, vals):
        watches = self._get_event_watches()
        watched = [watch for watch in watches if watch.happening.field in vals] if watches else None
        if not watched:
            return super().write(vals)
        entries = self.env["marketing.entry"]
        before = entries._read_watched(watched, self)
        res = super().write(vals)
        entries._tell_changed(watched, self, before)
        return res

    def _compute_field_value(self, field):
        watches = self._get_event_watches() if field.store else ()
        if not watches:
            return super()._compute_field_value(field)
        computed = {other.name for other in self.pool.field_computed[field] if other.store}
        watched = [watch for watch in watches if watch.happening.field in computed]
        records = self.filtered("id") if watched else self.browse()
        if not records:
            return super()._compute_field_value(field)
        entries = self.env["marketing.entry"]
        before = entries._read_watched(watched, records)
        res = super()._compute_field_value(field)
        entries._tell_changed(watched, records, before)
        return res

    def _get_event_watches(self):
        """Return each Watch of running campaigns on this model."""
        if not self.pool.ready or self._abstract or self._transient:
            return ()
        return self.env["marketing.entry"]._get_watches().get(self._name, ())
