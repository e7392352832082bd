from odoo.tests import HttpCase, tagged

from .common import LeadsCommon


@tagged("post_install", "-at_install")
class TestTour(LeadsCommon, HttpCase):
    def test_buttons(self):
        campaign = self._create_campaign()
        leads = self._create_leads("One", "Two", "Three", campaign_id=campaign.utm_campaign_id.id)
        for lead, revenue in zip(leads, (250, 20, 1000), strict=True):
            lead.expected_revenue = revenue
        leads[2].action_set_lost()
        self.start_tour(
            f"/odoo/marketing-automation/{campaign.id}", "marketing_automation_crm_buttons", login=self.marketer.login
        )
