"""Claim: which traces of a batch are executed now, and by nobody else."""

from odoo import api, models
from odoo.tools import SQL

# What a batch reads of its traces, whatever their step does.
READ = (
    *(
        "participant_id",
        "campaign_id",
        "activity_id",
        "visit",
        "res_id",
        "is_test",
        "state",
        "schedule_date",
        "due_date",
    ),
    *("waiting_since", "wait_until", "sent_date", "done_date", "branch"),
)


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

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

    def _read_for_batch(self):
        """Read what a batch needs of these traces, by one query: Odoo would read all of each, a thousand at a time."""
        self.fetch(READ)
        return self
