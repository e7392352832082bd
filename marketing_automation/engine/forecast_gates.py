"""What keeps a simulated message from leaving: sending hours, limits of messages per hour and per address."""

from bisect import bisect_right
from datetime import datetime, timedelta
from heapq import heappush

from .schedule import FAR_FUTURE

AHEAD = 40  # days behind the last one: what does not open until then stays where it is


class Gates:
    """The gates of a simulation.

    :ivar datetime free: from when on there is a slot for a message
    :ivar list waiting: (order, passage, task) of who waits for one, a heap
    """

    def __init__(self, plan, now, end):
        self.plan, self.now, self.end = plan, now, end
        self.free, self.waiting, self.is_giving = now, [], False
        self.openings = {}  # by zone: (when each begins, when it ends)

    def find_opening(self, step, moment, tz):
        """Return from when on a step may send, at or after a moment."""
        hours = self.plan.hours
        if hours is None or step.ignore_sending_hours:
            return moment
        if tz not in self.openings:
            days = (self.end - self.now) // timedelta(days=1) + AHEAD
            spans = list(hours.iter_openings(self.now, tz, days))
            self.openings[tz] = [start for start, _end in spans], [end for _start, end in spans]
        starts, ends = self.openings[tz]
        place = bisect_right(ends, moment)
        return max(starts[place], moment) if place < len(starts) else FAR_FUTURE

    def find_room(self, step, sent, moment):
        """Return from when on an address has room for a message: a moment; None where it is left out instead."""
        cap = self.plan.caps.get(self.plan.channels[step.id])
        if not cap:
            return moment
        room = cap.find_room(sent.get(cap.channel, ()), moment)
        return None if room > moment and cap.skips else room

    def has_slot(self, moment):
        return self.plan.limit is None or (moment >= self.free and not self.waiting)

    def queue(self, order, passage, task):
        """Have a message wait for a slot.

        :return: whether nobody is about to give slots yet
        """
        heappush(self.waiting, (order, passage, task))
        was_giving, self.is_giving = self.is_giving, True
        return not was_giving

    def take(self, step, passage, moment):
        """Note that a message leaves: it takes as many slots as the passage stands for people."""
        channel = self.plan.channels[step.id]
        if channel in self.plan.caps:
            passage.sent.setdefault(channel, []).append(moment)
        if self.plan.limit is not None:
            began = self.plan.warm_up_began or self.now
            ended = self.plan.limit.find_end(passage.people, began, [(max(moment, self.free), FAR_FUTURE)])
            self.free = min(ended or FAR_FUTURE, datetime.max)
