"""When messages may leave: the openings of a week, without those of holidays, on somebody's clock. Pure, without Odoo.

The hours are those that the clock of a zone shows, whichever zone that is; so are holidays: 1 May closes all of 1 May,
on the clock of each recipient. In the zone of the calendar itself both are what Odoo's own working hours are.
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cached_property

import pytz

from .schedule import to_local

DAY = timedelta(days=1)
# Shorter openings are what is left over: before a holiday that ends at 23:59:59, say; shorter gaps are none: a day ends
# at 23:59:59.999999.
SLIVER = timedelta(minutes=1)
FAR = 366  # days: what does not open in a year never opens
AHEAD = 15  # days that are looked at together: two weeks, and one for what begins the day before


@dataclass(frozen=True)
class Opening:
    """Hours of a day of the week.

    :param int weekday: from 0, Monday
    :param float start: hours since midnight
    :param float end: hours since midnight, 24 for the end of the day
    :param week: 0 or 1, for one week of two; None for each
    """

    weekday: int
    start: float
    end: float
    week: int | None = None


@dataclass(frozen=True)
class SendingHours:
    """What a calendar says of when messages may leave.

    :param str tz: name of its zone
    :param tuple openings: :class:`Opening`
    :param tuple holidays: (from, to) of each, naive UTC
    :param flexible: of a calendar without hours of its own, how many there are a day and a week, around noon; else None
    """

    tz: str
    openings: tuple = ()
    holidays: tuple = field(default=(), hash=False)
    flexible: tuple | None = None

    def find_opening(self, moment, tz):
        """Return the first moment, at or after another one, at which messages may leave.

        :param datetime moment: naive UTC
        :param str tz: name of the zone whose clock counts
        :return: naive UTC datetime; None where there is none within a year
        """
        for start, end in self.iter_openings(moment, tz):
            if end > moment:
                return max(start, moment)
        return None

    def iter_openings(self, moment, tz, days=FAR):
        """Yield the openings that are not over at a moment, in order, for so many days.

        :return: (start, end) of each, naive UTC
        """
        first = to_local(moment, tz).date()
        holidays = self._get_holidays(tz)
        kept = None
        for start in range(-1, days, AHEAD):
            part = [first + timedelta(days=start + number) for number in range(min(AHEAD, days - start))]
            found = _merge(([kept] if kept else []) + [span for day in part for span in self._find_spans(day, tz)])
            kept = found.pop() if found else None  # it may go on in the next part
            yield from _without(found, holidays, moment)
        if kept:
            yield from _without([kept], holidays, moment)

    def _find_spans(self, day, tz):
        zone = pytz.timezone(tz)
        if self.flexible:
            return self._find_flexible_spans(day, zone)
        spans = []
        for opening in self._by_weekday.get(day.weekday(), ()):
            if opening.week in (None, get_week(day)):
                start, end = (_to_moment(day, hours, zone) for hours in (opening.start, opening.end))
                if start < end:  # else the clock skips it
                    spans.append((start, end))
        return spans

    @cached_property
    def _by_weekday(self):
        by_weekday = {}
        for opening in self.openings:
            by_weekday.setdefault(opening.weekday, []).append(opening)
        return by_weekday

    def _find_flexible_spans(self, day, zone):
        a_day, a_week = self.flexible
        hours = min(a_day, max(0, a_week - day.weekday() * a_day), 24)
        if hours <= 0:
            return []
        noon = _to_moment(day, 12, zone)
        length = timedelta(hours=hours)
        first, last = _to_moment(day, 0, zone), _to_moment(day, 24, zone)
        start = min(max(noon - length / 2, first), max(first, last - length))
        return [(start, min(start + length, last))]

    def _get_holidays(self, tz):
        """Return when holidays begin and end on the clock of a zone, in order."""
        spans = [(start, _round_up(end)) for start, end in self.holidays]
        if tz != self.tz:
            zone = pytz.timezone(tz)
            # not when it is one for the calendar: 1 May there is the same day here
            spans = [tuple(_localize(to_local(moment, self.tz), zone) for moment in span) for span in spans]
        return _merge(spans)


def get_week(day):
    """Return which of two weeks a day is in: 0 or 1, counted from the year 1 as Odoo does.

    >>> get_week(datetime(2026, 11, 28)), get_week(datetime(2026, 11, 30))
    (0, 1)
    """
    return (day.toordinal() - 1) // 7 % 2


def _to_moment(day, hours, zone):
    """Return when the clock shows so many hours of a day, as Odoo reads working hours."""
    if hours >= 24:
        return _localize(datetime.combine(day, time.max), zone)
    minutes = min(max(int(hours * 60 + 0.5 + 1e-6), 0), 24 * 60 - 1)
    return _localize(datetime.combine(day, time(minutes // 60, minutes % 60)), zone)


def _localize(wall, zone):
    """Return the UTC moment of a wall-clock time: of two the second; one that is skipped counts on from after it."""
    return (wall - zone.localize(wall).utcoffset()) if wall.year > 1 else wall


def _round_up(moment):
    """Return the end of a minute for its last second: a day off ends at midnight, not at 23:59:59."""
    return moment.replace(second=0, microsecond=0) + SLIVER if moment.second == 59 else moment


def _merge(spans):
    """Return spans of time in order, those together that overlap, or between which there is but a sliver."""
    merged = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] < SLIVER:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _without(openings, holidays, moment):
    """Yield what holidays leave of openings, as far as it is not over at a moment."""
    for start, end in openings:
        for closed, opened in holidays:
            if opened <= start:
                continue
            if closed >= end:
                break
            if closed - start >= SLIVER and closed > moment:
                yield start, closed
            start = max(start, opened)
        if end - start >= SLIVER and end > moment:
            yield start, end
