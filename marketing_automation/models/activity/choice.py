"""The server actions from which the user of a step chooses, and what the chosen one does."""

from odoo import api, fields, models


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    offered_action_ids = fields.Many2many("ir.actions.server", compute="_compute_offered_actions")
    unoffered_actions = fields.Text(
        string="Not Offered", compute="_compute_offered_actions", help="Server actions that cannot run, and why."
    )
    action_description = fields.Char(string="What It Does", compute="_compute_action_description")

    @api.depends("campaign_id.model_id", "campaign_id.run_as_id")
    @api.depends_context("lang", "uid")
    def _compute_offered_actions(self):
        actions = self.env["ir.actions.server"]
        for activity in self:
            users = self.env.user | activity.campaign_id.run_as_id.filtered("active")
            offered, refused = actions, {}
            if activity.model_name in self.env:
                offered, refused = actions._get_marketing_choice(activity.model_name, users)
            activity.offered_action_ids = offered
            activity.unoffered_actions = "\n".join(f"“{action.name}”: {reason}" for action, reason in refused.items())

    @api.depends("server_action_id", "activity_type")
    @api.depends_context("lang", "uid")
    def _compute_action_description(self):
        readable = self.server_action_id._filtered_access("read")
        for activity in self:
            runs_action = activity._get_type().template == "server_action_id"
            action = activity.server_action_id if runs_action else readable.browse()
            activity.action_description = action in readable and action.marketing_description
