from datetime import timedelta
from unittest.mock import patch

from psycopg2 import errors

from odoo.exceptions import UserError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon

EXECUTION = "odoo.addons.marketing_automation.models.runtime.loop"
HOUR = timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestBadDays(MarketingAutomationCommon):
    """What goes wrong around a campaign that runs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.later = cls._create_action(cls.campaign, "Later", "activity", cls.email, interval_number=2)

    def test_clock_set_back(self):
        """What was done stays done, what is due runs when its hour comes, and once."""
        self._start(self.campaign)
        self._run_crons(self.start)
        for hours, expected in ((-3, 0), (1, 0), (2, 5), (-3, 5), (2, 5)):
            mails = self._run_crons(self.start + hours * HOUR)
            self.assertEqual((self.later.processed, len(mails)), (expected, 0), f"at {hours} hours")
        self.assertEqual(set(self.contacts.mapped("ref")), {"acted "})
        self.assertEqual(self.email.processed, 5)

    def test_template_of_an_activity_cannot_be_deleted(self):
        self._start(self.campaign)
        with self.assertRaisesRegex(UserError, "“Welcome” of the campaign “Prospection”: remove that activity"):
            self.email.mass_mailing_id.unlink()
        self.assertEqual(len(self._run_crons(self.start)), 5)

    @mute_logger(EXECUTION)
    def test_user_archived(self):
        """The campaign stops and says why; nobody leaves it, and another user takes it on."""
        self._start(self.campaign)
        self.env["res.users"].browse(self.marketer.id).active = False
        self.assertFalse(self._run_crons(self.start))
        self.assertEqual(self.campaign.state, "stopped")
        self.assertIn("“Mara Marketer”: the user is archived", self.campaign.stop_reason)
        self.assertEqual(self.campaign.running_participant_count, 5)
        with self._at(self.start + HOUR):
            self.campaign.with_user(self.env.ref("base.user_admin")).action_start_campaign()
        self.assertEqual(len(self._run_crons(self.start + HOUR)), 5)

    @mute_logger(EXECUTION)
    def test_reason_of_a_stop_is_in_the_language_of_the_user(self):
        """Scheduled actions have no language of their own."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.marketer.lang = "fr_FR"
        for cron, reason in ((EXECUTION_CRON, "Un filtre ne peut pas"), (ENROLMENT_CRON, "Son filtre ne peut pas")):
            self._start(self.campaign)
            self.campaign.sudo().workflow = {**self.campaign.workflow, "domain": "[('gone', '=', 1)]"}
            self._run_crons(self.start, cron)
            self.assertIn(reason, self.campaign.stop_reason)

    @mute_logger(EXECUTION)
    def test_company_archived(self):
        company = self.env["res.company"].create({"name": "Branch"})
        self.marketer.company_ids += company
        self.campaign.company_id = company
        self._start(self.campaign)
        company.active = False
        self.assertFalse(self._run_crons(self.start))
        self.assertEqual(self.campaign.state, "stopped")
        self.assertIn("does not work for Branch", self.campaign.stop_reason)
        self.assertEqual(self.campaign.running_participant_count, 5)

    @mute_logger(EXECUTION)
    def test_disk_full(self):
        """No participant is to blame: nothing is lost, nothing marked, and all of it runs when there is room."""
        self._start(self.campaign)
        trace = type(self.env["marketing.trace"])
        with patch.object(trace, "_finish_messages", side_effect=errors.DiskFull("could not extend file")):
            self.assertFalse(self._run_crons(self.start))
        self.assertTraces(self.email, dict.fromkeys(self.contacts, "scheduled"))
        self.assertEqual(self.campaign.state, "running")
        self.assertEqual(len(self._run_crons(self.start + HOUR)), 5)
        self.assertTraces(self.email, dict.fromkeys(self.contacts, "processed"))

    def test_restored_as_a_copy(self):
        """A copy that Odoo neutralises runs no campaign and sends no mail that waited, crons or not."""
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        for query in get_neutralization_queries(["marketing_automation"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertEqual(self.campaign.state, "stopped")
        self.assertIn("This database is a copy", self.campaign.stop_reason)
        self.assertFalse(self._run_crons(self.start + 3 * HOUR))
        self.assertFalse(self.later.processed)
