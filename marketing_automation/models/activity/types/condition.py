"""A condition: who matches it goes on at *Yes*, the others at *No*."""

from odoo import _, api, fields, models
from odoo.fields import Domain
from odoo.tools import LazyTranslate

from ....engine.activity_types import ActivityType
from ....engine.errors import CampaignStop
from ....engine.workflow import Trigger, has_conditions

_lt = LazyTranslate(__name__)

YES, NO = "yes", "no"
CONDITION = ActivityType(
    "condition",
    icon="fa-code-fork",
    group="logic",
    hint=_lt("Go one way or the other, by what is true of the record"),
    does=(_lt("look at the record"), _lt("see whether “%s” is true of the record")),
    settings={"domain": "condition_domain"},
    triggers={"cond_yes": Trigger(branch=YES), "cond_no": Trigger(branch=NO)},
    form="""<field name="condition_domain" widget="domain" options="{'model': 'model_name', 'foldable': true}"/>""",
)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    condition_domain = fields.Char(
        string="Condition",
        default="[]",
        help="Records that match it when the activity runs go on at Yes, the others at No.",
    )

    @api.model
    def _describe_type_condition(self):
        return CONDITION

    @api.constrains("condition_domain", "campaign_id")
    def _check_condition_domain(self):
        for activity in self.filtered("condition_domain"):
            activity.campaign_id._check_filter(activity.condition_domain, _("the condition “%s”", activity.name))

    def _find_errors_condition(self):
        if has_conditions(self.condition_domain):
            return []
        return [_("“%s” has no condition yet: add what has to be true for Yes.", self.name)]

    def _find_filters_condition(self):
        return {_("The condition “%s”", self.name): self.condition_domain or "[]"}

    def _card_condition(self):
        return {"condition": self.condition_domain or "[]"}

    @api.model
    def _foresee_condition(self, step, branch, campaign):
        domain = campaign._parse_filter(step.settings["domain"], campaign._get_run_env())
        return domain if branch == YES else ~domain if branch == NO else Domain.TRUE

    @api.private
    def _execute_condition(self, traces, now):
        """Decide for a batch of traces by one query, as the campaign's user.

        :raise CampaignStop: when the condition cannot be read
        """
        campaign, workflow = self.campaign_id, self.campaign_id._get_workflow()
        domain = workflow.steps[self.id].settings["domain"]
        try:
            matching = campaign._filter_res_ids(
                campaign._get_run_env(), traces.mapped("res_id"), [domain], within=workflow.domain
            )
        except CampaignStop as stop:
            raise CampaignStop(_("The condition “%(name)s”: %(error)s", name=self.name, error=stop)) from stop
        return {trace.id: ("processed", None, None, YES if trace.res_id in matching else NO) for trace in traces}
