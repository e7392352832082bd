"""What the steps of a campaign are, and what they do next: pure, without Odoo.

A :class:`Workflow` is what a running campaign executes: made from its activities when a
user presses Start or Update, kept as JSON on the campaign, and read by the engine. Edits
of the activities change nothing for the participants until the next Update.

The engine collects the facts of a batch of traces with a few queries, asks
:func:`decide` for each step that waits on them, and writes the answers set-based. The
answer depends on the facts alone, never on the order in which they became known: that
is what makes events that arrive twice, late or out of order harmless.
"""

from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property

from .events import KINDS
from .schedule import add_interval, is_expired, next_time

# Of the JSON in which a workflow is kept: up to 19.0.1.0.2 it had none; 2, of no release, had no edges. Raise it where
# an older workflow has to be read in another way; a field that is added with a default, or that goes, needs nothing.
VERSION = 3

# Bounces of which it was not recorded whether they are hard or soft are hard
HARD, SOFT = "hard", "soft"

# The kinds of a decision
SCHEDULE = "schedule"  # the step is due at `date`
WAIT = "wait"  # nothing to write; `date` is the last moment of the wait, if it has one
CANCEL = "cancel"  # if the step is scheduled it no longer runs, for the reason `code`


# Begins a link filter that is the whole address of a link; else it is a part of its address or its text
WHOLE = "="

# The branch of a trigger of which each step says for itself for which branch it is, as below a split
STEPS = "*"


def has_conditions(text):
    """Tell whether the text of a filter has any condition."""
    return bool(text) and text.strip() not in ("[]", "()")


def matches_link(link_filter, url, label):
    """Tell whether a link is one of those that a step is about.

    :param str link_filter: ``WHOLE`` and an address, or what the address or the text of the link contains
    :param url: of the link; None where a test does not say which it was: any
    :param label: its text
    """
    if url is None:
        return True
    if link_filter.startswith(WHOLE):
        return url == link_filter[len(WHOLE) :]
    text = link_filter.casefold()
    return text in url.casefold() or text in (label or "").casefold()


@dataclass(frozen=True)
class Trigger:
    """How an activity starts.

    :param parent_types: the activity types that can give it; empty for every type
    :param event: the event of the parent's message that it is about, if any
    :param negative: whether it fires when that event did *not* happen
    :param has_parent: False for the beginning of the workflow alone
    :param branch: the branch that the step before it has to choose, if any; ``STEPS`` where the step says which
    """

    parent_types: frozenset = frozenset()
    event: str | None = None
    negative: bool = False
    has_parent: bool = True
    branch: str | None = None

    @property
    def waits_for_completion(self):
        """Whether it counts from the completion of the parent."""
        return self.has_parent and (self.negative or not self.event)


@dataclass(frozen=True)
class Step:
    """What the engine needs to know of one activity."""

    id: int
    parent_id: int | None
    activity_type: str
    trigger_type: str
    interval_number: int
    interval_type: str
    domain: str
    template_id: int | None = None
    validity_number: int | None = None
    validity_type: str | None = None
    bounce_type: str = "any"  # of a trigger about a bounce: hard, soft or any
    link_filter: str | None = None  # of a trigger about a click: on which link, see :func:`matches_link`
    branch: str | None = None  # which branch has to be chosen, where its trigger does not say so itself
    settings: dict = field(default_factory=dict, hash=False)  # of its type: see ``ActivityType.settings``
    time_of_day: float | None = None  # hours since midnight: the first such time after the interval
    ignore_sending_hours: bool = False
    best_time: bool = False  # each recipient gets it when they usually open, up to a day later

    def __eq__(self, other):
        return isinstance(other, Step) and _all_of(self) == _all_of(other)

    @property
    def said(self):
        """Its settings but for those that say nothing: another release may not know them."""
        return {name: value for name, value in self.settings.items() if value not in (None, False, "")}

    @classmethod
    def from_json(cls, values):
        """Return a step that was kept by this release or another one, see :meth:`Workflow.from_json`."""
        return cls(**_known(cls, values))

    def due(self, moment, tz):
        """Return when the step is due, given the moment of what it waited for."""
        due = add_interval(moment, self.interval_number, self.interval_type, tz)
        return due if self.time_of_day is None else next_time(due, self.time_of_day, tz)

    @property
    def follows_clock(self):
        """Whether it depends on a clock when it is due, or until when; hours are the same everywhere."""
        return (
            self.time_of_day is not None
            or (self.interval_number > 0 and self.interval_type != "hours")
            or self.validity_type not in (None, "hours")
        )

    def is_expired(self, date, now, tz):
        """Tell whether it is too late to run what was due at ``date``."""
        return bool(self.validity_type) and is_expired(date, self.validity_number, self.validity_type, now, tz)


@dataclass(frozen=True)
class Entry:
    """A way into the campaign.

    :param int id: of its marketing.entry; None in a campaign that 19.0.1.1.0 started
    :param str entry_type: the name of its :class:`~.entry_types.EntryType`
    :param dict settings: of its type: see ``EntryType.settings``
    """

    id: int | None
    entry_type: str
    settings: dict = field(default_factory=dict, hash=False)

    @classmethod
    def from_json(cls, values):
        return cls(**_known(cls, values))


# Up to 19.0.1.1.0 everybody entered who matched the filter, and by hand
BY_FILTER = Entry(None, "filter")


@dataclass(frozen=True)
class Edge:
    """A way into a step. Each step has one from its parent, or from the beginning; others come back, or jump.

    :param source: id of the step that it comes from; None: the beginning of the workflow
    :param target: id of the step that it leads to
    :param trigger_type: what has to happen
    :param repeats: whether the step is come to once more. Such a way has no interval: the step is due at once. A
        participant goes on from each visit of the source by such ways once, as it finds them then.
    :param limit: how often a participant may go it, where it repeats; 0 for no limit
    :param branch: the branch that the source has to choose, where it repeats; None for whichever
    """

    source: int | None
    target: int
    trigger_type: str
    repeats: bool = False
    limit: int = 0
    branch: str | None = None

    @classmethod
    def from_json(cls, values):
        return cls(**_known(cls, values))


@dataclass(frozen=True)
class Workflow:
    """The steps of a campaign, and the filter that keeps its participants in.

    :param str domain: the campaign's filter
    :param bool leave_on_mismatch: whether who no longer matches it leaves
    :param str unique_field: name of the field by which the enrolled are unique
    :param dict steps: :class:`Step` by id
    :param str model_name: the target; None in a campaign that 19.0.1.0.0 started
    :param edges: the :class:`Edge` of each way; by default the one of each step from its parent
    :param dict rests: what steps rest on as its user has seen it, by id (as a text: JSON has no other keys). See
        ``marketing.activity._get_rests``
    :param tuple entries: the :class:`Entry` of each way in; without one, people come by hand alone
    :param str reentry: who enters again: ``never``, ``after_end`` or ``restart``
    :param int reentry_delay_number: how long after the last entry at the earliest
    :param str reentry_delay_unit: of that
    :param int reentry_limit: how many times again at most; 0 for no limit
    :param sending_calendar_id: of the resource.calendar that says when messages leave; None for at any time
    :param str tz_mode: whose clock counts: ``campaign`` or ``recipient``
    :param goal_domain: the filter of records that have reached the goal; None where it asks nothing of them
    :param goal_behavior: what participants did with their messages who have; see ``behaviour.py``
    :param int goal_window_number: how long after the end it still counts
    :param str goal_window_unit: of that
    :param bool goal_leave: whether who reaches the goal has finished
    :param exit_domain: the filter of records whose participants leave; None for nobody's
    """

    domain: str
    leave_on_mismatch: bool
    unique_field: str | None
    steps: dict
    model_name: str | None = None
    rests: dict = field(default_factory=dict)
    edges: tuple | None = None
    entries: tuple = (BY_FILTER,)
    reentry: str = "never"
    reentry_delay_number: int = 0
    reentry_delay_unit: str = "days"
    reentry_limit: int = 0
    sending_calendar_id: int | None = None
    tz_mode: str = "campaign"
    goal_domain: str | None = None
    goal_behavior: dict | None = None
    goal_window_number: int = 30
    goal_window_unit: str = "days"
    goal_leave: bool = True
    exit_domain: str | None = None

    def __post_init__(self):
        if self.edges is None:
            own = tuple(Edge(step.parent_id, step.id, step.trigger_type) for step in self.steps.values())
            object.__setattr__(self, "edges", own)

    def with_edges(self, edges):
        """Return this workflow with more ways than those from parents."""
        return replace(self, edges=(*self.edges, *edges))

    @property
    def roots(self):
        return [self.steps[edge.target] for edge in self._edges_by_source.get(None, ())]

    @cached_property
    def _edges_by_source(self):
        by_source = {}
        for edge in self.edges:
            if edge.target in self.steps:
                by_source.setdefault(edge.source, []).append(edge)
        return by_source

    def children(self, step_id):
        """Return the steps to which a step leads, as they are on that way."""
        return [step for step, _edge in self.ways(step_id)]

    def ways(self, step_id):
        """Return where a participant may go from a step.

        :return: the :class:`Step`, as it is on that way, and the :class:`Edge`, of each way
        :rtype: list[tuple[Step, Edge]]
        """
        return [
            (_along(self.steps[edge.target], edge) if edge.repeats else self.steps[edge.target], edge)
            for edge in self._edges_by_source.get(step_id, ())
        ]

    def find_first_messages(self, step_id, sending_types):
        """Return the first messages on each branch below a step that chooses one.

        :param set sending_types: of the steps that send messages
        :return: by branch, the ids of the steps that somebody may come to there before any other message
        :rtype: dict[str, set[int]]
        """
        found = {}
        for first in self.children(step_id):
            if first.branch is None:
                continue
            ahead, seen = [first], {step_id}
            while ahead:
                step = ahead.pop()
                if step.id in seen:
                    continue
                seen.add(step.id)
                if step.activity_type in sending_types:
                    found.setdefault(first.branch, set()).add(step.id)
                else:
                    ahead += self.children(step.id)
        return found

    def filters(self, step):
        """Return the own filters of a step and of the steps above it, its own first, without the empty ones."""
        filters = []
        while step:
            if has_conditions(step.domain):
                filters.append(step.domain)
            step = self.steps.get(step.parent_id)
        return filters

    def get_effective(self):
        """Return this workflow with the defaults of what it does not use: such settings change nothing for anybody."""
        unused = []
        if not self.goal_domain and not self.goal_behavior:
            unused += ["goal_window_number", "goal_window_unit", "goal_leave"]
        if self.reentry == "never":
            unused += ["reentry_delay_number", "reentry_delay_unit", "reentry_limit"]
        return replace(self, **{name: getattr(Workflow, name) for name in unused})

    def differs(self, other, names):
        """Tell whether another workflow has other values of some fields.

        :param list names: of fields
        """
        return any(getattr(self, name) != getattr(other, name) for name in names)

    def is_course_of(self, other):
        """Tell whether participants go the same way through another workflow, whatever its steps rest on."""
        mine, theirs = (
            replace(workflow.get_effective(), rests={}, model_name=None, edges=()) for workflow in (self, other)
        )
        return mine == theirs and set(self.edges) == set(other.edges)

    def to_json(self):
        return dict(asdict(self), version=VERSION, steps=[asdict(step) for step in self.steps.values()])

    @classmethod
    def from_json(cls, data):
        """Return the workflow that was kept, by this release or another one.

        A campaign goes on over an upgrade: what was not known when it started has its default, and what is no longer
        known is left out.

        :param dict data: see :meth:`to_json`
        """
        steps = [Step.from_json(values) for values in data["steps"]]
        edges = data.get("edges")
        edges = edges and tuple(Edge.from_json(values) for values in edges)
        entries = tuple(Entry.from_json(values) for values in data["entries"]) if "entries" in data else (BY_FILTER,)
        return cls(
            **dict(_known(cls, data), steps={step.id: step for step in steps}, edges=edges, entries=entries),
        )


def _all_of(step):
    return {**vars(step), "settings": step.said}


def _along(step, edge):
    """Return a step as it is for who comes to it by an edge that is not the one from its parent: due at once."""
    return replace(
        step,
        parent_id=edge.source,
        trigger_type=edge.trigger_type,
        interval_number=0,
        validity_number=None,
        validity_type=None,
        time_of_day=None,
        bounce_type="any",
        link_filter=None,
        branch=edge.branch,
    )


def _known(cls, values):
    names = {known.name for known in fields(cls)}
    return {name: value for name, value in values.items() if name in names}


@dataclass
class Facts:
    """What is known of one executed parent trace.

    :param completed: when it was executed, or its message was accepted by the server;
        None while that is not known
    :param events: first moment of each event that counts, by its name
    :param clicks: first moment, address and text of each link that was clicked
    :param bounces: first moment of a bounce, by whether it is ``HARD`` or ``SOFT``
    :param kinds: the :class:`~.events.EventKind` of all events, by name
    :param branch: the branch that it has chosen, where its type chooses one
    """

    completed: datetime | None = None
    events: dict = field(default_factory=dict)
    bounces: dict = field(default_factory=dict)
    clicks: list = field(default_factory=list)
    kinds: dict = field(default_factory=lambda: KINDS, repr=False)
    branch: str | None = None

    @property
    def dead_code(self):
        """The code of what ended the message for all who wait, or None."""
        return next((kind.ends for name, kind in self.kinds.items() if kind.ends and name in self.events), None)

    def has_ended_for(self, trigger):
        """Tell whether the message came to an end that a trigger does not outlast."""
        awaited = self.kinds.get(trigger.event)
        return bool(self.dead_code) and not (awaited and awaited.outlasts_end)

    def get_moment(self, step, trigger):
        """Return when that first happened which a step waits for; None where it has not."""
        if trigger.event == "bounce" and step.bounce_type != "any":
            return self.bounces.get(step.bounce_type)
        if trigger.event == "click" and step.link_filter:
            moments = (moment for moment, url, label in self.clicks if matches_link(step.link_filter, url, label))
            return min(moments, default=None)
        return self.events.get(trigger.event)


@dataclass(frozen=True)
class Decision:
    kind: str
    date: datetime | None = None
    code: str | None = None


def decide(step, trigger, facts, tz):
    """Decide about a step that waits on an executed parent.

    :param Step step: the waiting step
    :param Trigger trigger: its trigger
    :param Facts facts: of its parent's trace
    :param str tz: name of the campaign's time zone
    :rtype: Decision
    """
    if facts.has_ended_for(trigger):
        return Decision(CANCEL, code=facts.dead_code)
    happened = facts.get_moment(step, trigger)
    if trigger.event and not trigger.negative:
        return _decide_on_event(step, facts, happened, tz)
    if happened:
        return Decision(CANCEL, code="event_happened")
    branch = step.branch if trigger.branch in (None, STEPS) else trigger.branch
    if branch or trigger.branch:
        if facts.branch is None:  # of a step that chose none, as one of another type before an edit
            return Decision(WAIT)
        if facts.branch != branch:
            return Decision(CANCEL, code="other_branch")
    if facts.completed is None:
        return Decision(WAIT)
    return Decision(SCHEDULE, step.due(facts.completed, tz))


def _decide_on_event(step, facts, happened, tz):
    deadline = None
    if step.validity_type and facts.completed is not None:
        deadline = add_interval(facts.completed, step.validity_number, step.validity_type, tz)
    if not happened:
        return Decision(WAIT, deadline)
    if deadline is not None and happened > deadline:
        return Decision(WAIT)
    return Decision(SCHEDULE, step.due(happened, tz))
