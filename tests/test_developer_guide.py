"""The examples of the developer guide: what it shows is what is run."""

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from passlib.context import CryptContext
from real_odoo import LOGIN

from tools import addons
from tools.paths import ROOT

GUIDE = ROOT / "docs" / "developer_guide.md"
BLOCK = re.compile(r"```(?:python|xml|sh) (?P<kind>\w+)=(?P<name>\S+)\n(?P<code>.*?)```", re.DOTALL)
KEY = "0123456789abcdef0123456789abcdef01234567"
INDEX_SIZE = 8  # characters of a key by which Odoo finds it

# how addons of an earlier release were made, what steps to come need, what actions of others can do wrong
NO_EXAMPLES = {f"marketing_automation_{name}" for name in ("letter", "paths", "trouble")}


def example(name):
    """:return: the code of an example of the guide."""
    [code] = [match["code"] for match in BLOCK.finditer(GUIDE.read_text()) if match["name"] == name]
    return code


def test_companion_addons_are_those_that_are_tested():
    shown = {match["name"]: match["code"] for match in BLOCK.finditer(GUIDE.read_text()) if match["kind"] == "file"}
    assert shown == {path: (ROOT / path).read_text() for path in shown}
    assert {path.split("/")[2] for path in shown} == set(addons.test_names()) - NO_EXAMPLES


@pytest.fixture
def names(odoo_server):
    """What the examples take as given: a server, and a key to it."""
    [(admin,)] = odoo_server.query("SELECT id FROM res_users WHERE login = %s", LOGIN)
    hashed = CryptContext(["pbkdf2_sha512"], pbkdf2_sha512__rounds=6000).hash(KEY)
    odoo_server.query(
        "INSERT INTO res_users_apikeys (name, user_id, expiration_date, key, index) VALUES (%s, %s, %s, %s, %s)",
        *("Guide", admin, date.today() + timedelta(days=1), hashed, KEY[:INDEX_SIZE]),
    )
    odoo_server.rpc("res.users", "write", [admin], {"email": "admin@marketing.example.com"})
    odoo_server.rpc("res.partner", "create", [{"name": "Ada", "email": "ada@people.example.com"}])
    return {"URL": odoo_server.url, "DATABASE": odoo_server.database, "KEY": KEY, "LOGIN": LOGIN}


def test_external_api(names, odoo_server):
    exec(compile(example("json2"), GUIDE.name, "exec"), names)
    assert (names["result"]["enrolled"], names["result"]["left_out"]) == (names["person"], [])
    assert names["activity"]["processed"] is not None
    assert [step["state"] for step in names["steps"]] == ["scheduled"]
    [campaign] = odoo_server.rpc("marketing.campaign", "read", [names["campaign"]], ["state", "require_sync"])
    assert (campaign["state"], campaign["require_sync"]) == ("stopped", False)

    odoo_server.rpc("marketing.campaign", "action_start_campaign", [names["campaign"]])
    exec(compile(example("xmlrpc"), GUIDE.name, "exec"), names)
    assert names["running"] == [names["campaign"]]
    assert names["numbers"][0]["total_participant_count"] >= 2


@pytest.fixture
def webhook(odoo_server):
    """:return: the campaign of a webhook that makes records, its entry, and its address"""
    category = odoo_server.rpc("res.partner.category", "create", {"name": "Of the guide"})
    [model] = odoo_server.rpc("ir.model", "search", [("model", "=", "res.partner")])
    action = {"name": "Tag", "model_id": model, "state": "object_write", "update_path": "category_id"}
    action |= {"update_m2m_operation": "add", "value": str(category), "usage": "marketing_automation"}
    action["resource_ref"] = f"res.partner.category,{category}"
    step = {"name": "Tag", "activity_type": "action"}
    step["server_action_id"] = odoo_server.rpc("ir.actions.server", "create", action)
    campaign = odoo_server.rpc(
        "marketing.campaign",
        "create",
        {
            "name": "From outside",
            "model_id": model,
            "domain": "[('email', 'like', '@people.example.com')]",
            "reentry": "restart",
            "entry_ids": [(0, 0, {"entry_type": "webhook", "webhook_create": True})],
            "marketing_activity_ids": [(0, 0, step)],
        },
    )
    odoo_server.rpc("marketing.campaign", "action_start_campaign", [campaign])
    [entry] = odoo_server.rpc("marketing.entry", "search_read", [("campaign_id", "=", campaign)], ["token"])
    return campaign, entry["id"], f"{odoo_server.url}/marketing_automation/enroll/{entry['token']}"


def test_webhook(webhook, odoo_server):
    """The examples; and ten callers at once who name somebody new, with the same key."""
    campaign, entry, address = webhook
    names = {"ADDRESS": address}
    exec(compile(example("webhook"), GUIDE.name, "exec"), names)
    assert names["person"] == {"result": "enrolled"}
    command = ["sh", "-c", example("webhook.sh")]
    shell = subprocess.run(command, env={**os.environ, "ADDRESS": address}, capture_output=True, text=True, check=True)
    assert json.loads(shell.stdout)["results"] == [
        {"result": "already_in"},
        {"result": "left_out", "reason": "invalid_email"},
    ]
    person = [{"email": "hopper@people.example.com", "key": "order 18"}]
    with ThreadPoolExecutor(10) as callers:
        results = list(callers.map(names["enroll"], [person] * 10))
    assert sorted(result["result"] for [result] in results) == ["already_in"] * 9 + ["enrolled"]
    assert odoo_server.rpc("res.partner", "search_count", [("email", "=", person[0]["email"])]) == 1
    domain = [("campaign_id", "=", campaign), ("entry_id", "=", entry)]
    assert odoo_server.rpc("marketing.participant", "search_count", domain) == 2
