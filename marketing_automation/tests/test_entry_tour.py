from odoo.tests import HttpCase, tagged

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestEntryTour(MarketingAutomationCommon, HttpCase):
    def test_who_enters(self):
        campaign = self._create_campaign()
        self._create_action(campaign, "Act")
        self.start_tour(f"/odoo/marketing-automation/{campaign.id}", "marketing_automation_entries", login="marketer")
        entry = campaign.entry_ids
        self.assertEqual((entry.entry_type, entry.date_field, entry.offset_number), ("date", "create_date", 3))
        self.assertEqual(campaign.state, "running")
