"""When things are due: pure functions on naive UTC datetimes, without Odoo.

Nothing else in this addon adds an interval to a date. The rules are those of the
user guide: hours are exact; days, weeks and months keep the wall-clock time of the
campaign's time zone, and months clip to the last day of a shorter month.
"""

from datetime import datetime, timedelta
from functools import lru_cache

import pytz
from dateutil.relativedelta import relativedelta

UNITS = ("hours", "days", "weeks", "months")

# One day inside what Python and PostgreSQL can hold, whatever zone it is shown in.
FAR_FUTURE = datetime(9999, 12, 30)
FAR_PAST = datetime(1, 1, 3)


def add_interval(moment, number, unit, tz="UTC"):
    """Return the moment that lies an interval after another one.

    :param datetime moment: naive UTC
    :param int number: how many units, 0 or more
    :param str unit: one of ``UNITS``
    :param str tz: name of the zone whose wall clock days, weeks and months keep
    :return: naive UTC datetime, never later than ``FAR_FUTURE``
    :raise ValueError: on a negative or fractional number, or an unknown unit

    >>> add_interval(datetime(2026, 3, 28, 9), 1, "days", "Europe/Brussels")  # across DST
    datetime.datetime(2026, 3, 29, 8, 0)
    >>> add_interval(datetime(2026, 1, 31, 9), 1, "months")
    datetime.datetime(2026, 2, 28, 9, 0)
    """
    return _shift(moment, number, unit, tz, 1)


def subtract_interval(moment, number, unit, tz="UTC"):
    """Return the moment that lies an interval before another one, never earlier than ``FAR_PAST``.

    The parameters are those of :func:`add_interval`.

    >>> subtract_interval(datetime(2026, 3, 31, 9), 1, "months")
    datetime.datetime(2026, 2, 28, 9, 0)
    """
    return _shift(moment, number, unit, tz, -1)


@lru_cache(maxsize=8192, typed=True)  # many participants wait from one moment on
def _shift(moment, number, unit, tz, sign):
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError(f"an interval is a whole number, 0 or more: {number!r}")
    if unit not in UNITS:
        raise ValueError(f"unknown interval unit: {unit!r}")
    if not number:
        return moment
    try:
        if unit == "hours":
            due = moment + sign * timedelta(hours=number)
        else:
            zone = pytz.timezone(tz)
            local = pytz.utc.localize(moment).astimezone(zone)
            wall = local.replace(tzinfo=None) + relativedelta(**{unit: sign * number})
            due = _to_utc(wall, zone, local.utcoffset())
    except (OverflowError, ValueError):
        return FAR_FUTURE if sign > 0 else FAR_PAST
    return max(FAR_PAST, min(due, FAR_FUTURE))


def at_time(day, time, tz="UTC"):
    """Return the moment at which the clocks of a zone show a time of a day.

    :param date day: there
    :param float time: hours since midnight, below 24
    :param str tz: name of the zone
    :return: naive UTC datetime

    >>> at_time(datetime(2026, 6, 2).date(), 9.5, "Europe/Brussels")
    datetime.datetime(2026, 6, 2, 7, 30)
    """
    return at_wall(datetime(day.year, day.month, day.day) + timedelta(minutes=round(time * 60)), tz)


def at_wall(wall, tz="UTC"):
    """Return the moment at which the clocks of a zone show a date and time, the first of two.

    :param datetime wall: naive
    :param str tz: name of the zone
    :return: naive UTC datetime
    """
    if not FAR_PAST < wall < FAR_FUTURE:
        return max(FAR_PAST, min(wall, FAR_FUTURE))
    return _to_utc(wall, pytz.timezone(tz), None)


def next_weekday(moment, weekday, time, tz="UTC"):
    """Return when the clocks of a zone next show a time of a day of the week, after a moment.

    :param datetime moment: naive UTC
    :param int weekday: from 0, Monday, to 6
    :param float time: hours since midnight, below 24
    :param str tz: name of the zone
    :return: naive UTC datetime

    >>> next_weekday(datetime(2026, 6, 1, 8), 1, 10.0, "Europe/Brussels")  # a Monday
    datetime.datetime(2026, 6, 2, 8, 0)
    """
    local = to_local(moment, tz)
    for days in ((weekday - local.weekday()) % 7, (weekday - local.weekday()) % 7 + 7):
        due = at_time(local.date() + timedelta(days=days), time, tz)
        if due > moment:
            return due
    return due


def next_time(moment, time, tz="UTC"):
    """Return when the clocks of a zone show a time of a day, at or after a moment.

    A time that they skip counts on from before the change; of one that they show twice, either is meant.

    :param datetime moment: naive UTC
    :param float time: hours since midnight, below 24
    :param str tz: name of the zone
    :return: naive UTC datetime

    >>> next_time(datetime(2026, 6, 1, 7), 9.0, "Europe/Brussels")
    datetime.datetime(2026, 6, 1, 7, 0)
    >>> next_time(datetime(2026, 6, 1, 8), 9.0, "Europe/Brussels")
    datetime.datetime(2026, 6, 2, 7, 0)
    """
    if moment >= FAR_FUTURE:
        return moment
    clock = pytz.timezone(tz)
    local = clock.fromutc(moment)
    midnight = datetime(local.year, local.month, local.day) + timedelta(minutes=round(time * 60))
    for days in range(3):
        wall = midnight + timedelta(days=days)
        found = [due for due in (_to_utc(wall, clock, None), _to_utc(wall, clock, local.utcoffset())) if due >= moment]
        if found:
            return min(found)
    return moment  # of no zone that is known: a day that is skipped, with the one after it


def to_local(moment, tz):
    """Return what the clocks of a zone show at a naive UTC moment."""
    return pytz.utc.localize(moment).astimezone(pytz.timezone(tz)).replace(tzinfo=None)


def _to_utc(wall, zone, offset):
    """Return the UTC moment of a wall-clock time.

    A time that the clock skips counts on from the last offset before the change; of a
    time that it shows twice, the one with the given offset is meant, else the first.
    """
    offsets = set()
    for is_dst in (True, False):
        local = zone.localize(wall, is_dst=is_dst)
        if zone.normalize(local).replace(tzinfo=None) == wall:
            offsets.add(local.utcoffset())
    if not offsets:
        offset = zone.localize(wall - timedelta(days=1)).utcoffset()
    elif offset not in offsets:
        offset = max(offsets)
    return wall - offset


def is_expired(date, number, unit, now, tz="UTC"):
    """Tell whether ``now`` is later than ``date`` plus a validity duration.

    :param int number: how many units; the other parameters as in :func:`add_interval`
    """
    return now > add_interval(date, number, unit, tz)
