"""UTM campaigns and links of campaigns, for the companies that the campaigns belong to.

In Odoo they belong to no company, and every employee reads them all; here they are called as the campaign is. The
record rules leave those of other companies out. What is here keeps Odoo's own code working behind them.
"""

from odoo import api, fields, models


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
        help="Of which company a campaign is decides who sees its UTM campaign.",
    )


class UtmMixin(models.AbstractModel):
    _inherit = "utm.mixin"

    @api.model
    def _get_unique_names(self, model_name, names):
        """Look at the names of all companies: the database allows each only once."""
        if model_name == "utm.campaign":
            self = self.sudo()
        return super()._get_unique_names(model_name, names)


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    # A mailing belongs to no company: whoever reads one reads on where its UTM campaign is another company's.

    @api.depends("campaign_id.ab_testing_winner_mailing_id")
    def _compute_ab_testing_is_winner_mailing(self):
        return super(MailingMailing, self.sudo())._compute_ab_testing_is_winner_mailing()

    @api.depends(lambda self: self._get_ab_testing_description_modifying_fields())
    def _compute_ab_testing_description(self):
        return super(MailingMailing, self.sudo())._compute_ab_testing_description()

    @api.depends("campaign_id.mailing_mail_ids.state")
    def _compute_is_ab_test_sent(self):
        return super(MailingMailing, self.sudo())._compute_is_ab_test_sent()
