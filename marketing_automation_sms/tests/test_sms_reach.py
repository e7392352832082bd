from datetime import timedelta

from odoo.tests import tagged

from .common import MarketingAutomationSmsCommon


@tagged("post_install", "-at_install")
class TestSmsReach(MarketingAutomationSmsCommon):
    """Start promises the text messages that go out, and names who gets none."""

    def test_what_is_promised_goes_out(self):
        ada, ben, cleo, dan, eve = self.contacts
        self.env["phone.blacklist"].sudo()._add([ada.phone_sanitized])
        ben.phone = "call me"
        cleo.phone = False
        dan.phone = eve.phone
        campaign = self._create_campaign()
        sms = self._create_sms(campaign, "Reminder")
        preview = campaign.get_start_preview()
        self.assertEqual(preview["messages"], {"sms": 1})
        [sentence] = preview["left_out"]
        self.assertIn("4 of 5 do not get “Reminder”", sentence)
        for words in (
            "1 blocklisted",
            "1 without a phone number",
            "1 with a number that cannot be read",
            "1 with the number of somebody else here",
        ):
            self.assertIn(words, sentence)
        self._start(campaign)
        self.assertEqual(len(self._run_sms(self.start + timedelta(minutes=5))), 1)
        [card] = campaign.get_workflow_cards()["cards"]
        left_out = {reason["code"]: reason["count"] for reason in card["left_out"]}
        codes = ("sms_blacklist", "sms_number_format", "sms_number_missing", "sms_duplicate")
        self.assertEqual(left_out, dict.fromkeys(codes, 1))
        action = sms.action_view_left_out("sms_blacklist")
        self.assertEqual(self.env["marketing.participant"].search(action["domain"]).mapped("res_id"), ada.ids)
