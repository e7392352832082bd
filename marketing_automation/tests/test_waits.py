from datetime import timedelta

from odoo.tests import tagged

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestWaits(MarketingAutomationCommon):
    """A participant is Completed when nothing is scheduled; who still waits for a click is said nevertheless."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo = cls.contacts[:3]
        cls.campaign = cls._create_campaign()
        cls.welcome = cls._create_email(cls.campaign, "Welcome")
        cls.later = cls.start + timedelta(minutes=5)

    def _run(self):
        self._start(self.campaign)
        self._run_crons(self.later)

    def _waiting(self, activity, moment=None):
        with self._at(moment or self.later):
            cards = {card["id"]: card for card in self.campaign.get_workflow_cards()["cards"]}
        return cards[activity.id]["waiting"]

    def _texts(self, moment=None):
        with self._at(moment or self.later):
            participants = self.campaign.participant_ids.sorted("res_id")
            participants.invalidate_recordset(["wait_text"])
            return participants.mapped("wait_text")

    def _happen(self, event, record):
        trace = self._trace(self.welcome, record)
        self.env["marketing.trace.event"].sudo().record_events(event, trace.ids, "test", date=self.later)
        self._run_crons(self.later)

    def test_who_waits_and_for_what(self):
        clicked = self._create_action(self.campaign, "Clicked", "mail_click", self.welcome)
        opened = self._create_action(self.campaign, "Opened", "mail_open", self.welcome)
        self._create_action(self.campaign, "Bounced", "mail_bounce", self.welcome)
        self._run()
        self.assertEqual(set(self.campaign.participant_ids.mapped("state")), {"completed"})
        self.assertEqual(self._waiting(clicked), "5 wait for a click in “Welcome”")
        self.assertEqual(self._waiting(opened), "5 wait until “Welcome” is opened")
        self.assertFalse(self._waiting(self.welcome))
        self.assertEqual(set(self._texts()), {"a click in “Welcome”; the opening of “Welcome”"})
        self._happen("click", self.ada)
        self._happen("bounce", self.ben)
        self._participant(self.campaign, self.cleo).with_user(self.marketer).action_remove()
        self.assertEqual(self._waiting(clicked), "2 wait for a click in “Welcome”")
        self.assertEqual([bool(text) for text in self._texts()], [False, False, False, True, True])

    def test_a_wait_that_ends(self):
        clicked = self._create_action(
            self.campaign,
            "Clicked",
            "mail_click",
            self.welcome,
            validity_duration=True,
            validity_duration_number=2,
            validity_duration_type="days",
        )
        self._run()
        self.assertEqual(set(self.campaign.participant_ids.mapped("state")), {"running"})
        self.assertEqual(self._waiting(clicked), "5 wait for a click in “Welcome”")
        self.assertFalse(self._waiting(clicked, self.start + timedelta(days=3)))
        self.assertFalse(any(self._texts(self.start + timedelta(days=3))))

    def test_nobody_waits_where_no_step_does(self):
        self._create_email(self.campaign, "Reminder", "mail_not_open", self.welcome, interval_number=1)
        self._run()
        self.assertFalse(any(self._texts()))

    def test_a_long_list_costs_as_many_queries_as_a_short_one(self):
        self._create_action(self.campaign, "Clicked", "mail_click", self.welcome)
        self._run()
        counts = []
        for number in (5, 1, 5):
            participants = self.campaign.participant_ids[:number]
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertTrue(all(participants.mapped("wait_text")))
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(*counts[1:])
