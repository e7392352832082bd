"""Who goes through a simulation: some of those who enter, and of those who are inside, with what is known of them."""

from collections import Counter
from random import Random

from odoo import models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ...engine.forecast import Done, Passage, Person, Task
from ...engine.schedule import at_time
from ...engine.workflow import HARD, Facts

MOST_PEOPLE = 1_000
MOST_TRACES = 6_000
ENTRY_HOUR = 9.0  # at which people enter by a date, where it matters little
FEW = 20_000  # participants, of whom all ids are read
PLACES, EACH = 100, 10  # of more: from so many places in the index, so many each


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _sample_entering(self, entering, now):
        """Return the ids of some of the records that enter.

        :param int entering: how many do
        :param datetime now: UTC
        """
        if not entering:
            return []
        newcomers = self._get_entering_sql(now)[0]
        rows = self.env.execute_query(SQL("SELECT n.id FROM (%s) AS n LIMIT %s", newcomers, MOST_PEOPLE))
        return [res_id for (res_id,) in rows]

    def _foresee_due(self, now, until):
        """Return who enters by a date until a moment: day, how many, and when, about (UTC)."""
        days = Counter()
        for running in self._get_workflow().entries:
            days += self._count_days(running, now, until)[0] or Counter()
        tz = self._get_tz()
        return [(day, count, at_time(day, ENTRY_HOUR, tz)) for day, count in sorted(days.items())]

    def _read_people(self, res_ids, plan, now):
        """Return what is known of records, as :class:`Person` by id.

        :param Plan plan:
        :param datetime now: UTC
        """
        self.env.flush_all()  # an address that was just entered
        zones = self._read_zones(set(res_ids), now) if plan.workflow.tz_mode == "recipient" else {}
        values = self._read_forecast_dates(res_ids, plan.workflow)
        unreached, sent = {}, {}
        for step_id in plan.channels:
            self._read_reach(res_ids, plan, plan.workflow.steps[step_id], now, unreached, sent)
        return {
            res_id: Person(
                zones.get(res_id), values.get(res_id, {}), frozenset(unreached.get(res_id, ())), sent.get(res_id, {})
            )
            for res_id in res_ids
        }

    def _read_forecast_dates(self, res_ids, workflow):
        """Return the dates of records for which steps wait, by id and field, as the campaign's user reads them."""
        names = {step.settings.get("field") for step in workflow.steps.values() if step.activity_type == "wait"}
        model = self._get_run_env()[self._get_target()]
        names = [name for name in names if name and name in model._fields]
        if not names:
            return {}
        try:
            rows = model.browse(res_ids).exists().read(names, load=None)
        except AccessError:  # what the step says when it runs
            return {}
        return {row["id"]: {name: row[name] or None for name in names} for row in rows}

    def _read_reach(self, res_ids, plan, step, now, unreached, sent):
        """Note who of some records gets no message of a step, and when others' messages went to their addresses.

        :param dict unreached: takes ids of steps, by record
        :param dict sent: takes dates, by record and channel
        """
        model = self._get_run_env()[self._get_target()]
        join, code, address = self._get_address_sql(step, model)
        cap = plan.caps.get(plan.channels[step.id])
        dates = SQL("NULL")
        if cap:
            key = self.env["marketing.trace"]._hash_address_sql(address, cap.channel)
            dates = SQL("(SELECT p.dates FROM marketing_pressure p WHERE p.key = %s)", key)
        rows = self.env.execute_query(
            SQL(
                "SELECT t.id, %s, %s FROM %s t %s WHERE t.id = ANY(%s)",
                code,
                dates,
                SQL.identifier(model._table),
                join,
                list(res_ids),
            )
        )
        for res_id, reason, found in rows:
            if reason:
                unreached.setdefault(res_id, set()).add(step.id)
            if found:
                sent.setdefault(res_id, {})[cap.channel] = cap.filter_counted(found, now)

    # ------------------------------------------------------------
    # Who is inside
    # ------------------------------------------------------------

    def _sample_inside(self, inside, plan, now):
        """Return some of those who are inside, as :class:`Passage`.

        :param int inside: how many there are
        """
        if not inside or not plan.workflow.steps:
            return ()
        chance = Random(self.id)
        most = min(MOST_PEOPLE, max(50, MOST_TRACES // len(plan.workflow.steps)))
        rows = self._read_running(chance) if inside > FEW else self._read_all_running()
        if len(rows) > most:
            rows = chance.sample(rows, most)
        people = self._read_people(list({row[1] for row in rows}), plan, now)
        passages = {
            number: Passage(number, "inside", date_start, people[res_id], has_goal=bool(goal_date))
            for number, res_id, date_start, goal_date in rows
        }
        self._add_traces(passages, plan, now)
        return tuple(passages.values())

    def _read_all_running(self):
        """Return id, record, entry and goal of each participant who is inside, in order."""
        return self.env.execute_query(
            SQL(
                """SELECT id, res_id, date_start, goal_date FROM marketing_participant
                    WHERE campaign_id = %s AND state = 'running' AND is_test IS NOT TRUE ORDER BY id""",
                self.id,
            )
        )

    def _read_running(self, chance):
        """Return the same of some of many, from everywhere: by the index of their records, from random places on."""
        [[first, last]] = self.env.execute_query(
            SQL(
                """SELECT min(res_id), max(res_id) FROM marketing_participant
                    WHERE campaign_id = %s AND is_test IS NOT TRUE""",
                self.id,
            )
        )
        return self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT f.id, f.res_id, f.date_start, f.goal_date
                  FROM unnest(%(places)s::int[]) AS place
            CROSS JOIN LATERAL (
                       SELECT id, res_id, date_start, goal_date FROM marketing_participant
                        WHERE campaign_id = %(campaign)s AND res_id >= place AND state = 'running'
                          AND is_test IS NOT TRUE
                     ORDER BY res_id LIMIT %(each)s) AS f
              ORDER BY f.id
                """,
                places=[chance.randint(first, last) for _place in range(PLACES)],
                campaign=self.id,
                each=EACH,
            )
        )

    def _add_traces(self, passages, plan, now):
        """Add to passages what their participants have behind them, and what is scheduled for them."""
        rows = self.env.execute_query(
            SQL(
                # by the index of a participant's steps
                """SELECT id, participant_id, activity_id, visit, state, COALESCE(due_date, schedule_date),
                          waiting_since, COALESCE(sent_date, done_date), branch, parent_id
                     FROM marketing_trace WHERE participant_id = ANY(%s) ORDER BY id""",
                list(passages),
            )
        )
        done = {}
        had = {number: set() for number in passages}
        for trace_id, number, step_id, visit, state, due, since, completed, branch, parent_id in rows:
            passage = passages[number]
            had[number].add((step_id, visit))
            parent = done.get(parent_id)
            if parent and parent.visit != visit:
                parent.has_gone_back = True
                passage.gone[parent.step_id, step_id] += 1
            if step_id not in plan.workflow.steps:
                continue
            if state == "scheduled":
                passage.tasks.append(Task(step_id, visit, due, since))
            elif state in ("processed", "error"):
                facts = Facts(completed or now, branch=branch or None)
                if state == "error":
                    facts.events["failed"] = facts.completed
                done[trace_id] = Done(step_id, visit, facts, step_id in plan.channels)
                passage.done.append(done[trace_id])
        for number, passage in passages.items():
            passage.had = frozenset(had[number])
            passage.gone = Counter(passage.gone)
        messages = [trace_id for trace_id, one in done.items() if one.is_message]
        for trace_id, event, bounce_type, date in self.env["marketing.trace"].browse(messages)._get_first_events():
            facts = done[trace_id].facts
            facts.events[event] = min(date, facts.events.get(event, date))
            if event == "bounce":
                facts.bounces[bounce_type or HARD] = date
            elif event == "click":
                facts.clicks.append((date, None, None))
