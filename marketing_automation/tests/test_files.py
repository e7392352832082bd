import re

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import MarketingAutomationCommon

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@tagged("post_install", "-at_install")
class TestFiles(MarketingAutomationCommon):
    """The files of a campaign's templates are its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.template = cls.email.mass_mailing_id
        body = f'<p>Hi</p><img src="data:image/png;base64,{PIXEL}"/><a href="/unsubscribe_from_list">Unsubscribe</a>'
        cls.template.write(
            {
                "attachment_ids": [(0, 0, {"name": "catalogue.txt", "raw": b"All we have"})],
                "body_html": body,
                "body_arch": body,
            }
        )
        cls.file = cls.template.attachment_ids

    def _image(self, template):
        return self.env["ir.attachment"].browse(int(re.search(r"/web/image/(\d+)", template.body_html)[1]))

    def _assert_sent_whole(self, campaign, moment=None):
        mails = self._run_crons(moment or self.start)
        for mail in (self._mail_to(mails, contact) for contact in self.contacts):
            self.assertEqual([name for name, *_rest in mail["attachments"]], ["catalogue.txt"])

    def test_a_copy_of_a_campaign_has_files_of_its_own(self):
        """When it is deleted, with its template, the original goes on sending its own."""
        image = self._image(self.template)
        copy = self.campaign.copy()
        copied = copy.marketing_activity_ids.mass_mailing_id
        self.assertEqual(copied.attachment_ids.mapped("name"), ["catalogue.txt"])
        self.assertEqual((self.file.res_id, copied.attachment_ids.res_id), (self.template.id, copied.id))
        self.assertEqual(self.file.store_fname, copied.attachment_ids.store_fname, "on disk once")
        self.assertNotEqual(self._image(copied), image)
        self.assertEqual((image.res_id, self._image(copied).res_id), (self.template.id, copied.id))
        self.assertIn(f"/web/image/{self._image(copied).id}?access_token={image.access_token}", copied.body_arch)
        self._start(self.campaign)
        copy.unlink()
        copied.unlink()
        self.assertTrue(image.exists())
        self._assert_sent_whole(self.campaign)

    def test_a_copy_made_in_email_marketing(self):
        outsider = self.user_marketing
        copied = self.template.with_user(outsider).copy()
        self.assertEqual(self.file.res_id, self.template.id)
        copied.subject = "Mine"
        copied.unlink()
        self._start(self.campaign)
        self._assert_sent_whole(self.campaign)

    def test_a_mailing_that_becomes_a_template(self):
        """Odoo's own duplicate of a mailing shares its files; as a template it has its own."""
        plain = self.env["mailing.mailing"].create(
            {
                "subject": "Plain",
                "user_id": self.marketer.id,
                "mailing_model_id": self.model_partner.id,
                "body_html": self.template.body_html,
                "attachment_ids": [(0, 0, {"name": "catalogue.txt", "raw": b"All we have"})],
            }
        )
        duplicate = plain.copy({"subject": "Twin"})
        self.assertEqual(duplicate.attachment_ids, plain.attachment_ids, "as Odoo does")
        campaign = self._create_campaign(name="Twins")
        self._create_activity(campaign, "Twin", "email", "begin", None, mass_mailing_id=duplicate.id)
        self.assertNotEqual(duplicate.attachment_ids, plain.attachment_ids)
        self.assertNotEqual(self._image(duplicate), self._image(self.template))
        plain.unlink()
        self._start(campaign)
        self._assert_sent_whole(campaign)

    def test_steps_that_share_a_template_or_an_action(self):
        """Their copies share its copy."""
        action = self._create_server_action(state="multi", code=False)
        child = self._create_server_action(name="Child", parent_id=action.id)
        for name in ("One", "Two"):
            self._create_activity(
                self.campaign, name, "action", "activity", self.email, server_action_id=action.id, interval_number=1
            )
        self._create_activity(
            self.campaign, "Again", "email", "activity", self.email, mass_mailing_id=self.template.id, interval_number=9
        )
        by_name = self.campaign.copy().marketing_activity_ids.grouped("name")
        first, again, one, two = (by_name[name] for name in ("Welcome", "Again", "One", "Two"))
        self.assertEqual(first.mass_mailing_id, again.mass_mailing_id)
        self.assertNotEqual(first.mass_mailing_id, self.template)
        self.assertEqual(one.server_action_id, two.server_action_id)
        copied = one.server_action_id.sudo().child_ids
        self.assertEqual((copied.name, copied.code), ("Child (copy)", child.code))
        self.assertNotEqual(copied, child)

    def test_what_a_running_campaign_sends_is_not_deleted_behind_it(self):
        self._start(self.campaign)
        admin = self.env.ref("base.user_admin")
        other = self.template.copy({"subject": "Other"})
        image = self._image(self.template)
        for file in (self.file, image):
            for user in (self.user_marketing, self.marketer, admin):
                refusal = "is sent by the campaign “Prospection”|not allowed to modify"
                for values in ({"raw": b"Something else"}, {"res_id": other.id}):
                    with self.assertRaisesRegex(UserError, refusal), self.cr.savepoint():
                        file.with_user(user).write(values)
                with self.assertRaisesRegex(UserError, refusal), self.cr.savepoint():
                    file.with_user(user).unlink()
        # another mailing cannot take them over, to be deleted with it
        with self.assertRaisesRegex(UserError, "is sent by the campaign|not allowed to modify"), self.cr.savepoint():
            self.env["mailing.mailing"].with_user(self.user_marketing).create(
                {
                    "subject": "Thief",
                    "mailing_model_id": self.model_partner.id,
                    "attachment_ids": [(4, self.file.id)],
                }
            )
        self._assert_sent_whole(self.campaign)
        self.campaign.action_stop_campaign()
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.file.with_user(self.user_marketing).unlink()
        self.file.with_user(self.marketer).unlink()
        self.assertFalse(self.template.attachment_ids)
