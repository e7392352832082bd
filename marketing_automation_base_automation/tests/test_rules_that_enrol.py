"""Odoo's automation rules add to a campaign, and remove from it, whoever saves."""

from odoo import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketing_automation.tests.accounts import CONTACTS
from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestRulesThatEnrol(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign(domain="[('function', '!=', False)]")
        cls._create_action(cls.campaign, "Act", interval_number=2, interval_type="days")
        cls.clerk = new_test_user(cls.env, login="clerk", groups=f"base.group_user,{CONTACTS}")
        cls.other = cls.env["res.partner.category"].create({"name": "Left"})
        cls.join = cls._create_rule("marketing_enroll", "function")
        cls.leave = cls._create_rule("marketing_remove", "category_id", [("category_id", "in", cls.other.ids)])

    @classmethod
    def _create_rule(cls, state, watched, domain=None, **values):
        action = cls.env["ir.actions.server"].create(
            {
                "name": state,
                "model_id": cls.model_partner.id,
                "usage": "base_automation",
                "state": state,
                "marketing_campaign_id": cls.campaign.id,
                **values,
            }
        )
        return cls.env["base.automation"].create(
            {
                "name": state,
                "model_id": cls.model_partner.id,
                "trigger": "on_create_or_write",
                "trigger_field_ids": [Command.set(cls.env["ir.model.fields"]._get("res.partner", watched).ids)],
                "filter_domain": repr(domain or []),
                "action_server_ids": [Command.set(action.ids)],
            }
        )

    def _inside(self):
        participants = self.campaign.sudo().participant_ids
        return participants.filtered(lambda participant: participant.state != "unlinked").mapped("res_id")

    def test_whoever_saves(self):
        """Who has no right on campaigns adds to them by what they do; nobody waits, the engine does the rest."""
        self._start(self.campaign)
        ada, ben = self.contacts[:2]
        with self._at(self.start):
            ada.with_user(self.clerk).function = "Boss"
            ben.sudo().function = "Clerk"
            new = self.env["res.partner"].with_user(self.clerk).create([{"name": "Fay", "function": "Painter"}])
            self.env.flush_all()
        self.assertFalse(self._inside())
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(set(self._inside()), set((ada + ben + new).ids))
        with self._at(self.start):
            ada.with_user(self.clerk).category_id += self.other
            self.env.flush_all()
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(set(self._inside()), set((ben + new).ids))
        self.assertEqual(self._participant(self.campaign, ada).end_code, "removed_by_action")

    def test_nobodys_save_fails(self):
        """Neither for a campaign that does not run or is gone, nor for one's groups, nor for others in the rule."""
        several = self.env["ir.actions.server"].create(
            {"name": "Several", "model_id": self.model_partner.id, "usage": "base_automation", "state": "multi"}
        )
        inner = {"name": "Inner", "model_id": self.model_partner.id, "state": "marketing_enroll"}
        inner = self.env["ir.actions.server"].create({**inner, "marketing_campaign_id": self.campaign.id})
        mark = {"name": "Mark", "model_id": self.model_partner.id, "state": "object_write", "update_path": "ref"}
        mark = self.env["ir.actions.server"].create({**mark, "value": "marked"})
        several.child_ids = inner + mark
        self.join.action_server_ids += several
        self.leave.action_server_ids.group_ids = self.env.ref("base.group_system")
        ada = self.contacts[0].with_user(self.clerk)
        with self._at(self.start):
            ada.function = "Boss"
            ada.category_id += self.other
            self.assertEqual(ada.ref, "marked")
            self.campaign.unlink()
            self.env.invalidate_all()
            ada.ref = False
            with mute_logger("odoo.addons.marketing_automation.models.server_actions.enrolment"):
                ada.function = "Clerk"
            self.env.flush_all()
        self.assertEqual(ada.ref, "marked")
        self.assertFalse(self.env["marketing.entry.request"].search([]))
