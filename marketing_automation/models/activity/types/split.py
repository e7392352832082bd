"""A split: each participant takes one of several branches, by chance."""

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command, Domain
from odoo.tools import LazyTranslate

from ....engine.activity_types import ActivityType
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
    settings={"weights": "branch_weights", "winner": "winner_rule"},
    triggers={"branch": Trigger(branch=STEPS)},
    form="""
        <field name="branch_ids" nolabel="1" colspan="2">
            <list editable="bottom" class="o_marketing_short_list">
                <control>
                    <create string="Add a branch"/>
                </control>
                <field name="sequence" widget="handle"/>
                <field name="name" placeholder="e.g. Discount"/>
                <field name="weight" width="50px"/>
                <field name="share" widget="percentage" digits="[16, 0]" width="40px"/>
                <button name="action_choose_winner" type="object" icon="fa-trophy" title="All take it" class="p-0"
                        width="20px" invisible="not may_win" confirm="From now on everybody takes this branch. Go on?"/>
            </list>
        </field>
        <field name="winner_metric" placeholder="No winner: by the weights for ever"/>
        <label for="winner_after_number" invisible="not winner_metric"/>
        <div class="o_row" invisible="not winner_metric">
            <field name="winner_after_number" widget="marketing_whole_number" class="oe_inline"/>
            <span>participants, or</span>
            <label for="winner_after_days" class="visually-hidden"/>
            <field name="winner_after_days" widget="marketing_whole_number" class="oe_inline"/>
            <span>days</span>
        </div>
        <label for="winner_confidence" invisible="not winner_metric"/>
        <div class="o_row" invisible="not winner_metric">
            <field name="winner_confidence" widget="marketing_whole_number" class="oe_inline"/>
            <span>%</span>
        </div>
        <label for="winner_deadline_days" invisible="not winner_metric"/>
        <div class="o_row" invisible="not winner_metric">
            <field name="winner_deadline_days" widget="marketing_whole_number" class="oe_inline"/>
            <span>days</span>
        </div>
        <field name="experiment_results" nolabel="1" colspan="2" invisible="not experiment_results"/>
        <button name="action_clear_winner" type="object" string="Compare again" class="btn btn-secondary btn-sm"
                colspan="2" invisible="not winner_date"
                confirm="Everybody goes on by the weights again, and the comparison begins anew. Go on?"/>
        <field name="winner_date" invisible="1"/>
    """,
    form_texts=(
        *(_lt("Add a branch"), _lt("e.g. Discount"), _lt("No winner: by the weights for ever")),
        *(_lt("participants, or"), _lt("days"), _lt("All take it"), _lt("Compare again")),
        _lt("From now on everybody takes this branch. Go on?"),
        _lt("Everybody goes on by the weights again, and the comparison begins anew. Go on?"),
    ),
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
        for activity in self.filtered(lambda activity: activity.activity_type == "split" and activity.branch_ids):
            for problem in activity._find_branch_errors():
                raise ValidationError(problem)

    def _find_errors_split(self):
        return self._find_branch_errors() or self._find_winner_errors()

    def _find_branch_errors(self):
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
        return [*self._compare_weights(old), *self._compare_winners(old)]

    def _compare_weights(self, old):
        if old["weights"] == self.branch_weights:
            return []
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
        weights = dict(self.browse(step.id)._weigh(step))
        return weights.get(branch, 0) / sum(weights.values()) if branch else Domain.TRUE

    @api.private
    def _execute_split(self, traces, now):
        """Let each participant take a branch, without a query for each."""
        return {id_: ("processed", None, None, branch) for id_, branch in self._choose_branches(traces).items()}
