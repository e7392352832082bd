"""What somebody did with the messages of campaigns: lines of a condition, read from JSON. Pure, except its words."""

from dataclasses import dataclass

from odoo import _

SENT = "sent"
EVENTS = (SENT, "open", "click", "reply", "bounce")
EVER, RUN, DAYS = "ever", "run", "days"
MOST_LINES, MOST_TIMES, MOST_DAYS, LONGEST_LINK = 10, 1_000, 3_650, 200
_KEYS = {"did", "event", "link", "activity", "times", "span", "days", "anywhere"}


@dataclass(frozen=True)
class Line:
    """One thing that somebody did, or did not do.

    :param bool did: False: what follows is not so
    :param str event: one of ``EVENTS``
    :param link: of a click: what its address or its text contains
    :param activity: id of the step whose messages are meant; None for all
    :param int times: with how many messages at least
    :param str span: ``EVER``; ``RUN``, since the participant entered this time; ``DAYS``, in the last ``days``
    :param bool anywhere: whether messages of all campaigns are meant
    """

    did: bool = True
    event: str = "open"
    link: str | None = None
    activity: int | None = None
    times: int = 1
    span: str = EVER
    days: int | None = None
    anywhere: bool = False


@dataclass(frozen=True)
class Behaviour:
    """Lines of which all, or any, have to be true."""

    lines: tuple = ()
    any: bool = False

    def __bool__(self):
        return bool(self.lines)

    def is_true(self, answers):
        """Tell whether it is true, given that of each line."""
        return any(answers) if self.any else all(answers)


def read_behaviour(data):
    """Return the behaviour that JSON stands for.

    :param data: ``{"any": bool, "lines": [{"did": …}]}``, what is left out has its default; None for none
    :rtype: Behaviour
    :raise ValueError: saying what is wrong, in words
    """
    if data in (None, False):
        return Behaviour()
    if not isinstance(data, dict) or not set(data) <= {"any", "lines"}:
        raise ValueError(_("a behaviour is a list of lines"))
    lines, is_any = data.get("lines", []), data.get("any", False)
    if not isinstance(lines, list) or not isinstance(is_any, bool):
        raise ValueError(_("a behaviour is a list of lines"))
    if len(lines) > MOST_LINES:
        raise ValueError(_("it has more than %s lines", MOST_LINES))
    return Behaviour(tuple(_read_line(line) for line in lines), is_any)


def _read_line(data):
    if not isinstance(data, dict) or not set(data) <= _KEYS:
        raise ValueError(_("a line says what somebody did"))
    line = Line(**data)
    if not isinstance(line.did, bool) or not isinstance(line.anywhere, bool):
        raise ValueError(_("a line says what somebody did"))
    if not isinstance(line.event, str) or line.event not in EVENTS:
        raise ValueError(_("it says what happened: sent, opened, clicked, replied or bounced"))
    if not _is_number(line.times, MOST_TIMES):
        raise ValueError(_("how many messages are meant is a whole number from 1 to %s", MOST_TIMES))
    if not isinstance(line.span, str) or line.span not in (EVER, RUN, DAYS):
        raise ValueError(_("it says when: ever, in this run or in the last days"))
    if (line.span == DAYS) != (line.days is not None) or (line.span == DAYS and not _is_number(line.days, MOST_DAYS)):
        raise ValueError(_("how many days are meant is a whole number from 1 to %s", MOST_DAYS))
    if line.link is not None and not (
        line.event == "click" and isinstance(line.link, str) and is_link_text(line.link.strip())
    ):
        raise ValueError(_("what a link contains is a text of at most %s characters", LONGEST_LINK))
    if line.activity is not None and not _is_number(line.activity, 2**31 - 1):
        raise ValueError(_("it names no step of the campaign"))
    if line.anywhere and (line.activity is not None or line.span == RUN):
        raise ValueError(_("a step, or this run, is of this campaign alone"))
    return line


def _is_number(value, most):
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def is_link_text(text):
    """Tell whether a text can be looked for in a link: not empty, not too long, what a database can hold."""
    return bool(text) and len(text) <= LONGEST_LINK and "\0" not in text and text.isprintable()
