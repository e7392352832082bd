"""Campaigns, mailings and records that measures work with."""

CITY = "Benchville"
BODY = """
<div>
    <p>Hello <t t-out="object.name"/>,</p>
    <p><a href="https://shop.example.com/catalogue">The catalogue</a> and <a href="https://shop.example.com/new">news</a>
       are waiting for you.</p>
    <p><a href="/unsubscribe_from_list">Unsubscribe</a></p>
</div>
"""
TEXT = "Hello {{ object.name }}, see https://shop.example.com/catalogue"
TABLES = ["marketing_trace_event", "marketing_trace", "marketing_participant", "marketing_counter"]
NOTHING = {"state": "code", "code": "pass"}


def audience(env, count):
    """:return: the domain that the first so many contacts match"""
    first = env["res.partner"].search([("city", "=", CITY)], order="id", limit=1)
    return [("city", "=", CITY), ("id", "<", first.id + count)]


def start_campaign(env, count, activity_type, **values):
    """Start a campaign of one step on so many contacts; some of them are enrolled by that.

    :param env: of the user as whom it runs
    :param values: of the activity
    """
    campaign = make_campaign(env, count)
    make_activity(campaign, activity_type, **values)
    campaign.action_start_campaign()
    return campaign


def make_campaign(env, count):
    values = {"name": "Bench", "model_id": env["ir.model"]._get("res.partner").id, "domain": repr(audience(env, count))}
    return env["marketing.campaign"].create(values)


def make_activity(campaign, activity_type, **values):
    values = {"name": "Step", "campaign_id": campaign.id, "activity_type": activity_type, **values}
    return campaign.env["marketing.activity"].create({"trigger_type": "begin", **values})


def make_action(env, **values):
    """:return: a server action on contacts"""
    model = env["ir.model"]._get("res.partner")
    return env["ir.actions.server"].create({"name": "Bench", "model_id": model.id, **values})


def make_mailing(env, **values):
    """:return: an email or an SMS to contacts"""
    contents = {"body_html": BODY, "email_from": "shop@bench.example.com", "reply_to_mode": "update"}
    if values.get("mailing_type") == "sms":
        contents = {"body_plaintext": TEXT}
    model = env["ir.model"]._get("res.partner")
    values = {"subject": "News", "mailing_model_id": model.id, **contents, **values}
    return env["mailing.mailing"].create(values)


def clear(env):
    """Forget all participants, so that each run finds tables as the first one did."""
    env["marketing.campaign"].search([("state", "=", "running")]).action_stop_campaign()
    # those of an earlier build, which is measured beside this one, too
    env.cr.execute(
        "SELECT string_agg(name, ', ') FROM unnest(%s) AS name WHERE to_regclass(name) IS NOT NULL", [TABLES]
    )
    env.cr.execute(f"TRUNCATE {env.cr.fetchone()[0]}")
    env.cr.commit()
