"""Odoo's digest: numbers of campaigns, and what their responsible should look at."""

from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.tools import SQL

KPIS = ("kpi_marketing_done", "kpi_marketing_converted", "kpi_marketing_failed")
MOST = 10  # campaigns that an email tells of


class DigestDigest(models.Model):
    _inherit = "digest.digest"

    kpi_marketing_done = fields.Boolean("Campaign Steps Done")
    kpi_marketing_done_value = fields.Integer(compute="_compute_kpi_marketing_done_value")
    kpi_marketing_converted = fields.Boolean("Campaign Conversions")
    kpi_marketing_converted_value = fields.Integer(compute="_compute_kpi_marketing_converted_value")
    kpi_marketing_failed = fields.Boolean("Campaign Steps that Failed")
    kpi_marketing_failed_value = fields.Integer(compute="_compute_kpi_marketing_failed_value")

    def _compute_kpi_marketing_done_value(self):
        """Sum the quarters of an hour that are counted: no step is read."""
        self._set_marketing_kpi(
            "kpi_marketing_done_value",
            """SELECT sum(number) FROM marketing_counter WHERE campaign_id = ANY(%(campaigns)s)
                  AND metric = 'processed' AND date >= %(start)s AND date < %(end)s""",
        )

    def _compute_kpi_marketing_converted_value(self):
        """By the index of those who have reached a goal."""
        self._set_marketing_kpi(
            "kpi_marketing_converted_value",
            """SELECT count(*) FROM marketing_participant WHERE campaign_id = ANY(%(campaigns)s)
                  AND goal_date IS NOT NULL AND is_test IS NOT TRUE
                  AND goal_date >= %(start)s AND goal_date < %(end)s""",
        )

    def _compute_kpi_marketing_failed_value(self):
        """By the index of errors; one that was tried again and ran has not failed any more."""
        self._set_marketing_kpi(
            "kpi_marketing_failed_value",
            """SELECT count(*) FROM marketing_trace WHERE campaign_id = ANY(%(campaigns)s)
                  AND state = 'error' AND is_test IS NOT TRUE AND done_date >= %(start)s AND done_date < %(end)s""",
        )

    def _set_marketing_kpi(self, name, query):
        """Count over the campaigns that the reader may see, of the digest's company or of none.

        :raise AccessError: for who may see no campaigns: the digest then leaves the number out
        """
        campaigns = self.env["marketing.campaign"].with_context(active_test=False)
        campaigns.check_access("read")
        start, end, companies = self._get_kpi_compute_parameters()
        if not start or not end:  # no digest asks, but somebody who reads it as a record
            self[name] = 0
            return
        mine = campaigns.search([("company_id", "in", [*companies.ids, False])])
        mine._flush_counted()
        [[number]] = self.env.execute_query(SQL(query, campaigns=mine.ids, start=start, end=end))
        for digest in self:
            digest[name] = number or 0

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("marketing_automation.marketing_automation_menu").id
        return {
            **actions,
            "kpi_marketing_done": f"marketing_automation.marketing_step_report_action?menu_id={menu}",
            "kpi_marketing_converted": f"marketing_automation.marketing_cohort_report_action?menu_id={menu}",
            "kpi_marketing_failed": f"marketing_automation.marketing_campaign_action?menu_id={menu}",
        }

    def _compute_tips(self, company, user, tips_count=1, consumed=True):
        """Tell the responsible of campaigns first what to look at, where the digest is about campaigns."""
        tips = super()._compute_tips(company, user, tips_count=tips_count, consumed=consumed)
        if not any(self[name] for name in KPIS):
            return tips
        # not those of whoever presses Send Now: the reader may have fewer
        reader = self.with_user(user).with_context(allowed_company_ids=company.ids)
        summary = reader._get_marketing_summary()
        return [summary, *tips] if summary else tips

    @api.model
    def _get_marketing_summary(self):
        """Return what became of the reader's own campaigns in the last week, and what to look at; or None.

        :rtype: markupsafe.Markup
        """
        campaigns = self.env["marketing.campaign"]
        if not campaigns.has_access("read"):
            return None
        since = fields.Datetime.subtract(fields.Datetime.now(), days=7)
        mine = campaigns.search(
            [
                ("user_id", "=", self.env.uid),
                *("|", ("state", "=", "running"), "&", ("state", "=", "stopped"), ("stop_date", ">=", since)),
            ],
            limit=MOST,
            order="state, id desc",
        )
        lines = [
            Markup('<p><a href="%s" style="color: #017e84; font-weight: bold;">%s</a><br/>%s</p>')
            % (f"{self.get_base_url()}/odoo/marketing-automation/{campaign.id}", campaign.name, words)
            for campaign, words in mine._describe_last_week(since)
        ]
        return lines and Markup("<h3>%s</h3>%s") % (_("Your campaigns"), Markup().join(lines))
