"""What the reference model knows of steps that think: conditions and waits, splits and ways to other steps, ends."""

from datetime import timedelta
from hashlib import blake2b

from reference_facts import ACCEPTING, BOUNCES, IMPLIED_BY, is_on_link

LOOK_EVERY = timedelta(minutes=5)


class Logic:
    """The part of a campaign that is about its steps of logic."""

    # ---- who waits

    def _wait(self, participant, trace, step, record, now):
        """Has what somebody waits for come, or the end of the wait? Return the branch; None: they wait on.

        Of a moment and an end the earlier one counts, however late somebody looks; both at once, it has come in time.
        """
        trace.since = trace.since or now
        end, moment = step.wait.end(trace.since, self.tz), self._fulfilment(participant, trace, step, record)
        first = min((when for when in (moment, end) if when), default=None)
        if first is None or first > now:
            trace.due = first
            return None
        return "done" if first == moment else "timeout"

    def _fulfilment(self, participant, trace, step, record):
        """When what somebody waits for at a step comes, or came; a record that matches has never had to wait."""
        if step.wait.kind == "domain":
            return trace.since if record.color in step.wait.colors else None
        if step.wait.kind == "event":
            moments = [self._first(other, step.wait.event) for other in participant.traces.values()]
            return min((moment for moment in moments if moment), default=None)
        return step.wait.moment(record, trace.since, self.tz)

    def _is_fulfilled(self, participant, trace, now):
        step, record = self._step(trace.key), self.records.get(participant.rid)
        moment = step and step.wait and record and self._fulfilment(participant, trace, step, record)
        return bool(moment and moment <= now)

    def _tells(self, trace):
        """Has something happened to the message, or was it refused? Who waits for something is asked then."""
        counted = set().union(*IMPLIED_BY.values(), {"machine open"} if self.proxies else ())
        return trace.state == "error" or any(event in counted for _when, event in trace.events)

    def _ask_who_waits(self, now, heard_of):
        """Look at those who wait: at each enrolment and every five minutes.

        Who waits for an event is asked whenever something has happened: to wait on, or to leave, as others do.
        """
        looks = self.look_at and self.look_at <= now
        if looks:
            self.look_at = now + LOOK_EVERY
        for participant in self._inside():
            for trace in participant.traces.values():
                step = self._step(trace.key)
                if not (trace.waits and step and step.wait):
                    continue
                happened = step.wait.kind == "event" and participant in heard_of
                if happened or (looks and self._is_fulfilled(participant, trace, now)):
                    trace.due = min(trace.due or now, now)

    def _ask_anew(self, participant, old):
        """Yield where somebody waits for what an Update has changed: all of them are asked."""
        for trace in participant.traces.values():
            step, before = self._step(trace.key), old.get(trace.key)
            if trace.waits and step and before and step.wait != before.wait:
                yield trace

    # ---- what somebody did

    def _behaves(self, participant, step, now):
        answers = [self._is_true(participant, line, now) for line in step.lines]
        return not answers or (any(answers) if step.is_any else all(answers))

    def _is_true(self, participant, line, now):
        traces = [trace for trace in participant.traces.values() if line.step in (None, trace.key)]
        elsewhere = self.elsewhere.get(participant.rid) if line.anywhere else None
        messages = [(trace.events, self.proxies) for trace in traces]
        messages += [(elsewhere, False)] if elsewhere else []  # no opens of machines count there
        count = sum(self._has_done(line, events, proxies, now) for events, proxies in messages)
        return (count >= line.times) == line.did

    def _has_done(self, line, events, proxies, now):
        """Did that happen to one message? It was accepted once, when that first shows; all else may happen often."""
        names = {"sent": ACCEPTING, "bounce": BOUNCES["any"]}.get(line.event) or IMPLIED_BY[line.event]
        if line.event == "open" and proxies:
            names = names | {"machine open"}
        moments = [when for when, event in events if event in names and (not line.link or is_on_link(line.link, event))]
        if line.event == "sent":
            moments = sorted(moments)[:1]
        return any(line.span != "days" or when >= now - timedelta(days=line.days) for when in moments)

    # ---- branches, ways and ends

    def _go_back(self, participant, trace):
        """From a step that leads elsewhere to that step, at once and once, as often as its limit allows.

        It is a visit of its own: none of the participant's steps has its number.
        """
        step = self._step(trace.key)
        target = step and step.kind in ("back", "jump") and self._step(step.to)
        if not target or trace.state != "processed" or trace.gone:
            return
        if step.kind == "back" and self._passages(participant, step) >= step.limit:
            return
        if step.kind == "jump" and trace.branch != "again":
            return
        trace.gone = True
        visit = 1 + max(other.visit for other in participant.traces.values())
        self._schedule(participant, target, trace.done, visit)

    def _passages(self, participant, step):
        """How often the participant has gone from a step to where it leads."""
        return sum(trace.gone for trace in participant.traces.values() if trace.key == step.key)

    def _choose(self, participant, step, record, visit, now):
        """Which branch the step chooses for a record."""
        if step.kind in ("choice", "condition"):
            matches = step.yes is None or record.color in step.yes
            return "yes" if matches and self._behaves(participant, step, now) else "no"
        if step.kind == "jump":
            return "again" if not step.limit or self._passages(participant, step) < step.limit else "over"
        if step.kind == "split" and self.winners.get(step.key) is not None:
            return str(self.winners[step.key])
        if step.kind == "split":
            called = ":".join(map(str, (*self.numbers_of(record.id, step.key), visit)))
            place = int(blake2b(called.encode(), digest_size=8).hexdigest(), 16) * sum(step.weights) >> 64
            return str(next(n for n in range(len(step.weights)) if place < sum(step.weights[: n + 1])))
        return None

    def _forget_winners(self, before):
        """Other weights at an Update are a new comparison."""
        for step in self.plan.steps:
            if before.get(step.key) != step.weights:
                self.winners.pop(step.key, None)

    # ---- plain steps

    def _cannot_do(self, step, record):
        """Why a plain step does nothing for this record: a code, or None."""
        return "mail_email_missing" if step.kind == "list" and not record.address else None

    def _do(self, step, record):
        """What a plain step does with a record."""
        if step.kind == "update":
            record.color = step.sets
        elif step.kind == "assign":
            record.is_assigned = True
        elif step.kind == "task":
            record.tasks.append(step.key)
        elif step.kind == "notify":
            record.told.append(step.key)
        elif step.kind == "list":
            (self.listed.discard if step.sets else self.listed.add)(record.address)

    def _end(self, participant):
        """Through, for good: what waits is cancelled."""
        for trace in participant.traces.values():
            if trace.state == "scheduled":
                self._move(trace, "canceled", "ended")
        participant.state, participant.left = "completed", "ended"
