"""Days of a time zone, by the one database of zones that dates are computed with: pytz's, as Odoo's own.

PostgreSQL brings another, and so does the operating system: where they are older, a moment is on another day for them.
"""

from datetime import datetime, time, timedelta
from functools import lru_cache

import pytz


@lru_cache(maxsize=64)
def day_starts(tz, first, last):
    """Return when each day begins.

    A day whose midnight the clock skips begins when the clock goes on.

    :param str tz: name of the zone
    :param date first: the first day
    :param date last: the last day
    :return: naive datetimes in UTC, one a day, ascending
    :rtype: tuple[datetime, ...]
    """
    zone = pytz.timezone(tz)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(_find_start(zone, day) for day in days)


def _find_start(zone, day):
    midnight = datetime.combine(day, time.min)
    first = zone.localize(midnight, is_dst=True)  # of a midnight that comes twice
    if zone.normalize(first).replace(tzinfo=None) != midnight:
        first = zone.localize(midnight, is_dst=False)  # which is when the clock goes on
    return first.astimezone(pytz.utc).replace(tzinfo=None)


def local_times(tz, moments):
    """Return what the clock shows.

    :param str tz: name of the zone
    :param list moments: naive datetimes in UTC
    :return: naive datetimes
    :rtype: list[datetime]
    """
    zone = pytz.timezone(tz)
    return [pytz.utc.localize(moment).astimezone(zone).replace(tzinfo=None) for moment in moments]


@lru_cache(maxsize=64)
def get_offset_spread(tz):
    """Return by how much the clocks of a zone were ever apart from themselves: at one time and at another.

    :param str tz: name of the zone
    :rtype: timedelta
    """
    # a zone whose clocks never change has none of these
    transitions = getattr(pytz.timezone(tz), "_transition_info", ())
    offsets = [offset for offset, _dst, _name in transitions] or [timedelta(0)]
    return max(offsets) - min(offsets)
