from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, new_test_user, tagged

from ..engine.context import BATCH_KEY, TEST_KEY
from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestTesting(MarketingAutomationCommon):
    """Testing a campaign, step by step."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls.contacts[0]
        cls.campaign = cls._create_campaign()
        cls.welcome = cls._create_email(cls.campaign, "Welcome", interval_number=2, interval_type="days")
        cls.thanks = cls._create_action(cls.campaign, "Thanks", "mail_click", cls.welcome, interval_number=1)
        cls.reminder = cls._create_email(cls.campaign, "Reminder", "mail_not_open", cls.welcome, interval_number=3)

    def _launch(self, record=None):
        wizard = (
            self.env["marketing.campaign.test"]
            .with_user(self.marketer)
            .create({"campaign_id": self.campaign.id, "res_id": (record or self.ada).id, "confirmed": True})
        )
        action = wizard.action_launch_test()
        return self.env[action["res_model"]].with_user(self.marketer).browse(action["res_id"])

    def _step(self, participant, activity):
        return participant.trace_ids.filtered(lambda trace: trace.activity_id == activity)

    def _run(self, trace):
        with self._at(self.start):
            trace.action_run_test()
            return list(self._mails)

    def test_a_test_from_end_to_end(self):
        test = self._launch()
        self.assertEqual((test.is_test, test.state, test.res_id), (True, "running", self.ada.id))
        mails = self._run(self._step(test, self.welcome))
        self.assertIn("Hello Ada", self._mail_to(mails, self.ada)["body"], "whatever its date, and for real")
        self.assertEqual(self._step(test, self.reminder).state, "scheduled", "its children show")
        self.assertFalse(self._step(test, self.thanks))
        with self._at(self.start):
            self._step(test, self.welcome).action_fire_event("click")
        self.assertEqual(self._step(test, self.reminder).state, "canceled", "as if clicked, so opened")
        self._run(self._step(test, self.thanks))
        self.assertEqual(self.ada.ref, "acted ")
        self.assertEqual(test.state, "completed")

    def test_real_events_count_for_the_test(self):
        test = self._launch()
        self._run(self._step(test, self.welcome))
        with self._at(self.start):
            self._step(test, self.welcome).sudo().mailing_trace_ids.set_opened()
        with self.assertRaisesRegex(UserError, "dealt with"):
            self._run(self._step(test, self.reminder))
        self.assertEqual(self._step(test, self.reminder).state, "canceled")

    def test_filter_of_a_step(self):
        self.welcome.activity_domain = "[('name', '=', 'Ben')]"
        test = self._launch()
        self.assertFalse(self._run(self._step(test, self.welcome)))
        self.assertEqual(
            self._step(test, self.welcome).state_msg, "The record does not match the filter of the activity."
        )
        self.assertEqual(test.state, "completed")

    def test_it_says_what_it_waits_for_and_how_to_go_on(self):
        self.reminder.action_remove()
        test = self._launch()
        self.assertEqual(test.test_hint, "Press Run beside “Welcome”: it runs now, whatever its date.")
        self._run(self._step(test, self.welcome))
        self.assertEqual(test.state, "running", "a click is waited for")
        self.assertEqual(
            test.test_hint, "It waits for a click in “Welcome”: click in the message, or press “As if clicked” below."
        )
        with self._at(self.start):
            self._step(test, self.welcome).action_fire_event("click")
        self.assertIn("Press Run beside “Thanks”", test.test_hint)
        self._run(self._step(test, self.thanks))
        self.assertEqual((test.state, test.test_hint), ("completed", "The test is through: nothing is left to run."))

    def test_somebody_outside_of_the_filter(self):
        """The dialog says so beforehand; the test runs, with the filters of its steps."""
        self.ada.category_id = False
        action = self.campaign.action_launch_test()
        wizard = Form(self.env[action["res_model"]].with_user(self.marketer).with_context(**action["context"]))
        wizard.resource_ref = f"res.partner,{self.contacts[1].id}"
        self.assertFalse(wizard.outside_text)
        wizard.resource_ref = f"res.partner,{self.ada.id}"
        self.assertIn("does not match the campaign's filter", wizard.outside_text)
        test = self._launch()
        self.assertTrue(test.is_outside)
        self.assertTrue(self._mail_to(self._run(self._step(test, self.welcome)), self.ada))
        self.assertEqual(self._step(test, self.welcome).state, "processed")

    def test_somebody_who_leaves_the_filter_meanwhile(self):
        """As a participant, who would leave."""
        test = self._launch()
        self.ada.category_id = False
        self.assertFalse(self._run(self._step(test, self.welcome)))
        self.assertEqual(test.end_code, "left_filter")
        self.assertIn("The test ended: The record no longer matches", test.test_hint)

    def test_again_and_again_to_the_same_person(self):
        """Also with a template that was changed in between."""
        for body in ("<p>One</p>", "<p>Two</p>"):
            self.welcome.mass_mailing_id.body_html = body
            test = self._launch()
            self.assertIn(body, self._mail_to(self._run(self._step(test, self.welcome)), self.ada)["body"])
        self.assertEqual(self.campaign.test_participant_count, 2)

    def test_nothing_of_a_test_is_counted_or_in_the_way(self):
        test = self._launch()
        self._run(self._step(test, self.welcome))
        with self._at(self.start):
            self._step(test, self.welcome).sudo().mailing_trace_ids.set_opened()
        numbers = self.welcome.processed, self.welcome.total_sent, self.welcome.total_open
        self.assertEqual((*numbers, self.campaign.total_participant_count), (0, 0, 0, 0))
        # the campaign enrols and mails who was tested, as if there had been no test
        self._start(self.campaign)
        mails = self._run_crons(self.start + timedelta(days=2))
        self.assertEqual(len(mails), 5)
        self.assertEqual(self.welcome.processed, 5)

    def test_no_cron_touches_a_test(self):
        test = self._launch()
        self._start(self.campaign)
        self._run_crons(self.start + timedelta(days=30), ENROLMENT_CRON, EXECUTION_CRON)
        self.assertEqual(self._step(test, self.welcome).state, "scheduled")

    def test_stop(self):
        test = self._launch()
        test.action_stop_test()
        self.assertEqual((test.state, self._step(test, self.welcome).state), ("completed", "canceled"))
        with self.assertRaises(UserError):
            self._run(self._step(test, self.welcome))

    def test_the_dialog_chooses_a_record(self):
        action = self.campaign.action_launch_test()
        wizard = Form(self.env[action["res_model"]].with_user(self.marketer).with_context(**action["context"]))
        self.assertEqual(wizard.resource_ref, f"res.partner,{self.marketer.partner_id.id}", "the user's own")
        wizard.resource_ref = f"res.partner,{self.contacts[1].id}"
        self.assertEqual(wizard.save().res_id, self.contacts[1].id)
        over_rpc = self.env["marketing.campaign.test"].with_user(self.marketer)
        values = {"campaign_id": self.campaign.id, "resource_ref": f"res.partner,{self.contacts[2].id}"}
        self.assertEqual(over_rpc.create(values).res_id, self.contacts[2].id)
        stranger = self.env["mailing.contact"].create({"name": "Of another model"})
        with self.assertRaisesRegex(UserError, "no record of the campaign's target"):
            over_rpc.create({**values, "resource_ref": f"mailing.contact,{stranger.id}"})

    def test_refusals(self):
        with self.assertRaisesRegex(UserError, "Choose the record"):
            self._launch(self.env["res.partner"].browse(10**6))
        self.welcome.mass_mailing_id = False
        with self.assertRaisesRegex(UserError, "“Welcome” lacks a mailing template"):
            self.campaign.action_launch_test()
        stranger = new_test_user(self.env, login="stranger", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.campaign.with_user(stranger).action_launch_test()

    def test_a_real_step_is_not_run_by_hand(self):
        self._start(self.campaign)
        trace = self._trace(self.welcome, self.ada).with_user(self.marketer)
        for method, *args in (("action_run_test",), ("action_fire_event", "open")):
            with self.assertRaisesRegex(UserError, "not a test"):
                getattr(trace, method)(*args)
        for method in ("action_test_again", "action_refresh_test"):
            with self.assertRaisesRegex(UserError, "not a test"):
                getattr(trace.participant_id, method)()

    def test_a_context_from_outside_gives_nothing(self):
        """Neither another's rights, nor a way to send a template or to end a trace."""
        self._start(self.campaign)
        trace = self._trace(self.welcome, self.ada)
        mailing = self.welcome.mass_mailing_id.with_context(
            **{BATCH_KEY: {"trace_by_res_id": {self.ada.id: trace.id}, "now": "2026-06-01 08:00:00"}}
        )
        with self._at(self.start), self.assertRaises(UserError):
            mailing.action_send_mail(self.ada.ids)
        self.assertEqual(trace.state, "scheduled")
        campaign = self.campaign.with_context(**{TEST_KEY: {"uid": self.env.ref("base.user_admin").id}})
        self.assertEqual(campaign.sudo()._get_run_env().uid, self.marketer.id)


@tagged("post_install", "-at_install")
class TestWhatTestsBringIn(MarketingAutomationCommon, HttpCase):
    """What comes of a test is counted for no campaign: it carries no UTM parameters."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls.contacts[0]
        cls.campaign = cls._create_campaign()
        cls.utm_campaign = cls.campaign.utm_campaign_id
        cls.applicants = cls.env["hr.applicant"]

    def _run_test_step(self):
        """Run the first step of a new test; return the mails that left."""
        wizard = self.env["marketing.campaign.test"].with_user(self.marketer)
        action = wizard.create(
            {"campaign_id": self.campaign.id, "res_id": self.ada.id, "confirmed": True}
        ).action_launch_test()
        participant = self.env[action["res_model"]].with_user(self.marketer).browse(action["res_id"])
        with self._at(self.start):
            participant.trace_ids.action_run_test()
            return list(self._mails)

    def _mails_of_test_and_campaign(self):
        test_mail = self._mail_to(self._run_test_step(), self.ada)
        self._start(self.campaign)
        return test_mail, self._mail_to(self._run_crons(self.start), self.ada)

    def test_visits_after_a_click(self):
        self._create_email(self.campaign, "Welcome")
        addresses = []
        for mail in self._mails_of_test_and_campaign():
            link, _pixel = self._links(mail)
            with self._at(self.start):
                response = self.url_open(link, allow_redirects=False)
            self.assertEqual(response.status_code, 301)
            addresses.append(response.headers["Location"])
        self.assertURLEqual(addresses[0], "https://shop.example.com/catalogue")
        self.assertIn("utm_campaign=", addresses[1])
        self.assertEqual(self.campaign.link_tracker_click_count, 1)

    def test_answers_that_make_a_record(self):
        job = self.env["hr.job"].create({"name": "Baker", "alias_name": "bakers"})
        email = self._create_email(self.campaign, "Welcome")
        email.mass_mailing_id.write({"reply_to_mode": "new", "reply_to": job.alias_full_name})
        found = []
        for mail in self._mails_of_test_and_campaign():
            self._receive_answer(self.start, self.ada.email, job.alias_full_name, mail["message_id"])
            applicant = self.applicants.search([("job_id", "=", job.id)], order="id DESC", limit=1)
            self.assertEqual(applicant.email_normalized, self.ada.email)
            found.append((applicant.campaign_id, applicant.source_id))
        self.assertEqual(
            found,
            [
                (self.env["utm.campaign"], self.env["utm.source"]),
                (self.utm_campaign, email.mass_mailing_id.source_id),
            ],
        )
        self.assertEqual(self.applicants.search_count([("job_id", "=", job.id)]), 2)

    def test_answers_that_name_an_unknown_message(self):
        """Of a campaign that is gone, or of nobody's: they make their record as ever."""
        job = self.env["hr.job"].create({"name": "Baker", "alias_name": "bakers"})
        self._create_email(self.campaign, "Welcome")
        mail = self._mail_to(self._run_test_step(), self.ada)
        self.campaign.unlink()
        for number, message_id in enumerate((mail["message_id"], "<unknown@people.example.com>"), start=1):
            self._receive_answer(self.start, self.ada.email, job.alias_full_name, message_id)
            self.assertEqual(self.applicants.search_count([("job_id", "=", job.id)]), number)

    def test_records_that_an_action_makes(self):
        self.marketer.group_ids += self.env.ref("hr_recruitment.group_hr_recruitment_user")
        values = f"{{'partner_name': record.name, 'campaign_id': {self.utm_campaign.id}}}"
        self._create_action(self.campaign, "Make", code=f"env['hr.applicant'].create({values})")
        self._run_test_step()
        made = self.applicants.search([("partner_name", "=", "Ada")])
        self.assertEqual((len(made), made.campaign_id), (1, self.env["utm.campaign"]))
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        made = self.applicants.search([("partner_name", "=", "Ada")]) - made
        self.assertEqual((len(made), made.campaign_id), (1, self.utm_campaign))

    def test_links_that_an_action_makes(self):
        """They are the same in a test as later, also in the next one."""
        values = f"{{'url': 'https://shop.example.com/new', 'campaign_id': {self.utm_campaign.id}}}"
        self._create_action(self.campaign, "Link", code=f"env['link.tracker'].sudo().search_or_create([{values}])")
        for _attempt in range(2):
            self._run_test_step()
        links = self.env["link.tracker"].search([("url", "=", "https://shop.example.com/new")])
        self.assertEqual((len(links), links.campaign_id), (1, self.utm_campaign))
