from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

MAX_WEIGHT = 1_000


class MarketingActivityBranch(models.Model):
    """One of the branches between which a split chooses. A trace keeps its id, as a text, as the branch chosen."""

    _name = "marketing.activity.branch"
    _inherit = "marketing.guard"
    _description = "Marketing Branch"
    _order = "sequence, id"

    activity_id = fields.Many2one("marketing.activity", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Branch", required=True)
    weight = fields.Integer(
        default=50,
        required=True,
        help="The branch's share of the participants: its weight compared with all weights. 0: nobody takes it.",
    )
    share = fields.Float(compute="_compute_share", help="Its part of all who come.")

    @api.depends("weight", "activity_id.branch_ids.weight")
    def _compute_share(self):
        for branch in self:
            total = sum(branch.activity_id.branch_ids.mapped("weight"))
            branch.share = branch.weight / total if total > 0 else 0

    @api.constrains("name")
    def _check_name(self):
        if any(not (branch.name or "").strip() for branch in self):
            raise ValidationError(_("A branch needs a name."))

    @api.constrains("weight")
    def _check_weight(self):
        for branch in self:
            if not 0 <= branch.weight <= MAX_WEIGHT:
                raise ValidationError(
                    _(
                        "The weight of the branch “%(branch)s” is %(weight)s: it must be from 0 to %(maximum)s.",
                        branch=branch.name,
                        weight=branch.weight,
                        maximum=MAX_WEIGHT,
                    )
                )

    def write(self, vals):
        if "activity_id" in vals and any(branch.activity_id.id != vals["activity_id"] for branch in self):
            raise UserError(_("A branch stays with its step: make a new one there."))
        return super().write(vals)

    def _get_key(self):
        """Return what stands for this branch in a running workflow, and in the traces."""
        self.ensure_one()
        return str(self._origin.id)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_needed(self):
        """Keep the branches on which steps hang, or on which somebody went on."""
        steps = self.env["marketing.activity"].search([("branch_id", "in", self.ids)])
        traces = self.env["marketing.trace"].sudo()  # participants of whichever company
        for branch in self:
            names = {"branch": branch.name, "activity": branch.activity_id.name}
            below = steps.filtered(lambda step, branch=branch: step.branch_id == branch)
            if below:
                raise UserError(
                    _(
                        "The branch “%(branch)s” of “%(activity)s” cannot go: “%(step)s” follows it. Move or remove "
                        "that first.",
                        step=below[0].name,
                        **names,
                    )
                )
            if branch.activity_id.winner_branch_id == branch:
                raise UserError(
                    _("The branch “%(branch)s” of “%(activity)s” cannot go: everybody takes it now.", **names)
                )
            taken = [("activity_id", "=", branch.activity_id.id), ("branch", "=", branch._get_key())]
            if traces.search([*taken, ("is_test", "!=", True)], limit=1):
                raise UserError(
                    _(
                        "The branch “%(branch)s” of “%(activity)s” cannot go: participants took it. With the weight 0 "
                        "nobody else does.",
                        **names,
                    )
                )
