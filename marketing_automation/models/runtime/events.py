"""Events: what happened to messages since is taken into account."""

from odoo import api, models
from odoo.tools import SQL


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.model
    def _consume_events(self, participants, now):
        """Take the new events of locked participants into account.

        Called on traces of theirs where these are at hand.

        :param participants: locked marketing.participant of one campaign
        :param datetime now: UTC
        :return: how many events there were
        """
        traces, count = self._apply_events(participants, now)
        if count:
            self._look_at_goals_of(participants, now)
        traces._schedule_children(now)
        return count

    @api.model
    def _apply_events(self, participants, now):
        """Note what the new events of locked participants say of their messages; what follows is to be settled.

        :return: (the traces that had events, how many events there were)
        """
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace_event SET consumed = TRUE
                 WHERE campaign_id = ANY(%s) AND participant_id = ANY(%s) AND consumed IS NOT TRUE
             RETURNING id, trace_id, event, date, reason, origin
                """,
                (self or participants).campaign_id.ids,
                participants.ids,
            )
        )
        if not rows:
            return self.browse(), 0
        by_people = [
            (event_id, trace_id, event) for event_id, trace_id, event, *_told, origin in rows if origin != "machine"
        ]
        self._complete_implied_events([(trace_id, event) for _id, trace_id, event in by_people])
        kinds = self.env["marketing.trace.event"]._get_kinds()
        reading = {name for name, kind in kinds.items() if kind.shows_reading}
        self._note_reading([event_id for event_id, _id, event in by_people if event in reading])
        accepted, refused, blocked = {}, {}, {}
        for _id, trace_id, event, date, reason, _origin in rows:
            if event == "blocked":
                blocked[trace_id] = reason
                continue
            dates = refused if event == "failed" else accepted
            dates[trace_id] = min(date, dates.get(trace_id, date))
        self._mark_sent(accepted)
        self._take_back_refusals([row[1] for row in rows if row[2] == "sent"])
        traces = self.browse(sorted({row[1] for row in rows}))
        traces._end_blocked(blocked, now)
        refused = traces.filtered(
            lambda trace: trace.id in refused and trace.state == "processed" and not trace.sent_date
        )
        if refused:
            refused._end_refused(now)
        return traces, len(rows)

    def _complete_implied_events(self, happened):
        """Append what events imply, such as the open before a click or a reply, where it was not seen before.

        :param list happened: (trace id, event)
        """
        for event, kind in self.env["marketing.trace.event"]._get_kinds().items():
            trace_ids = [trace_id for trace_id, name in happened if name == event]
            if not kind.implies or not trace_ids:
                continue
            self.env.execute_query(
                SQL(
                    """
                    INSERT INTO marketing_trace_event
                           (trace_id, event, date, mailing_trace_id, source, origin,
                            campaign_id, activity_id, participant_id, is_test, consumed, counted_as)
                    SELECT DISTINCT ON (e.trace_id) e.trace_id, %(implied)s, e.date, e.mailing_trace_id, e.event,
                           'person', e.campaign_id, e.activity_id, e.participant_id, e.is_test, TRUE,
                           CASE WHEN e.is_test THEN 'no' ELSE 'new' END
                      FROM marketing_trace_event e
                     WHERE e.trace_id = ANY(%(ids)s) AND e.event = %(event)s AND e.origin IS DISTINCT FROM 'machine'
                       AND NOT EXISTS (SELECT 1 FROM marketing_trace_event o
                                        WHERE o.trace_id = e.trace_id AND o.event = %(implied)s AND o.date <= e.date
                                          AND o.origin IS DISTINCT FROM 'machine')
                  ORDER BY e.trace_id, e.date
                 RETURNING id
                    """,
                    event=event,
                    implied=kind.implies,
                    ids=trace_ids,
                )
            )

    def _mark_sent(self, dates):
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
            self.browse(trace_id for (trace_id,) in rows)._count_after_all()
