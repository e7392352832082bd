"""Executing server actions beside an automation rule "Based on date field" with the same action and records."""

from datetime import datetime
from itertools import count
from statistics import median

from .campaigns import NOTHING, audience, clear, make_action, start_campaign
from .laps import administrator, alternate, lap, laps_of, superuser
from .lines import at_least, at_most, line

SMALLEST_AIM = 1_000  # participants; what grows with their square does not show in fewer
runs_so_far = count(1)


def no_op(registry, size, runs, compared=True):
    """An action that does nothing: what is left is the engine."""
    return _measure(registry, size, runs, compared, "no-op action", lambda: NOTHING, 1.0)


def update_record(registry, size, runs, compared=True):
    """An action that writes a field, a new value each time: Odoo writes nothing that is there already."""

    def values():
        return {"state": "object_write", "update_path": "function", "value": f"Contacted {next(runs_so_far)}"}

    return _measure(registry, size, runs, compared, "update-record action", values, 3.0)


def set_field(registry, size, runs, _compared=True):
    """A step that sets a field, beside an action that writes the same field: a new value each time."""
    value = {"update_field": "function", "update_operation": "set"}

    def step():
        return _run(
            registry, start_step(registry, size, "update", update_value=f"Step {next(runs_so_far)}", **value), size
        )

    def action():
        does = {"state": "object_write", "update_path": "function", "value": f"Contacted {next(runs_so_far)}"}
        return _run(registry, start(registry, size, does), size)

    def nothing():
        return _run(registry, start(registry, size, NOTHING), size)

    def between():
        with superuser(registry) as env:
            clear(env)

    laps, actions = alternate(runs, step, action, between)
    rates = [size / time.seconds for time in laps]
    others = [size / time.seconds for time in actions]
    between()
    idle = nothing()
    between()
    notes = {"queries each": laps[-1].queries / size, "the no-op action, per second": size / idle.seconds}
    target = at_least("ratio", 1.0) if size >= SMALLEST_AIM else None
    return [line("set-a-field step, beside the action", "executed per second", rates, others, target, notes)]


def _run(registry, campaign_id, size):
    with superuser(registry) as env, lap() as time:
        env["marketing.campaign"].browse(campaign_id).execute_activities()
    with superuser(registry) as env:
        done = env["marketing.trace"].search_count([("state", "=", "processed")])
        assert done == size, f"{done} of {size} were executed"
    return time


def _measure(registry, size, runs, compared, name, action_values, target):
    handler = []

    def ours():
        campaign_id = start(registry, size, action_values())
        with laps_of(registry["marketing.activity"], "_execute_action") as inside, superuser(registry) as env:
            with lap() as time:
                env["marketing.campaign"].browse(campaign_id).execute_activities()
            done = env["marketing.trace"].search_count([("state", "=", "processed")])
            assert done == size, f"{done} of {size} were executed"
        handler.append(inside)
        return time

    def rule():
        with administrator(registry) as env:
            _make_rule(env, size, action_values())
        with superuser(registry) as env, lap() as time:
            env["base.automation"]._cron_process_time_based_actions()
        return time

    def between():
        with superuser(registry) as env:
            env["base.automation"].search([]).unlink()
            clear(env)

    if compared:
        laps, rules = alternate(runs, ours, rule, between)
    else:
        laps, rules = alternate(runs, ours, lambda: None, between)
    own = [_share(time, inside, size) for time, inside in zip(laps, handler, strict=True)]
    rates = [size / time.seconds for time in laps]
    notes = {
        "queries each": laps[-1].queries / size,
        "own ms each": median(milliseconds for milliseconds, _database, _queries in own),
        "of that in the database": median(database for _milliseconds, database, _queries in own),
        "own queries each": own[-1][2],
    }
    others = [size / time.seconds for time in rules] if compared else None
    aim = at_least("ratio", target) if compared and size >= SMALLEST_AIM else None
    lines = [line(name, "executed per second", rates, others, aim, notes)]
    if target == 1.0:
        shares = [milliseconds for milliseconds, _database, _queries in own]
        lines.append(line(f"{name}: our own share", "ms each", shares, target=at_most("ours", 0.15), notes=notes))
        queries = [queries for _milliseconds, _database, queries in own]
        lines.append(line(f"{name}: our own queries", "queries each", queries, target=at_most("ours", 0.05)))
    return lines


def start(registry, size, action_values):
    """Start a campaign with one action, and enrol everybody.

    :return: its id
    """
    with administrator(registry) as env:
        action_id = make_action(env, **action_values).id
        env.cr.commit()
    return start_step(registry, size, "action", server_action_id=action_id)


def start_step(registry, size, activity_type, **values):
    """Start a campaign with one step, and enrol everybody.

    :return: its id
    """
    with administrator(registry) as env:
        campaign = start_campaign(env, size, activity_type, **values)
        env.cr.commit()
        env["marketing.campaign"].sudo().browse(campaign.id).sync_participants()
        return campaign.id


def _share(time, inside, size):
    """:return: what the engine adds to the actions themselves, each: ms, ms in the database, queries"""
    return tuple(whole - part for whole, part in zip(time.per(size), inside.per(size), strict=True))


def _make_rule(env, size, action_values):
    model = env["ir.model"]._get("res.partner")
    date_field = env["ir.model.fields"]._get("res.partner", "create_date")
    rule = env["base.automation"].create(
        {
            "name": "Bench",
            "model_id": model.id,
            "trigger": "on_time",
            "trg_date_id": date_field.id,
            "trg_date_range": 1,
            "trg_date_range_type": "hour",
            "filter_domain": repr(audience(env, size)),
        }
    )
    make_action(env, base_automation_id=rule.id, usage="base_automation", **action_values)
    rule.last_run = datetime(2000, 1, 1)
