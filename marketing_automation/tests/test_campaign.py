from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestCampaign(MarketingAutomationCommon):
    """Campaigns as their users handle them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.welcome = cls._create_email(cls.campaign, "Welcome")
        cls.thanks = cls._create_action(cls.campaign, "Thanks", "mail_click", cls.welcome, interval_number=2)

    def test_duplicate(self):
        shared = self._create_server_action(name="Shared", usage="ir_actions_server")
        self._create_activity(self.campaign, "Share", "action", "activity", self.thanks, server_action_id=shared.id)
        self._start(self.campaign)
        copy = self.campaign.copy()
        self.assertEqual((copy.name, copy.state, copy.run_as_id.id), ("Prospection (copy)", "draft", False))
        self.assertFalse(copy.participant_ids)
        self.assertNotEqual(copy.utm_campaign_id, self.campaign.utm_campaign_id)
        welcome, thanks, share = copy.marketing_activity_ids
        self.assertEqual((thanks.parent_id, share.parent_id, thanks.interval_number), (welcome, thanks, 2))
        self.assertEqual(welcome.mass_mailing_id.subject, "Welcome")
        self.assertEqual(welcome.mass_mailing_id.marketing_campaign_id, copy)
        self.assertNotEqual(welcome.mass_mailing_id, self.welcome.mass_mailing_id)
        self.assertEqual(self.welcome.mass_mailing_id.marketing_campaign_id, self.campaign)
        self.assertNotEqual(thanks.server_action_id, self.thanks.server_action_id)
        self.assertEqual(share.server_action_id, shared)
        self._start(copy)
        self.assertEqual(len(copy.participant_ids), 5)

    def test_duplicate_of_steps_that_share_a_template(self):
        """They share its copy, and each sends it."""
        shared = {"mass_mailing_id": self.welcome.mass_mailing_id.id}
        self._create_activity(self.campaign, "Again", "email", "activity", self.welcome, **shared)
        copy = self.campaign.with_user(self.marketer).copy()
        emails = copy.marketing_activity_ids.filtered("mass_mailing_id")
        self.assertEqual(emails.mapped("name"), ["Welcome", "Again"])
        self.assertEqual(len(emails.mass_mailing_id), 1)
        self.assertEqual(emails.mass_mailing_id.marketing_campaign_id, copy)
        self.assertNotEqual(emails.mass_mailing_id, self.welcome.mass_mailing_id)

    def test_delete(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        with self.assertRaisesRegex(UserError, "stop it before"):
            self.campaign.unlink()
        with self.assertRaisesRegex(UserError, "history"):
            self.welcome.unlink()
        self.campaign.action_stop_campaign()
        mailing = self.welcome.mass_mailing_id
        self.campaign.unlink()
        for model in ("activity", "participant", "trace", "trace.event"):
            self.assertFalse(self.env[f"marketing.{model}"].with_context(active_test=False).search([]), model)
        self.assertEqual(len(mailing.mailing_trace_ids), 5, "Odoo's own history stays")
        self.assertEqual(mailing.mailing_domain, "[('id', 'in', [])]")

    def test_a_name_of_a_deleted_campaign(self):
        """It may be used again: what stands in links gets a number."""
        self.campaign.with_user(self.marketer).unlink()
        again = self._create_campaign()
        self.assertEqual(again.name, "Prospection")
        self.assertEqual(again.sudo().utm_campaign_id.name, "Prospection [2]")

    def test_delete_an_activity_with_those_below(self):
        self.welcome.unlink()
        self.assertFalse(self.thanks.exists())

    def test_archive_stops(self):
        self._start(self.campaign)
        self.campaign.action_archive()
        self.assertEqual(self.campaign.state, "stopped")
        self.assertFalse(self._run_crons(self.start))
        with self.assertRaisesRegex(UserError, "archived"):
            self.campaign.action_start_campaign()

    def test_archive_as_the_api_may_say_it(self):
        self._start(self.campaign)
        self.campaign.write({"active": 0})
        self.assertEqual(self.campaign.state, "stopped")

    def test_smart_buttons(self):
        """Each opens exactly what it counts."""
        self._start(self.campaign)
        self._run_crons(self.start)
        for count, method in [
            ("mailing_count", "action_view_templates"),
            ("total_participant_count", "action_view_participants"),
            ("test_participant_count", "action_view_tests"),
            ("error_count", "action_view_errors"),
            ("link_tracker_click_count", "action_view_clicks"),
        ]:
            action = getattr(self.campaign, method)()
            found = self.env[action["res_model"]].with_user(self.marketer).search_count(action["domain"])
            self.assertEqual(found, self.campaign[count], method)
        self.assertEqual((self.campaign.mailing_count, self.campaign.total_participant_count), (1, 5))

    def test_what_buttons_open_says_what_it_is(self):
        """The web client's breadcrumb shows an action's display name before its name."""
        actions = {
            "Tests": self.campaign.action_view_tests(),
            "Errors": self.campaign.action_view_errors(),
            "Clicks": self.campaign.action_view_clicks(),
            "Welcome: Opened": self.welcome.action_view_records("open"),
            "Campaigns of Ada": self.contacts[0].action_view_marketing_participants(),
        }
        for name, action in actions.items():
            self.assertEqual(action["display_name"], name)

    def test_templates_of_a_campaign_leave_room_for_their_subjects(self):
        """On a phone a column that says the same on each line would cut them."""
        action = self.campaign.action_view_templates()
        self.assertIs(action["context"]["create"], False)
        view = self.env.ref("marketing_automation.mailing_mailing_view_list_template")
        [column] = etree.fromstring(view.arch).iterfind(".//field[@name='marketing_campaign_id']")
        hidden = column.get("column_invisible", "False")
        for context, expected in ((action["context"], True), ({}, None)):
            self.assertIs(safe_eval(hidden, {"context": context}), expected)

    def test_graph_by_day(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        with self._at(self.start):
            data = self.welcome.statistics_graph_data
        self.assertEqual(data, {"processed": [{"x": "2026-06-01", "y": 5}], "rejected": []})

    def test_reason_in_the_language_of_the_reader(self):
        """Codes are stored, words are made for who reads."""
        self.contacts[0].email = False
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        trace = self._trace(self.welcome, self.contacts[0])
        self.assertEqual((trace.end_code, trace.state_msg), ("mail_email_missing", "There is no email address."))
        self.assertFalse(trace._fields["state_msg"].store)
        self.env["res.lang"]._activate_lang("fr_FR")
        self.assertEqual(trace.with_context(lang="fr_FR").state_msg, "Il n'y a pas d'adresse e-mail.")
