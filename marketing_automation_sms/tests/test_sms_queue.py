from collections import Counter
from contextlib import suppress
from unittest.mock import patch

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.marketing_automation.tests.common import ENROLMENT_CRON, EXECUTION_CRON
from odoo.addons.marketing_automation_sms.models.sms_sms_queue import FEW
from odoo.addons.sms.tools.sms_api import SmsApi

from .common import SMS_CRON, MarketingAutomationSmsCommon


class Killed(BaseException):
    """The process dies: what it has committed stays, and nothing else."""


@tagged("post_install", "-at_install")
class TestSmsQueue(MarketingAutomationSmsCommon):
    """SMS that wait in Odoo's queue, and a provider that does not answer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.text = cls._create_sms(cls.campaign, "Sale")
        cls.after = cls._create_action(cls.campaign, "After", "activity", cls.text)

    def _prepare(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)

    def _codes(self):
        traces = [self._trace(self.text, contact) for contact in self.contacts]
        return [(trace.state, trace.end_code or None) for trace in traces]

    def test_no_longer_to_be_sent(self):
        self._prepare()
        self.env["phone.blacklist"]._add([self.ada.phone_sanitized])
        self._participant(self.campaign, self.ben).with_user(self.marketer).action_remove()
        messages = self._run_sms(self.start, SMS_CRON, EXECUTION_CRON)
        numbers = [contact.phone_sanitized for contact in (self.cleo, self.dan, self.eve)]
        self.assertEqual(sorted(sms["number"] for sms in messages), numbers)
        self.assertEqual(
            self._codes(),
            [("canceled", "sms_blacklist"), ("canceled", "removed_by_hand"), *[("processed", None)] * 3],
        )
        self.assertTraces(self.after, {self.ada: None, self.ben: None, self.cleo: "processed"})

    def test_a_stopped_campaign(self):
        """What waited is made anew when it starts again."""
        self._prepare()
        self.campaign.action_stop_campaign()
        self.assertFalse(self._run_sms(self.start, SMS_CRON, EXECUTION_CRON))
        self._start(self.campaign)
        messages = self._run_sms(self.start, EXECUTION_CRON, EXECUTION_CRON, SMS_CRON, EXECUTION_CRON)
        self.assertEqual(len(messages), 5)
        self.assertTraces(self.after, dict.fromkeys(self.contacts, "processed"))

    def _send_and_fail(self, error):
        """Have the request to the provider end with an error of the network, as Odoo wraps it."""

        def contact_iap(*_args, **_kwargs):
            try:
                raise error
            except requests.RequestException:
                raise AccessError(type(error).__name__)  # noqa: B904  # as Odoo does

        self._prepare()
        with self._at(self.start), patch.object(SmsApi, "_contact_iap", contact_iap), self._in_test_mode():
            self.env.ref(SMS_CRON).method_direct_trigger()
        self.env.invalidate_all()
        self._run_crons(self.start, EXECUTION_CRON)

    def test_no_answer(self):
        """It may have gone out: that is said, and it is no reason to send it to the number again."""
        self._send_and_fail(requests.ReadTimeout())
        self.assertEqual(self._codes(), [("error", "sms_unknown")] * 5)
        self.assertIn("may or may not have been sent", self._trace(self.text, self.ada).state_msg)
        second = {"name": "Ada II", "phone": self.ada.phone, "category_id": [(4, self.category.id)]}
        twin = self.env["res.partner"].create(second)
        self.assertFalse(self._run_sms(self.start, ENROLMENT_CRON, EXECUTION_CRON, SMS_CRON))
        self.assertEqual(self._trace(self.text, twin).end_code, "sms_duplicate")

    def test_few_are_risked_after_a_silence(self):
        self._send_and_fail(requests.ReadTimeout())
        self.env["res.partner"].create(
            [
                {"name": f"P{number}", "phone": f"+3247600{number:04}", "category_id": [(4, self.category.id)]}
                for number in range(FEW + 2)
            ]
        )
        self._run_crons(self.start, ENROLMENT_CRON, EXECUTION_CRON)
        sizes = []

        def contact_iap(_api, _endpoint, params, **_options):
            numbers = [number for message in params["messages"] for number in message["numbers"]]
            sizes.append(len(numbers))
            return [{"uuid": number["uuid"], "state": "success", "credit": 0} for number in numbers]

        with self._at(self.start), patch.object(SmsApi, "_contact_iap", contact_iap), self._in_test_mode():
            for _run in range(2):
                self.env.ref(SMS_CRON).method_direct_trigger()
        self.assertEqual((sum(sizes), max(sizes)), (FEW + 2, FEW))

    def test_no_connection(self):
        """Nothing was sent: whoever shares the number may get it."""
        reason = NewConnectionError(None, "Connection refused")
        self._send_and_fail(requests.ConnectionError(MaxRetryError(None, "/api", reason)))
        self.assertEqual(self._codes(), [("error", "sms_server")] * 5)

    def test_killed_during_the_request(self):
        """What the provider had been given is not given to it again; what had its own sender goes on."""
        self._prepare()
        theirs = self.env["sms.sms"].create({"number": "+32470999999", "body": "No campaign's"})
        given = Counter()

        def contact_iap(_api, _endpoint, params, **_options):
            given.update(number["number"] for message in params["messages"] for number in message["numbers"])
            raise Killed

        with (
            self._at(self.start),
            patch.object(SmsApi, "_contact_iap", contact_iap),
            self._in_test_mode(),
            suppress(Killed),
            self.registry.cursor() as cr,
        ):
            self.env(cr=cr)["sms.sms"]._process_queue()
        self.env.invalidate_all()
        again = self._run_sms(self.start, SMS_CRON, EXECUTION_CRON)
        self.assertEqual([sms["number"] for sms in again], [theirs.number])  # as Odoo has it
        self.assertEqual(set(given.values()), {1})
        self.assertEqual(len(given), 6)
        self.assertEqual(self._codes(), [("error", "sms_unknown")] * 5)
        self.assertTraces(self.after, dict.fromkeys(self.contacts))
        self.assertFalse(self.env["sms.sms"].search([("marketing_handover", "=", True)]))
        # whom a person decides to send it to again gets it
        trace = self._trace(self.text, self.ada)
        with self._at(self.start):
            trace.with_user(self.marketer).action_retry()
        [sms] = self._run_sms(self.start, EXECUTION_CRON, SMS_CRON, EXECUTION_CRON)
        self.assertEqual(sms["number"], self.ada.phone_sanitized)

    def test_nobody_sends_again_what_is_on_the_way(self):
        """As *Retry* on Odoo's own list of text messages would."""
        self._prepare()
        on_the_way = self.env["sms.sms"].search([("state", "=", "outgoing")])
        on_the_way.write({"state": "error", "marketing_handover": True})
        with self._at(self.start), patch.object(SmsApi, "_contact_iap", side_effect=AssertionError("it was sent")):
            on_the_way.resend_failed()
        self.assertEqual(set(on_the_way.mapped("marketing_handover")), {True})
