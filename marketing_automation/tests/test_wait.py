from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

PAID = "[('ref', '=', 'paid')]"


class WaitCase(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()  # what the actions do is done in their name
        cls.marketer.tz = "Europe/Brussels"
        cls.ada, cls.ben, cls.cleo, *_others = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.wait = cls._create_activity(
            cls.campaign,
            "Paid?",
            "wait",
            "begin",
            None,
            wait_domain=PAID,
            wait_limit_number=4,
            wait_limit_unit="hours",
        )
        cls.done = cls._create_action(cls.campaign, "Thank", "wait_done", cls.wait, code="pass")
        cls.late = cls._create_action(cls.campaign, "Remind", "wait_timeout", cls.wait, code="pass")

    def _live(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)

    def _after(self, *xmlids, **duration):
        self._run_crons(self.start + timedelta(**duration), *(xmlids or (EXECUTION_CRON,)))

    def _wait_of(self, record):
        return self._trace(self.wait, record)


@tagged("post_install", "-at_install")
class TestWait(WaitCase):
    """A wait: who comes to it stays until what it waits for is true, or until its time is over."""

    # ------------------------------------------------------------
    # Until the record matches
    # ------------------------------------------------------------

    def test_abandoned_cart(self):
        """Wait until paid, at most 4 hours, else remind."""
        self.ada.ref = "paid"
        self._live()
        self.assertTraces(self.done, {self.ada: "processed", self.ben: None, self.cleo: None})
        self.assertEqual(
            (self._wait_of(self.ben).state, self._wait_of(self.ben).waiting_since), ("scheduled", self.start)
        )
        self.ben.ref = "paid"
        self._after(minutes=5)
        self.assertTraces(self.done, {self.ada: "processed", self.ben: "processed", self.cleo: None})
        self._after(hours=4, seconds=-1)
        self.assertTraces(self.late, dict.fromkeys(self.contacts))
        self._after(hours=4)
        self.assertTraces(self.late, {self.ada: None, self.ben: None, self.cleo: "processed"})
        self.assertTraces(self.done, {self.ada: "processed", self.ben: "processed", self.cleo: None})
        self.assertEqual(set(self.campaign.sudo().participant_ids.mapped("state")), {"completed"})

    def test_who_pays_at_the_last_moment_has_paid(self):
        self._live()
        self._after(hours=4, seconds=-1)
        self.ben.ref = "paid"
        self._after(hours=4)
        self.assertTraces(self.done, {self.ben: "processed", self.cleo: None})
        self.assertTraces(self.late, {self.ben: None, self.cleo: "processed"})

    def test_without_a_limit_it_lasts(self):
        self.wait.wait_limit_number = 0
        self._live()
        self.assertFalse(self._wait_of(self.ada).schedule_date)
        self._after(days=400)
        self.assertTraces(self.wait, dict.fromkeys(self.contacts, "scheduled"))
        self.assertEqual(set(self.campaign.sudo().participant_ids.mapped("state")), {"running"})
        self.ada.ref = "paid"
        self._after(days=400, minutes=5)
        self.assertTraces(self.done, {self.ada: "processed", self.ben: None})

    def test_it_is_looked_at_every_five_minutes(self):
        """And not at each run in between: the engine runs for each message that is opened."""
        self._live()
        self._after(minutes=5)
        self.ben.ref = "paid"
        self._after(minutes=9)
        self.assertTraces(self.done, {self.ben: None})
        self._after(minutes=10)
        self.assertTraces(self.done, {self.ben: "processed"})

    def test_an_enrolment_looks_at_once(self):
        self._live()
        self._after(minutes=5)
        self.ben.ref = "paid"
        self._after(ENROLMENT_CRON, EXECUTION_CRON, minutes=6)
        self.assertTraces(self.done, {self.ben: "processed"})

    def test_the_engine_is_woken_for_the_next_look(self):
        self._start(self.campaign)
        triggers = [("cron_id", "=", self.env.ref(EXECUTION_CRON).id)]
        self.env["ir.cron.trigger"].search(triggers).unlink()
        self._run_crons(self.start, EXECUTION_CRON)
        woken = self.env["ir.cron.trigger"].search(triggers).mapped("call_at")
        self.assertEqual(woken, [self.start + timedelta(minutes=5)])

    def test_nobody_goes_on_twice(self):
        """Moved twice, as by two lanes, it is executed once."""
        self._live()
        self.ben.ref = "paid"
        campaign = self.campaign.sudo()
        campaign.wait_look_date = self.start
        self.env.flush_all()
        with self._at(self.start):
            self.assertEqual(campaign._look_at_waits(self.start + timedelta(minutes=5)), 1)
            campaign.wait_look_date = self.start
            self.env.flush_all()
            self.assertEqual(campaign._look_at_waits(self.start + timedelta(minutes=5)), 0)
        self._after(minutes=5)
        self._after(minutes=6)
        self.assertTraces(self.done, {self.ben: "processed"})
        self.assertEqual(len(self.done.sudo().trace_ids), 1)

    def test_who_matched_for_a_moment_waits_on(self):
        """What is true when it is decided counts."""
        self._live()
        self.ben.ref = "paid"
        with self._at(self.start):
            self.campaign.sudo().wait_look_date = self.start
            self.env.flush_all()
            self.campaign.sudo()._look_at_waits(self.start)
        self.ben.ref = False
        self._after(minutes=1)
        wait = self._wait_of(self.ben)
        self.assertEqual((wait.state, wait.waiting_since), ("scheduled", self.start))
        self.assertEqual(wait.schedule_date, self.start + timedelta(hours=4), "its limit counts from its beginning")

    def test_records_that_the_user_may_not_see(self):
        self._live()
        self.ben.ref = "paid"
        rule = {"name": "Not Ben", "model_id": self.env["ir.model"]._get_id("res.partner")}
        self.env["ir.rule"].create({**rule, "domain_force": f"[('id', '!=', {self.ben.id})]"})
        self._after(minutes=5)
        self.assertTraces(self.done, {self.ben: None})

    def test_archived_records_of_the_audience(self):
        """They match as those do that the campaign takes in."""
        self.campaign.domain = f"[('id', 'in', {self.contacts.ids}), ('active', 'in', [True, False])]"
        self.ben.active = False
        self._live()
        self.ben.ref = "paid"
        self._after(minutes=5)
        self.assertTraces(self.done, {self.ben: "processed"})

    def test_a_record_that_it_names_is_deleted(self):
        tag = self.env["res.partner.category"].create({"name": "Team"})
        self.wait.wait_domain = f"[('category_id', 'in', [{tag.id}])]"
        self._live()
        tag.unlink()
        self._after(minutes=5)
        self.assertEqual(self.campaign.state, "stopped")
        self.assertRegex(self.campaign.sudo().stop_reason, "What “Paid\\?” waits for: .* was deleted")
        self.assertTraces(self.wait, dict.fromkeys(self.contacts, "scheduled"))

    # ------------------------------------------------------------
    # Until a weekday, an event
    # ------------------------------------------------------------

    def test_until_a_weekday(self):
        """1 June 2026 is a Monday: the next Tuesday at 10 of Brussels is 8 of Greenwich."""
        self.wait.write({"wait_type": "weekday", "wait_weekday": "1", "wait_time": 10, "wait_limit_number": 0})
        self._live()
        self.assertEqual(str(self._wait_of(self.ada).schedule_date), "2026-06-02 08:00:00")
        self._after(hours=23, minutes=59)
        self.assertTraces(self.done, {self.ada: None})
        self._after(hours=24)
        self.assertTraces(self.done, dict.fromkeys(self.contacts, "processed"))

    def test_until_a_weekday_at_most(self):
        self.wait.write(
            {"wait_type": "weekday", "wait_weekday": "4", "wait_limit_number": 2, "wait_limit_unit": "days"}
        )
        self._live()
        self._after(days=2)
        self.assertTraces(self.late, dict.fromkeys(self.contacts, "processed"))

    def test_until_an_event(self):
        self.wait.write({"wait_type": "event", "wait_event": "click"})
        email = self._create_email(self.campaign, "Welcome")
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON, MAIL_CRON, EXECUTION_CRON)
        events = self.env["marketing.trace.event"].sudo()
        events.record_events("click", self._trace(email, self.ada).ids, "a link", date=self.start, origin="person")
        events.record_events("click", self._trace(email, self.ben).ids, "a link", date=self.start, origin="machine")
        events.record_events("open", self._trace(email, self.cleo).ids, "the pixel", date=self.start, origin="person")
        self._after(seconds=10)
        self.assertTraces(self.done, {self.ada: "processed", self.ben: None, self.cleo: None})
        self._after(hours=4)
        self.assertTraces(self.late, {self.ada: None, self.ben: "processed", self.cleo: "processed"})

    def test_replies_reach_odoo(self):
        """Odoo proposes a user's own address for them, of which no campaign hears."""
        first = self._create_email(self.campaign, "First").mass_mailing_id
        self.wait.write({"wait_type": "event", "wait_event": "click"})
        self.assertEqual(first.reply_to_mode, "new")
        self.wait.wait_event = "reply"
        second = self._create_email(self.campaign, "Second").mass_mailing_id
        other = self._create_email(self._create_campaign(name="Other"), "Other").mass_mailing_id
        self.assertEqual([mailing.reply_to_mode for mailing in first | second | other], ["update", "update", "new"])

    # ------------------------------------------------------------
    # What happens meanwhile
    # ------------------------------------------------------------

    def test_who_has_begun_to_wait_is_not_called_back(self):
        """What would have kept them from beginning comes too late."""
        email = self._create_email(self.campaign, "Welcome")
        self.wait.write({"parent_id": email.id, "trigger_type": "mail_not_open", "interval_number": 1})
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON, MAIL_CRON, EXECUTION_CRON)
        self._after(hours=1)
        trace = self._trace(email, self.ada)
        self.env["marketing.trace.event"].sudo().record_events("open", trace.ids, "the pixel", origin="person")
        self._after(hours=2)
        self.assertEqual(self._wait_of(self.ada).state, "scheduled")
        self._after(hours=5)
        self.assertTraces(self.late, {self.ada: "processed"})

    def test_stop_and_start(self):
        self._live()
        with self._at(self.start):
            self.campaign.action_stop_campaign()
        self.ben.ref = "paid"
        self._after(hours=1)
        self.assertTraces(self.done, {self.ben: None})
        self._start(self.campaign, self.start + timedelta(hours=2))
        self._after(hours=2)
        self.assertTraces(self.done, {self.ben: "processed", self.cleo: None})
        self._after(hours=4)
        self.assertTraces(self.late, {self.cleo: "processed"})

    def test_who_leaves_and_returns_waits_on(self):
        self._live()
        self.ben.category_id = False
        self._after(ENROLMENT_CRON, EXECUTION_CRON, hours=1)
        self.assertTraces(self.wait, {self.ben: "canceled"})
        self.ben.category_id = self.category
        self._after(ENROLMENT_CRON, EXECUTION_CRON, hours=2)
        self.assertEqual(
            (self._wait_of(self.ben).state, self._wait_of(self.ben).waiting_since), ("scheduled", self.start)
        )
        self._after(hours=4)
        self.assertTraces(self.late, {self.ben: "processed"})

    def _update(self, moment):
        with self._at(moment):
            preview = self.campaign.get_update_preview()
            self.campaign.action_update_participants()
        self._run_crons(moment, EXECUTION_CRON)
        return preview

    def test_update_asks_by_the_new_rule(self):
        self._live()
        self.ben.ref = "invoiced"
        self.wait.write({"wait_domain": "[('ref', '=', 'invoiced')]", "wait_limit_number": 1})
        self._after(minutes=5)
        self.assertTraces(self.done, {self.ben: None})  # an edit waits for the Update
        preview = self._update(self.start + timedelta(minutes=10))
        self.assertEqual(preview["steps"][self.wait.id]["rescheduled"], len(self.contacts))
        self.assertIn(
            "“Paid?” was: Wait until Reference is paid, at most 4 hours. It becomes: Wait until Reference is invoiced, "
            "at most 1 hour.",
            preview["changes"],
        )
        self.assertTraces(self.done, {self.ben: "processed", self.cleo: None})
        self.assertEqual(self._wait_of(self.cleo).schedule_date, self.start + timedelta(hours=1))

    def test_update_moves_the_step_and_leaves_who_waits(self):
        """Its interval, and where it hangs, are for who has not come to it."""
        first = self._create_action(self.campaign, "First", code="pass")
        self._live()
        for values in ({"interval_number": 3}, {"parent_id": first.id, "trigger_type": "activity"}):
            with self.subTest(values):
                self.wait.write(values)
                self._update(self.start + timedelta(hours=1))
                wait = self._wait_of(self.ada)
                self.assertEqual((wait.state, wait.waiting_since), ("scheduled", self.start))
                self.assertEqual(wait.schedule_date, self.start + timedelta(hours=4))

    def test_update_makes_it_another_step(self):
        self.wait.wait_limit_number = 0
        self._live()
        (self.done | self.late).action_remove()
        action = self._create_server_action(code="pass")
        self.wait.write({"activity_type": "action", "server_action_id": action.id})
        self._update(self.start + timedelta(hours=1))
        self.assertTraces(self.wait, dict.fromkeys(self.contacts, "processed"))
        self.assertFalse(self.campaign.sudo().wait_look_date, "nobody is looked at any more")

    def test_update_removes_it(self):
        self._create_action(self.campaign, "Other", code="pass")
        self._live()
        self.wait.action_remove()
        self._update(self.start + timedelta(hours=1))
        self.assertTraces(self.wait, dict.fromkeys(self.contacts, "canceled"))

    def test_a_merge_goes_on_for_the_record_that_stays(self):
        self._live()
        outside = self.env["res.partner"].create(
            {"name": "Ben B.", "ref": "paid", "category_id": [(4, self.category.id)]}
        )
        self.env["base.partner.merge.automatic.wizard"].create({})._merge((self.ben | outside).ids, outside)
        self._after(minutes=5)
        self.assertTraces(self.done, {outside: "processed"})

    # ------------------------------------------------------------
    # In a test of the campaign
    # ------------------------------------------------------------

    def _launch_test(self):
        values = {"campaign_id": self.campaign.id, "res_id": self.cleo.id, "confirmed": True}
        action = self.env["marketing.campaign.test"].with_user(self.marketer).create(values).action_launch_test()
        return self.env["marketing.participant"].with_user(self.marketer).browse(action["res_id"])

    def test_in_a_test_it_asks_and_can_be_ended_by_hand(self):
        for branch, child in (("done", self.done), ("timeout", self.late)):
            with self.subTest(branch):
                test = self._launch_test()
                with self._at(self.start):
                    test.trace_ids.action_run_test()
                [step] = test.timeline_data["steps"]
                self.assertEqual(step["state_label"], "Waiting")
                self.assertEqual(step["note"], "Wait until Reference is paid, at most 4 hours")
                self.assertIn("It waits at “Paid?”", test.test_hint)
                self.assertEqual([choice["branch"] for choice in step["choices"]], ["done", "timeout"])
                with self.assertRaises(UserError):
                    test.trace_ids.action_run_test("yes")
                with self._at(self.start):
                    test.trace_ids.action_run_test(branch)
                self.assertEqual(test.trace_ids.activity_id, self.wait | child)
        self.assertEqual(self.wait.total_waiting, 0, "tests are not counted")

    def test_in_a_test_without_a_limit(self):
        self.wait.wait_limit_number = 0
        test = self._launch_test()
        with self._at(self.start):
            test.trace_ids.action_run_test()
            test.trace_ids.action_run_test()  # not over
            self.assertEqual(test.trace_ids.state, "scheduled")
            self.cleo.ref = "paid"
            test.trace_ids.action_run_test()
        self.assertEqual(test.trace_ids.activity_id, self.wait | self.done)

    # ------------------------------------------------------------
    # Numbers and words
    # ------------------------------------------------------------

    def test_numbers(self):
        self.ada.ref = "paid"
        self._live()
        waiting = len(self.contacts) - 1
        cards = self.campaign.with_user(self.marketer).get_workflow_cards()["cards"]
        [card] = [card for card in cards if card["id"] == self.wait.id]
        numbers = {metric["label"]: metric["count"] for metric in card["metrics"]}
        self.assertEqual(numbers, {"Waiting": waiting, "Done": 1, "Timeout": 0})
        self.assertEqual((card["condition"], card["condition_words"]), (PAID, "Wait until %s, at most 4 hours"))
        action = self.wait.with_user(self.marketer).action_view_records("waiting")
        self.assertEqual(action["display_name"], "Paid?: Waiting")
        found = self.env["marketing.participant"].with_user(self.marketer).search(action["domain"])
        self.assertEqual(set(found.mapped("res_id")), set((self.contacts - self.ada).ids))

    def test_timeline(self):
        self._live()
        [step] = self._participant(self.campaign, self.ben).timeline_data["steps"]
        self.assertEqual((step["state"], step["state_label"]), ("scheduled", "Waiting"))
        self.assertEqual((step["since"], step["due"]), ("2026-06-01 08:00:00", "2026-06-01 12:00:00"))
        self._after(hours=4)
        [step] = self._participant(self.campaign, self.ben).timeline_data["steps"]
        self.assertEqual((step["since"], step["note"]), (False, "What it waited for has not come in time."))

    def test_words(self):
        self.assertIn("wait until Reference is paid, at most 4 hours.", self.wait.sentence)
        self.assertEqual(self.done.trigger_label, "As soon as the wait “Paid?” is fulfilled")
        self.late.interval_number = 2
        self.assertEqual(self.late.trigger_label, "2 hours after the time of “Paid?” was over")
        self.assertEqual(self.done._get_badge()[0], "Done · at once")
        self.wait.wait_limit_number = 0
        cases = {
            "wait until the next Tuesday, 10:30": {"wait_type": "weekday", "wait_weekday": "1", "wait_time": 10.5},
            "wait until a link in a message is clicked": {"wait_type": "event", "wait_event": "click"},
            "wait until 1 week before “Created on”": {
                "wait_type": "date",
                "wait_date_field": "create_date",
                "wait_offset_number": 1,
                "wait_offset_unit": "weeks",
            },
        }
        for words, values in cases.items():
            with self.subTest(words):
                self.wait.write(values)
                self.assertIn(f"{words}.", self.wait.sentence)

    def test_a_loop_waits_by_its_timeout(self):
        """Remind every day until they have paid: it comes round by the timeout alone."""
        back = self._create_activity(
            self.campaign, "Again", "jump", "activity", self.late, jump_activity_id=self.wait.id, jump_limit=0
        )
        self.assertIn("has to take a day or more", "\n".join(back._get_start_errors()))
        self.wait.write({"wait_limit_number": 1, "wait_limit_unit": "days"})
        self.assertFalse(back._get_start_errors())
        back.write({"parent_id": self.done.id})
        self.assertIn("nothing between them waits", "\n".join(back._get_start_errors()))
        self.wait.write({"wait_type": "weekday", "wait_limit_number": 0})
        self.assertFalse(back._get_start_errors())
        back.write({"parent_id": self.late.id})
        self.wait.write({"wait_type": "domain", "wait_limit_number": 1})
        self._live()
        for day in (1, 2, 3):
            self._after(days=day)
        self.assertEqual(self._trace(self.late, self.ada).mapped("state"), ["processed"] * 3)
        self.ada.ref = "paid"
        self._after(days=3, minutes=5)
        self.assertTraces(self.done, {self.ada: "processed", self.ben: None})

    def test_every_tuesday(self):
        """A wait that ends at ten o'clock and is come to again at ten o'clock lasts a week."""
        self.wait.write({"wait_type": "weekday", "wait_weekday": "1", "wait_time": 10, "wait_limit_number": 0})
        again = {"jump_activity_id": self.wait.id, "jump_limit": 0}
        self._create_activity(self.campaign, "Again", "jump", "activity", self.done, **again)
        self._live()
        for day in (1, 8, 15):
            self._after(days=day)
        self.assertEqual(self._trace(self.done, self.ada).mapped("state"), ["processed"] * 3)

    def test_a_timeout_without_a_limit_is_told(self):
        self.wait.wait_limit_number = 0
        self.assertIn("“Remind” never runs: “Paid?” waits without a limit.", "\n".join(self.wait._get_warnings()))

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    def test_without_anything_to_wait_for(self):
        cases = ({"wait_domain": "[]"}, {"wait_domain": False}, {"wait_type": "date"}, {"wait_type": False})
        for values in cases:
            with self.subTest(values):
                self.wait.write({"wait_domain": PAID, "wait_type": "domain"})
                self.wait.write(values)
                with self.assertRaisesRegex(UserError, "“Paid\\?” (waits for nothing yet|lacks the date)"):
                    self.campaign.action_start_campaign()

    def test_what_cannot_be_waited_for(self):
        wait = self.wait.with_user(self.marketer)
        for values in (
            {"wait_domain": "nonsense"},
            {"wait_domain": "[('no_such_field', '=', 1)]"},
            {"wait_domain": "[('name', '=', __import__('os'))]"},
            {"wait_date_field": "no_such_field"},
            {"wait_date_field": "name"},
            {"wait_date_field": ["create_date"]},
            {"wait_date_field_id": self.env["ir.model.fields"]._get("res.users", "create_date").id},
            {"wait_time": 24},
            {"wait_time": -1},
            {"wait_time": float("nan")},
            {"wait_time": float("inf")},
            {"wait_limit_number": -1},
            {"wait_limit_number": 100_001},
            {"wait_limit_number": 1.5},
            {"wait_limit_number": "many"},
            {"wait_offset_number": -1},
            {"wait_offset_number": True},
            {"wait_limit_unit": "years"},
            {"wait_type": "for ever"},
            {"wait_weekday": "7"},
            {"wait_event": "bounce"},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                wait.write(values)

    def test_a_field_that_the_user_may_not_read(self):
        self.patch(self.env.registry["res.partner"]._fields["ref"], "groups", "base.group_system")
        self.wait.sudo().wait_domain = PAID
        self.assertIn("What “Paid?” waits for", "\n".join(self.campaign._get_filter_errors(self.marketer)))


@tagged("post_install", "-at_install")
class TestWaitForDates(WaitCase):
    """Until some time before or after a date of the record."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, ttype in (("x_renewal", "date"), ("x_visit", "datetime")):
            values = {"name": name, "field_description": name, "model_id": cls.model_partner.id, "ttype": ttype}
            cls.env["ir.model.fields"].create(values)

    def _wait_until_date(self, name="x_renewal", **values):
        self.wait.write({"wait_type": "date", "wait_date_field": name, "wait_limit_number": 0, **values})

    def test_until_a_date(self):
        """30 days before it, at 9 in the morning of Brussels."""
        self._wait_until_date(wait_offset_number=30, wait_offset_unit="days")
        self.ada.x_renewal = "2026-07-05"  # 30 days before: 5 June
        self.ben.x_renewal = "2026-06-15"  # long past
        self._live()
        self.assertTraces(self.done, {self.ada: None, self.ben: "processed", self.cleo: None})
        self.assertEqual(str(self._wait_of(self.ada).schedule_date), "2026-06-05 07:00:00")
        self._run_crons(self._wait_of(self.ada).schedule_date, EXECUTION_CRON)
        self.assertTraces(self.done, {self.ada: "processed", self.cleo: None})

    def test_a_date_that_moves(self):
        self._wait_until_date(wait_offset_number=0)
        self.contacts.x_renewal = "2026-06-20"
        self._live()
        self.ada.x_renewal = "2026-06-10"
        self.ben.x_renewal = "2026-06-25"
        self._run_crons(self.start.replace(day=10), EXECUTION_CRON)
        self.assertTraces(self.done, {self.ada: "processed", self.ben: None, self.cleo: None})
        self._run_crons(self.start.replace(day=20), EXECUTION_CRON)
        self.assertTraces(self.done, {self.ben: None, self.cleo: "processed"})
        self._run_crons(self.start.replace(day=25), EXECUTION_CRON)
        self.assertTraces(self.done, {self.ben: "processed"})

    def test_a_date_that_is_entered_later(self):
        self._wait_until_date("x_visit", wait_offset_number=2, wait_offset_unit="hours", wait_offset_direction="after")
        self._live()
        self.ada.x_visit = self.start
        self._after(minutes=119)
        self.assertTraces(self.done, {self.ada: None})
        self._after(hours=2, minutes=4)
        self.assertTraces(self.done, {self.ada: "processed", self.ben: None})

    def test_a_date_that_is_entered_later_by_recipients_clocks(self):
        """At 9 in Tokyo, which is midnight of UTC, and not only when the day has come everywhere."""
        self.ada.tz = "Asia/Tokyo"
        self.campaign.tz_mode = "recipient"
        self._wait_until_date(wait_offset_number=0)
        self._live()
        self.contacts.x_renewal = self.start.date() + timedelta(days=1)
        self._after(minutes=5)
        self.assertFalse(self._wait_of(self.ada).schedule_date)
        self._run_crons(self.start.replace(hour=0) + timedelta(days=1), EXECUTION_CRON)
        self.assertTraces(self.done, {self.ada: "processed", self.ben: None})

    def test_when_the_field_is_deleted(self):  # the last one: the registry goes without it from then on
        self._wait_until_date()
        self._live()
        self.wait.wait_date_field_id.sudo().unlink()
        self._after(minutes=5)
        self.assertEqual(self.campaign.state, "stopped")
        self.assertIn("the date “x_renewal” is no longer there", self.campaign.sudo().stop_reason)
