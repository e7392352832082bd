"""Workers that run what Odoo's cron workers run, each a process of its own that is killed, or kills itself at a point.

    python tests/chaos_process.py CONFIG DATABASE SMTP_PORT

It loads Odoo once and says "ready". Each line on its standard input, a JSON object, has it fork workers, as Odoo's own
server does; it answers with how each of them ended (a signal as a negative number):

- ``workers``: how many
- ``arrivals``: how many contacts each saves before it works, as somebody would, in one transaction; by default none
- ``point``, ``hit``: where each kills itself (SIGKILL): when it comes there for the hit-th time; by default nowhere
- ``kill_after``: after how many seconds all are killed; by default they work until nothing is left to do

They go on when PostgreSQL went away and came back, as Odoo's own workers do.
"""

import itertools
import json
import os
import pydoc
import signal
import sys
import time
import traceback
from contextlib import suppress
from functools import wraps

import psycopg2
from real_odoo import postgres_options

from odoo import api
from odoo.exceptions import ValidationError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.sql_db import Cursor, close_all
from odoo.tools import config

from odoo.addons.base.models.ir_cron import IrCron

GONE = "gone"  # how the addresses begin of people who are blocklisted while their mail waits
ROUNDS = 12  # more than a campaign of this depth ever needs
RECONNECT = 0.2  # seconds between two tries to reach a PostgreSQL that went away
TO_COME = """
UPDATE ir_cron_trigger t SET call_at = now() AT TIME ZONE 'UTC' FROM ir_cron c
 WHERE c.id = t.cron_id AND c.active AND call_at < now() AT TIME ZONE 'UTC' + interval '2 minutes'
"""
DUE_MAILS = f"""
UPDATE mail_mail m SET scheduled_date = NULL WHERE state = 'outgoing' AND scheduled_date IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM mailing_trace t
                    WHERE t.mail_mail_id = m.id AND t.email LIKE '{GONE}%'
                      AND NOT EXISTS (SELECT 1 FROM mail_blacklist b WHERE b.email = t.email AND b.active))
"""
MODELS = "odoo.addons.marketing_automation.models"  # found once a registry is there
# Whose method, which, and when: before or after it has done its work
POINTS = {
    "before a commit": (Cursor, "commit", "before"),
    "after a commit": (Cursor, "commit", "after"),
    "enrolled": ("marketing.campaign", "_insert_participants", "after"),
    "claimed": ("marketing.trace", "_claim", "after"),
    "before emails are made": ("mail.compose.message", "_action_send_mail", "before"),
    "emails made": ("mail.compose.message", "_action_send_mail", "after"),
    "in an action": ("ir.actions.server", "run", "after"),
    "text messages made": ("sms.composer", "_action_send_sms", "after"),
    "before the text messages' request": ("odoo.addons.sms.tools.sms_api.SmsApi", "_send_sms_batch", "before"),
    "text messages accepted": ("odoo.addons.sms.tools.sms_api.SmsApi", "_send_sms_batch", "after"),
    "finished": ("marketing.trace", "_finish", "after"),
    "events consumed": ("marketing.trace", "_consume_events", "after"),
    "before the content": (f"{MODELS}.mail_queue.smtp_line.SmtpLine", "_send_content", "before"),
    "content accepted": (f"{MODELS}.mail_queue.smtp_line.SmtpLine", "answer", "after"),
    "an answer is awaited aside": (f"{MODELS}.mail_queue.mail_lines.MailLines", "put_aside", "after"),
    "who waits is asked at once": ("marketing.trace", "_ask_waiting", "after"),
    "somebody's mail is cancelled": ("mail.mail", "_cancel_withdrawn", "after"),
    "withdrawn": ("mail.mail", "_withdraw", "after"),
    "the engine ends what was withdrawn or refused": ("marketing.trace", "_end_refused", "after"),
    "blocklisted": ("marketing.trace", "_end_blocked", "after"),
    "the first round of the queue is over": ("mail.mail", "_go_on", "before"),
    "a late answer is awaited": ("mail.mail", "_wait_for_answer", "after"),
    "what is new was taken meanwhile": ("mail.mail", "_take_new", "after"),
    "the rounds of the queue are over": ("mail.mail", "_go_on", "after"),
    "what was sent is deleted": ("mail.mail", "_delete_sent", "after"),
    "text messages looked at": ("sms.sms", "_withdraw", "after"),
    "no answer": ("mail.mail", "_end_unknown", "before"),
    "no answer noted": ("mail.mail", "_end_unknown", "after"),
    "a mail's turn is marked": ("mail.mail", "_write_marks", "after"),
    "before what follows is written": ("mail.mail", "_follow", "before"),
    "what follows is written": ("mail.mail", "_follow_accepted", "after"),
    "acceptance noted": ("mail.mail", "_postprocess_sent_message", "after"),
    "before a mail's commit": ("mail.mail", "_commit_and_remember", "before"),
    "after a mail's commit": ("mail.mail", "_commit_and_remember", "after"),
}
# … of steps that think, and of plain ones
LOGIC_POINTS = {
    "a field is set": ("marketing.activity", "_do_together", "after"),
    "they wait": ("marketing.trace", "_park", "after"),
    "who goes on is found": ("marketing.campaign", "_ask_who_match", "after"),
    "the next look is noted": ("marketing.campaign", "_note_look", "after"),
    "the wait is over": ("marketing.activity", "_execute_wait", "after"),
    "a way is chosen": ("marketing.activity", "_execute_condition", "after"),
    "a branch is drawn": ("marketing.activity", "_execute_split", "after"),
    "they go back": ("marketing.activity", "_execute_jump", "after"),
    "the next visit is numbered": ("marketing.trace", "_number_visits", "after"),
    "they have come to an end": ("marketing.participant", "_end", "after"),
    "the step that follows is there": ("marketing.trace", "_insert_traces", "after"),
}
ONCE = "the batch is undone"  # where one comes once for all of its traces
# … between what happens to a record and the participant that it becomes
EVENT_POINTS = {
    "what happened is saved": (Cursor, "commit", "after"),
    "who enters is known": ("marketing.campaign", "_find_who_enters", "after"),
    "they are inside": ("marketing.campaign", "_note_held_up", "after"),
    "what happened is done with": ("marketing.campaign", "_take_requests", "after"),
}
# … of an action that runs alone, since it leaves its transaction
LONE_POINTS = {
    ONCE: ("marketing.campaign", "_execute_alone", "before"),
    "marked": ("marketing.trace", "_mark", "after"),
    "the mark is committed": ("marketing.trace", "_lock_marked", "before"),
    "it has run": ("marketing.activity", "_execute", "after"),
    "its outcome is committed": ("marketing.campaign", "_run_marked", "after"),
}


def arm(registry, point, hit):
    owner, name, moment = {**POINTS, **LOGIC_POINTS, **EVENT_POINTS, **LONE_POINTS}[point]
    if isinstance(owner, str):
        owner = registry[owner] if owner in registry else pydoc.locate(owner)
    original = getattr(owner, name)
    calls = itertools.count(1)

    @wraps(original)
    def armed(*args, **kwargs):
        due = next(calls) == hit
        if due and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if due:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, armed)


def arrive(registry, number):
    """Save contacts, as somebody does; the addresses of all begin with this process's id."""
    with registry.cursor() as cr:
        addresses = [f"{os.getpid()}.{arrival}@newcomer.example.com" for arrival in range(number)]
        people = api.Environment(cr, api.SUPERUSER_ID, {})["res.partner"]
        people.create([{"name": address, "email": address} for address in addresses])


def work(registry, database):
    for _round in range(ROUNDS):
        try:
            if not work_once(registry, database):
                return
        except (psycopg2.DatabaseError, psycopg2.InterfaceError):
            time.sleep(RECONNECT)


def work_once(registry, database):
    IrCron._process_jobs(database)
    with registry.cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {})
        with suppress(ValidationError):  # another worker's people have blocklisted the same address, at once
            retrying(lambda: act(env), env)
        return retrying(lambda: hurry(env), env)


def hurry(env):
    """Have done at once what Odoo would do within the minute; return whether there is anything."""
    env.cr.execute(DUE_MAILS)
    env.cr.execute(TO_COME)
    return env.cr.rowcount


def act(env):
    """What people do: whoever got a message reads it, and some are blocklisted while theirs waits."""
    messages = env["mailing.trace"].search([("trace_type", "=", "mail"), ("trace_status", "in", ("outgoing", "sent"))])
    messages.filtered(lambda message: message.trace_status == "sent").set_opened()
    for email in messages.filtered(lambda message: message.trace_status == "outgoing").mapped("email"):
        if email.startswith(GONE):
            env["mail.blacklist"]._add(email)


def fork_worker(registry, database, point=None, hit=None, arrivals=0):
    """:return: the id of a process that works, and ends"""
    worker = os.fork()
    if worker:
        return worker
    code = 1
    try:
        if point:
            arm(registry, point, hit)
        if arrivals:
            arrive(registry, arrivals)
        work(registry, database)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def run_workers(registry, database, workers, kill_after=None, **armed):
    """:return: how each ended"""
    ids = [fork_worker(registry, database, **armed) for _number in range(workers)]
    if kill_after is not None:
        time.sleep(kill_after)
        for worker in ids:  # not waited for yet, so their ids are still theirs
            os.kill(worker, signal.SIGKILL)
    return [os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in ids]


def main(conf, database, smtp_port):
    options = ["--smtp", "127.0.0.1", "--smtp-port", smtp_port, "--log-level", "critical"]
    config.parse_config(["-c", conf, *postgres_options(), "-d", database, *options], setup_logging=True)
    registry = Registry(database)
    close_all()  # a connection is of one process alone
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(run_workers(registry, database, **json.loads(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
