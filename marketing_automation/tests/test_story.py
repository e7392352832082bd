from datetime import timedelta

from odoo.tests import HttpCase, tagged

from .common import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestStory(MarketingAutomationCommon, HttpCase):
    """One campaign, from its start to its end, through Odoo's own crons and web server."""

    def test_story(self):
        ada, ben, cleo, dan, eve = self.contacts
        campaign = self._create_campaign()
        welcome = self._create_email(campaign, "Welcome")
        thanks = self._create_action(campaign, "Thanks", "mail_click", welcome, interval_number=1, interval_type="days")
        read = self._create_action(campaign, "Has read", "mail_open", welcome)
        reminder = self._create_email(
            campaign, "Reminder", "mail_not_open", welcome, interval_number=3, interval_type="days"
        )

        # Start enrols all of them
        self._start(campaign)
        self.assertEqual(campaign.state, "running")
        self.assertEqual(campaign.run_as_id, self.marketer)
        self.assertEqual(set(campaign.participant_ids.mapped("res_id")), set(self.contacts.ids))
        self.assertTraces(welcome, dict.fromkeys(self.contacts, "scheduled"))

        # the emails are queued, then leave through Odoo's own queue
        self.assertFalse(self._run_crons(self.start, EXECUTION_CRON), "the engine only queues")
        self.assertTraces(welcome, dict.fromkeys(self.contacts, "processed"))
        self.assertTraces(reminder, dict.fromkeys(self.contacts))
        mails = self._run_crons(self.start + timedelta(minutes=1), MAIL_CRON, EXECUTION_CRON)
        self.assertEqual(len(mails), 5)
        self.assertIn("Hello Ada", self._mail_to(mails, ada)["body"])
        sent = self.start + timedelta(minutes=1)
        self.assertEqual(self._trace(welcome, ada).sent_date, sent)
        # who waits counts from there
        self.assertTraces(reminder, dict.fromkeys(self.contacts, "scheduled"))
        self.assertEqual(self._trace(reminder, ada).schedule_date, sent + timedelta(days=3))
        self.assertTraces(thanks, dict.fromkeys(self.contacts))

        # Ada clicks, Ben opens
        links = {contact: self._links(self._mail_to(mails, contact)) for contact in self.contacts}
        clicked_at = sent + timedelta(hours=2)
        with self._at(clicked_at):
            response = self.url_open(links[ada][0], allow_redirects=False)
            self.assertEqual(response.status_code, 301)
            self.assertURLEqual(response.headers["Location"].split("?")[0], "https://shop.example.com/catalogue")
            self.assertEqual(self.url_open(links[ben][1]).status_code, 200)
        # Ben counts up numbers: Cleo's trace under his own link, and his own without the signature
        with self._at(clicked_at):
            path, _query = links[ben][0].split("?")
            own = str(self._trace(welcome, ben).mailing_trace_ids.id)
            other = str(self._trace(welcome, cleo).mailing_trace_ids.id)
            for forged in (path, links[ben][0].replace(f"/m/{own}", f"/m/{other}"), f"{path}?s=%C3%A9"):
                self.assertEqual(
                    self.url_open(forged, allow_redirects=False).status_code, 301, "redirected all the same"
                )
        self._run_crons(clicked_at + timedelta(minutes=1))
        self.assertEqual(campaign.link_tracker_click_count, 1, "forged clicks are counted nowhere")
        self.assertFalse(self._trace(welcome, cleo).event_ids.filtered(lambda e: e.event != "sent"))

        # the follow-ups of those who reacted, and the cancelled reminders
        self.assertTraces(read, {ada: "processed", ben: "processed", cleo: None, dan: None, eve: None})
        self.assertEqual(self._trace(thanks, ada).schedule_date, clicked_at + timedelta(days=1))
        self.assertTraces(
            reminder, {ada: "canceled", ben: "canceled", cleo: "scheduled", dan: "scheduled", eve: "scheduled"}
        )
        self.assertEqual(self._trace(reminder, ada).end_code, "event_happened")
        self.assertEqual(self._participant(campaign, ben).state, "completed", "an open-ended wait is none")

        # not a minute too early
        self._run_crons(clicked_at + timedelta(days=1, minutes=-1))
        self.assertTraces(thanks, {ada: "scheduled"})
        self.assertEqual(ada.ref, "acted ")
        self._run_crons(clicked_at + timedelta(days=1))
        self.assertTraces(thanks, {ada: "processed"})
        self.assertEqual(ada.ref, "acted acted ")
        self.assertEqual(self._participant(campaign, ada).state, "completed")

        # three days after: those who did not open are reminded
        mails = self._run_crons(sent + timedelta(days=3))
        self.assertEqual(len(mails), 3)
        self.assertTraces(reminder, {cleo: "processed", dan: "processed", eve: "processed"})
        self.assertEqual(set(campaign.participant_ids.mapped("state")), {"completed"})

        # Dan opens the first mail after all: the positive branch still runs
        with self._at(sent + timedelta(days=4)):
            self.url_open(links[dan][1])
        self._run_crons(sent + timedelta(days=4, minutes=1))
        self.assertTraces(read, {dan: "processed"})

        # nobody comes in twice
        self._run_crons(sent + timedelta(days=5), ENROLMENT_CRON)
        self.assertEqual(campaign.total_participant_count, 5)
        self.assertEqual((welcome.processed, welcome.total_sent, welcome.total_open, welcome.total_click), (5, 5, 3, 1))
