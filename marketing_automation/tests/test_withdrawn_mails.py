from unittest.mock import patch

from odoo import api
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon


class QueueCommon(MarketingAutomationCommon):
    """A campaign whose emails wait in the queue while something else happens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.after = cls._create_action(cls.campaign, "After", "activity", cls.email)

    def _prepare(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)

    def _queued(self, *states):
        domain = [("marketing_trace_id.activity_id", "=", self.email.id), ("state", "in", states)]
        return self.env["mail.mail"].search(domain)

    def _run_queue(self, refuse=False):
        """Run the queue as its cron does, on a cursor that may be committed, and the engine.

        :return: to whom mails left
        """
        with (
            self.mock_datetime_and_now(self.start),
            self.mock_mail_gateway(mail_unlink_sent=True),
            self._in_test_mode(),
            self.env.registry.cursor() as cr,
        ):
            if refuse:
                self.send_email_mocked.side_effect = MailDeliveryException("550 mailbox unavailable")
            with patch("odoo.modules.module.current_test", False):  # or the queue does not commit
                api.Environment(cr, api.SUPERUSER_ID, {})["mail.mail"].process_email_queue()
            left = self.contacts.exists()
            sent = [] if refuse else [contact for contact in left if contact.email in str(self._mails)]
        self.env.invalidate_all()
        self._run_engine()
        return sent

    def _run_engine(self):
        self._run_crons(self.start, ENROLMENT_CRON, EXECUTION_CRON)


@tagged("post_install", "-at_install")
class TestWithdrawnMails(QueueCommon):
    """Looked at when its turn has come: a mail that nobody should get any more is not sent."""

    def test_blocklisted_removed_or_gone_meanwhile(self):
        self._prepare()
        self.env["mail.blacklist"]._add(self.ada.email)
        self._participant(self.campaign, self.ben).with_user(self.marketer).action_remove()
        self.cleo.category_id = False
        self.campaign.leave_on_mismatch = True
        with self._at(self.start):
            self.campaign.action_update_participants()
        self._run_engine()
        self.assertEqual(self._run_queue(), [self.dan, self.eve])
        expected = {self.ada: "mail_bl", self.ben: "removed_by_hand", self.cleo: "left_filter"}
        for contact, code in expected.items():
            trace = self._trace(self.email, contact)
            self.assertEqual((trace.state, trace.end_code), ("canceled", code))
            self.assertTrue(trace.state_msg)
            self.assertEqual(trace.mailing_trace_ids.trace_status, "cancel")
        self.assertTraces(self.after, {self.ada: None, self.ben: None, self.dan: "processed", self.eve: "processed"})
        self.assertEqual(self._participant(self.campaign, self.ada).state, "completed")
        self.assertEqual((self.email.processed, self.email.total_sent), (2, 2))
        self.assertEqual(len(self._queued("cancel")), 3)
        self.assertEqual(self._run_queue(), [], "nobody later")

    def _prepare_list(self):
        """Have two emails wait for each subscriber of a list.

        :return: the subscribers, the activities and the list
        """
        mailing_list = self.env["mailing.list"].create({"name": "News"})
        subscribed = [(0, 0, {"list_id": mailing_list.id})]
        people = self.env["mailing.contact"].create(
            [{"name": name, "email": f"{name}@list.example.com", "subscription_ids": subscribed} for name in ("x", "y")]
        )
        campaign = self._create_campaign(
            name="News",
            model_id=self.env["ir.model"]._get_id("mailing.contact"),
            domain=repr([("list_ids", "in", mailing_list.ids)]),
        )
        emails = [self._create_email(campaign, name) for name in ("News", "Offers")]
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        return people, emails, mailing_list

    def test_opted_out_meanwhile(self):
        people, emails, _list = self._prepare_list()
        people[0].subscription_ids.opt_out = True
        self._run_queue()
        for email in emails:  # however many wait for one person
            first, second = (self._trace(email, contact) for contact in people)
            self.assertEqual((first.state, first.end_code), ("canceled", "mail_optout"))
            self.assertTrue(second.sent_date)

    def test_opted_out_by_another_contact_with_the_address(self):
        """What waits in the queue is withdrawn, and what the engine has not made yet ends at once."""
        people, emails, mailing_list = self._prepare_list()
        later = self._create_email(emails[0].campaign_id, "Later", interval_number=1, interval_type="days")
        with self._at(self.start):
            later.campaign_id.action_update_participants()
        self.assertEqual(self._trace(later, people[0]).state, "scheduled")
        subscribed = [(0, 0, {"list_id": mailing_list.id, "opt_out": True})]
        people.create({"name": "x again", "email": people[0].email.upper(), "subscription_ids": subscribed})
        self._run_queue()
        for email in (*emails, later):
            trace = self._trace(email, people[0])
            self.assertEqual((trace.state, trace.end_code), ("canceled", "mail_optout"), email.name)
        self.assertTrue(self._trace(emails[0], people[1]).sent_date)

    def test_the_record_is_deleted_meanwhile(self):
        """Its mail goes with it: the step says so, whoever comes first, and nothing below it runs."""
        self._prepare()
        gone, left = self._trace(self.email, self.ada), self._trace(self.email, self.ben)
        self.ada.unlink()
        self.assertEqual(set(self._queued("outgoing").mapped("res_id")), set(self.contacts[1:].ids))
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual((gone.state, gone.end_code), ("canceled", "record_deleted"))
        self.ben.unlink()
        self._run_crons(self.start, ENROLMENT_CRON, EXECUTION_CRON)
        self.assertEqual((left.state, left.end_code), ("canceled", "record_deleted"))
        self._run_queue()
        self.assertEqual((self.email.processed, self.email.total_sent), (3, 3))
        self.assertEqual(len(self.after.sudo().trace_ids), 3)

    def test_a_campaign_that_cannot_go_on_holds_nobody(self):
        """Its user may no longer act: its mails wait until somebody starts it again, and those of others go out."""
        people, emails, _list = self._prepare_list()
        self._prepare()
        campaign = emails[0].campaign_id
        self.marketer.active = False
        self.assertEqual(self._run_queue(), list(self.contacts))
        self.assertEqual(campaign.state, "stopped")
        self.assertIn("archived", campaign.stop_reason)
        self.assertEqual([email.total_sent for email in emails], [0, 0])
        self.marketer.active = True
        self._start(campaign)
        self._run_engine()
        self._run_engine()
        self._run_queue()
        for email in emails:
            self.assertTraces(email, dict.fromkeys(people, "processed"))
            self.assertEqual(email.total_sent, 2)

    def test_stopped_meanwhile(self):
        """Nothing leaves a stopped campaign; what waited is made anew when it starts again."""
        self._prepare()
        self.campaign.action_stop_campaign()
        self.assertEqual(self._run_queue(), [])
        self.assertEqual(len(self._queued("cancel")), 5)
        self._start(self.campaign)
        self._run_engine()
        self._run_engine()
        self.assertEqual(len(self._queued("outgoing")), 5)
        self.assertEqual(self._run_queue(), list(self.contacts))
        self.assertTraces(self.after, dict.fromkeys(self.contacts, "processed"))
        self.assertEqual(self.email.total_sent, 5)

    def test_another_address_meanwhile(self):
        """Odoo sends to the address that the contact has by then: that one is looked up, and noted."""
        self._prepare()
        self.ada.email = "ada.new@people.example.com"
        self.ben.email = "ben.blocked@people.example.com"
        self.env["mail.blacklist"]._add(self.ben.email)
        self.cleo.email = self.dan.email
        found = self._run_queue()
        self.assertEqual(found, [self.ada, self.cleo, self.dan, self.eve], "Cleo's address is Dan's by now")
        trace = self._trace(self.email, self.ada)
        self.assertEqual((trace.state, trace.mailing_trace_ids.email), ("processed", self.ada.email))
        for contact, code in ((self.ben, "mail_bl"), (self.cleo, "mail_dup")):
            trace = self._trace(self.email, contact)
            self.assertEqual((trace.state, trace.end_code), ("canceled", code))

    def test_looked_at_together(self):
        """However many there are: as many queries for five mails as for one."""
        self._prepare()
        mails = self._queued("outgoing")
        counts = []
        for some in (mails[:1], mails):
            self.env.invalidate_all()
            some._read_together()
            before = self.cr.sql_log_count
            some._withdraw()
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])


@tagged("post_install", "-at_install")
class TestSentAfterAll(QueueCommon):
    """An administrator sends a refused mail again, from Odoo's own list of emails."""

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def _prepare_refused(self):
        self._prepare()
        self._run_queue(refuse=True)
        self.assertTraces(self.email, dict.fromkeys(self.contacts, "error"))

    def test_the_later_acceptance_counts(self):
        self._prepare_refused()
        trace = self._trace(self.email, self.ada)
        [mail] = self._queued("exception").filtered(lambda mail: mail.marketing_trace_id == trace)
        mail.action_retry()
        self.assertEqual(self._run_queue(), [self.ada])
        self.assertEqual((trace.state, trace.end_code, trace.sent_date), ("processed", False, self.start))
        self.assertTraces(self.after, {self.ada: "processed", self.ben: None})
        self.assertEqual((self.email.total_sent, self.campaign.error_count), (1, 4))
        with self._at(self.start):
            self.campaign.action_retry_errors()
        self._run_engine()
        self.assertEqual(self._run_queue(), list(self.contacts - self.ada), "nobody twice")

    def test_retry_sees_it(self):
        """Though the engine has not taken note yet."""
        self._prepare_refused()
        trace = self._trace(self.email, self.ada)
        [mail] = self._queued("exception").filtered(lambda mail: mail.marketing_trace_id == trace)
        with self._at(self.start):
            mail.action_retry()
            mail.send()
            self.assertEqual(trace.state, "error")
            with self.assertRaisesRegex(UserError, "sent meanwhile"):
                trace.with_user(self.marketer).action_retry()

    def test_who_was_never_reached_is_no_duplicate(self):
        """A second contact with the address of a mail that was refused, or taken out of the queue."""
        self._prepare_refused()
        self.env["res.partner"].create(
            [{"name": "Ada II", "email": self.ada.email, "category_id": [(4, self.category.id)]}]
        )
        self._run_engine()
        [mail] = self._queued("outgoing")
        self.assertEqual(mail.marketing_trace_id.res_id, self.env["res.partner"].search([("name", "=", "Ada II")]).id)
        mail.cancel()
        self.env["res.partner"].create(
            [{"name": "Ada III", "email": self.ada.email, "category_id": [(4, self.category.id)]}]
        )
        self._run_engine()
        self.assertEqual(len(self._queued("outgoing")), 1)


@tagged("post_install", "-at_install")
class TestSharedAddress(QueueCommon):
    """Two contacts of one batch have one address: one gets the message, also where the server refuses it first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ben.email = cls.ada.email

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def setUp(self):
        super().setUp()
        self._prepare()
        self.first, self.second = self._trace(self.email, self.ada), self._trace(self.email, self.ben)
        self._run_queue(refuse=True)
        self.assertEqual((self.first.state, self.second.end_code), ("error", "mail_dup"))

    def _assert_one_gets_it(self):
        """The shared address gets it once; whoever is left is a duplicate again, for good."""
        self._run_engine()
        self._run_queue()
        self._assert_one_mail_left()
        self.assertEqual(sorted((self.first + self.second).mapped("state")), ["canceled", "processed"])
        [left] = (self.first + self.second).filtered(lambda trace: trace.state == "canceled")
        self.assertEqual(left.end_code, "mail_dup")
        self.assertFalse(left.can_retry, "somebody was reached")
        with self.assertRaises(UserError), self._at(self.start):
            left.with_user(self.marketer).action_retry()

    def _assert_one_mail_left(self):
        sent = [("email", "=", self.ada.email), ("trace_status", "=", "sent")]
        self.assertEqual(self.env["mailing.trace"].search_count(sent), 1)

    def test_retry_of_the_first(self):
        self.assertTrue(self.first.can_retry)
        with self._at(self.start):
            self.first.with_user(self.marketer).action_retry()
        self.assertEqual(self.second.state, "scheduled", "should the first fail again")
        self._assert_one_gets_it()

    def test_retry_of_the_second(self):
        timeline = self.second.participant_id.with_user(self.marketer).timeline_data
        self.assertTrue(timeline["steps"][0]["can_retry"])
        with self._at(self.start):
            self.second.with_user(self.marketer).action_retry()
        self._run_engine()
        self._run_queue()
        self.assertEqual((self.first.state, self.second.state), ("error", "processed"))
        with self._at(self.start):
            self.first.with_user(self.marketer).action_retry()
        self._run_engine()
        self._run_queue()
        self._assert_one_mail_left()
        self.assertEqual((self.first.state, self.first.end_code), ("canceled", "mail_dup"))

    def test_retry_all(self):
        with self._at(self.start):
            notification = self.campaign.action_retry_errors()
        self.assertIn("5 step(s)", notification["params"]["message"])
        self._assert_one_gets_it()

    def test_the_first_left_meanwhile(self):
        self.first.participant_id.with_user(self.marketer).action_remove()
        with self._at(self.start):
            self.email.action_retry_errors()
        self._run_engine()
        self._run_queue()
        self.assertEqual((self.first.state, self.second.state), ("error", "processed"))

    def test_another_start_promises_it(self):
        """The last look before Start counts whom the step will reach, and does not count a refused one as reached."""
        self.campaign.action_stop_campaign()
        self.env["res.partner"].create(
            {"name": "Ada II", "email": self.ada.email, "category_id": [(4, self.category.id)]}
        )
        preview = self.campaign.get_start_preview()
        self.assertEqual((preview["messages"], preview["left_out"]), ({"email": 1}, []))
