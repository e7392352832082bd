"""Helpers for tests of campaigns that send SMS."""

import re
from contextlib import contextmanager
from urllib.parse import urlsplit

from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON, MarketingAutomationCommon
from odoo.addons.mass_mailing_sms.tests.common import MassSMSCommon

SMS_CRON = "sms.ir_cron_sms_scheduler_action"
BODY = "Hello {{ object.name }}, see https://shop.example.com/catalogue now"


class MarketingAutomationSmsCommon(MarketingAutomationCommon, MassSMSCommon):
    """Campaigns that text contacts; the provider is mocked at its wire alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway = {}  # how the provider behaves, as Odoo's mock takes it
        for number, contact in enumerate(cls.contacts):
            contact.phone = f"+32456000{number:03}"

    @classmethod
    def _create_sms_mailing(cls, title, **values):
        return cls._create_template(title, **{"mailing_type": "sms", "body_plaintext": BODY, **values})

    @classmethod
    def _create_sms(cls, campaign, name, trigger_type="begin", parent=None, template=None, **values):
        """Add an SMS activity with a template of its own."""
        mailing = cls._create_sms_mailing(name, **(template or {}))
        return cls._create_activity(campaign, name, "sms", trigger_type, parent, mass_mailing_id=mailing.id, **values)

    @contextmanager
    def _at(self, moment):
        with super()._at(moment), self.mockSMSGateway(sms_allow_unlink=True, **self.gateway):
            yield

    def _run_sms(self, moment, *xmlids):
        """Run crons at a moment; by default all that an SMS campaign needs.

        :return: the SMS that left, as the gateway's mock keeps them
        """
        self._run_crons(moment, *(xmlids or (EXECUTION_CRON, SMS_CRON, EXECUTION_CRON)))
        return list(self._sms)

    def _sms_to(self, messages, record):
        """Return the one SMS to a record."""
        to_record = [sms for sms in messages if sms["number"] == record.phone_sanitized]
        self.assertEqual(len(to_record), 1, f"SMS to {record.phone_sanitized}: {messages}")
        return to_record[0]

    def _link(self, sms):
        """Return the path and query of the one tracked link of an SMS."""
        [url] = re.findall(r"https?://\S+/r/\S+", sms["body"])
        parts = urlsplit(url)
        return f"{parts.path}?{parts.query}"

    def _message(self, activity, record):
        """Return the mailing.trace of a record's last message of a step."""
        return self._trace(activity, record).mailing_trace_ids.sorted("id")[-1:]

    def _report(self, activity, records, status, moment):
        """Have the provider report a status of SMS to Odoo's webhook."""
        uuids = [self._message(activity, record).sms_tracker_ids.sms_uuid for record in records]
        with self._at(moment):
            self._make_webhook_jsonrpc_request([{"sms_status": status, "uuids": uuids}])
        self.env.invalidate_all()
