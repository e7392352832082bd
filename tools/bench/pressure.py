"""What a limit of messages to one address adds to an email, beside so many addresses that got one lately."""

from odoo.tools import SQL

from .campaigns import make_mailing, start_campaign
from .laps import administrator, laps_of, superuser
from .lines import at_most, line
from .messages import clear_all, no_wire

MESSAGES = 2_000
ROWS = """
INSERT INTO marketing_pressure (key, channel, dates, trace_ids)
SELECT %s, 'mail', ARRAY[now() AT TIME ZONE 'UTC' - interval '2 days'], ARRAY[0] FROM res_partner c
 WHERE c.city = 'Benchville' AND c.email_normalized IS NOT NULL
"""


def measure(registry, size, runs):
    """Prepare emails to addresses of which each got one before; of these each takes its place, and nobody waits."""
    model = registry["marketing.trace"]
    totals, notes = [], {}
    with superuser(registry) as env:
        for key, value in (("mail_on", "True"), ("mail", "5"), ("days", "7")):
            env["ir.config_parameter"].set_param(f"marketing_automation.cap_{key}", value)
    for _run in range(runs):
        campaign_id = _fill(registry)
        with (
            no_wire(),
            laps_of(model, "_take_place") as gate,
            laps_of(model, "_confirm_places") as composer,
            superuser(registry) as env,
        ):
            env["marketing.campaign"].browse(campaign_id).sync_participants()
            env["marketing.campaign"].browse(campaign_id).execute_activities()
            assert env["mailing.trace"].search_count([("marketing_trace_id", "!=", False)]) == MESSAGES
        processor, database = (getattr(gate, name) + getattr(composer, name) for name in ("processor", "database"))
        totals.append(1000 * (processor + database) / MESSAGES)
        notes = {
            "ms of them on a processor": 1000 * processor / MESSAGES,
            "ms of them in the database": 1000 * database / MESSAGES,
            "queries a batch of 500": (gate.queries + composer.queries) * 500 / MESSAGES,
        }
    clear_all(registry)
    with superuser(registry) as env:
        env["ir.config_parameter"].search([("key", "like", "marketing_automation.cap_")]).unlink()
    return [line("pressure, added to a message", "ms", totals, target=at_most("ours", 0.05), notes=notes)]


def _fill(registry):
    clear_all(registry)
    with administrator(registry) as env:
        env.cr.execute("TRUNCATE marketing_pressure")
        key = env["marketing.trace"]._hash_address_sql(SQL("c.email_normalized"), "mail")
        env.cr.execute(SQL(ROWS, key))
        env.cr.execute("ANALYZE marketing_pressure")
        template = make_mailing(env, mailing_type="mail", use_in_marketing_automation=True)
        return start_campaign(env, MESSAGES, "email", mass_mailing_id=template.id).id
