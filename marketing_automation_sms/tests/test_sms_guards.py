from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.marketing_automation.engine.context import BATCH_KEY
from odoo.addons.marketing_automation.models.mailing.mailing_mailing import NOBODY
from odoo.addons.marketing_automation.tests.common import ENROLMENT_CRON, EXECUTION_CRON

from ..hooks import uninstall_hook
from ..models import sms_tracker
from .common import SMS_CRON, MarketingAutomationSmsCommon

QUEUE_CRON = "mass_mailing.ir_cron_mass_mailing_queue"


@tagged("post_install", "-at_install")
class TestSmsGuards(MarketingAutomationSmsCommon):
    """No way leads from an SMS template of a campaign to a whole audience."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls.contacts[0]
        cls.campaign = cls._create_campaign()
        cls.text = cls._create_sms(cls.campaign, "Sale")
        cls.mailing = cls.text.mass_mailing_id

    def _run_queues(self):
        return self._run_sms(self.start, QUEUE_CRON, SMS_CRON)

    def test_a_text_that_was_changed_while_it_runs(self):
        """By somebody who is gone since: nobody gets it; Update would tell."""
        editor = new_test_user(
            self.env,
            login="editor",
            name="Edith",
            groups="base.group_user,marketing_automation.group_marketing_automation_user",
        )
        self._start(self.campaign)
        self.mailing.with_user(editor).body_plaintext = "Half price"
        editor.active = False
        with self._at(self.start):
            [change] = self.campaign.get_update_preview()["changes"]
        self.assertRegex(change, "The text of “Sale” was changed by Edith on")
        self.assertFalse(self._run_sms(self.start, EXECUTION_CRON, SMS_CRON))
        self.assertEqual(self.campaign.state, "stopped")
        self.assertIn("“Sale” was changed by Edith", self.campaign.stop_reason)

    def test_an_email_made_of_an_sms_template(self):
        with self.assertRaisesRegex(ValidationError, "its recipients and its type cannot change"), self.cr.savepoint():
            self.mailing.mailing_type = "mail"

    def test_buttons_of_sms_marketing(self):
        for action in (
            "action_launch",
            "action_put_in_queue",
            "action_send_mail",
            "action_send_sms",
            "action_retry_failed",
            "action_retry_failed_sms",
        ):
            with self._at(self.start), self.assertRaisesRegex(UserError, "Sale.*Prospection"):
                getattr(self.mailing, action)()
        for action in ("action_send_mail", "action_send_sms"):
            with self._at(self.start), self.assertRaises(UserError):
                getattr(self.mailing, action)(self.contacts.ids)
        self.assertFalse(self._run_queues())

    def test_a_context_from_outside_gives_nothing(self):
        mailing = self.mailing.with_context(**{BATCH_KEY: {"trace_by_res_id": {self.ada.id: 1}}})
        with self._at(self.start), self.assertRaises(UserError):
            mailing.action_send_sms(self.ada.ids)

    def test_queue_of_sms_marketing(self):
        self.assertEqual(self.mailing.mailing_domain, NOBODY)
        for state in ("in_queue", "sending"):
            with self.assertRaisesRegex(UserError, "its participants"), self.cr.savepoint():
                self.mailing.state = state
            self.mailing.sudo().state = state
            self.assertFalse(self._run_queues())
        self.assertFalse(self.mailing.mailing_trace_ids)

    def test_moderated_sms_put_nothing_into_the_queue(self):
        """Odoo marks the mailing of a moderated SMS as sending, and the queue then serves its audience."""
        self.gateway = {"moderated": True}
        self.campaign.domain = repr([("id", "=", self.ada.id)])
        self._start(self.campaign)
        self._run_sms(self.start)
        self.assertEqual(self._message(self.text, self.ada).trace_status, "process")
        self.assertNotEqual(self.mailing.state, "sending")
        self.assertFalse(self._run_queues())
        # and if it were marked all the same
        self.mailing.sudo().state = "sending"
        self.assertFalse(self._run_queues())
        self.assertEqual(self.mailing.mailing_trace_ids.mapped("res_id"), self.ada.ids)

    def test_a_report_does_not_write_the_template(self):
        """One row of all messages of a step: two reports at once would fail each other."""
        self._start(self.campaign)
        self._run_sms(self.start)
        before = self.mailing.write_date
        self._report(self.text, self.contacts, "delivered", self.start + timedelta(hours=1))
        self.assertEqual((self.mailing.state, self.mailing.write_date), ("draft", before))
        self.assertFalse(self.mailing.kpi_mail_required)

    def test_nobody_due_nobody_texted(self):
        self.campaign.domain = "[('id', '=', 0)]"
        self._start(self.campaign)
        self.assertFalse(self._run_sms(self.start))

    def test_out_of_sms_marketing(self):
        ordinary = self._ordinary()
        action = self.env["ir.actions.act_window"]._for_xml_id("mass_mailing_sms.mailing_mailing_action_sms")
        listed = self.env["mailing.mailing"].search(safe_eval(action["domain"]))
        self.assertIn(ordinary, listed)
        self.assertNotIn(self.mailing, listed)
        utm_campaign = self.campaign.utm_campaign_id.sudo()
        ordinary.campaign_id = utm_campaign
        self.assertEqual((utm_campaign.mailing_sms_ids, utm_campaign.mailing_sms_count), (ordinary, 1))
        opened = utm_campaign.action_redirect_to_mailing_sms()
        self.assertNotIn(self.mailing, self.env["mailing.mailing"].search(opened["domain"]))
        self._start(self.campaign)
        self._run_sms(self.start)
        self.env.flush_all()
        self.assertNotIn(self.mailing.name, self.env["mailing.trace.report"].search([]).mapped("name"))

    def test_other_mailings_are_as_ever(self):
        """Duplicates, moderation and reports are Odoo's own there, and leave no event."""
        self.contacts[1].phone = self.ada.phone
        mailing = self._ordinary()
        self.gateway = {"moderated": True}
        with self._at(self.start):
            mailing.action_send_sms()
        self.assertEqual(mailing.state, "sending")
        self.assertEqual(mailing.mailing_trace_ids.filtered("failure_type").mapped("failure_type"), ["sms_duplicate"])
        uuids = mailing.mailing_trace_ids.sms_tracker_ids.mapped("sms_uuid")
        with self._at(self.start):
            self._make_webhook_jsonrpc_request([{"sms_status": "delivered", "uuids": uuids}])
        self.env.invalidate_all()
        self.assertEqual(set(mailing.mailing_trace_ids.mapped("trace_status")), {"sent"})
        self.assertEqual(mailing.state, "done")
        self.assertFalse(self.env["marketing.trace.event"].search([]))

    def test_hooks_cost_other_mailings_no_query(self):
        """A report on SMS of others takes as many queries with our hook as without."""
        tracker_class = self.env.registry["sms.tracker"]
        ours = next(cls for cls in tracker_class.__mro__ if cls.__module__ == sms_tracker.__name__)
        mailing = self._ordinary()
        with self._at(self.start):
            mailing.action_send_sms()

        def count(status):
            trackers = self.env["sms.tracker"].search([("mailing_trace_id.mass_mailing_id", "=", mailing.id)])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            trackers._action_update_from_sms_state(status)
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count("outgoing")  # fills what the registry caches
        mailing.mailing_trace_ids.write({"trace_status": "pending"})
        with_hook = count("sent")
        mailing.mailing_trace_ids.write({"trace_status": "pending"})
        for name in ("_update_sms_traces", "_update_sms_mailings"):
            behind = tracker_class.__mro__[tracker_class.__mro__.index(ours) + 1 :]
            original = next(vars(cls)[name] for cls in behind if name in vars(cls))
            self.patch(ours, name, lambda self, *args, method=original, **kwargs: method(self, *args, **kwargs))
        self.assertEqual(with_hook, count("sent"))

    def _ordinary(self):
        return self.env["mailing.mailing"].create(
            {
                "subject": "Ordinary",
                "mailing_type": "sms",
                "body_plaintext": "Hello",
                "mailing_model_id": self.model_partner.id,
                "mailing_domain": repr([("id", "in", self.contacts.ids)]),
                "sms_force_send": True,
            }
        )

    # ------------------------------------------------------------
    # Uninstall
    # ------------------------------------------------------------

    def test_after_an_uninstall(self):
        """Nothing more is sent, campaigns with SMS say why they stopped, Odoo's history stays."""
        clicked = self._create_action(self.campaign, "Clicked", "sms_click", self.text)
        emails = self._create_campaign(name="Emails")
        self._create_email(emails, "Welcome")
        self._start(emails)
        self._start(self.campaign)
        self._run_sms(self.start)
        late = self.env["res.partner"].create(
            {"name": "Late", "phone": "+32456000999", "category_id": self.category.ids}
        )
        self._run_crons(self.start, ENROLMENT_CRON, EXECUTION_CRON)
        messages = self.mailing.mailing_trace_ids
        self.assertEqual(len(messages), 6)
        uninstall_hook(self.env)
        selections = self.env["ir.model.fields.selection"].search(
            [("field_id.model", "=", "marketing.activity"), ("value", "=like", "sms%")]
        )
        self.assertEqual(len(selections), 4)
        for selection in selections:
            selection._process_ondelete()
        self.env.invalidate_all()

        self.assertEqual((self.text.activity_type, clicked.trigger_type), ("missing", "missing"))
        self.assertEqual(
            (self.campaign.state, self.campaign.stop_reason),
            ("stopped", "The addon of its SMS activities was uninstalled."),
        )
        self.assertEqual(emails.state, "running")
        waiting = self._message(self.text, late)
        self.assertEqual((waiting.trace_status, waiting.sudo().sms_id.state), ("cancel", "canceled"))
        self.assertFalse(self._run_queues())
        self.assertEqual(self.mailing.mailing_trace_ids, messages, "Odoo's own history stays")
        self.assertEqual(
            (self.mailing.state, self.mailing.active, self.mailing.mailing_domain), ("done", False, NOBODY)
        )
        action = self.env.ref("mass_mailing_sms.mailing_mailing_action_sms")
        self.assertEqual(action.domain, "[('mailing_type', '=', 'sms')]")
        with self.assertRaisesRegex(UserError, "“Sale” is of a type or has a trigger whose addon was uninstalled"):
            self._start(self.campaign)

    def test_the_stored_domain_holds_without_our_guards(self):
        """When the app itself is uninstalled too, Odoo's queue finds nobody."""
        uninstall_hook(self.env)
        registry = self.env.registry["mailing.mailing"]
        for guard, names in (
            ("_check_not_marketing_template", ("_get_recipients_domain", "_action_send_mail", "action_put_in_queue")),
            ("_get_template_views", ("action_send_sms",)),
        ):
            for ours in [cls for cls in registry.__mro__ if guard in vars(cls)]:
                for name in [name for name in names if name in vars(ours)]:
                    behind = registry.__mro__[registry.__mro__.index(ours) + 1 :]
                    original = next(vars(cls)[name] for cls in behind if name in vars(cls))
                    self.patch(ours, name, lambda self, *args, method=original, **kw: method(self, *args, **kw))
        self.mailing.sudo().write({"state": "in_queue", "active": True})
        self.assertFalse(self._run_queues())
        self.assertFalse(self.mailing.mailing_trace_ids)

    def test_a_workflow_with_steps_of_an_uninstalled_addon(self):
        """What is left of the campaign can still be looked at, retried and merged."""
        self._create_action(self.campaign, "Clicked", "sms_not_click", self.text)
        self._start(self.campaign)
        self._run_sms(self.start)
        uninstall_hook(self.env)
        triggers = {
            name: trigger
            for name, trigger in self.env["marketing.activity"]._get_triggers().items()
            if not name.startswith("sms")
        }
        self.patch(self.env.registry["marketing.activity"], "_get_triggers", lambda self: triggers)
        self.assertFalse(self.campaign._get_awaiting_steps())
        traces = self.text.sudo().trace_ids
        traces._schedule_children(self.start)
        traces.participant_id._refresh_state(self.start, self.campaign._get_awaiting_steps())
        self.assertEqual(set(traces.mapped("state")), {"processed"})

    def test_restored_as_a_copy(self):
        """A copy that Odoo neutralises sends no SMS that waited."""
        self._start(self.campaign)
        self._run_sms(self.start, EXECUTION_CRON)
        self.assertEqual(self.env["sms.sms"].search_count([("state", "=", "outgoing")]), 5)
        for query in get_neutralization_queries(["marketing_automation_sms"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertFalse(self._run_queues())
