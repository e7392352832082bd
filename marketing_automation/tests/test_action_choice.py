"""The server actions that a marketer chooses from, and what is said about each."""

from lxml import etree

from odoo.exceptions import UserError
from odoo.service.model import call_kw
from odoo.tests import Form, new_test_user, tagged

from .common import MarketingAutomationCommon

USER = "marketing_automation.group_marketing_automation_user"


@tagged("post_install", "-at_install")
class TestActionChoice(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()
        cls.campaign = cls._create_campaign()
        cls.hot = cls.env["res.partner.category"].create({"name": "Hot"})
        cls.activity = cls._create_action(cls.campaign, "Act")

    def _tag(self, **values):
        return self._create_server_action(
            **{
                "name": "Tag",
                "state": "object_write",
                "code": False,
                "update_path": "category_id",
                "update_m2m_operation": "add",
                "resource_ref": f"res.partner.category,{self.hot.id}",
                "value": str(self.hot.id),
                **values,
            }
        )

    def _choose(self, user, activity=None):
        """Return what the field of the step's dialog proposes to a user: its words, by id."""
        activity = activity or self.activity
        spec = {"offered_action_ids": {}, "unoffered_actions": {}}
        env = self.env(user=user, context={})
        [read] = call_kw(env["marketing.activity"], "web_read", [activity.ids, spec], {})
        self.unoffered = read["unoffered_actions"] or ""
        found = call_kw(
            env["ir.actions.server"],
            "web_name_search",
            ["", {"display_name": {}}],
            {
                "domain": [["id", "in", read["offered_action_ids"]]],
                "limit": 200,
                "context": {"marketing_describe": True},
            },
        )
        return {row["id"]: row["__formatted_display_name"] for row in found}

    def _does(self, **values):
        action = self._create_server_action(**{"code": False, **values})
        return action.with_user(self.marketer).marketing_description

    # ------------------------------------------------------------
    # Which
    # ------------------------------------------------------------

    def test_technical_actions_are_not_offered(self):
        tag = self._tag(usage="ir_actions_server")  # as an administrator makes one in Settings
        shipped = self.env["ir.actions.server"].search(
            [("model_id", "=", self.model_partner.id), ("usage", "=", "ir_actions_server")]
        )
        shipped = shipped.filtered(lambda action: action.get_external_id()[action.id])
        self.assertTrue(shipped, "Odoo ships actions for contacts, such as Download (vCard)")
        chosen = self._choose(self.marketer)
        self.assertIn(tag.id, chosen)
        self.assertFalse(set(shipped.ids) & set(chosen))

    def test_actions_that_cannot_run_are_not_offered(self):
        window = self._create_server_action(
            name="Print", code="action = {'type': 'ir.actions.act_url', 'url': '/x', 'target': 'download'}"
        )
        admins = self._tag(name="Secret", group_ids=[(4, self.env.ref("base.group_system").id)])
        broken = self._create_server_action(name="Write a letter", state="mail_post", code=False)
        chosen = self._choose(self.marketer)
        self.assertFalse({window.id, admins.id, broken.id} & set(chosen))
        self.assertIn("“Print”: It opens a window for a person.", self.unoffered)
        self.assertIn("“Secret”: It is for", self.unoffered)
        self.assertIn("“Write a letter”: The email template that it sends was deleted.", self.unoffered)

    def test_a_plain_marketer(self):
        """Who may not write contacts is offered what a template ships, and told about the rest; Start says it, too."""
        plain = new_test_user(self.env, login="plain", groups=f"base.group_user,{USER}")
        tag = self._tag()
        campaign = self._create_campaign(name="Plain").with_user(plain)
        shipped = self.env["ir.actions.server"].with_user(plain)._get_marketing_shipped("tag_hot")
        activity = self._create_activity(campaign, "Act", "action", "begin", None, server_action_id=tag.id)
        chosen = self._choose(plain, activity)
        self.assertIn(shipped.id, chosen)
        self.assertNotIn(tag.id, chosen)
        self.assertIn("“Tag”: plain (base.group_user", self.unoffered)
        with self.assertRaisesRegex(UserError, "may not change “Contact”"):
            campaign.action_start_campaign()

    def test_a_new_step_is_offered_them(self):
        """The dialog of a step that is not saved yet asks by ``onchange``."""
        tag = self._tag()
        env = self.env(user=self.marketer, context={"default_campaign_id": self.campaign.id})
        spec = {"campaign_id": {}, "activity_type": {}, "offered_action_ids": {}, "action_description": {}}
        result = call_kw(env["marketing.activity"], "onchange", [[], {}, [], spec], {"context": dict(env.context)})
        self.assertIn(tag.id, [command[1] for command in result["value"]["offered_action_ids"]])

    def test_another_target_has_others(self):
        tag = self._tag()
        contacts = self.env["ir.model"]._get("mailing.contact")
        campaign = self._create_campaign(name="Contacts", model_id=contacts.id, domain="[]")
        other = self._create_server_action(name="Other", model_id=contacts.id, code="record.write({'name': 'x'})")
        activity = self._create_activity(campaign, "Act", "action", "begin", None, server_action_id=other.id)
        chosen = self._choose(self.marketer, activity)
        self.assertIn(other.id, chosen)
        self.assertNotIn(tag.id, chosen)

    def test_twins_are_told_apart(self):
        one, two, cold = self._tag(), self._tag(), self.env["res.partner.category"].create({"name": "Cold"})
        other = self._tag(value=str(cold.id), resource_ref=f"res.partner.category,{cold.id}")
        chosen = self._choose(self.marketer)
        self.assertEqual(chosen[other.id], "Tag\n--Add “Cold” to Tags--")
        self.assertNotEqual(chosen[one.id], chosen[two.id])
        self.assertIn(f"number {two.id}", chosen[two.id])

    # ------------------------------------------------------------
    # What
    # ------------------------------------------------------------

    def test_words(self):
        write = {"state": "object_write", "evaluation_type": "value"}
        company = self.env["res.partner"]._fields["parent_id"]._description_string(self.env)
        self.assertEqual(self._tag().with_user(self.marketer).marketing_description, "Add “Hot” to Tags")
        cases = {
            "Set Job Position to “Boss”": {**write, "update_path": "function", "value": "Boss"},
            "Empty Job Position": {**write, "update_path": "function", "value": False},
            f"Set {company} › Job Position to “Boss”": {**write, "update_path": "parent_id.function", "value": "Boss"},
            "Set Job Position by a formula": {
                **write, "evaluation_type": "equation", "update_path": "function", "value": "record.name",
            },
            "Empty Tags": {**write, "update_path": "category_id", "update_m2m_operation": "clear"},
            "Create Contact “New”": {
                "state": "object_create", "crud_model_id": self.model_partner.id, "value": "New",
            },
            "Create activity “Call: Ask” for Salesperson": {
                "state": "next_activity",
                "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
                "activity_summary": "Ask",
                "activity_user_type": "generic",
                "activity_user_field_name": "user_id",
            },
            "Add followers: “Ada”": {
                "state": "followers", "followers_type": "specific", "partner_ids": [(6, 0, self.contacts[0].ids)],
            },
            "Run code by OdooBot": {"code": "record.name"},
            "Thank them": {"code": "record.name", "help": "<p>Thank them</p>"},
            "Send data to another system": {"state": "webhook", "webhook_url": "https://hook.example.com/secret"},
        }  # fmt: skip
        for words, values in cases.items():
            with self.subTest(words):
                self.assertEqual(self._does(**values), words)

    def test_words_of_several(self):
        children = [self._tag(name=str(number)) for number in range(5)]
        several = self._create_server_action(
            name="Several", state="multi", code=False, child_ids=[(6, 0, [child.id for child in children])]
        )
        words = several.with_user(self.marketer).marketing_description
        self.assertEqual(words, "; then: ".join(["Add “Hot” to Tags"] * 3 + ["…"]))

    def test_names_that_the_reader_may_not_read(self):
        secret = self.env["res.company"].create({"name": "Secret Holdings"})
        partner = self.env["res.partner"].create({"name": "Hidden Hand", "company_id": secret.id})
        words = self._does(state="followers", followers_type="specific", partner_ids=[(6, 0, partner.ids)])
        self.assertNotIn("Hidden", words)
        self.assertEqual(words, "Add followers: “Contact”")

    def test_shown_on_the_card_and_in_the_dialog(self):
        tag = self._tag()
        activity = self._create_activity(self.campaign, "Warm", "action", "begin", None, server_action_id=tag.id)
        cards = {card["id"]: card for card in self.campaign.get_workflow_cards()["cards"]}
        self.assertEqual(cards[activity.id]["does"], "Add “Hot” to Tags")
        with Form(activity.with_user(self.marketer)) as form:
            self.assertEqual(form.action_description, "Add “Hot” to Tags")
            form.server_action_id = self._create_server_action(name="Else", help="Something else")
            self.assertEqual(form.action_description, "Something else")

    def test_moments_in_lists(self):
        """What is shown as a date alone has no time: Odoo's column is as wide as a date, and cuts it."""
        for view in self.env["ir.ui.view"].search([("type", "=", "list"), ("model", "like", "marketing")]):
            self._check_moments(view.model, view.get_combined_arch())
        choice = self.env.ref("marketing_automation.ir_actions_server_view_list_choice")
        self._check_moments(choice.model, choice.get_combined_arch())

    def _check_moments(self, model, arch):
        for node in etree.fromstring(arch).iterfind(".//field[@widget='date']"):
            self.assertEqual(self.env[model]._fields[node.get("name")].type, "date", f"{model}: {node.get('name')}")
