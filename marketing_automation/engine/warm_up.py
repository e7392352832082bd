"""A limit that rises day by day, for a sender whom mail servers do not know yet: pure, without Odoo."""

from dataclasses import dataclass
from datetime import timedelta
from math import log, log1p

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class WarmUp:
    """Messages per hour: few on the first day, each day more.

    :ivar int start: on the first day; at least 1
    :ivar int growth: percent that each day has more than the one before; above 0
    :ivar int ceiling: at most, as of the day that reaches it; at least 1
    """

    start: int
    growth: int
    ceiling: int

    @property
    def length(self):
        """:return: how many days pass until a day has the ceiling"""
        if self.start >= self.ceiling:
            return 0
        days = int(log(self.ceiling / self.start) / log1p(self.growth / 100))
        return next(day for day in range(max(0, days - 1), days + 3) if self._grow(day) >= self.ceiling)

    def get_limit(self, passed):
        """Return how many messages may go out in an hour.

        :param timedelta passed: since the warm-up began; a day has 24 hours

        >>> WarmUp(20, 50, 100).get_limit(timedelta(days=2, hours=5))
        45
        """
        day = max(0, passed // DAY)
        return self.ceiling if day >= self.length else self._grow(day)

    def find_end(self, messages, began, spans):
        """Return when so many messages have gone out.

        :param int messages:
        :param datetime began: when the warm-up did
        :param spans: (from, to) of each time in which they may go out, in order
        :return: a datetime; None where they take longer than these times last

        >>> from datetime import datetime
        >>> day = datetime(2026, 6, 1)
        >>> WarmUp(10, 100, 1000).find_end(10 * 24 + 20, day, [(day, datetime.max)])
        datetime.datetime(2026, 6, 2, 1, 0)
        """
        for start, end in spans:
            while start < end:
                day = max(0, (start - began) // DAY)
                until = end if day >= self.length else min(end, began + (day + 1) * DAY)
                limit = self.get_limit(start - began)
                room = limit * ((until - start) / HOUR)
                if messages <= room:
                    return start + HOUR * (messages / limit)
                messages -= room
                start = until
        return None

    def _grow(self, day):
        return min(self.ceiling, int(self.start * (1 + self.growth / 100) ** day + 1e-9))
