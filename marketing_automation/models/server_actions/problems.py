"""What keeps a server action from doing what it is to do: Start says it, rather than each participant."""

from odoo import _, api, models
from odoo.tools.safe_eval import test_python_expr

from .enrolment import ENROLMENT_STATES


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    @api.private
    def _get_marketing_problems(self, model_name, user, losses=None):
        """Return in words what keeps this action from running for the participants of a campaign.

        A companion addon tells of its own type by a method ``_get_marketing_problems_<type>()``.

        :param str model_name: the campaign's target
        :param user: with whose rights the campaign would run
        :param dict losses: of this action and its children, see :meth:`_get_marketing_losses`, where they are known
        :rtype: list[str]
        """
        self.ensure_one()
        action = self.sudo()
        problems = []
        if action.model_name != model_name:
            problems.append(
                _(
                    "It is for “%(model)s”, the campaign is for “%(target)s”.",
                    model=action.model_id.name,
                    target=self.env["ir.model"].sudo()._get(model_name).name or model_name,
                )
            )
        if action.group_ids and not action.group_ids & user.all_group_ids:
            problems.append(
                _(
                    "It is for %(groups)s, which %(user)s does not belong to.",
                    groups=", ".join(f"“{name}”" for name in action.group_ids.mapped("display_name")),
                    user=user.name,
                )
            )
        if problems:
            return problems
        if losses is None:
            losses = action._get_all_actions()._get_marketing_losses()
        problems = [*losses[action.id]]
        if not problems and action.warning:  # Odoo's own, which a field that does not exist makes fail
            problems.append(action.warning)
        problems += action._get_marketing_missing_rights(user)
        for child in action.child_ids if action.state == "multi" else ():
            below = child._get_marketing_problems(model_name, user, losses)
            problems += [f"“{child.name}”: {problem}" for problem in below]
        return problems

    def _may_change_target(self, user):
        """Tell whether a user has what Odoo asks for before it runs this action: its groups, or to write its model."""
        if self.group_ids or self.parent_id or user._is_superuser() or self._is_marketing_shipped():
            return True  # the action that it is a part of was looked at
        if self.state in ENROLMENT_STATES:
            return True  # it changes none of its records
        return self.env[self.model_name].with_user(user).sudo(False).has_access("write")

    def _get_marketing_losses(self):
        """Return in words what these actions miss of what they set, send or make, their children left out.

        The records that they name are looked for by one query for each model, however many actions there are.

        :rtype: dict[int, list[str]]
        """
        losses, named, wanted = {}, {}, {}
        for action in self:
            check = getattr(action, f"_get_marketing_problems_{action.state}", None)
            if not action._get_runner()[0]:
                losses[action.id] = [_("The addon of its type was uninstalled.")]
                continue
            losses[action.id] = check() if check else []
            reference = None if losses[action.id] else action._get_marketing_reference()
            if reference:
                model_name, text = named[action.id] = reference
                wanted.setdefault(model_name, {})[text] = _to_id(text)
        for model_name, ids in wanted.items():
            records = self.env[model_name].with_context(active_test=False).browse(filter(None, {*ids.values()}))
            there = set(records.exists().ids)
            wanted[model_name] = {text for text, res_id in ids.items() if res_id in there}
        for action_id, (model_name, text) in named.items():
            if text not in wanted[model_name]:
                losses[action_id] = [self._explain_missing_record(model_name, text)]
        return losses

    @api.private
    def _find_marketing_losses(self):
        """Return in words what these actions, or one of their children, miss since Start.

        :return: the first loss of each action that has one, by id
        :rtype: dict[int, str]
        """
        actions = self.sudo()
        # in each batch: only those that run others are asked for theirs
        several = actions.filtered(lambda action: action.state == "multi")
        losses = (actions | several._get_all_actions())._get_marketing_losses()

        def find(action):
            children = action.child_ids if action.state == "multi" else action.browse()
            return next(iter(losses[action.id]), None) or next(filter(None, map(find, children)), None)

        found = {action.id: find(action) for action in actions}
        return {action_id: loss for action_id, loss in found.items() if loss}

    def _get_marketing_problems_multi(self):
        return [] if self.child_ids else [_("It has no actions to run.")]

    def _get_marketing_problems_code(self):
        message = test_python_expr(expr=(self.code or "").strip(), mode="exec")
        return [_("Its code cannot be read: %s", message)] if message else []

    def _get_marketing_problems_webhook(self):
        return [] if self.webhook_url else [_("It has no URL to call.")]

    def _get_marketing_problems_object_write(self):
        field = self._find_marketing_field(self.update_path)
        if not field:
            return [_("The field that it updates, “%s”, does not exist.", self.update_path or "-")]
        if self.evaluation_type == "equation":
            message = test_python_expr(expr=(self.value or "").strip(), mode="eval")
            return [_("Its expression cannot be read: %s", message)] if message else []
        if self.evaluation_type == "sequence":
            return [] if self.sequence_id else [_("The sequence that it takes numbers from was deleted.")]
        return []

    def _get_marketing_problems_object_create(self):
        problems = [] if self.crud_model_id.model in self.env else [_("The model of what it creates does not exist.")]
        return problems if self.value else [*problems, _("It does not say the name of what it creates.")]

    def _get_marketing_problems_object_copy(self):
        if self.crud_model_id.model not in self.env:
            return [_("The model of what it duplicates does not exist.")]
        return []

    def _get_marketing_problems_next_activity(self):
        problems = []
        if not self.activity_type_id:
            problems.append(_("The type of the activity that it plans is missing."))
        elif self.activity_type_id.res_model not in (False, self.model_name):
            problems.append(_("The activity type “%s” is for other records.", self.activity_type_id.name))
        if self.activity_user_type == "specific" and not self.activity_user_id.active:
            problems.append(_("The user for whom it plans the activity is missing or archived."))
        if self.activity_user_type == "generic" and not self._find_marketing_field(self.activity_user_field_name):
            problems.append(
                _(
                    "The field “%s”, which says whom the activity is for, does not exist.",
                    self.activity_user_field_name or "-",
                )
            )
        return problems

    def _get_marketing_problems_mail_post(self):
        return [] if self.template_id else [_("The email template that it sends was deleted.")]

    def _get_marketing_problems_followers(self):
        if self.followers_type == "specific":
            return [] if self.partner_ids else [_("The followers that it is about are missing.")]
        if not self._find_marketing_field(self.followers_partner_field_name):
            return [_("The field of its followers, “%s”, does not exist.", self.followers_partner_field_name or "-")]
        return []

    def _get_marketing_problems_remove_followers(self):
        return self._get_marketing_problems_followers()

    def _find_marketing_field(self, path):
        """Return the field of the action's model that a dotted path leads to, or None."""
        model, field = self.env.get(self.model_name), None
        for name in (path or "").split("."):
            field = model._fields.get(name) if model is not None else None
            if field is None:
                return None
            model = self.env[field.comodel_name] if field.relational else None
        return field

    def _get_marketing_reference(self):
        """Return the record that this action, whose fields are there, sets or duplicates.

        :return: its model and its id, as a number or a text; None where it names none
        """
        if self.state == "object_copy":
            return self.crud_model_id.model, self.resource_ref and self.resource_ref.id
        if self.state != "object_write" or self.evaluation_type in ("equation", "sequence"):
            return None
        field = self._find_marketing_field(self.update_path)
        # Odoo writes the record whose id is this text; the link beside it only proposes one
        empties = self.value in (False, "", "0") if field.type == "many2one" else self.update_m2m_operation == "clear"
        return (field.comodel_name, self.value) if field.relational and not empties else None

    def _explain_missing_record(self, model_name, res_id):
        """Return in words that the record which an action sets or duplicates does not exist.

        :param str model_name: of the record
        :param res_id: its id, as a number or a text
        """
        model = self.env["ir.model"]._get(model_name).name or model_name
        if _to_id(res_id) is None:
            return _("It does not say which record of “%s” it takes.", model)
        return _("The record of “%s” that it takes was deleted.", model)


def _to_id(text):
    try:
        return int(text)
    except (TypeError, ValueError):
        return None
