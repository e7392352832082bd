from datetime import timedelta

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import MarketingAutomationSmsCommon

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestSmsPressure(MarketingAutomationSmsCommon):
    """At most so many SMS to one number in so many days, whatever emails it gets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls.contacts[0]
        (cls.contacts - cls.ada).category_id = False
        cls._limit(1)

    @classmethod
    def _limit(cls, number, **values):
        settings = {"marketing_automation_cap_sms_on": True, "marketing_automation_cap_sms": number, **values}
        cls.env["res.config.settings"].create(settings).execute()

    def test_the_second_waits(self):
        first, second = (
            self._create_sms(self._create_campaign(name=name), name, template={"use_exclusion_list": True})
            for name in ("First", "Second")
        )
        email = self._create_email(second.campaign_id, "Email")
        for campaign in (first.campaign_id, second.campaign_id):
            self._start(campaign)
        self.assertEqual(len(self._run_sms(self.start)), 1)
        self.assertTraces(email, {self.ada: "processed"})  # emails have no limit
        traces = [self._trace(step, self.ada) for step in (first, second)]
        sent, waiting = sorted(traces, key=lambda trace: trace.state)
        self.assertEqual((waiting.state, sent.state), ("scheduled", "processed"))
        self.assertEqual(waiting.schedule_date, self.start + 7 * DAY)
        with self._at(self.start):
            self.assertIn("1 of 1 SMS in 7 days", waiting.with_context(lang="en_US").state_msg)
        self.env["phone.blacklist"]._add([self.ada.phone_sanitized])
        self._run_sms(self.start + 7 * DAY)
        self.assertEqual(waiting.end_code, "sms_blacklist")

    def test_where_the_number_is_known_as_the_message_is_made(self):
        self._limit(1, marketing_automation_cap_mode="skip")
        campaigns = [self._create_campaign(name=name) for name in ("First", "Second")]
        self.classPatch(type(self.env["marketing.campaign"]), "_find_addresses", lambda *_args: {})
        texts = [self._create_sms(campaign, "Sale") for campaign in campaigns]
        for campaign in campaigns:
            self._start(campaign)
        self.assertEqual(len(self._run_sms(self.start)), 1)
        self.assertEqual(sorted(self._trace(text, self.ada).end_code or "" for text in texts), ["", "frequency_cap"])

    def test_limits_that_are_none(self):
        for number in (0, -1):
            with self.subTest(number), self.assertRaisesRegex(ValidationError, f"not “{number}”"):
                self._limit(number)
