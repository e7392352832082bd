"""How many messages one address gets at most in a span of days, and when there is room for the next one."""

from dataclasses import dataclass
from datetime import timedelta

MAX_MESSAGES = 1_000
MAX_DAYS = 365


@dataclass(frozen=True)
class Cap:
    """At most so many messages to one address in each span of so many days: of 24 hours, wherever it begins.

    :param str channel: which messages: ``mail``, ``sms``
    :param int limit: how many
    :param int days: how long the span is
    :param bool skips: whether a message beyond it is left out, rather than waits
    :param bool counts_mailings: whether the mailings of Email Marketing count too
    """

    channel: str
    limit: int
    days: int
    skips: bool = False
    counts_mailings: bool = False

    def begin(self, now):
        """Return the moment after which messages count at a moment."""
        return now - timedelta(days=self.days)

    def filter_counted(self, dates, now):
        """Return those of some dates that count at a moment, in order; what is later than it counts too."""
        since = self.begin(now)
        return sorted(date for date in dates if date > since)

    def find_room(self, dates, now):
        """Return from when on there is room for one message more: this moment, or a later one.

        :param dates: when messages went to the address
        :param datetime now: UTC
        """
        counted = self.filter_counted(dates, now)
        if len(counted) < self.limit:
            return now
        return counted[-self.limit] + timedelta(days=self.days)


def share_room(cap, dates, contenders, now):
    """Give the room that an address has to those who ask for it, and tell the others when to ask again.

    :param Cap cap: what holds
    :param dates: when messages went to the address
    :param contenders: (rank, id or None) of each: the lowest rank goes first; without an id it is somebody else's
        turn, whose place is kept
    :param datetime now: UTC
    :return: the ids of those who get a place; from when on the others may ask again, by id
    :rtype: tuple[list, dict]
    """
    taken, given, later = cap.filter_counted(dates, now), [], {}
    kept = 0  # for others
    for _rank, number in sorted(contenders, key=lambda contender: contender[0]):
        room = cap.find_room(taken, now)
        if number is None:
            kept += 1
        elif room > now:
            later[number] = room
        elif len(taken) + kept < cap.limit:
            given.append(number)
            taken = [*taken, now]
        else:
            later[number] = now + timedelta(minutes=1)  # who comes first has had their turn by then
    return given, later
