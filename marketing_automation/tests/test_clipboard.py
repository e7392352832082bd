from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestClipboard(MarketingAutomationCommon):
    """Steps are copied with all below them, and removed so that it can be undone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.condition = cls._create_activity(
            cls.campaign, "One of us", "condition", "mail_open", cls.email, condition_domain="[('name', '=', 'Ada')]"
        )
        cls.tag = cls._create_action(cls.campaign, "Tag", "cond_no", cls.condition)
        cls.other = cls._create_campaign()

    def _paste(self, source, campaign, parent=None, way=False):
        number = source.with_user(self.marketer).action_paste(campaign.id, parent.id if parent else False, way)
        return self.env["marketing.activity"].browse(number)

    # ------------------------------------------------------------
    # Copy
    # ------------------------------------------------------------

    def test_within_a_campaign(self):
        copy = self._paste(self.condition, self.campaign, self.email, "mail_click")
        self.assertEqual((copy.name, copy.parent_id, copy.trigger_type), ("One of us (copy)", self.email, "mail_click"))
        self.assertEqual(copy.condition_domain, self.condition.condition_domain)
        self.assertEqual((copy.child_ids.name, copy.child_ids.trigger_type), ("Tag", "cond_no"))
        self.assertNotEqual(copy.child_ids, self.tag)
        self.assertEqual(len(self.campaign.marketing_activity_ids), 5)

    def test_into_another_campaign(self):
        """Templates and own actions are copied with it, as by Duplicate of a campaign."""
        copy = self._paste(self.email, self.other)
        self.assertEqual((copy.campaign_id, copy.name, copy.trigger_type), (self.other, "Welcome", "begin"))
        self.assertEqual(copy.mass_mailing_id.marketing_campaign_id, self.other)
        self.assertNotEqual(copy.mass_mailing_id, self.email.mass_mailing_id)
        self.assertEqual(copy.child_ids.child_ids.name, "Tag")
        self.assertEqual(len(self.other.marketing_activity_ids), 3)
        self.assertEqual(len(self.campaign.marketing_activity_ids), 3)

    def test_below_itself(self):
        """What is copied is what was there before."""
        copy = self._paste(self.email, self.campaign, self.tag, "activity")
        self.assertEqual(len(self.campaign.marketing_activity_ids), 6)
        self.assertEqual(copy.mass_mailing_id.subject, "Welcome (copy)")  # titles of templates are unique
        self.assertEqual(copy.child_ids.child_ids.child_ids, self.env["marketing.activity"])

    def test_another_target(self):
        lists = self._create_campaign(model_id=self.env["ir.model"]._get_id("mailing.contact"), domain="[]")
        with self.assertRaisesRegex(UserError, "“Welcome” is made for “Contact”.*for “Mailing Contact”"):
            self._paste(self.email, lists)

    def test_what_cannot_be(self):
        for parent, way in ((self.tag, "mail_open"), (self.email, "cond_yes"), (self.email, ["activity"])):
            with self.assertRaisesRegex(UserError, "Nothing can follow"):
                self._paste(self.condition, self.campaign, parent, way)
        with self.assertRaisesRegex(UserError, "removed meanwhile"):
            self._paste(self.condition, self.other, self.email, "mail_open")  # of another campaign
        self.tag.with_user(self.marketer).action_remove(True)
        with self.assertRaisesRegex(UserError, "copy another one"):
            self._paste(self.tag, self.campaign)
        with self.assertRaisesRegex(UserError, "removed meanwhile"):
            self._paste(self.condition, self.campaign, self.tag, "activity")

    def test_rights(self):
        stranger = new_test_user(self.env, login="stranger", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.email.with_user(stranger).action_paste(self.campaign.id)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        theirs = self._create_email(self.other, "Theirs")
        self.other.sudo().company_id = company
        for source, campaign in ((self.email, self.other), (theirs, self.campaign)):
            with self.assertRaises(AccessError):
                source.with_user(self.marketer).action_paste(campaign.id)

    # ------------------------------------------------------------
    # Remove, and take back
    # ------------------------------------------------------------

    def test_taken_back(self):
        removed = self.condition.with_user(self.marketer).action_remove(True)
        self.assertEqual(set(removed), {self.condition.id, self.tag.id})
        self.assertEqual(self.campaign.marketing_activity_ids, self.email)
        self.env["marketing.activity"].with_user(self.marketer).browse(removed).write({"active": True})
        self.assertEqual(self.campaign.marketing_activity_ids, self.email | self.condition | self.tag)
        self.assertFalse((self.condition | self.tag).filtered("discard_date"))

    def test_it_is_deleted_a_day_later(self):
        self.condition.with_user(self.marketer).action_remove(True)
        with self._at(fields.Datetime.now() + timedelta(hours=23)):
            self.env["marketing.activity"]._gc_discarded()
        self.assertTrue(self.tag.exists())
        with self._at(fields.Datetime.now() + timedelta(hours=25)):
            self.env["marketing.activity"]._gc_discarded()
        self.assertEqual((self.condition | self.tag | self.email).exists(), self.email)

    def test_what_has_a_history_stays(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.email.with_user(self.marketer).action_remove(True)
        self.assertFalse(self.email.discard_date)
        self.env["marketing.activity"]._delete_discarded([])
        self.assertTrue(self.email.exists())

    def test_what_it_rested_on_is_free(self):
        """Neither the target nor a template is kept by what was removed."""
        self.email.with_user(self.marketer).action_remove(True)
        template = self.email.mass_mailing_id
        template.with_user(self.marketer).unlink()
        self.assertFalse(template.exists() or self.email.exists())
        self.campaign.with_user(self.marketer).model_id = self.env["ir.model"]._get("mailing.contact")
