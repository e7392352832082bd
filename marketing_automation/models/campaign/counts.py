"""What the smart buttons of a campaign count, and the lists that they open."""

from collections import Counter

from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.tools import SQL


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    running_participant_count = fields.Integer(string="Running", compute="_compute_participant_counts")
    completed_participant_count = fields.Integer(string="Completed", compute="_compute_participant_counts")
    total_participant_count = fields.Integer(string="# Participants", compute="_compute_participant_counts")
    people_count = fields.Integer(
        string="People",
        compute="_compute_participant_counts",
        help="How many records are or were in the campaign, no matter how often each has entered.",
    )
    test_participant_count = fields.Integer(string="Tests", compute="_compute_participant_counts")
    link_tracker_click_count = fields.Integer(string="Clicks", compute="_compute_link_tracker_click_count")
    mailing_count = fields.Integer(string="Templates Count", compute="_compute_mailing_count")
    error_count = fields.Integer(string="Errors", compute="_compute_error_count")

    def _compute_participant_counts(self):
        counts = self._read_counters()
        for campaign in self:
            real = {state: counts[campaign.id, 0, state] for state in ("running", "completed", "unlinked")}
            campaign.running_participant_count = real["running"]
            campaign.completed_participant_count = real["completed"]
            campaign.total_participant_count = sum(real.values())
            campaign.people_count = campaign.total_participant_count - counts[campaign.id, 0, "past"]
            campaign.test_participant_count = counts[campaign.id, 0, "test"]

    def _compute_link_tracker_click_count(self):
        """Clicks that people made on the links of this campaign's mails, tests excepted."""
        counts = {}
        if self.ids:
            counts = dict(
                self.env.execute_query(
                    SQL(
                        """
                        SELECT m.marketing_campaign_id, count(*)
                          FROM link_tracker_click c
                          JOIN mailing_mailing m ON m.id = c.mass_mailing_id
                     LEFT JOIN mailing_trace r ON r.id = c.mailing_trace_id
                     LEFT JOIN marketing_trace t ON t.id = r.marketing_trace_id
                         WHERE m.marketing_campaign_id = ANY(%s) AND t.is_test IS NOT TRUE
                      GROUP BY m.marketing_campaign_id
                        """,
                        self.ids,
                    )
                )
            )
        for campaign in self:
            campaign.link_tracker_click_count = counts.get(campaign.id, 0)

    def _compute_mailing_count(self):
        counts = dict(
            self.env["mailing.mailing"]._read_group(
                [("marketing_campaign_id", "in", self.ids)], ["marketing_campaign_id"], ["__count"]
            )
        )
        for campaign in self:
            campaign.mailing_count = counts.get(campaign, 0)

    def _compute_error_count(self):
        counts = Counter()
        for (campaign_id, _activity_id, metric), number in self._read_counters().items():
            counts[campaign_id] += number if metric == "error" else 0
        for campaign in self:
            campaign.error_count = counts[campaign.id]

    @api.model
    def _get_empty_help(self, title, text):
        """Return what a list says that has nothing to show, as the action of a window keeps it.

        :param str title: what there is none of
        :param str text: what fills it
        """
        return Markup('<p class="o_view_nocontent_smiling_face">%s</p><p>%s</p>') % (title, text)

    def action_view_participants(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.marketing_participant_action")
        domain = [("campaign_id", "=", self.id), ("is_test", "=", False)]
        return dict(action, domain=domain, context={"marketing_of_campaign": True})

    def action_view_people(self):
        """Open the last passage of each record."""
        self.ensure_one()
        action = self.action_view_participants()
        domain = [*action["domain"], ("is_past_run", "=", False)]
        return dict(action, display_name=_("People"), domain=domain)

    def action_view_templates(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.mailing_mailing_action_template")
        context = {"create": False, "marketing_of_campaign": True}  # whose column would say the same on each line
        return dict(action, domain=[("marketing_campaign_id", "=", self.id)], context=context)

    def action_view_clicks(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.link_tracker_click_action")
        domain = [
            ("mass_mailing_id.marketing_campaign_id", "=", self.id),
            ("mailing_trace_id.marketing_trace_id.is_test", "!=", True),
        ]
        return dict(action, display_name=_("Clicks"), domain=domain)

    def action_view_errors(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.marketing_trace_action_list")
        domain = [("campaign_id", "=", self.id), ("state", "=", "error"), ("is_test", "=", False)]
        empty = self._get_empty_help(
            _("No errors"), _("A step that failed shows here, with its reason: mend that, then press Retry.")
        )
        return dict(action, display_name=_("Errors"), domain=domain, context={"marketing_errors": True}, help=empty)
