"""Visits: who comes back to a step comes to it, and to those below it, once more."""

from collections import Counter

from odoo import api, models
from odoo.tools import SQL


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.model
    @api.private
    def _number_visits(self, returning):
        """Number the visits of who goes ways that come back, each way from each trace once.

        A visit has a number that none of the participant's steps has: several ways may lead to the same step, at the
        same time or within one another. The participants are locked.

        :param list returning: (executed trace, :class:`~..engine.workflow.Edge` that repeats, due date)
        :return: what :meth:`_spawn` takes
        :rtype: list[tuple]
        """
        gone = self._get_traces_gone_back([trace.id for trace, *_rest in returning])
        returning = [way for way in returning if way[0].id not in gone]
        if not returning:
            return []
        participant_ids = list({trace.participant_id.id for trace, *_rest in returning})
        last = dict(
            self.env.execute_query(
                SQL(
                    "SELECT participant_id, max(visit) FROM marketing_trace WHERE participant_id = ANY(%s) GROUP BY 1",
                    participant_ids,
                )
            )
        )
        passages = self._count_passages(participant_ids, [edge for _trace, edge, _date in returning if edge.limit])
        numbered = []
        for trace, edge, date in returning:
            participant_id = trace.participant_id.id
            if edge.limit and passages[participant_id, edge.source, edge.target] >= edge.limit:
                continue
            passages[participant_id, edge.source, edge.target] += 1
            last[participant_id] += 1
            numbered.append((trace, edge.target, date, last[participant_id]))
        return numbered

    @api.model
    def _get_traces_gone_back(self, trace_ids):
        """Return the ids of those of these traces from which a participant has come back already."""
        if not trace_ids:
            return set()
        rows = self.env.execute_query(
            SQL(
                """SELECT s.id FROM marketing_trace s JOIN marketing_trace c ON c.parent_id = s.id
                    WHERE s.id = ANY(%s) AND c.visit != s.visit""",
                trace_ids,
            )
        )
        return {row[0] for row in rows}

    @api.model
    def _count_passages(self, participant_ids, edges):
        """Return how often participants have gone these ways.

        :return: Counter by (participant id, source, target)
        """
        if not edges:
            return Counter()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT c.participant_id, s.activity_id, c.activity_id, count(*)
                  FROM marketing_trace c JOIN marketing_trace s ON s.id = c.parent_id
                 WHERE c.participant_id = ANY(%s) AND c.activity_id = ANY(%s) AND s.activity_id = ANY(%s)
                   AND c.visit != s.visit
              GROUP BY 1, 2, 3
                """,
                participant_ids,
                [edge.target for edge in edges],
                [edge.source for edge in edges],
            )
        )
        return Counter({(participant, source, target): count for participant, source, target, count in rows})
