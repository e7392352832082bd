from odoo import api, models


class MarketingActivityBranch(models.Model):
    _name = "marketing.activity.branch"
    _inherit = ["marketing.moving.mixin", "marketing.activity.branch"]

    @api.model
    def _get_unmoved_fields(self):
        return {"activity_id": "the step of which the file has it as a part"}
