"""Who waits at a step, and how they go on.

A step of a type that waits leaves a participant where it is: its trace stays scheduled and says since when
(``waiting_since``); it is due again at the end of the wait, or has no date where nothing ends it by itself. Whatever
fulfils the wait makes it due at once: an event of the participant, or a look at all who wait (a query for each step,
whatever their number). It is then executed again as anything that is due is, and decides: gone on, or waits on.
So a trace that becomes due twice is executed once, and one that becomes due for nothing waits on.
"""

from odoo import api, fields, models
from odoo.tools import SQL


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    waiting_since = fields.Datetime(readonly=True, help="When the participant began to wait at this step.")

    # Who waits at a step, and for which record: a look reads nothing of those who have gone on.
    _at_wait = models.Index(
        "(activity_id, res_id) WHERE state = 'scheduled' AND waiting_since IS NOT NULL AND is_test IS NOT TRUE"
    )

    @api.private
    def _park(self, dates, now):
        """Have these claimed traces wait at their step.

        :param dict dates: when each is due again (UTC), by id; None where it waits without end
        :param datetime now: UTC
        """
        if not self:
            return
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace t
                   SET schedule_date = w.date, waiting_since = COALESCE(t.waiting_since, %s), executing = NULL,
                       end_code = NULL, end_params = NULL
                  FROM unnest(%s::int[], %s::timestamp[]) AS w (id, date)
                 WHERE t.id = w.id RETURNING t.id
                """,
                now,
                self.ids,
                [dates[trace_id] for trace_id in self.ids],
            )
        )
        self.invalidate_model()
        self.participant_id._refresh_state(now, self.campaign_id._get_awaiting_steps())

    @api.model
    @api.private
    def _ask_waiting(self, participants, step_ids, now):
        """Have those of these locked participants who wait at some steps be asked at once.

        :param list step_ids: ids of the activities
        :param datetime now: UTC
        """
        if not step_ids or not participants:
            return
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace SET schedule_date = %s
                 WHERE participant_id = ANY(%s) AND activity_id = ANY(%s) AND state = 'scheduled'
                   AND waiting_since IS NOT NULL AND (schedule_date IS NULL OR schedule_date > %s)
             RETURNING id
                """,
                now,
                participants.ids,
                list(step_ids),
                now,
            )
        )
        self.invalidate_model()
