from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ..hooks import ACTION_DOMAINS, uninstall_hook
from ..models.counters.triggers import install as install_counters
from ..models.mailing.mailing_mailing import NOBODY
from .common import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

QUEUE_CRON = "mass_mailing.ir_cron_mass_mailing_queue"


@tagged("post_install", "-at_install")
class TestGuards(MarketingAutomationCommon):
    """No way leads from a template of a campaign to a whole audience."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.mailing = cls.email.mass_mailing_id

    def _mail_queues(self):
        return self._run_crons(self.start, QUEUE_CRON, MAIL_CRON)

    def test_the_stored_domain_is_nobody(self):
        self.assertEqual(self.mailing.mailing_domain, NOBODY)
        self.assertEqual(self.mailing._get_recipients(), [])
        for domain in ("[]", "[('id', '!=', 0)]"):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.mailing.mailing_domain = domain
        plain = self.env["mailing.mailing"].create(
            {"subject": "Plain", "mailing_model_id": self.model_partner.id, "mailing_domain": "[]"}
        )
        plain.use_in_marketing_automation = True
        self.assertEqual(plain.mailing_domain, NOBODY)

    def test_buttons_of_email_marketing(self):
        for action in (
            "action_launch",
            "action_put_in_queue",
            "action_send_mail",
            "action_retry_failed",
            "action_schedule",
        ):
            self.mailing.write({"schedule_type": "scheduled", "schedule_date": self.start + timedelta(days=1)})
            with self._at(self.start), self.assertRaisesRegex(UserError, "Welcome.*Prospection"):
                getattr(self.mailing, action)()
        with self._at(self.start), self.assertRaises(UserError):
            self.mailing.action_send_mail(self.contacts.ids)
        self.assertFalse(self._mail_queues())

    def test_queue_of_email_marketing(self):
        for state in ("in_queue", "sending"):
            with self.assertRaisesRegex(UserError, "its participants"), self.cr.savepoint():
                self.mailing.state = state
            self.mailing.sudo().state = state
            self.assertFalse(self._mail_queues())
        self.assertFalse(self.mailing.mailing_trace_ids)

    def test_nobody_due_nobody_mailed(self):
        """An empty id list, which Odoo takes for everybody, is never handed on."""
        self.campaign.domain = "[('id', '=', 0)]"
        self._start(self.campaign)
        self.assertFalse(self._run_crons(self.start))

    def test_after_an_uninstall(self):
        """Our override is gone then: the stored domain and state alone must hold."""
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON, MAIL_CRON)
        late = self.env["res.partner"].create(
            {"name": "Late", "email": "late@people.example.com", "category_id": self.category.ids}
        )
        self._run_crons(self.start, ENROLMENT_CRON, EXECUTION_CRON)
        traces = self.mailing.mailing_trace_ids
        self.assertEqual(len(traces), 6)
        uninstall_hook(self.env)
        waiting = traces.sudo().filtered(lambda trace: trace.res_id == late.id)  # marketers read no mails of the queue
        self.assertEqual((waiting.trace_status, waiting.mail_mail_id.state), ("cancel", "cancel"), "no longer sent")
        for xmlid in ACTION_DOMAINS:
            self.assertNotIn("marketing_automation", self.env.ref(xmlid).domain, "our field goes")
        core = self.env.registry["mailing.mailing"]
        ours = next(cls for cls in core.__mro__ if "_check_not_marketing_template" in vars(cls))
        for name in ("_get_recipients_domain", "_action_send_mail", "_get_seen_list", "action_put_in_queue"):
            behind = core.__mro__[core.__mro__.index(ours) + 1 :]
            next_in_line = next(vars(cls)[name] for cls in behind if name in vars(cls))
            self.patch(ours, name, lambda self, *args, method=next_in_line, **kwargs: method(self, *args, **kwargs))
        self.assertEqual((self.mailing.state, self.mailing.active), ("done", False))
        self.mailing.sudo().write({"state": "in_queue", "active": True})
        self.assertFalse(self._mail_queues())
        self.assertEqual(self.mailing.mailing_trace_ids, traces, "Odoo's own history stays")
        install_counters(self.cr)  # which each test looks at when it ends

    def test_out_of_email_marketing(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("mass_mailing.mailing_mailing_action_mail")
        listed = self.env["mailing.mailing"].search(safe_eval(action["domain"]))
        self.assertNotIn(self.mailing, listed)

    def test_out_of_the_report_of_email_marketing(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        ordinary = self.env["mailing.mailing"].create(
            {"subject": "Ordinary", "mailing_model_id": self.model_partner.id}
        )
        self.env["mailing.trace"].create(
            {"mass_mailing_id": ordinary.id, "model": "res.partner", "res_id": self.contacts[0].id}
        )
        self.env.flush_all()
        names = self.env["mailing.trace.report"].search([]).mapped("name")
        self.assertIn(ordinary.name, names)
        self.assertNotIn(self.mailing.name, names)

    def test_template_opens_in_the_form_of_its_type(self):
        action = self.mailing.action_open_template()
        form = self.env.ref("marketing_automation.mailing_mailing_view_form_template")
        self.assertEqual((action["res_id"], action["views"]), (self.mailing.id, [(form.id, "form")]))

    def test_template_of_a_campaign_is_counted_by_its_utm_campaign(self):
        self.assertEqual(self.mailing.campaign_id, self.campaign.utm_campaign_id)
        self.assertTrue(self.campaign.utm_campaign_id.is_auto_campaign)

    def test_statistics_mail_is_not_sent(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        self.assertEqual(self.mailing.state, "done")
        self.assertFalse(self.mailing.kpi_mail_required)

    def test_other_mailings_are_as_ever(self):
        """Our hooks cost mailings that are not ours no query, and leave no event."""
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Ordinary",
                "body_html": "<p>Hello</p>",
                "mailing_model_id": self.model_partner.id,
                "mailing_domain": repr([("id", "in", self.contacts.ids)]),
                "contact_list_ids": [Command.clear()],
            }
        )
        with self._at(self.start):
            mailing.action_send_mail()
        self.assertEqual(len(mailing.mailing_trace_ids), 5)
        self.assertEqual(set(mailing.mailing_trace_ids.mapped("trace_status")), {"sent"})
        mailing.mailing_trace_ids.set_opened()
        mailing.mailing_trace_ids.set_clicked()
        mailing.mailing_trace_ids.set_replied()
        mailing.mailing_trace_ids.set_bounced()
        self.assertFalse(self.env["marketing.trace.event"].search([]))
