from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestTargets(MarketingAutomationCommon, HttpCase):
    """Targets other than contacts, of other addons: whatever has a mail thread."""

    def _target(self, name):
        return self.env["ir.model"]._get(name)

    def _grant(self, xmlid):
        self.marketer.group_ids = [Command.link(self.env.ref(xmlid).id)]

    def test_what_can_be_a_target(self):
        targets = set(self.env["ir.model"].search([("is_marketing_target", "=", True)]).mapped("model"))
        self.assertLessEqual({"event.registration", "hr.applicant", "mailing.contact", "res.partner"}, targets)
        self.assertFalse(targets & {"mailing.list", "mailing.mailing", "res.users", "event.type", "mail.thread"})

    def _offered(self, text=""):
        """What the marketer is offered for a text, as the form asks for it: names of models, in order."""
        models = self.env["ir.model"].with_user(self.marketer).with_context(marketing_usual_first=True)
        domain = self.env["marketing.campaign"]._fields["model_id"].domain
        found = models.web_name_search(text, {"display_name": {}}, domain=domain, limit=100)
        return self.env["ir.model"].sudo().browse([each["id"] for each in found]).mapped("model")

    def test_what_is_offered_as_a_target(self):
        """Whom people mail or what they work on, the usual first; no machinery; nothing that may not be read."""
        self.assertEqual(self._offered()[:2], ["res.partner", "mailing.contact"])
        self.assertFalse({"crm.lead", "hr.applicant", "event.registration", "sale.order"} & set(self._offered()))
        self._grant("event.group_event_registration_desk")
        self._grant("sales_team.group_sale_salesman_all_leads")
        self._grant("hr_recruitment.group_hr_recruitment_manager")
        offered = self._offered()
        usual = ["res.partner", "mailing.contact", "crm.lead", "hr.applicant", "event.registration"]
        self.assertEqual(offered[:5], usual)
        self.marketer.group_ids = [Command.link(self.env.ref("base.group_system").id)]
        machinery = {"iap.account", "crm.team", "crm.team.member", "calendar.event", "hr.job", "event.event"}
        self.assertFalse(machinery & set(self._offered()))
        self.assertEqual(self._offered("mailing"), ["mailing.contact"])

    def test_whatever_has_an_address_is_offered(self):
        """Also where no menu opens it: a model of a user's own."""
        fields = [(0, 0, {"name": "x_email", "ttype": "char", "field_description": "Email"})]
        values = {"name": "Guest", "model": "x_guest", "is_mail_thread": True, "field_id": fields}
        self.env["ir.model"].create(values)
        self.addCleanup(self.registry.reset_changes)
        self.env["ir.model.access"].create(
            {"name": "Guests", "model_id": self._target("x_guest").id, "perm_read": True, "group_id": False}
        )
        self.assertIn("x_guest", self._offered())

    # ------------------------------------------------------------
    # Event Registration
    # ------------------------------------------------------------

    def _create_registrations(self):
        fair = self.env["event.event"].create(
            {
                "name": "Fair",
                "date_begin": self.start + timedelta(days=7),
                "date_end": self.start + timedelta(days=8),
                "event_mail_ids": False,
            }
        )
        fair.event_mail_ids = False  # Odoo's own mails to attendees
        return fair, self.env["event.registration"].create(
            [
                {"event_id": fair.id, "name": name, "email": f"{name.lower()}@fair.example.com", "state": state}
                for name, state in (("Ida", "open"), ("Jan", "open"), ("Kim", "open"), ("Lou", "cancel"))
            ]
        )

    def test_event_registrations(self):
        """They are mailed; who clicks is marked, who cancels leaves, who does not open is reminded."""
        self._grant("event.group_event_registration_desk")
        fair, (ida, jan, kim, lou) = self._create_registrations()
        campaign = self._create_campaign(
            model_id=self._target("event.registration").id,
            domain=repr([("event_id", "=", fair.id), ("state", "=", "open")]),
        )
        email = self._create_email(campaign, "See you there")
        clicked = self._create_action(campaign, "Clicked", "mail_click", email, code="record.action_set_done()")
        reminder = self._create_email(
            campaign, "Reminder", "mail_not_open", email, interval_number=2, interval_type="days"
        )
        self._start(campaign)
        mails = self._run_crons(self.start)
        self.assertEqual(len(mails), 3)
        self.assertIn("Hello Ida", self._mail_to(mails, ida)["body"])
        self.assertFalse(self._participant(campaign, lou))
        later = self.start + timedelta(hours=1)
        with self._at(later):
            self.url_open(self._links(self._mail_to(mails, ida))[0], allow_redirects=False)
        self._run_crons(later, EXECUTION_CRON)
        self.assertTraces(clicked, {ida: "processed", jan: None})
        self.assertEqual(ida.state, "done")
        self.assertEqual((email.total_sent, email.total_open, email.total_click), (3, 1, 1))
        late = self.env["event.registration"].create(
            {"event_id": fair.id, "name": "Lea", "email": "lea@fair.example.com"}
        )
        kim.action_cancel()
        self._run_crons(later, ENROLMENT_CRON)
        self.assertEqual(self._participant(campaign, kim).state, "unlinked")
        self.assertEqual(self._participant(campaign, late).state, "running")
        mails = self._run_crons(self.start + timedelta(days=2))
        self.assertTraces(reminder, {ida: "canceled", jan: "processed", kim: "canceled", late: "scheduled"})
        self.assertEqual(self._mail_to(mails, jan)["subject"], "Reminder")
        self.assertEqual(self._mail_to(mails, late)["subject"], "See you there")
        self.assertEqual(len(mails), 2)

    def test_event_registrations_of_who_is_blocklisted(self):
        """They keep no normalized address: what waits for one ends at once nevertheless, and is promised to nobody."""
        self._grant("event.group_event_registration_desk")
        fair, (ida, jan, kim, _lou) = self._create_registrations()
        kim.write({"email": False, "partner_id": self.contacts[0].id})
        kim.email = False
        ida.email = "Ida <IDA@Fair.example.com>"
        self.env["mail.blacklist"]._add("jan@fair.example.com")
        campaign = self._create_campaign(
            model_id=self._target("event.registration").id, domain=repr([("event_id", "=", fair.id)])
        )
        email = self._create_email(campaign, "See you there", interval_number=2, interval_type="days")
        step = self._start(campaign) or campaign.sudo()._get_workflow().steps[email.id]
        self.assertEqual(campaign.sudo()._find_reached(step, [ida.id, jan.id, kim.id]), {ida.id, kim.id})
        for address in ("ida@fair.example.com", self.contacts[0].email):
            self.env["mail.blacklist"]._add(address)
        self._run_crons(self.start + timedelta(hours=1), EXECUTION_CRON)
        self.assertTraces(email, {ida: "canceled", kim: "canceled"})
        self.assertEqual(self._trace(email, ida).end_code, "mail_bl")

    def test_event_registrations_take_a_right(self):
        fair, _registrations = self._create_registrations()
        campaign = self._create_campaign(
            model_id=self._target("event.registration").id, domain=repr([("event_id", "=", fair.id)])
        )
        self._create_action(campaign, "Act", code="record.action_set_done()")
        with self.assertRaisesRegex(UserError, "Mara Marketer may not read “Event Registration”"):
            campaign.action_start_campaign()

    # ------------------------------------------------------------
    # Applicant
    # ------------------------------------------------------------

    def test_applicants(self):
        """Server actions: an evaluation at once, a day later an activity for each one's recruiter."""
        self._grant("hr_recruitment.group_hr_recruitment_user")
        recruiters = self.marketer + self.env.ref("base.user_admin")
        job, other = self.env["hr.job"].create([{"name": "Baker"}, {"name": "Painter"}])
        mia, noa, pia = applicants = self.env["hr.applicant"].create(
            [
                {
                    "partner_name": name,
                    "email_from": f"{name.lower()}@jobs.example.com",
                    "job_id": where.id,
                    "user_id": who.id,
                }
                for name, where, who in (
                    ("Mia", job, recruiters[0]),
                    ("Noa", job, recruiters[1]),
                    ("Pia", other, recruiters[0]),
                )
            ]
        )
        target = self._target("hr.applicant")
        campaign = self._create_campaign(model_id=target.id, domain=repr([("job_id", "=", job.id)]))
        evaluate = self._create_server_action(
            name="Evaluate",
            model_id=target.id,
            code=False,
            state="object_write",
            update_path="priority",
            evaluation_type="value",
            selection_value=self.env["ir.model.fields.selection"]
            .search([("field_id.model", "=", "hr.applicant"), ("field_id.name", "=", "priority"), ("value", "=", "2")])
            .id,
        )
        call = self._create_server_action(
            name="Call",
            model_id=target.id,
            code=False,
            state="next_activity",
            activity_type_id=self.env.ref("mail.mail_activity_data_call").id,
            activity_summary="Invite",
            activity_user_type="generic",
            activity_user_field_name="user_id",
        )
        first = self._create_activity(campaign, "Evaluate", "action", "begin", None, server_action_id=evaluate.id)
        second = self._create_activity(
            campaign,
            "Call",
            "action",
            "activity",
            first,
            server_action_id=call.id,
            interval_number=1,
            interval_type="days",
        )
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(first, {mia: "processed", noa: "processed", pia: None})
        self.assertEqual(applicants.mapped("priority"), ["2", "2", "0"])
        self.assertFalse(applicants.activity_ids)
        self._run_crons(self.start + timedelta(days=1), EXECUTION_CRON)
        self.assertTraces(second, {mia: "processed", noa: "processed"})
        self.assertEqual([mia.activity_ids.user_id, noa.activity_ids.user_id], list(recruiters))
        self.assertEqual((mia + noa).activity_ids.mapped("summary"), ["Invite", "Invite"])
        self.assertFalse(pia.activity_ids)
