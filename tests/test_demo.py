"""The demo that a newcomer sees: six weeks in which every kind of thing has happened, and nothing is overdue."""

import os

import pytest

from tools import demo_database
from tools.workspace import workspace

STATES = "SELECT DISTINCT state FROM marketing_trace"
ENDS = "SELECT DISTINCT end_code FROM marketing_trace WHERE end_code IS NOT NULL"
EVENTS = "SELECT DISTINCT event FROM marketing_trace_event"
CAMPAIGNS = """
    SELECT c.name, c.state, count(t.id) FILTER (WHERE t.state = 'processed') > 20
      FROM marketing_campaign c LEFT JOIN marketing_trace t ON t.campaign_id = c.id GROUP BY c.id
"""
WEEKS = "SELECT count(DISTINCT date_trunc('week', done_date)) FROM marketing_trace"
OVERDUE = "SELECT 1 FROM marketing_trace WHERE state = 'scheduled' AND schedule_date <= now() AT TIME ZONE 'UTC'"
FUTURE = "SELECT 1 FROM marketing_trace WHERE greatest(done_date, create_date) > now() AT TIME ZONE 'UTC'"
LEFT_OVER = "SELECT 1 FROM mail_mail WHERE state = 'outgoing' AND marketing_trace_id IS NOT NULL"


@pytest.fixture
def demo():
    """A function that queries the database which bin/run makes."""
    name = f"marketing_automation_run_{os.getpid()}_demo"
    with workspace() as space:
        databases = space.databases
        with databases.in_use(name):
            demo_database.prepare(space, name, demo=True, reset=False)
            try:
                yield lambda query: databases.query(name, query)
            finally:
                databases.drop(name)


def test_the_demo_has_lived(demo):
    campaigns = {name: (state, lively) for name, state, lively in demo(CAMPAIGNS)}
    assert campaigns.pop("Commercial prospection") == campaigns.pop("Welcome to the newsletter") == ("draft", False)
    assert campaigns.pop("Summer sale") == ("stopped", True)
    assert len(campaigns) == 6
    assert set(campaigns.values()) == {("running", True)}

    assert {"processed", "scheduled", "canceled", "error"} <= {state for (state,) in demo(STATES)}
    assert {"event_happened", "mail_bl", "mail_email_invalid"} <= {code for (code,) in demo(ENDS)}
    assert {"sent", "open", "click", "reply", "bounce"} <= {event for (event,) in demo(EVENTS)}
    [[weeks]] = demo(WEEKS)
    assert weeks >= 6
    assert not demo(OVERDUE)
    assert not demo(FUTURE)
    assert not demo(LEFT_OVER)
