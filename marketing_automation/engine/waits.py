"""What a participant waits for at a step, and how long: pure, without Odoo."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .schedule import add_interval, at_time, next_weekday, subtract_interval, to_local

# What is waited for
DOMAIN = "domain"  # until the record matches a filter
DATE = "date"  # until some time before or after a date of the record
WEEKDAY = "weekday"  # until the clock shows a time of a day of the week
EVENT = "event"  # until something happens to a message of the participant

BEFORE, AFTER = "before", "after"
# How many days dates of one month may lie apart that are the same one month later
CLIPPED = 4


@dataclass(frozen=True)
class Wait:
    """A wait, as the settings of a running step say it.

    :param str kind: ``DOMAIN``, ``DATE``, ``WEEKDAY`` or ``EVENT``
    :param str domain: text of the filter
    :param field: name of the date of the record
    :param int offset: how many units before or after that date
    :param float time: hours since midnight of the campaign's zone
    :param int weekday: from 0, Monday
    :param event: name of the event
    :param int limit: how many units it lasts at most; 0 for no limit
    """

    kind: str
    domain: str = "[]"
    field: str | None = None
    offset: int = 0
    unit: str = "days"
    direction: str = AFTER
    time: float = 9.0
    weekday: int = 0
    event: str | None = None
    limit: int = 0
    limit_unit: str = "hours"

    @classmethod
    def from_settings(cls, settings):
        """Return the wait of a step.

        :param dict settings: see ``ActivityType.settings``
        """
        values = {name: value for name, value in settings.items() if name in cls.__dataclass_fields__}
        return cls(**dict(values, weekday=int(values.get("weekday") or 0), field=values.get("field") or None))

    def get_end(self, since, tz):
        """Return when it is over in any case, or None.

        :param datetime since: when it began, UTC
        :param str tz: name of the campaign's zone
        """
        return add_interval(since, self.limit, self.limit_unit, tz) if self.limit else None

    def get_moment(self, value, since, tz):
        """Return from when on it is fulfilled, where a clock tells that; else None.

        :param value: date or naive UTC datetime of the record, None where it has none
        :param datetime since: when it began, UTC
        """
        if self.kind == WEEKDAY:
            return next_weekday(since, self.weekday, self.time, tz)
        if self.kind == DATE and value:
            moment = value if isinstance(value, datetime) else at_time(value, self.time, tz)
            shift = subtract_interval if self.direction == BEFORE else add_interval
            return shift(moment, self.offset, self.unit, tz)
        return None

    def get_latest_value(self, now, is_moment, tz):
        """Return the latest date that a record may have for the wait to be fulfilled now.

        :param datetime now: UTC
        :param bool is_moment: whether it is a moment, rather than a day
        :return: datetime or date
        """
        back = add_interval if self.direction == BEFORE else subtract_interval
        middle = back(now, self.offset, self.unit, tz)
        middle = middle if is_moment else to_local(middle, tz).date()
        latest = None
        for days in range(-CLIPPED, CLIPPED + 1):
            try:
                value = middle + timedelta(days=days)
                if self.get_moment(value, now, tz) <= now:
                    latest = value
            except OverflowError:  # beyond what there are dates for
                continue
        return latest or (middle if is_moment else date.min)
