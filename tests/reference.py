"""A reference model of how a marketing campaign behaves: the specification (§2 Enrolment, §3) as plain Python.

No Odoo, no ORM. It favours being read over being fast: what can be derived is derived from the facts (what was
executed, which events are known) each time it is asked for. Property tests compare the engine with it.
All datetimes are naive UTC.
"""

import pytz
from reference_facts import (
    ACCEPTING,
    BLOCKS,
    BOUNCES,
    BRANCHES,
    EXECUTED,
    IMPLIED_BY,
    LASTING,
    NEGATIVE,
    POSITIVE,
    WITHDRAWALS,
    Participant,
    Plan,
    Trace,
    add_interval,
    is_on_link,
    visit_id,
)
from reference_goal import Goals
from reference_logic import Logic


class Campaign(Logic, Goals):
    """A campaign and the records it may reach.

    :param tz: name of its time zone
    :param proxies: whether opens of machines count
    :param follows: whether an email that waits goes to the address that its record has when its turn has come
    """

    def __init__(self, tz, proxies=False, follows=True):
        self.tz = pytz.timezone(tz)
        self.proxies = proxies
        self.follows = follows
        self.records = {}  # the world, in the order of creation: the caller changes it
        self.blocklist = set()  # addresses
        self.settings = {}  # step key -> what its server action does, or who its template reaches
        self.elsewhere = {}  # rid -> the events of the message that it got from another campaign
        self.look_at = None  # when those who wait are looked at next; None: nothing waits
        self.lost = set()  # the tags and lists that were deleted
        self.plan = Plan((), None, True)
        self.running = False
        self.participants = {}  # rid -> Participant, in the order of enrolment
        self._kinds = {}  # step key -> its kind, also of steps that were removed
        self._approved = {}  # the settings, as they were at the last Start or Update
        self._broken = set()
        self.winners = {}  # key of a split -> the branch that everybody takes
        self.listed = set()  # addresses that list steps have put on their list
        self._created = 0
        self.numbers_of = None  # (rid, step key) -> what the activity and the participant are called by

    # ---- what people and crons do

    def start(self, now, plan):
        """Start, or start again after a stop: steps that come too late are skipped."""
        self.running = True
        self.update(now, plan, "skip")

    def stop(self, now):
        self.running = False

    def update(self, now, plan, late):
        """Follow the plan from now on; late ("skip" or "run") is the answer about what is past."""
        assert self.running and late in ("skip", "run") and plan.named not in self.lost
        old, self.plan = self.plan, plan
        self._approved = dict(self.settings)
        self._forget_winners({step.key: step.weights for step in old.steps})
        self.look_at = now if any(step.kind == "wait" for step in plan.steps) else None
        self._kinds |= {step.key: step.kind for step in plan.steps}
        if set(old.steps) != set(plan.steps):
            for participant in self._inside():
                news = [trace for trace in participant.traces.values() if trace.recorded]
                for trace in news:  # what is recorded by now counts for what is new
                    self._learn(participant, trace, now)
                self._migrate(participant, {step.key: step for step in old.steps}, now, late)
                for trace in news:
                    self._follow(participant, trace)
                self._refresh(participant, now)
        self.sync(now)

    def choose_winner(self, key, branch):
        """Somebody decides which branch of a split that runs everybody takes; None: people go by the weights again."""
        self.winners[key] = branch

    def sync(self, now):
        """The periodic run: new records enrol, deleted and mismatching ones leave, those that match again return."""
        if not self.running:
            return
        if self.plan.named in self.lost:
            self.running = False  # nobody enters, nobody leaves
            return
        present = list(self.participants.values())
        for rid in self.records:
            if rid not in self.participants and self._matches(rid) and not self._is_outside(rid):
                self._enrol(rid, now)
        self._look_at_goals(self.participants.values())
        for participant in present:
            rid = participant.rid
            if participant.state != "unlinked" and rid not in self.records:
                self._leave(participant, "record_deleted")
            elif participant.state == "running" and self.plan.leave and not self._matches(rid):
                self._leave(participant, "left_filter")
            elif participant.state == "unlinked" and participant.left == "left_filter" and self._matches(rid):
                self._return(participant, now)
        self.look_at = self.look_at and now

    def execute(self, now):
        """An execution run: events first, then all that is due, in due order, and the children due at once."""
        if not self.running:
            return
        everything = [(part, trace) for part in self.participants.values() for trace in part.traces.values()]
        news = sorted((pair for pair in everything if pair[1].recorded), key=lambda pair: pair[1].order)
        for participant, trace in news:
            self._learn(participant, trace, now)
        if self.plan.goal.lines:
            for participant, _trace in news:
                self._look_at_goal(participant)
        for participant, trace in news:
            self._follow(participant, trace)
        self._ask_who_waits(now, [participant for participant, trace in news if self._tells(trace)])
        while due := [
            (trace.due, trace.order, participant, trace)
            for participant in self._inside()
            for trace in participant.traces.values()
            if trace.state == "scheduled" and trace.due and trace.due <= now and not self._is_held(trace.key)
        ]:
            if self.plan.leave and self.plan.named in self.lost:
                self.running = False  # it cannot be said who is still in
                break
            *__, participant, trace = min(due, key=lambda item: item[:2])
            self._run(participant, trace, now)
        for participant in self._inside():
            self._refresh(participant, now)

    def event(self, when, rid, key, event):
        """Something happened to the message of that step: recorded, even while stopped; execute consumes it.

        None: nothing has happened, though somebody reports so (the message is delayed).
        """
        if event is None:
            return
        assert event == "failed" or event in ACCEPTING
        participant = self.participants.get(rid)
        if participant and key in participant.traces:
            participant.traces[key].recorded.append((when, event))

    def complain(self, now, rid, key):
        """The recipient calls the message spam: whoever it went to is mailed no more."""
        self.event(now, rid, key, "complaint")
        self.block(now, self.participants[rid].traces[key].address, True)

    def unsubscribe(self, now, rid, key, lists):
        """By a link of the message: from the campaign's lists, where the address is in one; else from everything."""
        address = self.participants[rid].traces[key].address
        self.event(now, rid, key, "unsubscribe")
        subscribers = [record.id for record in self.records.values() if lists and record.address == address]
        for subscriber in subscribers:
            self.opt_out(now, subscriber, True)
        if not subscribers:
            self.block(now, address, True)

    def block(self, now, address, blocked):
        """Blocklist an address: the emails that wait for it end. Or lift that: what has ended stays so."""
        news = blocked and address not in self.blocklist
        (self.blocklist.add if blocked else self.blocklist.discard)(address)
        for record in self.records.values():
            if news and record.address == address:
                self._end_emails(now, record.id, "mail_bl")

    def opt_out(self, now, rid, opted_out):
        """The record leaves the list of the campaign, or comes back to it."""
        news = opted_out and not self.records[rid].opted_out
        self.records[rid].opted_out = opted_out
        if news:
            self._end_emails(now, rid, "mail_optout")

    def delete(self, now, rid):
        """The record is deleted, and what waits in the queue goes with it."""
        del self.records[rid]
        participant = self.participants.get(rid)
        for trace in participant.traces.values() if participant else ():
            if trace.waits_in_queue:
                trace.recorded.append((now, "mail_withdrawn"))

    def withdraw(self, now, rid, key):
        """The turn of a message has come in the queue; tell whether it may leave."""
        participant = self.participants[rid]
        trace = participant.traces[key]
        assert trace.waits_in_queue
        record = self.records.get(rid)
        moved = self.follows and record and record.address and record.address != trace.address
        if moved:
            trace.address = trace.asked_for = record.address
        if participant.state == "unlinked" or not self.running:
            code = "mail_withdrawn"
        elif self.records[rid].opted_out:
            code = "mail_optout"
        elif trace.address in self.blocklist:
            code = "mail_bl"
        elif moved and self._has_reached_another(record, trace.key):
            code = "mail_dup"
        else:
            return True
        trace.recorded.append((now, code))
        return False

    def break_(self, rid, key, broken):
        (self._broken.add if broken else self._broken.discard)((rid, key))

    def may_be_retried(self, rid, trace):
        if trace.state == "canceled" and trace.code == "mail_dup":
            others = [other.traces[trace.key] for other in self._others(rid) if trace.key in other.traces]
            return not any(trace.asked_for in other.has_reached for other in others)
        return trace.state == "error" or (trace.state == "canceled" and trace.code in BLOCKS)

    def _others(self, rid):
        return [participant for participant in self.participants.values() if participant.rid != rid]

    def retry(self, now, rid, key):
        """What failed, or was kept from an address, again, at once, with the same trace; nobody who left is retried.

        With it those who were duplicates of its message, where that reached nobody.
        """
        first = self.participants[rid]
        assert self.may_be_retried(rid, first.traces[key])
        address = first.traces[key].asked_for
        duplicates = [
            other
            for other in self._others(rid)
            if (trace := other.traces.get(key))
            and (trace.code, trace.asked_for) == ("mail_dup", address)
            and self.may_be_retried(other.rid, trace)
        ]
        for participant in (first, *duplicates):
            if not participant.is_over:
                self._retry(participant.traces[key], now)
                self._refresh(participant, now)

    def remove(self, now, rid):
        """By hand, for good."""
        if rid in self.participants:
            self._leave(self.participants[rid], "removed_by_hand")

    def snapshot(self):
        return {
            rid: (
                f"{participant.state} at the goal" if participant.goal else participant.state,
                {key: self._look_of(trace) for key, trace in participant.traces.items()},
            )
            for rid, participant in self.participants.items()
        }

    def kind_of(self, key):
        return self._kinds.get(key)

    def _look_of(self, trace):
        """State, due date and code; since when somebody waits there; what a condition or a wait has chosen."""
        tells = self.kind_of(trace.key) in ("condition", "wait")
        return trace.state, trace.due, trace.code, trace.since if trace.waits else None, trace.branch if tells else None

    # ---- facts

    def _inside(self):
        return [participant for participant in self.participants.values() if not participant.is_over]

    def _is_held(self, key):
        """Was what the step rests on changed behind the campaign? It waits for an Update then, whole."""
        return self._step(key) is not None and self.settings.get(key) != self._approved.get(key)

    def _first(self, trace, event):
        """When the event first happened, or one that implies it. What machines do is none, but where opens count."""
        return trace.first(IMPLIED_BY[event] | ({"machine open"} if self.proxies and event == "open" else set()))

    def _moment(self, trace, step):
        """When that first happened to the parent which the step is about."""
        if step.trigger == "mail_bounce":
            return trace.first(BOUNCES[step.bounces])
        if step.link:
            return min((when for when, event in trace.events if is_on_link(step.link, event)), default=None)
        return self._first(trace, {**POSITIVE, **NEGATIVE}[step.trigger])

    def _matches(self, rid):
        """Does the record exist and match the campaign's filter?"""
        return rid in self.records and (self.plan.colors is None or self.records[rid].color in self.plan.colors)

    def _step(self, key):
        return next((step for step in self.plan.steps if step.key == key), None)

    def _add(self, when, interval):
        return add_interval(when, *interval, self.tz)

    def _due(self, participant, step, visit=1):
        """When the step is due by what is known; None: its trigger has not come true, or no longer can."""
        if step.trigger == "begin":
            return self._add(participant.enrolled, (step.number, step.unit))
        parent = participant.traces.get(visit_id(step.parent, visit))
        if parent is None or parent.state not in EXECUTED or self._obstacle(participant, step, visit):
            return None
        moment = parent.completion
        if step.trigger in POSITIVE:
            moment = self._moment(parent, step)
            if moment and step.expiry and parent.completion and moment > self._add(parent.completion, step.expiry):
                return None  # after the wait was over
        return moment and self._add(moment, (step.number, step.unit))

    def _obstacle(self, participant, step, visit=1):
        """Why, by what is known of its parent, the step may never run (any more): a code; None: it may."""
        parent = participant.traces.get(visit_id(step.parent, visit))
        if parent is None:
            return None
        if step.trigger not in LASTING:
            if self._first(parent, "bounce"):
                return "parent_bounced"
            if self._first(parent, "complaint"):
                return "parent_complained"
            if parent.state == "error":
                return "parent_failed"
        if step.trigger in NEGATIVE and self._moment(parent, step):
            return "event_happened"
        if step.trigger in BRANCHES and parent.branch != BRANCHES[step.trigger]:
            return "other_branch"
        return None

    def _keeps_running(self, participant, step, now, visit):
        """Is the step, without a trace in this visit, a wait with an end: a deadline, or its parent's acceptance?"""
        parent = participant.traces.get(visit_id(step.parent, visit))
        if (
            visit_id(step.key, visit) in participant.traces
            or parent is None
            or parent.state not in EXECUTED
            or self._obstacle(participant, step, visit)
        ):
            return False
        if step.trigger in POSITIVE:
            return bool(step.expiry and parent.completion) and now <= self._add(parent.completion, step.expiry)
        return parent.completion is None

    def _refresh(self, participant, now):
        """Completed: nothing is scheduled, and no wait that has an end is left."""
        if not participant.is_over:
            busy = any(trace.state == "scheduled" for trace in participant.traces.values()) or any(
                self._keeps_running(participant, step, now, visit)
                for step in self.plan.steps
                for visit in {trace.visit for trace in participant.traces.values()}
            )
            participant.state = "running" if busy else "completed"

    # ---- moves

    def _move(self, trace, state, code=None):
        trace.state, trace.code = state, code

    def _schedule(self, participant, step, due, visit=1):
        """A step is scheduled at most once for a visit of a participant: it has no trace yet."""
        self._created += 1
        trace = Trace(step.key, self._created, visit, due=due)
        assert trace.id not in participant.traces
        participant.traces[trace.id] = trace

    def _enrol(self, rid, now):
        participant = self.participants[rid] = Participant(rid, now)
        for step in self.plan.steps:
            if step.trigger == "begin":
                self._schedule(participant, step, self._due(participant, step))
        self._refresh(participant, now)

    def _retry(self, trace, now):
        if trace.sent:
            trace.reached.add(trace.address)
        trace.due, trace.done, trace.sent, trace.address = now, None, None, None
        self._move(trace, "scheduled")

    def _end_emails(self, now, rid, code):
        """Have what waits for a record end: recorded, as what happens to messages is."""
        participant = self.participants.get(rid)
        for trace in participant.traces.values() if participant else ():
            if trace.state == "scheduled" and self._kinds.get(trace.key) == "email":
                trace.recorded.append((now, code))

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
                trace.due = now if trace.waits else trace.due  # what it waits for may be another thing by now
        traces = [trace for trace in participant.traces.values() if trace.recorded or trace.events]
        for trace in traces:
            self._learn(participant, trace, now)
        for trace in traces:
            self._follow(participant, trace)
        self._refresh(participant, now)

    def _learn(self, participant, trace, now):
        """What is recorded of a message becomes known: what it says of the message itself."""
        new, trace.recorded = trace.recorded, []
        ends = [event for __, event in new if event in WITHDRAWALS]
        trace.events += [(when, event) for when, event in new if event not in WITHDRAWALS]
        if trace.state == "scheduled" and BLOCKS & set(ends):
            self._move(trace, "canceled", ends[0])
        if trace.state not in EXECUTED or not trace.address:
            return
        trace.sent = trace.sent or min((when for when, event in new if event in ACCEPTING), default=None)
        if trace.code == "refused" and any(event == "sent" for __, event in new):
            self._move(trace, "processed")  # somebody had it sent again
        if not trace.waits_in_queue:
            return
        if ends:
            self._take_back(participant, trace, ends[-1], now)
        elif any(event == "failed" for __, event in new):
            self._move(trace, "error", "refused")

    def _take_back(self, participant, trace, code, now):
        """The message left the queue unsent: the step is cancelled, or due again when only its campaign had stopped."""
        if code == "mail_withdrawn" and not participant.is_over:
            self._retry(trace, now)
        else:
            trace.address = None
            self._move(trace, "canceled", participant.left if code == "mail_withdrawn" else code)

    def _follow(self, participant, parent):
        """The effect of what is known of a trace on its children: scheduled, or cancelled while they wait."""
        if participant.is_over:
            return
        for step in self.plan.steps:
            if step.parent != parent.key:
                continue
            child = participant.traces.get(visit_id(step.key, parent.visit))
            if child is None:
                if due := self._due(participant, step, parent.visit):
                    self._schedule(participant, step, due, parent.visit)
            elif (
                child.state == "scheduled"
                and not child.waits
                and (code := self._obstacle(participant, step, parent.visit))
            ):
                self._move(child, "canceled", code)
        self._go_back(participant, parent)

    def _run(self, participant, trace, now):
        """A due trace ends, one way or another."""
        step, record = self._step(trace.key), self.records.get(participant.rid)
        if step is not None and record is not None:
            self._look_at_goal(participant)
        if step is None:
            self._move(trace, "canceled", "step_removed")
        elif record is None:
            self._leave(participant, "record_deleted")
        elif participant.is_over:
            return
        elif self._must_leave(participant):
            self._leave(participant, "exited")
        elif not trace.waits and step.expiry and now > self._add(trace.due, step.expiry):
            self._move(trace, "canceled", "expired")
        elif self.plan.leave and not self._matches(record.id):
            self._leave(participant, "left_filter")
        elif not trace.waits and not self._passes_filters(step, record):
            self._move(trace, "rejected", "filter_mismatch")
        elif (record.id, step.key) in self._broken:
            self._move(trace, "error", "exception")
        elif step.kind == "email" and (code := self._no_message(step, record)):
            trace.asked_for = record.address
            self._move(trace, "canceled", code)
        elif code := self._cannot_do(step, record):
            self._move(trace, "canceled", code)
        elif step.kind == "wait" and not (branch := self._wait(participant, trace, step, record, now)):
            return
        else:
            self._do(step, record)
            trace.asked_for = record.address if step.kind == "email" else None
            trace.done = now
            trace.address = record.address if step.kind == "email" else None
            trace.branch = branch if step.kind == "wait" else self._choose(participant, step, record, trace.visit, now)
            self._move(trace, "processed")
            if step.kind == "end":
                self._end(participant)
        self._follow(participant, trace)

    def _passes_filters(self, step, record):
        """The activity's own filter and those of its ancestors."""
        while step:
            if step.colors is not None and record.color not in step.colors:
                return False
            step = self._step(step.parent)
        return True

    def _no_message(self, step, record):
        """Why no message is made for this record: a code, or None."""
        if not record.address:
            return "mail_email_missing"
        if record.address in self.blocklist:
            return "mail_bl"
        if record.opted_out:
            return "mail_optout"
        return "mail_dup" if self._has_reached_another(record, step.key) else None

    def _has_reached_another(self, record, key):
        """Has the record's address got that step, or may it have, through somebody else?"""
        others = [trace for other in self._others(record.id) for trace in other.traces.values() if trace.key == key]
        return any(record.address in trace.addresses for trace in others)

    # ---- a changed workflow

    def _migrate(self, participant, old, now, late):
        """Bring somebody who is inside from the old steps to those of the plan; what has ended stays as it is."""
        kept = {step.key for step in self.plan.steps}
        for trace in participant.traces.values():
            if trace.state == "scheduled" and trace.key not in kept:
                self._move(trace, "canceled", "step_removed")
        for trace in self._ask_anew(participant, old):
            trace.due = now
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
        if trace and trace.waits:
            return  # who waits there has come to it
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
