from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

import pytz

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from ..models.runtime.batch import Batch
from .common import EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

FRIDAY = datetime(2026, 6, 5, 16)  # 18:00 in Brussels
MONDAY = datetime(2026, 6, 8, 7)  # 9:00 there


@tagged("post_install", "-at_install")
class TestSending(MarketingAutomationCommon):
    """When messages leave: at the hours of a calendar, by the campaign's clock or each recipient's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer.tz = "Europe/Brussels"
        cls.calendar = cls._make_calendar("Office")

    @classmethod
    def _make_calendar(cls, name, hours=((9, 17),), days=range(5), **values):
        attendances = [
            Command.create({"name": "-", "dayofweek": str(day), "hour_from": start, "hour_to": end})
            for day in days
            for start, end in hours
        ]
        return cls.env["resource.calendar"].create(
            {"name": name, "tz": "Europe/Brussels", "attendance_ids": attendances, **values}
        )

    def _create_office_campaign(self, **values):
        return self._create_campaign(**{"sending_calendar_id": self.calendar.id, **values})

    @contextmanager
    def _hear_wakes(self):
        """Give a list of which crons are triggered after the commit."""
        wakes = []
        with patch.object(self.env.registry["ir.cron"], "_trigger_after_commit", lambda crons: wakes.append(crons)):
            yield wakes

    # ------------------------------------------------------------
    # Hours
    # ------------------------------------------------------------

    def test_a_message_waits_for_the_next_opening(self):
        campaign = self._create_office_campaign()
        email = self._create_email(campaign, "Welcome")
        action = self._create_action(campaign, "Act")
        urgent = self._create_email(campaign, "Confirm", ignore_sending_hours=True)
        self._start(campaign, FRIDAY)
        self._run_crons(FRIDAY, EXECUTION_CRON)
        self.assertTraces(action, dict.fromkeys(self.contacts, "processed"))
        self.assertTraces(urgent, dict.fromkeys(self.contacts, "processed"))
        self.assertTraces(email, dict.fromkeys(self.contacts, "scheduled"))
        trace = self._trace(email, self.contacts[0])
        self.assertEqual((trace.schedule_date, trace.due_date), (MONDAY, FRIDAY))
        with self._at(FRIDAY):
            reader = trace.with_user(self.marketer).with_context(tz="Europe/Brussels", lang="en_US")
            words = "Waits until Monday 9:00 AM (sending hours)"
            self.assertEqual(reader.state_msg, words)
            timeline = reader.participant_id._get_timeline(FRIDAY)
            [step] = [step for step in timeline["steps"] if step["name"] == "Welcome"]
            self.assertEqual(step["reason"], words)
            [card] = [
                card
                for card in campaign.with_user(self.marketer).get_workflow_cards()["cards"]
                if card["id"] == email.id
            ]
            self.assertEqual(card["waiting"], "5 wait for the sending hours")
        # the engine sleeps until then
        crons = self.env["marketing.campaign"]._get_execution_crons()
        self.assertIn(MONDAY, self.env["ir.cron.trigger"].search([("cron_id", "in", crons.ids)]).mapped("call_at"))
        self._run_crons(MONDAY - timedelta(minutes=1), EXECUTION_CRON)
        self.assertTraces(email, dict.fromkeys(self.contacts, "scheduled"))
        self._run_crons(MONDAY, EXECUTION_CRON)
        self.assertTraces(email, dict.fromkeys(self.contacts, "processed"))
        self.assertFalse(trace.state_msg)

    def test_a_follow_up_looks_when_it_really_runs(self):
        """Due on Saturday: who has opened by Monday gets no reminder."""
        campaign = self._create_office_campaign()
        email = self._create_email(campaign, "Welcome")
        reminder = self._create_email(
            campaign, "Reminder", "mail_not_open", email, interval_number=1, interval_type="days"
        )
        morning = FRIDAY - timedelta(hours=6)
        self._start(campaign, morning)
        self._run_crons(morning, EXECUTION_CRON, MAIL_CRON, EXECUTION_CRON)
        saturday = morning + timedelta(days=1)
        self._run_crons(saturday, EXECUTION_CRON)
        ada, ben = self.contacts[:2]
        self.assertEqual(self._trace(reminder, ada).schedule_date, MONDAY)
        sunday = saturday + timedelta(days=1)
        self.env["marketing.trace.event"].sudo().record_events("open", self._trace(email, ada).ids, "link", date=sunday)
        self._run_crons(MONDAY, EXECUTION_CRON)
        self.assertEqual(self._trace(reminder, ada).state, "canceled")
        self.assertEqual(self._trace(reminder, ben).state, "processed")

    def test_expiry_counts_from_the_first_date(self):
        campaign = self._create_office_campaign()
        expiry = {"validity_duration": True, "validity_duration_type": "hours"}
        short = self._create_email(campaign, "Today", validity_duration_number=60, **expiry)
        long = self._create_email(campaign, "This week", validity_duration_number=63, **expiry)
        self._start(campaign, FRIDAY)
        self._run_crons(FRIDAY, EXECUTION_CRON)
        self._run_crons(MONDAY, EXECUTION_CRON)
        self.assertEqual(self._trace(short, self.contacts[0]).end_code, "expired")
        self.assertTraces(long, dict.fromkeys(self.contacts, "processed"))

    def test_who_waits_moves_when_the_calendar_is_edited(self):
        campaign = self._create_office_campaign()
        email = self._create_email(campaign, "Welcome")
        self._start(campaign, FRIDAY)
        self._run_crons(FRIDAY, EXECUTION_CRON)
        trace = self._trace(email, self.contacts[0])

        def run_after(act, moment=FRIDAY):
            """Return until when it waits once somebody has changed the calendar; the engine is woken by itself."""
            with self._at(moment), self._hear_wakes() as wakes:
                act()
            self.assertTrue(wakes)
            self._run_crons(moment, EXECUTION_CRON)
            self.assertEqual(trace.due_date, FRIDAY)
            return trace.schedule_date

        leaves = self.env["resource.calendar.leaves"]
        holiday = {
            "name": "Whit Monday",
            "calendar_id": self.calendar.id,
            "date_from": MONDAY - timedelta(hours=9),
            "date_to": MONDAY + timedelta(hours=14, minutes=59, seconds=59),
        }
        self.assertEqual(run_after(lambda: leaves.create(holiday)), MONDAY + timedelta(days=1))
        saturday = {"name": "-", "dayofweek": "5", "hour_from": 9, "hour_to": 12, "calendar_id": self.calendar.id}
        attendances = self.env["resource.calendar.attendance"].sudo()
        self.assertEqual(run_after(lambda: attendances.create(saturday)), MONDAY - timedelta(days=2))
        self.assertEqual(run_after(attendances.search([("dayofweek", "=", "5")]).unlink), MONDAY + timedelta(days=1))
        self.assertEqual(run_after(leaves.search([("name", "=", "Whit Monday")]).unlink), MONDAY)
        self.assertEqual(run_after(lambda: self.calendar.write({"tz": "America/New_York"})), MONDAY)
        self.calendar.tz = "Europe/Brussels"
        # what no save tells is seen by the next run
        self.env.flush_all()
        self.cr.execute(
            "UPDATE resource_calendar_attendance SET hour_to = 19 WHERE calendar_id = %s", [self.calendar.id]
        )
        self.env.invalidate_all()
        self._run_crons(FRIDAY, EXECUTION_CRON)
        self.assertTraces(email, dict.fromkeys(self.contacts, "processed"))

    def test_a_calendar_that_is_archived_stops_those_who_wait_in_words(self):
        campaign = self._create_office_campaign(sending_calendar_id=self._make_calendar("Office 2").id)
        email = self._create_email(campaign, "Welcome")
        self._start(campaign, FRIDAY)
        self._run_crons(FRIDAY, EXECUTION_CRON)
        campaign.sending_calendar_id.sudo().active = False
        self._run_crons(FRIDAY, EXECUTION_CRON)
        self.assertIn("are archived", campaign.stop_reason)
        self.assertTraces(email, dict.fromkeys(self.contacts, "scheduled"))

    def test_days_off_of_a_person_wake_nothing(self):
        campaign = self._create_office_campaign()
        self._create_email(campaign, "Welcome")
        self._start(campaign, MONDAY)
        resource = self.env["resource.resource"].create({"name": "Ann", "calendar_id": self.calendar.id})
        day = {"calendar_id": self.calendar.id, "date_from": MONDAY, "date_to": MONDAY + timedelta(hours=8)}
        with self._hear_wakes() as wakes:
            self.env["resource.calendar.leaves"].create({**day, "resource_id": resource.id})
        self.assertFalse(wakes)

    def test_a_test_does_not_wait(self):
        campaign = self._create_office_campaign()
        self._create_email(campaign, "Welcome")
        with self._at(FRIDAY):
            test = campaign._create_test_participant(self.contacts[0].id)
            self.assertIn("whatever its date and the sending hours", test.test_hint)
            test.trace_ids.with_user(self.marketer).action_run_test()
        self.assertEqual(test.trace_ids.state, "processed")

    def test_it_costs_no_query_without_hours_and_one_with(self):
        plain = self._create_campaign()
        with_hours = self._create_office_campaign()
        counts = []
        for campaign in (plain, with_hours):
            self._create_email(campaign, "Welcome")
            self._start(campaign, MONDAY)
            self.env.flush_all()
            traces = self.env["marketing.trace"].search([("campaign_id", "=", campaign.id)])
            batch = Batch(campaign.sudo(), MONDAY)
            traces._hold_until_sending_hours(batch)
            before = self.cr.sql_log_count
            traces._hold_until_sending_hours(batch)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts, [0, 1])

    # ------------------------------------------------------------
    # Before it runs, and while it does
    # ------------------------------------------------------------

    def test_hours_that_cannot_be_kept_are_refused_at_start(self):
        other = self.env["res.company"].create({"name": "Other"})
        never = self._make_calendar("Never", days=())
        never.attendance_ids.unlink()
        archived = self._make_calendar("Old", active=False)
        foreign = self._make_calendar("Foreign", company_id=other.id)
        campaign = self._create_campaign()
        self._create_email(campaign, "Welcome")
        for calendar, words in (
            (never, "“Never” do not open within a year"),
            (archived, "“Old” are archived"),
            (foreign, "“Foreign” are of another company"),
        ):
            campaign.sending_calendar_id = calendar
            with self.assertRaisesRegex(UserError, words):
                self._start(campaign, MONDAY)
        campaign.sending_calendar_id = self.calendar
        self._start(campaign, MONDAY)
        with self.assertRaisesRegex(ValidationError, "are of another company"):
            self._create_campaign(company_id=self.env.company.id, sending_calendar_id=foreign.id)

    def test_hours_that_can_no_longer_be_kept_stop_the_campaign_in_words(self):
        for change, words in (
            ({"active": False}, "are archived"),
            ({"attendance_ids": [Command.clear()]}, "do not open within a year"),
        ):
            campaign = self._create_office_campaign(sending_calendar_id=self._make_calendar("Office 2").id)
            email = self._create_email(campaign, "Welcome")
            self._start(campaign, MONDAY)
            campaign.sending_calendar_id.sudo().write(change)
            self._run_crons(MONDAY, EXECUTION_CRON)
            self.assertEqual(campaign.state, "stopped")
            self.assertIn(words, campaign.stop_reason)
            self.assertTraces(email, dict.fromkeys(self.contacts, "scheduled"))

    def test_start_tells_when_the_first_messages_leave(self):
        campaign = self._create_office_campaign(hourly_limit=2)
        self._create_email(campaign, "Welcome")
        self._create_email(campaign, "Confirm", ignore_sending_hours=True)
        with self._at(FRIDAY):
            preview = campaign.get_start_preview()
            self.assertEqual(preview["sending"], "From Monday 9:00 AM on (sending hours): “Welcome”.")
            # five messages at once, two an hour; five others from Monday at 9
            self.assertEqual(preview["expected_end"], MONDAY + timedelta(hours=2, minutes=30))
            wizard = self.env["marketing.campaign.start"].with_user(self.marketer)
            self.assertIn("Monday", wizard.create({"campaign_id": campaign.id}).sending_text)
        with self._at(MONDAY):
            self.assertEqual(campaign.get_start_preview()["sending"], "")

    def test_start_counts_what_a_time_of_day_delays(self):
        campaign = self._create_office_campaign(hourly_limit=1, warm_up=True, warm_up_start=1, warm_up_growth=50)
        email = self._create_email(campaign, "Welcome", at_time=True, time_of_day=15)
        with self._at(FRIDAY):  # at 18:00
            preview = campaign.get_start_preview()
            self.assertEqual(preview["messages"], {"email": 5})
            self.assertEqual(preview["sending"], "Nothing leaves before Monday 9:00 AM (sending hours).")
            self.assertEqual(preview["expected_end"], MONDAY + timedelta(hours=5), "it opens for eight hours")
            campaign.sending_calendar_id = False
            preview = campaign.get_start_preview()
            self.assertEqual(preview["sending"], "Nothing leaves before Saturday 3:00 PM (time of day).")
            self.assertEqual(preview["expected_end"], FRIDAY + timedelta(hours=21 + 5))
            email.interval_number = 2  # what is due later is no first message
            self.assertEqual(campaign.get_start_preview()["messages"], {"email": 0})

    def test_values_by_rpc_are_refused(self):
        campaign = self._create_campaign()
        email = self._create_email(campaign, "Welcome")
        for time in (-1, 24, 1e9, float("nan")):
            with self.assertRaises(UserError), self.cr.savepoint():
                email.write({"at_time": True, "time_of_day": time})
        for values in ({"tz_mode": "mars"}, {"sending_calendar_id": "two"}, {"sending_calendar_id": 2**40}):
            with self.assertRaises(UserError), self.cr.savepoint():
                campaign.write(values)
                self.env.flush_all()
        trace = self.env["marketing.trace"].with_user(self.marketer)
        with self.assertRaises(UserError):
            trace.browse(1).write({"due_date": FRIDAY})

    # ------------------------------------------------------------
    # Whose clock
    # ------------------------------------------------------------

    def test_forty_zones_get_it_at_nine_on_their_clock(self):
        """One campaign, two days later at 09:00, within the hours of each recipient."""
        zones = pytz.common_timezones[:: len(pytz.common_timezones) // 40][:40]
        people = self.env["res.partner"].create(
            [
                {"name": tz, "email": f"{n}@zones.example.com", "tz": tz, "category_id": [(4, self.category.id)]}
                for n, tz in enumerate(zones)
            ]
        )
        campaign = self._create_office_campaign(tz_mode="recipient")
        first = self._create_action(campaign, "Act")
        email = self._create_email(
            campaign, "Hello", "activity", first, interval_number=2, interval_type="days", at_time=True, time_of_day=9
        )
        self._start(campaign, self.start)
        self._run_crons(self.start, EXECUTION_CRON)
        for person in people:
            due = self._trace(email, person).schedule_date
            local = to_wall(due, person.tz)
            self.assertEqual((local.hour, local.minute), (9, 0), person.tz)
            self.assertTrue(timedelta(days=2) <= due - self.start < timedelta(days=3, hours=1), person.tz)
        for moment in sorted(set(self._trace(email, person).schedule_date for person in people)):
            self._run_crons(moment, EXECUTION_CRON)
        for person in people:
            trace = self._trace(email, person)
            self.assertEqual(trace.state, "processed", person.tz)
            self.assertEqual(to_wall(trace.done_date, person.tz).hour, 9, person.tz)

    def test_a_zone_is_the_records_or_that_of_its_country(self):
        belgium, usa = self.env.ref("base.be"), self.env.ref("base.us")
        ada, ben, cleo, dan, eve = self.contacts
        ada.write({"tz": "Asia/Tokyo", "country_id": belgium.id})
        ben.write({"tz": False, "country_id": self.env.ref("base.de").id})
        cleo.write({"tz": False, "country_id": usa.id})
        (dan | eve).write({"tz": False, "country_id": False})
        self.env.flush_all()
        self.cr.execute("UPDATE res_partner SET tz = 'Mars/Olympus' WHERE id = %s", [eve.id])
        self.env.invalidate_all()
        campaign = self._create_campaign(tz_mode="recipient")
        self._create_email(campaign, "Welcome")
        self._start(campaign)
        campaign = campaign.sudo()
        clocks = campaign._get_clocks(self.contacts.ids, self.start)
        with self.assertQueryCount(1):
            zones = [clocks.get(person.id) for person in self.contacts]
            again = campaign._get_clocks(ada.ids, self.start).get(ada.id)
        self.assertEqual(
            zones, ["Asia/Tokyo", "Europe/Berlin", "Europe/Brussels", "Europe/Brussels", "Europe/Brussels"]
        )
        self.assertEqual(again, "Asia/Tokyo")

    def test_other_targets_have_the_zone_of_their_partner(self):
        partner = self.env["res.partner"].create({"name": "Zoe", "tz": "Asia/Tokyo"})
        users = self.env["res.users"].with_context(no_reset_password=True)
        user = users.create({"name": "Zoe", "login": "zoe", "partner_id": partner.id})
        contact = self.env["mailing.contact"].create({"name": "Mia", "country_id": self.env.ref("base.jp").id})
        campaign = self._create_campaign(model_id=self.env["ir.model"]._get_id("mailing.contact"), domain="[]").sudo()
        self.assertEqual(campaign._read_zones({contact.id}, self.start), {contact.id: "Asia/Tokyo"})
        query = user._search([("id", "=", user.id)])
        names, _countries = campaign._find_zone_columns(user.sudo(), query)
        self.assertEqual(self.env.execute_query(query.select(*names)), [("Asia/Tokyo",) * len(names)])

    def test_a_person_who_moves_is_asked_anew_at_each_step(self):
        ada = self.contacts[0]
        ada.tz = "Asia/Tokyo"
        campaign = self._create_office_campaign(tz_mode="recipient")
        email = self._create_email(campaign, "Welcome")
        self._start(campaign, FRIDAY)
        self._run_crons(FRIDAY, EXECUTION_CRON)
        trace = self._trace(email, ada)
        self.assertEqual(to_wall(trace.schedule_date, "Asia/Tokyo"), datetime(2026, 6, 8, 9))
        ada.tz = "America/New_York"
        tokyo = trace.schedule_date
        self._run_crons(tokyo, EXECUTION_CRON)
        self.assertEqual(to_wall(trace.schedule_date, "America/New_York"), datetime(2026, 6, 8, 9))
        self.assertEqual(trace.due_date, FRIDAY)

    def test_a_wait_until_a_weekday_follows_the_clock(self):
        ada, ben = self.contacts[:2]
        ada.tz, ben.tz = "Asia/Tokyo", "America/New_York"
        campaign = self._create_campaign(tz_mode="recipient")
        wait = self._create_activity(
            campaign, "Monday", "wait", "begin", None, wait_type="weekday", wait_weekday="0", wait_time=9.0
        )
        self._start(campaign, FRIDAY)
        self._run_crons(FRIDAY, EXECUTION_CRON)
        for person in (ada, ben):
            self.assertEqual(to_wall(self._trace(wait, person).schedule_date, person.tz), datetime(2026, 6, 8, 9))

    def test_a_time_of_day_that_does_not_exist_counts_on(self):
        """29 March 2026 has no 02:30 in Brussels."""
        campaign = self._create_campaign()
        email = self._create_email(campaign, "Welcome", at_time=True, time_of_day=2.5)
        self._start(campaign, datetime(2026, 3, 28, 12))
        due = self._trace(email, self.contacts[0]).schedule_date
        self.assertEqual(to_wall(due, "Europe/Brussels"), datetime(2026, 3, 29, 3, 30))

    def test_words_have_the_time_of_day(self):
        campaign = self._create_office_campaign()
        first = self._create_email(campaign, "Welcome")
        second = self._create_email(
            campaign, "Again", "activity", first, interval_number=2, interval_type="days", at_time=True, time_of_day=9.5
        )
        self.assertEqual(second.trigger_label, "2 days after “Welcome” was sent, at 09:30")
        self.assertEqual(second._get_badge()[0], "After 2 days, at 09:30")
        self.assertIn("Outside of the sending hours it waits", second.sentence)
        second.interval_number = 0
        self.assertEqual(second.trigger_label, "At the next 09:30 after “Welcome” was sent")
        self.assertEqual(second._get_badge()[0], "At the next 09:30")
        second.trigger_type = "mail_open"
        self.assertEqual(second.trigger_label, "At the next 09:30 after “Welcome” was opened")
        self.assertEqual(second._get_badge()[0], "Opened · at the next 09:30")
        with Form(second) as form:
            form.ignore_sending_hours = True
            self.assertIn("It leaves at any time", form.sentence)

    # ------------------------------------------------------------
    # Update
    # ------------------------------------------------------------

    def test_update_moves_who_waits_for_other_hours(self):
        campaign = self._create_office_campaign()
        email = self._create_email(campaign, "Welcome")
        self._start(campaign, FRIDAY)
        self._run_crons(FRIDAY, EXECUTION_CRON)
        weekend = self._make_calendar("Weekend", days=(5, 6))
        trace = self._trace(email, self.contacts[0])

        def update(moment=FRIDAY, **values):
            campaign.write(values)
            self.assertTrue(campaign.require_sync)
            with self._at(moment):
                preview = campaign.get_update_preview()
                campaign.action_update_participants()
            self.assertFalse(campaign.require_sync)
            return preview["changes"], preview["steps"].get(email.id, {}).get("rescheduled", 0)

        changes, moved = update(sending_calendar_id=weekend.id)
        self.assertEqual(changes, ["The sending hours were changed. Before: “Office”. Now: “Weekend”."])
        self.assertEqual(moved, 5)
        self.assertEqual(to_wall(trace.schedule_date, "Europe/Brussels"), datetime(2026, 6, 6, 9))
        self.contacts[0].tz = "Asia/Tokyo"  # where it is Saturday at 1
        changes, moved = update(tz_mode="recipient")
        self.assertEqual(changes, ["Whose clock counts was changed. Before: The campaign's. Now: Each recipient's."])
        self.assertEqual(moved, 1)
        self.assertEqual(to_wall(trace.schedule_date, "Asia/Tokyo"), datetime(2026, 6, 6, 9))
        email.ignore_sending_hours = True
        with self._at(FRIDAY):
            self.assertEqual(campaign.get_update_preview()["steps"][email.id]["rescheduled"], 5)
            campaign.action_update_participants()
        self.assertEqual((trace.schedule_date, trace.due_date), (FRIDAY, False))
        self._run_crons(FRIDAY, EXECUTION_CRON)
        self.assertTraces(email, dict.fromkeys(self.contacts, "processed"))

    def test_update_moves_steps_to_another_time_of_day(self):
        campaign = self._create_campaign()
        first = self._create_action(campaign, "Act")
        email = self._create_email(campaign, "Again", "activity", first, interval_number=1, interval_type="days")
        self._start(campaign, FRIDAY)
        self._run_crons(FRIDAY, EXECUTION_CRON)
        email.write({"at_time": True, "time_of_day": 9})
        with self._at(FRIDAY):
            preview = campaign.get_update_preview()
            self.assertEqual(preview["steps"][email.id]["rescheduled"], 5)
            self.assertIn("at 09:00", preview["changes"][0])
            campaign.action_update_participants()
        due = self._trace(email, self.contacts[0]).schedule_date
        self.assertEqual(to_wall(due, "Europe/Brussels"), datetime(2026, 6, 7, 9))


def to_wall(moment, tz):
    return pytz.utc.localize(moment).astimezone(pytz.timezone(tz)).replace(tzinfo=None)
