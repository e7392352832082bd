"""When things are due: pure functions on naive UTC datetimes, without Odoo.

Nothing else in this addon adds an interval to a date. The rules are those of the
user guide: hours are exact; days, weeks and months keep the wall-clock time of the
campaign's time zone, and months clip to the last day of a shorter month.
"""

from datetime import datetime, timedelta

import pytz
from dateutil.relativedelta import relativedelta

UNITS = ("hours", "days", "weeks", "months")

# One day inside what Python and PostgreSQL can hold, whatever zone it is shown in.
FAR_FUTURE = datetime(9999, 12, 30)


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
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError(f"an interval is a whole number, 0 or more: {number!r}")
    if unit not in UNITS:
        raise ValueError(f"unknown interval unit: {unit!r}")
    if not number:
        return moment
    try:
        if unit == "hours":
            due = moment + timedelta(hours=number)
        else:
            zone = pytz.timezone(tz)
            local = pytz.utc.localize(moment).astimezone(zone)
            wall = local.replace(tzinfo=None) + relativedelta(**{unit: number})
            due = _to_utc(wall, zone, local.utcoffset())
    except (OverflowError, ValueError):
        return FAR_FUTURE
    return min(due, FAR_FUTURE)


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
