"""A reference model of when messages leave, as plain Python: sending hours, days off, clocks, times of day and expiry.

The rules are those of the user guide. Nothing is worked out ahead: whether hours are open is asked of the clock, a
quarter of an hour after the other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytz

QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Email:
    """A first step of the campaign."""

    name: str
    days: int = 0
    time: int | None = None  # an hour of the day
    ignores: bool = False
    expires: int | None = None  # hours


@dataclass
class Message:
    email: str
    person: str
    entered: datetime
    due: datetime
    asks: datetime
    state: str = "due"  # due, waiting, sent, expired


class Sending:
    """One campaign.

    :param hours: (weekday, from, to) of each opening, in hours; None where messages leave at any time
    :param set off: dates on which nothing is open
    :param dict zones: of people; None where nothing tells
    """

    def __init__(self, tz, emails, hours, zones):
        self.tz, self.hours, self.zones = tz, hours, zones
        self.emails = {email.name: email for email in emails}
        self.by_recipient, self.off, self.messages = False, set(), []
        self.runs_with = hours, frozenset()  # what the engine saw last

    def snapshot(self):
        return {
            (one.email, one.person): (one.state, one.asks if one.state in ("due", "waiting") else None)
            for one in self.messages
        }

    # ---- what happens

    def enter(self, now, person):
        for email in self.emails.values():
            due = self._find_due(email, now, person)
            self.messages.append(Message(email.name, person, now, due, due))

    def run(self, now):
        if self.runs_with != (self.hours, frozenset(self.off)):
            self.runs_with = self.hours, frozenset(self.off)
            self._ask_again(now)
        for one in sorted(self.messages, key=lambda one: one.asks):
            if one.state in ("due", "waiting") and one.asks <= now:
                self._ask(one, now)

    def update(self, now, by_recipient, emails):
        """Who has not got a message yet gets it as the campaign says from now on."""
        self.by_recipient, before = by_recipient, self.emails
        self.emails = {email.name: email for email in emails}
        for one in self.messages:
            due = self._find_due(self.emails[one.email], one.entered, one.person)
            if one.state in ("due", "waiting") and due != one.due:
                one.due = one.asks = due
                one.state = "due"
        self._ask_again(now)
        return before

    # ---- the rules

    def _ask(self, message, now):
        email = self.emails[message.email]
        if email.expires is not None and now > message.due + timedelta(hours=email.expires):
            message.state = "expired"
            return
        opening = self._find_opening(email, now, message.person)
        message.state, message.asks = ("sent", now) if opening <= now else ("waiting", opening)

    def _ask_again(self, now):
        for one in self.messages:
            if one.state == "waiting":
                opening = self._find_opening(self.emails[one.email], now, one.person)
                one.state, one.asks = ("due", one.due) if opening <= now else ("waiting", opening)

    def _find_due(self, email, moment, person):
        zone = pytz.timezone(self._clock(person))
        wall = self._read(moment, zone) + timedelta(days=email.days)
        due = self._show(wall, zone) if email.days else moment
        if email.time is None:
            return due
        wall = self._read(due, zone)
        at = wall.replace(hour=email.time, minute=0, second=0)
        return self._show(at if at >= wall else at + timedelta(days=1), zone)

    def _find_opening(self, email, now, person):
        if self.hours is None or email.ignores:
            return now
        zone = pytz.timezone(self._clock(person))
        if self._is_open(self._read(now, zone)):
            return now
        moment = now.replace(minute=now.minute // 15 * 15, second=0) + QUARTER
        while not self._is_open(self._read(moment, zone)):
            moment += QUARTER
        return moment

    def _is_open(self, wall):
        hour = wall.hour + wall.minute / 60 + wall.second / 3600
        return wall.date() not in self.off and any(
            day == wall.weekday() and start <= hour < end for day, start, end in self.hours
        )

    def _clock(self, person):
        return (self.by_recipient and self.zones[person]) or self.tz

    @staticmethod
    def _read(moment, zone):
        return pytz.utc.localize(moment).astimezone(zone).replace(tzinfo=None)

    @staticmethod
    def _show(wall, zone):
        """Return when a clock shows a time; one that it skips counts on from before that."""
        return zone.localize(wall, is_dst=False).astimezone(pytz.utc).replace(tzinfo=None)
