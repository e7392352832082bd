"""The weekly email about campaigns: who gets it, what it says, and what it says to whom."""

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .accounts import USER
from .common import ENROLMENT_CRON, MAIL_CRON, MarketingAutomationCommon

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestDigest(MarketingAutomationCommon):
    def setUp(self):
        super().setUp()
        self.digest = self.env.ref("marketing_automation.digest_digest_campaigns")
        self.campaign = self._create_campaign(name="Autumn", goal_domain="[('ref', '=', 'customer')]")
        self._create_action(self.campaign, "Note", code="if record.name == 'Eve': raise UserError('No Eve')")
        self._create_action(self.campaign, "Later", interval_number=9, interval_type="days")
        self._start(self.campaign)
        self._run_crons(self.start)
        self.contacts[0].ref = "customer"
        self._run_crons(self.start + DAY, ENROLMENT_CRON)

    def _send(self, moment):
        """Run Odoo's own scheduled action, and the mail queue; return the digests that left."""
        self.digest.next_run_date = moment.date()
        self.env["digest.digest"].search([("id", "!=", self.digest.id)]).state = "deactivated"
        mails = self._run_crons(moment, "digest.ir_cron_digest_scheduler_action", MAIL_CRON)
        return [mail for mail in mails if self.digest.name in str(mail["subject"])]

    def test_who_has_subscribed_gets_what_became_of_their_campaigns(self):
        self.assertEqual(self._send(self.start + 2 * DAY), [], "nobody, until they want it")
        self.digest.with_user(self.marketer).action_subscribe()
        [mail] = self._send(self.start + 2 * DAY)
        self.assertIn(self.marketer.email, str(mail["email_to"]))
        for words in (
            *("Your campaigns", "Autumn", "Steps done: 4.", "Conversions: 1.", "Steps that failed: 1."),
            *("Campaign Steps Done", "Campaign Conversions", "Campaign Steps that Failed"),
            f"/odoo/marketing-automation/{self.campaign.id}",
        ):
            self.assertIn(words, mail["body"])
        self.digest.with_user(self.marketer).action_unsubscribe()
        self.assertEqual(self._send(self.start + 9 * DAY), [])

    def test_what_has_stopped_by_itself_is_to_be_looked_at(self):
        self.campaign.sudo()._stop_for("The filter cannot be read.")
        summary = self.env["digest.digest"].with_user(self.marketer)._get_marketing_summary()
        self.assertIn("It has stopped. The filter cannot be read.", summary)

    def test_numbers_are_those_that_the_reader_may_see(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env, "alien", groups=USER, company_id=elsewhere.id, company_ids=[(6, 0, elsewhere.ids)]
        )
        clerk = new_test_user(self.env, "clerk", groups="base.group_user")
        self.campaign.sudo().company_id = self.env.company

        def ask(user):
            self.env.invalidate_all()  # as Odoo does between readers
            moments = {"start_datetime": self.start - DAY, "end_datetime": self.start + 2 * DAY}
            digest = self.digest.with_user(user).with_company(user.company_id).with_context(**moments)
            names = ("kpi_marketing_done", "kpi_marketing_converted", "kpi_marketing_failed")
            return [digest[f"{name}_value"] for name in names]

        self.assertEqual(ask(self.marketer), [4, 1, 1])
        self.assertEqual(ask(stranger), [0, 0, 0])
        self.env.invalidate_all()
        [row] = self.digest.with_user(self.marketer).read(["kpi_marketing_failed_value"])
        self.assertEqual(row["kpi_marketing_failed_value"], 0, "of no time")
        with self.assertRaises(AccessError):
            ask(clerk)
        both = self.digest.with_context(allowed_company_ids=[*self.env.company.ids, *elsewhere.ids])
        [summary, *_tips] = both._compute_tips(self.env.company, self.marketer)
        self.assertIn("Autumn", summary, "also where it is sent by who works in more companies than the reader may see")
        self.assertFalse(self.digest.with_user(clerk)._get_marketing_summary())
        self.assertFalse(self.digest.with_user(stranger)._get_marketing_summary(), "of none of theirs")
