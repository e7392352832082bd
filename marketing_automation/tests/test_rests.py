from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import Form, new_test_user, tagged

from .common import BODY, ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

USER = "base.group_user,marketing_automation.group_marketing_automation_user"


@tagged("post_install", "-at_install")
class TestRests(MarketingAutomationCommon):
    """What a campaign rests on is changed behind it, while it runs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls.contacts[0]
        cls.nina = new_test_user(cls.env, login="nina", name="Nina", email="nina@marketing.example.com", groups=USER)
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome", interval_number=1)
        cls.template = cls.email.mass_mailing_id
        cls.model_contact = cls.env["ir.model"]._get("mailing.contact")

    def setUp(self):
        super().setUp()
        self.later = self.start + timedelta(hours=1)

    def _rpc(self, user, records, method, *args):
        env = self.env(user=user, context={})
        return call_kw(env[records._name], method, [records.ids, *args], {})

    def _stop_reason(self):
        self.campaign.invalidate_recordset()
        return self.campaign.state, self.campaign.stop_reason

    # ------------------------------------------------------------
    # Whom a template is for
    # ------------------------------------------------------------

    def test_the_recipients_of_a_template_cannot_change(self):
        """In a draft neither: its participants' ids would be those of other people."""
        for moment in ("draft", "running"):
            for values in (
                {"mailing_model_id": self.model_contact.id},
                {"mailing_model_id": self.env["ir.model"]._get("mailing.list").id},
                {"use_in_marketing_automation": False},
                {"state": "in_queue"},
            ):
                for user in (self.marketer, self.nina):
                    with self.assertRaisesRegex(UserError, "“Welcome” is "), self.cr.savepoint():
                        self._rpc(user, self.template, "write", values)
            with self.assertRaisesRegex(ValidationError, "cannot change"), self.cr.savepoint():
                self.template.sudo().mailing_model_id = self.model_contact  # code of others
            if moment == "draft":
                self._start(self.campaign)
        # what runs until the next Update, though the activity has another by now
        self.email.mass_mailing_id = self._create_template("Another")
        with self.assertRaisesRegex(ValidationError, "cannot change"), self.cr.savepoint():
            self.template.mailing_model_id = self.model_contact

    def test_a_template_for_others_mails_nobody(self):
        """However it came about: the campaign stops before anybody is mailed."""
        self._start(self.campaign)
        self.env["mailing.contact"].create([{"name": f"C{i}", "email": f"c{i}@others.example.com"} for i in range(9)])
        self.template.flush_recordset()
        self.env.cr.execute(
            "UPDATE mailing_mailing SET mailing_model_id = %s WHERE id = %s", [self.model_contact.id, self.template.id]
        )
        self.env.invalidate_all()
        self.assertFalse(self._run_crons(self.later))
        state, reason = self._stop_reason()
        self.assertEqual(state, "stopped")
        self.assertIn("The template of “Welcome” is for other recipients", reason)
        self.assertTraces(self.email, dict.fromkeys(self.contacts, "scheduled"))

    # ------------------------------------------------------------
    # What it says
    # ------------------------------------------------------------

    def test_a_text_takes_effect_at_once(self):
        self._start(self.campaign)
        self.template.with_user(self.marketer).body_html = BODY.replace("Hello", "Dear")
        self.assertFalse(self.campaign.require_sync, "nothing waits")
        self.assertIn("Dear Ada", self._mail_to(self._run_crons(self.later), self.ada)["body"])

    def test_a_text_of_somebody_with_fewer_rights(self):
        """It is rendered with theirs, until the campaign's user has looked at it."""
        self._let_marketer_edit_contacts()
        self.env["res.partner.bank"].create({"acc_number": "BE-SECRET", "partner_id": self.ada.id})
        self.env["ir.rule"].create(
            {
                "name": "Accounts are for the marketer",
                "model_id": self.env["ir.model"]._get("res.partner.bank").id,
                "domain_force": "[(1 if user.login == 'marketer' else 0, '=', 1)]",
            }
        )
        text = '<p>Your account: <t t-out="object.bank_ids[:1].acc_number"/></p>'
        self._make_template_editor()
        self.nina.group_ids += self.env.ref("mail.group_mail_template_editor")
        self._start(self.campaign)
        self.template.with_user(self.nina).body_html = text
        self.assertTrue(self.campaign.require_sync)
        self.assertIn("The text of “Welcome” was changed by Nina", self.campaign.waiting_text)
        mails = self._run_crons(self.later)
        self.assertNotIn("BE-SECRET", self._mail_to(mails, self.ada)["body"])
        # the campaign's user takes it over
        late = self.ada.copy({"email": "late@people.example.com"})
        self.env["res.partner.bank"].create({"acc_number": "BE-OWN", "partner_id": late.id})
        with self._at(self.later):
            preview = self.campaign.get_update_preview()
            self.assertEqual(len(preview["changes"]), 1)
            self.assertRegex(preview["changes"][0], "The text of “Welcome” was changed by Nina on ")
            form = Form(
                self.env["marketing.campaign.update"]
                .with_user(self.marketer)
                .with_context(default_campaign_id=self.campaign.id)
            )
            self.assertIn("was changed by Nina", form.change_text)
            self.campaign.action_update_participants()
        self.assertFalse(self.campaign.require_sync)
        mails = self._run_crons(self.later + timedelta(hours=1))
        self.assertIn("BE-OWN", self._mail_to(mails, late)["body"])

    def test_a_text_of_somebody_who_is_gone(self):
        self._start(self.campaign)
        self.template.with_user(self.nina).subject = "Welcome!"
        self.nina.active = False
        self.assertFalse(self._run_crons(self.later))
        state, reason = self._stop_reason()
        self.assertEqual(state, "stopped")
        self.assertRegex(reason, "“Welcome!” was changed by Nina while the campaign ran.*archived")
        self.assertRegex("".join(self.campaign.get_start_preview()["warnings"]), "“Welcome!” was changed by Nina on")
        self._start(self.campaign, self.later)
        self.assertEqual(len(self._run_crons(self.later)), 5)

    def test_who_changed_a_text_is_the_engines(self):
        for fname, value in (("marketing_editor_id", self.marketer.id), ("marketing_edit_date", self.start)):
            with self.assertRaises(AccessError), self.cr.savepoint():
                self._rpc(self.nina, self.template, "write", {fname: value, "subject": "Mine"})
        with self.assertRaises(AccessError), self.cr.savepoint():
            self._rpc(self.user_marketing, self.template, "write", {"subject": "Mine"})
        self._rpc(self.nina, self.template, "write", {"subject": "Mine"})
        self.assertEqual(self.template.marketing_editor_id, self.nina)

    def test_files_and_settings_are_told(self):
        self.template.attachment_ids = [Command.create({"name": "catalogue.pdf", "raw": b"All"})]
        self._start(self.campaign)
        self.template.with_user(self.nina).write(
            {
                "attachment_ids": [Command.set([]), Command.create({"name": "poster.pdf", "raw": b"Big"})],
                "use_exclusion_list": False,
            }
        )
        self.assertTrue(self.campaign.require_sync)
        with self._at(self.later):
            self.assertEqual(
                self.campaign.get_update_preview()["changes"],
                [
                    "The file “catalogue.pdf” of “Welcome” was removed.",
                    "The file “poster.pdf” was added to “Welcome”.",
                    "The settings of “Welcome” were changed.",
                ],
            )
        self.assertFalse(self._run_crons(self.later), "whom it leaves out is for the campaign's user to say")
        self.assertEqual(self._stop_reason()[0], "running")
        with self._at(self.later):
            self.campaign.action_update_participants()
        mails = self._run_crons(self.later)
        self.assertEqual([name for name, *_rest in self._mail_to(mails, self.ada)["attachments"]], ["poster.pdf"])

    # ------------------------------------------------------------
    # Server actions
    # ------------------------------------------------------------

    def _campaign_of_two(self):
        campaign = self._create_campaign(name="Act")
        changed = self._create_action(campaign, "Changed", interval_number=1)
        other = self._create_action(campaign, "Other", interval_number=1)
        after = self._create_action(campaign, "After", "activity", changed)
        self._start(campaign)
        return campaign, changed, other, after

    def test_a_changed_action_waits_for_update(self):
        """Its step waits, the others go on; nothing is lost."""
        self._let_marketer_edit_contacts()
        campaign, changed, other, after = self._campaign_of_two()
        changed.server_action_id.sudo().code = "record.write({'ref': 'changed'})"
        self.assertTrue(campaign.require_sync)
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertTraces(changed, dict.fromkeys(self.contacts, "scheduled"))
        self.assertTraces(other, dict.fromkeys(self.contacts, "processed"))
        self.assertTraces(after, dict.fromkeys(self.contacts, None))
        with self._at(self.later):
            [words] = campaign.get_update_preview()["changes"]
            self.assertRegex(words, "The server action “Changed” was changed by .* on .*")
            campaign.action_update_participants()
        self.assertFalse(campaign.require_sync)
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertTraces(changed, dict.fromkeys(self.contacts, "processed"))
        self.assertEqual(self.ada.ref, "changedacted ", "the one after it too")

    def test_a_step_that_waits_holds_whole(self):
        """Whoever is in its batch: also who is late, or does not match its filter just now, waits for the Update."""
        campaign = self._create_campaign(name="Act")
        values = {"interval_number": 1, "validity_duration": True, "validity_duration_number": 2}
        values |= {"activity_domain": "[('color', '=', 0)]", "validity_duration_type": "hours"}
        action = self._create_action(campaign, "Changed", **values)
        email = self._create_email(campaign, "Changed too", **values)
        self._start(campaign)
        action.server_action_id.sudo().code = "pass"
        email.mass_mailing_id.sudo().mail_server_id = self.env["ir.mail_server"].create(
            {"name": "Other", "smtp_host": "127.0.0.1"}
        )
        self.contacts.color = 1
        for hours in (1, 9):
            self._run_crons(self.start + timedelta(hours=hours), EXECUTION_CRON)
            for step in (action, email):
                self.assertTraces(step, dict.fromkeys(self.contacts, "scheduled"))
        self.contacts.color = 0
        for step in (action, email):
            step.validity_duration = False
        with self._at(self.start + timedelta(hours=9)):
            campaign.action_update_participants()
        self._run_crons(self.start + timedelta(hours=9), EXECUTION_CRON)
        for step in (action, email):
            self.assertTraces(step, dict.fromkeys(self.contacts, "processed"))

    def test_what_an_action_only_shows_does_not_matter(self):
        campaign, changed, _other, _after = self._campaign_of_two()
        changed.server_action_id.sudo().write({"name": "Renamed", "help": "<p>Why</p>"})
        self.assertFalse(campaign.require_sync)
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertTraces(changed, dict.fromkeys(self.contacts, "processed"))

    def test_what_people_say_about_an_action_does_not_matter(self):
        """A note, a follower and a planned activity on the action's own form do not change what it does."""
        campaign, changed, _other, _after = self._campaign_of_two()
        action = changed.server_action_id.sudo()
        action.message_post(body="Looks good")
        action.message_subscribe(self.ada.ids)
        action.activity_schedule("mail.mail_activity_data_todo")
        self.assertFalse(campaign.require_sync)
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertTraces(changed, dict.fromkeys(self.contacts, "processed"))

    def test_the_groups_of_an_action_belong_to_it(self):
        campaign, changed, _other, _after = self._campaign_of_two()
        changed.server_action_id.sudo().group_ids = self.env.ref("base.group_user")
        self.assertTrue(campaign.require_sync)

    def test_the_children_of_an_action_belong_to_it(self):
        parent = self._create_server_action(name="Several", state="multi", code=False)
        child = self._create_server_action(name="Child", parent_id=parent.id)
        campaign = self._create_campaign(name="Act")
        activity = self._create_activity(campaign, "Act", "action", "begin", None, server_action_id=parent.id)
        self._start(campaign)
        child.code = "record.unlink()"
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(activity, dict.fromkeys(self.contacts, "scheduled"))
        self.assertTrue(campaign.require_sync)

    def test_an_action_that_lost_its_tag_waits_for_one(self):
        """Nobody's step fails for what an administrator deleted; the others go on, and the form says why one waits."""
        self._let_marketer_edit_contacts()
        hot = self.env["res.partner.category"].create({"name": "Hot"})
        cold = self.env["res.partner.category"].create({"name": "Cold"})
        values = {"state": "object_write", "update_path": "category_id", "code": False}
        action = self._create_server_action(name="Tag", **values, resource_ref=f"res.partner.category,{hot.id}")
        campaign = self._create_campaign(name="Act")
        tag = self._create_activity(campaign, "Tag", "action", "begin", None, server_action_id=action.id)
        other = self._create_action(campaign, "Other")
        self._start(campaign)
        hot.unlink()
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertTraces(tag, dict.fromkeys(self.contacts, "scheduled"))
        self.assertTraces(other, dict.fromkeys(self.contacts, "processed"))
        self.assertTrue(campaign.require_sync)
        self.assertIn("that it takes was deleted", campaign.waiting_text)
        with self._at(self.later):
            self.assertIn("Steps of “Act” wait for an Update", campaign._get_health()["text"])
            with self.assertRaisesRegex(UserError, "that it takes was deleted"):
                campaign.action_update_participants()
        action.resource_ref = f"res.partner.category,{cold.id}"
        with self._at(self.later):
            campaign.action_update_participants()
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertTraces(tag, dict.fromkeys(self.contacts, "processed"))
        self.assertIn(cold, self.ada.category_id)

    def test_a_rewritten_template_of_an_action_waits_for_update(self):
        """Whom Odoo lets write an email template, its creator for one, may not speak in the campaign's name."""
        template = self.env["mail.template"].create(
            {"name": "T", "model_id": self.model_partner.id, "subject": "Hello", "use_default_to": True}
        )
        action = self._create_server_action(name="Post", state="mail_post", template_id=template.id, code=False)
        campaign = self._create_campaign(name="Act")
        post = self._create_activity(campaign, "Post", "action", "begin", None, server_action_id=action.id)
        self._start(campaign)
        self.assertFalse(campaign.require_sync)
        template.write({"use_default_to": False, "email_to": "stranger@elsewhere.example.com"})
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertTraces(post, dict.fromkeys(self.contacts, "scheduled"))
        self.assertTrue(campaign.require_sync)

    def test_an_action_that_an_activity_runs_is_not_deleted(self):
        action = self._create_action(self.campaign, "Act").server_action_id.sudo()
        with self.assertRaisesRegex(UserError, "“Act” is the server action of the activity “Act”"):
            action.unlink()

    # ------------------------------------------------------------
    # The target
    # ------------------------------------------------------------

    def test_the_target_is_that_of_the_last_start(self):
        """Whatever the campaign says by now: its filter, its traces and its actions are of the copy."""
        act = self._create_action(self.campaign, "Act")
        self._start(self.campaign)
        self.campaign.flush_recordset()
        self.env.cr.execute(
            "UPDATE marketing_campaign SET model_name = 'mailing.contact' WHERE id = %s", [self.campaign.id]
        )
        self.env.invalidate_all()
        newcomer = self.ada.copy({"email": "new@people.example.com"})
        self._run_crons(self.later, ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON)
        self.assertEqual(set(self.campaign.sudo().participant_ids.mapped("model_name")), {"res.partner"})
        self.assertTraces(act, dict.fromkeys(self.contacts + newcomer, "processed"))

    def test_a_campaign_that_the_first_release_started(self):
        """Its copy says nothing of the target nor of what it rests on; it goes on."""
        self._start(self.campaign)
        workflow = dict(self.campaign.sudo().workflow)
        del workflow["model_name"], workflow["rests"]
        self.campaign.sudo().workflow = workflow
        self.assertFalse(self.campaign.require_sync)
        self.assertEqual(len(self._run_crons(self.later)), 5)
