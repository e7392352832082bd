"""The race between a timer and its event, with two committed transactions, in both orders."""

from unittest import TestCase
from unittest.mock import patch

import pytest
from company import make_action
from test_concurrency import Engine
from test_real_campaign import LOCAL, PATIENCE, fetch, make_campaign, wait_until

from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import Registry
from odoo.tests.common import get_db_name

from tools.databases import Databases
from tools.postgres import Server

GATE = 4242  # an advisory lock, at which the negative's action waits
NEGATIVE = f"env.cr.execute('SELECT pg_advisory_xact_lock({GATE})')\nrecord.sudo().write({{'ref': 'not opened'}})"
POSITIVE = "record.sudo().write({'function': 'opened'})"


@pytest.fixture
def due_negative(quiet_server, smtp_sink):
    """A server whose campaign has a "not opened" due now; gives it with the pixel of the mail."""
    rpc = quiet_server.rpc
    campaign, contacts = make_campaign(quiet_server)
    rpc("res.partner", "write", contacts[1:], {"category_id": [(5,)]})
    [welcome] = rpc("marketing.activity", "search", [("name", "=", "Welcome")])
    for name, trigger, code in [("Negative", "mail_not_open", NEGATIVE), ("Positive", "mail_open", POSITIVE)]:
        quiet_server.marketer(
            "marketing.activity",
            "create",
            {
                "name": name,
                "campaign_id": campaign,
                "activity_type": "action",
                "server_action_id": make_action(quiet_server, name, code),
                "trigger_type": trigger,
                "parent_id": welcome,
                "interval_number": 1 if trigger == "mail_not_open" else 0,
            },
        )
    quiet_server.marketer("marketing.campaign", "action_start_campaign", [campaign])
    run_engine(quiet_server)
    rpc("mail.mail", "process_email_queue")
    run_engine(quiet_server)
    assert states(quiet_server) == {"Welcome": "processed", "Negative": "scheduled"}
    quiet_server.query("UPDATE marketing_trace SET schedule_date = schedule_date - interval '2 hours'")
    [mail] = smtp_sink.wait_for(1, timeout=PATIENCE)
    [pixel] = [url for url in LOCAL.findall(mail.get_body(("html",)).get_content()) if "/mail/track/" in url]
    return quiet_server, pixel


def run_engine(server):
    engine = Engine(server.database)
    engine.begin()
    engine.end()


def states(server):
    return dict(
        server.query("SELECT a.name, t.state FROM marketing_trace t JOIN marketing_activity a ON a.id = t.activity_id")
    )


def test_event_before_its_timer(due_negative):
    """A negative never runs once its event is recorded."""
    server, pixel = due_negative
    assert fetch(pixel) == (200, None)
    run_engine(server)
    assert states(server) == {"Welcome": "processed", "Negative": "canceled", "Positive": "processed"}
    assert server.query("SELECT ref, function FROM res_partner WHERE name = 'Ada'") == [(None, "opened")]


def test_event_while_its_timer_runs(due_negative):
    """The event waits for nothing, the negative has its way, and the positive branch follows."""
    server, pixel = due_negative
    engine = Engine(server.database)
    gate = Server.from_environment().connect(server.database)
    try:
        with gate.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
            engine.begin()
            waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
            wait_until(lambda: server.query(waiting, GATE), "the negative's action, in the middle of its transaction")
            assert fetch(pixel) == (200, None)
            assert server.query("SELECT event FROM marketing_trace_event WHERE event = 'open'") == [("open",)]
            cursor.execute("SELECT pg_advisory_unlock(%s)", [GATE])
        engine.end()
    finally:
        gate.close()
    run_engine(server)
    assert states(server) == {"Welcome": "processed", "Negative": "processed", "Positive": "processed"}
    assert server.query("SELECT ref, function FROM res_partner WHERE name = 'Ada'") == [("not opened", "opened")]


def test_a_wake_up_meets_a_cron_that_begins():
    """The trigger that it finds is answered meanwhile: it makes another one, and the log has no error."""
    database, registry = get_db_name(), Registry(get_db_name())
    databases = Databases(Server.from_environment())
    [[cron]] = databases.query(
        database,
        "SELECT res_id FROM ir_model_data WHERE model = 'ir.cron' AND name = 'ir_cron_campaign_execute_activities'",
    )
    triggers = "FROM ir_cron_trigger WHERE cron_id = %s"
    looks = []
    look = registry["ir.cron"]._is_about_to_run

    def look_when_it_begins(self):
        if not looks:
            databases.query(database, f"DELETE {triggers}", cron)
        looks.append(look(self))
        return looks[-1]

    try:
        with registry.cursor() as cr:
            Environment(cr, SUPERUSER_ID, {})["ir.cron"].browse(cron)._trigger()
        with (
            TestCase().assertNoLogs("odoo", "ERROR"),
            patch.object(registry["ir.cron"], "_is_about_to_run", look_when_it_begins),
            registry.cursor() as cr,
        ):
            Environment(cr, SUPERUSER_ID, {})["ir.cron"].browse(cron)._trigger_after_commit()
        assert looks == [False]
        assert databases.query(database, f"SELECT count(*) {triggers}", cron) == [(1,)]
    finally:
        databases.query(database, f"DELETE {triggers}", cron)


def test_a_mail_that_somebody_else_is_sending(quiet_server, smtp_sink):
    """The queue leaves it to them, and sends it later when they did not."""
    server = quiet_server
    campaign, _contacts = make_campaign(server)
    server.marketer("marketing.campaign", "action_start_campaign", [campaign])
    run_engine(server)
    somebody = Server.from_environment().connect(server.database)
    try:
        with somebody.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT id FROM mail_mail WHERE state = 'outgoing' ORDER BY id LIMIT 1 FOR UPDATE")
            server.rpc("mail.mail", "process_email_queue")
            assert len(smtp_sink.wait_for(1, timeout=PATIENCE)) == 1
            assert server.query("SELECT state FROM mail_mail") == [("outgoing",)]
            cursor.execute("ROLLBACK")
    finally:
        somebody.close()
    server.rpc("mail.mail", "process_email_queue")
    assert len(smtp_sink.messages) == 2
