from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.marketing_automation.tests.common import ENROLMENT_CRON, EXECUTION_CRON

from .paths_case import PathsCase


@tagged("post_install", "-at_install")
class TestRuns(PathsCase):
    """Records that are in a campaign for the second time: each feature counts the passages apart."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, *_others = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.opened = cls._create_action(cls.campaign, "Opened", "mail_open", cls.email)
        cls.later = cls._create_action(cls.campaign, "Later", interval_number=1, interval_type="days")

    def _enter_again(self, *records, run=2, moment=None):
        """Have records begin a passage, as re-entry does."""
        keys = {one.res_id: one.unicity_key or None for one in self.campaign.sudo().participant_ids}
        chosen = [(record.id, keys.get(record.id), run) for record in records]
        with self._at(moment or self.start):
            return self.campaign.sudo()._insert_participants(chosen, fields.Datetime.now(), "hand")

    def _runs(self, record):
        participants = self.campaign.sudo().participant_ids.filtered(lambda one: one.res_id == record.id)
        return participants.sorted("run")

    def _states(self, activity, record):
        traces = activity.sudo().trace_ids.filtered(lambda trace: trace.res_id == record.id)
        return traces.sorted(lambda trace: trace.participant_id.run).mapped("state")

    def _messages(self, record):
        traces = self.email.sudo().trace_ids.filtered(lambda trace: trace.res_id == record.id)
        return traces.sorted(lambda trace: trace.participant_id.run).mailing_trace_ids

    def test_nobody_enters_for_a_run_that_is_gone(self):
        self._start(self.campaign)
        self._enter_again(self.ada)
        self._runs(self.ada)[0].unlink()
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
        self.assertEqual(self._runs(self.ada).mapped("run"), [2])
        preview = self.campaign.get_start_preview()
        self.assertEqual((preview["record_count"], preview["enroll_count"], preview["shared_count"]), (5, 0, 0))

    def test_a_value_is_held_by_any_run(self):
        self.campaign.unique_by = "email"
        self._start(self.campaign)
        self._enter_again(self.ada)
        self._runs(self.ada)[0].unlink()
        twin = self.ada.copy({"name": "Twin", "email": self.ada.email, "category_id": self.category.ids})
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
        self.assertFalse(self._runs(twin))
        self.assertEqual(self.campaign.get_start_preview()["shared_count"], 1)

    def test_both_runs_are_mailed(self):
        """What was sent in run 1 is no duplicate in run 2; what another record got is one."""
        self._start(self.campaign)
        self._run_crons(self.start)
        twin = self.ada.copy({"name": "Twin", "email": self.ada.email, "category_id": self.category.ids})
        self._run_crons(self.start, ENROLMENT_CRON)
        self._enter_again(self.ada)
        mails = self._run_crons(self.start)
        self.assertEqual(self._states(self.email, self.ada), ["processed"] * 2)
        self.assertEqual(self._states(self.email, twin), ["canceled"])
        self.assertEqual(len(mails), 1)

    def test_both_runs_due_at_once(self):
        """Each has its own message, and each its own events."""
        self._start(self.campaign)
        self._enter_again(self.ada)
        mails = self._run_crons(self.start)
        self.assertEqual(len(mails), 6)
        first, second = self._messages(self.ada)
        with self._at(self.start + timedelta(hours=1)):
            second.set_opened()
        self._run_crons(self.start + timedelta(hours=2), EXECUTION_CRON)
        self.assertEqual(self._states(self.opened, self.ada), ["processed"])
        self.assertEqual(self.opened.sudo().trace_ids.participant_id.run, 2)
        self.assertEqual((self.email.processed, self.email.total_sent, self.email.total_open), (6, 6, 1))
        self.assertEqual(self.campaign.total_participant_count, 6)
        with self._at(self.start + timedelta(hours=3)):
            first.set_opened()
        self._run_crons(self.start + timedelta(hours=4), EXECUTION_CRON)
        self.assertEqual(self.email.total_open, 2)

    def test_an_update_is_for_the_last_run(self):
        self._start(self.campaign)
        self._run_crons(self.start + timedelta(days=2))
        self._enter_again(self.ada, moment=self.start + timedelta(days=2))
        more = self._create_action(self.campaign, "More")
        with self._at(self.start + timedelta(days=2)):
            self.assertEqual(self.campaign.get_update_preview()["steps"][more.id]["new"], 5)
            self.campaign.action_update_participants("run")
        self.assertEqual(more.sudo().trace_ids.participant_id & self._runs(self.ada), self._runs(self.ada)[1])

    def test_another_unicity(self):
        self._start(self.campaign)
        self._enter_again(self.ada)
        self.campaign.unique_by = "email"
        with self._at(self.start):
            self.campaign.action_update_participants()
        keys = self._runs(self.ada).mapped("unicity_key")
        self.assertTrue(keys[0])
        self.assertEqual(keys[0], keys[1])

    def test_the_last_run_returns(self):
        self.campaign.leave_on_mismatch = True
        self._start(self.campaign)
        first = self._runs(self.ada)
        self.ada.category_id = False
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertEqual(first.state, "unlinked")
        second = self._enter_again(self.ada)
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertEqual((first.state, second.state), ("unlinked", "unlinked"))
        self.ada.category_id = self.category
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertEqual((first.state, second.state), ("unlinked", "running"))

    def test_a_merge_takes_all_runs_along(self):
        self._start(self.campaign)
        self._enter_again(self.ada)
        self._enter_again(self.ben)
        runs, others = self._runs(self.ada), self._runs(self.ben)
        stranger = self.env["res.partner"].create({"name": "Stranger", "category_id": self.category.ids})
        self.env["base.partner.merge.automatic.wizard"]._merge((self.ada + self.ben + stranger).ids, stranger)
        self.assertEqual(self._runs(stranger), runs)
        self.assertEqual(set(runs.trace_ids.mapped("res_id")), {stranger.id})
        self.assertEqual(others.mapped("end_code"), ["merged"] * 2)

    def test_who_is_deleted(self):
        self._start(self.campaign)
        self._enter_again(self.ada)
        runs = self._runs(self.ada)
        self.ada.unlink()
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertEqual(runs.mapped("end_code"), ["record_deleted"] * 2)

    def test_retention(self):
        """Nothing that was counted is lost, and a run that is summed up makes nobody a duplicate."""
        self._start(self.campaign)
        self._enter_again(self.ada)
        self._run_crons(self.start)
        with self._at(self.start):
            self._messages(self.ada)[1].set_opened()
        self._run_crons(self.start + timedelta(days=2))
        names = ("processed", "total_sent", "total_open")
        numbers = [[activity[name] for name in names] for activity in self.email + self.opened + self.later]
        self.assertEqual(numbers, [[6, 6, 1], [1, 0, 0], [6, 0, 0]])
        with self._at(self.start):
            self.campaign.action_stop_campaign()
        self.env["ir.config_parameter"].set_param("marketing_automation.retention_months", 1)
        with self._at(self.start + timedelta(days=90)):
            self.env["marketing.trace.figure"]._gc_history()
        self.env.invalidate_all()
        self.assertFalse(self.campaign.sudo().participant_ids.trace_ids)
        again = [[activity[name] for name in names] for activity in self.email + self.opened + self.later]
        self.assertEqual(again, numbers)
        self._start(self.campaign, self.start + timedelta(days=91))
        self._enter_again(self.ada, run=3, moment=self.start + timedelta(days=91))
        self._run_crons(self.start + timedelta(days=91))
        self.assertEqual(self._states(self.email, self.ada), ["processed"])


@tagged("post_install", "-at_install")
class TestVisits(PathsCase):
    """Records that come to a step for the second time: each feature counts the visits apart."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, *_others = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.opened = cls._create_action(cls.campaign, "Opened", "mail_open", cls.email)
        cls.again = cls._create_activity(
            cls.campaign, "Again", "back", "activity", cls.email, back_activity_id=cls.email.id, interval_number=1
        )

    def _come_twice(self):
        """Have Ada be mailed twice, an hour apart, and open the first mail."""
        self._start(self.campaign)
        self._run_crons(self.start)
        with self._at(self.start):
            self._message(1).set_opened()
        self._run_crons(self.start + timedelta(hours=1))

    def _message(self, visit):
        traces = self.email.sudo().trace_ids
        return traces.filtered(lambda trace: (trace.res_id, trace.visit) == (self.ada.id, visit)).mailing_trace_ids

    def test_each_visit_has_its_message_and_its_steps(self):
        self._come_twice()
        self.assertEqual(self._get_visits(self.email, self.ada), [(1, "processed"), (2, "processed")])
        self.assertEqual(self._get_visits(self.opened, self.ada), [(1, "processed")])
        with self._at(self.start + timedelta(hours=2)):
            self._message(2).set_opened()
        self._run_crons(self.start + timedelta(hours=3))
        self.assertEqual(self._get_visits(self.opened, self.ada), [(1, "processed"), (2, "processed")])
        self.assertEqual((self.email.processed, self.email.total_sent, self.email.total_open), (10, 10, 2))
        # the loop goes once: its second end leads nowhere
        self.assertEqual(self._get_visits(self.again, self.ada), [(1, "processed"), (2, "processed")])

    def test_who_waits(self):
        """That the first visit came to a step keeps nobody from waiting for it in the second."""
        self._come_twice()
        participant = self.email.sudo().trace_ids.filtered(lambda trace: trace.res_id == self.ada.id).participant_id
        self.assertEqual(participant.wait_text, "the opening of “Welcome”")
        with self.mock_datetime_and_now(self.start + timedelta(hours=2)):
            _first, second = [step for step in participant.timeline_data["steps"] if step["name"] == "Welcome"]
        self.assertEqual(second["visit"], "2nd time")
        waits = [(step["name"], step["note"]) for step in second["children"] if step["state"] == "waiting"]
        self.assertEqual(waits, [("Opened", "Waits to be opened.")])

    def test_who_waits_for_a_time(self):
        """A wait that ends keeps its participant Running, in each visit."""
        self.opened.write({"validity_duration": True, "validity_duration_number": 2, "validity_duration_type": "days"})
        self._come_twice()
        self._run_crons(self.start + timedelta(hours=3))
        participant = self.email.sudo().trace_ids.filtered(lambda trace: trace.res_id == self.ada.id).participant_id
        self.assertEqual(participant.state, "running")
        self._run_crons(self.start + timedelta(days=3))
        self.assertEqual(participant.state, "completed")

    def test_an_update_reschedules_each_visit(self):
        self.again.interval_number = 0
        late = self._create_action(self.campaign, "Late", "activity", self.email, interval_number=3)
        self._start(self.campaign)
        self._run_crons(self.start)
        self._run_crons(self.start + timedelta(hours=1))
        self.assertEqual(self._get_visits(late, self.ada), [(1, "scheduled"), (2, "scheduled")])
        late.interval_number = 5
        with self._at(self.start + timedelta(hours=1)):
            self.campaign.action_update_participants()
        dates = late.sudo().trace_ids.filtered(lambda trace: trace.res_id == self.ada.id).mapped("schedule_date")
        # the second message was accepted an hour after the first
        self.assertEqual(sorted(date - self.start for date in dates), [timedelta(hours=5), timedelta(hours=6)])
        more = self._create_action(self.campaign, "More", "activity", self.email)
        with self._at(self.start + timedelta(hours=1)):
            self.campaign.action_update_participants("run")
        self.assertEqual(self._get_visits(more, self.ada), [(1, "scheduled"), (2, "scheduled")])
