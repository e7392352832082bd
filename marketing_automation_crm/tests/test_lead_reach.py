from datetime import timedelta

from odoo.tests import tagged

from .common import LeadsCommon


@tagged("post_install", "-at_install")
class TestLeadReach(LeadsCommon):
    """A lead gets its email at its contact's address where that one has any, else at its own."""

    def test_what_is_promised_goes_out(self):
        fay, gus, hal = self.leads
        addressed, silent = self.env["res.partner"].create(
            [{"name": "Addressed", "email": "addressed@people.example.com"}, {"name": "Silent"}]
        )
        fay.partner_id = addressed
        gus.partner_id = silent
        hal.email_from = addressed.email
        self._create_leads("Unreadable", email_from="nobody at all")
        self._create_leads("Mute", email_from=False)
        campaign = self._create_lead_campaign()
        self._create_email(campaign, "Offer")
        promised = campaign.get_start_preview()
        self._start(campaign)
        mails = self._run_crons(self.start + timedelta(minutes=5))
        self.assertEqual(promised["messages"], {"email": len(mails)})
        [card] = campaign.get_workflow_cards()["cards"]
        left_out = {reason["code"]: reason["count"] for reason in card["left_out"]}
        self.assertEqual(left_out["mail_email_missing"], 1)
        self.assertEqual(left_out["mail_email_invalid"], 1)
        self.assertIn("1 without an email address", promised["left_out"][0])
        self.assertIn("1 with an address that cannot be read", promised["left_out"][0])
        self.assertEqual(sum(left_out.values()) + len(mails), 5)
