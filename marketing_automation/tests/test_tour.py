from odoo.tests import HttpCase, tagged

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestTour(MarketingAutomationCommon, HttpCase):
    def test_campaign_from_nothing(self):
        """A marketer without further rights makes a campaign in the browser, and starts it."""
        self.env["mailing.filter"].create(
            {
                "name": "Prospects of the tour",
                "mailing_domain": repr([("category_id", "in", self.category.ids)]),
                "mailing_model_id": self.model_partner.id,
            }
        )
        action = self._create_server_action(name="Action of the tour")
        self.start_tour("/odoo", "marketing_automation_campaign", login="marketer", timeout=120)
        campaign = self.env["marketing.campaign"].search([("name", "=", "Tour campaign")])
        self.assertEqual((campaign.state, campaign.run_as_id), ("running", self.marketer))
        self.assertEqual(set(campaign.participant_ids.mapped("res_id")), set(self.contacts.ids))
        welcome, thanks = campaign.marketing_activity_ids
        self.assertTraces(welcome, dict.fromkeys(self.contacts, "scheduled"))
        self.assertEqual(
            (thanks.parent_id, thanks.trigger_type, thanks.interval_number, thanks.server_action_id),
            (welcome, "mail_click", 1, action),
        )
        self.assertEqual(welcome.mass_mailing_id.subject, "Welcome to you")
        self.assertTrue(welcome.mass_mailing_id.body_html)

    def test_campaign_from_a_template(self):
        """The cards are there while there is no campaign, and when none is found."""
        self.start_tour("/odoo", "marketing_automation_templates", login="marketer", timeout=120)
        campaign = self.env["marketing.campaign"].search([("create_uid", "=", self.marketer.id)])
        self.assertEqual((campaign.name, campaign.state), ("Commercial prospection", "draft"))
        self.assertEqual(len(campaign.marketing_activity_ids), 4)
