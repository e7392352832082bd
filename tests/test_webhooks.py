"""Webhooks of a campaign's server actions: called after the commit, and at most once, whatever happens on the way."""

import json
import random
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from test_concurrency import Engine

from tools.ports import LOOPBACK

AUDIENCE = 60
BROKEN = range(0, AUDIENCE, 20)  # the numbers of the contacts for whom the step fails
KILLS = 4
CHECK = "if record.color:\n    raise UserError('Not for this one')"


class Receiver:
    """An HTTP server that keeps whom it is called about: `calls` are the ids of the records, in order."""

    def __init__(self):
        self.calls = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.calls.append(body["_id"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self.server.server_port}/"


@pytest.fixture
def receiver():
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


@pytest.fixture
def contacts(quiet_server, receiver):
    """The contacts of a running campaign that calls the receiver for each, and then fails for some; no cron runs it."""
    rpc = quiet_server.rpc
    category = rpc("res.partner.category", "create", {"name": "Told"})
    people = [{"name": f"P{i}", "category_id": [(4, category)], "color": int(i in BROKEN)} for i in range(AUDIENCE)]
    contacts = rpc("res.partner", "create", people)
    [model] = rpc("ir.model", "search", [("model", "=", "res.partner")])
    hook, check = (
        {"name": "Hook", "model_id": model, "state": "webhook", "webhook_url": receiver.url},
        {"name": "Check", "model_id": model, "state": "code", "code": CHECK, "sequence": 9},
    )
    children = rpc("ir.actions.server", "create", [hook, check])
    both = {"name": "Both", "model_id": model, "state": "multi", "child_ids": [(6, 0, children)]}
    campaign = rpc(
        "marketing.campaign",
        "create",
        {
            "name": "Webhooks",
            "model_id": model,
            "domain": repr([("category_id", "in", [category])]),
            "marketing_activity_ids": [
                (
                    0,
                    0,
                    {
                        "name": "Tell",
                        "activity_type": "action",
                        "server_action_id": rpc("ir.actions.server", "create", both),
                    },
                )
            ],
        },
    )
    rpc("marketing.campaign", "action_start_campaign", [campaign])
    return contacts


def _run_to_the_end(server):
    engine = Engine(server.database)
    engine.begin()
    engine.end()
    assert Counter(dict(server.query("SELECT state, count(*) FROM marketing_trace GROUP BY state"))) == {
        "processed": AUDIENCE - len(BROKEN),
        "error": len(BROKEN),
    }


def test_a_webhook_is_called_once_and_for_nobody_whose_step_failed(quiet_server, receiver, contacts):
    """Batches are rolled back and halved around the failures; what was rolled back has called nobody."""
    engines = [Engine(quiet_server.database) for _ in range(2)]
    for engine in engines:
        engine.begin()
    for engine in engines:
        engine.end()
    _run_to_the_end(quiet_server)
    fine = [contact for number, contact in enumerate(contacts) if number not in BROKEN]
    assert sorted(receiver.calls) == fine


def test_a_crash_calls_no_webhook_twice(quiet_server, receiver, contacts):
    """Who dies between the commit and the call has not called: at most once, never twice."""
    moments = random.Random(7)
    for _ in range(KILLS):
        engine = Engine(quiet_server.database)
        engine.begin()
        time.sleep(moments.uniform(0.05, 0.5))
        engine.kill()
    _run_to_the_end(quiet_server)
    calls = Counter(receiver.calls)
    assert set(calls.values()) == {1}
    assert not {contacts[number] for number in BROKEN} & set(calls)
