"""A reference model of re-entry: who comes into a campaign, when, and how often, as plain Python.

The workflow is one step that comes some hours after the entry, so that a passage lasts. Nothing is kept but the
passages and what was seen of the records: each question is answered by going through all of them.
"""

from dataclasses import dataclass
from datetime import timedelta

import pytz
from reference_facts import add_interval

MOST_A_DAY = 24


@dataclass(frozen=True)
class Settings:
    """What a marketer chooses; a campaign follows what they were at the last Start or Update."""

    mode: str = "never"
    delay: tuple = (0, "days")
    limit: int = 0
    leave: bool = True


@dataclass
class Record:
    id: str
    value: str | None  # of the unicity
    matches: bool = True


@dataclass
class Passage:
    rid: str
    run: int
    value: str | None
    started: object
    due: object
    state: str = "running"
    code: str | None = None
    step: str = "scheduled"
    seen_outside: bool = False


class Passages:
    """A campaign with one step, and the records that it may reach.

    :param tz: name of its time zone
    :param bool unique: whether records with the same value are one
    :param int hours: how long after the entry the step comes
    """

    def __init__(self, tz, unique, hours, settings):
        self.tz, self.unique, self.hours = pytz.timezone(tz), unique, hours
        self.settings = settings
        self.records = {}  # rid -> Record, in the order of creation
        self.passages = []  # in the order of entry

    def snapshot(self):
        return {(one.rid, one.run): (one.state, one.code, one.step, one.started) for one in self.passages}

    # ---- what people and crons do

    def update(self, now, settings):
        self.settings = settings
        self.sync(now)

    def sync(self, now):
        self._enter_by_entries(now)
        for one in self.passages:
            if one.state != "unlinked" and one.rid not in self.records:
                self._end(one, "unlinked", "record_deleted")
            elif one.state == "running" and self.settings.leave and not self._matches(one.rid):
                self._end(one, "unlinked", "left_filter")
        if self.settings.mode != "never":
            for one in self.passages:
                one.seen_outside |= self._last(one.rid) is one and not self._matches(one.rid)
        for one in self.passages:
            if one.code == "left_filter" and self._last(one.rid) is one and self._goes_on(one, now):
                one.state, one.code = ("running" if one.step == "canceled" else "completed"), None
                one.step = "scheduled" if one.step == "canceled" else one.step

    def execute(self, now):
        for one in self.passages:
            if one.state == "running" and one.step == "scheduled" and one.due <= now:
                if one.rid not in self.records:
                    self._end(one, "unlinked", "record_deleted")
                elif self.settings.leave and not self._matches(one.rid):
                    self._end(one, "unlinked", "left_filter")
                else:
                    one.state, one.step = "completed", "processed"

    def enroll(self, now, rids):
        """By hand; return who entered."""
        return self._enter(now, [rid for rid in self.records if rid in rids], by_filter=False)

    def remove(self, rid):
        """By hand, all passages of a record."""
        for one in self.passages:
            if one.rid == rid and one.state != "unlinked":
                self._end(one, "unlinked", "removed_by_hand")

    # ---- rules

    enters_by_filter = True

    def _enter_by_entries(self, now):
        self._enter(now, list(self.records), by_filter=True)

    def _matches(self, rid):
        return rid in self.records and self.records[rid].matches

    def _last(self, rid):
        return max((one for one in self.passages if one.rid == rid), key=lambda one: one.run, default=None)

    def _holder(self, value):
        """The last passage with a value."""
        held = [one for one in self.passages if self.unique and value and one.value == value]
        return max(held, key=lambda one: one.run, default=None)

    def _enter(self, now, rids, by_filter):
        entering, values = [], set()
        for rid in rids:
            value = self.records[rid].value if self.unique else None
            before = [one for one in (self._last(rid), self._holder(value)) if one]
            may = all(self._may_follow(one, now, by_filter) for one in before)
            if self._matches(rid) and may and self._is_calm(rid, now) and not (value and value in values):
                entering.append((rid, value, before))
                values.add(value)
        for rid, value, before in entering:
            for one in before:
                if one.state == "running":
                    self._end(one, "unlinked", "restarted")
            run = 1 + max((one.run for one in before), default=0)
            self.passages.append(Passage(rid, run, value, now, now + timedelta(hours=self.hours)))
        return [rid for rid, _value, _before in entering]

    def _may_follow(self, last, now, by_filter):
        """May a passage come after this one?"""
        mode, (number, unit), limit = self.settings.mode, self.settings.delay, self.settings.limit
        if mode == "never" or (mode == "after_end" and last.state == "running"):
            return False
        if limit and last.run > limit:
            return False
        if number and last.started > add_interval(now, -number, unit, self.tz):
            return False
        if not by_filter:
            return True
        stopped = last.seen_outside or last.code == "left_filter"
        return stopped or bool(number and last.code != "removed_by_hand")

    def _is_calm(self, rid, now):
        today = [one for one in self.passages if one.rid == rid and one.started > now - timedelta(days=1)]
        return len(today) < MOST_A_DAY

    def _goes_on(self, one, now):
        """Does somebody who left by the filter go on where they were?"""
        if not self._matches(one.rid):
            return False
        if self.settings.mode == "never":
            return True
        others = [other for other in self.passages if other is not one and one.value and other.value == one.value]
        is_taken = self.unique and any(other.state == "running" for other in others)
        begins_anew = self.enters_by_filter and self._may_follow(one, now, by_filter=True)
        return not is_taken and not begins_anew

    def _end(self, one, state, code):
        one.state, one.code = state, code
        if one.step == "scheduled":
            one.step = "canceled"
