from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from .common import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

EXECUTION_LOG = "odoo.addons.marketing_automation.models.runtime.loop"
FAIL = "raise UserError('The stock is empty')"
WORK = "record.write({'ref': (record.ref or '') + 'acted '})"


@tagged("post_install", "-at_install")
class TestEndings(MarketingAutomationCommon):
    """How steps end, and how some come back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.campaign = cls._create_campaign()

    def _refuse(self, moment):
        """Run the mail queue while the server refuses."""
        with self._at(moment):
            self.send_email_mocked.side_effect = MailDeliveryException("550 mailbox unavailable")
            self.env["mail.mail"].process_email_queue()

    @mute_logger(EXECUTION_LOG)
    def test_retry_an_error(self):
        self._let_marketer_edit_contacts()
        activity = self._create_action(self.campaign, "Act", code=FAIL)
        after = self._create_action(self.campaign, "After", "activity", activity)
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self.campaign.error_count, 5)
        trace = self._trace(activity, self.ada)
        self.assertEqual(trace.state_msg, "The activity failed: The stock is empty")
        activity.server_action_id.sudo().code = WORK
        with self._at(self.start + timedelta(days=1)):
            self.campaign.action_update_participants()  # upon which the changed action is used
            trace.with_user(self.marketer).action_retry()
        self.assertEqual((trace.state, trace.attempt, trace.end_code), ("scheduled", 2, False))
        self.assertEqual(self._participant(self.campaign, self.ada).state, "running")
        self._run_crons(self.start + timedelta(days=1), EXECUTION_CRON)
        self.assertTraces(activity, {self.ada: "processed", self.ben: "error"})
        self.assertTraces(after, {self.ada: "processed", self.ben: None})
        # all that is left, at once
        with self._at(self.start + timedelta(days=2)):
            self.campaign.action_retry_errors()
        self._run_crons(self.start + timedelta(days=2), EXECUTION_CRON)
        self.assertTraces(after, dict.fromkeys(self.contacts, "processed"))
        self.assertEqual(self.campaign.error_count, 0)
        self.assertEqual(self.ben.ref, "acted acted ")

    @mute_logger(EXECUTION_LOG)
    def test_retry_refusals(self):
        activity = self._create_action(self.campaign, "Act", code=FAIL)
        self._start(self.campaign)
        trace = self._trace(activity, self.ada)
        with self.assertRaisesRegex(UserError, "no error"):
            trace.with_user(self.marketer).action_retry()
        self._run_crons(self.start, EXECUTION_CRON)
        stranger = new_test_user(self.env, login="stranger", groups="base.group_user")
        with self.assertRaises(AccessError):
            trace.with_user(stranger).action_retry()
        with self.assertRaises(AccessError):
            self.campaign.with_user(stranger).action_retry_errors()
        self._participant(self.campaign, self.ada).with_user(self.marketer).action_remove()
        with self.assertRaisesRegex(UserError, "left the campaign"):
            trace.with_user(self.marketer).action_retry()

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_server_refuses_then_retry(self):
        """The refusal ends the step; its retry is swallowed as no duplicate, and is one mail."""
        email = self._create_email(self.campaign, "Welcome")
        after = self._create_action(self.campaign, "After", "activity", email)
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self._refuse(self.start)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(email, dict.fromkeys(self.contacts, "error"))
        self.assertTraces(after, dict.fromkeys(self.contacts))
        told = f"{self._reason('refused')}: 550 mailbox unavailable"
        self.assertEqual(set(email.sudo().trace_ids.mapped("state_msg")), {told})
        self.assertEqual(set(self.campaign.participant_ids.mapped("state")), {"completed"})
        later = self.start + timedelta(hours=1)
        with self._at(later):
            self.campaign.action_retry_errors()
        mails = self._run_crons(later, EXECUTION_CRON, MAIL_CRON, EXECUTION_CRON)
        self.assertEqual(len(mails), 5)
        self.assertTraces(email, dict.fromkeys(self.contacts, "processed"))
        self.assertTraces(after, dict.fromkeys(self.contacts, "processed"))
        self.assertEqual((email.total_sent, self._trace(email, self.ada).sent_date), (5, later))

    def _reason(self, code):
        return self.env["marketing.trace"]._get_end_reasons()[code]

    def test_mail_taken_out_of_the_queue(self):
        """Who waited for it waits no longer, and it can be tried again."""
        email = self._create_email(self.campaign, "Welcome")
        after = self._create_action(self.campaign, "After", "activity", email)
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        mails = self.env["mail.mail"].search([("marketing_trace_id.activity_id", "=", email.id)])
        self.assertEqual(len(mails), 5)
        to_ada = mails.filtered(lambda mail: mail.marketing_trace_id.id == self._trace(email, self.ada).id)
        to_ben = mails.filtered(lambda mail: mail.marketing_trace_id.id == self._trace(email, self.ben).id)
        to_ada.cancel()
        to_ben.unlink()
        self._run_crons(self.start)
        self.assertTraces(email, {self.ada: "error", self.ben: "error", self.cleo: "processed"})
        self.assertTraces(after, {self.ada: None, self.ben: None, self.cleo: "processed"})
        self.assertEqual(self._participant(self.campaign, self.ada).state, "completed")
        with self._at(self.start):
            self.campaign.action_retry_errors()
        self.assertEqual(len(self._run_crons(self.start)), 2)
        self.assertTraces(after, dict.fromkeys(self.contacts, "processed"))

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_event_of_an_earlier_attempt(self):
        """An open of a mail that was refused says nothing of the mail that a retry makes: it is not accepted yet."""
        email = self._create_email(self.campaign, "Welcome")
        after = self._create_action(self.campaign, "After", "activity", email)
        ignored = self._create_action(self.campaign, "Ignored", "mail_not_open", email)
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self._refuse(self.start)
        self._run_crons(self.start, EXECUTION_CRON)
        trace, later = self._trace(email, self.ada), self.start + timedelta(hours=1)
        with self._at(later):
            trace.mailing_trace_ids.set_opened()
            trace.with_user(self.marketer).action_retry()
        self._run_crons(later, EXECUTION_CRON)
        self.assertEqual((trace.state, trace.sent_date), ("processed", False))
        self.assertEqual(self._participant(self.campaign, self.ada).state, "running", "“After” waits")
        self.assertTraces(after, {self.ada: None})
        after.action_remove()
        with self._at(later):
            self.campaign.action_update_participants()
        self.assertEqual(self._participant(self.campaign, self.ada).state, "completed", "“Ignored” cannot run")
        accepted = later + timedelta(hours=1)
        self._run_crons(accepted, MAIL_CRON, EXECUTION_CRON)
        self.assertEqual(trace.sent_date, accepted)
        self.assertTraces(ignored, {self.ada: None})

    @mute_logger(EXECUTION_LOG)
    def test_retry_of_a_removed_step(self):
        """It ends with that reason."""
        activity = self._create_action(self.campaign, "Act", code=FAIL)
        self._create_action(self.campaign, "Other")
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        activity.action_remove()
        with self._at(self.start):
            self.campaign.action_update_participants()
            self.campaign.action_retry_errors()
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(activity, dict.fromkeys(self.contacts, "canceled"))
        self.assertEqual(set(activity.sudo().trace_ids.mapped("end_code")), {"step_removed"})

    def test_address_goes_to_who_was_due_first(self):
        """Also where that one has another step to run before."""
        self.ben.email = self.ada.email
        self.ben.category_id = False
        email = self._create_email(self.campaign, "Welcome")
        self._create_action(self.campaign, "Read", "mail_open", email, interval_number=1)
        news = self._create_email(self.campaign, "News", interval_number=3)
        self._start(self.campaign)
        self._run_crons(self.start)
        later = self.start + timedelta(hours=1)
        with self._at(later):
            self._trace(email, self.ada).mailing_trace_ids.set_opened()
        self.ben.category_id = self.category
        self._run_crons(later, ENROLMENT_CRON, EXECUTION_CRON)
        self._run_crons(self.start + timedelta(days=1), EXECUTION_CRON)
        self.assertTraces(news, {self.ada: "processed", self.ben: "canceled"})

    def test_blocklisted_after_scheduling(self):
        email = self._create_email(self.campaign, "Welcome", interval_number=1)
        self._start(self.campaign)
        self.env["mail.blacklist"]._add(self.ada.email)
        mails = self._run_crons(self.start + timedelta(hours=1))
        self.assertEqual(len(mails), 4)
        self.assertEqual(self._trace(email, self.ada).end_code, "mail_bl")

    def test_return_after_leaving(self):
        """The same participant, with what was pending; what happened meanwhile counts."""
        email = self._create_email(self.campaign, "Welcome")
        read = self._create_action(self.campaign, "Read", "mail_open", email)
        waits = self._create_action(self.campaign, "Waits", "activity", email, interval_number=2, interval_type="days")
        self._start(self.campaign)
        self._run_crons(self.start)
        participant = self._participant(self.campaign, self.ada)
        self.ada.category_id = False
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
        self.assertEqual((participant.state, self._trace(waits, self.ada).state), ("unlinked", "canceled"))
        with self._at(self.start + timedelta(hours=2)):
            self._trace(email, self.ada).mailing_trace_ids.set_opened()
        self._run_crons(self.start + timedelta(hours=2), EXECUTION_CRON)
        self.assertFalse(self._trace(read, self.ada), "nothing happens while it is away")
        self.ada.category_id = self.category
        self._run_crons(self.start + timedelta(hours=3), ENROLMENT_CRON, EXECUTION_CRON)
        self.assertEqual(self._participant(self.campaign, self.ada), participant)
        self.assertEqual((participant.state, participant.end_code), ("running", False))
        self.assertTraces(read, {self.ada: "processed"})
        trace = self._trace(waits, self.ada)
        self.assertEqual((trace.state, trace.schedule_date), ("scheduled", self.start + timedelta(days=2)))

    def test_return_where_leaving_is_off_by_now(self):
        """Who left while it was on comes back all the same."""
        activity = self._create_action(self.campaign, "Act", interval_number=2)
        self._start(self.campaign)
        self.ada.category_id = False
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertTraces(activity, {self.ada: "canceled"})
        self.campaign.leave_on_mismatch = False
        with self._at(self.start):
            self.campaign.action_update_participants()
        self.ada.category_id = self.category
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
        self.assertTraces(activity, {self.ada: "scheduled"})

    def test_merged_contacts(self):
        """The participant follows to the record that survives, once."""
        activity = self._create_action(self.campaign, "Act", interval_number=1)
        self._start(self.campaign)
        stranger = self.env["res.partner"].create(
            {"name": "Stranger", "email": self.ada.email, "category_id": self.category.ids}
        )
        merge = self.env["base.partner.merge.automatic.wizard"]
        participant = self._participant(self.campaign, self.ada)
        merge._merge((self.ada + stranger).ids, stranger)
        self.assertEqual((participant.res_id, participant.trace_ids.res_id), (stranger.id, stranger.id))
        self.ben.email = self.cleo.email = "both@people.example.com"
        gone = self._participant(self.campaign, self.ben)
        merge._merge((self.ben + self.cleo).ids, self.cleo)
        self.assertEqual((gone.state, gone.end_code), ("unlinked", "merged"))
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON, EXECUTION_CRON)
        self.assertTraces(activity, {stranger: "processed", self.cleo: "processed", self.dan: "processed"})
        self.assertEqual((stranger.ref, self.cleo.ref), ("acted ", "acted "))

    def test_merged_contacts_of_whom_one_is_inside(self):
        """That one follows, not one who was taken out before."""
        activity = self._create_action(self.campaign, "Act", interval_number=1)
        self._start(self.campaign)
        self._participant(self.campaign, self.ada).action_remove()
        stranger = self.env["res.partner"].create({"name": "Stranger", "category_id": self.category.ids})
        inside = self._participant(self.campaign, self.ben)
        self.env["base.partner.merge.automatic.wizard"]._merge((self.ada + self.ben + stranger).ids, stranger)
        self.assertEqual((inside.res_id, inside.state), (stranger.id, "running"))
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON, EXECUTION_CRON)
        self.assertTraces(activity, {stranger: "processed"})

    def test_opt_out_of_a_list(self):
        """A mailing contact who opted out of the list gets nothing, though the list is still its own."""
        newsletter, other = self.env["mailing.list"].create([{"name": "Newsletter"}, {"name": "Other"}])
        contacts = self.env["mailing.contact"].create(
            [
                {
                    "name": name,
                    "email": f"{name}@list.example.com",
                    "subscription_ids": [
                        (0, 0, {"list_id": mailing_list.id, "opt_out": out}) for mailing_list, out in subscriptions
                    ],
                }
                for name, subscriptions in [
                    ("in", [(newsletter, False)]),
                    ("out", [(newsletter, True)]),
                    ("elsewhere", [(newsletter, False), (other, True)]),
                ]
            ]
        )
        model = self.env["ir.model"]._get("mailing.contact")
        campaign = self._create_campaign(
            name="List", model_id=model.id, domain=repr([("list_ids", "in", newsletter.ids)])
        )
        template = self._create_template("News", body="<p>Hello</p>", mailing_model_id=model.id)
        email = self._create_activity(campaign, "News", "email", "begin", None, mass_mailing_id=template.id)
        self._start(campaign)
        mails = self._run_crons(self.start)
        self.assertEqual(len(mails), 2)
        codes = [self._trace(email, contact).end_code for contact in contacts]
        self.assertEqual(codes, [False, "mail_optout", False])
