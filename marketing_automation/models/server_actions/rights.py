"""What a campaign's user may not do of what a server action does: Start says it, rather than each participant."""

from odoo import _, api, models

from .enrolment import ENROLMENT_STATES


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    @api.private
    def _get_marketing_missing_rights(self, user):
        """Return in words what of this action a user may not do, its children left out, and who can help.

        Rights on models and fields alone: rules of single records are asked when it runs.

        :param user: with whose rights the campaign would run
        :rtype: list[str]
        """
        self.ensure_one()
        action = self.sudo()
        if action._is_marketing_shipped():  # runs as the addon's own code
            return []
        env = self.with_user(user).env
        missing = []
        if not action._may_change_target(user):
            missing += self._explain_missing_right(env[action.model_name], "write")
        if action.state == "object_write":
            missing += self._explain_missing_field_right(env, action)
        elif action.state in ENROLMENT_STATES:
            missing += action._explain_missing_campaign_right(user)
        elif action.state in ("object_create", "object_copy") and action.crud_model_id.model in env:
            missing += self._explain_missing_right(env[action.crud_model_id.model], "create")
        return list(dict.fromkeys(missing))

    def _explain_missing_field_right(self, env, action):
        """Return in words that a user may not write the field that an action updates."""
        field = action._find_marketing_field(action.update_path)
        if not field:
            return []  # an error of its own
        model = env[field.model_name]
        missing = self._explain_missing_right(model, "write")
        if not missing and not model._has_field_access(field, "write"):
            missing.append(
                _(
                    "%(user)s may not write the field “%(field)s” of “%(model)s”. Ask your administrator.",
                    user=env.user.name,
                    field=field._description_string(self.env),
                    model=self.env["ir.model"].sudo()._get(model._name).name,
                )
            )
        return missing

    def _explain_missing_right(self, model, operation):
        """Return in words that a user may not write, or create, records of a model, and which groups may."""
        if model.has_access(operation):
            return []
        groups = dict.fromkeys(self.env["ir.model.access"].group_names_with_access(model._name, operation))
        names = {
            "user": model.env.user.name,
            "model": self.env["ir.model"].sudo()._get(model._name).name,
            "groups": ", ".join(f"“{group}”" for group in groups),
        }
        if not groups:
            return [_("%(user)s may not change “%(model)s”. Ask your administrator.", **names)]
        if operation == "create":
            return [
                _(
                    "%(user)s may not create “%(model)s”. Ask your administrator for one of these groups, or to press "
                    "Start: %(groups)s.",
                    **names,
                )
            ]
        return [
            _(
                "%(user)s may not change “%(model)s”. Ask your administrator for one of these groups, or to press "
                "Start: %(groups)s.",
                **names,
            )
        ]
