from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestBehaviours(MarketingAutomationCommon):
    """What participants did with their messages decides where they go on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, *_others = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Offer")
        cls.second = cls._create_email(cls.campaign, "Reminder")
        cls.condition = cls._create_activity(
            cls.campaign, "Keen", "condition", "begin", None, interval_number=2, interval_type="days"
        )
        cls.yes = cls._create_activity(
            cls.campaign, "Yes", "wait", "cond_yes", cls.condition, wait_domain="[('ref', '=', 'paid')]"
        )

    def _behave(self, *lines, **values):
        self.condition.condition_behavior = {"lines": list(lines), **values}

    def _live(self, campaign=None):
        self._start(campaign or self.campaign)
        self._run_crons(self.start, EXECUTION_CRON, MAIL_CRON, EXECUTION_CRON)

    def _happen(self, email, event, records, date=None, **values):
        traces = email.sudo().trace_ids.filtered(lambda trace: trace.res_id in records.ids and not trace.is_test)
        values = {"origin": "person", **values}
        self.env["marketing.trace.event"].sudo().record_events(
            event, traces.ids, "test", date=date or self.start, **values
        )

    def _get_keen(self, moment=None):
        """Return who goes on at Yes."""
        self._run_crons(moment or self.start + timedelta(days=2), EXECUTION_CRON)
        traces = self.condition.sudo().trace_ids.filtered(lambda trace: trace.branch == "yes" and not trace.is_test)
        return set(traces.mapped("res_id"))

    def _assert_keen(self, *records):
        self.assertEqual(self._get_keen(), {record.id for record in records})

    # ------------------------------------------------------------
    # Who
    # ------------------------------------------------------------

    def test_who_did(self):
        self._behave({"event": "open"})
        self._live()
        self._happen(self.email, "open", self.ada)
        self._happen(self.email, "click", self.ben)  # who clicks has opened
        self._happen(self.email, "open", self.cleo, origin="machine")
        self._assert_keen(self.ada, self.ben)

    def test_who_did_not(self):
        self._behave({"did": False, "event": "click"})
        self._live()
        self._happen(self.email, "open", self.ada)
        self._happen(self.email, "click", self.ben)
        self._assert_keen(*(self.contacts - self.ben))

    def test_with_so_many_messages(self):
        self._behave({"event": "open", "times": 2})
        self._live()
        self._happen(self.email, "open", self.ada + self.ben)
        self._happen(self.email, "click", self.ben)  # the same message
        self._happen(self.second, "open", self.ada)
        self._assert_keen(self.ada)

    def test_this_step(self):
        self._behave({"event": "reply", "activity": self.second.id})
        self._live()
        self._happen(self.email, "reply", self.ada)
        self._happen(self.second, "reply", self.ben)
        self._assert_keen(self.ben)

    def test_in_the_last_days(self):
        self._behave({"event": "open", "span": "days", "days": 1})
        self._live()
        self._happen(self.email, "open", self.ada, self.start + timedelta(hours=23))
        self._happen(self.email, "open", self.ben, self.start + timedelta(days=1))
        self._assert_keen(self.ben)

    def test_all_and_any_of_the_lines(self):
        lines = [{"event": "open"}, {"did": False, "event": "click"}]
        for values, keen in (({}, self.ada), ({"any": True}, self.contacts)):
            with self.subTest(values):
                self.campaign = self._create_campaign()
                self.email = self._create_email(self.campaign, "Offer")
                self.condition = self._create_activity(
                    self.campaign, "Keen", "condition", "begin", None, interval_number=2, interval_type="days"
                )
                self._behave(*lines, **values)
                self._live()
                self._happen(self.email, "open", self.ada)
                self._happen(self.email, "click", self.ben)
                self.assertEqual(self._get_keen(), set(keen.ids))

    def test_beside_a_condition(self):
        self._behave({"event": "open"})
        self.condition.condition_domain = f"[('id', 'in', {(self.ada + self.ben).ids})]"
        self._live()
        self._happen(self.email, "open", self.ada + self.cleo)
        self._assert_keen(self.ada)

    def _create_other(self, **values):
        """A campaign that has sent an email to the same contacts, which Ada has opened."""
        other = self._create_campaign(name="Other", **values)
        email = self._create_email(other, "News")
        self._live(other)
        self._happen(email, "open", self.ada)
        return other

    def test_this_campaign_or_any(self):
        self._create_other()
        self._behave({"event": "open", "anywhere": True})
        self._live()
        self._happen(self.email, "open", self.ben)
        self._assert_keen(self.ada, self.ben)

    def test_this_campaign_alone(self):
        self._create_other()
        self._behave({"event": "open"})
        self._live()
        self._assert_keen()

    def test_nothing_of_other_companies(self):
        """Who goes where would tell what another company's campaign knows."""
        other = self._create_other()
        other.sudo().company_id = self.env["res.company"].create({"name": "Other Company"})
        self._behave({"event": "open", "anywhere": True})
        self._live()
        self._assert_keen()

    def test_nothing_of_other_targets(self):
        """A number is a record of another model there."""
        other = self._create_other()
        other.sudo().participant_ids.model_name = "mailing.contact"
        self.env.flush_all()
        self._behave({"event": "open", "anywhere": True})
        self._live()
        self._assert_keen()

    def test_one_query_a_line(self):
        self._behave({"event": "open"}, {"did": False, "event": "click", "anywhere": True})
        self._live()
        counts = []
        for number in (1, 1, len(self.contacts)):  # the first one fills the caches
            traces = self.env["marketing.trace"].sudo().browse(self.condition.sudo().trace_ids.ids[:number])
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.condition.sudo()._execute_condition(traces, self.start)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(*counts[1:])

    def test_in_a_test(self):
        self._behave({"event": "click"})
        values = {"campaign_id": self.campaign.id, "res_id": self.cleo.id, "confirmed": True}
        action = self.env["marketing.campaign.test"].with_user(self.marketer).create(values).action_launch_test()
        test = self.env["marketing.participant"].with_user(self.marketer).browse(action["res_id"])
        email, _second, condition = test.trace_ids.sorted("id")
        with self._at(self.start):
            email.action_run_test()
            email.action_fire_event("click")
            condition.action_run_test()
        self.assertEqual(condition.branch, "yes")

    # ------------------------------------------------------------
    # Words, edits
    # ------------------------------------------------------------

    def test_words(self):
        cases = {
            "they opened a message": {},
            "they did not click in “Offer” in this run": {
                "did": False,
                "event": "click",
                "activity": self.email.id,
                "span": "run",
            },
            "they got at least 3 messages within the last 7 days": {
                "event": "sent",
                "times": 3,
                "span": "days",
                "days": 7,
            },
            "they clicked a link with “100%s” in a message of any campaign": {
                "event": "click",
                "link": "100%s",
                "anywhere": True,
            },
        }
        for words, line in cases.items():
            with self.subTest(words):
                self._behave(line)
                self.assertIn(f"see whether {words}.", self.condition.sentence)
                cards = self.campaign.get_workflow_cards()["cards"]
                [card] = [card for card in cards if card["id"] == self.condition.id]
                self.assertEqual(card["condition_words"], f"If {words}")
        self.condition.condition_domain = "[('name', '=', 'Ada')]"
        self._behave({}, {"event": "reply"}, any=True)
        self.assertIn(
            "see whether Name is Ada and they opened a message or they replied to a message", self.condition.sentence
        )

    def test_an_edit_waits_for_the_update(self):
        self._behave({"event": "open"})
        self._live()
        self._behave({"event": "click"})
        self.assertTrue(self.campaign.require_sync)
        self.assertIn(
            "“Keen” was: If they opened a message. It becomes: If they clicked in a message.",
            self.campaign.sudo()._get_changes(),
        )
        self._happen(self.email, "open", self.ada)
        self._assert_keen(self.ada)

    def test_a_campaign_that_runs_for_longer(self):
        """What 19.0.1.0.3 kept of a condition is what this one keeps of one without a behaviour."""
        self.condition.condition_domain = "[('name', '=', 'Ada')]"
        self.assertEqual(self.condition._get_settings(), {"domain": "[('name', '=', 'Ada')]"})

    def test_a_copy_asks_about_its_own_steps(self):
        self._behave({"event": "open", "activity": self.email.id})
        copy = self.campaign.copy()
        steps = copy.marketing_activity_ids.grouped("name")
        self.assertEqual(steps["Keen"].condition_behavior["lines"][0]["activity"], steps["Offer"].id)

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    def test_neither_a_condition_nor_a_behaviour(self):
        for nothing in (False, {}, {"lines": []}):
            with self.subTest(nothing):
                self.condition.condition_behavior = nothing
                with self.assertRaisesRegex(UserError, "“Keen” has no condition yet"):
                    self.campaign.action_start_campaign()

    def test_a_step_that_is_not_there(self):
        other = self._create_email(self._create_campaign(), "Secret offer")
        for step in (other.id, 2**31 - 1, self.condition.id):
            with self.subTest(step):
                self._behave({"event": "open", "activity": step})
                self.assertNotIn("Secret", self.condition.sentence)
                with self.assertRaisesRegex(UserError, "asks about a step that no longer exists"):
                    self.campaign.action_start_campaign()

    def test_what_is_no_behaviour(self):
        lines = [
            {"did": "yes"},
            {"event": "seen"},
            {"event": ["open"]},
            {"event": "open", "link": "offer"},
            {"event": "click", "link": ""},
            {"event": "click", "link": "a\x07b"},
            {"event": "click", "link": "x" * 201},
            {"event": "click", "link": {"a": 1}},
            {"times": 0},
            {"times": True},
            {"times": 1.5},
            {"times": 10**30},
            {"span": "days"},
            {"span": "days", "days": 0},
            {"span": "ever", "days": 3},
            {"span": None},
            {"activity": "1"},
            {"activity": -1},
            {"activity": 2**31},
            {"activity": 1, "anywhere": True},
            {"span": "run", "anywhere": True},
            {"sql": "1=1"},
            [],
            "open",
            None,
        ]
        for data in (
            *({"lines": [line]} for line in lines),
            {"lines": {"did": True}},
            {"any": 1, "lines": [{}]},
            {"lines": [{}] * 11},
            {"line": []},
            [{}],
            "they opened it",
            7,
            True,
        ):
            with self.subTest(data), self.assertRaisesRegex(ValidationError, "the behaviour of “Keen”: "):
                self.condition.with_user(self.marketer).condition_behavior = data

    def test_a_text_is_no_pattern(self):
        """% and _ are what they are."""
        link = self.env["link.tracker"].create({"url": "https://shop.example.com/axb"})
        self._behave({"event": "click", "link": "a_b"})
        self._live()
        self._happen(self.email, "click", self.ada, link_id=link.id)
        self._assert_keen()

    def test_a_link_that_contains(self):
        links = self.env["link.tracker"].create(
            [{"url": "https://shop.example.com/Pricing"}, {"url": "https://shop.example.com/news", "label": "All news"}]
        )
        for text, keen in (("pricing", self.ada), ("all NEWS", self.ben)):
            with self.subTest(text):
                self.campaign = self._create_campaign()
                self.email = self._create_email(self.campaign, "Offer")
                self.condition = self._create_activity(
                    self.campaign, "Keen", "condition", "begin", None, interval_number=2, interval_type="days"
                )
                self._behave({"event": "click", "link": text})
                self._live()
                self._happen(self.email, "click", self.ada, link_id=links[0].id)
                self._happen(self.email, "click", self.ben, link_id=links[1].id)
                self._happen(self.email, "click", self.cleo)
                self.assertEqual(self._get_keen(), set(keen.ids))
