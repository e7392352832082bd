"""Workers of a campaign of emails, text messages and actions are killed; what is due happens, and happens once.

The end is that of the reference: an email that was sent is opened, and each step below it has run once; one of which
nobody knows whether it was sent says so, is never sent again by itself, and nothing below it runs.

- MARKETING_KILLS: how often workers are killed at each point (1)
- MARKETING_RANDOM_KILLS: how many are killed at random moments (3)
- MARKETING_CRASHES: how often PostgreSQL itself ends as by a power cut, and comes back, while they work (1)

`bin/test --chaos` sets them to what a full run takes.
"""

import json
import os
import random
import select
import signal
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest
from chaos_process import GONE, POINTS
from company import MAIL_CRON, SMS_CRON, make_action, model_of
from counted import counter_differences

from tools.forked import forked
from tools.paths import ODOO_CONF

SCRIPT = Path(__file__).with_name("chaos_process.py")
KILLS = int(os.environ.get("MARKETING_KILLS", 1))
RANDOM_KILLS = int(os.environ.get("MARKETING_RANDOM_KILLS", 3))
CRASHES = int(os.environ.get("MARKETING_CRASHES", 1))
WORKERS = 3
SENDING_LANES = 2
NEWCOMERS = 15  # of each round
LATEST_HIT = 4
TRIES = 8  # rounds in which a point may be missed, because others did the work
PATIENCE = 120  # seconds
REFUSED, DROPPED, HELD = "refused", "dropped", "held"  # how the mail server treats an address that begins so

CONTACTS = """
INSERT INTO res_partner (name, complete_name, email, email_normalized, phone, phone_sanitized, active, type, lang,
                         is_company, partner_share, color, create_uid, write_uid, create_date, write_date)
SELECT who, who, email, email, n, n, TRUE, 'contact', 'en_US',
       FALSE, TRUE, 0, 1, 1, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
  FROM (SELECT who, who || '@' || who || '.people.example.com' AS email, n
          FROM (SELECT '+3247' || lpad(i::text, 7, '0') AS n,
                       CASE i %% 15 WHEN 3 THEN 'held' WHEN 7 THEN 'refused' WHEN 11 THEN 'dropped' WHEN 13 THEN 'gone'
                       ELSE 'p' END || i AS who
                  FROM generate_series(%s, %s) AS i) AS number) AS p
"""
# the mails of some wait until people have done something: see DUE_MAILS of chaos_process.py
PUT_OFF = """
CREATE FUNCTION put_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM marketing_trace t JOIN res_partner c ON c.id = t.res_id
                WHERE t.id = NEW.marketing_trace_id AND c.email LIKE 'gone%%') THEN
        NEW.scheduled_date := now() AT TIME ZONE 'UTC' + interval '1 hour';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER put_off BEFORE INSERT ON mail_mail FOR EACH ROW EXECUTE FUNCTION put_off()
"""
TRIGGERS = """
INSERT INTO ir_cron_trigger (cron_id, call_at)
SELECT id, now() AT TIME ZONE 'UTC' FROM ir_cron WHERE active
"""
ONLY_OURS = """
UPDATE ir_cron SET nextcall = now() + interval '10 years',
       active = active AND (cron_name LIKE 'Marketing Automation%%' OR id IN (
           SELECT res_id FROM ir_model_data WHERE model = 'ir.cron' AND name LIKE ANY(%s)))
"""
LEFT = """
SELECT (SELECT count(*) FROM marketing_trace WHERE state = 'scheduled')
     + (SELECT count(*) FROM marketing_trace_event WHERE consumed IS NOT TRUE)
     + (SELECT count(*) FROM mail_mail WHERE state = 'outgoing' OR marketing_handover)
     + (SELECT count(*) FROM sms_sms WHERE state = 'outgoing' AND NOT to_delete OR marketing_handover)
"""
STORIES = """
SELECT c.email, string_agg(a.name || ' ' || t.state || COALESCE(' ' || t.end_code, ''), ', ' ORDER BY a.sequence), c.ref
  FROM res_partner c LEFT JOIN marketing_participant p ON p.res_id = c.id
  LEFT JOIN marketing_trace t ON t.participant_id = p.id LEFT JOIN marketing_activity a ON a.id = t.activity_id
 WHERE c.email LIKE '%%.people.example.com' GROUP BY c.id
"""
SENT = "Email processed, Opened processed, Text processed, After processed, Await processed"
UNKNOWN_TEXT = SENT.replace("Text processed", "Text error sms_unknown")
UNKNOWN, NOT_SENT = "Email error mail_handover", "Email error refused"
WITHDRAWN = "Email canceled mail_bl"


@pytest.fixture
def campaign(own_postgres, company, smtp_sink):
    """A company whose campaign runs in three lanes, whose emails go by two, and in which nothing else ever does."""
    rpc, marketer = company.rpc, company.marketer
    model = model_of(rpc, "res.partner")
    number = marketer(
        "marketing.campaign",
        "create",
        {"name": "Chaos", "model_id": model, "domain": repr([("email", "like", ".people.example.com")])},
    )
    kinds = {
        "mail": {"body_html": "<p>Hello</p>", "email_from": "us@company.example.com"},
        "sms": {"body_plaintext": "Hi"},
    }
    email, sms = (
        marketer(
            "mailing.mailing",
            "create",
            {
                "subject": kind,
                "mailing_type": kind,
                "mailing_model_id": model,
                "use_in_marketing_automation": True,
                **content,
            },
        )
        for kind, content in kinds.items()
    )
    action = make_action(company, "Touch")
    begin = {"campaign_id": number, "interval_number": 0, "interval_type": "hours"}

    def add(name, sequence, **values):
        return marketer("marketing.activity", "create", {**begin, "name": name, "sequence": sequence, **values})

    first = add("Email", 1, activity_type="email", mass_mailing_id=email, trigger_type="begin")
    below = {"parent_id": first, "trigger_type": "activity"}
    add("Opened", 2, activity_type="action", server_action_id=action, parent_id=first, trigger_type="mail_open")
    add("Text", 3, activity_type="sms", mass_mailing_id=sms, **below)
    add("After", 4, activity_type="action", server_action_id=action, **below)
    add("Await", 5, activity_type="wait", wait_type="event", wait_event="open", **below)
    marketer("marketing.campaign", "action_start_campaign", [number])
    lanes = {"marketing_automation_lanes": WORKERS, "marketing_automation_sending_lanes": SENDING_LANES}
    settings = rpc("res.config.settings", "create", lanes)
    rpc("res.config.settings", "execute", [settings])
    for key, seconds in (("patience", "0.2"), ("limit", "1")):
        rpc("ir.config_parameter", "set_param", f"marketing_automation.mail_answer_{key}", seconds)
    company.query("DELETE FROM ir_cron_trigger")
    queues = [f"%{xmlid.split('.')[1]}" for xmlid in (MAIL_CRON, SMS_CRON)]
    company.query(ONLY_OURS, queues)
    company.stop()
    company.query(PUT_OFF)
    smtp_sink.treat_as(REFUSED, DROPPED, HELD)
    return company


@pytest.fixture
def nursery(campaign, smtp_sink, tmp_path):
    """A Nursery for the campaign's database."""
    with running_nursery(campaign.database, smtp_sink.port, tmp_path) as nursery:
        yield nursery


@contextmanager
def running_nursery(database, smtp_port, folder):
    """Give a Nursery for a database, whose workers write what goes wrong into a folder."""
    command = [SCRIPT, ODOO_CONF, database, smtp_port]
    errors = folder / "workers.log"
    with (
        errors.open("wb") as log,
        forked(command, stdin=PIPE, stdout=PIPE, stderr=log) as process,
    ):
        nursery = Nursery(process, errors)
        nursery.read()
        yield nursery


class Nursery:
    """The process that forks workers; see chaos_process.py."""

    def __init__(self, process, errors):
        self._process = process
        self._errors = errors

    def begin(self, **order):
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def read(self):
        readable, _writable, _broken = select.select([self._process.stdout], [], [], PATIENCE)
        assert readable, "the workers do not end"
        line = self._process.stdout.readline()
        assert line, self._errors.read_text()
        return line

    def end(self):
        """:return: how many of the workers were killed"""
        codes = json.loads(self.read())
        assert set(codes) <= {0, -signal.SIGKILL}, self._errors.read_text()
        return codes.count(-signal.SIGKILL)


class Rounds:
    """Each brings new contacts, and workers that work on what is due."""

    def __init__(self, server, nursery):
        self._server = server
        self._nursery = nursery
        self.people = 0

    def run(self, crash=None, delay=None, **order):
        """Let workers work, as ordered; or crash their PostgreSQL after a delay in seconds.

        :return: how many were killed
        """
        self._server.query(CONTACTS, self.people + 1, self.people + NEWCOMERS)
        self.people += NEWCOMERS
        self._server.query(TRIGGERS)
        self._nursery.begin(workers=WORKERS, **order)
        if crash:
            time.sleep(delay)
            crash()
        return self._nursery.end()

    def finish(self):
        """Work undisturbed until nothing is left.

        On a busy machine PostgreSQL notices late that a worker was killed, and holds meanwhile what that had locked: a
        scheduled action, so that the mails of all wait. So some rounds may do nothing.
        """
        left, in_vain = self._count_left(), 0
        while left and in_vain < TRIES:
            self._server.query(TRIGGERS)
            self._nursery.begin(workers=1)
            self._nursery.end()
            before, left = left, self._count_left()
            in_vain = in_vain + 1 if left == before else 0
        assert not left, sorted({(story, who[:2]) for who, story, _ref in self._server.query(STORIES)})

    def _count_left(self):
        [[left]] = self._server.query(LEFT)
        return left


def test_killed_at_every_point_and_at_random(campaign, nursery, own_postgres, smtp_sink, sms_sink):
    rounds, moments, reached = Rounds(campaign, nursery), random.Random(19), Counter()
    for point in POINTS:
        for _try in range(TRIES * KILLS):
            if reached[point] >= KILLS:
                break
            hit = moments.randint(1, LATEST_HIT) if KILLS > 1 else 1
            reached[point] += rounds.run(point=point, hit=hit)
        assert reached[point] >= KILLS, f"never killed {point}: {reached}"
        print(f"killed {point}: {reached[point]}", flush=True)
    killed = 0
    while killed < RANDOM_KILLS:
        killed += rounds.run(kill_after=moments.uniform(0.05, 2))
        print(f"killed at random: {killed}", end="\r", flush=True)
    for _crash in range(CRASHES):
        rounds.run(crash=own_postgres.cluster.crash, delay=moments.uniform(0.05, 2))
    rounds.finish()

    mails = Counter(str(message["To"]).split("<")[-1].strip(">") for message in smtp_sink.messages)
    texts = Counter(number for number in sms_sink.distinct_numbers())
    stories = campaign.query(STORIES)
    assert len(stories) == rounds.people
    found = Counter()
    for email, story, ref in stories:
        found[story] += 1
        if story == SENT:
            assert (mails[email], ref) == (1, "TT"), email
            assert not email.startswith(REFUSED), email
            assert not email.startswith(GONE), email
        elif story == UNKNOWN_TEXT:
            assert (mails[email], ref) == (1, "TT"), email
        elif story == WITHDRAWN:
            assert email.startswith(GONE), email
            assert (mails[email], ref) == (0, None), email
        elif story == UNKNOWN:
            assert mails[email] <= 1, email
            assert not ref, email
        else:
            assert story == NOT_SENT, (email, story)
            assert email.startswith(REFUSED)
            assert (mails[email], ref) == (0, None), email
    assert found[NOT_SENT] == sum(email.startswith(REFUSED) for email, _story, _ref in stories)
    assert found[WITHDRAWN] == sum(email.startswith(GONE) for email, _story, _ref in stories)
    assert found[UNKNOWN] <= sum(reached.values()) + killed + CRASHES + sum(
        email.startswith((DROPPED, HELD)) for email, _s, _r in stories
    )
    assert set(texts.values()) == {1}
    assert found[SENT] <= sum(texts.values()) <= found[SENT] + found[UNKNOWN_TEXT]
    print(f"\npoints: {dict(reached)}; at random: {killed}; crashes: {CRASHES}; stories: {dict(found)}")
    assert not counter_differences(campaign.query)
