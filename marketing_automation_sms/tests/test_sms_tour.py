from odoo.tests import tagged

from .common import MarketingAutomationSmsCommon


@tagged("post_install", "-at_install")
class TestSmsTour(MarketingAutomationSmsCommon):
    def test_sms_activity_in_the_browser(self):
        """A marketer makes an SMS activity with its template."""
        campaign = self._create_campaign(name="Texts")
        self.start_tour(
            f"/odoo/marketing-automation/{campaign.id}", "marketing_automation_sms", login="marketer", timeout=120
        )
        text = campaign.marketing_activity_ids
        self.assertEqual((text.name, text.activity_type), ("Sale", "sms"))
        mailing = text.mass_mailing_id
        self.assertEqual(
            (mailing.mailing_type, mailing.body_plaintext, mailing.use_in_marketing_automation, mailing.subject),
            ("sms", "See https://shop.example.com now", True, "The sale begins"),
        )
        self.assertEqual(mailing.marketing_campaign_id, campaign)
