"""A reference model of how many messages one address gets, as plain Python: the rules of the user guide.

Campaigns have one message each, for whoever enters. Nothing is kept but the messages: who gets a place is found by
going through all of them.
"""

from dataclasses import dataclass
from datetime import timedelta

PATIENCE = timedelta(minutes=15)


@dataclass(frozen=True)
class Limit:
    """What Settings say."""

    on: bool = True
    most: int = 1
    days: int = 7
    skips: bool = False


@dataclass
class Message:
    campaign: str
    address: str
    since: object  # when it was due first
    asks: object  # when it asks, or asked
    state: str = "due"  # due, waiting, sent, refused, skipped
    counts: bool = False


class Pressure:
    """Campaigns in the order in which they have their turn.

    :param dict priorities: by campaign
    :param set needed: the campaigns with needed messages
    """

    def __init__(self, limit, priorities):
        self.limit, self.priorities, self.needed = limit, priorities, set()
        self.messages = []

    def snapshot(self):
        return {
            (one.campaign, one.address): (one.state, one.asks if one.state == "waiting" else None)
            for one in self.messages
        }

    # ---- what happens

    def enter(self, now, campaign, address):
        self.messages.append(Message(campaign, address, now, now))

    def run(self, now, campaigns):
        for campaign in campaigns:
            due = [one for one in self.messages if one.campaign == campaign and self._is_open(one) and one.asks <= now]
            for one in sorted(due, key=lambda one: one.asks):
                self._ask(one, now)

    def refuse(self, message):
        message.state, message.counts = "refused", False

    def set_limit(self, now, limit):
        before, self.limit = self.limit, limit
        if limit == before or not (limit.on or before.on):
            return
        if limit.on and (not before.on or limit.days > before.days):
            for one in self.messages:  # what was sent before counts
                one.counts = one.state == "sent" and one.campaign not in self.needed
        self._ask_again(now, self.priorities)

    def change(self, now, campaign, priority, is_needed):
        self.priorities[campaign] = priority
        self.needed = self.needed - {campaign} | ({campaign} if is_needed else set())
        self._ask_again(now, [campaign])

    # ---- the rules

    def _ask(self, message, now):
        """It takes a place; or it waits, or is not sent."""
        if not self.limit.on or message.campaign in self.needed:
            message.state, message.asks = "sent", now
            return
        counted = self._counted(message.address, now)
        first = [
            one
            for one in self.messages
            if one is not message
            and one.address == message.address
            and one.state == "waiting"
            and now - PATIENCE < one.asks <= now
            and one.campaign not in self.needed
            and self._rank(one) < self._rank(message)
        ]
        if len(counted) + len(first) < self.limit.most:
            message.state, message.counts, message.asks = "sent", True, now
        elif self.limit.skips:
            message.state = "skipped"
        elif len(counted) < self.limit.most:  # it is somebody else's turn
            message.state, message.asks = "waiting", now + timedelta(minutes=1)
        else:
            message.state = "waiting"
            message.asks = counted[-self.limit.most] + timedelta(days=self.limit.days)

    def _counted(self, address, now):
        since = now - timedelta(days=self.limit.days)
        return sorted(one.asks for one in self.messages if one.address == address and one.counts and one.asks > since)

    def _rank(self, message):
        return (-self.priorities[message.campaign], message.since, self.messages.index(message))

    def _is_open(self, message):
        return message.state in ("due", "waiting")

    def _ask_again(self, now, campaigns):
        for one in self.messages:
            if one.state == "waiting" and one.campaign in campaigns:
                one.asks = now
