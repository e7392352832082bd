import re

from odoo import api, fields, models
from odoo.tools.rendering_tools import parse_inline_template


class UtmSource(models.Model):
    """The source of a campaign's message is called as that is: it belongs to the campaign's company."""

    _name = "utm.source"
    _inherit = ["marketing.private.name.mixin", "utm.source", "marketing.engine.fields"]

    marketing_mailing_ids = fields.One2many(
        "mailing.mailing",
        "source_id",
        string="Mailings",
        readonly=True,
        engine_only=True,
        copy=False,
        context={"active_test": False},
        groups="marketing_automation.group_marketing_automation_user",
        help="The company of a campaign that sends them decides who sees the source.",
    )

    @api.model
    def _get_marketing_name(self, subject):
        """Return a name for the source of a campaign's message that people can read: it ends in its links.

        :param str subject: its placeholders are left out: "Welcome, {{ object.name }}!" becomes "Welcome"
        """
        words = " ".join(string for string, _expression, _default in parse_inline_template(subject or ""))
        name = " ".join(words.split()).strip(" ,;:!?.-–—")
        return re.sub(r"\s+([,;:!?.])", r"\1", name) or self.env._("Email")
