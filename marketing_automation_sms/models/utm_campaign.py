from odoo import fields, models


class UtmCampaign(models.Model):
    _inherit = "utm.campaign"

    # Templates of campaigns are no mailings of SMS Marketing.
    mailing_sms_ids = fields.One2many(
        domain=[("mailing_type", "=", "sms"), ("use_in_marketing_automation", "!=", True)]
    )

    def _compute_mailing_sms_count(self):
        result = super()._compute_mailing_sms_count()
        templates = self.env["mailing.mailing"]._read_group(
            [
                ("campaign_id", "in", self.ids),
                ("mailing_type", "=", "sms"),
                ("use_in_marketing_automation", "=", True),
            ],
            ["campaign_id"],
            ["__count"],
        )
        for campaign, count in templates:
            campaign.mailing_sms_count -= count
        return result

    def action_redirect_to_mailing_sms(self):
        action = super().action_redirect_to_mailing_sms()
        action["domain"] = [*action["domain"], ("use_in_marketing_automation", "!=", True)]
        return action
