from odoo import fields, models
from odoo.fields import Command


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    entry_ids = fields.One2many(
        "marketing.entry",
        "campaign_id",
        string="Who Enters",
        copy=True,
        default=lambda self: [Command.create({"entry_type": "filter"})],
        help="The ways into the campaign. Without one, people are added by hand.",
    )

    def _find_entry_errors(self):
        """Return in words what is wrong with the entries: the campaign does not start before it is put right.

        :rtype: list[str]
        """
        return [problem for entry in self.entry_ids for problem in entry._find_problems()]

    def _enters_by_filter(self):
        """Tell whether everybody enters who matches the filter."""
        return any(entry.entry_type == "filter" for entry in self._get_workflow().entries)
