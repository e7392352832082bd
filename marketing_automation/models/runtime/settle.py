"""Settle: the steps below executed traces are scheduled, cancelled or left waiting, from the facts.

The facts of a batch are collected by two queries; :func:`~..engine.workflow.decide` gives the answers.
"""

from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.workflow import CANCEL, HARD, SCHEDULE, WAIT, Facts, decide


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.private
    def _schedule_children(self, now, just_executed=False):
        """Schedule, cancel or leave waiting the steps below these traces, from their facts.

        Whatever order the facts became known in, the same facts give the same answer; so
        this can be called any number of times. The participants are locked.

        :param datetime now: UTC
        :param bool just_executed: whether they were executed in this transaction: only messages can have events then
        """
        if not self:
            return
        self._read_for_batch()
        campaign = self.campaign_id
        workflow = campaign._get_workflow()
        triggers = self.env["marketing.activity"]._get_triggers()
        with_links = any(step.link_filter for step in workflow.steps.values())
        facts = self._get_facts(with_links=with_links, just_executed=just_executed)
        scheduled, returning, waiting, waits = [], [], [], dict.fromkeys(facts)
        canceled = {}  # {(parent trace, step): code}
        # An addon that brought a trigger may have been uninstalled.
        ways = {
            activity.id: [way for way in workflow.ways(activity.id) if way[0].trigger_type in triggers]
            for activity in self.activity_id
        }
        leading = self.filtered(lambda trace: trace.id in facts and ways[trace.activity_id.id])
        following = {number for number, ways_on in ways.items() if any(step.follows_clock for step, _edge in ways_on)}
        for activity_id, tz, known, traces in leading._group_by_facts(facts, following, now):
            for step, edge in ways[activity_id]:
                decision = decide(step, triggers[step.trigger_type], known, tz)
                for trace in traces:
                    if edge.repeats:
                        if decision.kind == SCHEDULE:
                            returning.append((trace, edge, decision.date))
                    elif decision.kind == SCHEDULE:
                        scheduled.append((trace, step.id, decision.date, trace.visit))
                    elif decision.kind == CANCEL:
                        canceled[trace.id, step.id] = decision.code
                    elif decision.kind == WAIT and decision.date and decision.date >= now:
                        waiting.append((trace, step.id, decision.date, trace.visit))
        for trace, date in self._filter_open_waits(waiting):
            waits[trace.id] = max(date, waits[trace.id] or date)
        self._cancel_children(canceled, now)
        busy = self._spawn(scheduled + self._number_visits(returning))
        self._write_wait_deadlines(waits)
        awaiting = self.env["marketing.activity"]._find_steps_that_await_events(workflow)
        happened = self.filtered(lambda trace: trace.id in facts and facts[trace.id].events) if awaiting else self
        self._ask_waiting(happened.participant_id, awaiting, now)
        self.participant_id._refresh_state(now, campaign._get_awaiting_steps(), busy)

    def _group_by_facts(self, facts, following, now):
        """Return together the traces of one activity of which the same is known, without who is over.

        :param dict facts: :class:`Facts` by trace id
        :param set following: ids of the activities of which it depends on a clock when the steps below are due
        :param datetime now: UTC
        :return: (activity id, name of the zone, :class:`Facts`, list of traces) of each group
        """
        self.participant_id.fetch(["state", "end_code"])
        clocks = self.campaign_id._get_clocks(self.mapped("res_id"), now) if self else None
        groups = {}
        for trace in self:
            if not trace.participant_id._is_over():
                known, activity_id = facts[trace.id], trace.activity_id.id
                tz = clocks.get(trace.res_id) if activity_id in following else clocks.default
                groups.setdefault((activity_id, tz, id(known)), (known, []))[1].append(trace)
        return [(activity_id, tz, known, traces) for (activity_id, tz, _id), (known, traces) in groups.items()]

    def _filter_open_waits(self, waiting):
        """Return the waits of steps that the participant has not come to yet, in whatever way.

        :param list waiting: (parent trace, activity id, last moment, how often the participant comes to it then)
        :return: list of (parent trace, last moment)
        """
        if not waiting:
            return []
        participant_ids = [trace.participant_id.id for trace, *_rest in waiting]
        rows = self.env.execute_query(
            SQL(
                "SELECT participant_id, activity_id, visit FROM marketing_trace"
                " WHERE participant_id = ANY(%s) AND activity_id = ANY(%s)",
                participant_ids,
                [step_id for _trace, step_id, *_rest in waiting],
            )
        )
        taken = set(rows)
        return [
            (trace, date)
            for trace, step_id, date, visit in waiting
            if (trace.participant_id.id, step_id, visit) not in taken
        ]

    def _get_facts(self, with_links=True, just_executed=False):
        """Return the facts of those of these traces that were executed. Those of which the same is known share them.

        :param bool with_links: whether it matters which links were clicked: that takes another query
        :param bool just_executed: see :meth:`_schedule_children`
        :rtype: dict[int, Facts]
        """
        types = self.env["marketing.activity"]._get_types()
        kinds = self.env["marketing.trace.event"]._get_kinds()
        executed = self.filtered(lambda trace: trace.state in ("processed", "error"))
        eventful = executed
        if just_executed:
            messages = executed.activity_id.filtered(lambda activity: types[activity.activity_type].sends)
            eventful = executed.filtered(lambda trace: trace.activity_id in messages) if messages else self.browse()
        happened = {}
        for trace_id, *event in eventful._get_first_events():
            happened.setdefault(trace_id, []).append(event)
        facts, shared = {}, {}
        for trace in executed:
            is_message = types[trace.activity_id.activity_type].sends
            completed = (trace.sent_date if is_message else trace.done_date) or None
            known = Facts(completed, kinds=kinds, branch=trace.branch or None)
            if trace.state == "error":
                known.events["failed"] = trace.done_date
            elif trace.id not in happened:
                known = shared.setdefault((completed, known.branch), known)
            for event, bounce_type, date in happened.get(trace.id, ()):
                known.events[event] = min(date, known.events.get(event, date))
                if event == "bounce":
                    known.bounces[bounce_type] = date
            facts[trace.id] = known
        clicked = [trace_id for trace_id, known in facts.items() if with_links and "click" in known.events]
        for trace_id, *click in self._get_clicks(clicked):
            facts[trace_id].clicks.append(tuple(click))
        return facts

    def _get_first_events(self):
        """Return what happened to these messages of what counts.

        :return: (trace id, event, type of the bounce, first moment) of each
        :rtype: list[tuple]
        """
        if not self:
            return []
        return self.env.execute_query(
            SQL(
                """
                SELECT trace_id, event, COALESCE(bounce_type, %s), min(date) FROM marketing_trace_event
                 WHERE trace_id = ANY(%s) AND event != ALL(%s)
                   AND (origin IS DISTINCT FROM 'machine' OR event = 'open' AND campaign_id = ANY(%s))
              GROUP BY 1, 2, 3
                """,
                HARD,
                self.ids,
                self.env["marketing.trace.event"]._get_names_of_no_facts(),
                self.campaign_id.filtered("count_machine_opens").ids,
            )
        )

    @api.model
    def _get_clicks(self, trace_ids):
        """Return which links of these messages people have clicked, and when first.

        :return: (trace id, date, address, text) of each; without an address where a test does not say which
        :rtype: list[tuple]
        """
        if not trace_ids:
            return []
        return self.env.execute_query(
            SQL(
                """
                SELECT e.trace_id, min(e.date), l.url, l.label
                  FROM marketing_trace_event e LEFT JOIN link_tracker l ON l.id = e.link_id
                 WHERE e.trace_id = ANY(%s) AND e.event = 'click' AND e.origin IS DISTINCT FROM 'machine'
                   AND (l.id IS NOT NULL OR e.is_test)
              GROUP BY e.trace_id, l.url, l.label
                """,
                trace_ids,
            )
        )

    def _cancel_children(self, codes, now):
        """Cancel the steps that are scheduled below these traces and no longer run.

        :param dict codes: the reason by (trace id, activity id)
        """
        if not codes:
            return
        # who waits at a step has come to it: what would have kept it from beginning comes too late
        children = self.search(
            [("parent_id", "in", self.ids), ("state", "=", "scheduled"), ("waiting_since", "=", False)]
        )
        children._write_outcomes(
            {
                child.id: ("canceled", codes[child.parent_id.id, child.activity_id.id], None)
                for child in children
                if (child.parent_id.id, child.activity_id.id) in codes
            },
            now,
        )

    def _spawn(self, scheduled):
        """Insert the traces of steps below these, those that exist excepted.

        :param list scheduled: (parent trace, activity id, due date, how often the participant comes to it then)
        :return: the ids of the participants who got one
        """
        place = {trace_id: number for number, trace_id in enumerate(self._ids)}
        scheduled.sort(key=lambda row: place[row[0].id])  # who was first is first
        new = self._insert_rows(
            [(parent.participant_id.id, step_id, date, visit, parent.id) for parent, step_id, date, visit in scheduled]
        )
        return {participant_id for _id, participant_id in new}

    @api.model
    @api.private
    def _insert_traces(self, rows):
        """Insert traces that are scheduled, those that exist excepted.

        :param list rows: (participant id, activity id, due date, visit, id of the trace before it or None)
        :return: the new ones, in that order
        """
        return self.browse(trace_id for trace_id, _participant_id in self._insert_rows(rows))

    @api.model
    def _insert_rows(self, rows):
        """Insert traces: the only way in which there come to be any. See :meth:`_insert_traces`.

        :return: (id, participant id) of each new one
        """
        if not rows:
            return []
        participant_ids, kinds, parent_ids, numbers = [], [], [], {}
        for participant_id, step_id, date, visit, parent_id in rows:
            participant_ids.append(participant_id)
            kinds.append(numbers.setdefault((step_id, date, visit), len(numbers)))  # a date costs more than a number
            parent_ids.append(parent_id)
        step_ids, dates, visits = map(list, zip(*numbers, strict=True))
        new = self.env.execute_query(
            SQL(
                """
                INSERT INTO marketing_trace
                       (participant_id, campaign_id, activity_id, visit, res_id, state, schedule_date,
                        parent_id, is_test, attempt, create_uid, write_uid, create_date, write_date)
                SELECT p.id, p.campaign_id, k.activity_id, k.visit, p.res_id, 'scheduled', k.date,
                       n.parent_id, p.is_test, 1, %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM unnest(%(participants)s::int[], %(kinds)s::int[], %(parents)s::int[])
                       WITH ORDINALITY AS n (participant_id, kind, parent_id, number)
                  JOIN unnest(%(steps)s::int[], %(dates)s::timestamp[], %(visits)s::int[])
                       WITH ORDINALITY AS k (activity_id, date, visit, number) ON k.number = n.kind + 1
                  JOIN marketing_participant p ON p.id = n.participant_id
              ORDER BY n.number
           ON CONFLICT (participant_id, activity_id, visit) DO NOTHING
             RETURNING id, participant_id
                """,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                participants=participant_ids,
                kinds=kinds,
                steps=step_ids,
                dates=dates,
                visits=visits,
                parents=parent_ids,
            )
        )
        self.invalidate_model()
        return new

    def _write_wait_deadlines(self, waits):
        """Write until when these traces are waited on; only what differs."""
        changed = {
            trace.id: waits[trace.id]
            for trace in self
            if trace.id in waits and waits[trace.id] != (trace.wait_until or None)
        }
        if changed:
            self.env.execute_query(
                SQL(
                    """
                    UPDATE marketing_trace t SET wait_until = w.date
                      FROM unnest(%s::int[], %s::timestamp[]) AS w (id, date)
                     WHERE t.id = w.id RETURNING t.id
                    """,
                    list(changed),
                    list(changed.values()),
                )
            )
            self.invalidate_model()
