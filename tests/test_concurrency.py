"""Engines side by side and engines that are killed: what is due runs, and runs once."""

import os
import random
import time
from collections import Counter
from pathlib import Path
from subprocess import PIPE

import pytest
from counted import counter_differences
from test_real_campaign import make_campaign

from tools.forked import Forked
from tools.paths import ODOO_CONF

SCRIPT = Path(__file__).with_name("engine_process.py")
AUDIENCE = 150
KILLS = 6
PATIENCE = 120  # seconds


@pytest.fixture
def campaign(quiet_server):
    """A running campaign of an email and a server action on each of its participants, that no cron runs."""
    rpc = quiet_server.rpc
    campaign, contacts = make_campaign(quiet_server)
    [category] = rpc("res.partner", "read", contacts[:1], ["category_id"])[0]["category_id"]
    people = [
        {"name": f"P{i}", "email": f"p{i}@people.example.com", "category_id": [(4, category)]} for i in range(AUDIENCE)
    ]
    contacts += rpc("res.partner", "create", people)
    [action] = rpc("ir.actions.server", "search", [("name", "=", "Thanks")])
    for name, parent in [("Act", False), ("After", "Act")]:
        [parent_id] = rpc("marketing.activity", "search", [("name", "=", parent)]) or [False]
        quiet_server.marketer(
            "marketing.activity",
            "create",
            {
                "name": name,
                "campaign_id": campaign,
                "activity_type": "action",
                "server_action_id": action,
                "trigger_type": "activity" if parent_id else "begin",
                "parent_id": parent_id,
            },
        )
    quiet_server.marketer("marketing.campaign", "action_start_campaign", [campaign])
    return quiet_server


class Engine:
    """A process that executes what is due."""

    def __init__(self, database):
        self._errors = os.fdopen(os.memfd_create("errors"), "w+")
        self.process = Forked([SCRIPT, ODOO_CONF, database], PIPE, PIPE, self._errors)
        assert self.process.stdout.readline() == "ready\n", self.errors()

    def begin(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def end(self):
        assert self.process.wait(PATIENCE) == 0, self.errors()
        return self.errors()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def errors(self):
        self._errors.seek(0)
        return self._errors.read()


def assert_everything_ran_once(server):
    """Each contact has one mail, and was acted upon twice: by "Act" and by "After"."""
    states = Counter(row[0] for row in server.query("SELECT state FROM marketing_trace"))
    assert states == {"processed": 3 * (AUDIENCE + 2)}
    mails = Counter(row[0] for row in server.query("SELECT res_id FROM mailing_trace"))
    assert set(mails.values()) == {1}
    assert len(mails) == AUDIENCE + 2
    queued = Counter(
        row[0] for row in server.query("SELECT marketing_trace_id FROM mail_mail WHERE marketing_trace_id > 0")
    )
    assert set(queued.values()) == {1}
    assert len(queued) == AUDIENCE + 2
    marks = {row[0] for row in server.query("SELECT ref FROM res_partner WHERE email LIKE '%%@people.example.com'")}
    assert marks == {"TT"}
    assert not counter_differences(server.query)


def test_pain_01_overlapping_runs_send_once(campaign):
    """Pain 1: overlapping runs send nothing twice, and leave nothing undone."""
    engines = [Engine(campaign.database) for _ in range(3)]
    for engine in engines:
        engine.begin()
    for engine in engines:
        engine.end()
    last = Engine(campaign.database)  # what an engine skipped because another held it
    last.begin()
    last.end()
    assert_everything_ran_once(campaign)


def test_pains_02_and_04_a_crash_repeats_and_loses_nothing(campaign):
    """Pains 2 and 4: a kill -9 at any moment neither repeats nor loses anything."""
    moments = random.Random(19)
    for _ in range(KILLS):
        engines = [Engine(campaign.database) for _ in range(2)]
        for engine in engines:
            engine.begin()
        for engine in engines:
            time.sleep(moments.uniform(0.05, 0.6))
            engine.kill()
    last = Engine(campaign.database)
    last.begin()
    last.end()
    assert_everything_ran_once(campaign)
