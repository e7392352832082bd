from datetime import date, datetime, timedelta
from unittest.mock import patch

import pytz

from odoo.tests import tagged

from ..engine.zones import day_starts, local_times
from .common import EXECUTION_CRON, MarketingAutomationCommon

# Where pytz 2026f and the zones of PostgreSQL 18.4 differ in December 2026
DIFFERING = ("Africa/Casablanca", "America/Winnipeg", "America/Edmonton", "America/Havana")


@tagged("post_install", "-at_install")
class TestZones(MarketingAutomationCommon):
    """One database of zones for all that is computed."""

    def test_days_begin_at_midnight_or_when_the_clock_goes_on(self):
        """In every zone, through both changes of the clock: each moment of a day is on that day."""
        first, last = date(2026, 1, 1), date(2026, 12, 31)
        for tz in pytz.common_timezones:
            starts = day_starts(tz, first, last)
            self.assertEqual(len(starts), 365)
            changes = [n for n in range(1, 365) if starts[n] - starts[n - 1] != timedelta(days=1)]
            for number in {0, *changes, *(n - 1 for n in changes)}:
                day, start = first + timedelta(days=number), starts[number]
                at_start, before = local_times(tz, [start, start - timedelta(seconds=1)])
                self.assertEqual((at_start.date(), before.date()), (day, day - timedelta(days=1)), tz)

    def test_a_graph_shows_a_step_on_the_day_of_its_date(self):
        moment = datetime(2026, 12, 1)
        campaign = self._create_campaign()
        steps = [self._create_action(campaign, f"At {hour}", interval_number=hour) for hour in range(24)]
        self._start(campaign, moment)
        for hour in range(24):
            self._run_crons(moment + timedelta(hours=hour), EXECUTION_CRON)
        for tz in DIFFERING:
            self.env.user.tz = tz
            with self._at(moment + timedelta(days=2)):
                for period in ("month", "life"):
                    series = campaign.marketing_activity_ids.with_user(self.env.user)._get_daily_numbers(period)
                    for step in steps:
                        done = step.sudo().trace_ids[:1].done_date
                        [day] = {local.date() for local in local_times(tz, [done])}
                        self.assertEqual(series[step.id]["processed"], {day.isoformat(): len(self.contacts)}, tz)

    def test_settings_name_a_server_with_other_zones(self):
        """Of the zones that are used; those of UTC are the same everywhere."""
        campaign = self._create_campaign()
        self._create_action(campaign, "Act")
        self._start(campaign)
        for tz in ("UTC", "Europe/Brussels", "Etc/GMT+5"):
            campaign.sudo().tz = tz
            self.assertIsNone(campaign._get_zone_hint())
        # a server that is a rule behind; which real one is, changes with its version
        module = "odoo.addons.marketing_automation.models.campaign.health"
        with patch(f"{module}.local_times", lambda tz, moments: [moment + timedelta(hours=5) for moment in moments]):
            self.assertIn("clock for Etc/GMT+5 differs", campaign._get_zone_hint())
            settings = self.env["res.config.settings"].sudo().create({})
            self.assertIn("differs from Odoo's", settings.marketing_automation_health)
