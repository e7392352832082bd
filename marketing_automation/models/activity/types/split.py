"""A split: each participant takes one of several branches, by chance."""

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command, Domain
from odoo.tools import LazyTranslate

from ....engine.activity_types import ActivityType
from ....engine.split import choose_branch
from ....engine.workflow import STEPS, Trigger

_lt = LazyTranslate(__name__)

MIN_BRANCHES, MAX_BRANCHES = 2, 8
SPLIT = ActivityType(
    "split",
    icon="fa-random",
    hint=_lt("Send them on by chance, to compare"),
    group="logic",
    light=True,
    does=(_lt("send each participant on by chance"), _lt("send each participant on by chance")),
    settings={"weights": "branch_weights"},
    triggers={"branch": Trigger(branch=STEPS)},
    form="""
        <field name="branch_ids" nolabel="1" colspan="2">
            <list editable="bottom" class="o_marketing_short_list">
                <control>
                    <create string="Add a branch"/>
                </control>
                <field name="sequence" widget="handle"/>
                <field name="name" placeholder="e.g. Discount"/>
                <field name="weight"/>
                <field name="share" widget="percentage"/>
            </list>
        </field>
    """,
    form_texts=(_lt("Add a branch"), _lt("e.g. Discount")),
)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    branch_ids = fields.One2many(
        "marketing.activity.branch",
        "activity_id",
        string="Branches",
        compute="_compute_branch_ids",
        store=True,
        readonly=False,
        precompute=True,
        copy=True,
    )
    branch_weights = fields.Json(compute="_compute_branch_weights")
    branch_id = fields.Many2one(
        "marketing.activity.branch",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        domain="[('activity_id', '=', parent_id)]",
        help="Which branch of the split before it this activity follows.",
    )

    @api.model
    def _describe_type_split(self):
        return SPLIT

    @api.depends("activity_type")
    def _compute_branch_ids(self):
        for activity in self:
            names = activity._ask_type("propose_branches", default=())
            if not names:
                activity.branch_ids = activity.branch_ids.filtered(
                    lambda branch: branch._origin
                )  # not what was proposed for another type
            elif not activity.branch_ids:
                activity.branch_ids = [Command.create({"name": name}) for name in names]

    @api.depends("branch_ids.weight", "branch_ids.sequence")
    def _compute_branch_weights(self):
        """What a running step keeps of its branches: pairs of each and its weight."""
        for activity in self:
            activity.branch_weights = [
                [branch._get_key(), branch.weight] for branch in activity.branch_ids.sorted() if branch._origin
            ]

    def _propose_branches_split(self):
        return "A", "B"

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    @api.constrains("branch_ids", "activity_type")
    def _check_branch_ids(self):
        for activity in self:
            for problem in activity._ask_type("find_errors", default=()) if activity.branch_ids else ():
                raise ValidationError(problem)

    def _find_errors_split(self):
        number = len(self.branch_ids)
        if not MIN_BRANCHES <= number <= MAX_BRANCHES:
            return [
                _(
                    "“%(activity)s” has %(number)s branches: a split takes %(minimum)s to %(maximum)s.",
                    activity=self.name,
                    number=number,
                    minimum=MIN_BRANCHES,
                    maximum=MAX_BRANCHES,
                )
            ]
        if not any(self.branch_ids.mapped("weight")):
            return [_("The weights of “%s” are all 0: nobody could take a branch.", self.name)]
        return []

    @api.constrains("branch_id", "trigger_type", "parent_id")
    def _check_branch_id(self):
        triggers = self._get_triggers()
        for activity in self | self.child_ids:
            trigger = triggers.get(activity.trigger_type)
            branch, parent = activity.branch_id, activity.parent_id
            if not trigger or trigger.branch != STEPS or not parent:
                continue
            names = {"activity": activity.name, "parent": parent.name}
            if not branch:
                raise ValidationError(_("Choose the branch of “%(parent)s” that “%(activity)s” follows.", **names))
            if branch.activity_id != parent:
                raise ValidationError(
                    _(
                        "“%(activity)s” follows “%(parent)s”: “%(branch)s” is no branch of that.",
                        branch=branch.sudo().name,
                        **names,
                    )
                )

    @api.onchange("trigger_type", "parent_id")
    def _onchange_branch_id(self):
        trigger = self._get_triggers().get(self.trigger_type)
        chosen = self.branch_id
        if not trigger or trigger.branch != STEPS:
            self.branch_id = False
        elif chosen.activity_id != self.parent_id._origin:
            self.branch_id = self.parent_id.branch_ids[:1]._origin

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _branches_split(self):
        return {branch._get_key(): branch.name for branch in self.branch_ids if branch._origin}

    def _label_split(self):
        shares = [f"{branch.name or '-'} {branch.share:.0%}" for branch in self.branch_ids]
        return _("send each participant on by chance: %s", ", ".join(shares)) if shares else None

    def _label_branch_split(self, branch):
        return _("Branch: %s", self._branches_split().get(branch) or _("one that was removed"))

    def _compare_split(self, old):
        names = self._branches_split()
        before, now = (
            ", ".join(f"{names.get(key, '-')} {weight}" for key, weight in weights)
            for weights in (old["weights"], self.branch_weights)
        )
        return [
            _(
                "The weights of “%(activity)s” are %(new)s instead of %(old)s: for those who come from now on.",
                activity=self.name,
                new=now,
                old=before,
            )
        ]

    # ------------------------------------------------------------
    # For the engine
    # ------------------------------------------------------------

    def _branch_of_split(self, child):
        return child.branch_id._get_key() if child.branch_id else None

    def _offer_children_split(self):
        return [({"branch_id": branch.id}, branch.name) for branch in self.branch_ids]

    @api.model
    def _foresee_split(self, step, branch, campaign):
        """Return the share of a branch: who takes which is not known before they are participants."""
        weights = dict(step.settings["weights"])
        return weights.get(branch, 0) / sum(weights.values()) if branch else Domain.TRUE

    @api.private
    def _execute_split(self, traces, now):
        """Let each participant take a branch, without a query."""
        weights = self._get_running_step().settings["weights"]
        return {
            trace.id: (
                *("processed", None, None),
                choose_branch(weights, self.id, trace.participant_id.id, trace.visit),
            )
            for trace in traces
        }
