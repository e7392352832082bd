"""A reference model of how a marketing campaign behaves: the specification (§2 Enrolment, §3) as plain Python.

No Odoo, no ORM. It favours being read over being fast: what can be derived is derived from the facts (what was
executed, which events are known) each time it is asked for. Property tests compare the engine with it.
All datetimes are naive UTC.
"""

import calendar
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytz

POSITIVE = {"mail_open": "open", "mail_reply": "reply", "mail_click": "click", "mail_bounce": "bounce"}
NEGATIVE = {"mail_not_open": "open", "mail_not_reply": "reply", "mail_not_click": "click"}
IMPLIED_BY = {"open": {"open", "click", "reply"}, "click": {"click"}, "reply": {"reply"}, "bounce": {"bounce"}}
ACCEPTING = {"sent", "open", "click", "reply", "bounce"}  # each shows that the mail server took the message
EXECUTED = {"processed", "error"}


@dataclass(frozen=True)
class Step:
    """One activity of the workflow."""

    key: str
    parent: str | None
    kind: str  # "email" or "action"
    trigger: str  # begin, activity, or one of POSITIVE and NEGATIVE
    number: int
    unit: str  # hours, days, weeks, months
    expiry: tuple[int, str] | None  # "Cancel after"
    colors: frozenset | None  # the activity's own filter, None: everybody

    @property
    def timing(self):
        return self.trigger, self.number, self.unit, self.expiry


@dataclass(frozen=True)
class Plan:
    """A workflow as somebody edits it; a campaign follows the one of the last Start or Update."""

    steps: tuple[Step, ...]
    colors: frozenset | None  # the campaign's filter
    leave: bool  # leave_on_mismatch


@dataclass
class Record:
    """A record of the target."""

    id: str
    color: int
    email: str | None  # None: missing
    blocked: bool = False


@dataclass
class Trace:
    """One step for one participant."""

    key: str
    order: int  # of creation
    state: str = "scheduled"
    due: datetime | None = None
    code: str | None = None
    done: datetime | None = None  # executed
    sent: datetime | None = None  # accepted by the mail server
    address: str | None = None  # who the message was made for; None: there is no message
    recorded: list = field(default_factory=list)  # (when, event) not consumed yet
    events: list = field(default_factory=list)  # (when, event) consumed

    @property
    def completion(self):
        """From when children count: the acceptance of a message, the execution of anything else."""
        return self.sent if self.address else self.done

    def first(self, event):
        """When the event, or one that implies it, first happened."""
        return min((when for when, happened in self.events if happened in IMPLIED_BY[event]), default=None)


@dataclass
class Participant:
    """One record engaged by the campaign."""

    rid: str
    enrolled: datetime
    state: str = "running"  # running, completed, unlinked
    left: str | None = None  # why it is unlinked
    traces: dict = field(default_factory=dict)  # step key -> Trace


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


class Campaign:
    """A campaign and the records it may reach."""

    def __init__(self, tz):
        self.tz = pytz.timezone(tz)
        self.records = {}  # the world, in the order of creation: the caller changes it
        self.plan = Plan((), None, True)
        self.running = False
        self.participants = {}  # rid -> Participant, in the order of enrolment
        self._broken = set()
        self._created = 0

    # ---- what people and crons do

    def start(self, now, plan):
        """Start, or start again after a stop: steps that come too late are skipped."""
        self.running = True
        self.update(now, plan, "skip")

    def stop(self, now):
        self.running = False

    def update(self, now, plan, late):
        """Follow the plan from now on; late ("skip" or "run") is the answer about what is past."""
        assert self.running and late in ("skip", "run")
        old, self.plan = self.plan, plan
        if set(old.steps) != set(plan.steps):
            for participant in self._inside():
                news = [trace for trace in participant.traces.values() if trace.recorded]
                for trace in news:  # what is recorded by now counts for what is new
                    self._learn(trace)
                self._migrate(participant, {step.key: step for step in old.steps}, now, late)
                for trace in news:
                    self._follow(participant, trace)
                self._refresh(participant, now)
        self.sync(now)

    def sync(self, now):
        """The periodic run: new records enrol, deleted and mismatching ones leave, those that match again return."""
        if not self.running:
            return
        present = list(self.participants.values())
        for rid in self.records:
            if rid not in self.participants and self._matches(rid):
                self._enrol(rid, now)
        for participant in present:
            rid = participant.rid
            if participant.state != "unlinked" and rid not in self.records:
                self._leave(participant, "record_deleted")
            elif participant.state == "running" and self.plan.leave and not self._matches(rid):
                self._leave(participant, "left_filter")
            elif participant.state == "unlinked" and participant.left == "left_filter" and self._matches(rid):
                self._return(participant, now)

    def execute(self, now):
        """An execution run: events first, then all that is due, in due order, and the children due at once."""
        if not self.running:
            return
        everything = [(part, trace) for part in self.participants.values() for trace in part.traces.values()]
        for participant, trace in sorted(everything, key=lambda pair: pair[1].order):
            if trace.recorded:
                self._consume(participant, trace)
        while due := [
            (trace.due, trace.order, participant, trace)
            for participant in self._inside()
            for trace in participant.traces.values()
            if trace.state == "scheduled" and trace.due <= now
        ]:
            *__, participant, trace = min(due, key=lambda item: item[:2])
            self._run(participant, trace, now)
        for participant in self._inside():
            self._refresh(participant, now)

    def event(self, when, rid, key, event):
        """Something happened to the message of that step: recorded, even while stopped; execute consumes it."""
        assert event == "failed" or event in ACCEPTING
        participant = self.participants.get(rid)
        if participant and key in participant.traces:
            participant.traces[key].recorded.append((when, event))

    def break_(self, rid, key, broken):
        (self._broken.add if broken else self._broken.discard)((rid, key))

    def retry(self, now, rid, key):
        """One error again, at once, with the same trace; nobody who left is retried."""
        participant = self.participants[rid]
        trace = participant.traces[key]
        assert trace.state == "error"
        if participant.state == "unlinked":
            return
        trace.due, trace.done, trace.sent, trace.address = now, None, None, None
        self._move(trace, "scheduled")
        self._refresh(participant, now)

    def remove(self, now, rid):
        """By hand, for good."""
        if rid in self.participants:
            self._leave(self.participants[rid], "removed_by_hand")

    def snapshot(self):
        return {
            rid: (
                participant.state,
                {key: (trace.state, trace.due, trace.code) for key, trace in participant.traces.items()},
            )
            for rid, participant in self.participants.items()
        }

    # ---- facts

    def _inside(self):
        return [participant for participant in self.participants.values() if participant.state != "unlinked"]

    def _matches(self, rid):
        """Does the record exist and match the campaign's filter?"""
        return rid in self.records and (self.plan.colors is None or self.records[rid].color in self.plan.colors)

    def _step(self, key):
        return next((step for step in self.plan.steps if step.key == key), None)

    def _add(self, when, interval):
        return add_interval(when, *interval, self.tz)

    def _due(self, participant, step):
        """When the step is due by what is known; None: its trigger has not come true, or no longer can."""
        if step.trigger == "begin":
            return self._add(participant.enrolled, (step.number, step.unit))
        parent = participant.traces.get(step.parent)
        if parent is None or parent.state not in EXECUTED or self._obstacle(participant, step):
            return None
        moment = parent.completion
        if step.trigger in POSITIVE:
            moment = parent.first(POSITIVE[step.trigger])
            if moment and step.expiry and parent.completion and moment > self._add(parent.completion, step.expiry):
                return None  # after the wait was over
        return moment and self._add(moment, (step.number, step.unit))

    def _obstacle(self, participant, step):
        """Why, by what is known of its parent, the step may never run (any more): a code; None: it may."""
        parent = participant.traces.get(step.parent)
        if parent is None:
            return None
        if parent.first("bounce") and step.trigger != "mail_bounce":
            return "parent_bounced"
        if parent.state == "error" and step.trigger != "mail_bounce":
            return "parent_failed"
        if step.trigger in NEGATIVE and parent.first(NEGATIVE[step.trigger]):
            return "event_happened"
        return None

    def _keeps_running(self, participant, step, now):
        """Is the step, without a trace yet, a wait that has an end: a deadline, or the acceptance of its parent?"""
        parent = participant.traces.get(step.parent)
        if (
            step.key in participant.traces
            or parent is None
            or parent.state not in EXECUTED
            or self._obstacle(participant, step)
        ):
            return False
        if step.trigger in POSITIVE:
            return bool(step.expiry and parent.completion) and now <= self._add(parent.completion, step.expiry)
        return parent.completion is None

    def _refresh(self, participant, now):
        """Completed: nothing is scheduled, and no wait that has an end is left."""
        if participant.state != "unlinked":
            busy = any(trace.state == "scheduled" for trace in participant.traces.values()) or any(
                self._keeps_running(participant, step, now) for step in self.plan.steps
            )
            participant.state = "running" if busy else "completed"

    # ---- moves

    def _move(self, trace, state, code=None):
        trace.state, trace.code = state, code

    def _schedule(self, participant, step, due):
        """A step is scheduled at most once for a participant: it has no trace yet."""
        assert step.key not in participant.traces
        self._created += 1
        participant.traces[step.key] = Trace(step.key, self._created, due=due)

    def _enrol(self, rid, now):
        participant = self.participants[rid] = Participant(rid, now)
        for step in self.plan.steps:
            if step.trigger == "begin":
                self._schedule(participant, step, self._due(participant, step))
        self._refresh(participant, now)

    def _leave(self, participant, reason):
        participant.state, participant.left = "unlinked", reason
        for trace in participant.traces.values():
            if trace.state == "scheduled":
                self._move(trace, "canceled", reason)

    def _return(self, participant, now):
        """What was pending is so again, at its old date; what was recorded meanwhile counts."""
        participant.state, participant.left = "running", None
        for trace in participant.traces.values():
            if (trace.state, trace.code) == ("canceled", "left_filter"):
                self._move(trace, "scheduled")
        for trace in list(participant.traces.values()):
            if trace.recorded or trace.events:
                self._consume(participant, trace)
        self._refresh(participant, now)

    def _consume(self, participant, trace):
        """What is recorded of a message becomes known at once: first what it says of the message, then its children."""
        self._learn(trace)
        if participant.state != "unlinked":
            self._follow(participant, trace)

    def _learn(self, trace):
        new, trace.recorded = trace.recorded, []
        trace.events += new
        if trace.state in EXECUTED and trace.address and not trace.sent:
            trace.sent = min((when for when, event in new if event in ACCEPTING), default=None)
            if trace.state == "processed" and not trace.sent and any(event == "failed" for __, event in new):
                self._move(trace, "error", "refused")

    def _follow(self, participant, parent):
        """The effect of what is known of a trace on its children: scheduled, or cancelled while they wait."""
        for step in self.plan.steps:
            if step.parent != parent.key:
                continue
            child = participant.traces.get(step.key)
            if child is None:
                if due := self._due(participant, step):
                    self._schedule(participant, step, due)
            elif child.state == "scheduled" and (code := self._obstacle(participant, step)):
                self._move(child, "canceled", code)

    def _run(self, participant, trace, now):
        """A due trace ends, one way or another."""
        step, record = self._step(trace.key), self.records.get(participant.rid)
        if step is None:
            self._move(trace, "canceled", "step_removed")
        elif record is None:
            self._leave(participant, "record_deleted")
        elif step.expiry and now > self._add(trace.due, step.expiry):
            self._move(trace, "canceled", "expired")
        elif self.plan.leave and not self._matches(record.id):
            self._leave(participant, "left_filter")
        elif not self._passes_filters(step, record):
            self._move(trace, "rejected", "filter_mismatch")
        elif (record.id, step.key) in self._broken:
            self._move(trace, "error", "exception")
        elif step.kind == "email" and (code := self._no_message(step, record)):
            self._move(trace, "canceled", code)
        else:
            trace.done = now
            trace.address = self._address(record) if step.kind == "email" else None
            self._move(trace, "processed")
        if participant.state != "unlinked":
            self._follow(participant, trace)

    def _passes_filters(self, step, record):
        """The activity's own filter and those of its ancestors."""
        while step:
            if step.colors is not None and record.color not in step.colors:
                return False
            step = self._step(step.parent)
        return True

    def _address(self, record):
        return (record.email or "").strip().lower()

    def _no_message(self, step, record):
        """Why no message is made for this record: a code, or None."""
        address = self._address(record)
        if not address:
            return "mail_email_missing"
        if record.blocked:
            return "mail_bl"
        others = [
            other.traces[step.key]
            for other in self.participants.values()
            if other.rid != record.id and step.key in other.traces
        ]
        if any(trace.address == address for trace in others):
            return "mail_dup"
        return None

    # ---- a changed workflow

    def _migrate(self, participant, old, now, late):
        """Bring somebody who is inside from the old steps to those of the plan; what has ended stays as it is."""
        kept = {step.key for step in self.plan.steps}
        for trace in participant.traces.values():
            if trace.state == "scheduled" and trace.key not in kept:
                self._move(trace, "canceled", "step_removed")
        for step in self.plan.steps:
            before = old.get(step.key)
            if before and before.parent != step.parent:
                before = None  # as good as new
            if before is None or before.timing != step.timing:
                self._rebuild(participant, before, step, now, late)

    def _rebuild(self, participant, before, step, now, late):
        """Schedule the step from the facts, unless it has ended for this participant."""
        expected = before and self._due(participant, before)
        trace = participant.traces.get(step.key)
        if trace and trace.state == "scheduled" and not before:
            del participant.traces[step.key]
            trace = None
        due = self._due(participant, step)
        if trace is None and due:
            self._schedule(participant, step, due)
            if not expected and due < now and late == "skip":
                self._move(participant.traces[step.key], "canceled", "too_late")
        elif trace and trace.state == "scheduled":
            if due:
                trace.due = due
            elif code := self._obstacle(participant, step):
                self._move(trace, "canceled", code)
            else:
                del participant.traces[step.key]
