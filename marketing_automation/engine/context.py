"""What the engine hands on through the context, in types that no caller over RPC can make.

A context key alone proves nothing: whoever calls a method over RPC chooses the context.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

ACTION_KEY = "marketing_automation_action"
VISIT_KEY = "marketing_automation_visit"
CLICK_KEY = "marketing_automation_click"
LINK_KEY = "marketing_automation_link"
BATCH_KEY = "marketing_automation_batch"
TEST_KEY = "marketing_automation_test"
QUEUE_KEY = "marketing_automation_queue"
ROUNDS_KEY = "marketing_automation_rounds"
GATEWAY_KEY = "marketing_automation_gateway"
ALONE_KEY = "marketing_automation_alone"
COPY_KEY = "marketing_automation_copy"

WAKE_EVERY = 5  # seconds; a queue that sends for long does not keep what follows waiting


@dataclass(frozen=True)
class MessageBatch:
    """Traces whose messages are being composed.

    :param traces: the marketing.trace, with the rights and the context of the engine
    :param datetime now: the moment at which the engine works, UTC
    :param dict links: ids of the link.tracker that were looked up for this batch
    :param set left_out: takes the ids of the traces whose message is not made after all, and that know why
    """

    traces: Any
    now: datetime
    links: dict = field(default_factory=dict, compare=False)
    left_out: set = field(default_factory=set, compare=False)

    @cached_property
    def trace_by_res_id(self):
        return {trace.res_id: trace.id for trace in self.traces}

    @property
    def made(self):
        """The traces whose messages are made, or why they are not is told by their message."""
        return self.traces.filtered(lambda trace: trace.id not in self.left_out) if self.left_out else self.traces

    def confirm_places(self, addresses, going):
        """Have the messages take their places at the addresses to which they really go.

        :param dict addresses: normalized, by the record's id
        :param set going: ids of the records to which messages are to be sent
        :return: the ids of the records to which none is to be made
        """
        by_record = self.trace_by_res_id
        traces = self.traces.filtered(lambda trace: trace.res_id in addresses)
        refused = traces._confirm_places(
            {by_record[res_id]: address for res_id, address in addresses.items()},
            {by_record[res_id] for res_id in going},
            self.now,
        )
        self.left_out.update(refused.ids)
        return set(refused.mapped("res_id"))


@dataclass(eq=False)
class FollowedLink:
    """The link of a click that is being recorded.

    :param link_id: of link.tracker, once it is known
    """

    link_id: int | None = None


@dataclass(frozen=True)
class ActionRun:
    """A server action that runs for a participant.

    :param bool as_addon: whether it is an addon's own code, which needs no right of the
        campaign's user
    :param bool is_test: whether the participant is a test's
    :param str model_name: the target
    :param tuple res_ids: the records of the participants that are read together
    """

    as_addon: bool = False
    is_test: bool = False
    model_name: str = ""
    res_ids: tuple = ()

    @cached_property
    def _batch(self):
        return frozenset(self.res_ids)

    def is_of_batch(self, records):
        """Tell whether this is the record of a participant, alone, which others are read with."""
        return records._name == self.model_name and len(records) == 1 and records.id in self._batch


@dataclass(eq=False)
class LoneRun:
    """A server action that runs for one participant, in a transaction of its own.

    :param bool opened: whether it may leave the transaction: send, call out, commit
    :param set passed: by which doors it has left, see ``engine/doors.py``
    """

    opened: bool = True
    passed: set = field(default_factory=set)


@dataclass(frozen=True)
class StepCopy:
    """A step that is copied as it is: whether its user may do what it does is asked when the campaign starts."""


@dataclass(frozen=True)
class ConfirmedClick:
    """A click that a person's browser has confirmed.

    :param str address: from where (IP)
    """

    address: str


@dataclass(frozen=True)
class Visit:
    """Who fetches a picture or follows a link of a message.

    :param str method: of HTTP
    :param str agent: as what it announces itself
    :param str address: from where (IP)
    """

    method: str
    agent: str
    address: str


@dataclass(frozen=True)
class Gateway:
    """What a mail server tells about messages: it accepts or refuses one, or brings an answer or a bounce.

    :param bool is_ignored: whether nothing of it counts: a machine wrote the mail, or who brings it is no gateway
    :param judgement: what the mail is (see ``mail_reports``); None where it is no incoming mail
    """

    is_ignored: bool = False
    judgement: Any = None


@dataclass(frozen=True)
class TestRun:
    """A test that a user runs.

    :param int uid: the user with whose rights the steps run
    """

    uid: int


@dataclass(eq=False)
class QueueRun:
    """Mails that the queue sends one by one by one mail server: what can be done for many of them at once.

    :param int server_id: of the ir.mail_server, or None
    :param mails: mail.mail, none of them, in the environment in which they are sent
    :param lines: the MailLines by which they go out
    :param dict options: for Odoo's _send
    :param list sent_ids: ids of the mail.mail that were sent, to be deleted together
    :param float woken: when the engine was last woken for them, by the monotonic clock
    :param bool has_news: whether something happened since
    :param mail: the mail.mail that is being sent
    :param dict moulds: of messages, by what they have in common
    :param bool has_told_others: whether the log has told for whose sake there are none
    :param dict parcels: what mails send that are not to be built by Odoo, by the id of the mail.mail
    :param dict envelopes: senders of messages, by what they have in common
    :param dict shared: what the mails that were read together have in common
    :param posted: the mail.mail whose parcel is on its way, and that is not marked yet
    :param accepted: the parcel that a mail server has just accepted, which the database does not know yet
    :param list to_follow: parcels that were accepted, of which nobody was told
    """

    server_id: int | None = None
    mails: Any = None
    lines: Any = None
    options: dict = field(default_factory=dict)
    sent_ids: list = field(default_factory=list)
    woken: float = 0
    has_news: bool = False
    mail: Any = None
    moulds: dict = field(default_factory=dict)
    has_told_others: bool = False
    parcels: dict = field(default_factory=dict)
    envelopes: dict = field(default_factory=dict)
    shared: dict = field(default_factory=dict)
    posted: Any = None
    accepted: Any = None
    to_follow: list = field(default_factory=list)

    def is_time_to_follow(self):
        """Tell whether those that were accepted are not to wait for more of them."""
        return bool(self.to_follow or self.accepted) and (not self.woken or time.monotonic() - self.woken >= WAKE_EVERY)

    def is_time_to_wake(self):
        """Tell whether the engine is to be woken for the mail that was just sent; the next ones wait their turn."""
        now = time.monotonic()
        self.has_news = bool(self.woken) and now - self.woken < WAKE_EVERY
        if not self.has_news:
            self.woken = now
        return not self.has_news


@dataclass(eq=False)
class QueueRounds:
    """A run of Odoo's queue, or of a lane, which goes on while mail servers owe answers.

    :param stack: a contextlib.ExitStack of what is done at its end
    :param bool is_lane: whether it is one of a lane of campaigns' emails, which sends no others
    :param runs: QueueRun by mail server and sender
    :param take: a function of a domain that has Odoo's queue send what is due; None if nothing new is to be sent
    :param set claimed: ids of the mail.mail that nobody else sends meanwhile
    :param dict slots: of mail servers that take so many connections at once, by the id of the ir.mail_server
    :param list connections: the ids of such servers, each with a connection that was made with it
    :param set left_servers: the ids of those of them that have none left for these rounds
    :param float turn_until: when mails of other servers have their turn, by the monotonic clock; None where none do
    :param set shares: ids of the mail.mail that a mail server in its warm-up gets in this hour
    :param set seen: ids of the mail.mail that had their turn, or are in one of the runs
    :param float until: when mails of campaigns that are new wait for the next run, by the monotonic clock
    :param float looked: when it last looked for new mails, by the monotonic clock
    :param bool put_off: whether mails wait until an answer makes a connection free
    """

    stack: Any
    is_lane: bool = False
    runs: dict = field(default_factory=dict)
    take: Any = None
    claimed: set = field(default_factory=set)
    slots: dict = field(default_factory=dict)
    connections: list = field(default_factory=list)
    left_servers: set = field(default_factory=set)
    turn_until: float | None = None
    shares: set = field(default_factory=set)
    seen: set = field(default_factory=set)
    until: float | None = None
    looked: float = field(default_factory=time.monotonic)
    put_off: bool = False

    def get_lines(self):
        return [run.lines for run in self.runs.values()]

    def get_aside(self):
        """Return the mails whose answers are waited for."""
        return [aside for lines in self.get_lines() for aside in lines.aside]

    def is_waiting_for(self, mail_server_id):
        """Tell whether a mail server owes an answer; an id that is false is that of Odoo's configuration file."""
        return any(run.lines.aside and run.server_id == (mail_server_id or None) for run in self.runs.values())

    def get_connections(self, server_id):
        """Return the connections with a mail server that are open."""
        self.connections = [(number, one) for number, one in self.connections if getattr(one, "sock", None)]
        return [one for number, one in self.connections if number == server_id]

    def is_anybody_left(self):
        """Tell whether mails wait for their turn only, and not for an answer."""
        return not self.is_time_up() and any(lines.queue and lines.may_go_on() for lines in self.get_lines())

    def begin_turn(self):
        self.turn_until = time.monotonic() + WAKE_EVERY if self.is_lane else None

    def is_turn_over(self):
        return self.turn_until is not None and time.monotonic() >= self.turn_until

    def is_time_up(self):
        return self.until is not None and time.monotonic() >= self.until


def _handed_on(env, key, kind):
    """Return what the context of an environment has under a key, where it is of the type that the engine puts there."""
    found = env.context.get(key)
    return found if isinstance(found, kind) else None


def action_run(env):
    """Return the ActionRun for which this environment executes a server action, or None."""
    return _handed_on(env, ACTION_KEY, ActionRun)


def click_source(env):
    """Return in words where a click that is being recorded comes from."""
    click = env.context.get(CLICK_KEY)
    return f"confirmed from {click.address}" if isinstance(click, ConfirmedClick) else "link"


def followed_link(env):
    """Return the FollowedLink of the click that is being recorded, or None."""
    return _handed_on(env, LINK_KEY, FollowedLink)


def visit(env):
    """Return the Visit that this environment serves, or None."""
    return _handed_on(env, VISIT_KEY, Visit)


def gateway(env):
    """Return the Gateway that this environment works for, or None."""
    return _handed_on(env, GATEWAY_KEY, Gateway)


def may_record_events(env):
    """Tell whether this environment may say what happened to a campaign's message.

    The engine, the public routes and the providers' webhooks work as superuser, which no caller over RPC is; mail
    gateways and the queue work as any user.
    """
    return bool(env.su or gateway(env) or message_batch(env))


def lone_run(env):
    """Return the LoneRun for which this environment executes, or None."""
    return _handed_on(env, ALONE_KEY, LoneRun)


def message_batch(env):
    """Return the MessageBatch for which this environment composes, or None."""
    return _handed_on(env, BATCH_KEY, MessageBatch)


def queue_run(env):
    """Return the QueueRun for which this environment sends mails, or None."""
    return _handed_on(env, QUEUE_KEY, QueueRun)


def queue_rounds(env):
    """Return the QueueRounds of the queue that this environment sends for, or None."""
    return _handed_on(env, ROUNDS_KEY, QueueRounds)


def step_copy(env):
    """Return the StepCopy for which this environment makes an activity, or None."""
    return _handed_on(env, COPY_KEY, StepCopy)


def test_run(env):
    """Return the TestRun that this environment is of, or None."""
    return _handed_on(env, TEST_KEY, TestRun)
