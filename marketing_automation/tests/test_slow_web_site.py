from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.link_tracker.models.link_tracker import LinkTracker

from .common import MarketingAutomationCommon
from .http_peer import running_web_site

# Odoo's tests put something else in its place
GET_TITLE = LinkTracker._get_title_from_url


@tagged("post_install", "-at_install")
class TestSlowWebSite(MarketingAutomationCommon):
    """The site to which a link leads is not asked for anything: it could keep a whole batch waiting."""

    def setUp(self):
        super().setUp()
        self.site, self.paths = self.enterContext(running_web_site())
        self.enterContext(patch.object(LinkTracker, "_get_title_from_url", GET_TITLE))
        self.campaign = self._create_campaign()
        self.email = self._create_email(self.campaign, "Welcome")
        self.email.mass_mailing_id.body_html = f'<p><a href="{self.site}/catalogue">The catalogue</a></p>'

    def _get_link(self):
        return self.env["link.tracker"].search([("mass_mailing_id", "=", self.email.mass_mailing_id.id)])

    def test_campaign(self):
        self._start(self.campaign)
        self.assertEqual(len(self._run_crons(self.start)), len(self.contacts))
        self.assertEqual(self._get_link().url, f"{self.site}/catalogue")
        self.assertTrue(self._get_link().title)
        self.assertEqual(self.paths, [])

    def test_a_test_of_the_campaign(self):
        wizard = self.env["marketing.campaign.test"].with_user(self.marketer)
        values = {"campaign_id": self.campaign.id, "res_id": self.contacts[0].id, "confirmed": True}
        participant = self.env["marketing.participant"].browse(wizard.create(values).action_launch_test()["res_id"])
        with self._at(self.start):
            participant.trace_ids.with_user(self.marketer).action_run_test()
            self.assertEqual(len(self._mails), 1)
        self.assertTrue(self._get_link())
        self.assertEqual(self.paths, [])

    def test_link_of_no_campaign(self):
        """Odoo's own, which shows that the site would notice."""
        link = self.env["link.tracker"].create({"url": f"{self.site}/other"})
        self.assertEqual((link.title, self.paths), ("Catalogue", ["/other"]))
