"""Best time: a message waits for the hour at which its address usually opens, up to a day.

The engine notes when addresses open and click, as it takes these events into account: in a table with one row for each
address, which is kept as a hash (see ``places.py``).
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.best_time import DAYS, LONGEST, MOST, QUARTER, SPARE, find_best_time, to_quarter
from ...engine.schedule import add_interval

BEST = "best_time"
CHUNK = 10_000  # rows of one transaction of the daily cleaning


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    # ------------------------------------------------------------
    # What is known
    # ------------------------------------------------------------

    @api.model
    def _note_reading(self, event_ids):
        """Note when these events happened, for the addresses of their messages.

        :param list event_ids: of marketing.trace.event: of people, who were reading then
        """
        if not event_ids:
            return
        types = self.env["marketing.activity"]._get_types().values()
        cases = [
            SQL("WHEN %s THEN %s", channel, self._hash_address_sql(SQL("m.%s", SQL.identifier(column)), channel))
            for channel, column in sorted(
                {(told.mailing_type, told.address_column) for told in types if told.mailing_type}
            )
        ]
        self.env.execute_query(
            SQL(
                # by the primary keys of all three; in the order of addresses, so that lanes do not wait in a ring
                """
                INSERT INTO marketing_best_time AS b (key, quarters)
                SELECT n.key, (array_agg(n.quarter ORDER BY n.quarter DESC))[:%(most)s]
                  FROM (SELECT CASE m.trace_type %(cases)s END,
                               floor(extract(epoch FROM e.date) / %(seconds)s)::int
                          FROM marketing_trace_event e JOIN mailing_trace m ON m.id = e.mailing_trace_id
                         WHERE e.id = ANY(%(ids)s) AND e.is_test IS NOT TRUE
                       ) AS n (key, quarter)
                 WHERE n.key IS NOT NULL
              GROUP BY n.key ORDER BY n.key
           ON CONFLICT (key) DO UPDATE SET quarters = (
                       SELECT (array_agg(q.quarter ORDER BY q.quarter DESC))[:%(most)s]
                         FROM unnest(b.quarters || EXCLUDED.quarters) AS q (quarter)
                        WHERE q.quarter > EXCLUDED.quarters[1] - %(span)s)
             RETURNING 1
                """,
                cases=SQL(" ").join(cases),
                most=MOST,
                seconds=QUARTER.total_seconds(),
                span=timedelta(days=DAYS) // QUARTER,
                ids=event_ids,
            )
        )

    @api.autovacuum
    def _gc_best_times(self):
        """Forget who has not opened for so long that it counts no more.

        :return: how many rows are gone, and whether there may be more
        """
        rows = self.env.execute_query(
            SQL(
                """
                DELETE FROM marketing_best_time WHERE key IN (
                       SELECT key FROM marketing_best_time WHERE quarters[1] < %s LIMIT %s FOR UPDATE SKIP LOCKED)
             RETURNING 1
                """,
                to_quarter(fields.Datetime.subtract(fields.Datetime.now(), days=DAYS)),
                CHUNK,
            )
        )
        return len(rows), len(rows) == CHUNK

    # ------------------------------------------------------------
    # Waiting
    # ------------------------------------------------------------

    def _hold_until_best_time(self, batch):
        """Have messages wait that are due for the first time, until their recipients usually open. No test waits."""
        steps = batch.workflow.steps
        waiting = {activity_id for activity_id, step in steps.items() if step.best_time}
        # who waited for something has been asked
        asking = self.filtered(
            lambda trace: trace.activity_id.id in waiting and not trace.is_test and not trace.end_code
        )
        if not asking:
            return self
        dates = asking._find_best_times(batch.campaign, batch.now)
        held = asking.filtered(lambda trace: dates[trace.id] > batch.now)
        held._hold({trace.id: dates[trace.id] for trace in held}, BEST)
        return self - held

    def _find_best_times(self, campaign, now):
        """Return when each of these messages is to leave, by id: three queries for each step.

        A message never waits so long that it might expire: the engine comes to it a little later.
        """
        clocks = campaign._get_clocks(self.mapped("res_id"), now)
        dates = {}
        for activity, traces in self.grouped("activity_id").items():
            step = campaign._get_workflow().steps[activity.id]
            addresses = campaign._find_addresses(step, traces.mapped("res_id"))
            quarters = self._find_quarters({*addresses.values()} - {None}, activity._get_types()[step.activity_type])
            for trace in traces:
                due, tz = trace.due_date or trace.schedule_date, clocks.get(trace.res_id)
                until = due + LONGEST
                if step.validity_type:
                    expiry = add_interval(due, step.validity_number, step.validity_type, tz)
                    until = min(until, expiry - SPARE)
                dates[trace.id] = find_best_time(quarters.get(addresses.get(trace.res_id), ()), due, until, now, tz)
        return dates

    def _find_best_times_left(self, campaign, now):
        """Return when those of these waiting messages are to leave whose step still waits for that, by id."""
        steps = campaign._get_workflow().steps
        waiting = {step.id for step in steps.values() if step.best_time}
        return self.filtered(lambda trace: trace.activity_id.id in waiting)._find_best_times(campaign, now)

    @api.model
    def _find_quarters(self, addresses, described):
        """Return when these addresses opened lately, by the primary key.

        :param addresses: normalized
        :param described: the type of the messages
        :rtype: dict[str, list[int]]
        """
        keys = self._hash_addresses(addresses, described.mailing_type)
        rows = self.env.execute_query(
            SQL("SELECT key, quarters FROM marketing_best_time WHERE key = ANY(%s)", [*keys.values()])
        )
        known = dict(rows)
        return {address: known[key] for address, key in keys.items() if key in known}
