from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestMissingRights(MarketingAutomationCommon):
    """What the user of a campaign may not do is said at Start, where it would fail for everybody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()
        cls.plain = new_test_user(
            cls.env,
            login="plain",
            name="Paul Plain",
            email="paul@marketing.example.com",
            groups="base.group_user,marketing_automation.group_marketing_automation_user",
        )

    def _campaign_of(self, **values):
        """A campaign of the plain marketer, of one server action."""
        campaign = self._create_campaign(user_id=self.plain.id).with_user(self.plain)
        action = self._create_server_action(**{"group_ids": False, **values})
        self._create_activity(campaign, "Act", "action", "begin", None, server_action_id=action.id)
        return campaign

    def _problems(self, campaign):
        return "\n".join(campaign.get_start_preview()["problems"])

    def _field(self, name):
        return {"state": "object_write", "code": False, "update_path": name, "value": "x"}

    def test_the_target(self):
        call = {"state": "next_activity", "code": False, "activity_user_id": self.marketer.id}
        call["activity_type_id"] = self.env.ref("mail.mail_activity_data_call").id
        for values in ({}, self._field("ref"), call):
            with self.subTest(values=values):
                campaign = self._campaign_of(**values)
                self.assertIn(
                    "“Act”, server action “Note”: Paul Plain may not change “Contact”", self._problems(campaign)
                )
                self.assertIn("“Contact/Creation”", self._problems(campaign))
                with self.assertRaisesRegex(UserError, "may not change “Contact”"):
                    campaign.action_start_campaign()
                with self.assertRaisesRegex(UserError, "may not change “Contact”"):
                    campaign.action_launch_test()
                self.assertFalse(self._problems(campaign.with_user(self.marketer)))

    def test_another_model(self):
        values = {"state": "object_create", "code": False, "value": "New"}
        campaign = self._campaign_of(**values, crud_model_id=self.env["ir.model"]._get("res.country").id)
        self.assertIn("may not create “Country”", self._problems(campaign.with_user(self.marketer)))

    def test_a_field(self):
        self.patch(type(self.env["res.partner"]), "_has_field_access", lambda model, field, op: field.name != "barcode")
        campaign = self._campaign_of(**self._field("ref"))
        self.assertFalse(self._problems(campaign.with_user(self.marketer)))
        campaign = self._campaign_of(**self._field("barcode"))
        problems = self._problems(campaign.with_user(self.marketer))
        self.assertIn("Mara Marketer may not write the field “Barcode” of “Contact”", problems)

    def test_a_step_inside_an_action(self):
        child = {"state": "object_create", "code": False, "value": "New"}
        child = self._create_server_action(
            **child, name="Land", crud_model_id=self.env["ir.model"]._get("res.country").id
        )
        campaign = self._campaign_of(state="multi", code=False, child_ids=[(6, 0, child.ids)])
        problems = self._problems(campaign.with_user(self.marketer))
        self.assertIn("“Land”: Mara Marketer may not create “Country”", problems)

    def test_an_action_for_groups(self):
        """Odoo lets those whom an action names run it on whatever they may read."""
        campaign = self._campaign_of(group_ids=[(6, 0, self.env.ref("base.group_user").ids)])
        self.assertFalse(self._problems(campaign))

    def test_an_action_of_a_template(self):
        """It runs as the addon's own code."""
        action = self.env["marketing.campaign"].with_user(self.plain).create_from_template("hot_contacts")
        campaign = self.env["marketing.campaign"].with_user(self.plain).browse(action["res_id"])
        self.assertFalse(self._problems(campaign))
