"""Settle: the steps below executed traces are scheduled, cancelled or left waiting, from the facts.

The facts of a batch are collected by two queries; :func:`~..engine.workflow.decide` gives the answers.
"""

from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.workflow import CANCEL, HARD, SCHEDULE, WAIT, Facts, decide


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.private
    def _schedule_children(self, now):
        """Schedule, cancel or leave waiting the steps below these traces, from their facts.

        Whatever order the facts became known in, the same facts give the same answer; so
        this can be called any number of times. The participants are locked.

        :param datetime now: UTC
        """
        if not self:
            return
        campaign = self.campaign_id
        workflow = campaign._get_workflow()
        triggers = self.env["marketing.activity"]._get_triggers()
        facts = self._get_facts(with_links=any(step.link_filter for step in workflow.steps.values()))
        scheduled, returning, waiting, waits = [], [], [], {}
        canceled = {}  # {(parent trace, step): code}
        for trace in self:
            if trace.id not in facts or trace.participant_id._is_over():
                continue
            waits[trace.id] = None
            for step, edge in workflow.ways(trace.activity_id.id):
                if step.trigger_type not in triggers:
                    continue  # the addon that brought it was uninstalled
                decision = decide(step, triggers[step.trigger_type], facts[trace.id], campaign._get_tz())
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
        self._spawn(scheduled + self._number_visits(returning))
        self._write_wait_deadlines(waits)
        awaiting = self.env["marketing.activity"]._find_steps_that_await_events(workflow)
        happened = self.filtered(lambda trace: trace.id in facts and facts[trace.id].events) if awaiting else self
        self._ask_waiting(happened.participant_id, awaiting, now)
        self.participant_id._refresh_state(now, campaign._get_awaiting_steps())

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

    def _get_facts(self, with_links=True):
        """Return the facts of those of these traces that were executed.

        :param bool with_links: whether it matters which links were clicked: that takes another query
        :rtype: dict[int, Facts]
        """
        types = self.env["marketing.activity"]._get_types()
        kinds = self.env["marketing.trace.event"]._get_kinds()
        facts = {}
        for trace in self:
            if trace.state in ("processed", "error"):
                is_message = types[trace.activity_id.activity_type].sends
                completed = (trace.sent_date if is_message else trace.done_date) or None
                facts[trace.id] = Facts(completed, kinds=kinds, branch=trace.branch or None)
                if trace.state == "error":
                    facts[trace.id].events["failed"] = trace.done_date
        if facts:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT trace_id, event, COALESCE(bounce_type, %s), min(date) FROM marketing_trace_event
                     WHERE trace_id = ANY(%s) AND event != ALL(%s)
                       AND (origin IS DISTINCT FROM 'machine' OR event = 'open' AND campaign_id = ANY(%s))
                  GROUP BY 1, 2, 3
                    """,
                    HARD,
                    list(facts),
                    self.env["marketing.trace.event"]._get_names_of_no_facts(),
                    self.campaign_id.filtered("count_machine_opens").ids,
                )
            )
            for trace_id, event, bounce_type, date in rows:
                events = facts[trace_id].events
                events[event] = min(date, events.get(event, date))
                if event == "bounce":
                    facts[trace_id].bounces[bounce_type] = date
        clicked = [trace_id for trace_id, known in facts.items() if with_links and "click" in known.events]
        for trace_id, *click in self._get_clicks(clicked):
            facts[trace_id].clicks.append(tuple(click))
        return facts

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
        """
        self._insert_traces(
            [(parent.participant_id.id, step_id, date, visit, parent.id) for parent, step_id, date, visit in scheduled]
        )

    @api.model
    @api.private
    def _insert_traces(self, rows):
        """Insert traces that are scheduled, those that exist excepted: the only way in which there come to be any.

        :param list rows: (participant id, activity id, due date, visit, id of the trace before it or None)
        :return: the new ones, in that order
        """
        if not rows:
            return self.browse()
        participant_ids, step_ids, dates, visits, parent_ids = map(list, zip(*rows, strict=True))
        new = self.env.execute_query(
            SQL(
                """
                INSERT INTO marketing_trace
                       (participant_id, campaign_id, activity_id, visit, res_id, state, schedule_date,
                        parent_id, is_test, attempt, create_uid, write_uid, create_date, write_date)
                SELECT p.id, p.campaign_id, n.activity_id, n.visit, p.res_id, 'scheduled', n.date,
                       n.parent_id, p.is_test, 1, %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM unnest(%(participants)s::int[], %(steps)s::int[], %(dates)s::timestamp[], %(visits)s::int[],
                              %(parents)s::int[])
                       WITH ORDINALITY AS n (participant_id, activity_id, date, visit, parent_id, number)
                  JOIN marketing_participant p ON p.id = n.participant_id
              ORDER BY n.number
           ON CONFLICT (participant_id, activity_id, visit) DO NOTHING
             RETURNING id
                """,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                participants=participant_ids,
                steps=step_ids,
                dates=dates,
                visits=visits,
                parents=parent_ids,
            )
        )
        self.invalidate_model()
        return self.browse(trace_id for (trace_id,) in new)

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
