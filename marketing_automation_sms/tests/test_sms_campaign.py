from datetime import timedelta
from unittest.mock import patch

from odoo import api
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.link_tracker.models.link_tracker import LinkTracker
from odoo.addons.marketing_automation.models.runtime.ir_cron import POSTCOMMIT_KEY
from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON
from odoo.addons.marketing_automation.tests.http_peer import running_web_site
from odoo.addons.marketing_automation.tests.test_slow_web_site import GET_TITLE

from .common import SMS_CRON, MarketingAutomationSmsCommon


@tagged("post_install", "-at_install")
class TestSmsCampaign(MarketingAutomationSmsCommon):
    """From the form to the phone, and what people see of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # who runs campaigns has no other right
        cls.marketer = new_test_user(
            cls.env,
            login="texter",
            email="texter@marketing.example.com",
            groups="base.group_user,marketing_automation.group_marketing_automation_user",
        )
        cls.ada, cls.ben, *_rest = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.text = cls._create_sms(cls.campaign, "Sale")

    def test_from_start_to_phone(self):
        """By a user who has the group of the app and nothing else."""
        after = self._create_action(self.campaign, "After", "activity", self.text, interval_number=1)
        self._start(self.campaign)
        self.assertFalse(self._run_sms(self.start, EXECUTION_CRON), "the engine only queues")
        self.assertTraces(self.text, dict.fromkeys(self.contacts, "processed"))
        self.assertEqual(set(self.env["sms.sms"].sudo().search([]).mapped("state")), {"outgoing"})
        self.assertFalse(self._trace(self.text, self.ada).sent_date)
        self.assertTraces(after, {self.ada: None})
        sent = self.start + timedelta(minutes=2)
        messages = self._run_sms(sent, SMS_CRON, EXECUTION_CRON)
        self.assertEqual(len(messages), 5)
        self.assertIn("Hello Ada, see http", self._sms_to(messages, self.ada)["body"])
        # children wait for the provider's acceptance, and count from there
        self.assertEqual(self._trace(self.text, self.ada).sent_date, sent)
        self.assertEqual(self._trace(after, self.ada).schedule_date, sent + timedelta(hours=1))
        self.assertEqual((self.text.processed, self.text.total_sent, self.text.total_bounce), (5, 5, 0))
        self.assertFalse(self._run_sms(sent + timedelta(minutes=5)), "exactly once")

    def test_it_keeps_the_sending_hours(self):
        hours = [(0, 0, {"name": "-", "dayofweek": "1", "hour_from": 9, "hour_to": 17})]  # Tuesdays
        calendar = self.env["resource.calendar"].create({"name": "Shop", "tz": "UTC", "attendance_ids": hours})
        self.campaign.sending_calendar_id = calendar
        self.campaign.sudo().tz = "UTC"
        monday = self.start
        tuesday = monday.replace(hour=9) + timedelta(days=1)
        self._start(self.campaign, monday)
        self.assertFalse(self._run_sms(monday))
        self.assertEqual(set(self.text.trace_ids.mapped("schedule_date")), {tuesday})
        self.assertEqual(len(self._run_sms(tuesday)), 5)

    def test_it_waits_for_when_they_usually_click(self):
        """By the number: nobody asks for their email address."""
        again = self._create_sms(self.campaign, "Again", "activity", self.text, interval_number=21, best_time=True)
        self._start(self.campaign)
        self._run_sms(self.start)
        trace = self._trace(self.text, self.ada)
        for minute in (10, 20, 30):
            moment = self.start + timedelta(hours=23, minutes=minute) - timedelta(weeks=1)
            self.env["marketing.trace.event"].sudo().record_events(
                "click", trace.ids, "link", trace.mailing_trace_ids.ids, date=moment
            )
        self._run_sms(self.start + timedelta(hours=1), EXECUTION_CRON)
        self._run_sms(self.start + timedelta(hours=21), EXECUTION_CRON)
        self.assertEqual(self._trace(again, self.ada).schedule_date, self.start + timedelta(hours=23))
        self.assertEqual(self._trace(again, self.ben).state, "processed")

    def test_no_request_to_the_site_of_a_link(self):
        site, paths = self.enterContext(running_web_site())
        self.enterContext(patch.object(LinkTracker, "_get_title_from_url", GET_TITLE))
        self.text.mass_mailing_id.body_plaintext = f"See {site}/catalogue"
        self._start(self.campaign)
        self.assertEqual(len(self._run_sms(self.start)), 5)
        self.assertTrue(self.env["link.tracker"].search([("url", "=", f"{site}/catalogue")]))
        self.assertEqual(paths, [])

    def test_messages_are_odoos_own(self):
        """Its traces show where a campaign's SMS belong; a note is kept on the record."""
        self.text.mass_mailing_id.keep_archives = True
        self._start(self.campaign)
        self._run_sms(self.start)
        message = self._message(self.text, self.ada)
        self.assertEqual(
            (message.trace_type, message.sms_number, message.mass_mailing_id, message.trace_status),
            ("sms", self.ada.phone_sanitized, self.text.mass_mailing_id, "pending"),
        )
        self.assertIn("Hello Ada", self.ada.message_ids[0].body)

    def test_server_action_that_sends_an_sms(self):
        """Odoo's own action, on a step that is a server action: once per participant."""
        template = self.env["sms.template"].create(
            {"name": "Sale", "model_id": self.model_partner.id, "body": "Dear {{ object.name }}"}
        )
        action = self._create_server_action(
            name="Text", state="sms", code=False, sms_template_id=template.id, sms_method="sms"
        )
        campaign = self._create_campaign(name="Actions")
        step = self._create_activity(campaign, "Text", "action", "begin", None, server_action_id=action.id)
        self._start(campaign)
        messages = self._run_sms(self.start)
        self.assertTraces(step, dict.fromkeys(self.contacts, "processed"))
        for contact in self.contacts:
            self.assertEqual(self._sms_to(messages, contact)["body"], f"Dear {contact.name}")

    def test_text_of_an_sms_template(self):
        template = self.env["sms.template"].create(
            {"name": "Sale", "model_id": self.model_partner.id, "body": "Dear {{ object.name }}"}
        )
        text = self._create_sms(
            self.campaign, "Dear", template={"sms_template_id": template.id, "body_plaintext": template.body}
        )
        self._start(self.campaign)
        bodies = {sms["body"] for sms in self._run_sms(self.start) if sms["number"] == self.ada.phone_sanitized}
        self.assertIn("Dear Ada", bodies)
        self.assertEqual(text.processed, 5)

    def test_opt_out_link(self):
        self.text.mass_mailing_id.sms_allow_unsubscribe = True
        later = self._create_sms(self.campaign, "Later", "activity", self.text, interval_number=1)
        self._start(self.campaign)
        body = self._sms_to(self._run_sms(self.start), self.ada)["body"]
        message = self._message(self.text, self.ada)
        self.assertIn(f"/sms/{self.text.mass_mailing_id.id}/{message.sms_code}", body)
        path = f"/sms/{self.text.mass_mailing_id.id}/unsubscribe/{message.sms_code}"
        self.url_open(f"{path}?sms_number={self.ada.phone_sanitized.replace('+', '%2B')}")
        self.assertFalse(self._trace(self.text, self.ada).event_ids.filtered(lambda e: e.event == "click"))
        self._run_sms(self.start + timedelta(hours=1, minutes=1))
        self.assertEqual(self._trace(later, self.ada).end_code, "sms_blacklist")
        self.assertTraces(later, {self.ben: "processed"})

    def test_the_queue_is_woken_after_the_commit(self):
        """And not before: the cron's row may be written meanwhile, which would fail the batch."""
        self._start(self.campaign)
        cron = self.env.ref(SMS_CRON)
        triggers = [("cron_id", "=", cron.id)]
        self.env["ir.cron.trigger"].search(triggers).unlink()
        with self._at(self.start), self.env.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            traces = env["marketing.trace"].search([("activity_id", "=", self.text.id)])
            traces.activity_id._execute(traces, self.start)
            self.assertFalse(env["ir.cron.trigger"].search(triggers))
            self.assertIn(cron.id, cr.postcommit.data[POSTCOMMIT_KEY])

    def test_queries_do_not_grow_with_the_batch(self):
        counts = []
        for size in (9, 10, 100):  # the first round fills what the registry caches
            contacts = self.env["res.partner"].create(
                [{"name": f"{size}-{i}", "phone": f"+324561{size:03}{i:02}"[:12]} for i in range(size)]
            )
            campaign = self._create_campaign(name=f"Of {size}", domain=repr([("id", "in", contacts.ids)]))
            text = self._create_sms(campaign, f"Sale {size}", template={"keep_archives": True})
            self._create_action(campaign, f"Clicked {size}", "sms_click", text, interval_number=1)
            self._create_action(campaign, f"Not clicked {size}", "sms_not_click", text, interval_number=1)
            self._start(campaign)
            self.env.flush_all()
            with self._at(self.start), self.env.registry.cursor() as cr:
                env = api.Environment(cr, api.SUPERUSER_ID, {})
                campaign.run_as_id.with_env(env)._get_company_ids()  # the registry may have forgotten them meanwhile
                before = self.cr.sql_log_count
                env["marketing.campaign"].browse(campaign.id).execute_activities(now=self.start)
                env.flush_all()
                queued = self.cr.sql_log_count - before
            self.assertEqual(text.processed, size)
            with self._at(self.start):
                uuids = text.sudo().trace_ids.mailing_trace_ids.sms_tracker_ids.mapped("sms_uuid")
                trackers = self.env["sms.tracker"].sudo().search([("sms_uuid", "in", uuids)])
                self.env.invalidate_all()
                before = self.cr.sql_log_count
                trackers._action_update_from_sms_state("pending")
                self.env.flush_all()
            counts.append((queued, self.cr.sql_log_count - before))
        self.assertEqual(counts[1], counts[2], "queries for 10 and for 100")

    def test_sms_cannot_be_read_by_marketing_users(self):
        self._start(self.campaign)
        self._run_sms(self.start, EXECUTION_CRON)
        with self.assertRaises(AccessError):
            self.env["sms.sms"].with_user(self.marketer).search([])

    def test_the_form(self):
        """The dialog offers SMS templates to an SMS activity, and lets go of one of another type."""
        view = "marketing_automation.marketing_activity_view_form"
        email = self._create_template("An email")
        model = (
            self.env["marketing.activity"].with_user(self.marketer).with_context(default_campaign_id=self.campaign.id)
        )
        with Form(model, view=view) as form:
            form.name = "Text"
            form.mass_mailing_id = email
            form.activity_type = "sms"
            self.assertFalse(form.mass_mailing_id)
            form.mass_mailing_id = self._create_sms_mailing("Another")
        self.assertEqual(form.record.activity_type, "sms")
        with Form(
            form.record.mass_mailing_id, view="marketing_automation_sms.mailing_mailing_view_form_template"
        ) as sms:
            sms.body_plaintext = "Short"
            sms.sms_allow_unsubscribe = True
        views = self.text.mass_mailing_id.action_open_template()["views"]
        ours = self.env.ref("marketing_automation_sms.mailing_mailing_view_form_template")
        self.assertEqual(views, [(ours.id, "form")])

    def test_a_template_of_another_type_is_refused(self):
        email, text = self._create_template("An email"), self._create_sms_mailing("A text")
        for mailing, activity_type in ((email, "sms"), (text, "email")):
            with self.assertRaisesRegex(ValidationError, f"“{mailing.subject}” is of another type"):
                self._create_activity(self.campaign, "Mixed", activity_type, "begin", None, mass_mailing_id=mailing.id)

    def test_triggers_of_the_right_parent(self):
        email = self._create_email(self.campaign, "Mail")
        with self.assertRaisesRegex(ValidationError, "cannot give the trigger “SMS: clicked”"):
            self._create_action(self.campaign, "No", "sms_click", email)
        with self.assertRaisesRegex(ValidationError, "cannot give the trigger “Mail: clicked”"):
            self._create_action(self.campaign, "No", "mail_click", self.text)

    def test_what_is_wrong_is_named_at_start(self):
        self.text.mass_mailing_id.body_plaintext = " "
        with self.assertRaisesRegex(UserError, "The SMS of “Sale” has no text"):
            self._start(self.campaign)
        self.text.mass_mailing_id = False
        with self.assertRaisesRegex(UserError, "“Sale” lacks an SMS template"):
            self._start(self.campaign)

    def test_a_target_without_phone_numbers(self):
        contact = self.env.registry["res.partner"]
        self.patch(contact, "_phone_get_number_fields", lambda self: [])
        self.patch(contact, "_mail_get_partner_fields", lambda self, introspect_fields=False: [])
        with self.assertRaisesRegex(UserError, "the records of the target have no phone number"):
            self._start(self.campaign)

    def test_duplicate_of_a_campaign(self):
        copied = self.campaign.copy()
        text = copied.marketing_activity_ids
        self.assertEqual((text.activity_type, text.mass_mailing_id.mailing_type), ("sms", "sms"))
        self.assertNotEqual(text.mass_mailing_id, self.text.mass_mailing_id)
        self.assertEqual(text.mass_mailing_id.body_plaintext, self.text.mass_mailing_id.body_plaintext)

    def test_a_test_is_sent_at_once_and_counted_nowhere(self):
        clicked = self._create_action(self.campaign, "Clicked", "sms_click", self.text)
        wizard = (
            self.env["marketing.campaign.test"]
            .with_user(self.marketer)
            .create({"campaign_id": self.campaign.id, "res_id": self.ada.id, "confirmed": True})
        )
        action = wizard.action_launch_test()
        test = self.env[action["res_model"]].with_user(self.marketer).browse(action["res_id"])
        step = test.trace_ids
        with self._at(self.start):
            step.action_run_test()
            messages = list(self._sms)
        self.assertIn("Hello Ada", self._sms_to(messages, self.ada)["body"])
        self.assertEqual((step.state, step.sent_date), ("processed", self.start))
        self.assertFalse(self._run_sms(self.start, SMS_CRON), "the queue does not send it again")
        with self._at(self.start):
            self.url_open(self._link(self._sms_to(messages, self.ada)), allow_redirects=False)
        self.env.invalidate_all()
        with self._at(self.start):
            step.action_fire_event("click")
        self.assertIn(clicked, test.trace_ids.activity_id)
        numbers = self.text.processed, self.text.total_sent, self.text.total_click
        self.assertEqual((*numbers, self.campaign.link_tracker_click_count), (0, 0, 0, 0))
        # who was tested gets the real one, as if there had been no test
        self._start(self.campaign)
        self.assertEqual(len(self._run_sms(self.start)), 5)
        self.assertEqual(self.text.total_sent, 5)
