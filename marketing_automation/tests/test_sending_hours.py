import doctest
from datetime import datetime, time, timedelta
from itertools import pairwise

import pytz
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine import sending_hours
from ..engine.errors import CampaignStop
from ..engine.sending_hours import SLIVER, Opening, SendingHours, get_week
from ..engine.zones import find_zone, get_country_zone
from .common import MarketingAutomationCommon

ZONES = st.sampled_from(pytz.all_timezones)
# 2026: both changes of the clock of every zone that has them
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
HOURS = st.one_of(st.integers(0, 24).map(float), st.sampled_from([2.25, 2.5, 8.5, 12.75]))
OFFICE = tuple(Opening(day, start, end) for day in range(5) for start, end in ((9, 12), (13, 17)))


@st.composite
def calendars(draw, tz=None):
    """Hours of one week or two, some across midnight, with whole and half days off that end as Odoo has them end."""
    two = draw(st.booleans())
    openings = []
    for weekday in range(7):
        for week in (0, 1) if two else (None,):
            # hours of a day do not overlap: Odoo refuses that
            marks = sorted(draw(st.lists(HOURS, max_size=4, unique=True)))
            openings += [Opening(weekday, *span, week) for span in zip(marks[::2], marks[1::2], strict=False)]
    zone = pytz.timezone(tz or draw(ZONES))
    holidays = []
    for _number in range(draw(st.integers(0, 4))):
        first = datetime(2026, 1, 1) + timedelta(days=draw(st.integers(0, 380)))
        last = first + timedelta(days=draw(st.integers(0, 9)))
        start = draw(st.sampled_from([time(0), time(12)]))
        end = draw(st.sampled_from([time(23, 59, 59), time(18)]))
        span = (datetime.combine(first, start), datetime.combine(last, end))
        holidays.append(tuple(zone.localize(wall).astimezone(pytz.utc).replace(tzinfo=None) for wall in span))
    return SendingHours(zone.zone, tuple(openings), tuple(holidays))


def to_wall(moment, tz):
    return pytz.utc.localize(moment).astimezone(pytz.timezone(tz)).replace(tzinfo=None)


def clean(spans):
    """Return spans of Odoo's without what is no opening and no gap, as if days off ended at midnight."""
    merged = []
    for start, end in spans:
        start += timedelta(seconds=start.second == 59)
        if merged and start - merged[-1][1] < SLIVER:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return [(start, end) for start, end in merged if end - start >= SLIVER]


class TestSendingHours(BaseCase):
    """The next opening at or after a moment, on any clock."""

    def test_doctests(self):
        self.assertEqual(doctest.testmod(sending_hours).failed, 0)

    @settings(max_examples=50, deadline=None, derandomize=True)
    @given(calendars(), MOMENTS, ZONES)
    def test_an_opening_is_the_first_moment_at_which_the_clock_is_within_the_hours(self, hours, moment, tz):
        opening = hours.find_opening(moment, tz)
        spans = list(hours.iter_openings(moment, tz, 21))
        self.assertTrue(all(end - start >= SLIVER for start, end in spans))
        self.assertTrue(all(following[0] - span[1] >= timedelta(0) for span, following in pairwise(spans)))
        if not opening:
            self.assertFalse(spans)
            return
        self.assertGreaterEqual(opening, moment)
        self.assertEqual(hours.find_opening(opening, tz), opening)  # asked again, it is open
        between = moment + (opening - moment) / 2
        self.assertEqual(hours.find_opening(between, tz), opening)  # and not before
        local = to_wall(opening, tz)
        if not any(get_change(tz, opening)):
            shown = local.hour + local.minute / 60 + local.second / 3600
            self.assertTrue(
                any(
                    opened.weekday == local.weekday()
                    and opened.week in (None, get_week(local))
                    and opened.start - 1e-6 <= shown < opened.end
                    for opened in hours.openings
                ),
                f"{local} is outside",
            )

    def test_each_clock_has_its_own_nine_o_clock(self):
        """Of a Friday evening in UTC it is Monday at 9 everywhere, or there is still time on Friday."""
        friday = datetime(2026, 6, 5, 23)
        hours = SendingHours("Europe/Brussels", OFFICE)
        for tz in pytz.common_timezones:
            local = to_wall(hours.find_opening(friday, tz), tz)
            if to_wall(friday, tz) < datetime(2026, 6, 5, 17):
                self.assertEqual(local.date(), datetime(2026, 6, 5).date())
            else:
                self.assertEqual(local, datetime(2026, 6, 8, 9), tz)

    def test_a_zone_moves_the_hours_and_not_the_holidays(self):
        """1 May of Brussels closes 1 May everywhere, not from 18:00 of the day before."""
        may = (datetime(2026, 4, 30, 22), datetime(2026, 5, 1, 21, 59, 59))
        hours = SendingHours("Europe/Brussels", tuple(Opening(day, 0, 24) for day in range(7)), (may,))
        for tz in ("America/New_York", "Asia/Tokyo", "Europe/Brussels", "Pacific/Kiritimati"):
            before = pytz.timezone(tz).localize(datetime(2026, 4, 30, 23)).astimezone(pytz.utc).replace(tzinfo=None)
            self.assertEqual(hours.find_opening(before, tz), before)
            opening = to_wall(hours.find_opening(before + timedelta(hours=2), tz), tz)
            self.assertEqual(opening.date(), datetime(2026, 5, 2).date(), tz)
            self.assertEqual(opening.time(), time(0), tz)

    def test_what_is_left_over_is_no_opening(self):
        """A holiday until 23:59:59 leaves a second, and a day until 24:00 ends a moment too early."""
        every = tuple(Opening(day, 0, 24) for day in range(7))
        holiday = (datetime(2026, 6, 2), datetime(2026, 6, 2, 23, 59, 59))
        following = (datetime(2026, 6, 3), datetime(2026, 6, 3, 23, 59, 59))
        hours = SendingHours("UTC", every, (following, holiday))
        self.assertEqual(hours.find_opening(datetime(2026, 6, 2, 9), "UTC"), datetime(2026, 6, 4))
        night = SendingHours("UTC", (Opening(0, 22, 24), Opening(1, 0, 6)))
        self.assertEqual(
            next(night.iter_openings(datetime(2026, 6, 1, 12), "UTC")),
            (datetime(2026, 6, 1, 22), datetime(2026, 6, 2, 6)),
        )

    def test_some_calendars_never_open(self):
        now = datetime(2026, 6, 1)
        for hours in (
            SendingHours("UTC"),
            SendingHours("UTC", (Opening(0, 9, 9),)),
            SendingHours("UTC", flexible=(0.0, 40.0)),
            SendingHours("UTC", OFFICE, ((datetime(2026, 1, 1), datetime(2028, 1, 1)),)),
        ):
            self.assertIsNone(hours.find_opening(now, "Europe/Brussels"))

    def test_a_country_has_a_clock_where_all_of_its_zones_agree(self):
        self.assertEqual(get_country_zone("DE", 2026, 11), "Europe/Berlin")  # two zones, one clock
        self.assertEqual(get_country_zone("JP", 2026, 11), "Asia/Tokyo")
        for code in ("US", "RU", "AU", "XK", "BV", "ZZ"):
            self.assertIsNone(get_country_zone(code, 2026, 11))
        single = [code for code in pytz.country_timezones if get_country_zone(code, 2026, 11)]
        self.assertGreater(len(single), 216)

    def test_a_zone_is_the_first_that_is_known(self):
        now = datetime(2026, 11, 28)
        self.assertEqual(find_zone([None, "Mars/Olympus", "Asia/Tokyo"], ["DE"], now), "Asia/Tokyo")
        self.assertEqual(find_zone([None, ""], [None, "US", "de"], now), "Europe/Berlin")
        self.assertIsNone(find_zone([], ["US"], now))


def get_change(tz, moment):
    """Return whether the clock changes around a moment."""
    zone = pytz.timezone(tz)
    offsets = {
        pytz.utc.localize(moment + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in (-26, 0, 26)
    }
    return [len(offsets) > 1]


@tagged("post_install", "-at_install")
class TestSendingCalendars(MarketingAutomationCommon):
    """A calendar is read by one query, and says what Odoo's own working hours say."""

    def _make_calendar(self, hours, **values):
        two = any(opening.week is not None for opening in hours.openings)
        return self.env["resource.calendar"].create(
            {
                "name": "Hours",
                "tz": hours.tz,
                "two_weeks_calendar": two,
                "attendance_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "-",
                            "dayofweek": str(opening.weekday),
                            "hour_from": opening.start,
                            "hour_to": opening.end,
                            "week_type": False if opening.week is None else str(opening.week),
                        },
                    )
                    for opening in hours.openings
                ],
                "leave_ids": [(0, 0, {"date_from": start, "date_to": end}) for start, end in hours.holidays],
                **values,
            }
        )

    def _get_odoo_spans(self, calendar, start, end):
        zone = pytz.timezone(calendar.tz)
        bounds = (pytz.utc.localize(moment).astimezone(zone) for moment in (start, end))
        found = calendar._work_intervals_batch(*bounds)[False]
        return clean([tuple(moment.astimezone(pytz.utc).replace(tzinfo=None) for moment in span[:2]) for span in found])

    @settings(max_examples=20, deadline=None, derandomize=True)
    @given(st.data())
    def test_hours_are_those_of_odoo(self, data):
        tz = data.draw(st.sampled_from(["Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "UTC"]))
        told = data.draw(calendars(tz))
        calendar = self._make_calendar(told)
        if not told.openings:
            calendar.attendance_ids.unlink()
        campaign = self._create_campaign().sudo()
        start, end = datetime(2026, 3, 20), datetime(2026, 4, 10)
        for moment in (start, datetime(2026, 10, 15)):
            until = moment + (end - start)
            hours = campaign._read_sending_hours(calendar.id, moment, self.env.user)
            mine = [
                (max(opened, moment), min(closed, until))
                for opened, closed in hours.iter_openings(moment, tz, 23)
                if opened < until
            ]
            self.assertEqual(clean(mine), self._get_odoo_spans(calendar, moment, until))

    def test_a_flexible_calendar_opens_around_noon(self):
        hours = SendingHours("Europe/Brussels")
        monday = datetime(2026, 5, 31, 22)
        for a_day, a_week in ((8, 40), (7.6, 20), (24, 168), (0, 40)):
            calendar = self._make_calendar(
                hours, schedule_type="flexible", hours_per_day=a_day, full_time_required_hours=a_week
            )
            found = self._create_campaign().sudo()._read_sending_hours(calendar.id, monday, self.env.user)
            end = monday + timedelta(days=7)
            spans = [(max(span[0], monday), min(span[1], end)) for span in found.iter_openings(monday, hours.tz, 9)]
            mine = clean(span for span in spans if span[0] < span[1])
            odoo = self._get_odoo_spans(calendar, monday, end)
            self.assertEqual(len(mine), len(odoo), (a_day, a_week))
            for span, other in zip(mine, odoo, strict=True):
                self.assertTrue(all(abs(a - b) < SLIVER for a, b in zip(span, other, strict=True)), (a_day, a_week))

    def test_holidays_of_other_companies_close_nothing(self):
        calendar = self._make_calendar(SendingHours("UTC", tuple(Opening(day, 9, 17) for day in range(7))))
        other = self.env["res.company"].create({"name": "Other"})
        worker = self.env["resource.resource"].create({"name": "Ada", "calendar_id": calendar.id})
        campaign = self._create_campaign(company_id=calendar.company_id.id).sudo()
        monday = datetime(2026, 6, 1, 10)

        def close(company=calendar.company_id, **values):
            leave = self.env["resource.calendar.leaves"].create(
                {"date_from": monday - timedelta(hours=10), "date_to": monday + timedelta(hours=13), **values}
            )
            if not leave.calendar_id:
                leave.company_id = company
            hours = campaign._read_sending_hours(calendar.id, monday, self.env.user)
            return hours.find_opening(monday, "UTC") != monday

        foreign = self._make_calendar(SendingHours("UTC"), company_id=other.id)
        self.assertFalse(close(calendar_id=foreign.id))
        self.assertFalse(close(other, calendar_id=False))
        self.assertFalse(close(resource_id=worker.id))
        self.assertFalse(close(calendar_id=calendar.id, time_type="other"))
        self.assertTrue(close(calendar_id=False))

    def test_a_calendar_is_read_by_one_query(self):
        calendar = self._make_calendar(SendingHours("UTC", OFFICE))
        campaign = self._create_campaign().sudo()
        campaign._read_sending_hours(calendar.id, self.start, self.env.user)
        self.env.flush_all()
        with self.assertQueryCount(1):
            campaign._read_sending_hours(calendar.id, self.start, self.env.user)
        calendar.unlink()
        with self.assertRaisesRegex(CampaignStop, "were deleted"):
            campaign._read_sending_hours(calendar.id, self.start, self.env.user)
