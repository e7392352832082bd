from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import config

from ..models.runtime import loop as marketing_campaign_execution
from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestLanes(MarketingAutomationCommon):
    """Scheduled actions side by side, and how they do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.env.ref(EXECUTION_CRON)

    def _lanes(self):
        return self.env["ir.cron"].with_context(active_test=False).search([("code", "=", self.first.code)])

    def _set_lanes(self, number):
        with Form(self.env["res.config.settings"]) as settings:
            settings.marketing_automation_lanes = number
            settings.save().execute()

    def test_more_lanes_and_fewer(self):
        self._set_lanes(3)
        lanes = self._lanes()
        self.assertEqual(
            (len(lanes), lanes.mapped("active"), set(lanes.mapped("code"))), (3, [True] * 3, {self.first.code})
        )
        self._set_lanes(2)
        self.assertEqual(sorted(self._lanes().mapped("active")), [False, True, True])
        self._set_lanes(3)
        self.assertEqual(self._lanes(), lanes, "made once")

    def test_settings_are_saved_while_lanes_run(self):
        """Odoo lets nobody write a scheduled action that is at work; saving any setting sets the lanes too."""
        self._set_lanes(2)
        at_work = UserError("This cron task is currently being executed")
        with patch.object(type(self.env["ir.cron"]), "write", side_effect=at_work):
            self.env["marketing.campaign"].set_lane_count(2)
        self.assertEqual(self._lanes().mapped("active"), [True] * 2)

    def test_lanes_go_with_the_addon(self):
        """They are data of the addon, which an upgrade leaves and an uninstall takes."""
        self._set_lanes(2)
        second = self._lanes() - self.first
        data = self.env["ir.model.data"].search([("model", "=", "ir.cron"), ("res_id", "=", second.id)])
        self.assertEqual((data.module, data.noupdate), ("marketing_automation", True))

    def test_number_that_cannot_be(self):
        for number in (0, -1, 9):
            with self.assertRaisesRegex(UserError, "1 to 8"):
                self._set_lanes(number)

    def test_too_many_for_this_server(self):
        self.patch(config, "options", {**config.options, "max_cron_threads": 2})
        settings = self.env["res.config.settings"].new({"marketing_automation_lanes": 1})
        self.assertFalse(settings.marketing_automation_lane_warning)
        settings.marketing_automation_lanes = 2
        self.assertIn("max_cron_threads", settings.marketing_automation_lane_warning)

    def test_all_lanes_are_woken(self):
        """What is due wakes every lane once, however often it is looked for."""
        self._set_lanes(3)
        campaign = self._create_campaign()
        self._create_action(campaign, "Later", interval_number=5)
        self._start(campaign)
        triggers = self.env["ir.cron.trigger"]
        triggers.search([]).unlink()
        for _round in range(2):
            with self._at(self.start):
                campaign._wake_engine()
        found = triggers.search([("cron_id", "in", self._lanes().ids)])
        self.assertEqual(found.cron_id, self._lanes())
        self.assertEqual(found.mapped("call_at"), [self.start + timedelta(hours=5)] * 3)

    # ------------------------------------------------------------
    # Health
    # ------------------------------------------------------------

    def test_campaigns_take_turns(self):
        """A small campaign waits for no more than a batch of a huge one, of however many activities."""
        self.patch(marketing_campaign_execution, "BATCH", 1)
        small, huge = (self._create_campaign(name=name) for name in ("Small", "Huge"))
        small.domain = repr([("id", "=", self.contacts[0].id)])
        self._create_action(huge, "Act, too")
        for campaign in small + huge:
            self._create_action(campaign, "Act")
            self._start(campaign)
        turns = []
        execute = type(self.env["marketing.activity"])._execute

        def note_turn(activity, traces, now):
            turns.append(activity.campaign_id.name)
            return execute(activity, traces, now)

        with patch.object(type(self.env["marketing.activity"]), "_execute", note_turn):
            self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(sorted(turns), ["Huge"] * 10 + ["Small"])
        self.assertIn("Small", turns[:2])

    def test_health_of_a_campaign(self):
        campaign = self._create_campaign()
        self._create_action(campaign, "Act", code="if record.name == 'Ada': raise UserError('No ink')")
        self._start(campaign)
        with self._at(self.start + timedelta(minutes=5)):
            health = campaign.get_workflow_cards()["health"]
        self.assertIn("5 step(s) due", health["text"])
        self.assertFalse(health["is_late"])
        with self._at(self.start + timedelta(minutes=20)):
            health = campaign.get_workflow_cards()["health"]
        self.assertTrue(health["is_late"])
        self.assertIn("ask your administrator", health["text"])
        self._run_crons(self.start + timedelta(minutes=20))
        with self._at(self.start + timedelta(minutes=21)):
            health = campaign.get_workflow_cards()["health"]
        self.assertEqual((health["text"].count("1 error(s) today"), health["is_late"]), (1, False))
        self.assertIn("Nothing is overdue.", health["text"])

    def test_health_of_all_in_the_settings(self):
        for name in ("One", "Two"):
            campaign = self._create_campaign(name=name)
            self._create_action(campaign, name)
            self._start(campaign)
        with self._at(self.start + timedelta(minutes=5)):
            settings = self.env["res.config.settings"].create({})
            self.assertIn("10 step(s) due", settings.marketing_automation_health)

    def test_settings_are_for_administrators(self):
        manager = new_test_user(
            self.env, login="manager", groups="base.group_user,marketing_automation.group_marketing_automation_manager"
        )
        self.assertFalse(self.env["res.config.settings"].with_user(manager).has_access("create"))
