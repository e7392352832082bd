"""What a server action does, in one line of words, and which of them a campaign may use: for those who choose one."""

from odoo import _, api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date, html2plaintext

from ..guards.marketing_checked_mixin import shorten
from .enrolment import ENROLMENT_STATES

LONGEST_VALUE = 60  # characters of what an action sets
MOST_PARTS = 3  # of an action that consists of others


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    marketing_description = fields.Char(string="What It Does", compute="_compute_marketing_description")

    @api.depends_context("lang", "uid")
    def _compute_marketing_description(self):
        names = self._get_marketing_names()
        for action in self:
            action.marketing_description = action._describe_marketing(names)

    @api.depends_context("marketing_describe", "formatted_display_name", "lang", "uid")
    def _compute_display_name(self):
        """Where a campaign's step chooses an action, say what each does, and tell apart those that look the same."""
        super()._compute_display_name()
        if not (self.env.context.get("marketing_describe") and self.env.context.get("formatted_display_name")):
            return
        twins = self.search(
            [("name", "in", self.mapped("name")), ("model_id", "in", self.sudo().model_id.ids), *_choosable()]
        )
        for action in self:
            lines = [action.display_name or "", action.marketing_description]
            alike = twins.filtered_domain([("name", "=", action.name), ("model_name", "=", action.model_name)]) - action
            if action.marketing_description in alike.mapped("marketing_description"):
                lines.append(action._describe_marketing_origin())
            # Odoo's own marks of what is muted
            action.display_name = "\n".join(
                [lines[0], *(f"--{line.replace('--', '–')}--" for line in lines[1:] if line)]
            )

    def _describe_marketing_origin(self):
        action = self.sudo()
        return _(
            "made by %(user)s on %(date)s, number %(number)s",
            user=action.create_uid.name or "-",
            date=format_date(self.env, action.create_date),
            number=action.id,
        )

    # ------------------------------------------------------------
    # Which
    # ------------------------------------------------------------

    @api.model
    @api.private
    def _get_marketing_choice(self, model_name, users):
        """Return the server actions that a step of a campaign may run.

        What an addon ships for the Actions menu of its screens (*Privacy Lookup*, *Download*) is not one of them,
        unless it was made for campaigns.

        :param str model_name: the campaign's target
        :param users: with whose rights they would run
        :return: those that can run, and why others cannot, in words by action
        :rtype: tuple
        """
        actions = self.search([("model_name", "=", model_name), *_choosable()])
        shipped = actions.filtered(lambda action: action.usage != "marketing_automation")._get_external_ids()
        actions = actions.filtered(lambda action: not any(map(_is_of_an_addon, shipped.get(action.id, ()))))
        losses = actions.sudo()._get_all_actions()._get_marketing_losses()
        refused = {}
        for action in actions:
            problems = [
                problem for user in users for problem in action._get_marketing_problems(model_name, user, losses)
            ]
            if action.sudo()._needs_person():
                problems.insert(0, _("It opens a window for a person."))
            if problems:
                refused[action] = problems[0]
        return actions.filtered(lambda action: action not in refused), refused

    # ------------------------------------------------------------
    # What
    # ------------------------------------------------------------

    def _describe_marketing(self, names):
        """Return what this action does, in one line.

        A companion addon tells of its own type by a method ``_describe_marketing_<type>(names)``.

        :param dict names: see :meth:`_get_marketing_names`
        """
        self.ensure_one()
        action = self.sudo()
        describe = getattr(action, f"_describe_marketing_{action.state}", None)
        return (describe and describe(names)) or dict(action._fields["state"]._description_selection(self.env)).get(
            action.state, ""
        )

    def _get_marketing_names(self):
        """Return the names of the records that these actions set, send or duplicate, of those that the user may read.

        :return: by model and id
        :rtype: dict[tuple[str, int], str]
        """
        ids = {}
        for action in self.sudo()._get_all_actions():
            for record in action._get_marketing_records():
                ids.setdefault(record._name, set()).update(record.ids)
        names = {}
        for model_name, record_ids in ids.items():
            # with the rights of who reads them, not with those by which the action is read
            records = self.env[model_name].browse(record_ids).exists()._filtered_access("read")
            names.update({(model_name, record.id): record.display_name for record in records})
        return names

    def _get_marketing_records(self):
        """Return the records that the description of this action names; extended by its type.

        :rtype: list
        """
        if self.state == "object_write":
            record = self._get_marketing_set_record()
            return [record] if record else []
        if self.state == "object_copy":
            return [self.resource_ref] if self.resource_ref else []
        return {
            "mail_post": [self.template_id],
            "next_activity": [self.activity_type_id, self.activity_user_id],
            "followers": [self.partner_ids],
            "remove_followers": [self.partner_ids],
            **dict.fromkeys(ENROLMENT_STATES, [self.marketing_campaign_id]),
        }.get(self.state, [])

    def _get_marketing_set_record(self):
        """Return the record that this action puts into a field, or None."""
        field = self._find_marketing_field(self.update_path)
        if self.evaluation_type == "value" and field and field.relational and (self.value or "").isdecimal():
            return self.env[field.comodel_name].browse(int(self.value)) if int(self.value) else None
        return None

    def _name_marketing(self, records, names):
        """Return the names of records, quoted; of what the reader may not read, the name of its kind."""
        known = [names[record._name, record.id] for record in records if (record._name, record.id) in names]
        if records and len(known) < len(records):
            known.append(self.env["ir.model"]._get(records._name).name or records._name)
        return ", ".join(f"“{name}”" for name in known)

    def _describe_marketing_object_write(self, names):
        field = self._find_marketing_field(self.update_path)
        if not field:
            return ""
        label = self._get_marketing_path_label()
        if self.evaluation_type == "equation":
            return _("Set %(field)s by a formula", field=label)
        if self.evaluation_type == "sequence":
            return _("Set %(field)s to the next number of a sequence", field=label)
        record, value = self._get_marketing_set_record(), self.value or ""
        if record is not None:
            value = self._name_marketing(record, names)
        elif field.type == "boolean":
            value = _("Yes") if self.update_boolean_value == "true" else _("No")
        elif field.type == "selection":
            value = f"“{dict(field._description_selection(self.env)).get(value, value)}”"
        elif field.type == "html":
            value = shorten(html2plaintext(self.html_value or "").strip()) and _("a text")
        elif value:
            value = f"“{value[:LONGEST_VALUE]}”" if len(value) <= LONGEST_VALUE else f"“{value[:LONGEST_VALUE]}…”"
        if field.type in ("many2many", "one2many"):
            patterns = {"add": _("Add %(value)s to %(field)s"), "remove": _("Remove %(value)s from %(field)s")}
            empties = self.update_m2m_operation == "clear"
            pattern = patterns.get(self.update_m2m_operation, _("Set %(field)s to %(value)s"))
        else:
            empties, pattern = value in ("", "0"), _("Set %(field)s to %(value)s")
        return _("Empty %(field)s", field=label) if empties else pattern % {"field": label, "value": value}

    def _get_marketing_path_label(self, path=None):
        """Return what a field of this action's model is called, with the ones that lead to it.

        :param str path: with dots; of the field that this action updates by default
        """
        model, labels = self.env[self.model_name], []
        for name in (path or self.update_path).split("."):
            field = model._fields[name]
            labels.append(field._description_string(self.env))
            model = self.env[field.comodel_name] if field.relational else None
        return " › ".join(labels)

    def _describe_marketing_object_create(self, _names):
        kind = self.crud_model_id.name or ""
        return _("Create %(kind)s “%(name)s”", kind=kind, name=shorten(self.value or "")) if kind else ""

    def _describe_marketing_object_copy(self, names):
        return _("Duplicate %s", self._name_marketing(self.resource_ref, names)) if self.resource_ref else ""

    def _describe_marketing_code(self, _names):
        """What the code's author wrote about it, else who that is: the code itself is not for marketers."""
        words = html2plaintext(self.help or "").strip().split("\n")[0]
        if words:
            return shorten(words)
        if self._is_marketing_shipped():
            return _("Run code of a campaign template")
        return _("Run code by %s", self.create_uid.name or "-")

    def _describe_marketing_webhook(self, _names):
        return _("Send data to another system")  # not to which: its address holds a secret

    def _describe_marketing_multi(self, names):
        parts = [part for part in (child._describe_marketing(names) for child in self.child_ids.sorted()) if part]
        if len(parts) > MOST_PARTS:
            parts = [*parts[:MOST_PARTS], "…"]
        return _("; then: ").join(parts)

    def _describe_marketing_next_activity(self, names):
        kind = self._name_marketing(self.activity_type_id, names).strip("“”")
        what = f"{kind}: {self.activity_summary}" if self.activity_summary and kind else self.activity_summary or kind
        field = self._find_marketing_field(self.activity_user_field_name)
        if self.activity_user_type == "specific" and self.activity_user_id:
            whom = self._name_marketing(self.activity_user_id, names)
        elif self.activity_user_type == "generic" and field:
            whom = field._description_string(self.env)
        else:
            return _("Create activity “%s”", what)
        return _("Create activity “%(what)s” for %(whom)s", what=what, whom=whom)

    def _describe_marketing_mail_post(self, names):
        if not self.template_id:
            return ""
        template = self._name_marketing(self.template_id, names)
        patterns = {"comment": _("Post the message %s"), "note": _("Log the note %s")}
        return patterns.get(self.mail_post_method, _("Send the email %s")) % template

    def _describe_marketing_followers(self, names):
        return _("Add followers: %s", self._name_marketing_followers(names))

    def _describe_marketing_remove_followers(self, names):
        return _("Remove followers: %s", self._name_marketing_followers(names))

    def _name_marketing_followers(self, names):
        field = self._find_marketing_field(self.followers_partner_field_name)
        if self.followers_type == "generic" and field:
            return field._description_string(self.env)
        return self._name_marketing(self.partner_ids, names) or "-"


def _choosable():
    """:return: what a server action is that stands for itself: of no scheduled action, rule or other action"""
    return list(Domain("usage", "in", ("ir_actions_server", "marketing_automation")) & Domain("parent_id", "=", False))


def _is_of_an_addon(xmlid):
    return not xmlid.startswith(("__", "studio_customization."))
