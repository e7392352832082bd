"""Steps that send nothing: how fast participants pass a condition, and what those who wait cost."""

import resource
from datetime import timedelta

from odoo import fields

from .campaigns import NOTHING, audience, clear, make_action, make_activity, make_campaign
from .laps import administrator, alternate, lap, superuser
from .lines import at_least, at_most, line

CONDITION = "[('email', 'ilike', '1@')]"
PARTICIPANTS = """
INSERT INTO marketing_participant (campaign_id, model_name, res_id, run, state, is_test, source, date_start,
                                   create_uid, write_uid, create_date, write_date)
SELECT %(campaign)s, 'res.partner', id, 1, 'running', FALSE, 'filter', %(now)s, 1, 1, %(now)s, %(now)s
  FROM res_partner WHERE city = 'Benchville' AND id < %(last)s
"""
WAITING = """
INSERT INTO marketing_trace (participant_id, campaign_id, activity_id, visit, res_id, state, waiting_since, is_test,
                             attempt, create_uid, write_uid, create_date, write_date)
SELECT id, campaign_id, %(step)s, 1, res_id, 'scheduled', %(now)s, FALSE, 1, 1, 1, %(now)s, %(now)s
  FROM marketing_participant WHERE campaign_id = %(campaign)s
"""
BEHAVIOUR = {"lines": [{"event": "open"}]}
FOLLOWING = {"condition": ("cond_yes", "cond_no"), "wait": ("wait_done",)}  # triggers; below a split: each branch
SMALLEST_AIM = 10_000  # participants; of fewer, what a run costs anyhow is most of it
ONE_IN = 1_000  # contacts, who match what is waited for


def condition(registry, size, runs):
    """Execute a condition on the record, beside the action that does nothing."""
    return _measure(registry, size, runs, "condition", lambda: {"condition_domain": CONDITION})


def behaviour(registry, size, runs):
    """Execute a condition on what participants did, beside the action that does nothing."""
    return _measure(
        registry, size, runs, "condition", lambda: {"condition_behavior": BEHAVIOUR}, name="condition on behaviour"
    )


def wait_that_passes(registry, size, runs):
    """Execute a wait for what is true already, beside the action that does nothing."""
    return _measure(
        registry, size, runs, "wait", lambda: {"wait_domain": "[('email', '!=', False)]"}, name="wait passed"
    )


def split(registry, size, runs):
    """Execute a split, beside the action that does nothing."""
    return _measure(registry, size, runs, "split", dict)


def jump(registry, size, runs):
    """Execute Go to and the End that it leads to, beside the action that does nothing."""
    return _measure(registry, size, runs, "jump", dict, steps=2)


def _measure(registry, size, runs, activity_type, make_values, steps=1, name=None):
    """:param steps: how many of them each participant passes"""
    name = name or activity_type

    def ours():
        return _execute(registry, size, activity_type, steps, **make_values())

    def no_op():
        with administrator(registry) as env:
            action_id = make_action(env, **NOTHING).id
            env.cr.commit()
        return _execute(registry, size, "action", 1, server_action_id=action_id)

    def between():
        with superuser(registry) as env:
            clear(env)

    laps, others = alternate(runs, ours, no_op, between)
    queries = [time.queries / (steps * size) for time in laps]
    rates = [steps * size / time.seconds for time in laps]
    return [
        line(
            name,
            "passed per second",
            rates,
            [size / time.seconds for time in others],
            at_least("ours", 10_000) if size >= SMALLEST_AIM else None,
            notes={"queries each": queries[-1]},
        ),
        line(
            f"{name}: queries", "queries each", queries, target=at_most("ours", 0.01) if size >= SMALLEST_AIM else None
        ),
    ]


def start(registry, size, activity_type, **values):
    """Start a campaign with one step, what follows it a month later, and enrol everybody.

    :return: its id
    """
    with administrator(registry) as env:
        campaign = make_campaign(env, size)
        step = make_activity(campaign, activity_type, **values)
        later = {"interval_number": 1, "interval_type": "months"}
        if activity_type == "jump":
            step.jump_activity_id = make_activity(campaign, "end", **later)
        for trigger in FOLLOWING.get(activity_type, ()):
            make_activity(campaign, "end", trigger_type=trigger, parent_id=step.id, **later)
        for branch in step.branch_ids:
            make_activity(campaign, "end", trigger_type="branch", parent_id=step.id, branch_id=branch.id, **later)
        campaign.action_start_campaign()
        env.cr.commit()
        env["marketing.campaign"].sudo().browse(campaign.id).sync_participants()
        return campaign.id


def _execute(registry, size, activity_type, steps, **values):
    campaign_id = start(registry, size, activity_type, **values)
    with superuser(registry) as env:
        with lap() as time:
            env["marketing.campaign"].browse(campaign_id).execute_activities()
        done = env["marketing.trace"].search_count([("state", "=", "processed")])
        assert done == steps * size, f"{done} of {steps * size} were executed"
    return time


def wait(registry, size, runs):
    """Look at all who wait for a filter: nobody matches, then one in a thousand."""
    with superuser(registry) as env:
        clear(env)
    campaign_id = _have_everybody_wait(registry, size)
    nobody, some, memory = [], [], []
    for _run in range(runs):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        nobody.append(_look(registry, campaign_id, 0))
        with superuser(registry) as env:
            env.cr.execute("UPDATE res_partner SET ref = 'paid' WHERE city = 'Benchville' AND id %% %s = 0", [ONE_IN])
        some.append(_look(registry, campaign_id, size // ONE_IN))
        memory.append((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
        with superuser(registry) as env:
            env.cr.execute("UPDATE res_partner SET ref = NULL WHERE ref = 'paid'")
            env.cr.execute("UPDATE marketing_trace SET schedule_date = NULL WHERE schedule_date IS NOT NULL")
            env.cr.commit()
            env.cr.execute("ANALYZE marketing_trace, res_partner")
    notes = {"queries": nobody[-1].queries, "memory, MB more": max(memory)}
    seconds = [time.seconds for time in nobody]
    return [
        line("wait: a look, nobody matches", "s", seconds, target=at_most("ours", 2), notes=notes),
        line("wait: a look, 1 in 1 000 match", "s", [time.seconds for time in some], target=at_most("ours", 2)),
    ]


def _have_everybody_wait(registry, size):
    with administrator(registry) as env:
        campaign = make_campaign(env, size)
        step = make_activity(campaign, "wait", wait_domain="[('ref', '=', 'paid')]")
        first = env["res.partner"].search(audience(env, size), order="id", limit=1)
        campaign.domain = "[('id', '=', 0)]"  # so that Start enrols nobody
        campaign.action_start_campaign()
        env.flush_all()
        values = {"campaign": campaign.id, "step": step.id, "now": fields.Datetime.now(), "last": first.id + size}
        env.cr.execute(PARTICIPANTS, values)
        env.cr.execute(WAITING, values)
        env.cr.commit()
        env.cr.execute("ANALYZE marketing_participant, marketing_trace")
        return campaign.id


def _look(registry, campaign_id, expected):
    with superuser(registry) as env:
        now = fields.Datetime.now() + timedelta(minutes=10)
        env.cr.execute("UPDATE marketing_campaign SET wait_look_date = %s WHERE id = %s", [now, campaign_id])
        env.cr.commit()
        with lap() as time:
            found = env["marketing.campaign"].browse(campaign_id)._look_at_waits(now)
            env.cr.commit()
        assert abs(found - expected) <= 1, f"{found} go on, in place of {expected}"
    return time
