"""Days of a time zone, by the one database of zones that dates are computed with: pytz's, as Odoo's own.

PostgreSQL brings another, and so does the operating system: where they are older, a moment is on another day for them.
"""

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass
class Clocks:
    """Whose clock counts for each of some records: read when somebody asks for the first of them.

    :param str default: name of the campaign's zone
    :param read: a function that returns the names of zones by record id; None where the campaign's clock is everybody's
    """

    default: str
    read: Callable | None = None
    known: dict | None = None

    def get(self, res_id):
        """Return the name of the zone of a record."""
        if self.read is None:
            return self.default
        if self.known is None:
            self.known = self.read()
        return self.known.get(res_id) or self.default


def find_zone(names, countries, since):
    """Return the zone of somebody's clock.

    :param names: of zones that are said to be theirs, those that count most first; some may be empty, or none that is
        known here
    :param countries: codes of countries that are said to be theirs, likewise
    :param datetime since: UTC; the clocks of a country have to agree for two years from then on
    :return: the name of a zone; None where nothing tells
    """
    for name in names:
        if name in pytz.all_timezones_set:
            return name
    for code in countries:
        zone = code and get_country_zone(code.upper(), since.year, since.month)
        if zone:
            return zone
    return None


@lru_cache(maxsize=1024)
def get_country_zone(code, year, month):
    """Return the zone of a country whose clocks all show the same for two years, or None.

    Clocks are compared, not counted: Germany has two zones, and one time.

    :param str code: of two letters, as ISO 3166
    :param int year: since when
    :param int month: of that year
    """
    since = datetime(year, month, 1)
    names = pytz.country_timezones.get(code, ())
    clocks = {_read_clock(pytz.timezone(name), since, since + timedelta(days=2 * 366)) for name in names}
    return names[0] if len(clocks) == 1 else None


def _read_clock(zone, since, until):
    """Return by how much a clock is ahead of UTC at a moment, and each change of that until another one."""
    offset = pytz.utc.localize(since).astimezone(zone).utcoffset()
    changes = [offset]
    transitions = zip(getattr(zone, "_utc_transition_times", ()), getattr(zone, "_transition_info", ()), strict=True)
    for moment, (following, *_name) in transitions:
        if since < moment <= until and following != offset:
            changes.append((moment, following))
            offset = following
    return tuple(changes)
