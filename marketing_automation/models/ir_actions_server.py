from odoo import api, fields, models

from .engine_context import action_run


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
        return super()._run(records, eval_context)

    def _run_action_multi(self, eval_context=None):
        """Run the actions of an action with the rights that a campaign runs it with: Odoo's own run as superuser."""
        run = action_run(self.env)
        if not run or run.as_addon:
            return super()._run_action_multi(eval_context=eval_context)
        res = False
        for action in self.child_ids.sorted():
            res = action.sudo(False).run() or res
        return res

    @api.private
    def _contains_code(self):
        """Tell whether Python code of a user is run, which may write to the database past Odoo's cache."""
        return any(action.state == "code" or action.child_ids._contains_code() for action in self)

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
