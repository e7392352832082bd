"""What the text of a filter says, read without executing it.

Any marketer writes filters, and the engine reads them for every batch. So a filter is no
program: it is literals, the user's id and dates as Odoo's domain editor writes them. Nothing in
it can take more time or memory than its own length.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from odoo import _

MAX_LENGTH = 200_000  # characters; a list of 20 000 ids fits
MAX_DEPTH = 30  # brackets within brackets
MAX_CONDITIONS = 500
MAX_PATH = 8  # fields of a path, each of which is a table that PostgreSQL has to join
MAX_PATHS = 60  # … of all paths together
MAX_NUMBER = 10**18
MAX_SHIFT = 10_000  # days, months … by which a date is moved
OPERATORS = ("&", "|", "!")

_SIGNS = re.compile(r"(?:[-+~]\s*|\b(?:not|lambda|await)\b\s*){10}")
_DATE_FORMAT = re.compile(r"(?:%[YmdHMS]|[-/:.T ]){1,40}")
_SHIFTS = {"years", "months", "weeks", "days", "hours", "minutes", "seconds"}
_PLACES = {"year", "month", "day", "hour", "minute", "second"}


@dataclass(frozen=True)
class Reader:
    """For whom a filter is read.

    :param int uid: the user
    :param today: gives the user's date of today
    :param now: gives the present, naive UTC
    :param to_utc: converts a naive datetime of the user's time zone
    """

    uid: int
    today: Callable[[], date]
    now: Callable[[], datetime]
    to_utc: Callable[[datetime], datetime]


def read_filter(text, reader):
    """Return the list of conditions that a filter's text stands for.

    :param str text: as the domain editor writes it
    :param Reader reader: None for a filter of which only literals are wanted
    :rtype: list
    :raise ValueError: saying what cannot be read
    """
    try:
        value = _Evaluation(reader).value(parse_filter(text or "[]"))
    except RecursionError as error:
        raise ValueError(_("it is too long or too complex")) from error
    if not isinstance(value, list | tuple):
        raise ValueError(_("a filter is a list of conditions"))
    _check_size(value)
    return list(value)


def parse_filter(text):
    """Return the syntax tree of a filter's text, the size of which is bounded.

    :raise ValueError: saying what cannot be read
    """
    if not isinstance(text, str):
        raise ValueError(_("a filter is a list of conditions"))
    if len(text) > MAX_LENGTH:
        raise ValueError(_("it is too long or too complex"))
    _check_depth(text)
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(getattr(error, "msg", None) or _("it is too long or too complex")) from error


def _check_depth(text):
    """Refuse what Python's own parser takes long for, or crashes on: brackets and signs without end."""
    outside = _without_strings(text)
    depth = 0
    for character in outside:
        if character in "([{":
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(_("it is too long or too complex"))
        elif character in ")]}":
            depth -= 1
    if _SIGNS.search(outside):
        raise ValueError(_("it is too long or too complex"))


def _without_strings(text):
    """Return a text without what stands in its quotes."""
    kept, quote, escaped, closed = [], None, False, -2
    for position, character in enumerate(text):
        if escaped:
            escaped = False
        elif quote:
            escaped = character == "\\"
            if character == quote:
                quote, closed = None, position
        elif character in "'\"":
            before = text[position - 1 : position]
            if closed == position - 1 or (before.isalpha() and before != "u"):
                raise ValueError(_("its texts are to stand in single quotes"))
            quote = character
        elif character in "#\\":
            raise _not_understood(character)
        else:
            kept.append(character)
    return "".join(kept)


def _check_size(conditions):
    """Refuse so many conditions that Odoo could not put them together, in subdomains too."""
    count, joins, waiting = 0, 0, [(conditions, 1)]
    while waiting:
        items, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ValueError(_("it is too long or too complex"))
        for item in items:
            is_condition = isinstance(item, list | tuple)
            count += is_condition or item in OPERATORS
            length = item[0].count(".") if is_condition and item and isinstance(item[0], str) else 0
            joins += length + (is_condition and len(item) == 3 and item[1] in ("any", "not any"))
            if length > MAX_PATH or joins > MAX_PATHS:
                raise ValueError(_("it is too long or too complex"))
            if is_condition and len(item) == 3 and item[1] in ("any", "not any") and isinstance(item[2], list | tuple):
                waiting.append((item[2], depth + 1))
    if count > MAX_CONDITIONS:
        raise ValueError(_("it is too long or too complex"))


class _Evaluation:
    """The values of the nodes of a filter; whatever is not named here is refused."""

    def __init__(self, reader):
        self.reader = reader

    def value(self, node):
        evaluate = getattr(self, f"_value_{type(node).__name__}", None)
        if not evaluate:
            raise _not_understood(ast.unparse(node))
        try:
            return evaluate(node)
        except (ArithmeticError, LookupError, TypeError) as error:
            raise _not_understood(ast.unparse(node)) from error

    def _value_Constant(self, node):
        value = node.value
        if not isinstance(value, str | bool | int | float | None):
            raise _not_understood(str(value))
        if isinstance(value, str) and not is_storable(value):
            raise ValueError(_("a number is too large, or a text cannot be stored"))
        if isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
            raise ValueError(_("a number is too large, or a text cannot be stored"))
        return value

    def _value_List(self, node):
        return [self.value(item) for item in node.elts]

    def _value_Tuple(self, node):
        return tuple(self.value(item) for item in node.elts)

    def _value_Set(self, node):
        return {self.value(item) for item in node.elts}

    def _value_Name(self, node):
        if node.id == "uid" and self.reader:
            return self.reader.uid
        if node.id in ("true", "false"):  # as JavaScript has them
            return node.id == "true"
        raise _not_understood(node.id)

    def _value_UnaryOp(self, node):
        value = self.value(node.operand)
        if not isinstance(node.op, ast.USub | ast.UAdd) or type(value) not in (int, float):
            raise _not_understood(ast.unparse(node))
        return -value if isinstance(node.op, ast.USub) else value

    def _value_BinOp(self, node):
        left, right = self.value(node.left), self.value(node.right)
        moments, shifts = (date, time), (relativedelta, timedelta)
        if isinstance(node.op, ast.Add):
            if isinstance(left, list) and isinstance(right, list):
                return left + right
            if isinstance(left, moments + shifts) and isinstance(right, moments + shifts):
                return left + right
        if isinstance(node.op, ast.Sub) and isinstance(left, moments + shifts) and isinstance(right, shifts):
            return left - right
        raise _not_understood(ast.unparse(node))

    def _value_Call(self, node):
        """A date as the domain editor writes one."""
        name = ast.unparse(node.func) if _is_path(node.func) else ""
        args = [self.value(arg) for arg in node.args]
        kwargs = {keyword.arg: self.value(keyword.value) for keyword in node.keywords}
        if self.reader and name in self._functions:
            return self._functions[name](self, *args, **kwargs)
        if isinstance(node.func, ast.Attribute) and not kwargs:
            method = self._methods.get(node.func.attr)
            if method:
                return method(self, self.value(node.func.value), *args)
        raise _not_understood(ast.unparse(node))

    def _relativedelta(self, **kwargs):
        numbers = all(type(value) is int and abs(value) <= MAX_SHIFT for value in kwargs.values())
        if not numbers or not set(kwargs) <= _SHIFTS | _PLACES:
            raise ValueError(_("a date is moved by a whole number of years, months, weeks, days, hours or minutes"))
        return relativedelta(**kwargs)

    def _timedelta(self, **kwargs):
        self._relativedelta(**kwargs)
        return timedelta(**kwargs)

    def _strftime(self, moment, form):
        if not isinstance(moment, date | time) or not isinstance(form, str) or not _DATE_FORMAT.fullmatch(form):
            raise _not_understood(f"strftime({form!r})")
        return moment.strftime(form)

    def _to_utc(self, moment):
        if not self.reader or not isinstance(moment, datetime):
            raise _not_understood("to_utc()")
        return self.reader.to_utc(moment)

    _functions = {
        "context_today": lambda self: self.reader.today(),
        "current_date": lambda self: self.reader.today(),
        "datetime.date": lambda self, *args: date(*args),
        "datetime.date.today": lambda self: self.reader.today(),
        "datetime.datetime": lambda self, *args: datetime(*args),
        "datetime.datetime.combine": lambda self, day, moment: datetime.combine(day, moment),
        "datetime.datetime.now": lambda self: self.reader.now(),
        "datetime.datetime.today": lambda self: self.reader.now(),
        "datetime.time": lambda self, *args: time(*args),
        "datetime.timedelta": lambda self, **kwargs: self._timedelta(**kwargs),
        "relativedelta": lambda self, **kwargs: self._relativedelta(**kwargs),
    }
    _methods = {"strftime": _strftime, "to_utc": _to_utc}


def _not_understood(text):
    return ValueError(_("“%s” is neither a value nor a date", text[:80]))


def _is_path(node):
    """Tell whether a node is a name with dots."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def is_storable(text):
    """Tell whether PostgreSQL can store a text: it takes neither NUL nor half of a surrogate pair."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
