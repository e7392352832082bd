from datetime import date, datetime, timedelta

import pytz
from hypothesis import example, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..engine.occurrences import AFTER, BEFORE, DateRule, Look, find_next_moment
from ..engine.schedule import UNITS, to_local

ZONES = st.sampled_from(pytz.all_timezones)


def rules(most, yearly):
    return st.builds(
        DateRule,
        has_time=st.booleans(),
        number=st.integers(0, most),
        unit=st.sampled_from(UNITS),
        direction=st.sampled_from([BEFORE, AFTER]),
        time=st.sampled_from([0.0, 2.5, 9.0, 23.75]),
        tz=ZONES,
        yearly=st.just(yearly),
    )


RULES, YEARLY = rules(400, yearly=False), rules(40, yearly=True)
LEAP = st.integers(1900, 2096).map(lambda year: datetime(year, 2, 28, 22, 30))
VALUES = st.one_of(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    st.builds(lambda day, hours: day + timedelta(hours=hours), LEAP, st.integers(-30, 60)),
).map(lambda value: value.replace(microsecond=0))
SPANS = st.integers(1, 4 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds))
BRUSSELS = "Europe/Brussels"


def rule(number=0, unit="days", direction=BEFORE, yearly=False, has_time=False, tz=BRUSSELS):
    return DateRule(has_time, number, unit, direction, 9.0, tz, yearly)


class TestOccurrences(BaseCase):
    """Which dates are due in a span of time, for all zones, leap days and changes of the clock."""

    def _value(self, of_rule, value):
        return value if of_rule.has_time else value.date()

    @settings(max_examples=600, deadline=None, derandomize=True)
    @given(RULES, VALUES, SPANS, SPANS)
    def test_the_span_of_its_moment_finds_a_date_and_no_other_span_does(self, of_rule, value, before, after):
        value = self._value(of_rule, value)
        moment = of_rule.get_moment(value)
        look = Look(of_rule, moment - before, moment + after)
        self.assertTrue(look and look.first <= value <= look.last)
        self.assertEqual(look.find(value)[1], moment)
        for since, until in ((moment, moment + after), (moment - before, moment - timedelta(seconds=1))):
            self.assertIsNone(Look(of_rule, since, until).find(value))

    @settings(max_examples=600, deadline=None, derandomize=True)
    @given(YEARLY, VALUES, st.integers(0, 120), SPANS, SPANS)
    def test_an_anniversary_is_found_in_each_year_from_its_own_on(self, of_rule, value, years, before, after):
        value = self._value(of_rule, value)
        own = (to_local(value, of_rule.tz) if of_rule.has_time else value).year
        day, occurrence = of_rule.get_anniversary(value, own + years)
        moment = of_rule.get_moment(occurrence)
        look = Look(of_rule, moment - before, moment + after)
        self.assertIn(value.date() if of_rule.has_time else value, look.get_days())
        self.assertEqual(look.find(value), (day.isoformat(), moment))
        _day, early = of_rule.get_anniversary(value, own - 1)
        early = of_rule.get_moment(early)
        self.assertIsNone(Look(of_rule, early - timedelta(hours=1), early).find(value), "the year before its own")

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(RULES, st.lists(SPANS, min_size=1, max_size=6), VALUES, SPANS)
    @example(rule(), [timedelta(days=1)], datetime(2026, 3, 29), timedelta(days=1))
    @example(rule(), [timedelta(days=1)], datetime(2026, 10, 25), timedelta(days=1))
    def test_looks_one_after_another_find_each_date_once(self, of_rule, spans, value, start):
        """Whatever the times between them: nothing falls into a gap, and nothing is due in two."""
        value = self._value(of_rule, value)
        moment = of_rule.get_moment(value)
        since, found = moment - start, []
        for span in [*spans, timedelta(days=5)]:
            found.append(Look(of_rule, since, since + span).find(value))
            since += span
        self.assertEqual([one for one in found if one], [(found[-1] or next(filter(None, found)))])

    def test_twenty_years(self):
        """Each person once a year, on the right day, though a server was down for days now and then."""
        people = [date(1980, 2, 29), date(1999, 12, 31), date(2000, 1, 1), date(2026, 7, 14), date(2030, 3, 31)]
        of_rule, seen = rule(3, yearly=True), {}
        now = last = datetime(2026, 1, 1, 12)
        pauses = [timedelta(hours=30), timedelta(days=3), timedelta(days=2, hours=23), timedelta(hours=49)]
        number = 0
        while now < datetime(2046, 1, 1, 12):
            now += pauses[number % len(pauses)]
            number += 1
            look = Look(of_rule, min(last, now - timedelta(days=1)), now)
            days = set(look.get_days())
            for person in people:
                if person in days and (found := look.find(person)):
                    seen.setdefault(person, {})[found[0]] = found[1]
            last = now
        counts = {person.year: len(found) for person, found in seen.items()}
        self.assertEqual(counts, {1980: 20, 1999: 20, 2000: 19 + 1, 2026: 20, 2030: 16})
        leap = sorted(seen[people[0]])
        self.assertEqual(leap[:3], ["2026-02-28", "2027-02-28", "2028-02-29"])
        for person, found in seen.items():
            for day, moment in found.items():
                local = to_local(moment, BRUSSELS)
                self.assertEqual((local.hour, local.date()), (9, date.fromisoformat(day) - timedelta(days=3)), person)

    def test_examples(self):
        for of_rule, value, due in [
            (rule(30), date(2026, 7, 5), datetime(2026, 6, 5, 7)),
            (rule(1, "months"), date(2026, 3, 31), datetime(2026, 2, 28, 8)),
            (rule(3, "hours"), date(2026, 6, 1), datetime(2026, 6, 1, 4)),
            (rule(1, "weeks", AFTER), date(2026, 10, 20), datetime(2026, 10, 27, 8)),
            (rule(2, "hours", has_time=True), datetime(2026, 6, 1, 8), datetime(2026, 6, 1, 6)),
            # of Brussels, 10:00 on both days: the clock goes on in between
            (rule(1, has_time=True), datetime(2026, 3, 29, 8), datetime(2026, 3, 28, 9)),
        ]:
            self.assertEqual(of_rule.get_moment(value), due)
            self.assertEqual(Look(of_rule, due - timedelta(seconds=1), due).find(value)[1], due)

    def test_the_same_date_in_two_years_is_another_occurrence(self):
        of_rule = rule(yearly=True)
        keys = [
            Look(of_rule, datetime(year, 2, 1), datetime(year, 3, 2)).find(date(1980, 2, 29))[0]
            for year in (2027, 2028)
        ]
        self.assertEqual(keys, ["2027-02-28", "2028-02-29"])

    def test_the_next_moment_is_the_next_time_of_day(self):
        now = datetime(2026, 6, 1, 7)  # 09:00 in Brussels
        self.assertEqual(find_next_moment(rule(30), now - timedelta(seconds=1)), now)
        self.assertEqual(find_next_moment(rule(30), now), now + timedelta(days=1))

    def test_dates_at_the_ends_of_time(self):
        for value in (date.min, date.max, datetime.min, datetime.max.replace(microsecond=0)):
            for yearly in (False, True):
                for unit in UNITS:
                    of_rule = DateRule(isinstance(value, datetime), 100_000, unit, BEFORE, 9.0, BRUSSELS, yearly)
                    look = Look(of_rule, datetime(2026, 1, 1), datetime(2026, 1, 2))
                    self.assertIsNone(look.find(value) if not yearly or value.year > 9000 else None)
                    self.assertIsInstance(look.get_days(), list)
