import base64

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestEmail(MarketingAutomationCommon):
    """What an email of a campaign looks like, and who may change it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls.contacts[0]
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.mailing = cls.email.mass_mailing_id

    def _mail(self):
        self._start(self.campaign)
        return self._mail_to(self._run_crons(self.start), self.ada)

    def test_title_sender_and_placeholders(self):
        self.mailing.write({"subject": "For {{ object.name }}", "email_from": "Shop <shop@test.mycompany.com>"})
        mail = self._mail()
        self.assertEqual((mail["subject"], mail["email_from"]), ("For Ada", '"Shop" <shop@test.mycompany.com>'))
        self.assertIn("Hello Ada", mail["body"])

    def test_placeholders_in_the_language_of_the_recipient(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        belgium = self.env.ref("base.be")
        belgium.with_context(lang="fr_FR").name = "Belgique"
        self._make_template_editor()
        self.mailing.body_html = '<p>To <t t-out="object.country_id.name"/></p>'
        self.contacts.country_id = belgium
        self.ada.lang = "fr_FR"
        self._start(self.campaign)
        mails = self._run_crons(self.start)
        self.assertIn("To Belgique", self._mail_to(mails, self.ada)["body"])
        self.assertIn("To Belgium", self._mail_to(mails, self.contacts[1])["body"])

    def test_mail_server_of_the_template(self):
        server = self.env["ir.mail_server"].create({"name": "Campaigns", "smtp_host": "campaigns.example.com"})
        self.mailing.sudo().mail_server_id = server
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        mails = self.env["mail.mail"].search([("marketing_trace_id.activity_id", "=", self.email.id)])
        self.assertEqual((len(mails), mails.mail_server_id), (len(self.contacts), server))

    def test_attachments(self):
        self.mailing.attachment_ids = (
            self.env["ir.attachment"]
            .with_user(self.marketer)
            .create({"name": "catalogue.txt", "datas": base64.b64encode(b"ideas")})
        )
        names = [attachment[0] for attachment in self._mail()["attachments"]]
        self.assertEqual(names, ["catalogue.txt"])

    def test_unsubscribe_and_view_are_no_tracked_links(self):
        """So a click on them is no click for a trigger; and one-click unsubscribe is in the headers."""
        self.mailing.body_html = '<p><a href="/unsubscribe_from_list">Unsubscribe</a> <a href="/view">View</a></p>'
        mail = self._mail()
        self.assertNotIn("/r/", mail["body"])
        self.assertIn(f"/mailing/{self.mailing.id}/confirm_unsubscribe", mail["body"])
        self.assertIn(f"/mailing/{self.mailing.id}/view", mail["body"])
        self.assertIn("List-Unsubscribe", mail["headers"])

    def test_unsubscribed_by_the_link(self):
        """Who unsubscribes from a contact's mail is blocklisted by Odoo, and gets no more."""
        later = self._create_email(self.campaign, "Later", "activity", self.email, interval_number=1)
        self._mail()
        self.env["mail.blacklist"]._add(self.ada.email)
        self._run_crons(self.start.replace(hour=9, minute=1))
        self.assertEqual(self._trace(later, self.ada).end_code, "mail_bl")

    def test_replies_reach_odoo_where_a_step_waits_for_them(self):
        self.assertEqual(self.mailing.reply_to_mode, "new")
        self._create_action(self.campaign, "Answer", "mail_reply", self.email)
        self.assertEqual(self.mailing.reply_to_mode, "update", self.mailing.reply_to)
        mail = self._mail()
        self.assertIn(f"{self.alias_catchall}@{self.alias_domain}", mail["reply_to"])

    def test_a_reply_to_chosen_by_hand_stays(self):
        self.mailing.reply_to = "answers@test.mycompany.com"
        self._create_action(self.campaign, "Answer", "mail_reply", self.email)
        self.assertEqual((self.mailing.reply_to_mode, self.mailing.reply_to), ("new", "answers@test.mycompany.com"))

    def test_template_is_the_campaigns_users_to_write(self):
        """Who may not write the campaign gains nothing by writing its emails."""
        mailer = new_test_user(self.env, login="mailer", groups="mass_mailing.group_mass_mailing_user")
        company = self.env["res.company"].create({"name": "Other"})
        elsewhere = new_test_user(
            self.env,
            login="elsewhere",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
            groups="marketing_automation.group_marketing_automation_user",
        )
        self.campaign.company_id = self.env.company
        for user in (mailer, elsewhere):
            mailing = self.mailing.with_user(user)
            with self.assertRaises(AccessError):
                mailing.write({"body_html": "<p>Mine</p>"})
            with self.assertRaises(AccessError):
                mailing.unlink()
        self.mailing.with_user(self.marketer).write({"preview": "Look"})
        ordinary = (
            self.env["mailing.mailing"]
            .with_user(mailer)
            .create({"subject": "Ordinary", "mailing_model_id": self.model_partner.id})
        )
        ordinary.body_html = "<p>Mine</p>"
