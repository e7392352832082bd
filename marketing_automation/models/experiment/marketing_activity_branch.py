from odoo import api, fields, models


class MarketingActivityBranch(models.Model):
    _inherit = "marketing.activity.branch"

    may_win = fields.Boolean(compute="_compute_may_win", help="Whether a marketer may have everybody take this branch.")

    @api.depends("activity_id.winner_branch_id", "activity_id.campaign_id.state")
    def _compute_may_win(self):
        for branch in self:
            split = branch.activity_id
            branch.may_win = (
                split.campaign_state == "running"
                and split.winner_branch_id != branch
                and branch._get_key() in split._get_running_branches()
            )

    def action_choose_winner(self):
        """Have everybody who comes to the split from now on take this branch.

        :raise UserError: where the campaign does not run, or not with this branch
        """
        for branch in self:
            branch.activity_id._choose_winner(branch)
