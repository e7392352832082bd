from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from requests import Response, Session

from odoo.tests import tagged

from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON, MarketingAutomationCommon

from .common import SMS_CRON, MarketingAutomationSmsCommon


@tagged("post_install", "-at_install")
class TestSmsProviders(MarketingAutomationSmsCommon):
    """Odoo's providers, each mocked at its wire alone, and what their webhooks tell."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, *_rest = cls.contacts
        cls.campaign = cls._create_campaign(domain=repr([("id", "in", cls.contacts[:2].ids)]))
        cls.text = cls._create_sms(cls.campaign, "Sale")
        cls.bounced = cls._create_action(cls.campaign, "Bounced", "sms_bounce", cls.text)
        cls.after = cls._create_action(cls.campaign, "After", "activity", cls.text, interval_number=1)
        cls.later = cls.start + timedelta(minutes=30)

    def _events(self, contact):
        return self._trace(self.text, contact).event_ids.sorted("id").mapped("event")

    def test_iap(self):
        """One request for the batch; its webhook then speaks of several SMS at once."""
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        with self._at(self.start):
            self.env.ref(SMS_CRON).method_direct_trigger()
            self.assertEqual(self._sms_api_contact_iap_mock.call_count, 1)
            self.assertEqual(self._sms_api_contact_iap_mock.call_args.args[0], "/api/sms/3/send")
        self.env.invalidate_all()
        self.assertEqual((self._events(self.ada), self._events(self.ben)), (["sent"], ["sent"]))
        self._report(self.text, self.ada + self.ben, "delivered", self.later)
        self._report(self.text, self.ben, "invalid_destination", self.later)
        self.assertEqual((self._events(self.ada), self._events(self.ben)), (["sent"], ["sent", "bounce"]))
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertTraces(self.bounced, {self.ada: None, self.ben: "processed"})
        self.assertTraces(self.after, {self.ada: "scheduled", self.ben: None})

    def test_iap_cannot_be_reached(self):
        self.gateway = {"sim_error": "jsonrpc_exception"}
        self._start(self.campaign)
        self._run_sms(self.start)
        trace = self._trace(self.text, self.ada)
        self.assertEqual((trace.state, trace.end_code), ("error", "sms_server"))

    # ------------------------------------------------------------
    # Twilio
    # ------------------------------------------------------------

    @contextmanager
    def _twilio(self, moment, refused=()):
        """Answer in Twilio's place; collect what was posted to it."""
        posts = []

        def post(session, url, data=None, **_options):
            posts.append((url, data))
            response = Response()
            bad = data["To"] in refused
            response.status_code = 400 if bad else 201
            answer = {"code": 21211, "message": "No number"} if bad else {"sid": f"SM{len(posts)}", "status": "queued"}
            response.json = lambda: answer
            return response

        with MarketingAutomationCommon._at(self, moment), patch.object(Session, "post", post):
            yield posts

    def _set_twilio(self):
        self.env.company.sudo().write(
            {
                "sms_provider": "twilio",
                "sms_twilio_account_sid": f"AC{'1' * 32}",
                "sms_twilio_auth_token": "token",
                "sms_twilio_number_ids": [(0, 0, {"country_id": self.env.ref("base.be").id, "number": "+32455998877"})],
            }
        )

    def _twilio_reports(self, contact, **values):
        """Have Twilio report on an SMS, signed as it does."""
        from odoo.addons.sms_twilio.tools.sms_twilio import generate_twilio_sms_callback_signature

        uuid = self._message(self.text, contact).sms_tracker_ids.sms_uuid
        signature = generate_twilio_sms_callback_signature(self.env.company.sudo(), uuid, values)
        with self._at(self.later):
            response = self.url_open(
                f"/sms_twilio/status/{uuid}", data=values, headers={"X-Twilio-Signature": signature}
            )
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()

    def test_twilio(self):
        self._set_twilio()
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        with self._twilio(self.start) as posts:
            self.env.ref(SMS_CRON).method_direct_trigger()
        self.assertEqual({data["To"] for _url, data in posts}, {self.ada.phone_sanitized, self.ben.phone_sanitized})
        self.assertEqual((self._events(self.ada), self._events(self.ben)), (["sent"], ["sent"]))
        self._twilio_reports(self.ada, SmsStatus="delivered")
        self._twilio_reports(
            self.ben, SmsStatus="undelivered", ErrorCode="30005", ErrorMessage="Unknown destination handset"
        )
        self.assertEqual((self._events(self.ada), self._events(self.ben)), (["sent"], ["sent", "bounce"]))
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertTraces(self.bounced, {self.ada: None, self.ben: "processed"})
        self.assertTraces(self.after, {self.ada: "scheduled", self.ben: None})

    def test_twilio_refuses(self):
        self._set_twilio()
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        with self._twilio(self.start, refused={self.ben.phone_sanitized}):
            self.env.ref(SMS_CRON).method_direct_trigger()
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(self.text, {self.ada: "processed", self.ben: "error"})
        trace = self._trace(self.text, self.ben)
        self.assertEqual(
            (trace.end_code, trace.state_msg), ("sms_number_format", "The phone number is invalid.: No number")
        )
