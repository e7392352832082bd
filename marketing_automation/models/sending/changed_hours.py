"""Who waits for hours that were changed meanwhile is asked again, once, by the engine.

Whoever edits a calendar or enters a holiday only wakes the engine. It compares what each calendar says with what that
said as the engine last looked: that costs one query, and sees what no save tells.
"""

from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.errors import CampaignStop
from .marketing_trace import HELD

CHUNK = 5_000  # messages that are asked together


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    hours_mark = fields.Char(
        readonly=True, copy=False, engine_only=True, help="What its sending hours said when they were last looked at."
    )

    @api.model
    def _ask_changed_hours(self, now):
        """Move the messages that wait for sending hours which have changed since the last look.

        :param datetime now: UTC
        """
        for campaign_id, mark in self._find_changed_hours():
            campaign = self.browse(campaign_id)
            campaign._ask_held(now)
            campaign.hours_mark = mark
        self.env.flush_all()

    def _find_changed_hours(self):
        """Return the running campaigns whose hours have changed, with what they say now.

        :return: (campaign id, digest) of each
        """
        return self.env.execute_query(
            SQL(
                # few campaigns run; by the indexes of attendances and leaves on their calendar
                """
                SELECT c.id, h.mark
                  FROM marketing_campaign c
                  JOIN resource_calendar k ON k.id = (c.workflow ->> 'sending_calendar_id')::int
            CROSS JOIN LATERAL (
                       SELECT md5(concat_ws('|', k.id, k.active, k.company_id, k.tz, k.flexible_hours, k.hours_per_day,
                                            k.full_time_required_hours, k.two_weeks_calendar,
                              (SELECT string_agg(concat_ws(' ', a.dayofweek, a.hour_from, a.hour_to, a.week_type), ','
                                                 ORDER BY a.id)
                                 FROM resource_calendar_attendance a
                                WHERE a.calendar_id = k.id AND a.display_type IS NULL AND a.day_period != 'lunch'),
                              (SELECT string_agg(concat_ws(' ', l.date_from, l.date_to, l.company_id), ','
                                                 ORDER BY l.id)
                                 FROM resource_calendar_leaves l
                                WHERE (l.calendar_id = k.id OR l.calendar_id IS NULL)
                                  AND l.resource_id IS NULL AND l.time_type = 'leave')))) AS h (mark)
                 WHERE c.state = 'running' AND c.hours_mark IS DISTINCT FROM h.mark
              ORDER BY c.id
                """
            )
        )

    def _ask_held(self, now):
        """Have those wait for the hours as they are who are held by them; what another lane works on is asked there."""
        after = 0
        while True:
            rows = self.env.execute_query(
                SQL(
                    # by the index of what is held
                    """SELECT id FROM marketing_trace
                        WHERE activity_id = ANY(%s) AND state = 'scheduled' AND due_date IS NOT NULL AND end_code = %s
                          AND is_test IS NOT TRUE AND id > %s
                     ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
                    list(self._get_workflow().steps),
                    HELD,
                    after,
                    CHUNK,
                )
            )
            held = self.env["marketing.trace"].browse(row[0] for row in rows)
            try:
                held._hold_anew(now)
            except CampaignStop:  # said as the next of them is about to leave: at once
                held._move_held(dict.fromkeys(held.ids))
            if len(rows) < CHUNK:
                return
            after = held[-1].id

    @api.model
    def _wake_for_hours(self):
        """Wake the engine once this transaction is committed: hours were changed."""
        if self.sudo().search_count([("state", "=", "running"), ("sending_calendar_id", "!=", False)], limit=1):
            self._get_execution_crons()._trigger_after_commit()
