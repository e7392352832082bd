"""Which dates of records fall due in a span of time: pure, without Odoo.

Nothing is computed for each record. A :class:`Look` turns a span of time round into the values that a field may have
for its moment to lie in it; one query finds the records that have one of them. The values may be some too many, since
the clocks of a zone change: of each that is found, :meth:`Look.find` says whether it is due.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta

from .schedule import (
    FAR_FUTURE,
    FAR_PAST,
    add_interval,
    at_time,
    at_wall,
    subtract_interval,
    to_local,
)
from .zones import get_offset_spread

BEFORE, AFTER = "before", "after"
# Of anniversaries: calendars of telephones keep a birthday without its year in 1604, others in 1900 or 1904
FIRST_YEAR = 1600
# By how much a month may be shorter than another: so many days may have one day as theirs a month later
CLIPPED = timedelta(days=4)
# Days between which anniversaries move in a leap year, or in the years between
AROUND_LEAP_DAY = ((2, 27), (2, 28), (2, 29), (3, 1))
# By how much the moments of one wall-clock time may lie apart
CLOCKS_APART = timedelta(hours=26)
# A day lies within these of its moment, whatever the time, the zone and the lengths of months
NEARBY = timedelta(days=10)


@dataclass(frozen=True)
class DateRule:
    """At which moment a record is due, given its date.

    :param bool has_time: whether that date has a time of its own
    :param int number: how many units before or after it
    :param str unit: one of ``schedule.UNITS``
    :param str direction: ``BEFORE`` or ``AFTER``
    :param float time: of a date without one: hours since midnight, below 24
    :param str tz: name of the zone whose clocks count
    :param bool yearly: whether it is due again every year. 29 February is 28 February in other years; a date counts
        from its own year on.
    """

    has_time: bool
    number: int
    unit: str
    direction: str
    time: float
    tz: str
    yearly: bool = False

    def get_moment(self, value):
        """Return when an occurrence is due: naive UTC datetime.

        :param value: date, or naive UTC datetime
        """
        moment = value if self.has_time else None
        if moment is None and self.unit != "hours":
            return at_time(self._shift_day(value), self.time, self.tz)
        if moment is None:
            moment = at_time(value, self.time, self.tz)
        shift = subtract_interval if self.direction == BEFORE else add_interval
        return shift(moment, self.number, self.unit, self.tz)

    def _shift_day(self, day):
        sign = -1 if self.direction == BEFORE else 1
        try:
            return day + relativedelta(**{self.unit: sign * self.number})
        except (OverflowError, ValueError):
            return date.max if sign > 0 else date.min

    def get_anniversary(self, value, year):
        """Return what a date is in a year.

        :param value: date, or naive UTC datetime
        :return: the day there, and the value: date, or naive UTC datetime
        :rtype: tuple[date, date | datetime]
        """
        if not self.has_time:
            day = _in_year(value, year)
            return day, day
        wall = to_local(value, self.tz)
        day = _in_year(wall.date(), year)
        return day, at_wall(datetime.combine(day, wall.time()), self.tz)


class Look:
    """A look at a span of time: which values of the field are due in it.

    :param DateRule rule:
    :param datetime since: naive UTC; what is due at this moment itself was looked at before
    :param datetime until: naive UTC; what is due at this moment is found

    ``first`` and ``last`` are the least and the greatest value, of anniversaries those of the year in which they are
    due; ``first`` is greater where there is none.
    """

    def __init__(self, rule, since, until):
        self.rule, self.since, self.until = rule, since, until
        self.first, self.last = self._find_times() if rule.has_time else self._find_days()

    def __bool__(self):
        return self.since < self.until and self.first <= self.last

    def _find_days(self):
        """A later day is never due earlier than one before it: both ends are found by halving."""
        low, high = _shift(self.since, self._get_offset(), -NEARBY), _shift(self.until, self._get_offset(), NEARBY)
        days = range(low.toordinal(), high.toordinal() + 1)

        def key(ordinal):
            return self.rule.get_moment(date.fromordinal(ordinal))

        first = days.start + bisect_right(days, self.since, key=key)
        last = days.start + bisect_right(days, self.until, key=key) - 1
        if first > last:
            return date.max, date.min
        return date.fromordinal(first), date.fromordinal(last)

    def _find_times(self):
        """The clock may be put back between two times: the ends are some hours too wide, and days where months clip."""
        rule, slack = self.rule, timedelta(0)
        if rule.unit != "hours":
            slack = get_offset_spread(rule.tz)
        if rule.unit == "months":
            slack += CLIPPED
        if rule.yearly:
            slack += get_offset_spread(rule.tz)
        return _shift(self.since, self._get_offset(), -slack), _shift(self.until, self._get_offset(), slack)

    def _get_offset(self):
        """Return about how much a date is later than its moment."""
        sign = 1 if self.rule.direction == BEFORE else -1
        return relativedelta(**{self.rule.unit: sign * self.rule.number})

    def get_days(self):
        """Return the days that a date may be whose anniversary is due: of a date with a time, those of UTC.

        :rtype: list[date]
        """
        if not self:
            return []
        first, last = _to_day(self.first), _to_day(self.last)
        days = {(first + timedelta(days=number)) for number in range((last - first).days + 1)}
        named = {(day.month, day.day): day.year for day in sorted(days)}  # by the latest year
        if any(day in named for day in AROUND_LEAP_DAY):
            year = max(named[day] for day in AROUND_LEAP_DAY if day in named)
            named |= {day: max(year, named.get(day, 0)) for day in AROUND_LEAP_DAY}
        found = []
        for (month, day), latest in named.items():
            for year in range(FIRST_YEAR, min(latest + 1, date.max.year) + 1):
                if (month, day) != (2, 29) or _is_leap(year):
                    found.append(date(year, month, day))
        return sorted(found)

    def get_spans(self):
        """Return the same days as spans without a gap: the first and the last day of each.

        :rtype: list[tuple[date, date]]
        """
        spans = []
        for day in self.get_days():
            if spans and day - spans[-1][1] == timedelta(days=1):
                spans[-1] = spans[-1][0], day
            else:
                spans.append((day, day))
        return spans

    def find(self, value):
        """Return for what a record with a value is due, as a text, and when; None where it is not due in this span.

        :param value: date, or naive UTC datetime
        :return: its date, or the day of its anniversary; the moment
        :rtype: tuple[str, datetime] | None
        """
        rule = self.rule
        if rule.has_time and not FAR_PAST < value < FAR_FUTURE:
            return None
        if not rule.yearly:
            moment = rule.get_moment(value)
            return (_to_text(value), moment) if self.since < moment <= self.until else None
        own_year = _to_day(to_local(value, rule.tz) if rule.has_time else value).year
        # a day more on either side: years end at other moments elsewhere
        for year in range(min(self.last.year + 1, date.max.year), max(own_year, self.first.year - 1) - 1, -1):
            day, occurrence = rule.get_anniversary(value, year)
            moment = rule.get_moment(occurrence)
            if self.since < moment <= self.until:
                return day.isoformat(), moment
        return None


class Looks:
    """Looks at a span of time by several clocks: the same time of day comes to each at another moment.

    :param DateRule rule: by the campaign's clock
    :param datetime since: as of a :class:`Look`
    :param datetime until: likewise
    :param bool is_own: whether the clock of each record counts, rather than the campaign's

    ``widest`` is the look that finds whoever may be due by any clock.
    """

    def __init__(self, rule, since, until, is_own):
        self.rule, self.since, self.until = rule, since, until
        self.is_own = is_own and not (rule.has_time and rule.unit == "hours" and not rule.yearly)
        apart = timedelta(0)
        if self.is_own:
            apart = CLOCKS_APART + (CLIPPED if rule.unit == "months" or rule.yearly else timedelta(0))
        self.widest = Look(rule, max(since, FAR_PAST + apart) - apart, min(until, FAR_FUTURE - apart) + apart)
        self.by_zone = {}

    def get(self, tz):
        """Return the :class:`Look` by the clock of a zone."""
        if not self.is_own:
            return self.widest
        if tz not in self.by_zone:
            self.by_zone[tz] = Look(replace(self.rule, tz=tz), self.since, self.until)
        return self.by_zone[tz]


def find_next_moment(rule, now):
    """Return when a record with a date without a time may next be due: once a day.

    :param DateRule rule:
    :param datetime now: naive UTC
    """
    look = Look(rule, now, min(now, FAR_FUTURE - timedelta(days=3)) + timedelta(days=3))
    return rule.get_moment(look.first) if look else FAR_FUTURE


def _in_year(day, year):
    if (day.month, day.day) == (2, 29) and not _is_leap(year):
        return date(year, 2, 28)
    return day.replace(year=year)


def _is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _to_day(value):
    return value.date() if isinstance(value, datetime) else value


def _to_text(value):
    return value.isoformat(sep=" ", timespec="seconds") if isinstance(value, datetime) else value.isoformat()


def _shift(moment, offset, slack):
    """Return a moment moved by an offset and some more, inside what there are dates for."""
    try:
        moved = moment + offset + slack
    except (OverflowError, ValueError):
        forward = any(getattr(offset, unit) > 0 for unit in ("hours", "days", "months", "years"))
        return FAR_FUTURE if forward else FAR_PAST
    return max(FAR_PAST, min(moved, FAR_FUTURE))
