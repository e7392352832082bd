"""What the form of an entry shows of its type: the fields of its settings, without a view for each type."""

from odoo import api, models

from ...activity.types.form import show_types


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            show_types(self.env, arch, self._get_types(), "entry_type")
        return arch, view
