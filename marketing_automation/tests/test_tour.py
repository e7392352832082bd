from odoo.tests import HttpCase, tagged
from odoo.tools.safe_eval import safe_eval

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
        """The cards are there while there is no campaign, when none is found, and upon New."""
        self.start_tour("/odoo", "marketing_automation_templates", login="marketer", timeout=120)
        campaign = self.env["marketing.campaign"].search([("create_uid", "=", self.marketer.id)])
        self.assertEqual(set(campaign.mapped("state")), {"draft"})
        self.assertEqual(
            {each.name: len(each.marketing_activity_ids) for each in campaign},
            {"Commercial prospection": 4, "My own name": 2, "Untitled campaign": 0},
        )

    def test_campaign_that_runs(self):
        """Change it, see what Update would do, update; see the errors, retry, remove; archive it, which asks first."""
        self._create_server_action(name="Action of the tour")
        campaign = self._create_campaign()
        welcome = self._create_email(campaign, "Welcome")
        code = "if record.name == 'Ada': raise UserError('No ink')"
        tag = self._create_action(campaign, "Tag", "activity", welcome, code=code)
        self._start(campaign)
        self._run_crons(self.start)
        self.start_tour(self._get_url(campaign), "marketing_automation_live", login="marketer", timeout=120)
        follow_up = campaign.marketing_activity_ids - welcome
        self.assertEqual(follow_up.name, "Follow up")
        self.assertTraces(follow_up, dict.fromkeys(self.contacts, "scheduled"))
        self.assertEqual((tag.active, tag.processed, tag.scheduled_count), (False, 4, 1))
        self.assertEqual((campaign.state, campaign.active), ("stopped", False))

    def test_reports(self):
        """Traces, participants and clicks, as graph, pivot and list; not those of tests."""
        campaign = self._create_campaign()
        welcome = self._create_email(campaign, "Welcome")
        self._start(campaign)
        mails = self._run_crons(self.start)
        link, _pixel = self._links(self._mail_to(mails, self.contacts[0]))
        with self._at(self.start):
            self.url_open(link, allow_redirects=False, headers={"User-Agent": "Mozilla/5.0"})
        action = self.env.ref("marketing_automation.link_tracker_click_action")
        clicks = self.env["link.tracker.click"].search(safe_eval(action.domain))
        self.assertEqual(clicks.mailing_trace_id.marketing_trace_id, self._trace(welcome, self.contacts[0]))
        clicks.mailing_trace_id.marketing_trace_id.is_test = True
        self.assertFalse(self.env["link.tracker.click"].search(safe_eval(action.domain)))
        clicks.mailing_trace_id.marketing_trace_id.is_test = False
        self.start_tour("/odoo/marketing-automation", "marketing_automation_reports", login="marketer", timeout=120)

    def test_favorite_filters(self):
        """A marketer chooses by what the audience is unique; saves its filter twice, and renames that."""
        campaign = self._create_campaign()
        self.start_tour(self._get_url(campaign), "marketing_automation_filters", login="marketer", timeout=60)
        favorite = self.env["mailing.filter"].search([("create_uid", "=", self.marketer.id)])
        self.assertEqual((favorite.name, campaign.mailing_filter_id), ("Warm prospects", favorite))
        self.assertEqual(favorite.mailing_domain, campaign.domain)
        self.assertEqual(campaign.unique_field_id, self.env["ir.model.fields"]._get("res.partner", "email"))

    @staticmethod
    def _get_url(campaign):
        return f"/odoo/marketing-automation/{campaign.id}"


@tagged("post_install", "-at_install")
class TestPhone(MarketingAutomationCommon, HttpCase):
    browser_size = "375x667"
    touch_enabled = True

    def test_workflow(self):
        campaign = self._create_campaign()
        welcome = self._create_email(campaign, "Welcome")
        self._create_action(campaign, "Tag", "mail_click", welcome)
        self._create_action(campaign, "Call", "mail_not_open", welcome, interval_number=3)
        code = "if record.name == 'Ada': raise UserError('No ink')"
        self._create_action(campaign, "Letter", "activity", welcome, code=code)
        self._start(campaign)
        self._run_crons(self.start)
        url = f"/odoo/marketing-automation/{campaign.id}"
        self.start_tour(url, "marketing_automation_phone", login="marketer", timeout=60)
