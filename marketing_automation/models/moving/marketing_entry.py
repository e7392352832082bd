from odoo import api, models


class MarketingEntry(models.Model):
    _name = "marketing.entry"
    _inherit = ["marketing.moving.mixin", "marketing.entry"]

    @api.model
    def _get_unmoved_fields(self):
        return {
            "active": "archived entries are history",
            "campaign_id": "the campaign of which the file has it as a part",
            "date_field": "the name of its date_field_id",
        }
