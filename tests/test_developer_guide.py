"""The examples of the developer guide: what it shows is what is run."""

import re
from datetime import date, timedelta

import pytest
from passlib.context import CryptContext
from real_odoo import LOGIN

from tools import addons
from tools.paths import ROOT

GUIDE = ROOT / "docs" / "developer_guide.md"
BLOCK = re.compile(r"```(?:python|xml) (?P<kind>\w+)=(?P<name>\S+)\n(?P<code>.*?)```", re.DOTALL)
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
