from datetime import timedelta
from unittest.mock import patch

from psycopg2 import errors

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models.update import marketing_campaign as marketing_campaign_update
from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestUpdate(MarketingAutomationCommon):
    """A workflow that is edited while people are inside."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.first = cls._create_action(cls.campaign, "First")
        cls.later = cls._create_action(
            cls.campaign, "Later", "activity", cls.first, interval_number=2, interval_type="days"
        )

    def setUp(self):
        super().setUp()
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.day = self.start + timedelta(days=1)

    def _update(self, moment=None, late="skip", campaign=None):
        with self._at(moment or self.day):
            preview = (campaign or self.campaign).get_update_preview()
            (campaign or self.campaign).action_update_participants(late=late)
        return preview

    def _all(self, activity, state):
        self.assertTraces(activity, dict.fromkeys(self.contacts, state))

    def test_nothing_before_update(self):
        new = self._create_action(self.campaign, "New", "activity", self.first, interval_number=1)
        self.later.interval_number = 1
        self.assertTrue(self.campaign.require_sync)
        self._run_crons(self.day, ENROLMENT_CRON, EXECUTION_CRON)
        self._all(new, None)
        self._all(self.later, "scheduled")

    def test_new_step_reaches_those_inside(self):
        """Those who are done too: it is scheduled from the moment of its trigger."""
        new = self._create_action(self.campaign, "New", "activity", self.first, interval_number=3, interval_type="days")
        end = self._create_action(self.campaign, "End", "activity", new)
        preview = self._update()
        self.assertEqual(preview["steps"], {new.id: {"new": 5, "late": 0, "rescheduled": 0, "canceled": 0}})
        self.assertFalse(self.campaign.require_sync)
        self.assertEqual(self._trace(new, self.ada).schedule_date, self.start + timedelta(days=3))
        self._run_crons(self.start + timedelta(days=3), EXECUTION_CRON)
        self._all(end, "processed")

    def test_late_step_is_skipped_or_run(self):
        """Nobody is surprised by a welcome mail years later, unless the user says so."""
        for late, state in [("skip", "canceled"), ("run", "processed")]:
            new = self._create_action(self.campaign, late, "activity", self.first, interval_number=1)
            root = self._create_action(self.campaign, f"{late} root", interval_number=1)
            preview = self._update(late=late)
            for activity in (new, root):
                self.assertEqual(preview["steps"][activity.id], {"new": 5, "late": 5, "rescheduled": 0, "canceled": 0})
            self._run_crons(self.day, EXECUTION_CRON)
            self._all(new, state)
            self._all(root, state)
        self.assertEqual(
            set(self.campaign.sudo().participant_ids.trace_ids.filtered("end_code").mapped("end_code")), {"too_late"}
        )
        with self.assertRaises(UserError):
            self.campaign.action_update_participants(late="maybe")

    def test_retimed_step(self):
        self.later.interval_number = 4
        preview = self._update()
        self.assertEqual(preview["steps"][self.later.id]["rescheduled"], 5)
        self.assertEqual(self._trace(self.later, self.ada).schedule_date, self.start + timedelta(days=4))
        # earlier than now: it runs, because it was pending
        self.later.write({"interval_number": 3, "interval_type": "hours"})
        self._update()
        self._run_crons(self.day, EXECUTION_CRON)
        self._all(self.later, "processed")
        self.assertEqual(self.ada.ref, "acted acted ")

    def test_removed_step(self):
        """What was pending is cancelled, what was done stays as history; nothing runs again."""
        self.later.action_archive()
        preview = self._update()
        self.assertEqual(preview["steps"][self.later.id]["canceled"], 5)
        self._all(self.later, "canceled")
        self.assertEqual(self._trace(self.later, self.ada).end_code, "step_removed")
        self.assertEqual(set(self.campaign.participant_ids.mapped("state")), {"completed"})
        self._run_crons(self.start + timedelta(days=3), EXECUTION_CRON)
        self.assertEqual((self.ada.ref, self.first.processed), ("acted ", 5))

    def test_removed_branch(self):
        """What follows a removed step goes with it: archived where it has a history, else deleted."""
        below = self._create_action(self.campaign, "Below", "activity", self.later)
        self.later.action_remove()
        self.assertEqual((self.later.active, below.active), (False, False))
        with self.assertRaisesRegex(ValidationError, "restore that one first"), self.cr.savepoint():
            below.action_unarchive()
        self._update()
        self._all(self.later, "canceled")
        fresh = self._create_action(self.campaign, "Fresh", "activity", self.first)
        below_fresh = self._create_action(self.campaign, "Below fresh", "activity", fresh)
        fresh.action_remove()
        self.assertFalse((fresh | below_fresh).exists())

    def test_moved_step(self):
        """Its pending traces are rebuilt under the new parent."""
        between = self._create_action(
            self.campaign, "Between", "activity", self.first, interval_number=36, interval_type="hours"
        )
        self.later.parent_id = between
        self._update()
        self._all(self.later, None)
        self._run_crons(self.start + timedelta(hours=36), EXECUTION_CRON)
        trace = self._trace(self.later, self.ada)
        self.assertEqual(trace.parent_id, self._trace(between, self.ada))
        self.assertEqual(trace.schedule_date, self.start + timedelta(hours=36, days=2))

    def test_executed_step_is_never_executed_again(self):
        self.first.write({"interval_number": 5, "interval_type": "days"})
        self.later.write({"parent_id": False, "trigger_type": "begin"})
        self._update()
        self._run_crons(self.start + timedelta(days=9), EXECUTION_CRON)
        self.assertEqual((self.first.processed, self.later.processed, self.ada.ref), (5, 5, "acted acted "))

    def test_trigger_becomes_an_event(self):
        """What waits for an event that has not happened has no trace; what has, counts."""
        campaign = self._create_campaign(name="Mail")
        email = self._create_email(campaign, "Welcome")
        after = self._create_action(campaign, "After", "activity", email, interval_number=9, interval_type="days")
        self._start(campaign)
        self._run_crons(self.start)
        with self._at(self.start + timedelta(hours=1)):
            self._trace(email, self.ada).mailing_trace_ids.set_opened()
        self._run_crons(self.start + timedelta(hours=1), EXECUTION_CRON)
        after.trigger_type = "mail_open"
        self._update(campaign=campaign)
        self.assertTraces(after, {self.ada: "scheduled", self.ben: None})
        self.assertEqual(self._trace(after, self.ada).schedule_date, self.start + timedelta(days=9, hours=1))

    def _mail_campaign(self):
        """Return a campaign whose welcome email all have got, and that email."""
        campaign = self._create_campaign(name="Mail")
        email = self._create_email(campaign, "Welcome")
        self._start(campaign)
        self._run_crons(self.start)
        return campaign, email

    def test_what_is_recorded_by_then_counts(self):
        """An open that no run has seen yet makes a new step late: it is skipped like that of the others."""
        campaign, email = self._mail_campaign()
        with self._at(self.start + timedelta(hours=1)):
            self._trace(email, self.ada).mailing_trace_ids.set_opened()
        read = self._create_action(campaign, "Read", "mail_open", email)
        self.assertEqual(self._update(campaign=campaign)["steps"][read.id]["late"], 1)
        self._run_crons(self.day, EXECUTION_CRON)
        self.assertTraces(read, {self.ada: "canceled", self.ben: None})

    def test_changed_step_is_late_for_whom_it_did_not_await(self):
        """An open after the deadline counts once that is lifted: nobody is surprised; one that is new counts anyway."""
        campaign, email = self._mail_campaign()
        read = self._create_action(
            campaign, "Read", "mail_open", email,
            validity_duration=True, validity_duration_number=2, validity_duration_type="hours",
        )  # fmt: skip
        self._update(self.start, campaign=campaign)
        for contact, hours in [(self.ada, 1), (self.ben, 3)]:
            with self._at(self.start + timedelta(hours=hours)):
                self._trace(email, contact).mailing_trace_ids.set_opened()
        read.validity_duration = False
        self.assertEqual(
            self._update(campaign=campaign)["steps"][read.id], {"new": 2, "late": 1, "rescheduled": 0, "canceled": 0}
        )
        self._run_crons(self.day, EXECUTION_CRON)
        self.assertTraces(read, {self.ada: "processed", self.ben: "canceled", self.cleo: None})

    def test_waits_come_and_go_with_their_step(self):
        """A wait with a deadline keeps participants running, as long as its step is there."""
        campaign, email = self._mail_campaign()
        self.assertEqual(set(campaign.participant_ids.mapped("state")), {"completed"})
        read = self._create_action(
            campaign, "Read", "mail_open", email,
            validity_duration=True, validity_duration_number=5, validity_duration_type="days",
        )  # fmt: skip
        self._update(campaign=campaign)
        self.assertEqual(set(campaign.participant_ids.mapped("state")), {"running"})
        read.action_remove()
        self._update(campaign=campaign)
        self.assertEqual(set(campaign.participant_ids.mapped("state")), {"completed"})

    def test_executed_step_keeps_nobody_running(self):
        """Though it now follows a message that waits for its acceptance."""
        email = self._create_email(self.campaign, "Welcome")
        self.later.action_archive()
        self._update(late="run")
        self._run_crons(self.day, EXECUTION_CRON)
        self._all(email, "processed")
        self.first.write({"parent_id": email.id, "trigger_type": "activity"})
        self._update()
        self.assertEqual(set(self.campaign.participant_ids.mapped("state")), {"completed"})

    def test_who_came_first_goes_first(self):
        """Where two who share an address are due at the same moment."""
        self.ben.email = self.ada.email
        email = self._create_email(self.campaign, "News", "activity", self.first, interval_number=2)
        self._update(self.start)
        self._run_crons(self.day, EXECUTION_CRON)
        self.assertTraces(email, {self.ada: "processed", self.ben: "canceled"})

    def test_step_that_runs_is_archived(self):
        """Also where nobody has come to it yet: until Update it is what participants go through."""
        below = self._create_action(self.campaign, "Below", "activity", self.later)
        self._update()
        below.action_remove()
        self.assertFalse(below.active)
        self._run_crons(self.start + timedelta(days=3), EXECUTION_CRON)
        self._all(below, "processed")

    def test_changed_filter(self):
        self.campaign.domain = repr([("id", "in", (self.ada + self.ben).ids)])
        self.assertEqual(self._update()["leave"], 3)
        self.assertTraces(self.later, {self.ada: "scheduled", self.cleo: "canceled"})
        self.campaign.domain = repr([("category_id", "in", self.category.ids)])
        self.assertEqual(self._update(self.day + timedelta(hours=1))["return"], 3)
        self._all(self.later, "scheduled")
        self.assertEqual(len(self.campaign.participant_ids), 5)

    def test_changed_unicity(self):
        self.contacts[:2].write({"function": "Boss"})
        self.campaign.unique_field_id = self.env["ir.model.fields"]._get("res.partner", "function")
        self._update()
        late = self.env["res.partner"].create(
            [
                {"name": "Fay", "function": "boss", "category_id": self.category.ids},
                {"name": "Gil", "function": "Clerk", "category_id": self.category.ids},
            ]
        )
        self._run_crons(self.day, ENROLMENT_CRON)
        self.assertFalse(self._participant(self.campaign, late[0]), "the value is taken")
        self.assertTrue(self._participant(self.campaign, late[1]))
        self.assertEqual(len(self.campaign.participant_ids), 6, "who is inside stays")

    def test_dialog(self):
        new = self._create_action(self.campaign, "New", "activity", self.first, interval_number=1)
        with self._at(self.day):
            action = self.campaign.action_open_update()
            dialog = Form(self.env[action["res_model"]].with_user(self.marketer).with_context(**action["context"]))
            self.assertEqual((dialog.late_count, dialog.late), (5, "skip"))
            dialog.late = "run"
            wizard = dialog.save()
            self.assertEqual(
                [(line.activity_id, line.new_count, line.late_count) for line in wizard.line_ids], [(new, 5, 5)]
            )
            wizard.action_update()
        self._run_crons(self.day, EXECUTION_CRON)
        self._all(new, "processed")

    def test_preview_changes_nothing(self):
        self._create_action(self.campaign, "New", "activity", self.first, interval_number=1)
        self.later.action_archive()
        before = self.campaign.sudo().participant_ids.trace_ids.mapped(lambda trace: (trace.id, trace.state))
        with self._at(self.day):
            self.campaign.get_update_preview()
        self.env.invalidate_all()
        after = self.campaign.sudo().participant_ids.trace_ids.mapped(lambda trace: (trace.id, trace.state))
        self.assertEqual(before, after)
        self.assertTrue(self.campaign.require_sync)

    def test_many_participants(self):
        """The cron finishes what the user's transaction began; nothing is executed meanwhile."""
        self.patch(marketing_campaign_update, "CHUNK", 2)
        new = self._create_action(self.campaign, "New", "activity", self.first, interval_number=1)
        self._update(late="run")
        self.assertEqual(len(new.sudo().trace_ids), 2)
        self._run_crons(self.day, EXECUTION_CRON)
        self.assertEqual(set(new.sudo().trace_ids.mapped("state")), {"scheduled"})
        self._run_crons(self.day, ENROLMENT_CRON, EXECUTION_CRON)
        self._all(new, "processed")

    def _finish_update(self, moment=None):
        for _chunk in self.contacts:
            self._run_crons(moment or self.day, ENROLMENT_CRON, EXECUTION_CRON)
        self.assertFalse(self.campaign.sudo().update_job)

    def test_stop_and_start_in_the_middle(self):
        """Nobody is forgotten: those whom the Update had not reached get what it said, late steps too."""
        self.patch(marketing_campaign_update, "CHUNK", 2)
        new = self._create_action(self.campaign, "New", "activity", self.first, interval_number=1)
        self._update(late="run")
        with self._at(self.day):
            self.campaign.action_stop_campaign()
            self.campaign.action_start_campaign()
        self._finish_update()
        self._all(new, "processed")

    def test_update_in_the_middle_of_an_update(self):
        """Each participant is brought from where it is to what runs now, those of both Updates alike."""
        self.patch(marketing_campaign_update, "CHUNK", 2)
        self.later.interval_number = 5
        fleeting = self._create_action(self.campaign, "Fleeting", "activity", self.first, interval_number=9)
        self._update(late="run")
        self.assertEqual(len(fleeting.sudo().trace_ids), 2)
        new = self._create_action(self.campaign, "New", "activity", self.first, interval_number=4, interval_type="days")
        fleeting.action_archive()
        preview = self._update(late="run")
        numbers = {step_id: sorted(counts.items()) for step_id, counts in preview["steps"].items()}
        self.assertIn(("new", 5), numbers[new.id])
        self.assertIn(("rescheduled", 3), numbers[self.later.id])
        self.assertIn(("canceled", 2), numbers[fleeting.id])
        new.interval_number = 6
        self._update(late="run")
        self._finish_update()
        self.assertEqual(
            {trace.schedule_date for trace in self.later.sudo().trace_ids}, {self.start + timedelta(days=5)}
        )
        self.assertEqual({trace.schedule_date for trace in new.sudo().trace_ids}, {self.start + timedelta(days=6)})
        self.assertEqual(len(new.sudo().trace_ids), 5)
        self.assertEqual(set(fleeting.sudo().trace_ids.mapped("state")), {"canceled"})

    @mute_logger("odoo.sql_db")
    def test_chunk_that_others_hold_is_tried_again_soon(self):
        """Nothing of the campaign runs until the Update is finished: it does not wait for the next hour."""
        self.patch(marketing_campaign_update, "CHUNK", 2)
        self._create_action(self.campaign, "New", "activity", self.first, interval_number=1)
        self._update(late="run")
        trigger = self.env["ir.cron.trigger"].search([("cron_id", "=", self.env.ref(ENROLMENT_CRON).id)])
        trigger.unlink()
        held = patch.object(type(self.campaign), "_update_chunk", side_effect=errors.SerializationFailure("held"))
        with held:
            self._run_crons(self.day, ENROLMENT_CRON)
        self.assertEqual(
            trigger.search([("cron_id", "=", self.env.ref(ENROLMENT_CRON).id)]).mapped("call_at"),
            [self.day + timedelta(minutes=1)],
        )

    def test_who_leaves_and_who_comes_back_are_told_apart(self):
        other = self.env["res.partner.category"].create({"name": "Other"})
        (self.ada + self.ben).category_id = other
        self._run_crons(self.day, ENROLMENT_CRON)
        self.campaign.domain = repr([("category_id", "in", other.ids)])
        preview = self._update()
        self.assertEqual((preview["leave"], preview["return"]), (3, 2))
        states = {contact: self._participant(self.campaign, contact).state for contact in self.contacts}
        self.assertEqual(states, {**dict.fromkeys(self.contacts, "unlinked"), self.ada: "running", self.ben: "running"})

    def test_what_a_step_executes_changes_at_update(self):
        """Until then what it had: the rights of who started the campaign are not lent to who edits it."""
        act = "record.write({'function': 'swapped'})"
        self.later.server_action_id = self._create_server_action(name="Swapped", code=act)
        self.assertTrue(self.campaign.require_sync)
        self._run_crons(self.start + timedelta(days=2), EXECUTION_CRON)
        self._all(self.later, "processed")
        self.assertEqual(set(self.contacts.mapped("ref")), {"acted acted "})
        self.assertFalse(any(self.contacts.mapped("function")))

    def test_the_email_of_a_step_changes_at_update(self):
        campaign = self._create_campaign(name="Emails")
        email = self._create_email(campaign, "Old", interval_number=1)
        self._start(campaign)
        old = email.mass_mailing_id
        email.mass_mailing_id = self._create_template("New")
        with self.assertRaisesRegex(UserError, "“Old” is the template of the activity “Old”"):
            old.unlink()
        mails = self._run_crons(self.start + timedelta(hours=1))
        self.assertEqual({mail["subject"] for mail in mails}, {"Old"})
        self.assertEqual(len(mails), 5)
        self._update(campaign=campaign)
        late = self.env["res.partner"].create(
            {"name": "Late", "email": "late@people.example.com", "category_id": [(4, self.category.id)]}
        )
        self._run_crons(self.day, ENROLMENT_CRON)
        [mail] = self._run_crons(self.day + timedelta(hours=1))
        self.assertEqual((mail["subject"], self._trace(email, late).state), ("New", "processed"))
        with self._at(self.day):
            campaign.action_stop_campaign()
        old.unlink()

    def test_what_runs_stays_in_its_campaign_and_company(self):
        """Elsewhere it would be executed with the rights of somebody else, without an Update."""
        other = self._create_campaign(name="Other")
        with self.assertRaisesRegex(UserError, "“Later” runs, or has a history: it cannot move"):
            self.later.campaign_id = other
        branch = self.env["res.company"].create({"name": "Branch"})
        self.marketer.company_ids += branch
        with self.assertRaisesRegex(UserError, "company of the campaign “Prospection” cannot change while it runs"):
            self.campaign.company_id = branch
        self.campaign.company_id = self.campaign.company_id
        self.campaign.action_stop_campaign()
        self.campaign.company_id = branch

    def test_update_refusals(self):
        self.campaign.action_stop_campaign()
        with self.assertRaisesRegex(UserError, "does not run"):
            self.campaign.action_update_participants()

    def test_restart_takes_the_workflow_as_it_is(self):
        self.campaign.action_stop_campaign()
        new = self._create_action(self.campaign, "New", "activity", self.first, interval_number=1)
        self.later.action_archive()
        self._start(self.campaign, self.day)
        self._run_crons(self.day, EXECUTION_CRON)
        self._all(new, "canceled")
        self._all(self.later, "canceled")
