from odoo.tests import tagged

from odoo.addons.marketing_automation.engine.workflow import Workflow
from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON

from .paths_case import PathsCase

YES = "[('name', 'in', ('Ada', 'Ben'))]"


@tagged("post_install", "-at_install")
class TestPaths(PathsCase):
    """A step that chooses a branch, and a way that comes back."""

    def _fork(self, **values):
        self.campaign = self._create_campaign()
        self.choice = self._create_activity(
            self.campaign, "Is it she?", "choice", "begin", None, choice_domain=YES, **values
        )
        self.yes = self._create_action(self.campaign, "Yes", "choice_yes", self.choice)
        self.no = self._create_action(self.campaign, "No", "choice_no", self.choice)
        self.both = self._create_action(self.campaign, "Both", "activity", self.choice)

    def test_the_chosen_branch_alone(self):
        self._fork()
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        ada, ben, cleo, *_others = self.contacts
        self.assertTraces(self.yes, {ada: "processed", ben: "processed", cleo: None})
        self.assertTraces(self.no, {ada: None, ben: None, cleo: "processed"})
        self.assertTraces(self.both, dict.fromkeys(self.contacts, "processed"))
        self.assertEqual(set(self.choice.trace_ids.mapped("branch")), {"yes", "no"})
        self.assertEqual(set(self.campaign.participant_ids.mapped("state")), {"completed"})

    def test_it_is_one_query_for_a_batch(self):
        """However many choose, the choice itself costs what it costs for one."""
        self._fork()
        self._start(self.campaign)
        counts = []
        for trace_ids in (self.choice.trace_ids[:1].ids, self.choice.trace_ids.ids):
            self.env.invalidate_all()
            traces = self.env["marketing.trace"].browse(trace_ids)
            before = self.cr.sql_log_count
            self.choice.sudo()._execute_choice(traces.sudo(), self.start)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_words(self):
        self._fork(interval_number=0)
        self.assertEqual(self.yes.trigger_label, "As soon as “Is it she?” says “Yes”")
        self.assertEqual(self.yes._get_badge()[0], "Yes · at once")
        self.assertIn(("choice_no", "No", "neutral", {}), self.choice._get_child_triggers())
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        participant = self.campaign.participant_ids.filtered(lambda one: one.res_id == self.contacts[2].id)
        [step] = participant.timeline_data["steps"]
        self.assertEqual(step["note"], "No")
        reasons = {child["name"]: child["reason"] for child in step["children"]}
        self.assertEqual(reasons["Yes"], "The step before it chose another branch.")

    def test_a_test_of_it(self):
        self._fork()
        values = {"campaign_id": self.campaign.id, "res_id": self.contacts[2].id, "confirmed": True}
        action = self.env["marketing.campaign.test"].with_user(self.marketer).create(values).action_launch_test()
        test = self.env["marketing.participant"].with_user(self.marketer).browse(action["res_id"])
        with self._at(self.start):
            test.trace_ids.action_run_test()
        self.assertEqual(test.trace_ids.activity_id, self.choice | self.no | self.both)

    def test_a_retry_chooses_anew(self):
        """What was scheduled below the branch that is no longer chosen is cancelled, with its reason."""
        self._fork()
        self.yes.write({"interval_number": 2, "interval_type": "days"})
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        ada = self.contacts[0]
        trace = self.choice.trace_ids.filtered(lambda trace: trace.res_id == ada.id).sudo()
        ada.name = "Somebody"
        trace.participant_id._lock()
        trace._retry(self.start)
        self.assertFalse(trace.branch)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(trace.branch, "no")
        self.assertTraces(self.yes, {ada: "canceled"})
        self.assertTraces(self.no, {ada: "processed"})
        [left] = self.yes.trace_ids.filtered(lambda trace: trace.res_id == ada.id)
        self.assertEqual(left.end_code, "other_branch")

    def test_an_update_adds_to_a_branch(self):
        """Who chose before the edit comes to what follows their branch, and nobody else."""
        self._fork()
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        more = self._create_action(self.campaign, "More", "choice_no", self.choice)
        with self._at(self.start):
            self.campaign.action_update_participants("run")
        self._run_crons(self.start, EXECUTION_CRON)
        ada, _ben, cleo, *_others = self.contacts
        self.assertTraces(more, {ada: None, cleo: "processed"})

    def test_a_way_back(self):
        """Each step of the loop runs once for each visit, and no more often than the limit says."""
        self.campaign = self._create_campaign()
        first = self._create_action(self.campaign, "First")
        second = self._create_action(self.campaign, "Second", "activity", first)
        self._create_activity(
            self.campaign, "Again", "back", "activity", second, back_activity_id=first.id, back_limit=2
        )
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        visits = [(1, "processed"), (2, "processed"), (3, "processed")]
        for record in self.contacts:
            self.assertEqual(self._get_visits(first, record), visits)
            self.assertEqual(self._get_visits(second, record), visits)
        self.assertEqual(first.processed, 3 * len(self.contacts))
        self.assertEqual(set(self.campaign.participant_ids.mapped("state")), {"completed"})
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(first.processed, 3 * len(self.contacts))

    def test_the_stored_workflow_keeps_edges(self):
        self.campaign = self._create_campaign()
        first = self._create_action(self.campaign, "First")
        back = self._create_activity(self.campaign, "Again", "back", "activity", first, back_activity_id=first.id)
        self._start(self.campaign)
        kept = self.campaign.sudo().workflow
        workflow = Workflow.from_json(kept)
        self.assertEqual([(step.id, edge.repeats) for step, edge in workflow.ways(back.id)], [(first.id, True)])
        self.assertFalse(self.campaign.require_sync)
        back.back_limit = 5
        self.assertTrue(self.campaign.require_sync)
        # as an earlier one was kept, which knew no way back
        older = {key: value for key, value in kept.items() if key not in ("edges", "version")}
        self.assertEqual(Workflow.from_json(older).children(back.id), [])
        self.assertEqual(Workflow.from_json(older).roots[0].id, first.id)
