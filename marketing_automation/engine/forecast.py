"""What a campaign will do: some passages go through its workflow in simulated time, and stand for everybody.

Dates, calendars, limits, caps and splits are those of the engine: the same :func:`~.workflow.decide`, ``SendingHours``,
``WarmUp``, ``Cap`` and ``choose_branch``. What people do is drawn by chances, by a generator with a seed: the same
arguments give the same answer, in each process.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from .forecast_chances import BOUNCE_TIMES, CLICK_TIMES, GOAL_TIMES, OPEN_TIMES, REPLY_TIMES, Chances, Stream
from .forecast_gates import Gates
from .forecast_steps import choose_way, find_end_of_wait
from .schedule import add_interval
from .workflow import CANCEL, HARD, SCHEDULE, WAIT, Facts, decide

# How passages stand at a moment
INSIDE, COMPLETED = "inside", "completed"
# What is counted of them, besides: ("messages", id of the step)
ENTERED, CONVERTED, MESSAGES = "entered", "converted", "messages"
# What happens in simulated time
DUE, EVENT, AWAKE, OVER, GOAL, ENTER, SLOT = range(7)
EVERY = timedelta(minutes=5)
MOST_DRAWS = 50  # of what is known not to have happened yet


@dataclass(frozen=True)
class Person:
    """What is known of somebody.

    :param str tz: name of the zone of their clock; None for the campaign's
    :param dict values: dates of the record, by field
    :param frozenset unreached: ids of the steps whose message they do not get
    :param dict sent: when messages of other campaigns went to their address, by channel
    """

    tz: str | None = None
    values: dict = field(default_factory=dict)
    unreached: frozenset = frozenset()
    sent: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What is simulated.

    :param Workflow workflow: of the campaign
    :param dict triggers: the :class:`~.workflow.Trigger` of each trigger type
    :param dict channels: of each step that sends, by its id: which messages a cap counts it among
    :param str tz: name of the campaign's zone
    :param Chances chances: how likely people do what
    :param hours: :class:`~.sending_hours.SendingHours`; None where messages leave at any time
    :param limit: :class:`~.warm_up.WarmUp`, which one limit is too; None for no limit
    :param datetime warm_up_began: UTC
    :param dict caps: :class:`~.pressure.Cap` by channel
    :param bool has_goal: whether somebody can reach the goal
    """

    workflow: Any
    triggers: dict
    channels: dict
    tz: str
    chances: Chances
    hours: Any = None
    limit: Any = None
    warm_up_began: datetime | None = None
    caps: dict = field(default_factory=dict)
    has_goal: bool = False


@dataclass(eq=False)
class Done:
    """An executed step of a passage: what a trace is to the engine."""

    step_id: int
    visit: int
    facts: Facts
    is_message: bool = False
    has_gone_back: bool = False


@dataclass(frozen=True)
class Task:
    """A step that is due.

    :param datetime due: UTC; when it was due at first
    :param since: when the wait began, of who waits there already
    :param bool has_begun: whether its own filter has let it pass
    """

    step_id: int
    visit: int
    due: datetime
    since: datetime | None = None
    has_begun: bool = False

    @property
    def key(self):
        return self.step_id, self.visit


@dataclass(eq=False)
class Passage:
    """One way through the workflow.

    :param int number: as which a split knows it
    :param str group: of which kind of people it is one
    :param datetime entered: UTC; later than now for who enters
    :param list done: what it has behind it
    :param frozenset had: the steps and visits that it has come to, however they ended
    :param list tasks: what is due for it
    """

    number: int
    group: str
    entered: datetime
    person: Person = field(default_factory=Person)
    done: list = field(default_factory=list)
    had: frozenset = frozenset()
    tasks: list = field(default_factory=list)
    state: str | None = None
    has_goal: bool = False
    is_over: bool = False  # nothing that happens leads it on
    people: float = 1.0  # for how many it stands
    numbers: Counter = field(default_factory=Counter)  # by what is counted and day; of states the changes
    draws: Counter = field(default_factory=Counter)  # by chance, its value and the outcome
    known: set = field(default_factory=set)
    open: dict = field(default_factory=dict)  # tasks by key
    parked: dict = field(default_factory=dict)  # tasks that wait for something to happen, by key
    gone: Counter = field(default_factory=Counter)  # ways that come back
    wait_until: datetime | None = None
    ended: datetime | None = None
    sent: dict = field(default_factory=dict)


class Simulation:
    """Simulated time.

    :param Plan plan:
    :param list passages: :class:`Passage`
    :param datetime now: UTC
    :param list starts: when each day begins, and the last one ends
    """

    def __init__(self, plan, passages, now, starts, seed=1):
        self.plan, self.passages, self.now, self.starts = plan, passages, now, starts
        self.seed, self.streams = seed, {}
        self.queue, self.turn = [], count()
        self.gates = Gates(plan, now, starts[-1])
        self.executed = 0
        self.day = 0

    def run(self):
        for passage in self.passages:
            self._begin(passage)
        end = self.starts[-1]
        while self.queue and self.queue[0][0] < end:
            moment, _order, kind, passage, what = heappop(self.queue)
            while moment >= self.starts[self.day + 1]:
                self.day += 1
            self._handle(kind, passage, what, moment)
        return self

    def _push(self, moment, kind, passage, what=None, order=None):
        if moment < self.starts[-1]:
            heappush(self.queue, (moment, next(self.turn) if order is None else order, kind, passage, what))

    def _handle(self, kind, passage, what, moment):
        if kind == SLOT:
            self._give_slots(moment)
            return
        if passage.is_over and kind != GOAL:
            return
        if kind == ENTER:
            self._count(passage, ENTERED)
            for step in self.plan.workflow.roots:
                self._schedule(passage, step.id, 1, step.due(moment, self._tz(passage)))
        elif kind == DUE:
            self._arrive(passage, what, moment)
        elif kind == EVENT:
            self._happen(passage, *what, moment)
        elif kind == AWAKE:
            task, branch = what
            if passage.parked.pop(task.key, None):
                self._finish(passage, task, moment, branch)
        elif kind == GOAL:
            self._reach_goal(passage, moment)
        self._refresh(passage, moment)

    # ------------------------------------------------------------
    # A passage
    # ------------------------------------------------------------

    def _begin(self, passage):
        passage.sent = {channel: list(dates) for channel, dates in passage.person.sent.items()}
        if passage.entered >= self.now:
            self._push(passage.entered, ENTER, passage)
        else:  # who is inside
            passage.state = INSIDE
            passage.numbers[INSIDE, 0] += 1
            passage.known = {*passage.had, *((done.step_id, done.visit) for done in passage.done)}
            for task in passage.tasks:
                passage.known.add(task.key)
                passage.open[task.key] = task
                self._push(max(task.due, self.now), DUE, passage, task)
            for done in passage.done:
                if done.is_message:
                    self._foresee_events(passage, done, done.facts.completed or self.now)
                self._settle(passage, done, self.now)
        if self.plan.has_goal and not passage.has_goal:
            moment = self._draw_later(passage, "conversion", None, passage.entered, GOAL_TIMES)
            if moment:
                self._push(moment, GOAL, passage)

    def _schedule(self, passage, step_id, visit, due):
        if (step_id, visit) not in passage.known:
            task = Task(step_id, visit, due)
            passage.known.add(task.key)
            passage.open[task.key] = task
            self._push(max(due, self.now), DUE, passage, task)

    def _refresh(self, passage, moment):
        """Notice whether somebody has finished, or goes on after all."""
        is_inside = bool(passage.open) or (passage.wait_until is not None and passage.wait_until > moment)
        state = INSIDE if is_inside else COMPLETED
        if state != passage.state:
            if passage.state:
                self._count(passage, passage.state, -1)
            self._count(passage, state)
            passage.state = state
            passage.ended = None if is_inside else moment

    def _count(self, passage, what, number=1):
        passage.numbers[what, self.day] += number

    def _tz(self, passage):
        return passage.person.tz or self.plan.tz

    def _reach_goal(self, passage, moment):
        workflow = self.plan.workflow
        if passage.has_goal or (
            passage.ended
            and moment
            > add_interval(passage.ended, workflow.goal_window_number, workflow.goal_window_unit, self.plan.tz)
        ):
            return
        passage.has_goal = True
        self._count(passage, CONVERTED)
        if workflow.goal_leave:
            self._end(passage)

    def _end(self, passage):
        passage.open, passage.parked, passage.wait_until, passage.is_over = {}, {}, None, True

    # ------------------------------------------------------------
    # A step that is due
    # ------------------------------------------------------------

    def _arrive(self, passage, task, moment, order=None):
        """Have a step run, unless a gate stops or keeps it.

        :return: whether it took the slot of a message
        """
        if passage.open.get(task.key) is not task:
            return False  # cancelled meanwhile
        step, tz = self.plan.workflow.steps.get(task.step_id), self._tz(passage)
        if task.since is not None:
            return self._wait(passage, task, step, moment)
        if step is None or step.is_expired(task.due, moment, tz):
            self._drop(passage, task)
            return False
        is_message = step.id in self.plan.channels
        opening = self.gates.find_opening(step, moment, tz) if is_message else moment
        if opening > moment:
            self._push(opening, DUE, passage, task, order)
            return False
        if self._is_left_out(passage, task, step):
            self._drop(passage, task)
            return False
        if not task.has_begun:  # what it drew holds, however often it is its turn
            task = passage.open[task.key] = replace(task, has_begun=True)
        if is_message:
            room = self.gates.find_room(step, passage.sent, moment)
            if room is None:
                self._drop(passage, task)
                return False
            if room > moment:
                self._push(room, DUE, passage, task)
                return False
            if order is None and not self.gates.has_slot(moment):
                self._queue_for_slot(passage, task, moment)
                return False
            self.gates.take(step, passage, moment)
        self._execute(passage, task, step, moment)
        return is_message

    def _is_left_out(self, passage, task, step):
        return step.id in passage.person.unreached or (not task.has_begun and not self._draw(passage, "match", step.id))

    def _drop(self, passage, task):
        passage.open.pop(task.key, None)

    def _queue_for_slot(self, passage, task, moment):
        if self.gates.queue(next(self.turn), passage, task):
            self._push(max(self.gates.free, moment), SLOT, passage)

    def _give_slots(self, moment):
        """Let the first go out who may, of those who wait for a slot."""
        while self.gates.waiting:
            order, passage, task = heappop(self.gates.waiting)
            taken = self._arrive(passage, task, moment, order)
            self._refresh(passage, moment)
            if taken:
                break
        if self.gates.waiting:
            self._push(max(self.gates.free, moment), SLOT, None)
        else:
            self.gates.is_giving = False

    def _execute(self, passage, task, step, moment):
        self.executed += 1
        if step.id in self.plan.channels:
            self._count(passage, MESSAGES)
            self._count(passage, (MESSAGES, step.id))
        elif step.activity_type == "wait":
            self._wait(passage, task, step, moment)
            return
        elif step.activity_type == "end":
            if step.settings.get("is_goal"):
                self._reach_goal(passage, moment)
            self._end(passage)
            return
        branch = choose_way(step, passage, task.visit, moment, lambda name: self._draw(passage, name, step.id))
        self._finish(passage, task, moment, branch)

    def _wait(self, passage, task, step, moment):
        """Have somebody wait at a step, or go on."""
        since = moment if task.since is None else task.since
        event, date, branch = find_end_of_wait(
            step,
            passage,
            since,
            self._tz(passage),
            lambda: self._draw(passage, "done", step.id),
            self._stream("wait", step.id).draw(),
        )
        if date is not None and date <= moment:
            self._finish(passage, task, moment, branch)
            return False
        passage.parked[task.key] = (task, event)
        if date is not None:
            self._push(date, AWAKE, passage, (task, branch))
        return False

    def _finish(self, passage, task, moment, branch=None):
        self._drop(passage, task)
        is_message = task.step_id in self.plan.channels
        done = Done(task.step_id, task.visit, Facts(moment, branch=branch), is_message)
        passage.done.append(done)
        if is_message:
            self._foresee_events(passage, done, moment)
        self._settle(passage, done, moment)

    # ------------------------------------------------------------
    # What follows: as the engine settles a trace
    # ------------------------------------------------------------

    def _settle(self, passage, done, moment):
        returning, gone_back = [], done.has_gone_back
        for step, edge in self.plan.workflow.ways(done.step_id):
            trigger = self.plan.triggers.get(step.trigger_type)
            if trigger is None:
                continue
            decision = decide(step, trigger, done.facts, self._tz(passage))
            if edge.repeats:
                if decision.kind == SCHEDULE and not gone_back:
                    returning.append((edge, decision.date))
            elif decision.kind == SCHEDULE:
                self._schedule(passage, step.id, done.visit, decision.date)
            elif decision.kind == CANCEL:
                task = passage.open.get((step.id, done.visit))
                if task and task.key not in passage.parked and task.since is None:
                    self._drop(passage, task)
            elif decision.kind == WAIT and (step.id, done.visit) not in passage.known:
                self._wait_until(passage, decision.date, moment)
        for edge, date in returning:
            if not edge.limit or passage.gone[edge.source, edge.target] < edge.limit:
                passage.gone[edge.source, edge.target] += 1
                done.has_gone_back = True
                self._schedule(passage, edge.target, 1 + max(visit for _step, visit in passage.known), date)

    def _wait_until(self, passage, date, moment):
        """Note until when somebody is inside for the sake of what may still happen."""
        if date and date >= moment:
            passage.wait_until = max(date, passage.wait_until or date)
            self._push(date, OVER, passage)

    # ------------------------------------------------------------
    # What happens to a message
    # ------------------------------------------------------------

    def _foresee_events(self, passage, done, sent):
        """Draw what becomes of a message, as far as it is not known yet."""
        seen, step_id = done.facts.events, done.step_id
        if "bounce" in seen or "failed" in seen:
            return
        bounced = not seen and self._draw_later(passage, "bounce", step_id, sent, BOUNCE_TIMES)
        if bounced:
            self._push(bounced, EVENT, passage, (done, "bounce"))
            return
        opened = seen.get("open") or self._draw_later(passage, "open", step_id, sent, OPEN_TIMES)
        if not opened:
            return
        if "open" not in seen:
            self._push(opened, EVENT, passage, (done, "open"))
        for event, times in (("click", CLICK_TIMES), ("reply", REPLY_TIMES)):
            if event not in seen:
                moment = self._draw_later(passage, event, step_id, opened, times)
                if moment:
                    self._push(moment, EVENT, passage, (done, event))

    def _happen(self, passage, done, event, moment):
        done.facts.events.setdefault(event, moment)
        if event == "bounce":
            done.facts.bounces.setdefault(HARD, moment)
        elif event == "click":
            done.facts.clicks.append((moment, None, None))  # any link
        self._settle(passage, done, moment)
        for task, awaited in list(passage.parked.values()):
            if awaited == event:
                del passage.parked[task.key]
                self._finish(passage, task, moment, "done")

    # ------------------------------------------------------------
    # Chance
    # ------------------------------------------------------------

    def _stream(self, name, step_id):
        key = name, step_id
        if key not in self.streams:
            self.streams[key] = Stream(Random(f"{self.seed}:{name}:{step_id}"))
        return self.streams[key]

    def _draw(self, passage, name, step_id):
        chance = self.plan.chances.get(name, step_id)
        if chance <= 0 or chance >= 1:
            return chance >= 1
        outcome = self._stream(name, step_id).draw() < chance
        passage.draws[name, step_id, outcome] += 1
        return outcome

    def _draw_later(self, passage, name, step_id, since, times):
        """Draw whether and when something happens: later than now, since it has not happened yet.

        :return: UTC, or None
        """
        chance = self.plan.chances.get(name, step_id)
        for _draw in range(MOST_DRAWS):
            outcome = chance > 0 and self._stream(name, step_id).draw() < chance
            moment = outcome and _round_up(
                since + timedelta(hours=times.get(self._stream(f"{name} when", step_id).draw()))
            )
            if not outcome or moment >= self.now:
                break
        else:
            return None
        if 0 < chance < 1:
            passage.draws[name, step_id, bool(outcome)] += 1
        return moment or None


def _round_up(moment):
    """Return the next of the moments at which things happen: what follows many of them is computed once."""
    return moment + (datetime.min - moment) % EVERY
