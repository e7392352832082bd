"""At which hour of the week somebody usually opens: from the moments of the last weeks, on their clock. Pure.

Moments are kept by the quarter of an hour: each clock is ahead of UTC by a multiple of one.
"""

from collections import Counter
from datetime import datetime, timedelta
from functools import lru_cache

from .schedule import to_local

QUARTER = timedelta(minutes=15)
EPOCH = datetime(1970, 1, 1)
DAYS = 90  # how far back moments count
LEAST = 3  # how many there have to be
MOST = 50  # how many are kept: the latest
LONGEST = timedelta(hours=24)  # how long a message waits at most
SPARE = timedelta(hours=1)  # so long before it expires, since the engine may be late


def to_quarter(moment):
    """Return the quarter of an hour in which a moment (naive UTC) is, counted from 1970 on.

    >>> to_quarter(datetime(1970, 1, 1, 1, 20))
    5
    """
    return (moment - EPOCH) // QUARTER


def find_best_time(quarters, due, until, now, tz):
    """Return when somebody gets a message that is due: at the hour of the week at which they most often opened.

    Of the hours that begin by ``until``, the one under way as it is due counts too; of equal ones the first does.

    :param quarters: of when they opened or clicked: see :func:`to_quarter`
    :param datetime due: naive UTC
    :param datetime until: how late it may become; never more than ``LONGEST`` after it is due
    :param datetime now: quarters count up to ``DAYS`` before it
    :param str tz: name of the zone whose clock counts
    :return: naive UTC datetime: ``due`` where too little is known, or nothing of these hours

    >>> tuesdays = [to_quarter(datetime(2026, 6, day, 8, 20)) for day in (2, 9, 16)]
    >>> monday = datetime(2026, 6, 22, 12)
    >>> find_best_time(tuesdays, monday, monday + LONGEST, monday, "Europe/Brussels")
    datetime.datetime(2026, 6, 23, 8, 0)
    """
    first = to_quarter(now - timedelta(days=DAYS))
    counts = Counter(_get_hour(quarter, tz) for quarter in quarters if quarter > first)
    if counts.total() < LEAST:
        return due
    best, most = due, 0
    for start, hour in _get_next_hours(to_quarter(due), tz):
        start = max(start, due)
        if start > min(until, due + LONGEST):
            break
        if counts[hour] > most:
            best, most = start, counts[hour]
    return best


@lru_cache(maxsize=50_000)
def _get_hour(quarter, tz):
    """Return the day of the week and the hour that the clocks of a zone show."""
    local = to_local(EPOCH + quarter * QUARTER, tz)
    return local.weekday(), local.hour


@lru_cache(maxsize=1_000)
def _get_next_hours(first, tz):
    """Return when the hours of the clocks begin, from a quarter on for a day: (moment, hour of the week) of each."""
    hours = []
    for quarter in range(first, first + LONGEST // QUARTER + 1):
        hour = _get_hour(quarter, tz)
        if not hours or hours[-1][1] != hour:
            hours.append((EPOCH + quarter * QUARTER, hour))
    return tuple(hours)
