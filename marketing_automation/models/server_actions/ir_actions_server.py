import ast

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...engine.context import action_run

# What a returned action does that asks nothing of anybody.
HARMLESS_TAGS = {"display_notification", "reload", "soft_reload"}
# Types of actions, of other addons, that do nothing but open a window.
WINDOW_STATES = {"mass_edit"}  # OCA: server_action_mass_edit


def needs_person(result):
    """Tell whether what a server action returned is for a person to go on with: a window, a page, a report."""
    if not isinstance(result, dict):
        return False
    kind = result.get("type")
    if kind == "ir.actions.client" and result.get("tag") in HARMLESS_TAGS:
        return needs_person((result.get("params") or {}).get("next"))
    return bool(kind) and kind != "ir.actions.act_window_close"


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    # An action outlives the app: a user made it.
    usage = fields.Selection(
        selection_add=[("marketing_automation", "Marketing Automation")],
        ondelete={"marketing_automation": "set default"},
    )
    # Marketing users may read the actions that they choose from, but no secret in them.
    webhook_url = fields.Char(groups="base.group_system")
    webhook_sample_payload = fields.Text(groups="base.group_system")

    def _run(self, records, eval_context):
        run = action_run(self.env)
        if run and not run.as_addon:
            self._check_campaign_rights(records)
        result = super()._run(records, eval_context)
        if run and needs_person(result):
            raise UserError(
                _("“%s” opens a window for a person. A campaign has nobody to use it, so nothing was done.", self.name)
            )
        return result

    def _run_action_multi(self, eval_context=None):
        """Run the actions of an action with the rights of who runs it, where Odoo's own run as superuser.

        Those are a campaign, and a person, as far as an action adds to campaigns or removes from them.
        """
        run = action_run(self.env)
        if eval_context["env"].su if not run else run.as_addon:
            return super()._run_action_multi(eval_context=eval_context)
        res = False
        for action in self.child_ids.sorted():
            res = action.sudo(not run and not action._changes_campaigns()).run() or res
        return res

    @api.private
    def _contains_code(self):
        """Tell whether Python code of a user is run, which may write to the database past Odoo's cache."""
        return bool(self._get_code())

    def _get_code(self):
        """Return the Python code that is run, of these actions and of those inside them."""
        return [action.code or "" for action in self._get_all_actions() if action.state == "code"]

    def _get_all_actions(self):
        actions = self
        while more := actions.child_ids - actions:
            actions |= more
        return actions

    @api.private
    def _needs_person(self):
        """Tell whether it is known before it runs that this action returns something for a person to go on with."""
        return any(
            action.state in WINDOW_STATES or (action.state == "code" and _opens_window(action.code or ""))
            for action in self._get_all_actions()
        )

    def _check_campaign_rights(self, records):
        """Check what an action of a campaign is about to do against the rights of its user.

        Odoo checks that the user may write the record, then acts as the superuser: enough for
        a button that a person presses on that record, too little where the action reaches further.

        :param records: the participant's record, in the user's environment
        :raise AccessError:
        """
        self.ensure_one()
        if self.state == "object_write" and self.update_path:
            *path, fname = self.update_path.split(".")
            targets = records.sudo(False)
            for name in path:
                targets = targets[name]
            targets.check_access("write")
            targets._check_field_access(targets._fields[fname], "write")
        elif self.state in ("object_create", "object_copy"):
            records.sudo(False).env[self.crud_model_id.model].check_access("create")


def _opens_window(code):
    """Tell whether code ends with an ``action`` for a person, whatever happens in it."""
    try:
        statements = ast.parse(code.strip()).body
    except SyntaxError:
        return False  # Odoo refuses it
    for statement in reversed(statements):
        names = [target.id for target in getattr(statement, "targets", []) if isinstance(target, ast.Name)]
        if "action" in names:
            try:
                return needs_person(_literal(statement.value))
            except TypeError:
                return False
        if any(isinstance(node, ast.Name) and node.id == "action" for node in ast.walk(statement)):
            return False  # it may be changed there
    return False


def _literal(node):
    """Return what is written literally of a dictionary, down to those inside it."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Dict):
        return {_literal(key): _literal(value) for key, value in zip(node.keys, node.values, strict=True) if key}
    return None
