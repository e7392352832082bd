"""Calls by RPC of what every model of Odoo has: ids, and arguments of methods that read.

Odoo takes them for what they should be; Python or PostgreSQL then say what they are not, in a traceback. Values to be
written are the matter of ``marketing_checked_mixin.py``.
"""

import functools
import inspect
import logging

import psycopg2

from odoo import _, api, models
from odoo.api import NewId
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...engine.filter_text import is_storable
from .marketing_checked_mixin import MAX_INTEGER, check_names, is_id, shorten

_logger = logging.getLogger(__name__)

# Which have no arguments but values, checked elsewhere, or none that matter.
CHECKED_ELSEWHERE = ("create", "write", "unlink", "browse")
# What arguments that cannot be used end in, deep inside Odoo.
MISUSES = (
    psycopg2.DataError,
    psycopg2.ProgrammingError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
MAX_DEPTH = 50  # of what is within each other in an argument


class MarketingCheckedCalls(models.AbstractModel):
    """Models whose methods answer a call that cannot be served by a sentence."""

    _inherit = "marketing.checked.mixin"

    def browse(self, ids=()):
        """Refuse what no record can have as its id: each call by RPC on records begins here.

        :raise ValidationError:
        """
        if self.env.su or not ids or type(ids) is int and 0 < ids <= MAX_INTEGER:
            return super().browse(ids)
        if isinstance(ids, dict) and not any(isinstance(key, str) for key in ids):
            ids = tuple(ids)  # as Odoo sets a many2many; a caller's keys are texts
        if isinstance(ids, int | float | str | bytes | dict) or not hasattr(ids, "__iter__"):
            self._refuse_ids(ids)
        ids = tuple(ids)
        for res_id in ids:
            number = (
                abs(res_id) if type(res_id) is int and not self._auto else res_id
            )  # rows of a report may be below zero
            if not is_id(number) and not isinstance(res_id, NewId):
                self._refuse_ids(res_id)
        return super().browse(ids)

    def _refuse_ids(self, value):
        raise ValidationError(
            _("“%(value)s” is no id of a “%(model)s”.", value=shorten(value), model=self._description)
        )

    # ------------------------------------------------------------
    # Methods that every model has
    # ------------------------------------------------------------

    def _register_hook(self):
        """Guard the public methods that come with Odoo, and with whatever addon extends all models."""
        res = super()._register_hook()
        if self._abstract:
            return res
        model_class, base = type(self), self.env.registry["base"]
        for name in dir(base):
            if name.startswith("_") or name in CHECKED_ELSEWHERE:
                continue
            method = getattr(model_class, name)
            if not inspect.isfunction(inspect.getattr_static(model_class, name)):
                continue
            is_private = any(getattr(vars(cls).get(name), "_api_private", False) for cls in model_class.__mro__)
            if not is_private and "__marketing_unguarded__" not in vars(method):
                setattr(model_class, name, _guard(method))
        return res

    def _unregister_hook(self):
        res = super()._unregister_hook()
        for name, method in list(vars(type(self)).items()):
            if inspect.isfunction(method) and "__marketing_unguarded__" in vars(method):
                delattr(type(self), name)
        return res

    @api.model
    def _check_argument(self, method, name, value):
        """Refuse an argument of a method that every model has, where it is not of the kind that its name tells.

        :param str method:
        :param str name: the parameter's
        :raise ValidationError:
        """
        if not _is_plain(value):
            raise ValidationError(
                _(
                    "“%(value)s” cannot be searched or read: it has characters or levels that Odoo cannot use.",
                    value=shorten(value),
                )
            )
        check = KINDS.get(f"{method}.{name}") or KINDS.get(name)
        if check and value is not None and value is not False:
            check(self, value)

    @api.model
    def _check_number_argument(self, value):
        if type(value) is not int or not 0 <= value <= MAX_INTEGER:
            raise ValidationError(_("“%s” is no number of records.", shorten(value)))

    @api.model
    def _check_fields_argument(self, value):
        check_names(value)
        unknown = next((fname for fname in value if fname not in self._fields), None)
        if unknown is not None:
            raise ValidationError(
                _("“%(model)s” has no field “%(name)s”.", model=self._description, name=shorten(unknown))
            )

    @api.model
    def _check_specification_argument(self, value):
        if not isinstance(value, dict) or not all(isinstance(sub, dict) for sub in value.values()):
            raise ValidationError(_("“%s” does not tell which fields to read.", shorten(value)))
        self._check_fields_argument(value)

    @api.model
    def _check_domain_argument(self, value):
        if not isinstance(value, list | tuple | Domain):
            raise ValidationError(_("“%s” is no list of conditions.", shorten(value)))

    @api.model
    def _check_names_argument(self, value):
        check_names(value)

    @api.model
    def _check_text_argument(self, value):
        if not isinstance(value, str):
            raise ValidationError(_("“%s” is no text.", shorten(value)))


KINDS = {
    **dict.fromkeys(("limit", "offset", "count_limit"), MarketingCheckedCalls._check_number_argument),
    **dict.fromkeys(("read.fields", "search_read.fields"), MarketingCheckedCalls._check_fields_argument),
    "specification": MarketingCheckedCalls._check_specification_argument,
    "domain": MarketingCheckedCalls._check_domain_argument,
    **dict.fromkeys(
        ("aggregates", "allfields", "attributes", "fields", "fields_to_export", "langs"),
        MarketingCheckedCalls._check_names_argument,
    ),
    **dict.fromkeys(
        ("field_name", "full_name", "name", "operation", "operator", "order"),
        MarketingCheckedCalls._check_text_argument,
    ),
}


def _guard(method):
    """Return a method that checks its arguments and turns a failure on them into a sentence.

    Code that runs as superuser, as the engine does, hands over nothing of a caller's unchecked.
    """
    signature = inspect.signature(method)

    @functools.wraps(method)
    def guarded(self, *args, **kwargs):
        if self.env.su:
            return method(self, *args, **kwargs)
        try:
            arguments = signature.bind(self, *args, **kwargs).arguments
        except TypeError as error:
            raise ValidationError(
                _("“%(name)s” takes other arguments: %(reason)s.", name=method.__name__, reason=error)
            ) from error
        for name, value in list(arguments.items())[1:]:
            self._check_argument(method.__name__, name, value)
        try:
            return method(self, *args, **kwargs)
        except UserError:
            raise
        except MISUSES as error:
            # what the arguments do not explain is a fault of the code: administrators find it here
            _logger.error("%s.%s failed", self._name, method.__name__, exc_info=True)
            raise ValidationError(
                _(
                    "“%(model)s” cannot do “%(name)s” as it was asked to: %(reason)s.",
                    model=self._description,
                    name=method.__name__,
                    reason=_explain(error),
                )
            ) from error

    guarded.__marketing_unguarded__ = method
    return guarded


def _explain(error):
    """Return in words why arguments cannot be used; what Python or PostgreSQL say helps nobody but developers."""
    if type(error) in (ValueError, NotImplementedError) and str(error):
        return shorten(str(error).strip().rstrip("."))
    return _("a part of what it was given is of another kind than it takes")


def _is_plain(value):
    """Tell whether PostgreSQL and Python can work with all of a value that a caller handed over."""
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return False
        if isinstance(item, str):
            if not is_storable(item):
                return False
        elif isinstance(item, dict):
            waiting += [(part, depth + 1) for pair in item.items() for part in pair]
        elif isinstance(item, list | tuple):
            waiting += [(part, depth + 1) for part in item]
    return True
