"""Enrolment beside one bare INSERT … SELECT of the same rows: what PostgreSQL itself takes for them."""

from .campaigns import NOTHING, clear, make_action, make_activity, make_campaign, start_campaign
from .laps import administrator, alternate, lap, superuser
from .lines import at_least, line

BARE_PARTICIPANTS = """
INSERT INTO marketing_participant (campaign_id, model_name, res_id, run, state, is_test, source, date_start,
                                   create_uid, write_uid, create_date, write_date)
SELECT %(campaign)s, 'res.partner', id, 1, 'running', FALSE, 'filter', %(now)s, 1, 1, %(now)s, %(now)s
  FROM res_partner WHERE city = 'Benchville'
"""
BARE_TRACES = """
INSERT INTO marketing_trace (participant_id, campaign_id, activity_id, visit, res_id, state, schedule_date,
                             is_test, attempt, create_uid, write_uid, create_date, write_date)
SELECT id, campaign_id, %(activity)s, 1, res_id, 'scheduled', %(now)s, FALSE, 1, 1, 1, %(now)s, %(now)s
  FROM marketing_participant WHERE campaign_id = %(campaign)s
"""


def measure(registry, size, runs):
    """Start a campaign and enrol all its contacts, as its button and its cron do; then look for more, in vain."""
    in_vain = []

    def ours():
        with administrator(registry) as env, lap() as time:
            action = make_action(env, **NOTHING)
            campaign = start_campaign(env, size, "action", server_action_id=action.id)
            env.cr.commit()
            env["marketing.campaign"].sudo().browse(campaign.id).sync_participants()
        _check(registry, size)
        with superuser(registry) as env, lap() as again:
            env["marketing.campaign"]._cron_sync_participants()
        in_vain.append(1000 * again.seconds)
        return time

    def bare():
        with administrator(registry) as env:
            campaign = make_campaign(env, size)
            activity = make_activity(campaign, "action", server_action_id=make_action(env, **NOTHING).id)
            env.flush_all()
            values = {"campaign": campaign.id, "activity": activity.id, "now": env.cr.now()}
            env.cr.commit()
            with lap() as time:
                env.cr.execute(BARE_PARTICIPANTS, values)
                env.cr.execute(BARE_TRACES, values)
                env.cr.commit()
        _check(registry, size)
        return time

    laps, floor = alternate(runs, ours, bare, lambda: _clear(registry))
    return [
        line(
            "enrolment",
            "enrolled per second",
            [size / time.seconds for time in laps],
            [size / time.seconds for time in floor],
            target=at_least("ratio", 0.33),
            notes={"queries": laps[-1].queries, "queries each": laps[-1].queries / size},
        ),
        line("enrolment that finds nobody new", "ms", in_vain),
    ]


def _clear(registry):
    with superuser(registry) as env:
        clear(env)


def _check(registry, size):
    with superuser(registry) as env:
        enrolled = env["marketing.trace"].search_count([("state", "=", "scheduled")])
        assert enrolled == size, f"{enrolled} of {size} were enrolled"
