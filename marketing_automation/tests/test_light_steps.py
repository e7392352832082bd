"""Light steps: ten times as many participants go through them at once, and a turn is no longer for it."""

from unittest.mock import patch

from odoo.tests import tagged

from ..models.runtime import loop
from .common import EXECUTION_CRON, MarketingAutomationCommon

MOST_QUERIES = 32  # of a run with one batch of conditions that others follow, and one look at the counters


@tagged("post_install", "-at_install")
class TestLightSteps(MarketingAutomationCommon):
    def _patch_sizes(self, batch, light):
        self.patch(loop, "BATCH", batch)
        self.patch(loop, "WINDOW", 2 * batch)
        self.patch(loop, "LIGHT", light)

    def _run_noting_batches(self):
        """Execute what is due.

        :return: (name of the activity, how many traces) of each batch
        """
        batches = []
        activities = type(self.env["marketing.activity"])
        execute = activities._execute

        def note(activity, traces, now):
            batches.append((activity.name, len(traces)))
            return execute(activity, traces, now)

        with patch.object(activities, "_execute", note):
            self._run_crons(self.start, EXECUTION_CRON)
        return batches

    def _create_condition(self, campaign, *where, **values):
        values.setdefault("condition_domain", "[('name', '=', 'Ada')]")
        return self._create_activity(campaign, "Asked", "condition", *where, **values)

    def test_many_light_ones_at_once(self):
        """Also the plan looks at as many; what is not light goes in batches as ever."""
        campaign = self._create_campaign()
        asked = self._create_condition(campaign, "begin", None)
        no = self._create_action(campaign, "No", "cond_no", asked)
        self._start(campaign)
        self._patch_sizes(1, 4)
        self.assertEqual(
            self._run_noting_batches(), [("Asked", 4), ("Asked", 1), ("No", 1), ("No", 1), ("No", 1), ("No", 1)]
        )
        self.assertEqual(no.processed, 4)
        self.assertEqual(set(campaign.sudo().participant_ids.mapped("state")), {"completed"})

    def test_each_turn_has_room_for_one_batch(self):
        """What light steps have used of it, others no longer have; and a small campaign has its turn after one."""
        huge, small = (self._create_campaign(name=name) for name in ("Huge", "Small"))
        small.domain = repr([("id", "=", self.contacts[0].id)])
        self._create_condition(huge, "begin", None)
        self._create_action(huge, "Act")
        self._create_action(small, "Act in the small one")
        self._start(huge)
        self._start(small)
        self._patch_sizes(2, 2)
        batches = self._run_noting_batches()
        self.assertIn(("Act in the small one", 1), batches[:3])
        self.assertEqual(sum(count for name, count in batches if name == "Asked"), 5)
        self.assertEqual(sum(count for name, count in batches if name == "Act"), 5)
        self.assertLessEqual(max(count for name, count in batches if name == "Act"), 2)

    def test_none_of_a_light_batch_is_lost_with_a_bad_one(self):
        """A batch of light steps is halved like any other."""
        campaign = self._create_campaign()
        asked = self._create_condition(campaign, "begin", None)
        self._start(campaign)
        guilty = self._trace(asked, self.contacts[2])
        activities = type(self.env["marketing.activity"])
        execute = activities._execute_condition

        def fail(activity, traces, now):
            if guilty in traces:
                raise ValueError("of this one nothing is known")
            return execute(activity, traces, now)

        with patch.object(activities, "_execute_condition", fail), self.assertLogs(loop.__name__, "WARNING"):
            self._run_crons(self.start, EXECUTION_CRON)
        expected = dict.fromkeys(self.contacts, "processed")
        self.assertTraces(asked, {**expected, self.contacts[2]: "error"})

    def test_what_costs_nothing_asks_nothing_more(self):
        """A turn asks once whether there is more than what is due; a condition costs no query for each."""
        counts = []
        for size in (9, 10, 200):  # the first round fills what the registry caches
            contacts = self.env["res.partner"].create([{"name": f"{size}-{number}"} for number in range(size)])
            campaign = self._create_campaign(name=f"Of {size}", domain=repr([("id", "in", contacts.ids)]))
            asked = self._create_condition(campaign, "begin", None)
            self._create_action(campaign, "Later", "cond_no", asked, interval_number=1)
            self._start(campaign)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._execute(campaign, self.start)
            counts.append(self.cr.sql_log_count - before)
            self.assertEqual(asked.processed, size)
        self.assertEqual(counts[1], counts[2])
        self.assertLessEqual(counts[2], MOST_QUERIES)
