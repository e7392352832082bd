"""Finish: what became of executed traces is written."""

import json

from odoo import api, models
from odoo.tools import SQL


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.private
    def _execute_and_finish(self, now):
        """Execute these traces of one activity, which have passed the gates, and write what became of them.

        :param datetime now: UTC
        :return: those that were begun: an action may leave the last ones for another time
        """
        if not self:
            return self
        outcomes = self.activity_id._execute(self, now)
        if outcomes is None:
            return self  # its type has finished them
        self.env.flush_all()
        begun = self.filtered(lambda trace: outcomes.get(trace.id, ()) is not None)
        begun._finish(outcomes, now)
        return begun

    @api.private
    def _finish(self, outcomes, now):
        """Write what became of executed traces, and settle what follows from it.

        :param dict outcomes: ``{trace id: (state, code, params)}`` of those that were not
            simply processed, or ``(state, code, params, branch)`` where they have chosen a branch
        :param datetime now: UTC
        """
        ended = self._write_outcomes(
            {trace_id: outcomes.get(trace_id, ("processed", None, None)) for trace_id in self.ids}, now
        )
        ended._schedule_children(now, just_executed=True)

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

    def _write_outcomes(self, outcomes, now):
        """Write states, codes and dates, in one statement.

        :param dict outcomes: ``{trace id: (state, code, params)}``, or with the branch that it chose behind them
        :return: those of the traces that are still there: an action may delete its own participant
        """
        if not outcomes:
            return self.browse()
        kinds = {}  # the number of each outcome: thousands have the same few
        numbers = [
            kinds.setdefault((state, code, params and json.dumps(params), branch[0] if branch else None), len(kinds))
            for state, code, params, *branch in outcomes.values()
        ]
        states, codes, params, branches = map(list, zip(*kinds, strict=True))
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace t
                   SET state = o.state, end_code = o.code, end_params = o.params::jsonb, done_date = %s,
                       branch = o.branch, executing = NULL
                  FROM unnest(%s::int[], %s::int[]) AS n (id, number)
                  JOIN unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[])
                       AS o (number, state, code, params, branch) ON o.number = n.number
                 WHERE t.id = n.id
             RETURNING t.id
                """,
                now,
                list(outcomes),
                numbers,
                list(range(len(kinds))),
                states,
                codes,
                params,
                branches,
            )
        )
        self.invalidate_model()
        left = {trace_id for (trace_id,) in rows}
        if left.issuperset(self._ids):
            return self
        return self.filtered(lambda trace: trace.id in left)
