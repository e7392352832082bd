"""Workers side by side: none waits for what another holds, and none misses what comes meanwhile."""

import pytest
from test_concurrency import Engine
from test_real_campaign import LOCAL, PATIENCE, fetch, make_campaign

BATCH = 500  # of the engine
AUDIENCE = 3 * BATCH
CONTACTS = """
WITH people AS (
    INSERT INTO res_partner (name, complete_name, email, active, type)
    SELECT 'P' || i, 'P' || i, 'p' || i || '@people.example.com', TRUE, 'contact' FROM generate_series(1, %s) AS i
    RETURNING id)
INSERT INTO res_partner_res_partner_category_rel (partner_id, category_id) SELECT id, %s FROM people
"""


@pytest.fixture
def server(quiet_server):
    """A server that no cron runs on, with a campaign of an email that was not started yet."""
    quiet_server.campaign, quiet_server.contacts = make_campaign(quiet_server)
    return quiet_server


def run_engine(server):
    engine = Engine(server.database)
    engine.begin()
    engine.end()


def replace_email_by_action(server):
    rpc = server.marketer
    [action] = rpc("ir.actions.server", "search", [("name", "=", "Thanks")])
    welcome = rpc("marketing.activity", "search", [("campaign_id", "=", server.campaign)])
    rpc("marketing.activity", "unlink", welcome)
    values = {"name": "Act", "campaign_id": server.campaign, "activity_type": "action", "server_action_id": action}
    rpc("marketing.activity", "create", {**values, "trigger_type": "begin"})


def test_a_worker_takes_what_no_other_holds(server, other_worker):
    """While another worker holds the first batch of an activity, the next ones are executed."""
    replace_email_by_action(server)
    [category] = server.rpc("res.partner", "read", server.contacts[:1], ["category_id"])[0]["category_id"]
    server.query(CONTACTS, AUDIENCE - len(server.contacts), category)
    server.marketer("marketing.campaign", "action_start_campaign", [server.campaign])
    enrol_rest(server)
    with other_worker.cursor() as cursor:
        cursor.execute("SELECT id FROM marketing_trace ORDER BY schedule_date, id LIMIT %s FOR NO KEY UPDATE", [BATCH])
        held = {row[0] for row in cursor.fetchall()}
    run_engine(server)
    scheduled = {row[0] for row in server.query("SELECT id FROM marketing_trace WHERE state = 'scheduled'")}
    assert scheduled == held
    other_worker.rollback()
    run_engine(server)
    assert server.query("SELECT state, count(*) FROM marketing_trace GROUP BY state") == [("processed", AUDIENCE)]


def enrol_rest(server):
    [cron] = server.rpc("ir.cron", "search", [("cron_name", "ilike", "participants")])
    server.rpc("ir.cron", "method_direct_trigger", [cron])


def test_events_wake_the_engine_once_and_a_running_one_again(server, other_worker, smtp_sink):
    """Events in quick succession need one wake-up; one that comes while the engine runs needs another."""
    server.marketer("marketing.campaign", "action_start_campaign", [server.campaign])
    run_engine(server)
    server.query("DELETE FROM ir_cron_trigger")
    server.rpc("mail.mail", "process_email_queue")
    mails = smtp_sink.wait_for(len(server.contacts), timeout=PATIENCE)
    assert len(mails) == 2
    assert triggers(server) == 1
    with other_worker.cursor() as cursor:
        cursor.execute("DELETE FROM ir_cron_trigger")  # as a cron worker does that begins to run
    [pixel] = [url for url in LOCAL.findall(mails[0].get_body(("html",)).get_content()) if "/mail/track/" in url]
    fetch(pixel)
    other_worker.commit()
    assert triggers(server) == 1


def triggers(server):
    """:return: how often the engine is to be woken"""
    [[count]] = server.query(
        """SELECT count(*) FROM ir_cron_trigger t JOIN ir_model_data d ON d.model = 'ir.cron' AND d.res_id = t.cron_id
            WHERE d.module = 'marketing_automation' AND d.name = 'ir_cron_campaign_execute_activities'"""
    )
    return count
