"""What a goal adds to the look for newcomers: who of those inside has reached it."""

from .campaigns import NOTHING, clear, make_action, make_activity, make_campaign
from .laps import administrator, alternate, lap, superuser
from .lines import line

ONE_IN = 100  # contacts, who have reached it
REACH = "UPDATE res_partner SET ref = 'customer' WHERE city = 'Benchville' AND id %% %s = 0"


def measure(registry, size, runs):
    """Look for newcomers where all are inside, with a goal that one in a hundred has reached, and without."""

    def prepare():
        with superuser(registry) as env:
            clear(env)
            env.cr.execute("UPDATE res_partner SET ref = NULL WHERE city = 'Benchville' AND ref IS NOT NULL")
            env.cr.commit()

    def look(goal):
        with administrator(registry) as env:
            campaign = make_campaign(env, size)
            campaign.write({"goal_domain": goal, "goal_leave": False})
            action = make_action(env, **NOTHING)
            make_activity(campaign, "action", server_action_id=action.id, interval_number=9, interval_type="days")
            campaign.action_start_campaign()
            env.cr.commit()
            campaign.sudo().sync_participants()
            env.cr.execute(REACH, [ONE_IN])
            env.cr.execute("ANALYZE marketing_participant")
            env.cr.commit()
        with superuser(registry) as env, lap() as time:
            env["marketing.campaign"]._cron_sync_participants()
            env.cr.commit()
        with superuser(registry) as env:
            reached = env["marketing.participant"].search_count([("goal_date", "!=", False)])
            assert bool(reached) is bool(goal), reached
        return time

    laps, without = alternate(runs, lambda: look("[('ref', '=', 'customer')]"), lambda: look(False), prepare)
    return [
        line(
            "sync with a goal",
            "ms",
            [1000 * time.seconds for time in laps],
            [1000 * time.seconds for time in without],
            notes={"queries": laps[-1].queries},
        )
    ]
