"""The demo that a newcomer sees: six weeks in which every kind of thing has happened, and nothing is overdue."""

import pytest

from tools import demo_database

STATES = "SELECT DISTINCT state FROM marketing_trace"
ENDS = "SELECT DISTINCT end_code FROM marketing_trace WHERE end_code IS NOT NULL"
EVENTS = "SELECT DISTINCT event FROM marketing_trace_event"
CAMPAIGNS = """
    SELECT c.name, c.state, count(t.id) FILTER (WHERE t.state = 'processed') > 20
      FROM marketing_campaign c LEFT JOIN marketing_trace t ON t.campaign_id = c.id GROUP BY c.id
"""
WEEKS = "SELECT count(DISTINCT date_trunc('week', done_date)) FROM marketing_trace"
OVERDUE = (
    "SELECT 1 FROM marketing_trace WHERE state = 'scheduled' AND schedule_date <= %s::timestamptz AT TIME ZONE 'UTC'"
)
FUTURE = "SELECT 1 FROM marketing_trace WHERE greatest(done_date, create_date) > now() AT TIME ZONE 'UTC'"
RIGHTS = """
    SELECT d.module || '.' || d.name FROM res_users u JOIN res_groups_users_rel r ON r.uid = u.id
      JOIN ir_model_data d ON d.model = 'res.groups' AND d.res_id = r.gid WHERE u.login = %s
"""
GREETED = "SELECT 1 FROM res_users WHERE login = %s AND odoobot_state IS DISTINCT FROM 'disabled'"
LEFT_OVER = "SELECT 1 FROM mail_mail WHERE state = 'outgoing' AND marketing_trace_id IS NOT NULL"


@pytest.mark.parametrize("login", demo_database.GROUPS)
def test_its_users_have_the_rights_they_are_said_to_have(demo, login):
    """… and no other: what the screens show is what a colleague sees whom an administrator gave this app."""
    assert {group for (group,) in demo(RIGHTS, login)} == set(demo_database.GROUPS[login])


@pytest.mark.parametrize("login", demo_database.GROUPS)
def test_nothing_lies_over_what_its_users_came_for(demo, login):
    """OdooBot's introduction, which fills a phone's screen."""
    assert not demo(GREETED, login)


@pytest.fixture
def demo(lived_demo):
    """A function that queries the database which bin/run makes."""
    space, name, _moment = lived_demo
    return lambda query, *values: space.databases.query(name, query, *values)


def test_the_demo_has_lived(demo, lived_demo):
    _space, _name, moment = lived_demo
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
    assert not demo(OVERDUE, moment)
    assert not demo(FUTURE)
    assert not demo(LEFT_OVER)
