"""UTM campaigns and links of campaigns, for the companies that the campaigns belong to.

In Odoo they belong to no company, and every employee reads them all; here they are called as the campaign is. The
record rules leave those of other companies out. What is here keeps Odoo's own code working behind them.
"""

from odoo import fields, models


class UtmCampaign(models.Model):
    _name = "utm.campaign"
    _inherit = ["marketing.private.name.mixin", "utm.campaign", "marketing.engine.fields"]

    marketing_campaign_ids = fields.One2many(
        "marketing.campaign",
        "utm_campaign_id",
        string="Marketing Campaigns",
        readonly=True,
        engine_only=True,
        copy=False,
        context={"active_test": False},
        groups="marketing_automation.group_marketing_automation_user",
        help="The company of a campaign decides who sees its UTM campaign.",
    )
