"""Messages that are due outside of the sending hours wait for the next opening.

Hours are asked when a message is about to leave, for the batch that it is in: a calendar that has changed since counts
as it is, and a person who has moved is asked anew. Until then its ``schedule_date`` says when; ``due_date`` keeps when
it was due first, from which its expiry counts.
"""

import json
from collections import Counter

from odoo import _, api, fields, models
from odoo.tools import SQL

from ...engine.errors import CampaignStop
from ..moments import format_weekday
from .best_time import BEST

HELD = "sending_hours"
PRESSED = "frequency_wait"


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    due_date = fields.Datetime(string="Due on", readonly=True, help="When it was due, before its message had to wait.")

    # How many of a step are held, and who: nobody else has a first date.
    _held = models.Index("(activity_id) WHERE state = 'scheduled' AND due_date IS NOT NULL AND is_test IS NOT TRUE")

    def _wait_for_sending_hours(self):
        """Return those of these traces, of one campaign, that keep its sending hours."""
        workflow = self.campaign_id._get_workflow() if self.campaign_id else None
        if not workflow or not workflow.sending_calendar_id:
            return self.browse()
        types = self.env["marketing.activity"]._get_types()
        steps = workflow.steps
        keeping = {
            activity.id
            for activity in self.activity_id
            if activity.id in steps
            and types[steps[activity.id].activity_type].sends
            and not steps[activity.id].ignore_sending_hours
        }
        return self.filtered(lambda trace: trace.activity_id.id in keeping) if keeping else self.browse()

    def _hold_until_sending_hours(self, batch):
        """Have messages wait that are outside of the hours in which they may leave. A test does not: its user waits.

        :raise CampaignStop: where they never may
        """
        keeping = self._wait_for_sending_hours().filtered(lambda trace: not trace.is_test)
        if not keeping:
            return self
        openings = keeping._find_openings(batch.campaign, batch.now)
        held = keeping.filtered(lambda trace: openings[trace.id] > batch.now)
        held._hold({trace.id: openings[trace.id] for trace in held})
        return self - held

    def _find_openings(self, campaign, now):
        """Return from when on each of these messages may leave, by id: by one query for the hours, one for the clocks.

        :raise CampaignStop: where there is no such time
        """
        calendar = self.env["resource.calendar"].browse(campaign._get_workflow().sending_calendar_id)
        hours = campaign._read_sending_hours(calendar.id, now, campaign._get_run_user())
        clocks = campaign._get_clocks(self.mapped("res_id"), now)
        by_zone, openings = {}, {}
        for trace in self:
            tz = clocks.get(trace.res_id)
            if tz not in by_zone:
                by_zone[tz] = hours.find_opening(now, tz)
            if not by_zone[tz]:
                raise CampaignStop(campaign._describe_closed_hours(calendar))
            openings[trace.id] = by_zone[tz]
        return openings

    def _hold(self, dates, code=HELD, params=None):
        """Have these traces, which are locked, wait for something before their message leaves: for the sending hours.

        :param dict dates: until when, by id
        :param str code: what for
        :param dict params: what tells more about it, by id
        """
        if not self:
            return
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace t
                   SET due_date = COALESCE(t.due_date, t.schedule_date), schedule_date = h.date, end_code = %s,
                       end_params = h.params::jsonb, executing = NULL
                  FROM unnest(%s::int[], %s::timestamp[], %s::text[]) AS h (id, date, params)
                 WHERE t.id = h.id RETURNING t.id
                """,
                code,
                list(dates),
                list(dates.values()),
                [json.dumps(params[trace_id]) if params else None for trace_id in dates],
            )
        )
        self.invalidate_model()

    def _hold_anew(self, now):
        """Have these held messages wait as the hours are after an Update.

        :param datetime now: UTC
        :return: Counter of (activity id, what was done)
        """
        held = self.filtered(lambda trace: trace.state == "scheduled" and trace.end_code in (HELD, BEST))
        if not held:
            return Counter()
        campaign = held.campaign_id
        keeping = held.filtered(lambda trace: trace.end_code == HELD)._wait_for_sending_hours()
        openings = keeping._find_openings(campaign, now) if keeping else {}
        openings.update(held.filtered(lambda trace: trace.end_code == BEST)._find_best_times_left(campaign, now))
        moved = {}
        for trace in held:
            opening = openings.get(trace.id, now)
            if opening <= now:
                moved[trace.id] = None
            elif opening != trace.schedule_date:
                moved[trace.id] = opening
        held._move_held(moved)
        return Counter((trace.activity_id.id, "rescheduled") for trace in held if trace.id in moved)

    @api.model
    def _move_held(self, dates):
        """Have held messages, which are locked, wait until other dates.

        :param dict dates: until when, by id; None: no longer
        """
        if not dates:
            return
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace t
                   SET schedule_date = COALESCE(h.date, t.due_date),
                       due_date = CASE WHEN h.date IS NOT NULL THEN t.due_date END,
                       end_code = CASE WHEN h.date IS NOT NULL THEN t.end_code END
                  FROM unnest(%s::int[], %s::timestamp[]) AS h (id, date)
                 WHERE t.id = h.id RETURNING t.id
                """,
                list(dates),
                list(dates.values()),
            )
        )
        self.invalidate_model()

    def _move_to(self, date, **values):
        """Have this scheduled step be due at another date, and wait for nothing before it.

        :param datetime date: UTC
        """
        if self.due_date:
            values.update(due_date=False, end_code=False, end_params=False)
        self.write(dict(values, schedule_date=date))

    def _get_hold_words(self):
        """Return until when this message waits, and for what, in words; or None."""
        if self.state != "scheduled" or self.end_code not in (HELD, PRESSED, BEST) or not self.schedule_date:
            return None
        tz = self.env.context.get("tz") or self.env.user.tz or "UTC"
        moment = format_weekday(self.env, self.schedule_date, fields.Datetime.now(), tz)
        if self.end_code == HELD:
            return _("Waits until %s (sending hours)", moment)
        if self.end_code == BEST:
            return _("Waits until %s, when they usually open", moment)
        return _("Waits until %(moment)s: %(reason)s", moment=moment, reason=self._describe_pressure())
