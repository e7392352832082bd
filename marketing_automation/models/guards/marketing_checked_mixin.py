"""What anybody hands over by RPC, checked before any code of ours or of Odoo's takes it for what it should be.

Odoo leaves much of this to Python and PostgreSQL, whose tracebacks help nobody, or keeps silent: a
list for a number becomes 0. What Odoo's forms and import write is accepted as ever. Whether a user may write a
field, or see what it links to, is asked by the mixins of ``marketing_engine_fields.py``.
"""

import math
import re
from datetime import date, datetime

from odoo import _, api, models
from odoo.api import NewId
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from ...engine.filter_text import MAX_LENGTH, is_storable

MAX_INTEGER = 2**31 - 1
MAX_CHAR = 1_000  # characters of a name
MAX_TEXT = 100_000
MAX_JSON = 1_000_000  # values
MAX_COMMANDS = 10_000
SHOWN = 80  # characters of a value in a message
# What Odoo lets pass, and sets itself.
MAGIC = {"id", *models.MAGIC_COLUMNS}
VIRTUAL_ID = re.compile(r"virtual_\d{1,9}")


class NotSingleError(UserError, ValueError):
    """What works on one record was called on none, or on several: a sentence for users, a ValueError for code."""


class MarketingCheckedMixin(models.AbstractModel):
    """Models whose values are checked as they come from a caller."""

    _name = "marketing.checked.mixin"
    _description = "Marketing: Checked Values"

    # ------------------------------------------------------------
    # Where values come in
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self.browse().check_access("create")  # what is wrong with a value tells of others' records
        self._check_values_list(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self.check_access("write")
        self._check_values(vals)
        return super().write(vals)

    def copy_data(self, default=None):
        if default is not None:
            self._check_values(default)
        return super().copy_data(default)

    @api.model
    def default_get(self, fields):
        """Check the defaults that a caller chooses by the context, too."""
        context = self.env.context
        check_names(fields)
        names = [fname for fname in fields if fname in self._fields and f"default_{fname}" in context]
        self._check_values({fname: context[f"default_{fname}"] for fname in names})
        return super().default_get(fields)

    def onchange(self, values, field_names, fields_spec):
        check_names([field_names] if isinstance(field_names, str) else field_names)
        check_names(list(fields_spec) if isinstance(fields_spec, dict) else fields_spec)
        self._check_values(values, in_form=True)
        return super().onchange(values, field_names, fields_spec)

    def ensure_one(self):
        if len(self._ids) == 1:
            return self
        raise NotSingleError(
            _(
                "This works on one record of “%(model)s” at a time, not on %(count)s.",
                model=self._description,
                count=len(self),
            )
        )

    # ------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------

    @api.model
    def _check_values_list(self, vals_list):
        if not isinstance(vals_list, list | tuple):
            raise ValidationError(_("“%s” is no list of values.", shorten(vals_list)))
        for vals in vals_list:
            self._check_values(vals)

    @api.model
    def _check_values(self, vals, in_form=False):
        """Refuse values that are not what their fields take.

        :param dict vals: by name of the field, as create and write take them
        :param bool in_form: whether they are those of a form that is not saved yet
        :raise ValidationError: naming the field and the value
        """
        ValueCheck(self, in_form).check(vals)

    @api.model
    def _get_text_limit(self, fname):
        """Return how many characters a text field may have."""
        if self._fields[fname].type == "char":
            return MAX_LENGTH if fname.endswith("domain") else MAX_CHAR
        return MAX_TEXT


class ValueCheck:
    """The check of the values of one model's record."""

    def __init__(self, model, in_form=False):
        self.model = model
        self.env = model.env
        self.in_form = in_form

    def check(self, vals):
        if not isinstance(vals, dict):
            raise ValidationError(_("“%s” is no set of values.", shorten(vals)))
        for fname, value in vals.items():
            field = self.model._fields.get(fname) if isinstance(fname, str) else None
            if field is None:
                if fname in MAGIC:
                    continue
                raise ValidationError(
                    _("“%(model)s” has no field “%(name)s”.", model=self.model._description, name=shorten(fname))
                )
            if value is None or value is False:
                continue
            check = getattr(self, f"_check_{field.type}", None)
            if check:
                check(field, value)

    def _refuse(self, field, value, reason):
        raise ValidationError(
            _(
                "“%(label)s” (%(model)s) cannot be “%(value)s”: %(reason)s.",
                label=field._description_string(self.env) or field.name,
                model=self.model._description,
                value=shorten(value),
                reason=reason,
            )
        )

    # -- text

    def _check_char(self, field, value):
        if isinstance(value, bool | bytes | dict | list | tuple | set):
            self._refuse(field, value, _("it takes a text"))
        text = str(value)
        limit = MAX_TEXT
        if isinstance(self.model, MarketingCheckedMixin):
            limit = self.model._get_text_limit(field.name)
        if len(text) > limit:
            self._refuse(field, value, _("it takes at most %s characters", limit))
        if not is_storable(text):
            self._refuse(field, value, _("it has characters that cannot be stored"))

    _check_text = _check_char
    _check_html = _check_char

    def _check_selection(self, field, value):
        if not isinstance(value, str | int) or value not in field.get_values(self.env):
            labels = ", ".join(f"“{label}”" for _key, label in field._description_selection(self.env))
            self._refuse(field, value, _("choose one of %s", labels))

    # -- numbers

    def _check_integer(self, field, value):
        if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[0-9]{1,10}\s*", value):  # as Odoo's import hands it over
            value = int(value)
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole:
            self._refuse(field, value, _("it takes a whole number"))
        if abs(value) > MAX_INTEGER:
            self._refuse(field, value, _("the number is too large"))

    def _check_many2one_reference(self, field, value):
        if isinstance(value, models.BaseModel):
            return
        self._check_integer(field, value)

    def _check_float(self, field, value):
        try:
            number = float(value) if isinstance(value, str | int | float) else None
        except (OverflowError, ValueError):
            number = None
        if number is None or isinstance(value, bool) or not math.isfinite(number):
            self._refuse(field, value, _("it takes a number"))

    _check_monetary = _check_float

    def _check_boolean(self, field, value):
        if value not in (0, 1) or isinstance(value, float):
            self._refuse(field, value, _("it takes yes or no"))

    # -- dates

    def _check_date(self, field, value):
        try:
            is_date = isinstance(value, str | date) and bool(field.to_date(value))
        except (ValueError, TypeError):
            is_date = False
        if not is_date:
            self._refuse(field, value, _("it takes a date"))

    def _check_datetime(self, field, value):
        try:
            moment = field.to_datetime(value) if isinstance(value, str | date) else None
        except (ValueError, TypeError):
            moment = None
        if not isinstance(moment, datetime) or moment.tzinfo:
            self._refuse(field, value, _("it takes a date and a time"))

    # -- links

    def _check_many2one(self, field, value):
        if isinstance(value, tuple) and value:  # as read() gives it
            value = value[0]
        if isinstance(value, models.BaseModel):
            if value._name != field.comodel_name or len(value) > 1:
                self._refuse(field, value, _("it takes one record of “%s”", self.env[field.comodel_name]._description))
            return
        if isinstance(value, NewId) or value is False:
            return
        if self.in_form and isinstance(value, dict):  # of a record that is made together with this one
            self._check_of_comodel(field, value)
            return
        if not is_id(value):
            self._refuse(field, value, _("it takes the id of a record"))
        comodel = self.env[field.comodel_name]
        # of a model that users choose from, but may not read: links to others are asked about there
        if not self.env.su and not comodel.has_access("read") and not comodel.sudo().browse(value).exists():
            self._refuse(field, value, _("there is no such record"))

    def _check_reference(self, field, value):
        if isinstance(value, models.BaseModel):
            return
        found = re.fullmatch(r"([a-z0-9_.]{1,100}),([0-9]{1,10})", value) if isinstance(value, str) else None
        if not found or found[1] not in self.env or not is_id(int(found[2])):
            self._refuse(field, value, _("it takes a model and the id of a record"))
        if found[1] not in field.get_values(self.env):
            self._refuse(field, value, _("records of that model cannot be chosen"))

    def _check_x2many(self, field, value):
        if isinstance(value, models.BaseModel):
            return
        if not isinstance(value, list | tuple):
            self._refuse(field, value, _("it takes a list of commands"))
        if len(value) > MAX_COMMANDS:
            self._refuse(field, value, _("it takes at most %s commands", MAX_COMMANDS))
        for command in value:
            if not is_id(command) and not isinstance(command, models.BaseModel | NewId):
                self._check_command(field, command)

    _check_one2many = _check_x2many
    _check_many2many = _check_x2many

    def _check_command(self, field, command):
        code = command[0] if isinstance(command, list | tuple) and 1 <= len(command) <= 3 else None
        if type(code) is not int and not isinstance(code, Command):
            self._refuse(field, command, _("it is no command"))
        first = command[1] if len(command) > 1 else 0
        last = command[2] if len(command) > 2 else None
        if code in (Command.CREATE, Command.UPDATE):
            known = code == Command.CREATE or self._is_target(first)
            if not known or not isinstance(last, dict):
                self._refuse(field, command, _("it is no command"))
            self._check_of_comodel(field, last)
        elif code in (Command.DELETE, Command.UNLINK, Command.LINK):
            if not self._is_target(first):
                self._refuse(field, command, _("it is no command"))
        elif code == Command.SET:
            if not isinstance(last, list | tuple) or not all(self._is_target(target) for target in last):
                self._refuse(field, command, _("it is no command"))
        elif code != Command.CLEAR:
            self._refuse(field, command, _("it is no command"))

    def _is_target(self, value):
        return (
            is_id(value)
            or isinstance(value, NewId)
            or (self.in_form and isinstance(value, str) and bool(VIRTUAL_ID.fullmatch(value)))
        )

    def _check_of_comodel(self, field, vals):
        """Values of another model: ours checks them itself when they arrive there."""
        comodel = self.env[field.comodel_name]
        if self.in_form or not isinstance(comodel, MarketingCheckedMixin):
            ValueCheck(comodel, self.in_form).check(vals)

    # -- structures

    def _check_json(self, field, value):
        """Refuse what PostgreSQL cannot keep as JSON; depth and size are bounded."""
        waiting, count = [(value, 0)], 0
        while waiting:
            item, depth = waiting.pop()
            count += 1
            if count > MAX_JSON or depth > 50:
                self._refuse(field, value, _("it is too long or too deep"))
            if isinstance(item, dict):
                waiting += [(part, depth + 1) for pair in item.items() for part in pair]
            elif isinstance(item, list | tuple):
                waiting += [(part, depth + 1) for part in item]
            elif isinstance(item, str):
                if not is_storable(item):
                    self._refuse(field, value, _("it has characters that cannot be stored"))
            elif isinstance(item, float):
                if not math.isfinite(item):
                    self._refuse(field, value, _("it takes a number"))
            elif item is not None and not isinstance(item, int | bool):
                self._refuse(field, value, _("it takes plain values"))
        if field.name == "res_ids":
            check_ids(value, field._description_string(self.env))


def is_id(value):
    """Tell whether a value can be the id of a record in the database."""
    return type(value) is int and 0 < value <= MAX_INTEGER


def check_ids(res_ids, label):
    """Return ids that a caller handed over.

    :param str label: what they are ids of, for the message
    :rtype: list[int]
    :raise ValidationError: where they are no list of ids
    """
    if not isinstance(res_ids, list | tuple) or not all(is_id(res_id) for res_id in res_ids):
        raise ValidationError(
            _("“%(label)s” takes a list of ids, not “%(value)s”.", label=label, value=shorten(res_ids))
        )
    return list(res_ids)


def check_names(fnames):
    """Refuse what is no list of names of fields.

    :raise ValidationError:
    """
    if not isinstance(fnames, list | tuple | set | dict) or not all(isinstance(fname, str) for fname in fnames):
        raise ValidationError(_("“%s” is no list of fields.", shorten(fnames)))


def shorten(value):
    """Return a value as a message shows it: not all of it, where it is long."""
    text = value[: SHOWN + 1] if isinstance(value, str) else value
    if isinstance(text, list | tuple):
        text = text[:10]
    try:
        text = text if isinstance(text, str) else repr(text)
    except RecursionError:
        text = "…"
    text = text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return f"{text[:SHOWN]}…" if len(text) > SHOWN else text
