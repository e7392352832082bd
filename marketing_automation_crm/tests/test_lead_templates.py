from odoo.tests import HttpCase, tagged

from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON

from .common import LeadsCommon

CALLS, HOT = "schedule_calls", "hot_leads"


@tagged("post_install", "-at_install")
class TestLeadTemplates(LeadsCommon, HttpCase):
    """The campaign templates on leads, from the card to the end."""

    def _make(self, key):
        action = self.env["marketing.campaign"].with_user(self.marketer).create_from_template(key)
        campaign = self.env["marketing.campaign"].with_user(self.marketer).browse(action["res_id"])
        self.assertRegex(campaign.domain, r"'create_date', '>=', '\d{4}-")
        self.assertFalse(campaign.warning_text)
        campaign.domain = repr([("tag_ids", "in", self.tag.ids)])  # this test works at a moment of its own
        return campaign

    def test_cards(self):
        six = ["hot_contacts", "welcome", "double_optin", "prospection", CALLS, HOT]

        def cards(user):
            found = self.env["marketing.campaign"].with_user(user).get_campaign_templates()
            return [card["key"] for card in found if card["key"] in six]

        self.assertEqual(cards(self.marketer), six)
        self.assertEqual(cards(self.outsider), six[:4], "no card for what the user may not read")

    def test_schedule_calls(self):
        """For the salesperson of the contact, else for the lead's own."""
        known, unknown = self.leads[:2]
        known.partner_id = self.env["res.partner"].create({"name": "Old friend", "user_id": self.seller.id})
        campaign = self._make(CALLS)
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(known.activity_ids.user_id, self.seller)
        self.assertEqual(unknown.activity_ids.user_id, self.marketer)
        call = self.env.ref("mail.mail_activity_data_call")
        self.assertEqual((known + unknown).activity_ids.activity_type_id, call)

    def test_prioritize_hot_leads(self):
        campaign = self._make(HOT)
        self._start(campaign)
        mails = self._run_crons(self.start)
        reader, other = self.leads[:2]
        introduction = campaign.marketing_activity_ids[0]
        self.assertEqual(len(mails), len(self.leads))
        self.assertEqual({mail["subject"] for mail in mails}, {"Thank you for getting in touch"})
        with self._at(self.start):
            self._trace(introduction, reader).mailing_trace_ids.set_opened()
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual((reader.priority, other.priority), ("2", "0"))
