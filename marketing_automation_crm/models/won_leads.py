"""What the leads inside a campaign were won for, since they entered it."""

from odoo import _, api, fields, models
from odoo.tools import SQL


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    crm_won_count = fields.Integer(
        string="Won Leads",
        compute="_compute_crm_won_numbers",
        help="Leads and opportunities that are or were participants, and were won after they had entered: those that "
        "you may see.",
    )
    crm_won_revenue = fields.Monetary(
        string="Won Revenue",
        compute="_compute_crm_won_numbers",
        currency_field="crm_currency_id",
        help="Expected revenue of the leads that were won after they had entered: of those that you may see, in the "
        "currency of your company, at today's rates.",
    )

    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_crm_won_numbers(self):
        company, today = self.env.company, fields.Date.context_today(self)
        self.crm_won_count, self.crm_won_revenue = 0, 0.0
        for campaign_id, company_id, count, revenue in self._read_won_leads():
            campaign = self.browse(campaign_id)
            currency = self.env["res.company"].browse(company_id or company.id).sudo().currency_id  # sudo: its rates
            campaign.crm_won_count += count
            campaign.crm_won_revenue += currency._convert(revenue, company.currency_id, company, today)

    def _read_won_leads(self):
        """Return the leads that were won after they had entered, as far as the reader may see them.

        By the index of a record's participants; a lead that entered several times counts once.

        :return: (campaign, company, number, revenue in that company's currency) of each group
        :rtype: list[tuple]
        """
        leads = self.env["crm.lead"].with_context(active_test=False)
        if not self.ids or not leads.has_access("read"):
            return []
        query = leads._search(self._get_won_domain())
        self.env["marketing.participant"].flush_model()
        leads.flush_model(["expected_revenue", "company_id", "date_closed"])
        return self.env.execute_query(
            SQL(
                """
                SELECT p.campaign_id, l.company_id, count(*), sum(l.expected_revenue)
                  FROM crm_lead l
                  JOIN (SELECT campaign_id, res_id, min(date_start) AS date_start FROM marketing_participant
                         WHERE campaign_id = ANY(%s) AND model_name = 'crm.lead' AND is_test IS NOT TRUE
                      GROUP BY campaign_id, res_id) AS p ON p.res_id = l.id AND l.date_closed >= p.date_start
                 WHERE l.id IN %s
              GROUP BY p.campaign_id, l.company_id
                """,
                self.ids,
                query.subselect(),
            )
        )

    def _get_won_domain(self):
        return [("won_status", "=", "won"), ("date_closed", "!=", False)]

    def action_view_won_leads(self):
        """Open the leads that were won after they had entered.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation_crm.crm_lead_action_revenue")
        leads = self.env["crm.lead"].with_context(active_test=False)
        if leads.has_access("read"):
            entered = SQL(
                """(SELECT p.res_id FROM marketing_participant p JOIN crm_lead l ON l.id = p.res_id
                     WHERE p.campaign_id = %s AND p.model_name = 'crm.lead' AND p.is_test IS NOT TRUE
                       AND l.date_closed >= p.date_start)""",
                self.id,
            )
            leads = leads.search([*self._get_won_domain(), ("id", "in", entered)])
        return dict(action, display_name=_("Won Leads"), domain=[("id", "in", leads.ids)])
