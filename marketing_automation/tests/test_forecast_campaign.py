from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..engine.forecast_band import MOST_PASSAGES, forecast
from ..models.forecast import marketing_campaign
from .common import ENROLMENT_CRON, MarketingAutomationCommon

DAY = timedelta(days=1)
PEOPLE = 30


@tagged("post_install", "-at_install")
class TestForecastOfCampaign(MarketingAutomationCommon):
    """What a campaign is said to do, beside what it does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")

    def setUp(self):
        super().setUp()
        self.most = 300  # passages: what these tests are about shows in fewer than 2 000
        self.patch(marketing_campaign, "forecast", lambda *args: forecast(*args, most=self.most))

    def _forecast(self, campaign=None, moment=None, **rates):
        with self._at(moment or self.start):
            return (campaign or self.campaign).with_user(self.marketer).get_forecast(rates)

    def _messages(self, found, activity):
        """The messages of a step by day: those days that have some."""
        [step] = [step for step in found["steps"] if step["id"] == activity.id]
        return {day: round(middle) for day, (middle, _low, _high) in enumerate(step["messages"]) if middle}

    def test_a_draft_as_start_would_run_it(self):
        reminder = self._create_email(
            self.campaign, "Reminder", "mail_not_open", self.email, interval_number=3, interval_type="days"
        )
        before = self.env["marketing.participant"].search_count([])
        found = self._forecast(open=0, click=0, reply=0, bounce=0, newcomers=2)
        self.assertEqual(found["problems"], [])
        self.assertEqual((found["days"][0], len(found["days"])), ("2026-06-01", 42))
        self.assertEqual(found["people"], {"inside": 0, "entering": 5})
        self.assertAlmostEqual(self._messages(found, self.email)[0], 5 + 2, delta=1)
        self.assertEqual(set(self._messages(found, reminder)), set(range(3, 42)))
        self.assertEqual(self.campaign.state, "draft")
        self.assertEqual(self.env["marketing.participant"].search_count([]), before)
        self.assertEqual(found, self._forecast(open=0, click=0, reply=0, bounce=0, newcomers=2), "the same again")

    def test_what_keeps_it_from_starting(self):
        self.email.mass_mailing_id = False
        [problem] = self._forecast()["problems"]
        self.assertIn("Welcome", problem)

    def test_whom_no_message_reaches(self):
        self.contacts[0].email = False
        self.env["mail.blacklist"].sudo()._add(self.contacts[1].email)
        self.assertEqual(self._messages(self._forecast(newcomers=0), self.email), {0: 3})

    def test_limits_and_hours_of_the_campaign(self):
        weekends = self.env["resource.calendar"].create(
            {
                "name": "Weekends",
                "tz": "UTC",
                "attendance_ids": [
                    Command.clear(),
                    Command.create({"name": "Sunday", "dayofweek": "6", "hour_from": 9, "hour_to": 17}),
                ],
            }
        )
        self.campaign.write({"sending_calendar_id": weekends.id, "hourly_limit": 10})
        found = self._forecast(newcomers=0)
        self.assertEqual(self._messages(found, self.email), {6: 5})
        self.assertEqual(found["notes"], ["Sending hours: “Weekends”.", "Messages per hour: 10."])

    def test_from_where_rates_are(self):
        found = self._forecast()
        rates = {rate["key"]: rate for rate in found["rates"]}
        self.assertEqual(set(rates), {"open", "click", "reply", "bounce", "newcomers"})
        self.assertEqual({rate["source"] for rate in rates.values()}, {"a guess"})
        self._start(self.campaign)
        self._run_crons(self.start)
        traces = self.email.sudo().trace_ids
        events = self.env["marketing.trace.event"].sudo()
        events.record_events("open", traces[:2].ids, "the pixel", date=self.start, origin="person")
        rate = self._forecast(moment=self.start + 8 * DAY)["rates"][0]
        self.assertEqual(rate["source"], "from this campaign's 5 emails")
        self.assertAlmostEqual(rate["value"], (2 + 50 * 0.3) / 55, places=4)
        rate = self._forecast(moment=self.start + DAY / 6)["rates"][0]
        self.assertAlmostEqual(rate["value"], (2 + 50 * 0.3) / 52.5, places=4, msg="half of them would have by now")
        other = self._create_campaign(name="Another", domain="[('id', '=', 0)]")
        self._create_email(other, "Other")
        rate = self._forecast(other)["rates"][0]
        self.assertEqual(rate["source"], "from 5 emails of other campaigns")
        self.assertEqual(self._forecast(other, open=0.9)["rates"][0]["value"], 0.9)

    def test_what_records_tell_of_a_draft(self):
        asked = self._create_activity(
            *(self.campaign, "Has a phone", "condition", "activity", self.email),
            condition_domain="[('phone', '!=', False)]",
        )
        self.contacts[0].phone = "+32 2 290 34 90"
        call = self._create_email(self.campaign, "Call", "cond_yes", asked)
        self.env.flush_all()
        dates = (self.start - 20 * DAY, self.contacts[:3].ids)
        self.cr.execute("UPDATE res_partner SET create_date = %s WHERE id = ANY(%s)", dates)
        self.env.invalidate_all()
        by_date = {"entry_type": "date", "date_field": "create_date", "offset_number": 30, "offset_direction": "after"}
        self.campaign.entry_ids = [Command.create(by_date)]
        found = self._forecast()
        rates = {rate["key"]: rate for rate in found["rates"]}
        known = rates[f"yes:{asked.id}"]
        self.assertEqual(known["source"], "from records that enter, as they are now: 5")
        self.assertAlmostEqual(known["value"], (1 + 50 * 0.5) / 55, places=4)
        self.assertEqual(rates["newcomers"]["source"], "from the dates of their records")
        self.assertEqual(self._messages(found, self.email), {0: 5, 10: 3})
        self.assertEqual(self._messages(self._forecast(newcomers=0), self.email), {0: 5})
        everybody = self._forecast(newcomers=0, bounce=0, **{f"yes:{asked.id}": 1})
        self.assertEqual(self._messages(everybody, call), {0: 5})

    def test_rates_that_are_none_are_refused(self):
        for rates in (
            *("open", 3, {"open": "much"}, {"open": True}, {"open": -0.1}, {"open": 1.1}, {"open": float("nan")}),
            *({"open": [0.1]}, {"open": 10**400}, {"newcomers": float("inf")}, {"newcomers": -1}, {"opens": 0.1}),
            *({1: 0.1}, {"yes:1": 0.5}, {f"yes:{number}": 0.5 for number in range(1000)}, {"open": None}),
            {"x" * 100_000: 1},
        ):
            with self.assertRaises(UserError, msg=str(rates)[:50]):
                self.campaign.with_user(self.marketer).get_forecast(rates)
        outsider = new_test_user(self.env, login="outsider", groups="base.group_user")
        for method in ("get_forecast", "action_open_forecast"):
            with self.assertRaises(AccessError):
                getattr(self.campaign.with_user(outsider), method)()

    def test_the_forecast_of_day_0_holds_on_day_30(self):
        """A three-way split with a goal, for people who do what they are known to do."""
        people = self.env["res.partner"].create(
            [
                {"name": f"P{number}", "email": f"p{number}@people.example.com", "category_id": self.category.ids}
                for number in range(PEOPLE - 5)
            ]
        )
        people |= self.contacts
        won = self.env["res.partner.category"].create({"name": "Won"})
        self.campaign.goal_domain = repr([("category_id", "in", won.ids)])
        split = self._create_activity(self.campaign, "Which one", "split", "activity", self.email)
        split.branch_ids = [Command.create({"name": "C"})]
        offers = self.env["marketing.activity"]
        for branch in split.branch_ids:
            offers += self._create_email(
                *(self.campaign, f"Offer {branch.name}", "branch", split),
                branch_id=branch.id,
                interval_number=2,
                interval_type="days",
            )
        reminder = self._create_email(
            self.campaign, "Reminder", "mail_not_open", self.email, interval_number=8, interval_type="days"
        )
        self.most = MOST_PASSAGES
        found = self._forecast(open=0.5, click=0, reply=0, bounce=0, conversion=0.1, newcomers=0)

        self._start(self.campaign)
        self._run_crons(self.start)
        opened = self.email.sudo().trace_ids[: PEOPLE // 2]
        events = self.env["marketing.trace.event"].sudo()
        events.record_events("open", opened.ids, "the pixel", date=self.start + timedelta(hours=4), origin="person")
        self._run_crons(self.start + DAY / 2)
        halfway = self._forecast(moment=self.start + DAY / 2, newcomers=0)
        people.filtered(lambda person: person.id in opened[:3].mapped("res_id")).category_id = [Command.link(won.id)]
        for day in (2, 8, 30):
            self._run_crons(self.start + day * DAY)
            if day == 8:
                self._run_crons(self.start + day * DAY, ENROLMENT_CRON)

        for activity in self.email | reminder:
            total = sum(self._messages(found, activity).values())
            self.assertAlmostEqual(total, activity.processed, delta=0.05 * PEOPLE, msg=activity.name)
        for what, real in (("completed", PEOPLE), ("converted", self.campaign.goal_count)):
            middle, low, high = found["numbers"][what][30]
            self.assertTrue(low <= real <= high, (what, low, real, high))
            self.assertAlmostEqual(middle, real, delta=0.05 * PEOPLE, msg=what)
        [bands] = [step["messages"] for step in found["steps"] if step["id"] == offers[0].id]
        middle, low, high = (sum(numbers) for numbers in zip(*bands, strict=True))
        self.assertTrue(low <= offers[0].processed <= high, (low, offers[0].processed, high))

        # of those who are inside, splits and openings are known
        self.assertEqual(halfway["people"], {"inside": PEOPLE, "entering": 0})
        self.assertEqual(halfway["past"], [("2026-06-01", PEOPLE)])
        for offer in offers:  # also for who reached the goal meanwhile, which nobody knew
            self.assertEqual(sum(self._messages(halfway, offer).values()), len(offer.sudo().trace_ids))
