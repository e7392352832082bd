"""Re-entry by several connections at once: a record has one passage inside, and none is numbered twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from test_real_campaign import make_campaign

CALLS = 8
PASSAGES = "SELECT run, state, is_past_run FROM marketing_participant WHERE res_id = %s ORDER BY run"


@pytest.fixture
def finished(quiet_server):
    """A running campaign through which both contacts went; gives the server, the campaign and one of them."""
    campaign, [ada, _ben] = make_campaign(quiet_server)
    quiet_server.marketer("marketing.campaign", "write", [campaign], {"reentry": "after_end"})
    quiet_server.marketer("marketing.campaign", "action_start_campaign", [campaign])
    quiet_server.query("UPDATE marketing_participant SET state = 'completed'")
    return quiet_server, campaign, ada


def _enroll_at_once(server, campaign, record):
    """:return: how many of the calls at once enrolled the record"""
    with ThreadPoolExecutor(CALLS) as threads:
        calls = [
            threads.submit(server.marketer, "marketing.campaign", "action_enroll", [campaign], [record])
            for _number in range(CALLS)
        ]
        return sum(bool(call.result()["enrolled"]) for call in calls)


def test_one_passage_inside(finished):
    server, campaign, ada = finished
    assert _enroll_at_once(server, campaign, ada) == 1
    assert server.query(PASSAGES, ada) == [(1, "completed", True), (2, "running", None)]
    server.marketer("marketing.campaign", "write", [campaign], {"reentry": "restart"})
    server.marketer("marketing.campaign", "action_update_participants", [campaign])
    entered = _enroll_at_once(server, campaign, ada)
    passages = server.query(PASSAGES, ada)
    assert entered >= 1
    assert [run for run, *_rest in passages] == list(range(1, 3 + entered))
    assert [(state, past) for _run, state, past in passages[1:]] == [("unlinked", True)] * entered + [("running", None)]
