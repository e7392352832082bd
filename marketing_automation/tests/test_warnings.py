from odoo.tests import tagged

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestWarnings(MarketingAutomationCommon):
    """What the form of a campaign tells before it starts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")

    def test_nothing_to_warn_of(self):
        self._create_action(self.campaign, "Answer", "mail_reply", self.email)
        self._create_action(self.campaign, "Then", "activity", self.email)
        self.assertFalse(self.campaign.warning_text)

    def test_no_catch_all_for_replies(self):
        self.env.company.alias_domain_id = False
        self.env.invalidate_all()
        self.assertFalse(self.campaign.warning_text)
        self._create_action(self.campaign, "Answer", "mail_reply", self.email)
        self.assertRegex(self.campaign.warning_text, "Welcome.*catch-all")
        self.email.mass_mailing_id.write({"reply_to_mode": "new", "reply_to": "answers@test.mycompany.com"})
        self.assertFalse(self.campaign.warning_text, "somebody chose where they go")

    def test_a_reply_address_that_odoo_does_not_read(self):
        self._create_action(self.campaign, "Answer", "mail_reply", self.email)
        mailing = self.email.mass_mailing_id
        for address in ("answers@elsewhere.example.com", f"Mara <{self.marketer.email}>"):
            mailing.write({"reply_to_mode": "new", "reply_to": address})
            self.assertRegex(self.campaign.warning_text, "Welcome.*replies|replies.*Welcome", address)
            self.assertIn(address.split("<")[-1].strip(">"), self.campaign.warning_text)
        mailing.reply_to = False
        self.assertIn("does not read", self.campaign.warning_text, "then they go to the sender")
        mailing.reply_to = "answers@elsewhere.example.com"
        self.env["fetchmail.server"].create(
            {"name": "Answers", "server_type": "imap", "user": "Answers@elsewhere.example.com"}
        )
        self.env.invalidate_all()
        self.assertFalse(self.campaign.warning_text)
        mailing.reply_to = f"team@{self.alias_domain}"
        self.assertFalse(self.campaign.warning_text)

    def test_a_filter_that_moves_with_time(self):
        for condition in (
            "('create_date', '>=', 'today -7d')",
            "('create_date', '>=', '-7d')",
            "('create_date', '>=', '=monday')",
            "('create_date', '>=', context_today() - relativedelta(days=7))",
            "('child_ids', 'any', [('parent_id.create_date', '>=', 'today')])",
        ):
            self.campaign.write({"domain": f"[{condition}]", "leave_on_mismatch": True})
            self.assertRegex(self.campaign.warning_text, "moves with time", condition)
            self.campaign.leave_on_mismatch = False
            self.assertFalse(self.campaign.warning_text, condition)
        for condition in (
            "('create_date', '>=', '2026-01-01')",
            "('name', 'like', 'to-day')",
            "('name', '=like', 'MC %')",
            "('name', '=ilike', 'mc %')",
            "('name', '=', 'today')",
            "('name', 'in', ['now', '=monday'])",
            "('child_ids.name', '=', '-1w')",
            "('name', '=', 'context_today()')",
            "('create_date', '>=', datetime.datetime(2026, 1, 1))",
        ):
            self.campaign.write({"domain": f"[{condition}]", "leave_on_mismatch": True})
            self.assertFalse(self.campaign.warning_text, condition)

    def test_welcome_flow_of_an_earlier_release(self):
        """Its blocklisting runs after any bounce, of the address that the contact has by then."""
        campaigns = self.env["marketing.campaign"].with_user(self.marketer)
        campaign = campaigns.browse(campaigns.create_from_template("welcome")["res_id"])
        self.assertFalse(campaign.warning_text)
        step = campaign.marketing_activity_ids.filtered("server_action_id")
        step.bounce_type = "any"
        self.assertRegex(campaign.warning_text, "“Blocklist the address” blocklists after any bounce")
        self.assertNotIn("by then", campaign.warning_text)
        step.server_action_id = self.env["ir.actions.server"]._get_marketing_shipped("blocklist")
        self.assertRegex(campaign.warning_text, "any bounce(.|\n)*by then.*“Blocklist the address that bounced”")
        step.bounce_type = "hard"
        self.assertNotIn("any bounce", campaign.warning_text)

    def test_a_campaign_of_no_company(self):
        self.campaign.sudo().company_id = False
        self.assertFalse(self.campaign.warning_text, "its user works for one")
        self.marketer.company_ids += self.env["res.company"].create({"name": "Elsewhere"})
        self.env.invalidate_all()
        self.assertIn("belongs to no company", self.campaign.warning_text)
        self.campaign.company_id = self.env.company
        self.assertFalse(self.campaign.warning_text)
