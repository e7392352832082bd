from datetime import timedelta

from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, tagged

from .common import EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

BODY = """<div><p><a href="https://shop.example.com/prices">Our prices</a></p>
<p><a href="https://shop.example.com/news">News</a></p><p><a href="/unsubscribe_from_list">Unsubscribe</a></p></div>"""


@tagged("post_install", "-at_install")
class TestLinkFilter(MarketingAutomationCommon, HttpCase):
    """A click on one link of a message."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()  # what the actions do is done in their name
        cls.ada, cls.ben, cls.cleo, *_others = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_activity(
            cls.campaign, "Offer", "email", "begin", None, mass_mailing_id=cls._create_template("Offer", BODY).id
        )
        prices = {"link_filter": "=https://shop.example.com/prices"}
        cls.one = cls._create_action(cls.campaign, "Prices", "mail_click", cls.email, "pass", **prices)
        cls.part = cls._create_action(cls.campaign, "Any news", "mail_click", cls.email, "pass", link_filter="NEWS")
        cls.none = cls._create_action(
            cls.campaign, "No prices", "mail_not_click", cls.email, "pass", interval_number=2, **prices
        )

    def _live(self):
        self._start(self.campaign)
        return self._run_crons(self.start, EXECUTION_CRON, MAIL_CRON, EXECUTION_CRON)

    def _follow(self, mails, record, word):
        """Follow the link of a record's mail whose address contains a word, as its reader does."""
        body = self._mail_to(mails, record)["body"]
        links = self.env["link.tracker"].search([("mass_mailing_id", "=", self.email.mass_mailing_id.id)])
        [link] = links.filtered(lambda link: word in link.url)
        [path] = [part.split('"')[0] for part in body.split('href="') if f"/r/{link.code}/" in part.split('"')[0]]
        with self._at(self.start + timedelta(minutes=10)):
            self.url_open(path[path.index("/r/") :].replace("&amp;", "&"), allow_redirects=False)
        self.env.invalidate_all()

    def test_each_waits_for_its_own_link(self):
        mails = self._live()
        self._follow(mails, self.ada, "prices")
        self._follow(mails, self.ben, "news")
        self._follow(mails, self.cleo, "news")
        self._follow(mails, self.cleo, "prices")  # the second one too
        self._follow(mails, self.cleo, "prices")
        self._run_crons(self.start + timedelta(hours=3), EXECUTION_CRON)
        self.assertTraces(self.one, {self.ada: "processed", self.ben: None, self.cleo: "processed"})
        self.assertTraces(self.part, {self.ada: None, self.ben: "processed", self.cleo: "processed"})
        self.assertTraces(self.none, {self.ada: "canceled", self.ben: "processed", self.cleo: "canceled"})
        events = self.env["marketing.trace.event"].sudo().search([("event", "=", "click")])
        self.assertEqual(len(events), 4, "a link counts once")
        self.assertEqual(self.email.total_click, 3, "a message was clicked or not")

    def test_in_a_test_any_click_is_the_one(self):
        values = {"campaign_id": self.campaign.id, "res_id": self.cleo.id, "confirmed": True}
        action = self.env["marketing.campaign.test"].with_user(self.marketer).create(values).action_launch_test()
        test = self.env["marketing.participant"].with_user(self.marketer).browse(action["res_id"])
        with self._at(self.start):
            test.trace_ids.action_run_test()
            test.trace_ids.filtered(lambda trace: trace.activity_id == self.email).action_fire_event("click")
        self.assertIn(self.one, test.trace_ids.activity_id)

    def test_words_and_choices(self):
        self.assertEqual(self.one.trigger_label, "As soon as the link “Our prices” in “Offer” is clicked")
        self.assertEqual(self.part._get_badge()[0], "Clicked: “NEWS” · at once")
        self.assertEqual(
            self.none.trigger_label,
            "2 hours after “Offer” was sent, if its link “Our prices” was not clicked by then",
        )
        links = [["https://shop.example.com/prices", "Our prices"], ["https://shop.example.com/news", "News"]]
        self.assertEqual(self.one.link_choices, links)

    def test_of_another_trigger_it_says_nothing(self):
        self.one.trigger_type = "mail_open"
        self.assertEqual((self.one.awaits_click, self.one._to_step().link_filter), (False, None))

    def test_an_edit_waits_for_the_update(self):
        mails = self._live()
        self._follow(mails, self.ada, "news")
        self.one.link_filter = "news"
        self.assertTrue(self.campaign.require_sync)
        self._run_crons(self.start + timedelta(hours=1), EXECUTION_CRON)
        self.assertTraces(self.one, {self.ada: None})
        with self._at(self.start + timedelta(hours=1)):
            self.campaign.action_update_participants(late="run")
        self._run_crons(self.start + timedelta(hours=1), EXECUTION_CRON)
        self.assertTraces(self.one, {self.ada: "processed", self.ben: None})

    def test_what_is_no_link(self):
        for text in (" ", "x" * 201, "a\nb", "=" + "x" * 2_001):
            with self.subTest(text), self.assertRaises(ValidationError):
                self.one.with_user(self.marketer).link_filter = text
