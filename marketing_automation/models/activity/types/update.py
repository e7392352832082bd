"""A step that sets a field of the record: to a value, to nothing, to what another field has. Tags come and go."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import LazyTranslate, format_date, format_datetime

from ....engine.activity_types import ActivityType
from ....engine.context import step_copy
from ...guards.marketing_checked_mixin import ValueCheck, is_id, shorten

_lt = LazyTranslate(__name__)

UPDATE = ActivityType(
    "update",
    icon="fa-pencil-square-o",
    hint=_lt("Change a field, add or remove a tag"),
    does=(_lt("set a field"), _lt("set a field")),
    settings={
        "field": "update_field",
        "operation": "update_operation",
        "value": "update_value",
        "source": "update_source",
    },
    required=("field",),
    form="""
        <field name="update_field" widget="marketing_step_field" required="True" placeholder="Choose a field"/>
        <div colspan="2" class="text-danger mb-2" invisible="not update_problem">
            <field name="update_problem" nolabel="1"/>
        </div>
        <field name="update_operation" widget="marketing_step_operation" required="True"
               invisible="not update_field"/>
        <field name="update_value" widget="marketing_step_value"
               invisible="not update_field or update_operation in ('clear', 'copy', 'now')"/>
        <field name="update_source" widget="marketing_step_field" options="{'choices': 'sources'}"
               placeholder="Choose a field" required="update_operation == 'copy'"
               invisible="update_operation != 'copy'"/>
        <field name="update_choices" invisible="1"/>
    """,
    form_texts=(_lt("Choose a field"),),
)
NUMBERS, DAYS = ("integer", "float", "monetary"), ("date", "datetime")
VALUED = ("set", "increase", "decrease", "add", "remove")  # operations that need a value
MAX_RECORDS = 100  # that one step adds, or removes


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    activity_type = fields.Selection(
        selection_add=[("update", "Set a Field or Tag"), ("missing",)], ondelete={"update": "set missing"}
    )
    # by their names, which the target's own views tell: marketers need not read how all of Odoo's fields are made
    update_field = fields.Char(string="Field", help="Which field of the record the step sets.")
    update_operation = fields.Selection(
        [
            ("set", "Set to"),
            ("add", "Add"),
            ("remove", "Remove"),
            ("increase", "Increase by"),
            ("decrease", "Decrease by"),
            ("now", "Set to the moment at which it runs"),
            ("copy", "Copy from another field"),
            ("clear", "Empty"),
        ],
        string="Change",
        default="set",
    )
    update_value = fields.Json(string="Value", help="As the field keeps it; of linked records the ids.")
    update_source = fields.Char(string="Copied from", help="The field of the same record whose value is taken.")
    update_choices = fields.Json(compute="_compute_update_choices", help="What the form offers.")
    update_problem = fields.Char(compute="_compute_update_choices", help="Why nothing can be set.")

    @api.model
    def _describe_type_update(self):
        return UPDATE

    # ------------------------------------------------------------
    # What can be chosen
    # ------------------------------------------------------------

    @api.depends("activity_type", "model_name", "update_field")
    @api.depends_context("uid", "lang")
    def _compute_update_choices(self):
        for activity in self:
            activity.update_choices, activity.update_problem = {}, False
            if activity.activity_type != "update" or activity.model_name not in self.env:
                continue
            model = self.env[activity.model_name].sudo(False)
            settable = self._find_settable_fields(model)
            missing = self.env["ir.actions.server"]._explain_missing_right(model, "write")
            activity.update_problem = missing[0] if missing else False
            field = settable.get(activity.update_field)
            activity.update_choices = {
                "fields": [] if missing else sorted(settable),
                "operations": self._get_update_operations(field) if field else [],
                "sources": sorted(self._find_copied_fields(model, field)) if field else [],
                "value": self._describe_update_value(model, field) if field else False,
            }

    @api.model
    def _get_update_operations(self, field):
        """Return what a step may do with a field.

        :rtype: list[str]
        """
        operations = ["set"]
        if field.type == "many2many":
            operations = ["add", "remove", "set"]
        elif field.type in NUMBERS:
            operations += ["increase", "decrease"]
        elif field.type in DAYS:
            operations.append("now")
        operations.append("copy")
        if not field.required and field.type != "boolean":
            operations.append("clear")
        return operations

    @api.model
    def _describe_update_value(self, model, field):
        """Return what the form needs to know to have a value typed or chosen."""
        described = {"type": field.type, "string": field._description_string(self.env)}
        if field.type == "selection":
            described["selection"] = field._description_selection(model.env)
        if field.relational:
            described["relation"] = field.comodel_name
        return described

    @api.onchange("update_field")
    def _onchange_update_field(self):
        field = self._get_update_field(self.update_field)
        operations = self._get_update_operations(field) if field is not None else []
        self.update_operation = operations[0] if operations else "set"
        self.update_value = self.update_source = False

    @api.onchange("update_operation")
    def _onchange_update_operation(self):
        if self.update_operation != "copy":
            self.update_source = False
        if self.update_operation not in VALUED:
            self.update_value = False

    def _get_update_field(self, name):
        """Return a field of the target by its name, or None."""
        model = self.env.get(self.model_name)
        return model._fields.get(name) if model is not None and isinstance(name, str) else None

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    @api.constrains("update_field", "update_operation", "update_value", "update_source", "activity_type", "campaign_id")
    def _check_update(self):
        """Refuse at once what the user may not set, whoever else could start the campaign."""
        for activity in self:
            if activity.activity_type != "update" or not activity.update_field or activity.model_name not in self.env:
                continue
            settings = activity._get_settings()
            # Odoo checks as superuser, whoever writes
            who = None if self.env.user._is_superuser() or step_copy(self.env) else self.env.user
            problems = activity._find_update_problems(settings, who)
            if problems:
                raise ValidationError("\n".join(problems))

    def _find_update_problems(self, settings, who=None):
        """Return in words what is wrong with what a step sets, whatever it lacks left out.

        :param dict settings: of the step
        :param who: the user who has to be able to do it; None to leave rights out
        :rtype: list[str]
        """
        field = self._get_update_field(settings["field"])
        if field is None:
            return [self._word_update_problem(_("the record has no field “%s”.", shorten(settings["field"])))]
        # rights left out, every field that some user may set
        env = self.env(su=True) if who is None else self.campaign_id._get_env_of(who)
        model = env[self.model_name]
        problems = self.env["ir.actions.server"]._explain_missing_right(model, "write")
        if not problems and not self._is_settable(model, field):
            problems.append(self._word_unsettable(model, field))
        operation, source = settings["operation"], settings["source"]
        if not problems and operation not in self._get_update_operations(field):
            problems.append(_("“%s” cannot be changed that way.", field._description_string(self.env)))
        source = self._get_update_field(source) if operation == "copy" and source else None
        if not problems and settings["source"] and operation == "copy" and not self._is_copied_to(model, source, field):
            problems.append(
                _(
                    "“%(field)s” cannot be copied from “%(source)s”: choose a field of the same kind that you may "
                    "read.",
                    field=field._description_string(self.env),
                    source=source._description_string(self.env) if source is not None else shorten(settings["source"]),
                )
            )
        if not problems and operation in VALUED and not _is_nothing(field, operation, settings.get("value", False)):
            problems += self._find_update_value_problems(env, field, operation, settings.get("value", False))
        return [self._word_update_problem(problem) for problem in problems]

    def _word_update_problem(self, problem):
        return _("“%(activity)s”: %(problem)s", activity=self.name, problem=problem)

    def _word_unsettable(self, model, field):
        label = field._description_string(self.env)
        if not model._has_field_access(field, "write"):
            return _("%(user)s may not write the field “%(field)s”.", user=model.env.user.name, field=label)
        return _("“%s” is not a field that a campaign may set: Odoo keeps it itself, or guards it.", label)

    def _find_update_value_problems(self, env, field, operation, value):
        """Return in words what is wrong with a value.

        :param env: of who has to be able to see the records that it names
        """
        label = field._description_string(self.env)
        if field.type == "many2many":
            if not isinstance(value, list) or len(value) > MAX_RECORDS or not all(map(is_id, value)):
                return [_("“%(field)s” takes a list of at most %(most)s records.", field=label, most=MAX_RECORDS)]
        elif field.type == "boolean" and not isinstance(value, bool):
            return [_("“%s” is either Yes or No.", label)]
        elif field.type in DAYS and not isinstance(value, str):
            return [_("“%s” takes a date.", label)]
        elif operation in ("increase", "decrease") and value is True:
            return [_("“%s” takes a number.", label)]
        try:
            ValueCheck(self.env[self.model_name].sudo()).check({field.name: value})
        except ValidationError as error:
            return [str(error)]
        if field.type == "char" and field.size and len(value) > field.size:
            return [_("“%(field)s” takes at most %(most)s characters.", field=label, most=field.size)]
        if field.relational:
            return self._find_linked_problems(env, field, value)
        return []

    def _find_linked_problems(self, env, field, value):
        """Return in words why records cannot be linked: they are gone, or the user may not see them."""
        records = env[field.comodel_name].with_context(active_test=False).browse(value)
        there = records.exists()
        names = {
            "field": field._description_string(self.env),
            "model": self.env["ir.model"].sudo()._get(field.comodel_name).name,
        }
        # what is not there looks no different from what one may not see
        if len(there._filtered_access("read")) < len(records):
            return [_("“%(field)s” names a record of “%(model)s” that was deleted, or that you may not see.", **names)]
        if field.comodel_name == "res.users" and not all(there.sudo().mapped("active")):
            return [_("“%(field)s” names a user who is archived. Choose another.", **names)]
        return []

    def _find_errors_update(self):
        settings, field = self._get_settings(), self._get_update_field(self.update_field)
        if not settings["field"] or self.model_name not in self.env:
            return []  # it lacks its field: said already
        problems = self._find_update_problems(settings)
        if not problems and settings["operation"] == "copy" and not settings["source"]:
            problems.append(_("“%s” does not say from which field it copies.", self.name))
        operation = settings["operation"]
        if not problems and operation in VALUED and _is_nothing(field, operation, settings.get("value", False)):
            problems.append(_("“%s” has no value yet.", self.name))
        return problems

    def _find_user_errors_update(self, user):
        return self._find_update_problems(self._get_settings(), user) if self.update_field else []

    # ------------------------------------------------------------
    # What is lost while it runs
    # ------------------------------------------------------------

    def _find_losses_update(self):
        chosen = self.filtered("update_field")
        losses = {activity: activity._find_update_problems(activity._get_settings()) for activity in chosen}
        return {activity: problems[:1] for activity, problems in losses.items() if problems}

    def _find_hold_update(self, step, _approved):
        user = self.campaign_id._get_run_user()
        problems = self._find_update_problems(step.settings) or self._find_update_problems(step.settings, user)
        return problems[0] if problems else None

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _phrase_update(self, settings):
        field = self._get_update_field(settings["field"])
        if field is None:
            return None
        patterns = {
            "set": _("set %(field)s to %(value)s"),
            "add": _("add %(value)s to %(field)s"),
            "remove": _("remove %(value)s from %(field)s"),
            "increase": _("increase %(field)s by %(value)s"),
            "decrease": _("decrease %(field)s by %(value)s"),
            "now": _("set %(field)s to the day on which it runs")
            if field.type == "date"
            else _("set %(field)s to the moment at which it runs"),
            "copy": _("set %(field)s to what %(value)s says"),
            "clear": _("empty %(field)s"),
        }
        label = _("“%s”", field._description_string(self.env))
        value = _("(no value yet)")
        if settings["operation"] == "copy":
            source = self._get_update_field(settings["source"])
            value = _("“%s”", source._description_string(self.env)) if source is not None else value
        elif not _is_nothing(field, settings["operation"], settings.get("value", False)):
            value = self._word_update_value(field, settings.get("value", False))
        pattern = patterns.get(settings["operation"])
        return pattern and pattern % {"field": label, "value": value}

    def _word_update_value(self, field, value):
        """Return a value as a person reads it; of records that the reader may not see, what they are."""
        if field.relational:
            ids = [res_id for res_id in (value if isinstance(value, list) else [value]) if is_id(res_id)]
            records = self.env[field.comodel_name].sudo(False).browse(ids).exists()
            names = [_("“%s”", record.display_name) for record in records._filtered_access("read")]
            if len(names) < len(ids):
                names.append(_("(hidden or deleted)"))
            return ", ".join(names)
        if field.type == "boolean":
            return _("Yes") if value else _("No")
        if field.type == "selection":
            return _("“%s”", dict(field._description_selection(self.env)).get(value, value))
        if field.type in NUMBERS:
            return f"{value or 0:g}"
        try:
            if field.type == "date":
                return format_date(self.env, value)
            if field.type == "datetime":
                return format_datetime(self.env, value)
        except ValueError:
            return str(value)
        return _("“%s”", shorten(value))

    # ------------------------------------------------------------
    # For the engine
    # ------------------------------------------------------------

    @api.private
    def _execute_update(self, traces, now):
        """Set the field for a batch of traces as the campaign's user, by one write for each distinct value.

        :raise RunAlone: where Odoo does something upon it that leaves the transaction
        """
        env, settings = self.campaign_id._get_run_env(), self._get_running_step().settings
        problems = self._find_update_problems(settings, env.user)
        if problems:  # of a test: what runs waits for an Update instead
            return self._fail_each(traces, problems[0])
        records, outcomes = self._split_writable(env, traces)
        if records:
            self._do_together(traces, lambda: self._set_field(records, settings, now))
        return outcomes

    def _set_field(self, records, settings, now):
        field = records._fields[settings["field"]]
        names = [name for name in (field.name, settings["source"]) if name]
        records.fetch([name for name in names if records._fields[name].column_type])
        changing = {}
        for record in records:
            present = record[field.name]
            value = self._get_new_value(record, field, settings, now)
            if value != present:
                key = tuple(value.ids) if isinstance(value, models.BaseModel) else value
                changing.setdefault(key, []).append(record.id)
        for key, ids in changing.items():
            value = key
            if field.type == "many2many":
                value = self._get_tag_commands(settings, key)
            elif field.type == "many2one":
                value = key[0] if key else False
            records.browse(ids).with_prefetch(records.ids).write({field.name: value})

    def _get_new_value(self, record, field, settings, now):
        """Return what a field of a record is to be, as it is read."""
        present, operation, value = record[field.name], settings["operation"], settings.get("value", False)
        nothing = present.browse() if field.relational else 0 if field.type in NUMBERS else False
        if operation == "copy":
            return record[settings["source"]] or nothing
        if operation == "clear":
            return nothing
        if operation == "now":
            return fields.Datetime.context_timestamp(record, now).date() if field.type == "date" else now
        if operation in ("increase", "decrease"):
            number = present + (value if operation == "increase" else -value)
            if field.type != "integer":
                return field.convert_to_cache(number, record)
            if abs(number) >= 2**31:
                raise UserError(_("“%s” would become too large a number.", field._description_string(self.env)))
            return number
        if field.type == "many2many":
            named = present.browse(value)
            return present | named if operation == "add" else present - named if operation == "remove" else named
        if field.type == "many2one":
            return present.browse(value)
        return field.convert_to_record(field.convert_to_cache(value or nothing, record), record)

    def _get_tag_commands(self, settings, ids):
        """Return how a many2many is written: by what is added or removed, so that nothing else of it is touched."""
        commands = {"add": Command.link, "remove": Command.unlink}
        command = commands.get(settings["operation"])
        return [command(res_id) for res_id in settings["value"]] if command else [Command.set(ids)]


def _is_nothing(field, operation, value):
    """Tell whether a step lacks its value. Nothing, in a field that keeps JSON, is also 0 and No."""
    return not value and not (operation == "set" and field.type in (*NUMBERS, "boolean"))
