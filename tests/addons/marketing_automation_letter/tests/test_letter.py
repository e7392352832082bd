from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestLetter(MarketingAutomationCommon):
    """A type of a companion addon that was made for 19.0.1.0.2 works as it did."""

    def test_a_letter_and_its_return(self):
        campaign = self._create_campaign()
        values = {"campaign_id": campaign.id, "activity_type": "letter", "trigger_type": "begin"}
        letter = self.env["marketing.activity"].with_user(self.marketer).create({**values, "name": "Dear"})
        with self.assertRaisesRegex(UserError, "“Dear” lacks a text"), self.cr.savepoint():
            campaign.action_start_campaign()
        letter.letter = "Dear friend"
        returned = self._create_action(campaign, "Moved", "letter_return", letter)
        self.assertIn("write a letter", letter.sentence)
        self.assertIn("letter_return", returned.allowed_trigger_types)
        email = self._create_email(campaign, "Welcome")
        with self.assertRaisesRegex(ValidationError, "Letter: returned"), self.cr.savepoint():
            self._create_action(campaign, "Wrong", "letter_return", email)
        email.unlink()
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        ada, ben = self.contacts[:2]
        self.assertTraces(letter, dict.fromkeys(self.contacts, "processed"))
        card = letter._get_card({}, [], {})
        self.assertEqual(card["icon"], "fa-envelope")
        self.assertEqual({number["name"]: number["count"] for number in card["metrics"]}, {"sent": 5, "bounce": 0})
        trace = letter.trace_ids.filtered(lambda trace: trace.res_id == ada.id)
        self.env["marketing.trace.event"].sudo().record_events("bounce", trace.ids, "post office", date=self.start)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(returned, {ada: "processed", ben: None})
