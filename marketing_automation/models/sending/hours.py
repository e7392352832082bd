"""The hours at which a campaign sends, as its calendar says them: read once a batch, by one query."""

from datetime import datetime, timedelta

import pytz

from odoo import _, models
from odoo.tools import SQL

from ...engine.errors import CampaignStop
from ...engine.schedule import FAR_FUTURE, FAR_PAST
from ...engine.sending_hours import FAR, Opening, SendingHours

MARGIN = timedelta(days=2)  # a holiday is on another day on somebody else's clock


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _read_sending_hours(self, calendar_id, now, user):
        """Return when messages may leave, by a calendar.

        Holidays are those of the calendar, and those of all calendars of its company, or of the campaign's where it
        has none: as superuser, Odoo would close it for those of other companies too.

        :param int calendar_id: of resource.calendar
        :param datetime now: UTC; holidays are read for a year from then on
        :param user: res.users, with whose rights the campaign runs
        :raise CampaignStop: where the calendar is gone, archived or of another company
        :rtype: SendingHours
        """
        for name in ("resource.calendar", "resource.calendar.attendance", "resource.calendar.leaves"):
            self.env[name].flush_model()
        rows = self.env.execute_query(
            SQL(
                # by the indexes of both on their calendar
                """
                SELECT c.name, c.active,
                       c.company_id IS NULL OR c.company_id = %(company)s OR %(company)s IS NULL AND EXISTS (
                           SELECT 1 FROM res_company_users_rel r WHERE r.cid = c.company_id AND r.user_id = %(user)s),
                       c.tz, c.flexible_hours, c.hours_per_day, c.full_time_required_hours, c.two_weeks_calendar,
                       (SELECT json_agg(json_build_array(a.dayofweek, a.hour_from, a.hour_to, a.week_type))
                          FROM resource_calendar_attendance a
                         WHERE a.calendar_id = c.id AND a.display_type IS NULL AND a.day_period != 'lunch'),
                       (SELECT json_agg(json_build_array(l.date_from, l.date_to))
                          FROM resource_calendar_leaves l
                         WHERE (l.calendar_id = c.id OR l.calendar_id IS NULL AND (
                                   l.company_id IS NULL OR l.company_id = COALESCE(c.company_id, %(company)s)))
                           AND l.resource_id IS NULL AND l.time_type = 'leave'
                           AND l.date_to >= %(since)s AND l.date_from <= %(until)s)
                  FROM resource_calendar c WHERE c.id = %(calendar)s
                """,
                company=self.company_id.id or None,
                user=user.id,
                since=now - MARGIN,
                until=now + timedelta(days=FAR) + MARGIN,
                calendar=calendar_id,
            )
        )
        if not rows:
            raise CampaignStop(_("Its sending hours were deleted: choose others."))
        [(name, is_active, is_own, tz, is_flexible, a_day, a_week, has_two_weeks, openings, holidays)] = rows
        if not is_active:
            raise CampaignStop(_("Its sending hours “%s” are archived: choose others.", name))
        if not is_own:
            raise CampaignStop(_("Its sending hours “%s” are of another company: choose others.", name))
        return SendingHours(
            tz=tz if tz in pytz.all_timezones_set else self._get_tz(),  # a zone that has another name by now
            openings=tuple(
                Opening(int(weekday), start or 0.0, end or 0.0, int(week or 0) if has_two_weeks else None)
                for weekday, start, end, week in openings or ()
            ),
            holidays=tuple(tuple(map(_read_moment, span)) for span in holidays or ()),
            flexible=(a_day or 0.0, a_week or 0.0) if is_flexible else None,
        )


def _read_moment(text):
    """Return a moment of PostgreSQL's JSON, near enough for every clock to show it."""
    try:
        return max(FAR_PAST, min(datetime.fromisoformat(text), FAR_FUTURE))
    except ValueError:  # later than there are dates for
        return FAR_FUTURE
