from collections import defaultdict

from odoo import api, fields, models


class MarketingCampaign(models.Model):
    """The leads that a campaign brought in: those that carry its UTM campaign.

    Odoo gives it to a lead that a reply or a visit after a click makes. What a test brings in
    carries none. Nobody sees numbers of leads that they may not read.
    """

    _inherit = "marketing.campaign"

    crm_lead_count = fields.Integer(
        string="Leads",
        compute="_compute_crm_numbers",
        help="Leads and opportunities that this campaign brought in, lost and archived ones included: those that you "
        "may see.",
    )
    crm_revenue = fields.Monetary(
        string="Revenue",
        compute="_compute_crm_numbers",
        currency_field="crm_currency_id",
        help="Expected revenue of the leads and opportunities that this campaign brought in and that are not lost: of "
        "those that you may see, in the currency of your company, at today's rates.",
    )
    crm_currency_id = fields.Many2one("res.currency", string="Currency of Revenue", compute="_compute_crm_numbers")

    @api.depends("utm_campaign_id")
    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_crm_numbers(self):
        company, today = self.env.company, fields.Date.context_today(self)
        counts, revenues = defaultdict(int), defaultdict(float)
        for utm_campaign, won_status, lead_company, count, revenue in self._read_crm_groups():
            counts[utm_campaign.id] += count
            if won_status != "lost":
                currency = lead_company.currency_id or company.currency_id
                revenues[utm_campaign.id] += currency._convert(revenue, company.currency_id, company, today)
        for campaign in self:
            campaign.crm_lead_count = counts[campaign.utm_campaign_id.id]
            campaign.crm_revenue = revenues[campaign.utm_campaign_id.id]
            campaign.crm_currency_id = company.currency_id

    def _read_crm_groups(self):
        """Return the number and the expected revenue of the leads of these campaigns, as the reader may see them.

        :return: (UTM campaign, won status, company, number, revenue in that company's currency) of each group
        :rtype: list[tuple]
        """
        leads = self.env["crm.lead"].with_context(active_test=False)
        if not self.utm_campaign_id or not leads.has_access("read"):
            return []
        return leads._read_group(
            [("campaign_id", "in", self.utm_campaign_id.ids)],
            ["campaign_id", "won_status", "company_id"],
            ["__count", "expected_revenue:sum"],
        )

    def action_view_leads(self):
        """Open the leads that this campaign brought in.

        :rtype: dict
        """
        return self._get_leads_action("marketing_automation_crm.crm_lead_action_leads")

    def action_view_revenue(self):
        """Open the expected revenue of the leads that this campaign brought in and that are not lost.

        :rtype: dict
        """
        return self._get_leads_action(
            "marketing_automation_crm.crm_lead_action_revenue", extra_domain=[("won_status", "!=", "lost")]
        )

    def _get_leads_action(self, xmlid, extra_domain=()):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return dict(action, domain=[("campaign_id", "in", self.utm_campaign_id.ids), *extra_domain])
