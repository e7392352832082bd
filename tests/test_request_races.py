"""Requests that several engines take at once: each is done, in its order, and once."""

import pytest
from test_concurrency import Engine
from test_real_campaign import make_campaign

RECORDS = 700  # more than one engine takes by one transaction
ASK = """
INSERT INTO marketing_entry_request (campaign_id, res_id, operation, source, date)
SELECT %s, p.id, o.operation, CASE o.operation WHEN 'add' THEN 'action' END, now() AT TIME ZONE 'UTC'
  FROM unnest(%s::text[]) WITH ORDINALITY AS o (operation, number), res_partner p
 WHERE p.email LIKE '%%@people.example.com' AND p.id %% %s = 0
 ORDER BY o.number, p.id
"""
PASSAGES = """
SELECT ways, count(*) FROM (
       SELECT res_id, string_agg(run || ' ' || state, ', ' ORDER BY run) AS ways FROM marketing_participant
        WHERE is_test IS NOT TRUE GROUP BY res_id) AS r
 GROUP BY ways
"""


@pytest.fixture
def campaign(quiet_server):
    """A running campaign that people enter by request alone, and stay in; gives the server and the campaign."""
    campaign, contacts = make_campaign(quiet_server)
    [category] = quiet_server.rpc("res.partner", "read", contacts[:1], ["category_id"])[0]["category_id"]
    people = [
        {"name": f"P{i}", "email": f"p{i}@people.example.com", "category_id": [(4, category)]} for i in range(RECORDS)
    ]
    quiet_server.rpc("res.partner", "create", people)
    later = {"interval_number": 9, "interval_type": "days"}
    steps = quiet_server.rpc("marketing.activity", "search", [("trigger_type", "=", "begin")])
    quiet_server.marketer("marketing.activity", "write", steps, later)
    quiet_server.marketer("marketing.campaign", "write", [campaign], {"reentry": "after_end", "entry_ids": [(5,)]})
    quiet_server.marketer("marketing.campaign", "action_start_campaign", [campaign])
    assert quiet_server.query("SELECT count(*) FROM marketing_participant") == [(0,)]
    return quiet_server, campaign


def test_none_is_lost_and_none_is_done_twice(campaign):
    """Three engines take what was asked, one of which is killed; more is asked meanwhile."""
    server, campaign_id = campaign
    people = server.query("SELECT id FROM res_partner WHERE email LIKE '%%@people.example.com'")
    thirds = sum(id_ % 3 == 0 for (id_,) in people)
    server.query(ASK, campaign_id, ["add", "add"], 1)
    engines = [Engine(server.database) for _number in range(3)]
    for engine in engines:
        engine.begin()
    server.query(ASK, campaign_id, ["remove", "add"], 3)
    engines.pop().kill()
    for engine in engines:
        engine.end()
    last = Engine(server.database)  # for whom an engine skipped, because another one worked on them
    last.begin()
    last.end()
    assert server.query("SELECT count(*) FROM marketing_entry_request") == [(0,)]
    assert dict(server.query(PASSAGES)) == {
        "1 running": len(people) - thirds,
        "1 unlinked, 2 running": thirds,
    }
