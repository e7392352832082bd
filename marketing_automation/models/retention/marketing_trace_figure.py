"""Retention: of campaigns that were stopped long ago the figures are kept, not each step of each participant.

Off by default. A participant is never forgotten, so that a restart enrols nobody twice; who still has something
scheduled, or an error that can be retried, keeps all of it.
"""

from odoo import api, fields, models
from odoo.tools import SQL

from ..activity.statistics import BRANCH

RETENTION_KEY = "marketing_automation.retention_months"
CHUNK = 5_000  # participants of one transaction
# Figures are kept by the quarter of an hour, in which a day of each time zone begins.
QUARTER = SQL("date_trunc('hour', date) + floor(extract(minute FROM date) / 15) * interval '15 minutes'")


class MarketingTraceFigure(models.Model):
    """How often something happened to the steps of an activity that were summed up, by time."""

    _name = "marketing.trace.figure"
    _inherit = "marketing.guard"
    _written_by_engine = True
    _description = "Marketing Figure"
    _order = "date desc, id desc"
    _rec_name = "metric"
    _log_access = False

    campaign_id = fields.Many2one("marketing.campaign", required=True, readonly=True, ondelete="cascade")
    activity_id = fields.Many2one("marketing.activity", required=True, readonly=True, ondelete="cascade")
    metric = fields.Char(
        required=True, readonly=True, help="A state of a trace, “sent”, an event, or “branch:” and a branch."
    )
    date = fields.Datetime(required=True, readonly=True, help="The quarter of an hour in which it happened.")
    number = fields.Integer(required=True, readonly=True, help="To how many participants.")

    _metric_uniq = models.UniqueIndex("(activity_id, metric, date)")

    @api.autovacuum
    def _gc_history(self):
        """Sum up the next participants of campaigns that were stopped for longer than Settings say.

        :return: how many, and whether there may be more
        """
        months = self._get_retention_months()
        if not months:
            return 0, False
        participant_ids = self._get_past_participants(fields.Datetime.subtract(fields.Datetime.now(), months=months))
        if participant_ids:
            self._sum_up(participant_ids)
            self.env.invalidate_all()
        return len(participant_ids), len(participant_ids) == CHUNK

    @api.model
    def _get_retention_months(self):
        """Return after how many months steps are summed up; 0 when never."""
        months = self.env["ir.config_parameter"].sudo().get_param(RETENTION_KEY, "0")
        return int(months) if months.isdecimal() else 0

    def _get_past_participants(self, before):
        """Lock and return participants to whom nothing can happen any more, of campaigns stopped before a date.

        :param datetime before: UTC
        :return: ids, at most a chunk
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id FROM marketing_campaign c JOIN marketing_participant p ON p.campaign_id = c.id
                 WHERE c.state = 'stopped' AND COALESCE(c.stop_date, c.write_date) < %s
                   AND p.state != 'running' AND p.is_test IS NOT TRUE AND p.summed_date IS NULL
                   AND NOT EXISTS (SELECT 1 FROM marketing_trace t
                                    WHERE t.participant_id = p.id AND t.state IN ('scheduled', 'error'))
                 LIMIT %s FOR NO KEY UPDATE OF p SKIP LOCKED
                """,
                before,
                CHUNK,
            )
        )
        return [row[0] for row in rows]

    def _sum_up(self, participant_ids):
        """Add the steps and events of these participants to the figures, and delete them."""
        self.env.execute_query(
            SQL(
                """
                INSERT INTO marketing_trace_figure AS f (campaign_id, activity_id, metric, date, number)
                SELECT campaign_id, activity_id, metric, %(quarter)s, count(*) FROM (
                       SELECT campaign_id, activity_id, state, COALESCE(done_date, schedule_date, create_date)
                         FROM marketing_trace WHERE participant_id = ANY(%(ids)s)
                        UNION ALL
                       SELECT campaign_id, activity_id, 'sent', sent_date
                         FROM marketing_trace WHERE participant_id = ANY(%(ids)s) AND sent_date IS NOT NULL
                        UNION ALL
                       SELECT campaign_id, activity_id, %(branch)s || branch, done_date
                         FROM marketing_trace WHERE participant_id = ANY(%(ids)s) AND branch IS NOT NULL
                        UNION ALL
                       SELECT e.campaign_id, e.activity_id,
                              CASE WHEN bool_or(e.origin IS DISTINCT FROM 'machine') THEN e.event
                                   ELSE 'machine_' || e.event END,
                              min(e.date)
                         FROM marketing_trace t JOIN marketing_trace_event e ON e.trace_id = t.id
                        WHERE t.participant_id = ANY(%(ids)s) AND e.event != ALL(%(no_facts)s)
                     GROUP BY e.campaign_id, e.activity_id, e.event, e.trace_id
                       ) AS past (campaign_id, activity_id, metric, date)
              GROUP BY 1, 2, 3, 4
           ON CONFLICT (activity_id, metric, date) DO UPDATE SET number = f.number + EXCLUDED.number
             RETURNING f.id
                """,
                quarter=QUARTER,
                branch=BRANCH,
                no_facts=self.env["marketing.trace.event"]._get_names_of_no_facts(),
                ids=participant_ids,
            )
        )
        for statement in (
            """DELETE FROM marketing_trace_event e USING marketing_trace t
                WHERE t.id = e.trace_id AND t.participant_id = ANY(%s) RETURNING e.id""",
            "DELETE FROM marketing_trace WHERE participant_id = ANY(%s) RETURNING id",
            """UPDATE marketing_participant SET summed_date = now() AT TIME ZONE 'UTC'
                WHERE id = ANY(%s) RETURNING id""",
        ):
            self.env.execute_query(SQL(statement, participant_ids))
