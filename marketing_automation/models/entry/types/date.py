"""A date of the record: who has one enters some time before or after it."""

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import LazyTranslate

from ....engine.entry_types import OCCURRENCE, EntryType
from ...activity.checks import MAX_INTERVAL
from ...activity.marketing_activity import UNIT_SELECTION

_lt = LazyTranslate(__name__)

SETTINGS = {
    "field": "date_field",
    "number": "offset_number",
    "unit": "offset_unit",
    "direction": "offset_direction",
    "time": "time_of_day",
}
FORM = """
    <field name="date_field" widget="marketing_date_field" placeholder="Choose a date of the record"
           required="True"/>
    <label for="offset_number"/>
    <div class="o_row">
        <field name="offset_number" widget="marketing_whole_number" class="oe_inline"/>
        <label for="offset_unit" string="Unit" class="visually-hidden"/>
        <field name="offset_unit" class="oe_inline" nolabel="1" required="True"/>
        <label for="offset_direction" string="Before or After" class="visually-hidden"/>
        <field name="offset_direction" class="oe_inline" nolabel="1" required="True"/>
    </div>
    <field name="time_of_day" widget="float_time" invisible="has_time"/>
    <field name="has_time" invisible="1"/>
"""
FORM_TEXTS = (_lt("Choose a date of the record"), _lt("Unit"), _lt("Before or After"))
DATE = EntryType(
    "date",
    icon="fa-calendar",
    hint=_lt("Some time before or after a date of the record"),
    lets_in_again=OCCURRENCE,
    settings=SETTINGS,
    required=("field",),
    form=FORM,
    form_texts=FORM_TEXTS,
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    entry_type = fields.Selection(selection_add=[("date", "Date"), ("missing",)], ondelete={"date": "cascade"})
    date_field_id = fields.Many2one(
        "ir.model.fields",
        compute="_compute_date_field_id",
        store=True,
        readonly=False,
        ondelete="set null",
    )
    date_field = fields.Char(
        string="Date",
        compute="_compute_date_field",
        inverse="_inverse_date_field",
        store=True,
        readonly=False,
        help="The date of the record by which it enters.",
    )
    has_time = fields.Boolean(compute="_compute_has_time")
    offset_number = fields.Integer(string="How Long", default=0, help="0: on that day, or at that time, itself.")
    offset_unit = fields.Selection(UNIT_SELECTION, string="Unit", default="days")
    offset_direction = fields.Selection(
        [("before", "before it"), ("after", "after it")], string="Before or After", default="before"
    )
    time_of_day = fields.Float(
        string="At",
        default=9.0,
        help=(
            "The time of day, by the clock of the campaign, or of each recipient: see Whose Clock in the campaign. A "
            "date that has a time of its own keeps that."
        ),
    )

    @api.model
    def _describe_entry_date(self):
        return DATE

    @api.depends("campaign_id.model_id")
    def _compute_date_field_id(self):
        for entry in self:
            if entry.date_field_id.sudo().model_id != entry.campaign_id.model_id:
                entry.date_field_id = False  # of another target

    # kept, by its name, when the field is deleted: not on what the field says of itself
    @api.depends("date_field_id")
    def _compute_date_field(self):
        for entry in self:
            entry.date_field = entry.date_field_id.sudo().name

    def _inverse_date_field(self):
        for entry in self:
            field = self.env["ir.model.fields"].sudo()
            if entry.date_field:
                field = field._get(entry.model_name, entry.date_field)
                if not field:
                    raise ValidationError(
                        _(
                            "“%(model)s” has no field “%(name)s”.",
                            model=entry.campaign_id.model_id.sudo().name,
                            name=entry.date_field,
                        )
                    )
            entry.date_field_id = field.id

    @api.depends("date_field", "model_name")
    def _compute_has_time(self):
        for entry in self:
            field = entry._get_date_field(self.env.get(entry.model_name), entry.date_field)
            entry.has_time = bool(field) and field.type == "datetime"

    @api.model
    def _get_date_field(self, model, name):
        """Return a field of a model by its name, or None."""
        return model._fields.get(name) if model is not None and name else None

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    @api.constrains("date_field_id", "campaign_id", "entry_type")
    def _check_date_field_id(self):
        for entry in self.filtered("date_field_id"):
            model = self.env.get(entry.model_name)
            field = entry.date_field_id.sudo()
            if field.model != entry.model_name:
                raise ValidationError(
                    _(
                        "“%(field)s” is a field of “%(other)s”: choose a date of “%(model)s”.",
                        field=field.field_description,
                        other=field.model_id.name,
                        model=entry.campaign_id.model_id.sudo().name,
                    )
                )
            # Odoo checks as superuser
            problem = entry._find_field_problem(model if model is None else model.sudo(False), field.name)
            if problem:
                raise ValidationError(problem)

    @api.constrains("offset_number")
    def _check_offset_number(self):
        for entry in self:
            if not 0 <= entry.offset_number <= MAX_INTERVAL:
                raise ValidationError(
                    _(
                        "“%(number)s” before or after a date is too much: choose a whole number from 0 to %(maximum)s.",
                        number=entry.offset_number,
                        maximum=MAX_INTERVAL,
                    )
                )

    @api.constrains("time_of_day")
    def _check_time_of_day(self):
        for entry in self:
            if not 0 <= entry.time_of_day < 24:
                raise ValidationError(_("The time at which they enter lies between 00:00 and 23:59."))

    @api.model
    def _find_field_problem(self, model, name):
        """Return in words why nobody can enter by a field, as the user of a model's environment sees it, or None.

        :param model: the target, None where it is gone
        :param str name: of the field
        """
        if model is None:
            return None  # said of the campaign
        field = self._get_date_field(model, name)
        if not field:
            return _("The date “%s” by which people enter no longer exists: choose another one.", name)
        label = field._description_string(self.env)
        if field.type not in ("date", "datetime") or not field.store or field.company_dependent:
            return _("Nobody can enter by “%s”: choose a stored date of the target itself.", label)
        if not model._has_field_access(field, "read"):
            return _("%(user)s may not read “%(field)s”, by which people enter.", user=model.env.user.name, field=label)
        return None

    def _find_problems_date(self, user):
        model = self.env.get(self.model_name)
        problem = self._find_field_problem(model if model is None else model.with_user(user), self.date_field)
        return [problem] if problem else []

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _describe_settings_date(self, settings):
        model = self.env.get(self.model_name)
        field = self._get_date_field(model, settings["field"])
        label = field._description_string(self.env) if field else settings["field"]
        if not label:
            return _("By a date of the record")
        number, unit = settings["number"], settings["unit"] or "days"
        if number:
            pattern = (
                _("%(interval)s before “%(date)s”")
                if settings["direction"] == "before"
                else _("%(interval)s after “%(date)s”")
            )
            words = pattern % {
                "interval": self.env["marketing.activity"]._get_duration_label(number, unit),
                "date": label,
            }
        else:
            words = _("On “%s”", label)
        if not field or field.type == "date":
            time = self.env["marketing.activity"]._format_time(settings["time"])
            words = _("%(date)s, at %(time)s", date=words, time=time)
        return words

    # ------------------------------------------------------------
    # The engine
    # ------------------------------------------------------------

    @api.model
    def _make_rule_date(self, settings, has_time, tz):
        return self._make_date_rule(settings, has_time, tz)

    @api.model
    def _enrol_date(self, campaign, running, now, limit, after):
        return self._enrol_due(campaign, running, now, limit, after)
