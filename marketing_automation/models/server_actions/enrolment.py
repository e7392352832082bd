"""Server actions that add records to a campaign, or remove them from it.

Who runs one decides how: a person (the Actions menu of a list) needs the right to write the campaign, and is told what
became of the records. An automation rule, a scheduled action or another campaign asks for it
(``marketing.entry.request``): that takes no lock, raises nothing in somebody's save, and is done by the engine.
"""

import logging

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ...engine.context import action_run
from ..notices import notify

_logger = logging.getLogger(__name__)

ENROLMENT_STATES = ("marketing_enroll", "marketing_remove")


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    state = fields.Selection(
        selection_add=[("marketing_enroll", "Add to Campaign"), ("marketing_remove", "Remove from Campaign")],
        ondelete=dict.fromkeys(ENROLMENT_STATES, "cascade"),
    )
    marketing_campaign_id = fields.Many2one(
        "marketing.campaign",
        string="Campaign",
        index="btree_not_null",
        ondelete="set null",
        help="Its filter, its unicity and the rights of its user decide who comes in.",
    )
    marketing_path = fields.Char(
        string="Through",
        compute="_compute_marketing_path",
        store=True,
        readonly=False,
        help=(
            "How to get from a record of this action to the one that is added or removed, e.g. from an order by its "
            "customer. Empty: the record itself. Links to one record alone can be followed."
        ),
    )
    marketing_notice = fields.Text(string="What Keeps It From Working", compute="_compute_marketing_notice")

    # ------------------------------------------------------------
    # Checks and computes
    # ------------------------------------------------------------

    @api.constrains("state", "marketing_campaign_id", "marketing_path", "model_id")
    def _check_marketing_campaign(self):
        for action in self.filtered(lambda action: action.state in ENROLMENT_STATES):
            if action.marketing_campaign_id and (problem := action._find_marketing_path_problem()):
                raise ValidationError(problem)

    @api.depends("state", "model_id", "marketing_campaign_id")
    def _compute_marketing_path(self):
        for action in self:
            if action.state not in ENROLMENT_STATES:
                action.marketing_path = False
            elif action.marketing_campaign_id and action._find_marketing_path_problem():
                action.marketing_path = action._propose_marketing_path()

    def _propose_marketing_path(self):
        """Return the field of this action's model that most likely leads to whom the campaign is for, or False."""
        target, model = self.marketing_campaign_id.sudo().model_name, self.env.get(self.model_name)
        if model is None or target == self.model_name:
            return False
        links = {name for name, field in model._fields.items() if _is_link(field) and field.comodel_name == target}
        usual = [name for name in ("partner_id", "lead_id", "contact_id") if name in links]
        return next(iter([*usual, *sorted(links)]), False)

    @api.depends("state", "model_id", "usage", "marketing_path", "marketing_campaign_id.state")
    @api.depends_context("lang", "uid")
    def _compute_marketing_notice(self):
        for action in self:
            notices = []
            if action.state in ENROLMENT_STATES:
                campaign = action.sudo().marketing_campaign_id
                notices += action.sudo()._get_marketing_enrolment_problems()
                if campaign and campaign.state != "running":
                    notices.append(
                        _(
                            "The campaign “%s” does not run: until it is started, this does nothing.",
                            campaign.display_name,  # not its name: it may be of another company
                        )
                    )
                if action.usage == "ir_cron":
                    notices.append(_("A scheduled action has no records, so this does nothing."))
            action.marketing_notice = "\n".join(notices)

    def _get_marketing_enrolment_problems(self):
        """Return in words what was lost of what this action needs.

        :rtype: list[str]
        """
        if not self.marketing_campaign_id:
            return [_("The campaign that it is about is missing.")]
        problem = self._find_marketing_path_problem()
        return [problem] if problem else []

    def _get_marketing_problems_marketing_enroll(self):
        return self._get_marketing_enrolment_problems()

    def _get_marketing_problems_marketing_remove(self):
        return self._get_marketing_enrolment_problems()

    def _find_marketing_path_problem(self):
        """Return in words why the path does not lead to a record of the campaign's target, or None."""
        target, model = self.marketing_campaign_id.sudo().model_name, self.env.get(self.model_name)
        for name in (self.marketing_path or "").split(".") if self.marketing_path else ():
            field = model._fields.get(name) if model is not None else None
            if not field or not _is_link(field):
                return _(
                    "“%(path)s” cannot be followed at “%(name)s”: choose fields that link to one record each.",
                    path=self.marketing_path,
                    name=name,
                )
            model = self.env.get(field.comodel_name)
        if model is not None and model._name == target:
            return None
        names = self.env["ir.model"].sudo()
        return _(
            "The campaign is for “%(target)s”. Choose in “%(label)s” how to get there from “%(model)s”.",
            target=names._get(target).name or target,
            label=self._fields["marketing_path"]._description_string(self.env),
            model=names._get(self.model_name).name or self.model_name or "-",
        )

    # ------------------------------------------------------------
    # Words
    # ------------------------------------------------------------

    # not by _name_depends(): Odoo 19.0 takes the fields of scheduled actions that are inherited, and depend on one that
    # is uninstalled, for fields to delete: their names would be no fields any more
    @api.onchange("marketing_campaign_id")
    def _onchange_marketing_campaign_id(self):
        self._compute_name()

    def write(self, vals):
        res = super().write(vals)
        if "marketing_campaign_id" in vals:
            self.env.add_to_compute(self._fields["automated_name"], self)
        return res

    def _generate_action_name(self):
        campaign = self.marketing_campaign_id.sudo()
        # a name is read by the marketers of all companies
        if self.state not in ENROLMENT_STATES or not campaign or campaign.company_id:
            return super()._generate_action_name()
        if self.state == "marketing_enroll":
            return _("Add to “%s”", campaign.name)
        return _("Remove from “%s”", campaign.name)

    def _describe_marketing_marketing_enroll(self, names):
        campaign = self._name_marketing(self.marketing_campaign_id, names)
        if not campaign or self._find_marketing_path_problem():
            return ""
        if self.marketing_path:
            whom = self._get_marketing_path_label(self.marketing_path)
            return _("Add %(whom)s to the campaign %(campaign)s", whom=whom, campaign=campaign)
        return _("Add to the campaign %s", campaign)

    def _describe_marketing_marketing_remove(self, names):
        campaign = self._name_marketing(self.marketing_campaign_id, names)
        if not campaign or self._find_marketing_path_problem():
            return ""
        if self.marketing_path:
            whom = self._get_marketing_path_label(self.marketing_path)
            return _("Remove %(whom)s from the campaign %(campaign)s", whom=whom, campaign=campaign)
        return _("Remove from the campaign %s", campaign)

    def _explain_missing_campaign_right(self, user):
        """Return in words that a user may not add to the campaign of this action, or remove from it."""
        campaign = self.marketing_campaign_id
        if not campaign or campaign.with_user(user).sudo(False).has_access("write"):
            return []
        return [_("%s may not change the participants of its campaign. Ask your administrator.", user.name)]

    @api.private
    def _find_idle_campaigns(self):
        """Return the campaigns to which these actions, or their children, add, and that do not run."""
        adding = self.sudo()._get_all_actions().filtered(lambda action: action.state == "marketing_enroll")
        return adding.marketing_campaign_id.filtered(lambda campaign: campaign.state != "running")

    # ------------------------------------------------------------
    # Running
    # ------------------------------------------------------------

    def create_action(self):
        """Show what changes campaigns to those alone who may do so."""
        res = super().create_action()
        ours = self.filtered(lambda action: action.state in ENROLMENT_STATES and not action.group_ids)
        ours.group_ids = self.env.ref("marketing_automation.group_marketing_automation_user")
        return res

    @api.private
    def _changes_campaigns(self):
        """Tell whether this action, or one inside it, adds to a campaign or removes from it."""
        return any(action.state in ENROLMENT_STATES for action in self._get_all_actions())

    @api.private
    def _runs_for_many(self):
        """Tell whether this action does its work for all records of a batch at once."""
        return self.state in ENROLMENT_STATES

    def _can_execute_action_on_records(self, records):
        """Leave the rights on what changes campaigns to :meth:`_change_campaign`: it writes none of the records.

        Odoo would ask for the right to write them, or fail the save of who is in none of the action's groups.
        """
        if self.state in ENROLMENT_STATES:
            return None
        return super()._can_execute_action_on_records(records)

    def _run_action_marketing_enroll_multi(self, eval_context=None):
        return self._change_campaign("add", eval_context)

    def _run_action_marketing_remove_multi(self, eval_context=None):
        return self._change_campaign("remove", eval_context)

    def _change_campaign(self, operation, eval_context):
        """Add the records of the action to its campaign, or remove them.

        :param str operation: ``add`` or ``remove``
        :param dict eval_context: of the action; its environment is that of who runs it
        :return: a notification or window for a person, else False
        :raise AccessError: for a person, and for a campaign, without the right to write the campaign
        """
        env = eval_context["env"]
        run = action_run(env)
        records = eval_context.get("records") or eval_context.get("record")
        # what a form shows that is not saved has not happened; nothing of a test is counted elsewhere
        if not records or env.context.get("onchange_self") or (run and run.is_test):
            return False
        problems = self._get_marketing_enrolment_problems()
        if problems and not env.su:
            raise ValidationError("\n".join(problems))
        if problems:
            _logger.warning("The server action %s does nothing: %s", self.id, problems[0])
            return False
        campaign = self.marketing_campaign_id.with_env(env)
        if not env.su:
            self._check_may_change_campaign(campaign)
        elif self.group_ids and not self.group_ids & env.user.all_group_ids:
            return False  # they say for whom it is; who only saves a record is told nothing
        targets = self._follow_marketing_path(records)
        if env.su or run:
            env["marketing.entry.request"].sudo().request(
                operation, campaign, targets.ids, source="step" if run else "action"
            )
            return False
        if campaign.state != "running":
            return notify("warning", _("The campaign “%s” does not run: nothing was done.", campaign.display_name))
        return campaign._add_selected(targets) if operation == "add" else campaign._remove_selected(targets)

    def _check_may_change_campaign(self, campaign):
        """Check that who runs this action may do so, and may write its campaign.

        :param campaign: in the environment of that user
        :raise AccessError:
        """
        if self.group_ids and not self.group_ids & campaign.env.user.all_group_ids:
            raise AccessError(_("The server action “%s” is for other groups than yours.", self.name))
        campaign.check_access("write")

    def _follow_marketing_path(self, records):
        """Return the records to which the path leads, each once, in the order of those it comes from.

        :raise AccessError: where the user may not read one of the fields or records on the way
        """
        for name in self.marketing_path.split(".") if self.marketing_path else ():
            if not records.env.su:
                records.check_access("read")
                records._check_field_access(records._fields[name], "read")
            records = records.mapped(name)
        return records


def _is_link(field):
    return field.type == "many2one" and field.store
