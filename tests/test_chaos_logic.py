"""Workers are killed at each point of a workflow that thinks: everybody goes the whole way, and each step once.

So does who enters by an event, whoever is killed between that and the participant: the one who saved the record, or the
worker that takes it in. They may enter again, so that an event that counted twice would be seen.
"""

from collections import Counter

import pytest
from chaos_process import EVENT_POINTS, LOGIC_POINTS
from company import model_of
from counted import counter_differences
from real_odoo import MARKETER_GROUP
from test_chaos import ONLY_OURS, TRIES, TRIGGERS, WORKERS, Rounds, running_nursery

MARKETER, CONTACTS_GROUP = "contact_marketer", "base.group_partner_manager"
# Of three, one has paid before, one pays while they wait, one never does
PAY = "UPDATE res_partner SET ref = 'paid' WHERE email LIKE '%%.people.example.com' AND id %% 3 = 1"
EARLY = """
CREATE FUNCTION pay_early() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.email LIKE '%%.people.example.com' AND NEW.id %% 3 = 0 THEN NEW.ref := 'paid'; END IF; RETURN NEW;
END $$;
CREATE TRIGGER pay_early BEFORE INSERT ON res_partner FOR EACH ROW EXECUTE FUNCTION pay_early()
"""
# Five minutes, an hour and a day pass at once, for whom nothing is due: else a day's step could come before an End
LOOK = "UPDATE marketing_campaign SET wait_look_date = now() AT TIME ZONE 'UTC' WHERE wait_look_date IS NOT NULL"
HURRY = """
UPDATE marketing_trace t
   SET schedule_date = date_trunc('second', now() AT TIME ZONE 'UTC'),
       waiting_since = waiting_since - interval '2 hours'
  FROM res_partner p
 WHERE p.id = t.res_id AND t.state = 'scheduled' AND t.schedule_date > now() AT TIME ZONE 'UTC' + interval '1 minute'
   AND (t.waiting_since IS NULL OR p.id %% 3 = 2)
   AND NOT EXISTS (
       SELECT 1 FROM marketing_trace due
        WHERE due.participant_id = t.participant_id AND due.state = 'scheduled'
          AND due.schedule_date <= now() AT TIME ZONE 'UTC' + interval '1 minute')
"""
WAYS = """
SELECT c.id, c.color, p.state || COALESCE(' ' || p.end_code, ''),
       string_agg(a.name || ' ' || t.visit || ' ' || t.state || COALESCE(' ' || t.end_code, ''), ', '
                  ORDER BY t.visit, a.sequence)
  FROM res_partner c LEFT JOIN marketing_participant p ON p.res_id = c.id
  LEFT JOIN marketing_trace t ON t.participant_id = p.id LEFT JOIN marketing_activity a ON a.id = t.activity_id
 WHERE c.email LIKE '%%.people.example.com' GROUP BY c.id, c.color, p.state, p.end_code
"""
NEWCOMERS = """
SELECT c.email, c.color, array_agg(p.run || ' ' || p.state || ' ' || p.source)
  FROM res_partner c LEFT JOIN marketing_participant p ON p.res_id = c.id
 WHERE c.email LIKE '%%@newcomer.example.com' GROUP BY c.id
"""
ARRIVALS = 2  # of each worker
ROUND = "Count {0} processed, Wait {0} processed, Again {0} processed"
PAID = f"{ROUND.format(1)}, {ROUND.format(2)}"
LATE = "Count 1 processed, Wait 1 processed, Ask 1 processed, Split 1 processed"


@pytest.fixture
def campaign(own_postgres, company):
    """A running campaign in which people are counted, wait to pay, and go round once; or end, half of them."""
    company.make_user(MARKETER, "Mara Marketer", MARKETER_GROUP, CONTACTS_GROUP)

    def marketer(*args):
        return company.call_as(MARKETER, *args)

    domain = repr([("email", "like", ".people.example.com")])
    model = model_of(company.rpc, "res.partner")
    number = marketer("marketing.campaign", "create", {"name": "Logic", "model_id": model, "domain": domain})
    sequence = iter(range(1, 10))

    def add(name, kind, trigger="begin", parent=False, **values):
        values = {"interval_number": 0, "interval_type": "hours", "sequence": next(sequence), **values}
        values |= {"campaign_id": number, "name": name, "activity_type": kind}
        return marketer("marketing.activity", "create", {**values, "trigger_type": trigger, "parent_id": parent})

    one_more = {"update_field": "color", "update_operation": "increase", "update_value": 1}
    count = add("Count", "update", **one_more)
    paid = repr([("ref", "=", "paid")])
    wait = add("Wait", "wait", "activity", count, wait_domain=paid, wait_limit_number=1)
    add("Again", "jump", "wait_done", wait, jump_activity_id=count, jump_limit=1, interval_number=1)
    ask = add("Ask", "condition", "wait_timeout", wait, condition_domain=paid)
    split = add("Split", "split", "cond_no", ask, branch_ids=[(0, 0, {"name": name}) for name in ("More", "End")])
    [step] = marketer("marketing.activity", "read", [split], ["branch_ids"])
    more, end = step["branch_ids"]
    add("More", "update", "branch", split, branch_id=more, **one_more)
    add("Later", "update", "activity", split, interval_number=24, **one_more)
    add("End", "end", "branch", split, branch_id=end)
    marketer("marketing.campaign", "action_start_campaign", [number])
    _start_newcomers(marketer, model, one_more)
    company.query("DELETE FROM ir_cron_trigger")
    company.query(ONLY_OURS, [])
    company.stop()
    company.query(EARLY)
    return company


def _start_newcomers(marketer, model, step):
    """Start a campaign in which who is new is counted, and which they may enter as often as it is told of them."""
    values = {"name": "Newcomers", "model_id": model, "reentry": "after_end", "reentry_limit": 0}
    domain = repr([("email", "like", "@newcomer.example.com")])
    number = marketer("marketing.campaign", "create", {**values, "domain": domain})
    [found] = marketer("marketing.campaign", "read", [number], ["entry_ids"])
    marketer("marketing.entry", "write", found["entry_ids"], {"entry_type": "event", "event_kind": "created"})
    begin = {"activity_type": "update", "trigger_type": "begin", "interval_number": 0, "interval_type": "hours"}
    marketer("marketing.activity", "create", {**begin, "campaign_id": number, "name": "Welcome", **step})
    marketer("marketing.campaign", "action_start_campaign", [number])


def test_killed_at_every_point_of_logic(campaign, smtp_sink, tmp_path):
    with running_nursery(campaign.database, smtp_sink.port, tmp_path) as nursery:
        rounds, reached = Rounds(campaign, nursery), Counter()
        for point in LOGIC_POINTS:
            for _try in range(TRIES):
                if reached[point]:
                    break
                reached[point] += rounds.run(point=point, hit=1)
                _pass_time(campaign)
            assert reached[point], f"never killed when {point}: {reached}"
        arrived = 0
        for point in EVENT_POINTS:
            for _try in range(TRIES):
                if reached[point]:
                    break
                reached[point] += rounds.run(point=point, hit=1, arrivals=ARRIVALS)
                arrived += WORKERS * ARRIVALS
            assert reached[point], f"never killed when {point}: {reached}"
        for _round in range(6):
            _pass_time(campaign)
            campaign.query(TRIGGERS)
            nursery.begin(workers=1)
            nursery.end()

    found = Counter()
    ways = campaign.query(WAYS)
    assert len(ways) == rounds.people
    for number, color, state, way in ways:
        found[way] += 1
        if number % 3 < 2:
            assert (way, state, color) == (PAID, "completed", 2), number
        elif way == f"{LATE}, More 1 processed, Later 1 processed":
            assert (state, color) == ("completed", 3), number
        else:
            assert way == f"{LATE}, Later 1 canceled ended, End 1 processed", (number, way)
            assert (state, color) == ("completed ended", 1), number
    assert len(found) == 3, found
    newcomers = campaign.query(NEWCOMERS)
    assert len(newcomers) == arrived
    assert all((color, runs) == (1, ["1 completed event"]) for _email, color, runs in newcomers), newcomers
    assert not counter_differences(campaign.query)


def _pass_time(campaign):
    campaign.query(PAY)
    campaign.query(LOOK)
    campaign.query(HURRY)
