"""The look at all who wait: who of them goes on, by one statement for each step. See ``waits.py``."""

from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from ...engine.occurrences import CLOCKS_APART

LOOK_EVERY = timedelta(minutes=5)
CHUNK = 20_000  # who go on at once, by one transaction


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    wait_look_date = fields.Datetime(
        readonly=True,
        copy=False,
        engine_only=True,
        help="When those who wait are looked at next. Empty: no step of what runs waits.",
    )

    def _plan_look_at_waits(self, now):
        """Look at once at those who wait, and from then on, if a step of what runs waits."""
        types = self.env["marketing.activity"]._get_types()
        steps = self._get_workflow().steps.values()
        self.wait_look_date = any(types[step.activity_type].waits for step in steps) and now

    def _look_at_waits(self, now):
        """Make due at once who waits for what is true by now: by a query for each step that waits.

        One lane does it at a time, and every five minutes, and after each enrolment.

        :param datetime now: UTC
        :return: how many go on
        :raise CampaignStop: when it cannot be read what they wait for
        """
        if not self.wait_look_date or self.wait_look_date > now:
            return 0
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM marketing_campaign WHERE id = %s AND state = 'running' AND wait_look_date <= %s
                      FOR NO KEY UPDATE SKIP LOCKED""",
                self.id,
                now,
            )
        )
        if not rows:
            return 0
        workflow, counts = self._get_workflow(), []
        for step in workflow.steps.values():
            activity = self.env["marketing.activity"].browse(step.id)
            for name, later_than in (("", now), ("early_", now + CLOCKS_APART)):
                prepare = getattr(activity, f"_prepare_{name}wait_query_{step.activity_type}", None)
                query = prepare(step, now) if prepare else None
                if query is not None:
                    counts.append(self._ask_who_match(step, query, now, later_than))
        if CHUNK not in counts:  # else there may be more: their turn is next
            self._note_look(now + LOOK_EVERY)
        return sum(counts)

    def _ask_who_match(self, step, query, now, later_than):
        """Make due at once those who wait at a step and whose records a query gives.

        :param datetime later_than: UTC; who goes on by themselves until then is left out
        :return: how many; at most a chunk
        """
        self.env.cr.execute(
            SQL(
                # by the index of those who wait alone; the records by the plan of their filter
                """
                UPDATE marketing_trace SET schedule_date = %(now)s
                 WHERE id IN (SELECT t.id FROM marketing_trace t
                               WHERE t.activity_id = %(step)s AND t.state = 'scheduled'
                                 AND t.waiting_since IS NOT NULL AND t.is_test IS NOT TRUE
                                 AND (t.schedule_date IS NULL OR t.schedule_date > %(later_than)s)
                                 AND t.res_id IN %(records)s
                               LIMIT %(limit)s
                                 FOR NO KEY UPDATE SKIP LOCKED)
                """,
                now=now,
                later_than=later_than,
                step=step.id,
                records=query.subselect(),
                limit=CHUNK,
            )
        )
        count = self.env.cr.rowcount
        if count:
            self.env["marketing.trace"].invalidate_model()
        return count

    def _note_look(self, date):
        # not by write(): who looks is no editor of the campaign
        self.env.execute_query(
            SQL("UPDATE marketing_campaign SET wait_look_date = %s WHERE id = %s RETURNING id", date, self.id)
        )
        self.invalidate_recordset(["wait_look_date"])
