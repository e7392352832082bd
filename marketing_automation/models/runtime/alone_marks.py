from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from .alone import LOCK

PAUSES = (1, 2, 4, 8, 16)  # minutes after which what no participant is to blame for is tried again, one after the other


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.private
    def _postpone(self, code, detail, now):
        """Try this claimed trace again later, or end it where that was done often enough.

        :param str code: the reason of the end
        :param str detail: what was in the way, in words
        :param datetime now: UTC
        """
        count = (self.end_params or {}).get("count", 0)
        if count >= len(PAUSES):
            self._finish({self.id: ("error", code, {"detail": detail})}, now)
            return
        self.write(
            {
                "schedule_date": now + timedelta(minutes=PAUSES[count]),
                "end_code": "postponed",
                "end_params": {"detail": detail, "count": count + 1},
                "executing": False,
            }
        )
        self.env.flush_all()

    @api.private
    def _mark(self, opened):
        """Mark these claimed traces: from the commit on nobody else runs them."""
        self.executing = "outside" if opened else "inside"
        self.env.flush_all()

    @api.private
    def _lock_marked(self):
        """Lock this trace, which is marked, and its participant.

        :return: the trace, empty where it has been cancelled or deleted meanwhile
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT t.id, t.state
                  FROM marketing_trace t JOIN marketing_participant p ON p.id = t.participant_id
                 WHERE t.id = %s AND t.executing IS NOT NULL
                   FOR NO KEY UPDATE OF t, p
                """,
                self.id,
            )
        )
        if rows and rows[0][1] != "scheduled":
            self.executing = False
            self.env.flush_all()
        return self.filtered(lambda trace: rows and rows[0][1] == "scheduled")

    @api.model
    def _settle_interrupted(self, now):
        """End or free what is marked, and what nobody works on any more.

        :param datetime now: UTC
        """
        marked = self.env.execute_query(SQL("SELECT id FROM marketing_trace WHERE executing IS NOT NULL ORDER BY id"))
        for (trace_id,) in marked:
            [[free]] = self.env.execute_query(SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", LOCK, trace_id))
            # reads again, and fails where its runner has ended it meanwhile
            trace = self.browse(trace_id)._lock_marked() if free else self.browse()
            if not trace:
                continue
            if trace.executing == "outside":
                trace._finish({trace.id: ("error", "interrupted", None)}, now)
            else:
                trace._postpone("killed", self.env._("Odoo was interrupted."), now)
