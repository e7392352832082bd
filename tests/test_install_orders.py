"""The app and its bridges, each alone and in several orders: what is there works, what is not there is nowhere."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager

import pytest
from modules import BRIDGES, OURS, RULES, complaints, install, installed, run_cron, uninstall
from real_odoo import RUN, real_odoo
from smtp_sink import running_sink

from tools.databases import Databases
from tools.paths import ODOO_CONF
from tools.postgres import Server

APP = "marketing_automation"
SMS, CRM = BRIDGES
# The app first and a bridge first; otherwise two of them, which have each bridge before the other
ORDERS = [(APP, SMS, CRM), (CRM, SMS), (APP, CRM, SMS), (SMS, CRM)]
TRIED = ORDERS if os.environ.get("MARKETING_THOROUGH") else ORDERS[:2]
STOCK = f"{RUN}{os.getpid()}_stock"
WITHOUT_AUTO_INSTALL = "--skip-auto-install"
# What only the bridge's own words, fields and templates say
WORDS = {SMS: re.compile(r"sms|text message", re.IGNORECASE), CRM: re.compile(r"crm|\bleads?\b", re.IGNORECASE)}
# All that our addons say in a database, except the names of their modules
SAID = """
    SELECT concat_ws(' ', model, name, field_description, help) FROM ir_model_fields WHERE model LIKE 'marketing.%%'
     UNION ALL
    SELECT concat_ws(' ', value, s.name) FROM ir_model_fields_selection s
      JOIN ir_model_fields f ON f.id = field_id WHERE f.model LIKE 'marketing.%%'
     UNION ALL
    SELECT concat_ws(' ', v.name, arch_db) FROM ir_ui_view v
      JOIN ir_model_data d ON d.model = 'ir.ui.view' AND d.res_id = v.id WHERE d.module LIKE 'marketing_automation%%'
     UNION ALL
    SELECT m.name::text FROM ir_ui_menu m
      JOIN ir_model_data d ON d.model = 'ir.ui.menu' AND d.res_id = m.id WHERE d.module LIKE 'marketing_automation%%'
"""
# What an order of installation could make different: the columns, what guards them, and what is known by name
MADE = (
    """
    SELECT table_name::text, column_name, data_type, is_nullable FROM information_schema.columns
     WHERE table_schema = 'public'
    """,
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid != 0",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT model, module, name FROM ir_model_data WHERE module LIKE 'marketing_automation%%'",
)


@pytest.fixture(scope="module")
def stock():
    """A database with Email Marketing and without SMS Marketing, CRM and our addons."""
    databases = Databases(Server.from_environment())
    with databases.in_use(STOCK):
        command = [sys.executable, "-m", "odoo", "-c", ODOO_CONF, "-d", STOCK, "-i", "mass_mailing"]
        options = [WITHOUT_AUTO_INSTALL, "--stop-after-init", "--no-http", "--max-cron-threads=0"]
        subprocess.run([*command, *options], check=True, capture_output=True)
        yield STOCK
        databases.drop(STOCK)


@pytest.fixture(scope="module")
def stock_odoo(stock, tmp_path_factory):
    """A function that gives a server on a copy of the stock database, and a sink of its mail; Odoo's options."""

    @contextmanager
    def running(*options):
        with (
            running_sink() as sink,
            real_odoo(
                sink.port,
                tmp_path_factory.mktemp("stock"),
                make=lambda databases, name: databases.clone(stock, name),
                options=("--max-cron-threads=0", *options),
                is_stock=True,
            ) as server,
        ):
            server.rpc("res.users", "write", [2], {"email": "admin@company.example.com"})
            yield server, sink

    return running


@pytest.fixture(scope="module")
def in_one_go(stock_odoo):
    """What is in a database with all our addons, installed at once."""
    with stock_odoo(WITHOUT_AUTO_INSTALL) as (server, sink):
        install(server, *OURS)
        check(server, sink, OURS)
        return made(server)


def made(server):
    return [sorted(server.query(query)) for query in MADE]


def check(server, sink, expected):
    """See that exactly these addons of ours are there, wholly, and that a campaign runs with them."""
    assert installed(server) == sorted(expected)
    said = "\n".join(text for (text,) in server.query(SAID))
    for bridge, words in WORDS.items():
        assert bool(words.search(said)) == (bridge in expected), words.search(said)
    templates = {template["key"] for template in server.rpc("marketing.campaign", "get_campaign_templates")}
    assert {"schedule_calls", "hot_leads"} & templates == (
        {"schedule_calls", "hot_leads"} if CRM in expected else set()
    )
    run_campaign(server, sink, "crm.lead" if CRM in expected else "res.partner", sms=SMS in expected)
    assert not complaints(server)


def run_campaign(server, sink, target, sms):
    """Have a campaign send an email and run a server action, and queue an SMS where there are some."""
    rpc = server.rpc
    email = "email" if target == "res.partner" else "email_from"
    name = f"Ada {len(sink.messages)}"
    person = rpc(target, "create", {"name": name, email: f"{name.replace(' ', '')}@people.example.com"})
    [model] = rpc("ir.model", "search", [("model", "=", target)])
    write = {"state": "object_write", "update_path": "name", "evaluation_type": "value", "value": "Reached"}
    action = rpc("ir.actions.server", "create", {"name": "Reach", "model_id": model, **write})
    templates = rpc(
        "mailing.mailing",
        "create",
        [
            {
                "subject": kind,
                "mailing_type": kind,
                "mailing_model_id": model,
                "use_in_marketing_automation": True,
                **content,
            }
            for kind, content in [
                ("mail", {"body_html": "<p>Hello</p>"}),
                *([("sms", {"body_plaintext": "Hello"})] if sms else []),
            ]
        ],
    )
    steps = [("email", {"mass_mailing_id": templates[0]}), ("action", {"server_action_id": action})]
    if sms:
        steps.insert(0, ("sms", {"mass_mailing_id": templates[1]}))
        rpc(target, "write", [person], {"phone": "+32456000111"})
    campaign = rpc(
        "marketing.campaign",
        "create",
        {
            "name": "Hello",
            "model_id": model,
            "domain": repr([("name", "=", name)]),
            "leave_on_mismatch": False,
            "marketing_activity_ids": [
                (0, 0, {"name": kind, "activity_type": kind, "trigger_type": "begin", "interval_number": 0, **values})
                for kind, values in steps
            ],
        },
    )
    rpc("marketing.campaign", "action_start_campaign", [campaign])
    before = len(sink.messages)
    run_cron(server, "marketing_automation.ir_cron_campaign_execute_activities")
    run_cron(server, "mail.ir_cron_mail_scheduler_action")
    assert len(sink.messages) == before + 1
    assert rpc(target, "read", [person], ["name"])[0]["name"] == "Reached"
    traces = rpc("marketing.trace", "search_read", [("campaign_id", "=", campaign)], ["state", "state_msg"])
    assert [trace["state"] for trace in traces] == ["processed"] * len(steps), traces
    if sms:
        [message] = rpc("sms.sms", "search_read", [("mailing_id", "=", templates[1])], ["state"])
        assert message["state"] == "outgoing"


def test_in_one_go(in_one_go):
    assert all(in_one_go)


@pytest.mark.parametrize("order", TRIED, ids=" then ".join)
def test_one_after_the_other(order, stock_odoo, in_one_go):
    """A bridge brings the app. Whatever came first, the same is there in the end."""
    with stock_odoo(WITHOUT_AUTO_INSTALL) as (server, sink):
        expected = {APP}
        for module in order:
            install(server, module)
            expected.add(module)
            check(server, sink, expected)
        for found, at_once in zip(made(server), in_one_go, strict=True):
            assert found == at_once


def test_bridges_come_and_go_by_themselves(stock_odoo):
    """With what they join, whichever of the two comes second; without it the app works on, and has no word of it."""
    with stock_odoo() as (server, sink):
        install(server, "crm")
        assert not installed(server)
        install(server, APP)
        check(server, sink, {APP, CRM})
        install(server, "mass_mailing_sms")
        check(server, sink, OURS)
        uninstall(server, "mass_mailing_sms")
        check(server, sink, {APP, CRM})
        uninstall(server, "crm")
        check(server, sink, {APP})
        install(server, "base_automation")
        assert installed(server, RULES)
        check(server, sink, {APP})
        uninstall(server, RULES)
        check(server, sink, {APP})
        install(server, RULES)
        uninstall(server, "base_automation")
        assert not installed(server, RULES)
        check(server, sink, {APP})
