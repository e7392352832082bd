"""Who enters by a date: who is due today among many, and a look when nobody is."""

from datetime import datetime, timedelta

from .campaigns import NOTHING, clear, make_action, make_activity, make_campaign
from .laps import administrator, lap, superuser
from .lines import at_most, line

ONE_IN = 1_000  # contacts, due today
TODAY = datetime(2026, 6, 1, 8)
# Today for one in a thousand; the others on each of 36 500 days, but none of those around the first of June
DATES = """
UPDATE res_partner SET x_bench_date = CASE WHEN id %% %(one_in)s = 0 THEN %(today)s::date ELSE
       make_date(1927 + id %% 99, 7 + id %% 5, 1 + id %% 28) END
 WHERE city = 'Benchville'
"""


def measure(registry, size, runs):
    """Look at those who are due, and when nobody is, for both types of entry."""
    with administrator(registry) as env:
        model = env["ir.model"]._get("res.partner")
        values = {"name": "x_bench_date", "field_description": "Bench", "ttype": "date", "model_id": model.id}
        env["ir.model.fields"].create({**values, "index": True})
        env.cr.execute(DATES, {"one_in": ONE_IN, "today": TODAY})
        env.cr.commit()
        env.cr.execute("ANALYZE res_partner")
        env.cr.commit()
    return [found for entry_type in ("date", "anniversary") for found in _measure(registry, size, runs, entry_type)]


def _measure(registry, size, runs, entry_type):
    with superuser(registry) as env:
        clear(env)
    with administrator(registry) as env:
        campaign = make_campaign(env, size)
        campaign.entry_ids = [(5,), (0, 0, {"entry_type": entry_type, "date_field": "x_bench_date"})]
        make_activity(campaign, "action", server_action_id=make_action(env, **NOTHING).id)
        campaign.action_start_campaign()
        env.flush_all()
        env.cr.execute("UPDATE marketing_entry SET start_date = %s, look_date = %s", [TODAY - timedelta(days=9)] * 2)
        env.cr.commit()
        campaign_id = campaign.id
    due = [_look(registry, campaign_id, TODAY + timedelta(hours=4), size // ONE_IN) for _run in range(runs)]
    nobody = [_look(registry, campaign_id, TODAY - timedelta(days=3), 0) for _run in range(runs + 1)][1:]
    return [
        line(f"{entry_type}: due today", "ms", [1000 * one.seconds for one in due], target=at_most("ours", 300)),
        line(
            f"{entry_type}: nobody is due",
            "ms",
            [1000 * one.seconds for one in nobody],
            target=at_most("ours", 20),
            notes={"queries": nobody[-1].queries},
        ),
    ]


def _look(registry, campaign_id, now, expected):
    """Find who is due, as each enrolment does before it inserts them."""
    from odoo.addons.marketing_automation.engine.occurrences import Look

    with superuser(registry) as env:
        campaign, entries = env["marketing.campaign"].browse(campaign_id), env["marketing.entry"]
        with lap() as time:
            [running] = campaign._get_workflow().entries
            entry = entries.browse(running.id)
            look = Look(entries._get_rule(campaign, running), entry._get_look_start(now), now)
            rows = entries._find_due(campaign, running, look, 10_000)
            found = entry._leave_out_known({res_id: found[0] for res_id, value in rows if (found := look.find(value))})
        assert abs(len(found) - expected) <= 1, f"{len(found)} are due, in place of {expected}"
    return time
