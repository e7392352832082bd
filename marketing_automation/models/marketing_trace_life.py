"""The life of a trace, top to bottom::

    enrolment ──┐                                  ┌── filter, expiry, record gone: rejected, canceled
    _spawn ─────┴─> scheduled ──> _claim ──> _sift ┤
        ▲                                          └── _execute_<type> ──> _finish: processed, canceled, error
        │                                                                        │
        └────── _settle: decide about the steps below <── _consume_events <──────┴── sent, open, click …

Everything here runs on a bounded batch, in one transaction, under the locks of the
batch's participants, with a number of queries that does not depend on the batch's size.
Nothing here commits.
"""

import json
from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..workflow import CANCEL, HARD, SCHEDULE, WAIT, Facts, decide
from .marketing_trace_event import IMPLIED, NO_FACTS


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    # ------------------------------------------------------------
    # Claim
    # ------------------------------------------------------------

    @api.private
    def _claim(self):
        """Lock those of these traces that are still scheduled, and their participants.

        To be called as the first statement of a transaction: rows that others hold are
        skipped, and a row that others changed since the snapshot raises a serialization
        failure, upon which the caller starts again.

        :return: the claimed traces, in due order
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT t.id
                  FROM marketing_trace t JOIN marketing_participant p ON p.id = t.participant_id
                 WHERE t.id = ANY(%s) AND t.state = 'scheduled' AND t.executing IS NULL
              ORDER BY t.schedule_date, t.id
                   FOR NO KEY UPDATE OF t, p SKIP LOCKED
                """,
                self.ids,
            )
        )
        return self.browse(row[0] for row in rows)

    # ------------------------------------------------------------
    # Sift: who may run now
    # ------------------------------------------------------------

    @api.private
    def _sift(self, now):
        """End the claimed traces of one campaign that cannot run, and return the others.

        :param datetime now: UTC
        :raise CampaignStop: when the campaign cannot go on at all
        """
        campaign = self.campaign_id
        workflow = campaign._get_workflow()
        env = campaign._get_run_env()
        traces = self._sift_removed(workflow, now)
        traces = traces._sift_gone(env[campaign._get_target()], now)._sift_expired(workflow, campaign._get_tz(), now)
        if workflow.leave_on_mismatch and traces:
            matching = campaign._filter_res_ids(env, traces.mapped("res_id"), [workflow.domain])
            leaving = traces.filtered(lambda trace: trace.res_id not in matching)._sift_outsiders()
            leaving.participant_id._remove("left_filter", now)
            traces -= leaving
        for activity, batch in traces.grouped("activity_id").items():
            filters = workflow.filters(workflow.steps[activity.id])
            if workflow.leave_on_mismatch and not filters:
                continue  # they have just matched the campaign's filter
            matching = campaign._filter_res_ids(env, batch.mapped("res_id"), filters, within=workflow.domain)
            rejected = batch.filtered(lambda trace, matching=matching: trace.res_id not in matching)
            rejected._end(dict.fromkeys(rejected.ids, ("rejected", "filter_mismatch", None)), now)
            traces -= rejected
        return traces

    def _sift_outsiders(self):
        """Return those who leave when they do not match the campaign's filter; a test may be of somebody outside."""
        return self

    def _sift_removed(self, workflow, now):
        removed = self.filtered(lambda trace: trace.activity_id.id not in workflow.steps)
        removed._end(dict.fromkeys(removed.ids, ("canceled", "step_removed", None)), now)
        return self - removed

    def _sift_gone(self, model, now):
        existing = set(model.browse(self.mapped("res_id")).exists().ids)
        gone = self.filtered(lambda trace: trace.res_id not in existing)
        gone.participant_id._remove("record_deleted", now)
        return self - gone

    def _sift_expired(self, workflow, tz, now):
        expired = self.filtered(
            lambda trace: workflow.steps[trace.activity_id.id].is_expired(trace.schedule_date, now, tz)
        )
        expired._end(dict.fromkeys(expired.ids, ("canceled", "expired", None)), now)
        return self - expired

    @api.private
    def _find_duplicates(self, addresses_by_trace, column="email"):
        """Return the traces whose addresses all got this step through another participant.

        Neither a test nor another attempt of the same participant makes a duplicate.

        :param dict addresses_by_trace: list of normalized addresses by trace id
        :param str column: where mailing.trace keeps the address; indexed after mass_mailing_id
        """
        real = self.filtered(lambda trace: not trace.is_test)
        wanted = sorted({address for trace in real for address in addresses_by_trace[trace.id] if address})
        if not wanted:
            return self.browse()
        rows = self.env.execute_query(
            SQL(
                """
                -- a trace that is gone was summed up by retention: of somebody who is done
                SELECT m.%(column)s, array_agg(DISTINCT COALESCE(t.participant_id, 0))
                  FROM mailing_trace m LEFT JOIN marketing_trace t ON t.id = m.marketing_trace_id
                 WHERE m.mass_mailing_id = ANY(%(mailings)s) AND m.%(column)s = ANY(%(addresses)s)
                   AND m.marketing_trace_id IS NOT NULL AND m.trace_status != 'cancel' AND t.is_test IS NOT TRUE
                   AND (m.trace_status != 'error' OR m.failure_type = ANY(%(unknown)s))
              GROUP BY m.%(column)s
                """,
                column=SQL.identifier(column),
                mailings=[activity._get_running_step().template_id for activity in real.activity_id],
                addresses=wanted,
                unknown=self._get_unknown_failures(),
            )
        )
        reached = defaultdict(set, {address: set(participant_ids) for address, participant_ids in rows})
        duplicates = self.browse()
        for trace in real:
            own = {trace.participant_id.id}
            addresses = [address for address in addresses_by_trace[trace.id] if address]
            if addresses and all(reached[address] - own for address in addresses):
                duplicates += trace
            else:
                for address in addresses:
                    reached[address] |= own
        return duplicates

    @api.model
    def _get_unknown_failures(self):
        """Extension point: failure types of messages that failed, and that may have reached somebody nevertheless."""
        return []

    # ------------------------------------------------------------
    # Finish
    # ------------------------------------------------------------

    @api.private
    def _finish(self, outcomes, now):
        """Write what became of executed traces, and settle what follows from it.

        :param dict outcomes: ``{trace id: (state, code, params)}`` of those that were not
            simply processed
        :param datetime now: UTC
        """
        ended = self._end({trace_id: outcomes.get(trace_id, ("processed", None, None)) for trace_id in self.ids}, now)
        ended._settle(now)

    @api.private
    def _finish_messages(self, now):
        """Finish traces whose messages were just made, reading the outcomes from mailing.trace.

        A message that was born cancelled fires no hook of Odoo's; it only shows there.
        """
        outcomes = {}
        for trace_id, status, failure_type, _reason in self._get_last_messages():
            if status == "cancel":
                outcomes[trace_id] = ("canceled", failure_type or "exception", None)
            elif status == "error":
                outcomes[trace_id] = ("error", failure_type or "refused", None)
        self._finish(outcomes, now)

    @api.private
    def _get_last_messages(self):
        """Return what is known of the last message of each of these traces that has one, by one query.

        :return: the trace's id, and of the ``mailing.trace`` its status, failure type and failure reason
        :rtype: list[tuple]
        """
        columns = ["trace_status", "failure_type", "failure_reason"]
        self.env["mailing.trace"].flush_model(["marketing_trace_id", *columns])
        return self.env.execute_query(
            SQL(
                # by the index of mailing_trace on marketing_trace_id
                """
                SELECT DISTINCT ON (marketing_trace_id) marketing_trace_id, %s
                  FROM mailing_trace WHERE marketing_trace_id = ANY(%s)
              ORDER BY marketing_trace_id, id DESC
                """,
                SQL(", ").join(map(SQL.identifier, columns)),
                self.ids,
            )
        )

    def _end(self, outcomes, now):
        """Write states, codes and dates, in one statement.

        :param dict outcomes: ``{trace id: (state, code, params)}``
        :return: those of the traces that are still there: an action may delete its own participant
        """
        if not outcomes:
            return self.browse()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace t
                   SET state = o.state, end_code = o.code, end_params = o.params::jsonb, done_date = %s,
                       executing = NULL
                  FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[]) AS o (id, state, code, params)
                 WHERE t.id = o.id
             RETURNING t.id
                """,
                now,
                list(outcomes),
                [state for state, _code, _params in outcomes.values()],
                [code for _state, code, _params in outcomes.values()],
                [params and json.dumps(params) for _state, _code, params in outcomes.values()],
            )
        )
        self.invalidate_model()
        left = {trace_id for (trace_id,) in rows}
        return self.filtered(lambda trace: trace.id in left)

    # ------------------------------------------------------------
    # Events
    # ------------------------------------------------------------

    @api.model
    def _consume_events(self, participants, now):
        """Take the new events of locked participants into account.

        :param participants: locked marketing.participant of one campaign
        :param datetime now: UTC
        :return: how many events there were
        """
        traces, count = self._learn_events(participants, now)
        traces._settle(now)
        return count

    @api.model
    def _learn_events(self, participants, now):
        """Note what the new events of locked participants say of their messages; what follows is to be settled.

        :return: (the traces that had events, how many events there were)
        """
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace_event SET consumed = TRUE
                 WHERE campaign_id = ANY(%s) AND participant_id = ANY(%s) AND consumed IS NOT TRUE
             RETURNING trace_id, event, date, reason, origin
                """,
                participants.campaign_id.ids,
                participants.ids,
            )
        )
        if not rows:
            return self.browse(), 0
        self._complete_implied_events(
            [trace_id for trace_id, event, _date, _reason, origin in rows if event in IMPLIED and origin != "machine"]
        )
        accepted, refused, blocked = {}, {}, {}
        for trace_id, event, date, reason, _origin in rows:
            if event == "blocked":
                blocked[trace_id] = reason
                continue
            dates = refused if event == "failed" else accepted
            dates[trace_id] = min(date, dates.get(trace_id, date))
        self._accept(accepted)
        self._take_back_refusals([row[0] for row in rows if row[1] == "sent"])
        traces = self.browse(sorted({row[0] for row in rows}))
        traces._end_blocked(blocked, now)
        refused = traces.filtered(
            lambda trace: trace.id in refused and trace.state == "processed" and not trace.sent_date
        )
        if refused:
            refused._end_refused(now)
        return traces, len(rows)

    def _end_refused(self, now):
        """End these traces, whose messages were refused after they had been made."""
        self._end(self._get_refusals(), now)

    def _get_refusals(self):
        """Extension point: why the messages of these traces were refused after they had been made.

        :return: outcomes as :meth:`_end` takes them
        """
        return dict.fromkeys(self.ids, ("error", "refused", None))

    def _complete_implied_events(self, trace_ids):
        """Append the open that a click or a reply implies, where none was seen before."""
        for event, implied in IMPLIED.items():
            self.env.execute_query(
                SQL(
                    """
                    INSERT INTO marketing_trace_event
                           (trace_id, event, date, mailing_trace_id, source, origin,
                            campaign_id, activity_id, participant_id, is_test, consumed)
                    SELECT DISTINCT ON (e.trace_id) e.trace_id, %(implied)s, e.date, e.mailing_trace_id, e.event,
                           'person', e.campaign_id, e.activity_id, e.participant_id, e.is_test, TRUE
                      FROM marketing_trace_event e
                     WHERE e.trace_id = ANY(%(ids)s) AND e.event = %(event)s AND e.origin IS DISTINCT FROM 'machine'
                       AND NOT EXISTS (SELECT 1 FROM marketing_trace_event o
                                        WHERE o.trace_id = e.trace_id AND o.event = %(implied)s AND o.date <= e.date
                                          AND o.origin IS DISTINCT FROM 'machine')
                  ORDER BY e.trace_id, e.date
                 RETURNING id
                    """,
                    event=event,
                    implied=implied,
                    ids=list(trace_ids),
                )
            )

    def _accept(self, dates):
        """Note when the server accepted messages: at "sent", or at what cannot be without it.

        What is scheduled again has no message that could be: the event is of its last attempt.
        """
        if not dates:
            return
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace t SET sent_date = COALESCE(t.sent_date, a.date)
                  FROM unnest(%s::int[], %s::timestamp[]) AS a (id, date)
                 WHERE t.id = a.id AND t.state IN ('processed', 'error')
             RETURNING t.id
                """,
                list(dates),
                list(dates.values()),
            )
        )
        self.invalidate_model()

    def _take_back_refusals(self, trace_ids):
        """Make steps processed whose messages a server accepted after all: somebody had them sent again.

        A retry makes the messages of earlier attempts void, so that it is the last one that was accepted.
        """
        if not trace_ids:
            return
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace SET state = 'processed', end_code = NULL, end_params = NULL
                 WHERE id = ANY(%s) AND state = 'error' AND sent_date IS NOT NULL
             RETURNING id
                """,
                trace_ids,
            )
        )
        if rows:
            self.invalidate_model()

    # ------------------------------------------------------------
    # Settle: what the steps below do
    # ------------------------------------------------------------

    @api.private
    def _settle(self, now):
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
        facts = self._get_facts()
        scheduled, waiting, waits = [], [], {}
        canceled = {}  # {(parent trace, step): code}
        for trace in self:
            if trace.id not in facts or trace.participant_id.state == "unlinked":
                continue
            waits[trace.id] = None
            for step in workflow.children(trace.activity_id.id):
                if step.trigger_type not in triggers:
                    continue  # the addon that brought it was uninstalled
                decision = decide(step, triggers[step.trigger_type], facts[trace.id], campaign._get_tz())
                if decision.kind == SCHEDULE:
                    scheduled.append((trace, step.id, decision.date))
                elif decision.kind == CANCEL:
                    canceled[trace.id, step.id] = decision.code
                elif decision.kind == WAIT and decision.date and decision.date >= now:
                    waiting.append((trace, step.id, decision.date))
        for trace, date in self._filter_open_waits(waiting):
            waits[trace.id] = max(date, waits[trace.id] or date)
        self._cancel_children(canceled, now)
        self._spawn(scheduled)
        self._wait(waits)
        self.participant_id._refresh_state(now, campaign._get_awaiting_steps())

    def _filter_open_waits(self, waiting):
        """Return the waits of steps that the participant has not come to yet, in whatever way.

        :param list waiting: (parent trace, activity id, last moment)
        :return: list of (parent trace, last moment)
        """
        if not waiting:
            return []
        participant_ids = [trace.participant_id.id for trace, _step_id, _date in waiting]
        rows = self.env.execute_query(
            SQL(
                "SELECT participant_id, activity_id FROM marketing_trace"
                " WHERE participant_id = ANY(%s) AND activity_id = ANY(%s)",
                participant_ids,
                [step_id for _trace, step_id, _date in waiting],
            )
        )
        taken = set(rows)
        return [(trace, date) for trace, step_id, date in waiting if (trace.participant_id.id, step_id) not in taken]

    def _get_facts(self):
        """Return the facts of those of these traces that were executed.

        :rtype: dict[int, Facts]
        """
        message_types = self.env["marketing.activity"]._get_message_types()
        facts = {}
        for trace in self:
            if trace.state in ("processed", "error"):
                is_message = trace.activity_id.activity_type in message_types
                facts[trace.id] = Facts(completed=(trace.sent_date if is_message else trace.done_date) or None)
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
                    list(NO_FACTS),
                    self.campaign_id.filtered("count_machine_opens").ids,
                )
            )
            for trace_id, event, bounce_type, date in rows:
                events = facts[trace_id].events
                events[event] = min(date, events.get(event, date))
                if event == "bounce":
                    facts[trace_id].bounces[bounce_type] = date
        return facts

    def _cancel_children(self, codes, now):
        """Cancel the steps that are scheduled below these traces and no longer run.

        :param dict codes: the reason by (trace id, activity id)
        """
        if not codes:
            return
        children = self.search([("parent_id", "in", self.ids), ("state", "=", "scheduled")])
        children._end(
            {
                child.id: ("canceled", codes[child.parent_id.id, child.activity_id.id], None)
                for child in children
                if (child.parent_id.id, child.activity_id.id) in codes
            },
            now,
        )

    def _spawn(self, scheduled):
        """Insert the traces of steps, those that exist excepted.

        :param list scheduled: (parent trace, activity id, due date)
        """
        if not scheduled:
            return
        parents, step_ids, dates = zip(*scheduled, strict=True)
        self.env.execute_query(
            SQL(
                """
                INSERT INTO marketing_trace
                       (participant_id, campaign_id, activity_id, visit, res_id, state, schedule_date,
                        parent_id, is_test, attempt, create_uid, write_uid, create_date, write_date)
                SELECT p.participant_id, p.campaign_id, s.activity_id, p.visit, p.res_id, 'scheduled', s.date,
                       p.id, p.is_test, 1, %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM unnest(%(parents)s::int[], %(steps)s::int[], %(dates)s::timestamp[])
                       AS s (parent_id, activity_id, date)
                  JOIN marketing_trace p ON p.id = s.parent_id
           ON CONFLICT (participant_id, activity_id, visit) DO NOTHING
             RETURNING id
                """,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                parents=[parent.id for parent in parents],
                steps=list(step_ids),
                dates=list(dates),
            )
        )
        self.invalidate_model()

    def _wait(self, waits):
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
