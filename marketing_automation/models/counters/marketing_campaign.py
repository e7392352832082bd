"""What screens count is read here, folded, and compared with what is there."""

import logging
from collections import Counter
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from .marketing_trace_event import CHUNK, UNCOUNTED
from .triggers import TOTAL, differences, install

_logger = logging.getLogger(__name__)

MANY = 200  # increments that are read one by one before they are added up
SETTLED = timedelta(minutes=1)  # after which nobody writes to an event any more
LOCK = "marketing_automation.counters"


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def init(self):
        self.pool.post_init(install, self.env.cr)  # all tables are there then
        return super().init()

    def _read_counters(self):
        """Return the numbers of these campaigns, also of what was just written.

        :return: by campaign, activity (0: of participants), metric: see ``triggers.py``
        :rtype: Counter
        """
        if not self.ids:
            return Counter()
        self._flush_counted()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT campaign_id, activity_id, metric, sum(number)::bigint FROM (
                       SELECT campaign_id, activity_id, metric, number FROM marketing_counter
                        WHERE folded AND campaign_id = ANY(%(ids)s) AND date = %(total)s
                        UNION ALL
                       SELECT campaign_id, activity_id, metric, number FROM marketing_counter
                        WHERE NOT folded AND campaign_id = ANY(%(ids)s) AND date = %(total)s
                        UNION ALL
                       %(new)s) AS counted
              GROUP BY campaign_id, activity_id, metric
                """,
                ids=self.ids,
                total=TOTAL,
                new=self._get_new_events_sql(),
            )
        )
        return Counter({tuple(key): number for *key, number in rows})

    def _get_new_events_sql(self):
        """Return the query of what events change in the numbers that are not counted yet."""
        return SQL(
            """
            SELECT n.campaign_id, n.activity_id, m.metric, m.number
              FROM (SELECT DISTINCT campaign_id, activity_id, trace_id, event FROM marketing_trace_event
                     WHERE campaign_id = ANY(%(ids)s) AND %(uncounted)s) AS n
        CROSS JOIN LATERAL (
                   SELECT bool_or(origin IS DISTINCT FROM 'machine') AS by_person,
                          max(counted_as) FILTER (WHERE counted_as IN ('person', 'machine')) AS counted_as
                     FROM marketing_trace_event k
                    WHERE k.trace_id = n.trace_id AND k.event = n.event AND k.is_test IS NOT TRUE) AS e
        CROSS JOIN LATERAL (VALUES
                   (CASE WHEN e.by_person THEN n.event ELSE 'machine_' || n.event END, 1),
                   (CASE e.counted_as WHEN 'person' THEN n.event WHEN 'machine' THEN 'machine_' || n.event END, -1)
                   ) AS m (metric, number)
             WHERE m.metric IS NOT NULL
            """,
            ids=self.ids,
            uncounted=SQL(UNCOUNTED),
        )

    def _get_counted_dates_sql(self, since):
        """Return the query of how many steps of these campaigns were processed and rejected, by the quarter of an hour.

        :return: the query of activity, date, state, number
        """
        self._flush_counted()
        return SQL(
            """
            SELECT activity_id, date, metric, number FROM marketing_counter
             WHERE folded AND campaign_id = ANY(%(ids)s) AND date >= %(since)s
             UNION ALL
            SELECT activity_id, date, metric, number FROM marketing_counter
             WHERE NOT folded AND campaign_id = ANY(%(ids)s) AND date >= %(since)s
            """,
            ids=self.ids,
            since=since,
        )

    def _flush_counted(self):
        for name in ("marketing.participant", "marketing.trace", "marketing.trace.event"):
            self.env[name].flush_model()

    # ------------------------------------------------------------
    # One row for each number
    # ------------------------------------------------------------

    @api.model
    def _fold_counters(self, now):
        """Count the next new events, and add increments up, unless there are few or somebody is at it.

        :param datetime now: UTC
        :return: whether there is more to do
        """
        before = now - SETTLED
        [[events, increments]] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (SELECT 1 FROM marketing_trace_event
                                WHERE %s AND doubt_until IS NULL AND date < %s),
                       EXISTS (SELECT 1 FROM marketing_counter WHERE NOT folded OFFSET %s)
                """,
                SQL(UNCOUNTED),
                before,
                MANY,
            )
        )
        if not (events or increments) or not self._lock_counters():
            return False
        found = self.env["marketing.trace.event"]._count_new_events(before) if events else 0
        self._add_up_increments()
        return found == CHUNK

    @api.model
    def _lock_counters(self):
        """Tell whether nobody else adds up, until the end of this transaction."""
        [[is_locked]] = self.env.execute_query(SQL("SELECT pg_try_advisory_xact_lock(hashtext(%s))", LOCK))
        return is_locked

    @api.model
    def _add_up_increments(self):
        self.env.execute_query(
            SQL(
                """
                WITH taken AS (DELETE FROM marketing_counter WHERE NOT folded
                            RETURNING campaign_id, activity_id, metric, date, number)
                INSERT INTO marketing_counter AS c (campaign_id, activity_id, metric, date, number, folded)
                SELECT campaign_id, activity_id, metric, date, sum(number), TRUE FROM taken
              GROUP BY campaign_id, activity_id, metric, date
           ON CONFLICT (campaign_id, date, activity_id, metric) WHERE folded
             DO UPDATE SET number = c.number + EXCLUDED.number
             RETURNING 1
                """
            )
        )

    @api.autovacuum
    def _check_counters(self):
        """Add up, and compare with what is there. There is no difference; if there is one, mend it and tell the log."""
        if not self._lock_counters():
            return
        self._add_up_increments()
        self.env.execute_query(SQL("DELETE FROM marketing_counter WHERE folded AND number = 0 RETURNING 1"))
        found = self._find_counter_differences()
        if not found:
            return
        _logger.warning("Counters differ from what is there, and were mended: %s", found[:20])
        self.env.cr.execute(
            SQL(
                "INSERT INTO marketing_counter (campaign_id, activity_id, metric, date, number) %s",
                SQL(differences()),
            )
        )

    @api.model
    def _find_counter_differences(self):
        """Return where the counters differ from what is there.

        :return: list of (campaign, activity, metric, date as a text, how many are missing)
        """
        self._flush_counted()
        return self.env.execute_query(
            SQL(
                "SELECT campaign_id, activity_id, metric, date::text, number FROM (%s) AS d ORDER BY 1, 2, 3, 4",
                SQL(differences()),
            )
        )
