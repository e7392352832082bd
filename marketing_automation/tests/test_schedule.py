import doctest
from datetime import datetime, timedelta

import pytz
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..engine import schedule
from ..engine.schedule import FAR_FUTURE, UNITS, add_interval, is_expired

ZONES = st.sampled_from(pytz.all_timezones)
MOMENTS = st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
NUMBERS = st.integers(0, 400)


def wall(moment, tz):
    return pytz.utc.localize(moment).astimezone(pytz.timezone(tz)).replace(tzinfo=None)


class TestSchedule(BaseCase):
    def test_doctests(self):
        self.assertEqual(doctest.testmod(schedule).failed, 0)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(MOMENTS, NUMBERS, ZONES)
    def test_hours_are_exact(self, moment, number, tz):
        self.assertEqual(add_interval(moment, number, "hours", tz), moment + timedelta(hours=number))

    @settings(max_examples=600, deadline=None, derandomize=True)
    @given(MOMENTS, NUMBERS, st.sampled_from(["days", "weeks", "months"]), ZONES)
    def test_longer_units_keep_the_wall_clock(self, moment, number, unit, tz):
        """The clock shows the same time; where it skips that time, it has gone on by as much."""
        due = add_interval(moment, number, unit, tz)
        expected = wall(moment, tz) + relativedelta(**{unit: number})
        if number:
            shift = wall(due, tz) - expected
            self.assertTrue(timedelta(0) <= shift <= timedelta(days=1), f"{shift} off")
            if shift:
                zone = pytz.timezone(tz)
                with self.assertRaises(pytz.NonExistentTimeError):
                    zone.localize(expected, is_dst=None)
        else:
            self.assertEqual(due, moment)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(MOMENTS, NUMBERS, NUMBERS, st.sampled_from(UNITS), ZONES)
    def test_a_longer_interval_is_never_earlier(self, moment, number, more, unit, tz):
        self.assertLessEqual(
            add_interval(moment, number, unit, tz), add_interval(moment, number + more, unit, tz) + timedelta(days=1)
        )

    def test_daylight_saving(self):
        for moment, number, unit, due in [
            # Brussels: 29 March 2026 has 23 hours, 25 October 2026 has 25
            (datetime(2026, 3, 28, 8), 1, "days", datetime(2026, 3, 29, 7)),
            (datetime(2026, 3, 28, 8), 24, "hours", datetime(2026, 3, 29, 8)),
            (datetime(2026, 10, 24, 7), 1, "days", datetime(2026, 10, 25, 8)),
            # 02:30 does not exist on 29 March: 03:30 summer time
            (datetime(2026, 3, 28, 1, 30), 1, "days", datetime(2026, 3, 29, 1, 30)),
            # 02:30 is there twice on 25 October: the first, as the day before was summer time
            (datetime(2026, 10, 24, 0, 30), 1, "days", datetime(2026, 10, 25, 0, 30)),
        ]:
            self.assertEqual(add_interval(moment, number, unit, "Europe/Brussels"), due)

    def test_months_clip(self):
        for day, number, due in [
            ((2026, 1, 31), 1, (2026, 2, 28)),
            ((2028, 1, 31), 1, (2028, 2, 29)),
            ((2028, 2, 29), 12, (2029, 2, 28)),
            ((2026, 8, 31), 1, (2026, 9, 30)),
        ]:
            self.assertEqual(add_interval(datetime(*day, 9), number, "months"), datetime(*due, 9))

    def test_far_future(self):
        for unit in UNITS:
            self.assertEqual(add_interval(datetime(9990, 1, 1), 100_000, unit), FAR_FUTURE)

    def test_what_is_no_interval(self):
        for number in (-1, 1.5, "2", None, True):
            with self.assertRaises(ValueError):
                add_interval(datetime(2026, 1, 1), number, "days")
        with self.assertRaises(ValueError):
            add_interval(datetime(2026, 1, 1), 1, "years")

    def test_expiry(self):
        due = datetime(2026, 6, 1, 9)
        self.assertFalse(is_expired(due, 2, "days", datetime(2026, 6, 3, 9)))
        self.assertTrue(is_expired(due, 2, "days", datetime(2026, 6, 3, 9, 0, 1)))
        self.assertTrue(is_expired(due, 0, "hours", datetime(2026, 6, 1, 9, 0, 1)))
