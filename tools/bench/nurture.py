"""A nurture flow of forty steps, week by week until everybody is through."""

from datetime import timedelta

from odoo import fields

from .actions import start
from .campaigns import NOTHING, clear, make_action, make_campaign
from .laps import administrator, alternate, lap, superuser
from .lines import at_least, line
from .logic import SMALLEST_AIM


def measure(registry, size, runs):
    """Execute the flow, beside one action that does nothing: what a step costs among forty."""
    steps = []

    def flow():
        time, count = _run_flow(registry, size)
        steps.append(count)
        return time

    def no_op():
        campaign_id = start(registry, size, NOTHING)
        with superuser(registry) as env, lap() as time:
            env["marketing.campaign"].browse(campaign_id).execute_activities()
        return time

    def between():
        with superuser(registry) as env:
            env["ir.model.data"].search([("module", "=", "nurture")]).unlink()
            clear(env)

    laps, others = alternate(runs, flow, no_op, between)
    rates = [count / time.seconds for count, time in zip(steps, laps, strict=True)]
    notes = {
        "steps of each participant": steps[-1] / size,
        "queries each": laps[-1].queries / steps[-1],
        "minutes for the whole flow": laps[-1].seconds / 60,
    }
    beside = [size / time.seconds for time in others]
    target = at_least("ratio", 0.8) if size >= SMALLEST_AIM else None  # of fewer, forty runs cost more than their steps
    return [line("nurture flow of 40 steps", "steps per second", rates, beside, target, notes)]


def _run_flow(registry, size):
    """:return: the Lap of all weeks, and how many steps were executed"""
    from odoo.addons.marketing_automation.tests import nurture_flow

    with administrator(registry) as env:
        campaign = make_campaign(env, size)
        ids = campaign.id, make_action(env, **NOTHING).id
        _load(env, nurture_flow, nurture_flow.make_lessons(*ids))
        branches = {branch.name: branch.id for branch in env.ref(nurture_flow.OFFER).branch_ids}
        _load(env, nurture_flow, nurture_flow.make_rest(*ids, branches))
        campaign.action_start_campaign()
        env.cr.commit()
        env["marketing.campaign"].sudo().browse(campaign.id).sync_participants()
        campaign_id = campaign.id
    begin = fields.Datetime.now()
    with superuser(registry) as env:
        with lap() as time:
            for week in range(nurture_flow.WEEKS):
                env["marketing.campaign"].browse(campaign_id).execute_activities(begin + timedelta(weeks=week))
        left = env["marketing.participant"].search_count([("state", "!=", "completed")])
        assert not left, f"{left} of {size} are not through"
        return time, env["marketing.trace"].search_count([("state", "=", "processed")])


def _load(env, flow, rows):
    result = env["marketing.activity"].load(flow.COLUMNS, flow.make_values(rows))
    assert not result["messages"], result["messages"]
