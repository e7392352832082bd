from datetime import timedelta

from odoo.tests import tagged

from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestOffer(MarketingAutomationCommon):
    """A campaign template from outside the app, as the developer guide shows it."""

    def setUp(self):
        super().setUp()
        campaigns = self.env["marketing.campaign"].with_user(self.marketer)
        self.assertIn("offer", [card["key"] for card in campaigns.get_campaign_templates()])
        self.campaign = campaigns.browse(campaigns.create_from_template("offer")["res_id"])
        self.assertFalse(self.campaign.warning_text)
        self.campaign.domain = repr([("category_id", "in", self.category.ids)])
        self.offer, self.reminder, self.answer = self.campaign.marketing_activity_ids.sorted("sequence")

    def test_offer_and_reminder(self):
        self._start(self.campaign)
        mail = self._mail_to(self._run_crons(self.start), self.contacts[0])
        self.assertEqual(mail["subject"], "An offer for Ada")
        for text in ("Hello Ada,", "two for the price of one", "unsubscribe"):
            self.assertIn(text, mail["body"])
        self.assertEqual(len(self._run_crons(self.start + timedelta(days=3))), len(self.contacts))
        self.assertEqual(self.reminder.processed, len(self.contacts))

    def test_answer(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        ada, ben = self.contacts[:2]
        with self._at(self.start):
            self.env["marketing.trace.event"].sudo().record_events("reply", self._trace(self.offer, ada).ids, "test")
        self._run_crons(self.start + timedelta(hours=1), EXECUTION_CRON)
        self.assertTraces(self.answer, {ada: "processed", ben: None})
        self.assertEqual(ada.activity_ids.summary, "Answer the customer")
