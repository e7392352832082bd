import doctest
from collections import Counter
from datetime import datetime, timedelta

import pytz
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.tests import BaseCase, Form, tagged

from ..engine import best_time
from ..engine.best_time import LONGEST, MOST, find_best_time, to_quarter
from .common import EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# 2026: both changes of the clock of every zone that has them
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
# Habits rather than chance: minutes before it is due, of which whole weeks and days are likely
HABITS = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 6), st.sampled_from([0, 15, 60, 85, 300, 720, 1439])), max_size=12
)


def read_clock(moment, tz):
    local = pytz.utc.localize(moment).astimezone(pytz.timezone(tz))
    return local.weekday(), local.hour


def find_by_the_rule(opened, due, until, now, tz):
    """Look at each quarter of an hour of the day that follows: the rule as the user guide has it."""
    counted = Counter(read_clock(moment, tz) for moment in opened if now - moment < timedelta(days=90))
    looked_at = [due]
    moment = due.replace(minute=due.minute // 15 * 15, second=0)
    while moment <= due + timedelta(hours=24):
        looked_at += [moment] if due < moment <= until else []
        moment += timedelta(minutes=15)
    if sum(counted.values()) < 3:
        return due
    return max(looked_at, key=lambda moment: (counted[read_clock(moment, tz)], -looked_at.index(moment)))


class TestBestHour(BaseCase):
    """The hour of the week at which somebody most often opened."""

    def test_doctests(self):
        self.assertEqual(doctest.testmod(best_time).failed, 0)

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(HABITS, MOMENTS, st.integers(0, 30), st.sampled_from(pytz.all_timezones))
    def test_it_is_the_one_of_the_rule(self, habits, due, patience, tz):
        opened = [
            (due + timedelta(minutes=minutes) - timedelta(weeks=weeks + 1, days=days)).replace(second=0)
            for weeks, days, minutes in habits
        ]
        opened = [moment.replace(minute=moment.minute // 15 * 15) for moment in opened]
        until = due + min(patience * HOUR, LONGEST)
        found = find_best_time([to_quarter(moment) for moment in opened], due, until, due, tz)
        self.assertEqual(found, find_by_the_rule(opened, due, until, due.replace(second=0), tz))
        self.assertTrue(due <= found <= until)

    def test_it_stays_at_the_hour_as_the_clock_changes(self):
        """Tuesdays at 10 in Brussels: 9 UTC in winter, 8 in summer."""
        winter = [to_quarter(datetime(2026, 3, day, 9, 10)) for day in (10, 17, 24)]
        due = datetime(2026, 3, 30, 12)
        self.assertEqual(find_best_time(winter, due, due + DAY, due, "Europe/Brussels"), datetime(2026, 3, 31, 8))


@tagged("post_install", "-at_install")
class TestBestTime(MarketingAutomationCommon):
    """A message waits for the hour at which its recipient usually opens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer.tz = "Europe/Brussels"
        cls.ada, cls.ben = cls.contacts[:2]
        cls.news = cls._create_email(cls._create_campaign(name="News"), "News")
        cls.campaign = cls._create_campaign(name="Offer")
        cls.offer = cls._create_email(cls.campaign, "Offer", best_time=True)

    def _read(self, record, *moments, event="open", origin="person"):
        """Have a record's person read the news at some moments, and the engine note it."""
        if self.news.campaign_id.state == "draft":
            self._start(self.news.campaign_id, self.start)
            self._run_crons(self.start, EXECUTION_CRON)
        trace = self._trace(self.news, record)
        for moment in moments:
            self.env["marketing.trace.event"].sudo().record_events(
                event, trace.ids, "link", trace.mailing_trace_ids.ids, date=moment, origin=origin
            )
        self._run_crons(max(moments), EXECUTION_CRON)

    def _rows(self):
        self.env.flush_all()
        self.cr.execute("SELECT key, quarters FROM marketing_best_time ORDER BY 1")
        return self.cr.fetchall()

    def _learn_tuesdays(self, record):
        """Ten past ten on three Tuesdays in Brussels; once on a Monday at 9."""
        self._read(record, *(datetime(2026, 6, day, 8, 10) for day in (2, 9, 16)), datetime(2026, 6, 8, 7))

    def test_it_waits_for_the_hour_at_which_they_usually_open(self):
        self._learn_tuesdays(self.ada)
        self._read(self.ben, datetime(2026, 6, 16, 8), datetime(2026, 6, 16, 8, 5))  # too few
        monday, tuesday = datetime(2026, 6, 22, 12), datetime(2026, 6, 23, 8)
        self._start(self.campaign, monday)
        self._run_crons(monday, EXECUTION_CRON)
        trace = self._trace(self.offer, self.ada)
        self.assertEqual((trace.state, trace.schedule_date, trace.due_date), ("scheduled", tuesday, monday))
        self.assertEqual(self._trace(self.offer, self.ben).state, "processed")
        with self._at(monday):
            reader = trace.with_user(self.marketer).with_context(tz="Europe/Brussels", lang="en_US")
            words = "Waits until Tuesday 10:00 AM, when they usually open"
            self.assertEqual(reader.state_msg, words)
            [step] = reader.participant_id._get_timeline(monday)["steps"]
            self.assertEqual(step["reason"], words)
            [card] = self.campaign.with_user(self.marketer).get_workflow_cards()["cards"]
            self.assertEqual(card["waiting"], "1 waits until they usually open")
        self._run_crons(tuesday - MINUTE, EXECUTION_CRON)
        self.assertEqual(trace.state, "scheduled")
        self._run_crons(tuesday, EXECUTION_CRON)
        self.assertEqual(trace.state, "processed")
        self.assertFalse(trace.state_msg)

    def test_never_more_than_a_day_nor_beyond_its_expiry(self):
        self._learn_tuesdays(self.ada)
        expiry = {"validity_duration": True, "validity_duration_type": "hours"}
        early = self._create_email(self.campaign, "Early", best_time=True, validity_duration_number=3, **expiry)
        brief = self._create_email(self.campaign, "Brief", best_time=True, validity_duration_number=1, **expiry)
        monday = datetime(2026, 6, 22, 6)
        self._start(self.campaign, monday)
        self._run_crons(monday, EXECUTION_CRON)
        # at 9 they opened once; by Tuesday at 8 nothing more is known
        self.assertEqual(
            [self._trace(step, self.ada).schedule_date for step in (self.offer, early)], [monday + HOUR] * 2
        )
        self.assertEqual(self._trace(brief, self.ada).state, "processed", "as the clock strikes 9 it expires")
        late = self._create_campaign(name="Late")
        friday = self._create_email(late, "Friday", best_time=True)
        monday_noon = self._create_email(
            late, "Monday", "activity", friday, interval_number=72, best_time=True, validity_duration_number=5, **expiry
        )
        noon = datetime(2026, 6, 19, 12)
        self._start(late, noon)
        self._run_crons(noon, EXECUTION_CRON, MAIL_CRON, EXECUTION_CRON)
        self.assertEqual(self._trace(friday, self.ada).state, "processed", "nothing is known of Saturdays")
        self._run_crons(noon + 3 * DAY, EXECUTION_CRON)
        self.assertEqual(self._trace(monday_noon, self.ada).state, "processed", "by Tuesday it would have expired")

    def test_sending_hours_hold_after_it(self):
        self._learn_tuesdays(self.ada)
        hours = [Command.create({"name": "-", "dayofweek": "1", "hour_from": 14, "hour_to": 17})]
        self.campaign.sending_calendar_id = self.env["resource.calendar"].create(
            {"name": "Afternoon", "tz": "Europe/Brussels", "attendance_ids": hours}
        )
        monday, tuesday = datetime(2026, 6, 22, 12), datetime(2026, 6, 23, 8)
        self._start(self.campaign, monday)
        self._run_crons(monday, EXECUTION_CRON)
        trace = self._trace(self.offer, self.ada)
        self.assertEqual(trace.schedule_date, tuesday)
        self._run_crons(tuesday, EXECUTION_CRON)
        self.assertEqual((trace.schedule_date, trace.end_code), (tuesday + 4 * HOUR, "sending_hours"))
        self._run_crons(tuesday + 4 * HOUR, EXECUTION_CRON)
        self.assertEqual(trace.state, "processed")

    def test_it_is_the_clock_of_each_recipient(self):
        self._learn_tuesdays(self.ada)
        self.ada.tz = "Asia/Kolkata"  # there it was 13:40
        self.campaign.tz_mode = "recipient"
        monday = datetime(2026, 6, 22, 12)
        self._start(self.campaign, monday)
        self._run_crons(monday, EXECUTION_CRON)
        trace = self._trace(self.offer, self.ada)
        self.assertEqual(trace.schedule_date, datetime(2026, 6, 23, 7, 30), "13:00 there")
        # an Update moves who waits by another clock, and lets them go where the step no longer waits
        self.campaign.tz_mode = "campaign"
        with self._at(monday):
            self.assertEqual(self.campaign.get_update_preview()["steps"][self.offer.id]["rescheduled"], 1)
            self.campaign.action_update_participants()
        self.assertEqual(trace.schedule_date, datetime(2026, 6, 23, 8))
        self.offer.best_time = False
        with self._at(monday):
            preview = self.campaign.get_update_preview()
            self.assertEqual(preview["steps"][self.offer.id]["rescheduled"], 1)
            self.assertIn("Before: when they usually open.", preview["changes"][0])
            self.campaign.action_update_participants()
        self.assertEqual((trace.schedule_date, trace.due_date, trace.end_code), (monday, False, False))

    def test_what_is_learned(self):
        """Of people, not of machines, tests or other events; so many moments, of the last months."""
        self._read(self.ada, self.start, origin="machine")
        self._read(self.ada, self.start, event="unsubscribe")
        self.assertEqual(self._rows(), [])
        self._read(self.ada, self.start + HOUR, event="click")
        self._read(self.ada, self.start)
        quarter = to_quarter(self.start)
        [(key, quarters)] = self._rows()
        self.assertEqual(quarters, [quarter + 4, quarter], "latest first, whatever was noted first")
        self.assertNotIn("@", key, "the address is not kept")
        self.assertNotIn("people.example", key)
        self._read(self.ada, *(self.start + number * HOUR for number in range(2, MOST + 10)))
        [(_key, quarters)] = self._rows()
        self.assertEqual(quarters, [quarter + 4 * number for number in range(MOST + 9, 9, -1)])
        later = self.start + 91 * DAY + (MOST + 9) * HOUR
        self._read(self.ada, later)
        self.assertEqual(self._rows(), [(key, [to_quarter(later)])])

    def test_it_is_forgotten(self):
        """With the person, and when it counts no more."""
        self._read(self.ada, self.start)
        self._read(self.ben, self.start + DAY)
        with self._at(self.start + 90 * DAY + HOUR):
            self.assertEqual(self.env["marketing.trace"]._gc_best_times(), (1, False))
        self.assertEqual([quarters for _key, quarters in self._rows()], [[to_quarter(self.start + DAY)]])
        self.ben.unlink()
        self.assertEqual(self._rows(), [])

    def test_a_test_does_not_wait(self):
        self._learn_tuesdays(self.ada)
        monday = datetime(2026, 6, 22, 12)
        with self._at(monday):
            wizard = self.env["marketing.campaign.test"].with_user(self.marketer)
            wizard = wizard.create({"campaign_id": self.campaign.id, "res_id": self.ada.id, "confirmed": True})
            test = self.env["marketing.participant"].browse(wizard.action_launch_test()["res_id"])
            trace = test.trace_ids
            trace.with_user(self.marketer).action_run_test()
        self.assertEqual(trace.state, "processed")

    def test_words(self):
        with Form(self.offer) as form:
            self.assertIn("when they usually open, at most 24 hours later.", form.sentence)
        self.assertEqual(
            self.campaign.get_start_preview()["sending"],
            "“Offer”: each recipient gets it up to 24 hours later, when they usually open.",
        )
        action = self._create_action(self.campaign, "Act", best_time=True)
        self.assertNotIn("usually", action.sentence)
        self.assertFalse(action._to_step().best_time)
