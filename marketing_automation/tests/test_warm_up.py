import doctest
from datetime import datetime, timedelta

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import BaseCase, Form, tagged

from odoo.addons.marketing_automation.engine import warm_up
from odoo.addons.marketing_automation.engine.warm_up import DAY, HOUR, WarmUp

from .common import EXECUTION_CRON, MarketingAutomationCommon

MINUTE = timedelta(minutes=1)
RISES = [
    WarmUp(start, growth, ceiling) for start in (1, 3, 20) for growth in (1, 30, 100, 1000) for ceiling in (20, 777)
]


class TestWarmUpArithmetic(BaseCase):
    def test_examples(self):
        self.assertEqual(doctest.testmod(warm_up).failed, 0)

    def test_it_rises_and_ends_at_the_ceiling(self):
        for rise in RISES:
            with self.subTest(rise):
                limits = [rise.get_limit(day * DAY) for day in range(rise.length + 2)]
                self.assertEqual(limits, sorted(limits))
                self.assertEqual((limits[0], limits[-1]), (rise.start, rise.ceiling))
                self.assertTrue(all(limit < rise.ceiling for limit in limits[: rise.length]))

    def test_the_end_is_what_hour_by_hour_gives(self):
        began = datetime(2026, 6, 1)
        for rise in RISES:
            for hours, closed in ((0, ()), (5, range(10, 31)), (30, (33, 34, 79))):
                with self.subTest(rise, hours=hours):
                    opened = [hour for hour in range(hours, hours + 50) if hour not in closed]
                    messages = sum(rise.get_limit(hour * HOUR) for hour in opened)
                    spans = [(began + hour * HOUR, began + (hour + 1) * HOUR) for hour in (*opened, hours + 90)]
                    end = began + (opened[-1] + 1) * HOUR
                    self.assertAlmostEqual(
                        rise.find_end(messages - 1e-6, began, spans), end, delta=timedelta(seconds=1)
                    )
        self.assertIsNone(WarmUp(1, 1, 1).find_end(3, began, [(began, began + 2 * HOUR)]))


@tagged("post_install", "-at_install")
class TestWarmUp(MarketingAutomationCommon):
    """Messages per hour that rise day by day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        values = {"hourly_limit": 240, "warm_up": True, "warm_up_start": 60, "warm_up_growth": 100}
        cls.campaign = cls._create_campaign(**values)
        cls.email = cls._create_email(cls.campaign, "Welcome")

    def _run_at(self, moment):
        """Return how many messages go out in a minute."""
        before = self.email.processed
        self._run_crons(moment, EXECUTION_CRON)
        return self.email.processed - before

    def test_each_day_more(self):
        self._start(self.campaign)
        self.assertEqual(self.campaign.warm_up_date, self.start)
        self.assertEqual([self._run_at(self.start + at) for at in (0 * DAY, MINUTE, DAY, 2 * DAY)], [1, 1, 2, 1])

    def test_a_stop_does_not_set_it_back(self):
        self._start(self.campaign)
        self.campaign.action_stop_campaign()
        with self._at(self.start + DAY):
            self.campaign.action_start_campaign()
        self.assertEqual(self.campaign.warm_up_date, self.start)
        self.assertEqual(self._run_at(self.start + DAY), 2)

    def test_turned_on_while_the_campaign_runs_and_begun_anew(self):
        self.campaign.warm_up = False
        self._start(self.campaign)
        self.assertFalse(self.campaign.warm_up_date)
        for days in (1, 3):
            with self._at(self.start + days * DAY):
                self.campaign.warm_up = True
                self.assertEqual(self.campaign.warm_up_date, self.start + days * DAY)
                self.assertFalse(self.campaign.require_sync)
            self.campaign.warm_up = False
            self.env.flush_all()

    def test_the_last_look_before_start_tells_it(self):
        self.campaign.write({"hourly_limit": 4, "warm_up_start": 1})
        with self._at(self.start):
            action = self.campaign.action_open_start()
            model = self.env[action["res_model"]].with_user(self.marketer).with_context(**action["context"])
            form = Form(model)
            self.assertEqual(form.expected_end, self.start + timedelta(hours=5), "one an hour for five people")
            self.assertEqual(form.warm_up_text, "Day 1: 1 an hour, then 2; 4 from day 3 on.")

    def test_in_words(self):
        self._start(self.campaign)
        for days, words in ((1, "Day 2: 120 an hour, then 240; 240 from day 3 on."), (2, "Finished: 240 an hour.")):
            with self._at(self.start + days * DAY):
                self.campaign.invalidate_recordset(["warm_up_text"])
                self.assertEqual(self.campaign.warm_up_text, words)
        self.campaign.write({"warm_up": False})
        self.assertFalse(self.campaign.warm_up_text)
        self.campaign.write({"warm_up": True, "hourly_limit": 0})
        self.assertEqual(self.campaign.warm_up_text, "It rises up to a limit: fill in “Messages per Hour”.")
        self.assertEqual(self._run_at(self.start), 5, "as without a warm-up")
        flat = self._create_campaign(hourly_limit=5, warm_up=True, warm_up_start=5)
        self.assertEqual(flat.warm_up_text, "5 an hour from the first day on.")

    def test_what_cannot_be(self):
        for values, words in (
            ({"warm_up_start": 0}, "at least 1 message per hour"),
            ({"warm_up_start": 241}, "at most with “Messages per Hour”"),
            ({"warm_up_growth": 0}, "1 to 1000 percent"),
            ({"warm_up_growth": 2**31 - 1}, "1 to 1000 percent"),
        ):
            with self.subTest(values):
                with self.assertRaises(ValidationError) as refused:
                    self.campaign.write(values)
                self.assertIn(words, str(refused.exception))

    def test_when_it_began_is_the_engine_s_to_say(self):
        with self.assertRaises(AccessError):
            self.campaign.with_user(self.marketer).warm_up_date = self.start
        with self.assertRaises(AccessError):
            self.campaign.with_user(self.marketer).with_context(default_warm_up_date="2001-01-01").copy()
        self._start(self.campaign)
        self.assertFalse(self.campaign.copy().warm_up_date)
