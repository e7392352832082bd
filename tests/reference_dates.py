"""A reference model of entries by a date: for which dates records come into a campaign, and when, as plain Python.

The moment of each date of each record is computed, at each look; nothing is turned round.
"""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta

from pytz import UTC
from reference_facts import add_interval, to_local, to_utc
from reference_passages import Passages

LOOK_BACK = timedelta(days=1)
GRACE = timedelta(days=3)
YEARS_AHEAD = 2


@dataclass(frozen=True)
class Rule:
    """What a marketer chooses: so long before or after a date, at a time of day where the date has none."""

    number: int
    unit: str
    before: bool
    time: float
    has_time: bool
    yearly: bool


class DatedPassages(Passages):
    """A campaign into which records come by a date, and as they match the filter too where that is said."""

    def __init__(self, tz, unique, hours, settings, rule, by_filter):
        super().__init__(tz, unique, hours, settings)
        self.rule, self.enters_by_filter = rule, by_filter
        self.dates = {}  # rid -> its date, or None
        self.entered = {}  # (rid, occurrence) -> the passage that began for it
        self.started = self.looked = None

    def snapshot(self):
        keys = {(one.rid, one.run): key for (_rid, key), one in self.entered.items()}
        return {name: (*look, keys.get(name)) for name, look in super().snapshot().items()}

    def begin(self, now):
        """At Start, and at an Update by which the entry has changed: nothing before it counts."""
        self.started, self.looked = now, None

    def find_due(self, now):
        """Return for which occurrence each record is due at this look: those that nobody has come in for."""
        due = {}
        for rid in self.records:
            for key, moment in self.occurrences(rid, now):
                if self._is_looked_at(moment, now) and (rid, key) not in self.entered:
                    due[rid] = key
        return due

    def occurrences(self, rid, now):
        """Return all occurrences of a record: the text by which each is known, and its moment."""
        value = self.dates[rid]
        if value is None:
            return []
        if not self.rule.yearly:
            key = value.strftime("%Y-%m-%d %H:%M:%S" if self.rule.has_time else "%Y-%m-%d")
            return [(key, self._moment(value))]
        local = to_local(value, self.tz) if self.rule.has_time else value
        found = []
        for year in range(local.year, now.year + YEARS_AHEAD):
            day = min(local.day, calendar.monthrange(year, local.month)[1])
            there = local.replace(year=year, day=day)
            moment = self._moment(to_utc(there, self.tz) if self.rule.has_time else there)
            found.append((there.strftime("%Y-%m-%d"), moment))
        return found

    def _enter_by_entries(self, now):
        if self.enters_by_filter:
            super()._enter_by_entries(now)
        due = self.find_due(now)
        for rid in self._enter(now, list(due), by_filter=False):
            self.entered[rid, due[rid]] = self._last(rid)
        self.looked = now

    def _is_looked_at(self, moment, now):
        if not self.started <= moment <= now:
            return False
        if self.looked is None:
            return True
        return moment > now - GRACE and (moment > now - LOOK_BACK or moment > self.looked)

    def _moment(self, value):
        """When the occurrence is due whose date this is."""
        rule = self.rule
        number = -rule.number if rule.before else rule.number
        if rule.has_time:
            return add_interval(value, number, rule.unit, self.tz)
        hour, minute = divmod(round(rule.time * 60), 60)
        if rule.unit == "hours":
            return to_utc(datetime(value.year, value.month, value.day, hour, minute), self.tz) + timedelta(hours=number)
        day = add_interval(datetime(value.year, value.month, value.day), number, rule.unit, UTC)
        return to_utc(day.replace(hour=hour, minute=minute), self.tz)
