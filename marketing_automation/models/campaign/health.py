"""Whether what is due runs: backlog, oldest due step, last run, errors of today."""

from contextlib import suppress
from datetime import timedelta

from psycopg2 import DataError

from odoo import _, fields, models
from odoo.tools import SQL

from ...engine.zones import local_times
from ..moments import format_moment

LATE = timedelta(minutes=15)  # after which somebody should look why nothing runs
COUNT_LIMIT = 10_000


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _get_health(self):
        """Return how the execution of these campaigns does.

        :return: ``text`` for people, and ``is_late``, whether something has waited too long
        :rtype: dict
        """
        now = fields.Datetime.now()
        backlog, oldest, errors = self._count_backlog(now)
        last_run = max(filter(None, self._get_execution_crons().mapped("lastcall")), default=None)
        parts = []
        if backlog:
            count = _("more than %s", COUNT_LIMIT) if backlog > COUNT_LIMIT else str(backlog)
            since = format_moment(self.env, oldest)
            parts.append(_("%(count)s step(s) due, the oldest since %(date)s.", count=count, date=since))
        else:
            parts.append(_("Nothing is overdue."))
        if last_run:
            parts.append(_("Last run: %s.", format_moment(self.env, last_run)))
        if errors:
            parts.append(_("%s error(s) today.", errors))
        failures = self._get_failure_labels()
        parts += failures
        is_late = bool(failures) or (bool(backlog) and oldest < now - LATE)
        if is_late and not failures:
            parts.append(self._get_late_hint())
        return {"text": " ".join(parts), "is_late": is_late}

    def _get_late_hint(self):
        """Return in words what to do about steps that are late."""
        for campaign in self:
            if campaign.state == "running" and campaign.workflow and campaign._get_waiting_changes():
                return _("Steps of “%s” wait for an Update.", campaign.name)
        return _("If this does not change, ask your administrator whether Odoo's scheduled actions run.")

    def _get_zone_hint(self):
        """Return in words whether the database server has other time zones than Odoo, for those that are used.

        Dates of steps come from Odoo's; Odoo's own lists and reports group by day with those of the server.

        :rtype: str or None
        """
        zones = sorted({*filter(None, self.mapped("tz")), self.env.user.tz or "UTC"})
        today = fields.Datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        moments = [fields.Datetime.add(today, months=number) for number in range(13)]
        for zone in zones:
            rows = None
            with suppress(DataError), self.env.cr.savepoint():  # a zone that the server does not know
                rows = self.env.execute_query(
                    SQL("SELECT moment AT TIME ZONE 'UTC' AT TIME ZONE %s FROM unnest(%s) AS moment", zone, moments)
                )
            if rows != [(local,) for local in local_times(zone, moments)]:
                return _(
                    "The database server's clock for %s differs from Odoo's: reports may show a step on another day. "
                    "Ask your administrator to update PostgreSQL and its time zones.",
                    zone,
                )
        return None

    def _count_backlog(self, now):
        """Return how many steps are due (up to a limit), since when, and how many failed today."""
        running = self.filtered(lambda campaign: campaign.state == "running").ids
        today = now.replace(hour=0, minute=0, second=0)
        [row] = self.env.execute_query(
            SQL(
                # by the partial indexes of what is due and of errors
                """
                SELECT (SELECT count(*) FROM (
                            SELECT 1 FROM marketing_trace WHERE campaign_id = ANY(%(running)s) AND state = 'scheduled'
                               AND is_test IS NOT TRUE AND schedule_date <= %(now)s LIMIT %(limit)s) AS due),
                       (SELECT min(schedule_date) FROM marketing_trace WHERE campaign_id = ANY(%(running)s)
                           AND state = 'scheduled' AND is_test IS NOT TRUE AND schedule_date <= %(now)s),
                       (SELECT count(*) FROM marketing_trace WHERE campaign_id = ANY(%(all)s) AND state = 'error'
                           AND is_test IS NOT TRUE AND done_date >= %(today)s)
                """,
                running=running,
                all=self.ids,
                now=now,
                today=today,
                limit=COUNT_LIMIT + 1,
            )
        )
        return row
