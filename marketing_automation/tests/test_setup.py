from odoo.tests import new_test_user, tagged
from odoo.tools import config

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestSetup(MarketingAutomationCommon):
    """What a first campaign needs of Odoo's settings."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.mail_server"].search([]).active = False
        cls.env.company.alias_domain_id = False
        cls.administrator = new_test_user(
            cls.env,
            login="ada_admin",
            name="Ada Admin",
            groups="base.group_system,marketing_automation.group_marketing_automation_manager",
        )

    def setUp(self):
        super().setUp()
        self.patch(config, "options", {**config.options, "smtp_server": "localhost"})

    def _setup(self, user):
        return self.env["marketing.campaign"].with_user(user).get_setup()

    def _done(self):
        return {item["key"]: item["is_done"] for item in self._setup(self.marketer)["items"]}

    def test_what_is_missing(self):
        self.assertEqual(self._done(), {"mail_server": False, "alias_domain": False, "users": True})
        self.env["ir.mail_server"].create({"name": "Ours", "smtp_host": "mail.example.com"})
        self.env.company.alias_domain_id = self.env["mail.alias.domain"].create({"name": "ours.example.com"})
        self.assertEqual(self._done(), {"mail_server": True, "alias_domain": True, "users": True})
        self.assertTrue(self._setup(self.marketer)["is_done"])

    def test_a_marketer_sees_whom_to_ask(self):
        setup = self._setup(self.marketer)
        self.assertFalse(any(item["action"] for item in setup["items"]), "they may not")
        self.assertFalse(setup["is_administrator"])
        self.assertTrue(setup["contacts"])

    def test_an_administrator_has_a_button_for_each(self):
        setup = self._setup(self.administrator)
        self.assertEqual((setup["is_administrator"], setup["contacts"]), (True, ""))
        for item in setup["items"]:
            action = self.env["ir.actions.act_window"].with_user(self.administrator)._for_xml_id(item["action"])
            self.assertTrue(action["res_model"])
