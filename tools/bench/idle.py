"""A run that has nothing to do, beside many finished traces."""

from .laps import lap, superuser
from .lines import at_most, line

RUNS_EACH = 20


def measure(registry, size, runs):
    """Execute when nothing is due, again and again; the first time is not counted: it fills caches."""
    laps = [_run(registry) for _run_number in range(runs * RUNS_EACH + 1)][1:]
    with superuser(registry) as env:
        buffers = _plan_of_due(env)
    return [
        line(
            "idle run",
            "ms",
            [1000 * time.seconds for time in laps],
            target=at_most("ours", 20),
            notes={"queries": laps[-1].queries, "plan of what is due": buffers},
        )
    ]


def _run(registry):
    with superuser(registry) as env, lap() as time:
        env["marketing.campaign"]._cron_execute_activities()
    return time


def _plan_of_due(env):
    campaign = env["marketing.campaign"].search([("state", "=", "running")], limit=1)
    env.cr.execute(
        """EXPLAIN SELECT id, participant_id, activity_id FROM marketing_trace
            WHERE campaign_id = %s AND state = 'scheduled' AND is_test IS NOT TRUE AND schedule_date <= now()
         ORDER BY schedule_date, id LIMIT 2000""",
        [campaign.id],
    )
    return next(row[0].strip(" ->") for row in env.cr.fetchall() if "Scan" in row[0])
