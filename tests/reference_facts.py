"""What the reference model knows: steps, records, what was executed and what happened, and how long a wait is.

All datetimes are naive UTC.
"""

import calendar
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

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
BRANCHES |= {"cond_yes": "yes", "cond_no": "no", "wait_done": "done", "wait_timeout": "timeout"}
# a click on a link is called by what the link is: its address and its text
LINKS = {
    "click offer": ("https://shop.example.com/Offer_1", "See what we have"),
    "click news": ("https://shop.example.com/all", "The NEWS"),
}
CLICKS = {"click", *LINKS}
NEGATIVE = {"mail_not_open": "open", "mail_not_reply": "reply", "mail_not_click": "click"}
LASTING = {"mail_bounce", "mail_complaint", "mail_unsubscribe"}  # what is awaited also of a message that is over
IMPLIED_BY = {
    "open": {"open", "reply", *CLICKS},
    "click": CLICKS,
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
# … or the participant or the campaign ended while the message waited, or its new address got the step already
WITHDRAWALS = {*BLOCKS, "mail_withdrawn", "mail_dup"}
EXECUTED = {"processed", "error"}
PLAIN = ("update", "assign", "list", "notify", "task")  # kinds of steps that do something with the record


@dataclass(frozen=True)
class Step:
    """One activity of the workflow."""

    key: str
    parent: str | None
    kind: str  # "email", "action", "condition", "wait", "choice", "back", "jump", "split", "end" or one of PLAIN
    trigger: str  # begin, activity, or one of POSITIVE and NEGATIVE
    number: int
    unit: str  # hours, days, weeks, months
    expiry: tuple[int, str] | None  # "Cancel after"
    colors: frozenset | None  # the activity's own filter, None: everybody
    bounces: str = "any"  # of a trigger about a bounce: which of them, any, hard or soft
    link: str | None = None  # of a trigger about a click: on which link
    yes: frozenset | None = frozenset({0})  # the colors for which a choice chooses "yes"; None: all
    lines: tuple = ()  # what a condition asks of who comes to it, besides the color
    is_any: bool = False  # whether one of these lines is enough
    wait: "Wait | None" = None
    sets: int = 0  # the color that an update gives a record; whether a list step takes off
    to: str | None = None  # where a way back leads
    limit: int = 1  # … and how often one participant may go it; 0: without end
    weights: tuple = (1, 1)  # of the branches of a split

    def __post_init__(self):
        # what is about another trigger says nothing
        if self.trigger not in ("mail_click", "mail_not_click"):
            object.__setattr__(self, "link", None)
        if self.trigger != "mail_bounce":
            object.__setattr__(self, "bounces", "any")

    @property
    def timing(self):
        return self.trigger, self.bounces, self.link, self.number, self.unit, self.expiry


@dataclass(frozen=True)
class Wait:
    """For what somebody waits at a step, and how long at most."""

    kind: str  # domain, date, weekday, event
    limit: tuple[int, str] | None  # None: without end
    colors: frozenset = frozenset({0})  # of a record that need not wait
    event: str = "open"
    offset: tuple[int, str] = (0, "days")  # from the date of the record: below 0 before it
    weekday: int = 0
    time: float = 9.0  # hours, of a day of the week and of a date

    def end(self, since, tz):
        """When it is over in any case."""
        return self.limit and add_interval(since, *self.limit, tz)

    def moment(self, record, since, tz):
        """When it is fulfilled, where a clock tells that."""
        if self.kind == "date" and record.renewal:
            return add_interval(self._clock(record.renewal, tz), *self.offset, tz)
        if self.kind == "weekday":
            first = to_local(since, tz).date()
            days = [first + timedelta(days=number) for number in range(9)]
            moments = [self._clock(day, tz) for day in days if day.weekday() == self.weekday]
            return min(moment for moment in moments if moment > since)
        return None

    def _clock(self, day, tz):
        return to_utc(datetime(day.year, day.month, day.day) + timedelta(hours=self.time), tz)


@dataclass(frozen=True)
class Line:
    """What somebody did, or did not do, with messages: one line of a condition."""

    did: bool
    event: str  # sent, open, click, reply, bounce
    link: str | None = None  # of a click: on a link that contains this
    step: str | None = None  # None: any message
    times: int = 1
    span: str = "ever"  # ever, run, days
    days: int | None = None
    anywhere: bool = False  # of any campaign


def is_on_link(link, event):
    """Is this event a click on a link of a step or a line: its whole address after "=", or what it contains?"""
    if event not in LINKS:
        return False
    if link.startswith("="):
        return LINKS[event][0] == link[1:]
    return any(link.lower() in text.lower() for text in LINKS[event])


@dataclass(frozen=True)
class Goal:
    """What a campaign is for, and who leaves it. Its window after the end is longer than any story.

    :param colors: of records that have reached it; None: it asks nothing of the record
    :param lines: what participants have done with messages who have reached it
    :param bool is_any: whether one of these lines is enough
    :param bool leave: whether who reaches it has finished
    :param colors exits: of records whose participants leave; None: nobody's
    """

    colors: frozenset | None = None
    lines: tuple = ()
    is_any: bool = False
    leave: bool = True
    exits: frozenset | None = None

    @property
    def is_set(self):
        return self.colors is not None or bool(self.lines)


@dataclass(frozen=True)
class Plan:
    """A workflow as somebody edits it; a campaign follows the one of the last Start or Update."""

    steps: tuple[Step, ...]
    colors: frozenset | None  # the campaign's filter
    leave: bool  # leave_on_mismatch
    named: int = 0  # which tag, or list, the campaign's filter names
    goal: Goal = Goal()


@dataclass
class Record:
    """A record of the target."""

    id: str
    color: int
    email: str | None  # None: missing
    opted_out: bool = False
    renewal: date | None = None  # which a step may wait for
    is_assigned: bool = False  # whether somebody is responsible
    tasks: list = field(default_factory=list)  # which steps planned an activity, as often as they did
    told: list = field(default_factory=list)  # which steps told a colleague of it, likewise

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
    due: datetime | None = None  # None: nothing ends its wait
    since: datetime | None = None  # when the participant began to wait here
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
    def waits(self):
        """Does the participant wait at the step? Then it has come to it."""
        return self.state == "scheduled" and self.since is not None

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
    goal: bool = False  # whether it has reached the goal
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

    local = to_local(when, tz)
    if unit == "months":
        years, month = divmod(local.month - 1 + number, 12)
        last = calendar.monthrange(local.year + years, month + 1)[1]
        local = local.replace(year=local.year + years, month=month + 1, day=min(local.day, last))
    else:
        local += timedelta(days=number * {"days": 1, "weeks": 7}[unit])
    return to_utc(local, tz)


def to_local(utc, tz):
    """Return what the clocks show."""
    return pytz.utc.localize(utc).astimezone(tz).replace(tzinfo=None)


def to_utc(local, tz):
    """A local time that exists twice is its first occurrence; one that does not exist moves forward over the gap."""
    # the offsets in force well before and well after; what does not exist is read with the one before the gap
    before, after = (to_local(moment, tz) - moment for moment in (local - timedelta(days=1), local + timedelta(days=1)))
    return min((utc for utc in (local - before, local - after) if to_local(utc, tz) == local), default=local - before)
