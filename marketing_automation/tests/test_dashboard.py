from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import EXECUTION_CRON, MarketingAutomationCommon

EXECUTION_LOG = "odoo.addons.marketing_automation.models.runtime.loop"
MENUS = ("marketing_campaign_menu", "link_tracker_menu_reporting", "marketing_trace_menu_reporting")
MENUS += ("marketing_participants_menu_reporting", "marketing_filter_menu")
CARD = {
    "running_participant_count": {},
    "completed_participant_count": {},
    "success_rate": {},
    "error_count": {},
    "may_go_on": {},
}


@tagged("post_install", "-at_install")
class TestDashboard(MarketingAutomationCommon):
    """What the campaigns' cards tell at a glance."""

    @mute_logger(EXECUTION_LOG)
    def test_how_far_and_how_well(self):
        """Of ten steps that were due seven were executed: one failed, two did not match their filter."""
        campaign = self._create_campaign()
        self.assertFalse(campaign.has_results)
        code = "if record.name == 'Ada': raise UserError('No ink')"
        self._create_action(campaign, "Act", code=code)
        names = "[('name', 'in', ['Ada', 'Ben', 'Cleo'])]"
        self._create_action(campaign, "Some", activity_domain=names)
        self._create_action(campaign, "Later", interval_number=9)
        self._start(campaign)
        self.assertFalse(campaign.has_results)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual((campaign.has_results, campaign.success_rate), (True, 0.7))
        self.assertEqual((campaign.running_participant_count, campaign.error_count), (5, 1))

    def test_who_may_go_on_is_not_said_to_be_done(self):
        """Nothing is scheduled for those who wait for a click: the card says so where a step begins with one."""
        campaign = self._create_campaign()
        email = self._create_email(campaign, "Welcome")
        self._create_action(campaign, "Bounced", "mail_bounce", email)
        self._create_action(campaign, "Later", "mail_not_click", email, interval_number=2)
        self._start(campaign)
        self.assertFalse(campaign.may_go_on, "after a time they are done")
        self._create_action(campaign, "Clicked", "mail_click", email)
        self.assertFalse(campaign.may_go_on, "nobody has pressed Update")
        campaign.action_update_participants()
        self.assertTrue(campaign.may_go_on)
        campaign.action_stop_campaign()
        self.assertFalse(campaign.may_go_on)

    def test_tests_do_not_count(self):
        campaign = self._create_campaign()
        self._create_action(campaign, "Act")
        wizard = self.env["marketing.campaign.test"].with_user(self.marketer)
        action = wizard.create(
            {"campaign_id": campaign.id, "res_id": self.contacts[0].id, "confirmed": True}
        ).action_launch_test()
        test = self.env["marketing.participant"].with_user(self.marketer).browse(action["res_id"])
        with self._at(self.start):
            test.trace_ids.action_run_test()
        self.assertEqual(test.trace_ids.state, "processed")
        self.env.invalidate_all()
        self.assertFalse(campaign.has_results)

    def test_queries_do_not_grow_with_the_campaigns(self):
        campaigns = self.env["marketing.campaign"]
        for number in range(6):
            campaigns += self._create_campaign(name=f"Campaign {number}")
            self._create_action(campaigns[-1], "Act")
            self._start(campaigns[-1])
        self._run_crons(self.start, EXECUTION_CRON)
        marketer = campaigns.with_user(self.marketer)
        marketer.web_read(CARD)  # what is cached for all
        counts = []
        for some in (marketer[:1], marketer):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            some.web_read(CARD)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_columns_in_order(self):
        """Each state has a column, also where it has no campaign."""
        groups = (
            self.env["marketing.campaign"]
            .with_user(self.marketer)
            .with_context(read_group_expand=True)
            .web_read_group([], ["state"], ["__count"])
        )
        self.assertEqual([group["state"] for group in groups["groups"]], ["draft", "running", "stopped"])

    def test_each_screen_has_an_address(self):
        paths = [self.env.ref(f"marketing_automation.{menu}").action.path for menu in MENUS]
        self.assertNotIn(False, paths)
        self.assertEqual(len(set(paths)), len(paths))

    def test_who_is_no_marketer_sees_nothing(self):
        user = new_test_user(self.env, login="clerk", groups="base.group_user")
        self.assertFalse(self.env["marketing.campaign"].with_user(user).has_access("read"))
