"""The UTM campaign is called as the campaign is: so the Link Tracker and leads tell campaigns apart."""

from odoo import _, models


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _get_utm_name(self):
        """Return what stands for this campaign in links: its name without the placeholders that nothing fills in."""
        self.ensure_one()
        if "{{" not in self.name:
            return self.name
        return self.env["utm.mixin"]._get_marketing_words(self.name) or _("Campaign")

    def _rename_utm_campaigns(self):
        """Give the UTM campaigns that were made for these campaigns their present names.

        What stands in links (``utm_campaign=…``) stays once there are some: Odoo knows a visitor's
        campaign by it, and would make a new one for a click on a link of yesterday.
        """
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        for campaign in self:
            # marketing users may write UTM campaigns, but not those of any company
            utm_campaign = campaign.sudo().utm_campaign_id
            if not utm_campaign.is_auto_campaign or utm_campaign.title == campaign.name:
                continue
            identifier = utm_campaign.name
            utm_campaign.update_field_translations("title", dict.fromkeys(languages, campaign.name))
            if self.env["link.tracker"].sudo().search_count([("campaign_id", "=", utm_campaign.id)], limit=1):
                utm_campaign.name = identifier
            else:
                names = self.env["utm.mixin"].with_context(utm_check_skip_record_ids=utm_campaign.ids)
                [utm_campaign.name] = names._get_unique_names("utm.campaign", [campaign._get_utm_name()])
