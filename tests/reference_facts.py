"""What the reference model knows: steps, records, what was executed and what happened, and how long a wait is.

All datetimes are naive UTC.
"""

import calendar
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytz

POSITIVE = {
    "mail_open": "open",
    "mail_reply": "reply",
    "mail_click": "click",
    "mail_bounce": "bounce",
    "mail_complaint": "complaint",
    "mail_unsubscribe": "unsubscribe",
}
# what a step that chooses has to choose; of a split, the number of the branch
BRANCHES = {"choice_yes": "yes", "choice_no": "no", "branch_0": "0", "branch_1": "1"}
NEGATIVE = {"mail_not_open": "open", "mail_not_reply": "reply", "mail_not_click": "click"}
LASTING = {"mail_bounce", "mail_complaint", "mail_unsubscribe"}  # what is awaited also of a message that is over
IMPLIED_BY = {
    "open": {"open", "click", "reply"},
    "click": {"click"},
    "reply": {"reply"},
    "bounce": {"bounce", "soft bounce"},
    "complaint": {"complaint"},
    "unsubscribe": {"unsubscribe"},
}
# a bounce of which nobody said what it is, is a hard one
BOUNCES = {"any": {"bounce", "soft bounce"}, "hard": {"bounce"}, "soft": {"soft bounce"}}
# each shows that the mail server took the message, whoever opened it, and whoever answered
ACCEPTING = {"sent", *set().union(*IMPLIED_BY.values()), "machine open", "machine click", "automatic answer"}
BLOCKS = {"mail_bl", "mail_optout"}  # the address is blocklisted; the record opted out: to be lifted again
WITHDRAWALS = {*BLOCKS, "mail_withdrawn"}  # … or the participant or the campaign ended while the message waited
EXECUTED = {"processed", "error"}


@dataclass(frozen=True)
class Step:
    """One activity of the workflow."""

    key: str
    parent: str | None
    kind: str  # "email", "action", "choice", "back", "jump", "split" or "end"
    trigger: str  # begin, activity, or one of POSITIVE and NEGATIVE
    number: int
    unit: str  # hours, days, weeks, months
    expiry: tuple[int, str] | None  # "Cancel after"
    colors: frozenset | None  # the activity's own filter, None: everybody
    bounces: str = "any"  # of a trigger about a bounce: which of them, any, hard or soft
    yes: frozenset = frozenset({0})  # the colors for which a choice chooses "yes"
    to: str | None = None  # where a way back leads
    limit: int = 1  # … and how often one participant may go it
    weights: tuple = (1, 1)  # of the branches of a split

    @property
    def timing(self):
        return self.trigger, self.bounces, self.number, self.unit, self.expiry


@dataclass(frozen=True)
class Plan:
    """A workflow as somebody edits it; a campaign follows the one of the last Start or Update."""

    steps: tuple[Step, ...]
    colors: frozenset | None  # the campaign's filter
    leave: bool  # leave_on_mismatch
    named: int = 0  # which tag, or list, the campaign's filter names


@dataclass
class Record:
    """A record of the target."""

    id: str
    color: int
    email: str | None  # None: missing
    opted_out: bool = False

    @property
    def address(self):
        return (self.email or "").strip().lower()


@dataclass
class Trace:
    """One step for one participant."""

    key: str
    order: int  # of creation
    visit: int = 1  # how often the participant came to the step
    state: str = "scheduled"
    due: datetime | None = None
    code: str | None = None
    done: datetime | None = None  # executed
    sent: datetime | None = None  # accepted by the mail server
    branch: str | None = None  # what it has chosen
    gone: bool = False  # whether the participant went back from here
    address: str | None = None  # who the message was made for; None: there is no message
    asked_for: str | None = None  # the address of the last message, made or not
    reached: set = field(default_factory=set)  # addresses that got it by earlier attempts
    recorded: list = field(default_factory=list)  # (when, event) not consumed yet
    events: list = field(default_factory=list)  # (when, event) consumed

    @property
    def id(self):
        return visit_id(self.key, self.visit)

    @property
    def completion(self):
        """From when children count: the acceptance of a message, the execution of anything else."""
        return self.sent if self.address else self.done

    @property
    def addresses(self):
        """Who got it: of a message that a server refused, nobody did."""
        return self.reached | ({self.address} if self.address and (self.state != "error" or self.sent) else set())

    @property
    def has_reached(self):
        """Who got it, or may have, by what servers and the queue have said so far: the engine need not know yet."""
        told = {event for __, event in self.recorded}
        is_lost = self.state == "error" or bool(told & (WITHDRAWALS | {"failed"}))
        is_out = self.address and (self.sent or told & ACCEPTING or not is_lost)
        return self.reached | ({self.address} if is_out else set())

    @property
    def is_withdrawn(self):
        """Was it taken out of the queue, which is not known yet?"""
        return any(event in WITHDRAWALS for __, event in self.recorded)

    @property
    def waits_in_queue(self):
        told = ACCEPTING | WITHDRAWALS | {"failed"}  # it has left the queue, which is not known yet
        unsent = self.state == "processed" and self.address and not self.sent
        return bool(unsent) and not any(event in told for __, event in self.recorded)

    def first(self, events):
        """When one of these first happened."""
        return min((when for when, happened in self.events if happened in events), default=None)


@dataclass
class Participant:
    """One record engaged by the campaign."""

    rid: str
    enrolled: datetime
    state: str = "running"  # running, completed, unlinked
    left: str | None = None  # why it is unlinked, or has ended
    traces: dict = field(default_factory=dict)  # visit_id -> Trace

    @property
    def is_over(self):
        """Has it left, or come to an end? Nothing goes on for it then."""
        return self.left is not None


def visit_id(key, visit):
    """Return what a step is called in a visit: in the first as itself."""
    return key if visit == 1 else f"{key}#{visit}"


def step_of(trace_id):
    """Return the key of the step, and which visit it is."""
    key, _mark, visit = trace_id.partition("#")
    return key, int(visit or 1)


def add_interval(when, number, unit, tz):
    """Hours are exact, 0 is at once; days, weeks and months keep the wall-clock time in tz, and months clip."""
    if unit == "hours" or not number:
        return when + timedelta(hours=number)

    def to_local(utc):
        return pytz.utc.localize(utc).astimezone(tz).replace(tzinfo=None)

    local = to_local(when)
    if unit == "months":
        years, month = divmod(local.month - 1 + number, 12)
        last = calendar.monthrange(local.year + years, month + 1)[1]
        local = local.replace(year=local.year + years, month=month + 1, day=min(local.day, last))
    else:
        local += timedelta(days=number * {"days": 1, "weeks": 7}[unit])
    # the offsets in force well before and well after; a local time that exists twice is its first occurrence, one
    # that does not exist is read with the offset before the gap, which moves it forward over the gap
    before, after = (to_local(moment) - moment for moment in (local - timedelta(days=1), local + timedelta(days=1)))
    return min((utc for utc in (local - before, local - after) if to_local(utc) == local), default=local - before)
