"""Steps that are about colleagues: assign, plan an activity, tell."""

from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .accounts import CONTACTS
from .common import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon


class PeopleCase(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()
        cls.ada, cls.ben, cls.cleo, *_others = cls.contacts
        cls.sam, cls.sue, cls.sid = cls.sellers = cls.env["res.users"].concat(
            *(
                new_test_user(cls.env, login=f"seller {name}", name=name, email=f"{name}@sales.example.com")
                for name in ("Sam", "Sue", "Sid")
            )
        )
        cls.campaign = cls._create_campaign()

    def _make_step(self, activity_type, **values):
        return self._create_activity(self.campaign, "Step", activity_type, "begin", None, **values)

    def _live(self, moment=None):
        self._start(self.campaign)
        return self._run_crons(moment or self.start, EXECUTION_CRON, MAIL_CRON)

    def _make_contacts(self, number):
        values = {"category_id": [(4, self.category.id)]}
        return self.env["res.partner"].create([{"name": f"P{n}", **values} for n in range(number)])

    def _get_note(self, step, record):
        participant = self._participant(self.campaign, record).with_user(self.marketer)
        return participant.timeline_data["steps"][0]["note"]


@tagged("post_install", "-at_install")
class TestAssign(PeopleCase):
    def test_in_turn(self):
        """Exactly in turn, over batches, and as long as records come one by one."""
        step = self._make_step("assign", person_ids=self.sellers.ids)
        self._live()
        self.assertEqual(self.contacts.mapped("user_id"), self.sellers)
        turns = [contact.user_id for contact in self.contacts]
        self.assertEqual(turns, [self.sam, self.sue, self.sid, self.sam, self.sue])
        self.assertEqual(self._get_note(step, self.ben), "Assigned to Sue.")
        for expected in (self.sid, self.sam, self.sue):
            newcomer = self._make_contacts(1)
            self._run_crons(self.start + timedelta(minutes=5), ENROLMENT_CRON, EXECUTION_CRON)
            self.assertEqual(newcomer.user_id, expected)

    def test_who_is_responsible_stays(self):
        self.ada.user_id = self.sid
        step = self._make_step("assign", person_ids=self.sam.ids)
        self._live()
        self.assertEqual((self.ada.user_id, self.ben.user_id), (self.sid, self.sam))
        self.assertTraces(step, dict.fromkeys(self.contacts, "processed"))
        self.assertEqual(self._get_note(step, self.ada), "Somebody was responsible already.")

    def test_replace(self):
        self.ada.user_id = self.sid
        self._make_step("assign", person_ids=self.sam.ids, assign_replace=True)
        self._live()
        self.assertEqual(self.ada.user_id, self.sam)

    def test_companies(self):
        """Nobody gets a record of a company for which they do not work."""
        other = self.env["res.company"].create({"name": "Other"})
        self.marketer.company_ids += other
        self.sue.company_ids += other
        self.ben.company_id = self.cleo.company_id = other
        step = self._make_step("assign", person_ids=self.sellers.ids)
        participants = [self.campaign.sudo()._create_test_participant(contact.id) for contact in self.contacts[:3]]
        traces = self.env["marketing.trace"].sudo().concat(*(participant.trace_ids for participant in participants))
        turns = step.sudo()._take_turns(traces, self.sellers.sudo(), step._get_record_companies(self.contacts))
        self.assertEqual([turns[trace.id] for trace in traces], [self.sam, self.sue, self.sue])
        self.sue.company_ids -= other
        turns = step.sudo()._take_turns(traces, self.sellers.sudo(), step._get_record_companies(self.contacts))
        self.assertEqual([turns[trace.id].name for trace in traces], ["Sam", False, False])

    def test_somebody_is_archived_while_it_runs(self):
        step = self._make_step("assign", person_ids=(self.sam | self.sue).ids, interval_number=2, interval_type="days")
        self._live()
        self.sam.active = False
        later = self.start + timedelta(days=2)
        self._run_crons(later, EXECUTION_CRON)
        self.assertEqual(self.contacts.user_id, self.sue, "the others go on")
        self.sue.active = False
        newcomer = self._make_contacts(1)
        self._run_crons(later, ENROLMENT_CRON)
        self._run_crons(later + timedelta(days=4), EXECUTION_CRON)
        self.assertTraces(step, {newcomer: "scheduled"})
        self.assertIn("all archived or deleted", "\n".join(self.campaign.sudo()._get_waiting_changes()))

    def test_refused(self):
        step = self._make_step("assign", person_ids=self.sellers.ids)
        self.sue.active = False
        self.assertIn("Sue is archived", "\n".join(step._get_start_errors()))
        step.person_ids = False
        self.assertIn("lacks People", "\n".join(step._get_start_errors()))
        model = self.env["ir.model"]._get("mailing.contact")
        campaign = self._create_campaign(model_id=model.id, domain="[]")
        step = self._create_activity(campaign, "Step", "assign", "begin", None, person_ids=self.sam.ids)
        self.assertIn("nobody is responsible for a “Mailing Contact”", "\n".join(step._get_start_errors()))
        with self.assertRaises(UserError):
            campaign.action_start_campaign()
        for value in ([999_999_999], ["x"], "1", [[6, 0, [0]]]):
            with self.subTest(value), self.assertRaises(UserError):
                step.with_user(self.marketer).write({"person_ids": value})

    def test_words(self):
        step = self._make_step("assign", person_ids=self.sam.ids)
        self.assertIn("assign the record to Sam", step.sentence)
        step.person_ids += self.sue
        self.assertIn("assign the record, in turn, to Sam, Sue", step.sentence)
        self.assertEqual(self.campaign.copy().marketing_activity_ids.person_ids, self.sam | self.sue)


@tagged("post_install", "-at_install")
class TestTask(PeopleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.call = cls.env.ref("mail.mail_activity_data_call")

    def _plan(self, **values):
        values = {"task_type_id": self.call.id, "task_summary": "Ask", "person_ids": self.sam.ids, **values}
        return self._make_step("task", **values)

    def _get_tasks(self, records=None):
        ids = (records or self.contacts).ids
        return self.env["mail.activity"].search([("res_model", "=", "res.partner"), ("res_id", "in", ids)], order="id")

    def test_a_task_for_each(self):
        self._plan(task_note="One\n<b>two</b>")
        mails = self._live()
        tasks = self._get_tasks()
        self.assertEqual(len(tasks), len(self.contacts))
        self.assertEqual(
            (tasks.user_id, tasks.activity_type_id, tasks.create_uid), (self.sam, self.call, self.marketer)
        )
        self.assertEqual(set(tasks.mapped("summary")), {"Ask"})
        self.assertIn("&lt;b&gt;two", tasks[0].note)
        self.assertEqual(len(mails), len(self.contacts), "few: a mail for each, as Odoo sends it")

    def test_no_flood(self):
        self._make_contacts(20)
        self._plan()
        self.assertEqual(self._live(), [])

    def test_for_who_is_responsible(self):
        self.ada.user_id = self.sue
        step = self._plan(whom="record")
        self._live()
        self.assertEqual(self._get_tasks().user_id, self.sue)
        self.assertTraces(step, {self.ada: "processed", self.ben: "canceled"})
        self.assertIn("Nobody is responsible", self._trace(step, self.ben).state_msg)

    def test_rights(self):
        """Of a record that the campaign's user may not write nothing is planned, nor of any without the right."""
        rule = {"name": "Not Ben", "model_id": self.model_partner.id, "perm_read": False}
        self.env["ir.rule"].create({**rule, "domain_force": f"[('id', '!=', {self.ben.id})]"})
        step = self._plan()
        self._live()
        self.assertTraces(step, {self.ada: "processed", self.ben: "error"})
        self.assertIn("may not plan an activity on this record", self._trace(step, self.ben).state_msg)
        self.marketer.group_ids -= self.env.ref(CONTACTS)
        self.assertIn("Mara Marketer may not change", "\n".join(step._get_user_errors(self.marketer)))

    def test_in_turn(self):
        self._plan(person_ids=self.sellers.ids)
        self._live()
        tasks = self._get_tasks()
        turns = [
            tasks.filtered(lambda task, contact=contact: task.res_id == contact.id).user_id for contact in self.contacts
        ]
        self.assertEqual(turns, [self.sam, self.sue, self.sid, self.sam, self.sue])

    def test_working_days(self):
        """1 June 2026 is a Monday, and the 4th a holiday of the company."""
        company = self.env.company
        if "resource_calendar_id" in company._fields:
            company.resource_calendar_id = self.env["resource.calendar"].create(
                {
                    "name": "Office",
                    "tz": "UTC",
                    "attendance_ids": [
                        (0, 0, {"name": str(day), "dayofweek": str(day), "hour_from": 8, "hour_to": 16})
                        for day in range(5)
                    ],
                    "global_leave_ids": [
                        (0, 0, {"name": "Off", "date_from": "2026-06-04 00:00:00", "date_to": "2026-06-04 23:59:59"})
                    ],
                }
            )
        env = self.campaign.sudo()._get_env_of(self.marketer)
        days = [self.env["marketing.activity"]._get_deadline(env, number, self.start) for number in (0, 1, 2, 3, 4)]
        self.assertEqual(days[:3], [date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3)])
        if "resource_calendar_id" in company._fields:
            self.assertEqual(days[3:], [date(2026, 6, 5), date(2026, 6, 8)])
            company.resource_calendar_id = False
        days = [self.env["marketing.activity"]._get_deadline(env, number, self.start) for number in (3, 4, 5)]
        self.assertEqual(days, [date(2026, 6, 4), date(2026, 6, 5), date(2026, 6, 8)])

    def test_refused_and_lost(self):
        step = self._plan(interval_number=2, interval_type="days")
        for values in ({"task_days": -1}, {"task_days": 1_001}, {"task_type_id": 999_999_999}, {"whom": "all"}):
            with self.subTest(values), self.assertRaises(UserError):
                step.with_user(self.marketer).write(values)
        step.person_ids = False
        self.assertIn("choose people", "\n".join(step._get_start_errors()))
        step.person_ids = self.sam
        self._live()
        self.call.active = False
        self._run_crons(self.start + timedelta(days=2), EXECUTION_CRON)
        self.assertTraces(step, dict.fromkeys(self.contacts, "scheduled"))
        self.assertIn("deleted or archived", "\n".join(self.campaign.sudo()._get_waiting_changes()))

    def test_words(self):
        step = self._plan(task_days=2)
        self.assertIn("plan “Call: Ask” for Sam, due in 2 working days", step.sentence)
        step.person_ids += self.sue
        self.assertIn("for Sam, Sue in turn, due in", step.sentence)
        step.whom = "record"
        self.assertIn("for who is responsible for the record", step.sentence)


@tagged("post_install", "-at_install")
class TestNotify(PeopleCase):
    def _tell(self, **values):
        return self._make_step(
            "notify", **{"notify_text": "Asked for <an> offer", "person_ids": self.sam.ids, **values}
        )

    def test_one_message_for_a_batch(self):
        self._make_contacts(30)
        step = self._tell(person_ids=(self.sam | self.sue).ids)
        mails = self._live()
        self.assertEqual(len(mails), 2, "one for each person")
        body = mails[0]["body"]
        self.assertIn("and 15 more", body)
        self.assertIn("Asked for &lt;an&gt; offer", body)
        self.assertEqual(body.count("/mail/view?model=res.partner"), 20)
        self.assertEqual(set(step.sudo().trace_ids.mapped("state")), {"processed"})

    def test_in_discuss(self):
        self.sam.notification_type = "inbox"
        self._tell()
        self.assertEqual(self._live(), [])
        [note] = self.env["mail.notification"].search([("res_partner_id", "=", self.sam.partner_id.id)])
        self.assertEqual(note.notification_type, "inbox")
        self.assertIn("Ada", note.mail_message_id.body)

    def test_who_is_responsible(self):
        self.ada.with_context(tracking_disable=True).user_id = self.sue
        self.ben.with_context(tracking_disable=True).user_id = self.sid
        step = self._tell(whom="record")
        mails = self._live()
        self.assertEqual(len(mails), 2)
        self.assertTraces(step, {self.ada: "processed", self.cleo: "canceled"})
        [to_sue] = [mail for mail in mails if "Sue" in str(mail["email_to"])]
        self.assertEqual(to_sue["subject"], "Ada: Asked for <an> offer")

    def test_what_a_colleague_may_not_read(self):
        rule = {"name": "Not Ada", "model_id": self.model_partner.id, "perm_write": False}
        rule["domain_force"] = f"[('id', '!=', {self.ada.id})] if user.id == {self.sam.id} else []"
        self.env["ir.rule"].create(rule)
        self._tell()
        [mail] = self._live()
        self.assertNotIn("Ada", mail["body"])
        self.assertIn("Ben", mail["body"])

    def test_nothing_leaves_when_it_fails(self):
        """What fails after it has told is told once: mails are rows of the transaction."""
        self._tell()
        activity = type(self.env["marketing.activity"])
        tell, calls = activity._tell, []

        def fail_once(step, *args):
            tell(step, *args)
            calls.append(args)
            if len(calls) == 1:
                raise ValueError("It fails.")

        self.patch(activity, "_tell", fail_once)
        mails = self._live()
        self.assertEqual(len(mails), len(calls) - 1)
        self.assertEqual(sum(mail["body"].count("/mail/view") for mail in mails), len(self.contacts))

    def test_words(self):
        step = self._tell()
        self.assertIn("tell Sam “Asked for <an> offer”", step.sentence)
        step.notify_text = False
        self.assertIn("lacks Message", "\n".join(step._get_start_errors()))
