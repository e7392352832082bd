from datetime import date, datetime, timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from ..engine.occurrences import Look
from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class EntryDatesCase(MarketingAutomationCommon, CronMixinCase):
    """Who enters by a date of the record. Mara's clock, and so the campaign's, is that of Brussels."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, ttype, label in (("x_renewal", "date", "Renewal date"), ("x_visit", "datetime", "Visit")):
            values = {"name": name, "field_description": label, "model_id": cls.model_partner.id, "ttype": ttype}
            cls.env["ir.model.fields"].create({**values, "index": True})
        cls.marketer.tz = "Europe/Brussels"
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.activity = cls._create_action(cls.campaign, "Act")

    @classmethod
    def _by(cls, entry_type="date", date_field="x_renewal", **values):
        """Have people enter by a date alone; by default 30 days before the renewal, at 09:00."""
        values = {"offset_number": 30, **values} if date_field == "x_renewal" else values
        entry = {"entry_type": entry_type, "date_field": date_field, **values}
        cls.campaign.entry_ids = [Command.clear(), Command.create(entry)]
        return cls.campaign.entry_ids

    def _sync(self, *moment):
        self._run_crons(datetime(*moment), ENROLMENT_CRON)

    def _inside(self):
        """Return the names of those inside, by when they came."""
        people = self.campaign.sudo().participant_ids.sorted(lambda one: (one.date_start, one.res_id))
        return self.env["res.partner"].browse(people.mapped("res_id")).mapped("name")


@tagged("post_install", "-at_install")
class TestEntryDates(EntryDatesCase):
    def test_thirty_days_before_at_nine(self):
        entry = self._by()
        self.assertEqual(entry.sentence, "30 days before “Renewal date”, at 09:00")
        self.ada.x_renewal = "2026-07-05"
        self.ben.x_renewal = "2026-07-06"
        stranger = self.env["res.partner"].create({"name": "Stranger", "x_renewal": "2026-07-05"})
        self._start(self.campaign)
        self.assertFalse(self._inside())
        self._sync(2026, 6, 5, 6, 59)
        self.assertFalse(self._inside())
        self._sync(2026, 6, 5, 7, 0)
        self.assertEqual(self._inside(), ["Ada"], "the campaign's filter holds")
        participant = self._participant(self.campaign, self.ada)
        self.assertEqual(
            (participant.source, participant.entry_id, participant.entry_key), ("date", entry, "2026-07-05")
        )
        self.assertTrue(self._trace(self.activity, self.ada))
        self._sync(2026, 6, 6, 9, 0)
        self.assertEqual(self._inside(), ["Ada", "Ben"])
        self.assertNotIn(stranger.id, self.campaign.sudo().participant_ids.mapped("res_id"))

    def test_the_cron_wakes_at_the_moment(self):
        self._by()
        with self.capture_triggers(ENROLMENT_CRON) as captured:
            self._start(self.campaign)
        self.assertEqual(captured.records.mapped("call_at"), [datetime(2026, 6, 2, 7)])
        with self.capture_triggers(ENROLMENT_CRON) as captured:
            self._sync(2026, 6, 1, 9, 0)
        self.assertFalse(captured.records, "one is there already")

    def test_each_enters_at_nine_on_their_clock(self):
        self._by(offset_number=0)
        self.campaign.tz_mode = "recipient"
        self.ada.tz, self.ben.tz, self.cleo.tz = "Asia/Tokyo", "America/New_York", "Europe/Brussels"
        self.contacts[:3].x_renewal = "2026-06-05"
        self._start(self.campaign)
        for moment, inside in (
            (datetime(2026, 6, 4, 23, 55), []),
            (datetime(2026, 6, 5, 0), ["Ada"]),
            (datetime(2026, 6, 5, 6, 30), ["Ada"]),
            (datetime(2026, 6, 5, 7), ["Ada", "Cleo"]),
            (datetime(2026, 6, 5, 12, 30), ["Ada", "Cleo"]),
            (datetime(2026, 6, 5, 13), ["Ada", "Cleo", "Ben"]),
        ):
            if moment.minute == 0:
                triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", self.env.ref(ENROLMENT_CRON).id)])
                self.assertIn(moment, triggers.mapped("call_at"), "the engine wakes by itself")
            self._run_crons(moment, ENROLMENT_CRON)
            self.assertEqual(self._inside(), inside, moment)
        self.assertEqual(set(self.campaign.sudo().participant_ids.mapped("entry_key")), {"2026-06-05"})

    def test_hours_before_a_visit(self):
        self._by(date_field="x_visit", offset_number=2, offset_unit="hours")
        self.assertEqual(self.campaign.entry_ids.sentence, "2 hours before “Visit”")
        self.ada.x_visit = datetime(2026, 6, 1, 10, 41)
        self._start(self.campaign)  # at 8:00
        with self.capture_triggers(ENROLMENT_CRON) as captured:
            self._sync(2026, 6, 1, 8, 10)
        self.assertFalse(captured.records, "Start triggered it")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", self.env.ref(ENROLMENT_CRON).id)])
        self.assertIn(datetime(2026, 6, 1, 8, 45), triggers.mapped("call_at"))
        self._sync(2026, 6, 1, 8, 40)
        self.assertFalse(self._inside())
        self._sync(2026, 6, 1, 8, 45)
        self.assertEqual(self._inside(), ["Ada"])

    def test_every_year(self):
        self._by("anniversary", offset_number=0)
        self.assertEqual(self.campaign.entry_ids.sentence, "Every year, on “Renewal date”, at 09:00")
        self.ada.x_renewal = "1980-06-02"
        self.ben.x_renewal = "2026-06-02"
        self.cleo.x_renewal = "2027-06-02"  # counts from its own year on
        self._start(self.campaign)
        self._sync(2026, 6, 2, 7, 0)
        self.assertEqual(self._inside(), ["Ada", "Ben"])
        self.assertEqual(self._participant(self.campaign, self.ada).entry_key, "2026-06-02")
        self._sync(2027, 6, 1, 7, 0)
        self._sync(2027, 6, 2, 7, 0)
        self.assertEqual(self._inside(), ["Ada", "Ben", "Cleo"])

    def test_anniversaries_of_a_moment(self):
        self._by("anniversary", "x_visit", offset_number=1, offset_unit="days", offset_direction="after")
        self.ada.x_visit = datetime(2024, 2, 29, 23, 30)  # 1 March in Brussels
        self.ben.x_visit = datetime(2024, 2, 28, 23, 30)  # 29 February there
        self._start(self.campaign, datetime(2027, 2, 20))
        for day, inside in ((27, []), (28, ["Ben"]), (29, ["Ben", "Ada"])):
            self._run_crons(datetime(2027, 2, 1, 23, 30) + timedelta(days=day - 1), ENROLMENT_CRON)
            self.assertEqual(self._inside(), inside, day)

    def test_a_date_that_moves(self):
        self._by()
        self.contacts[:3].x_renewal = "2026-07-05"
        self._start(self.campaign)
        self.ada.x_renewal = "2026-07-08"  # before its moment: the moment moves
        self._sync(2026, 6, 5, 7, 0)
        self.assertEqual(self._inside(), ["Ben", "Cleo"])
        self.ben.x_renewal = "2026-07-07"  # after it: another occurrence, for who may come again
        for day in (6, 7, 8, 9):
            self._sync(2026, 6, day, 7, 0)
        self.assertEqual(self._inside(), ["Ben", "Cleo", "Ada"])
        self.ben.x_renewal = "2026-07-05"  # and back
        self._sync(2026, 6, 9, 8, 0)
        self.assertEqual(self._inside(), ["Ben", "Cleo", "Ada"])

    def test_a_date_that_is_entered_late_on_its_day_counts(self):
        self._by()
        self._start(self.campaign)
        self._sync(2026, 6, 5, 7, 0)
        self.ada.x_renewal = "2026-07-05"
        self.ben.x_renewal = "2026-07-04"  # the day before: too late
        self._sync(2026, 6, 5, 12, 0)
        self.assertEqual(self._inside(), ["Ada"])

    def test_what_lies_before_start_enters_nobody_unless_asked_for(self):
        self._by()
        self.ada.x_renewal = "2026-07-01"  # 1 June, 9:00: an hour before Start
        self.ben.x_renewal = "2026-06-29"
        self.cleo.x_renewal = "2026-06-01"
        self._start(self.campaign)
        self._sync(2026, 6, 1, 9, 0)
        self.assertFalse(self._inside())
        self.campaign.action_stop_campaign()
        with self._at(self.start):
            self.campaign.action_start_campaign(past_days=5)
        self.assertEqual(self._inside(), ["Ada", "Ben"])

    def test_a_server_that_was_down(self):
        self._by()
        self._start(self.campaign)
        self._sync(2026, 6, 1, 9, 0)
        for contact, day in zip(self.contacts, (4, 5, 6, 7, 8), strict=True):
            contact.x_renewal = date(2026, 6, day) + timedelta(days=30)
        self._sync(2026, 6, 8, 8, 0)
        self.assertEqual(self._inside(), ["Cleo", "Dan", "Eve"], "three days at most")

    def test_days_of_grace_can_be_set(self):
        self.env["ir.config_parameter"].set_param("marketing_automation.entry_grace_days", "5")
        self._by()
        self._start(self.campaign)
        self._sync(2026, 6, 1, 9, 0)
        self.ada.x_renewal, self.ben.x_renewal = date(2026, 7, 2), date(2026, 7, 4)
        self._sync(2026, 6, 8, 8, 0)
        self.assertEqual(self._inside(), ["Ben"])

    def test_a_clock_that_is_put_back(self):
        self._by()
        self.ada.x_renewal = "2026-07-05"
        self._start(self.campaign)
        self._sync(2026, 6, 5, 8, 0)
        self._sync(2026, 6, 3, 8, 0)
        self.ben.x_renewal = "2026-07-04"
        self._sync(2026, 6, 4, 8, 0)
        self._sync(2026, 6, 5, 8, 0)
        self.assertEqual(sorted(self._inside()), ["Ada", "Ben"])

    def test_chunks(self):
        """More than one chunk on one day, and none of them twice."""
        self._by()
        self.contacts.x_renewal = "2026-07-05"
        self._start(self.campaign)
        campaign, now = self.campaign.sudo(), datetime(2026, 6, 5, 8)
        position, rounds = (0, 0), 0
        while position is not None:
            position = campaign._sync_chunk(position, now, 2)
            rounds += 1
        self.assertEqual(rounds, 3)
        self.assertEqual(len(self._inside()), 5)

    def test_it_begins_with_what_is_published(self):
        """An entry that is changed while the campaign runs looks back no further than that."""
        self._by(offset_number=10)
        self.ada.x_renewal = "2026-07-05"
        self._start(self.campaign)
        self.campaign.entry_ids.offset_number = 30
        self._sync(2026, 6, 5, 8, 0)
        self.assertFalse(self._inside(), "what runs is as it was")
        self.assertTrue(self.campaign.require_sync)
        with self._at(datetime(2026, 6, 5, 9)):
            self.campaign.action_update_participants()
        self._sync(2026, 6, 5, 10, 0)
        self.assertFalse(self._inside())
        self.ben.x_renewal = "2026-07-06"
        self._sync(2026, 6, 6, 8, 0)
        self.assertEqual(self._inside(), ["Ben"])

    def test_twenty_years(self):
        """With re-entry each person enters every year on the right day, and once."""
        self._by("anniversary", offset_number=0)
        self.campaign.reentry = "after_end"
        self.ada.x_renewal, self.ben.x_renewal = "1980-02-29", "1999-12-31"
        self._start(self.campaign, datetime(2026, 1, 1))
        days = []
        for year in range(2026, 2046):
            leap = date(year, 2, 29 if year % 4 == 0 else 28)
            for day in (leap, date(year, 12, 31)):
                moment = datetime(day.year, day.month, day.day, 8)
                around = (timedelta(minutes=-5), timedelta(0), timedelta(minutes=30))
                for late in around if year < 2030 else (timedelta(0),):
                    self._run_crons(moment + late, ENROLMENT_CRON, EXECUTION_CRON)
                days.append(day.isoformat())
        people = self.campaign.sudo().participant_ids.sorted("date_start")
        self.assertEqual(people.mapped("entry_key"), days)
        self.assertEqual([str(one.date_start) for one in people], [f"{day} 08:00:00" for day in days])
        self.assertEqual(people.filtered(lambda one: one.res_id == self.ada.id).mapped("run"), list(range(1, 21)))

    def test_one_who_has_finished_does_not_come_again_for_the_same_date(self):
        self._by()
        self.campaign.reentry = "restart"
        self.ada.x_renewal = "2026-07-05"
        self._start(self.campaign)
        for hour in (7, 8, 9):
            self._sync(2026, 6, 5, hour, 0)
            self._run_crons(datetime(2026, 6, 5, hour), EXECUTION_CRON)
        self.assertEqual(self._inside(), ["Ada"])
        self.ada.x_renewal = "2026-07-07"  # moved afterwards: another occurrence
        self._sync(2026, 6, 7, 8, 0)
        self.assertEqual(self._inside(), ["Ada", "Ada"])

    def test_beside_the_filter(self):
        self.campaign.entry_ids = [
            Command.create({"entry_type": "date", "date_field": "x_renewal", "offset_number": 30})
        ]
        self.ada.x_renewal = "2026-07-05"
        self._start(self.campaign)
        self._sync(2026, 6, 5, 8, 0)
        self.assertEqual(self.campaign.sudo().participant_ids.mapped("source"), ["filter"] * 5)

    # ------------------------------------------------------------
    # What is told
    # ------------------------------------------------------------

    def test_the_last_look_before_start(self):
        self._by()
        self.ada.x_renewal, self.ben.x_renewal = "2026-07-05", "2026-07-06"
        self.cleo.x_renewal, self.dan.x_renewal = "2026-06-29", "2026-06-10"
        with self._at(self.start):
            wizard = self.env["marketing.campaign.start"].with_user(self.marketer)
            wizard = wizard.create({"campaign_id": self.campaign.id})
            self.assertEqual(
                wizard.entry_text,
                "30 days before “Renewal date”, at 09:00: Next: 1 on 06/05/2026, 1 on 06/06/2026. "
                "2 had their moment in the last 30 days: they do not enter.",
            )
            self.assertEqual((wizard.enroll_count, wizard.past_count, wizard.has_dates), (0, 0, True))
            wizard.past_days = 5
            self.assertEqual(wizard.past_count, 1)
            wizard.action_start()
        self.assertEqual(self._inside(), ["Cleo"])

    def test_the_first_messages_of_past_dates(self):
        """Who enters for them is counted as at Start: each once, and one of those that share a value."""
        self._create_email(self.campaign, "Welcome")
        self.contacts.x_renewal = "2026-06-29"
        self.dan.write({"x_renewal": "2026-06-10", "email": False})
        self._by()
        wizards = self.env["marketing.campaign.start"].with_user(self.marketer)
        with self._at(self.start):
            wizard = wizards.create({"campaign_id": self.campaign.id})
            self.assertEqual(wizard.message_summary, "Email: 0")
            wizard.past_days = 5
            self.assertEqual((wizard.past_count, wizard.message_summary), (4, "Email: 4"))
            wizard.past_days = 30
            self.assertEqual((wizard.past_count, wizard.message_summary), (5, "Email: 4"))
            self.assertIn("1 without an email address", wizard.left_out_text)
            self.eve.email = self.ada.email.upper()
            self.campaign.unique_field_id = self.env["ir.model.fields"]._get("res.partner", "email")
            wizard = wizards.create({"campaign_id": self.campaign.id, "past_days": 5})
            self.assertEqual((wizard.past_count, wizard.message_summary), (3, "Email: 3"))
            self.campaign.entry_ids = [Command.create({"entry_type": "filter"})]
            wizard = wizards.create({"campaign_id": self.campaign.id, "past_days": 5})
            self.assertEqual((wizard.enroll_count, wizard.past_count, wizard.message_summary), (4, 0, "Email: 3"))

    def test_the_first_card_of_the_workflow(self):
        entry = self._by()
        with self._at(self.start):
            [card] = self.campaign.get_workflow_cards()["entries"]
            self.assertEqual((card["sentence"], card["entered_today"]), (entry.sentence, 0))
            self.assertEqual(self.campaign.get_entry_numbers(), {str(entry.id): ["Nobody is due in the next 7 days."]})
        self.contacts[:2].x_renewal = "2026-07-05"
        self.env["res.partner"].create({"name": "Stranger", "x_renewal": "2026-07-05"})
        self._start(self.campaign)
        self._sync(2026, 6, 5, 7, 0)
        with self._at(datetime(2026, 6, 5, 9)):
            self.assertEqual(self.campaign.get_workflow_cards()["entries"][0]["entered_today"], 2)
            numbers = self.campaign.get_entry_numbers()[str(entry.id)]
            self.assertEqual(numbers[1:], ["Not entered today: 1 who do not match the filter."])
        with self._at(datetime(2026, 6, 6, 9)):
            self.assertEqual(self.campaign.get_workflow_cards()["entries"][0]["entered_today"], 0)

    # ------------------------------------------------------------
    # What is refused, and what goes
    # ------------------------------------------------------------

    def test_what_is_refused(self):
        entry = self._by()
        of_users = self.env["ir.model.fields"]._get("res.users", "create_date")
        for values in (
            {"date_field": "no_such_field"},
            {"date_field": "name"},
            {"date_field": ["x_renewal"]},
            {"date_field_id": of_users.id},
            {"date_field": "message_ids"},
            {"date_field": "activity_date_deadline"},  # computed
            {"offset_number": 10**9},
            {"offset_number": 2**40},
            {"offset_number": -1},
            {"offset_number": 1.5},
            {"offset_unit": "years"},
            {"offset_direction": "beside"},
            {"time_of_day": 99},
            {"time_of_day": -0.5},
            {"time_of_day": float("nan")},
            {"time_of_day": float("inf")},
            {"entry_type": "sometimes"},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                entry.write(values)

    def test_a_date_that_is_not_chosen_yet(self):
        self.campaign.entry_ids = [Command.clear(), Command.create({"entry_type": "date"})]
        self.assertIn("“Date”", self.campaign.entry_ids.problem)
        with self.assertRaisesRegex(UserError, "An entry lacks its “Date”: choose it"):
            self._start(self.campaign)

    def test_days_back_are_checked(self):
        self._by()
        for days in (-1, 366, True, "3", None, 1.5, [1], 10**30):
            with self.subTest(days), self.assertRaises(UserError):
                self.campaign.action_start_campaign(days)

    def test_another_target(self):
        entry = self._by()
        campaign = self._create_campaign(name="Empty")
        campaign.entry_ids = [Command.clear(), Command.create({"entry_type": "date", "date_field": "x_renewal"})]
        campaign.model_id = self.env["ir.model"]._get("mailing.contact")
        self.assertFalse(campaign.entry_ids.date_field)
        self.assertEqual(entry.date_field, "x_renewal")

    def test_a_field_that_the_user_may_not_read(self):
        self.patch(self.env.registry["res.partner"]._fields["x_visit"], "groups", "base.group_system")
        with self.assertRaisesRegex(ValidationError, "may not read “Visit”"):
            self._by(date_field="x_visit")

    def test_a_field_that_the_user_may_no_longer_read(self):
        entry = self._by()
        self.ada.x_renewal = "2026-07-05"
        self.ben.x_renewal = "2026-07-07"
        self._start(self.campaign)
        self._sync(2026, 6, 5, 8, 0)
        self.patch(self.env.registry["res.partner"]._fields["x_renewal"], "groups", "base.group_system")
        self._sync(2026, 6, 7, 8, 0)
        self.assertEqual(self._inside(), ["Ada"])
        self.assertEqual(self.campaign.state, "running")
        self.assertIn("may not read “Renewal date”", entry.problem)

    def _get_due_sql(self):
        campaign = self.campaign.sudo()._as_described(self.marketer)
        running = campaign._get_workflow().entries[0]
        entries = campaign.env["marketing.entry"]
        look = Look(entries._get_rule(campaign, running), self.start, self.start + timedelta(days=1))
        query, _column = entries._get_due_query(campaign, running, look)
        return query.select()

    def test_an_index_of_the_dates_can_be_used(self):
        """The column is compared as it is. An index that is made in a test's transaction would not be used yet."""
        for entry_type, name, how in (
            ("date", "x_renewal", "BETWEEN"),
            ("date", "x_visit", "BETWEEN"),
            ("anniversary", "x_renewal", "= ANY"),
        ):
            self._by(entry_type, name)
            self.assertIn(f'"res_partner"."{name}" {how}', self._get_due_sql().code)

    def test_the_sql_has_no_local_time(self):
        """One database of zones: PostgreSQL is asked for none."""
        self._by("anniversary", "x_visit")
        code = self._get_due_sql().code.lower()
        self.assertNotIn("time zone", code)
        self.assertNotIn("timezone", code)

    def test_when_the_field_is_deleted(self):  # the last one: the registry goes without it from then on
        entry = self._by()
        self.ada.x_renewal = "2026-07-05"
        self._start(self.campaign)
        self._sync(2026, 6, 5, 8, 0)
        entry.date_field_id.sudo().unlink()
        self.env.invalidate_all()
        self._sync(2026, 6, 6, 8, 0)
        self.assertEqual((self.campaign.state, self._inside()), ("running", ["Ada"]))
        self.assertEqual(self._participant(self.campaign, self.ada).state, "running", "nobody inside is touched")
        self.assertIn("“x_renewal” by which people enter no longer exists", entry.problem)
        self.assertIn(entry.problem, self.campaign.warning_text)
        self.campaign.action_stop_campaign()
        with self.assertRaisesRegex(UserError, "no longer exists"):
            self._start(self.campaign)
