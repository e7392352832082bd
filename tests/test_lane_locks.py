"""What one lane at a time does: two engines side by side, of which one is in the middle of it."""

from collections import Counter

import pytest
from company import model_of
from test_concurrency import Engine
from test_real_campaign import wait_until
from test_workers import enrol_rest

BATCH = 500  # of the engine
AUDIENCE = BATCH + 100
CITY = "Laneville"
CONTACTS = """
INSERT INTO res_partner (name, complete_name, email, email_normalized, city, active, type)
SELECT 'P' || i, 'P' || i, a, a, %s, TRUE, 'contact'
  FROM (SELECT i, 'p' || i || '@people.example.com' AS a FROM generate_series(1, %s) AS i) AS c
"""
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def server(quiet_server):
    """A server that no cron runs on, with contacts."""
    quiet_server.query(CONTACTS, CITY, AUDIENCE)
    return quiet_server


def start_campaign(server, **step):
    model = model_of(server.rpc, "res.partner")
    domain = repr([("city", "=", CITY)])
    campaign = server.rpc("marketing.campaign", "create", {"name": "Lanes", "model_id": model, "domain": domain})
    values = {"name": "Step", "campaign_id": campaign, "trigger_type": "begin", **step}
    server.rpc("marketing.activity", "create", values)
    server.rpc("marketing.campaign", "action_start_campaign", [campaign])
    return campaign


def run_two_lanes(server, other_worker, table, row_id):
    """Have one lane stop in the middle of a batch, at a row that somebody holds; meanwhile another one runs.

    :return: how many traces the other one executed; the first one has come to its end by then
    """
    with other_worker.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} WHERE id = %s FOR UPDATE", [row_id])
    first, other = Engine(server.database), Engine(server.database)
    first.begin()
    wait_until(lambda: server.query(BLOCKED) == [(1,)], "the first lane comes to the row that is held")
    other.begin()
    try:
        other.process.wait(timeout=20)  # without a lock of its own it would wait for that row too, or be through
    finally:
        [[executed]] = server.query("SELECT count(*) FROM marketing_trace WHERE state = 'processed'")
        other_worker.rollback()
        first.end()
    other.end()
    return executed


def test_people_have_their_turn(server, other_worker):
    """A lane that assigns in turn sees what the last one did: nobody is passed over, nobody has two turns."""
    people = [
        server.rpc("res.users", "create", {"name": name, "login": name, "email": f"{name}@office.example.com"})
        for name in ("ann", "bob", "cid")
    ]
    start_campaign(server, activity_type="assign", person_ids=[(6, 0, people)])
    enrol_rest(server)
    [[contact]] = server.query("SELECT min(id) FROM res_partner WHERE city = %s", CITY)
    assert run_two_lanes(server, other_worker, "res_partner", contact) == 0
    turns = server.query("SELECT (end_params->>'user_id')::int FROM marketing_trace ORDER BY id")
    assert [row[0] for row in turns] == [people[number % 3] for number in range(AUDIENCE)]


def test_an_address_has_one_mailing_contact(server, other_worker):
    """Two campaigns that put the same people on a list make one contact for each."""
    mailing_list = server.rpc("mailing.list", "create", {"name": "News"})
    for _campaign in range(2):
        start_campaign(server, activity_type="list", list_operation="on", mailing_list_id=mailing_list)
    enrol_rest(server)
    assert run_two_lanes(server, other_worker, "mailing_list", mailing_list) == 0
    assert server.query("SELECT DISTINCT state FROM marketing_trace") == [("processed",)]
    contacts = Counter(
        row[0]
        for row in server.query("SELECT email_normalized FROM mailing_contact WHERE email LIKE '%%@people.example.com'")
    )
    assert (len(contacts), set(contacts.values())) == (AUDIENCE, {1})


def test_an_address_gets_no_more_than_the_limit(server, other_worker):
    """Three campaigns for the same people, in three lanes, of which one dies with all places taken."""
    limit = {"marketing_automation_cap_mail_on": True, "marketing_automation_cap_mail": 2}
    server.rpc("res.config.settings", "execute", [server.rpc("res.config.settings", "create", limit)])
    server.query("UPDATE res_partner SET city = 'Elsewhere' WHERE city = %s AND id %% 10 > 0", CITY)
    [[people]] = server.query("SELECT count(*) FROM res_partner WHERE city = %s", CITY)
    model = model_of(server.rpc, "res.partner")
    for number in range(3):
        content = {"subject": f"Mail {number}", "body_html": "<p>Hi</p>", "email_from": "us@company.example.com"}
        mailing = {**content, "mailing_model_id": model, "use_in_marketing_automation": True}
        template = server.rpc("mailing.mailing", "create", mailing)
        start_campaign(server, activity_type="email", mass_mailing_id=template)
    enrol_rest(server)
    [first, *others] = [Engine(server.database) for _lane in range(3)]
    with other_worker.cursor() as cursor:
        cursor.execute("SELECT id FROM mailing_mailing WHERE id = %s FOR UPDATE", [template])
    first.begin()
    wait_until(lambda: server.query(BLOCKED) == [(1,)], "the first lane has taken places, and makes its messages")
    for engine in others:
        engine.begin()
    wait_until(lambda: server.query(BLOCKED) == [(3,)], "the others wait for the same places")
    first.kill()
    other_worker.rollback()
    for engine in others:
        engine.end()
    [cron] = server.rpc("ir.cron", "search", [("cron_name", "ilike", "execute activities")], 0, 1)
    server.rpc("ir.cron", "method_direct_trigger", [cron])
    messages = server.query("SELECT count(*) FROM mailing_trace GROUP BY email")
    assert messages == [(2,)] * people
    assert server.query("SELECT count(*) FROM marketing_trace WHERE end_code = 'frequency_wait'") == [(people,)]
    assert server.query("SELECT cardinality(dates) FROM marketing_pressure") == [(2,)] * people
