from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import config

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestStart(MarketingAutomationCommon):
    """The last look before a campaign starts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")

    def _open(self):
        action = self.campaign.action_open_start()
        return Form(self.env[action["res_model"]].with_user(self.marketer).with_context(**action["context"]))

    def test_numbers(self):
        """Records, those who enter, and what goes out in the first hour."""
        self._create_email(self.campaign, "Second", interval_number=1)
        self._create_email(self.campaign, "Later", interval_number=2)
        self._create_action(self.campaign, "Note")
        self.contacts[1].email = self.contacts[0].email.upper()
        self.campaign.unique_field_id = self.env["ir.model.fields"]._get("res.partner", "email")
        form = self._open()
        self.assertEqual((form.record_count, form.enroll_count, form.overdue_count), (5, 4, 0))
        self.assertEqual(form.message_summary, "Email: 8")
        with self._at(self.start):
            form.save().action_start()
        self.assertEqual(self.campaign.state, "running")
        self.assertEqual(self.campaign.total_participant_count, 4)

    def test_numbers_of_a_restart(self):
        """Who is inside does not enter again; what waited is told."""
        self._start(self.campaign)
        self.campaign.action_stop_campaign()
        newcomer = self.contacts[0].copy({"email": "new@people.example.com"})
        self.assertEqual(newcomer.category_id, self.category)
        with self._at(self.start + timedelta(days=1)):
            form = self._open()
            self.assertEqual((form.record_count, form.enroll_count, form.overdue_count), (6, 1, 5))
            self.assertEqual(form.message_summary, "Email: 6")

    def test_looking_changes_nothing(self):
        self._open()
        self.assertEqual((self.campaign.state, self.campaign.total_participant_count), ("draft", 0))
        self.assertFalse(self.campaign.sudo().run_as_id)

    def test_what_is_wrong_is_named(self):
        self.email.mass_mailing_id = False
        self._create_action(self.campaign, "Lost", "activity", self.email).server_action_id = False
        form = self._open()
        self.assertIn("“Welcome” lacks a mailing template.", form.problem_text)
        self.assertIn("“Lost” lacks a server action.", form.problem_text)
        with self.assertRaisesRegex(UserError, "Welcome(.|\n)*Lost"):
            form.save().action_start()
        self.assertEqual(self.campaign.state, "draft")

    def test_missing_rights_are_named(self):
        reader = new_test_user(
            self.env,
            login="no_contacts",
            groups="base.group_user,marketing_automation.group_marketing_automation_user",
        )
        rule = {"name": "Nobody", "model_id": self.model_partner.id, "domain_force": "[(0, '=', 1)]"}
        self.env["ir.model.access"].search([("model_id", "=", self.model_partner.id)]).perm_read = False
        self.env["ir.rule"].create(rule)
        preview = self.campaign.with_user(reader).get_start_preview()
        self.assertRegex("\n".join(preview["problems"]), "may not read “Contact”")
        self.assertEqual(preview["record_count"], 0)

    def test_placeholders_that_the_user_may_not_use_are_named(self):
        """Odoo would refuse to render them, for each recipient."""
        self._create_email(self.campaign, "Offer").mass_mailing_id.sudo().body_html = '<p t-out="object.function"/>'
        [problem] = self.campaign.get_start_preview()["problems"]
        self.assertIn("“Offer” has placeholders that Mara Marketer may not use", problem)
        self._make_template_editor()
        self.assertFalse(self.campaign.get_start_preview()["problems"])

    def test_counted_with_the_rights_of_who_would_start(self):
        self.env["ir.rule"].create(
            {
                "name": "Only Ada",
                "model_id": self.model_partner.id,
                "groups": self.env.ref("marketing_automation.group_marketing_automation_user").ids,
                "domain_force": "['|', ('name', '=', 'Ada'), ('user_ids', '!=', False)]",
            }
        )
        self.assertEqual(self._open().record_count, 1)

    def test_a_filter_that_moves_offers_to_let_everybody_finish(self):
        self.campaign.domain = "[('create_date', '>=', 'today -7d')]"
        form = self._open()
        self.assertTrue(form.has_moving_filter and form.let_finish)
        self.assertIn("moves with time", form.warning_text)
        with self._at(self.start):
            form.save().action_start()
        self.assertFalse(self.campaign.leave_on_mismatch)

    def test_the_offer_can_be_declined(self):
        self.campaign.domain = "[('create_date', '>=', 'today -7d')]"
        form = self._open()
        form.let_finish = False
        with self._at(self.start):
            form.save().action_start()
        self.assertTrue(self.campaign.leave_on_mismatch)

    def test_no_outgoing_mail_server(self):
        self.env["ir.mail_server"].search([]).active = False
        self.patch(config, "options", {**config.options, "smtp_server": "localhost"})
        self.assertIn("no outgoing mail server", self._open().warning_text)
        self.env["ir.mail_server"].create({"name": "Ours", "smtp_host": "mail.example.com"})
        self.assertFalse(self._open().warning_text)

    def test_nothing_comes_in(self):
        """Replies are waited for, and the catch-all address is set; whether it leads here is another matter."""
        self.env["ir.mail_server"].create({"name": "Ours", "smtp_host": "mail.example.com"})
        self.env["mail.message"].search([("message_type", "=", "email")]).message_type = "comment"
        self.assertFalse(self._open().warning_text, "nobody waits for a reply")
        email = self.campaign.marketing_activity_ids[:1]
        self._create_action(self.campaign, "Answer", "mail_reply", email)
        address = f"{self.alias_catchall}@{self.alias_domain}"
        self.assertIn(f"whether emails to {address} reach Odoo", self._open().warning_text)
        message = self.contacts[0].message_post(body="Hello", message_type="email")
        self.assertFalse(self._open().warning_text, "one came in")
        message.message_type = "comment"
        server = self.env["fetchmail.server"].create({"name": "In", "server_type": "imap", "user": "in@example.com"})
        self.assertTrue(self._open().warning_text, "nobody has confirmed it")
        server.state = "done"
        self.assertFalse(self._open().warning_text)

    def test_who_may_look(self):
        outsider = new_test_user(self.env, login="outsider", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.campaign.with_user(outsider).get_start_preview()
        with self.assertRaises(AccessError):
            self.campaign.with_user(outsider).action_open_start()
