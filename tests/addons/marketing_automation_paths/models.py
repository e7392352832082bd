"""A companion addon: a step that chooses one of two branches, and one that sends back to another step."""

from odoo import api, fields, models

from odoo.addons.marketing_automation.engine.activity_types import ActivityType
from odoo.addons.marketing_automation.engine.workflow import Edge, Trigger

CHOICE = ActivityType(
    "choice",
    icon="fa-code-fork",
    settings={"domain": "choice_domain"},
    triggers={"choice_yes": Trigger(branch="yes"), "choice_no": Trigger(branch="no")},
)
BACK = ActivityType(
    "back",
    icon="fa-undo",
    settings={"target": "back_activity_id", "limit": "back_limit"},
    required=("target",),
)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    activity_type = fields.Selection(
        selection_add=[("choice", "Choice"), ("back", "Back")],
        ondelete={"choice": "set missing", "back": "set missing"},
    )
    trigger_type = fields.Selection(
        selection_add=[("choice_yes", "Choice: yes"), ("choice_no", "Choice: no")],
        ondelete={"choice_yes": "set missing", "choice_no": "set missing"},
    )
    choice_domain = fields.Char(default="[]")
    back_activity_id = fields.Many2one("marketing.activity", string="Step")
    back_limit = fields.Integer(default=1)

    @api.model
    def _describe_type_choice(self):
        return CHOICE

    @api.model
    def _describe_type_back(self):
        return BACK

    def _find_edges_back(self):
        target = self.back_activity_id
        return [Edge(self.id, target.id, "activity", repeats=True, limit=self.back_limit)] if target else []

    def _execute_choice(self, traces, now):
        campaign, domain = self.campaign_id, self._get_running_step().settings["domain"]
        matching = campaign._filter_res_ids(campaign._get_run_env(), traces.mapped("res_id"), [domain])
        return {trace.id: ("processed", None, None, "yes" if trace.res_id in matching else "no") for trace in traces}

    def _execute_back(self, traces, now):
        return {}
