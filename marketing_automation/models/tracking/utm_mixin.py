import re

from odoo import api, models
from odoo.tools.rendering_tools import parse_inline_template

from ...engine.context import action_run


class UtmMixin(models.AbstractModel):
    _inherit = "utm.mixin"

    @api.model_create_multi
    def create(self, vals_list):
        """Keep what the actions of a test make out of every campaign's numbers.

        But for links: they count nothing by being there, and their campaign is part of their key.
        """
        run = action_run(self.env)
        if run and run.is_test and self._name != "link.tracker":
            vals_list = [dict(vals, campaign_id=False) for vals in vals_list]
        return super().create(vals_list)

    @api.model
    def _get_unique_names(self, model_name, names):
        """Look at the names of all companies, and of what is archived: the database allows each only once."""
        if model_name in ("utm.campaign", "utm.source"):
            self = self.sudo().with_context(active_test=False)
        return super()._get_unique_names(model_name, names)

    @api.model
    def _get_marketing_words(self, text):
        """Return what of a name or subject may stand in links, where people and reports read it; maybe nothing.

        :param str text: its placeholders are left out: "Welcome, {{ object.name }}!" becomes "Welcome"
        """
        words = " ".join(string for string, _expression, _default in parse_inline_template(text or ""))
        words = " ".join(words.split()).strip(" ,;:!?.-–—")
        return re.sub(r"\s+([,;:!?.])", r"\1", words)
