from odoo import api, fields, models
from odoo.tools import SQL

# What cards show besides what is counted from steps themselves; as the index says it. A value, not NULL: then
# PostgreSQL knows that it is rare.
UNCOUNTED = "counted_as = 'new' AND is_test IS NOT TRUE AND event NOT IN ('sent', 'failed')"
CHUNK = 5_000


class MarketingTraceEvent(models.Model):
    _inherit = "marketing.trace.event"

    counted_as = fields.Selection(
        [("new", "New"), ("person", "Person"), ("machine", "Machine"), ("no", "Not Counted")],
        readonly=True,
        help=(
            "How numbers count this event: once for each message, as a person's where a person has done it too. What "
            "is new is counted when it is shown."
        ),
    )

    _uncounted = models.Index(f"(campaign_id) WHERE {UNCOUNTED}")

    @api.model
    @api.private
    def _count_new_events(self, before):
        """Note for the next events how they count: one of each kind for a message; see ``triggers.py`` for the sums.

        By one process at a time. Who changes one of these events meanwhile makes this fail, or fails, and tries again.

        :param datetime before: UTC; later ones may still turn out to be a machine's, and others may write them
        :return: how many events were looked at
        """
        [[found]] = self.env.execute_query(
            SQL(
                """
                WITH new AS (
                     SELECT trace_id, event FROM marketing_trace_event
                      WHERE %(uncounted)s AND doubt_until IS NULL AND date < %(before)s LIMIT %(limit)s),
                     ranked AS (
                     SELECT e.id, e.counted_as AS was, e.origin IS NOT DISTINCT FROM 'machine' AS by_machine,
                            row_number() OVER (PARTITION BY e.trace_id, e.event
                                                   ORDER BY e.origin IS NOT DISTINCT FROM 'machine', e.id) AS place
                       FROM (SELECT DISTINCT trace_id, event FROM new) AS n
                       JOIN marketing_trace_event e ON e.trace_id = n.trace_id AND e.event = n.event
                      WHERE e.is_test IS NOT TRUE),
                     judged AS (
                     SELECT id, was,
                            CASE WHEN place > 1 THEN 'no' WHEN by_machine THEN 'machine' ELSE 'person' END AS now
                       FROM ranked),
                     noted AS (
                     UPDATE marketing_trace_event e SET counted_as = j.now FROM judged j
                      WHERE e.id = j.id AND j.was IS DISTINCT FROM j.now)
                SELECT count(*) FROM new
                """,
                uncounted=SQL(UNCOUNTED),
                before=before,
                limit=CHUNK,
            )
        )
        return found
