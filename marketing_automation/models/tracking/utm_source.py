import re

from odoo import api, models
from odoo.tools.rendering_tools import parse_inline_template


class UtmSource(models.Model):
    _inherit = "utm.source"

    @api.model
    def _get_marketing_name(self, subject):
        """Return a name for the source of a campaign's message that people can read: it ends in its links.

        :param str subject: its placeholders are left out: "Welcome, {{ object.name }}!" becomes "Welcome"
        """
        words = " ".join(string for string, _expression, _default in parse_inline_template(subject or ""))
        name = " ".join(words.split()).strip(" ,;:!?.-–—")
        return re.sub(r"\s+([,;:!?.])", r"\1", name) or self.env._("Email")
