"""Makes up stories for the engine and its reference model: a workflow, records, and what happens.

Most stories have an aim: that a step with a certain trigger ends in a certain way, before or after a certain edit,
for one record, the hero. The rest is chance: other steps, other records, and moves between those that the aim needs.

A move is a tuple: the name of a method of ``reference_world.Both`` and its arguments. What it is about is told by a
number (of those that are there, this one) or by name.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from reference_coverage import EDITED, ENDINGS, STATES, why_no_ending
from reference_facts import NEGATIVE, PLAIN, POSITIVE, Goal

EMAILS = [*(f"{name}@example.com" for name in "abcdefgh"), None]
COLORS = (0, 1)
ZONES = ["UTC", "Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
STARTS = [
    datetime(2026, 6, 1, 8),
    datetime(2026, 3, 28, 1, 30),
    datetime(2026, 10, 24, 23, 15),
    datetime(2028, 1, 31, 5),
]
WAITS = [timedelta(hours=h) for h in (0, 1, 1, 2, 6, 24, 25, 48, 72, 24 * 7, 24 * 8, 24 * 31, 24 * 70)]
EVENT_NAMES = [
    *("sent", "sent", "failed", "open", "click", "reply", "bounce", "soft bounce", "untyped bounce", "complaint"),
    *(
        "unsubscribe",
        "unsubscribe",
        "machine open",
        "machine click",
        "receipt",
        "delayed",
        "relayed",
        "automatic answer",
    ),
]

ROOT, OTHER, TARGET, FORK, HERO, TWIN = "root", "other", "target", "fork", "hero", "twin"
CHOICES = [frozenset({0}), frozenset({1}), frozenset({0, 1})]
BLOCKING = ("mail_complaint", "mail_unsubscribe")  # what is followed by no email, unless that is lifted
HARD_AND_SOFT = ("bounce", "soft bounce", "untyped bounce")
AT_ONCE, PENDING, LATER = (0, "hours"), (3, "days"), (4, "days")
LONG = timedelta(days=9)  # until what was pending has run
HERO_EMAIL, TWIN_EMAIL = f"{HERO}@example.com", f"{TWIN}@example.com"
FIRST = {
    "key": ROOT,
    "parent": None,
    "kind": "email",
    "trigger": "begin",
    "interval": AT_ONCE,
    "expiry": None,
    "colors": None,
}


@dataclass(frozen=True)
class Story:
    tz: str
    start: datetime
    steps: list
    colors: frozenset | None  # the campaign's filter
    leave: bool
    records: list
    moves: list
    aim: tuple | None = None
    target: str = "contact"  # or "subscriber"
    proxies: bool = False  # whether opens of machines count
    elsewhere: bool = False  # whether another campaign has reached the first records
    goal: Goal = Goal()


@dataclass(frozen=True)
class Aim:
    """What is to become of the target step for the hero."""

    trigger: str
    code: str | None
    edit: str
    when: str


class Teller:
    def __init__(self, random):
        self.random = random
        self.choice = random.choice

    def story(self):
        if self.random.random() < 0.3:
            return self._story_of_chance()
        return self.story_with_aim(self.aim_at(self.choice(self.choice([ENDINGS, EDITED, EDITED, EDITED]))))

    def _story_of_chance(self):
        return Story(
            tz=self.choice(ZONES),
            start=self.choice(STARTS),
            steps=[FIRST, *self._several(self.step, 3, 8)],
            colors=self.choice([None, None, self.colors()]),
            leave=self.choice([True, False]),
            records=self._several(self.record, 2, 4),
            moves=[("start",), ("run", timedelta(0)), *self._several(self.move, 12, 36)],
            target=self.choice(["contact", "contact", "subscriber"]),
            proxies=self.choice([False, True]),
        )

    def _several(self, make, least, most):
        return [make() for _number in range(self.random.randint(least, most))]

    # what a story consists of

    def index(self):
        return self.random.randrange(840)  # a multiple of most counts

    def interval(self):
        return self.choice([0, 0, 0, 0, 1, 1, 2]), self.choice(["hours", "hours", "hours", "days", "weeks", "months"])

    def expiry(self):
        if self.random.random() < 0.75:
            return None
        return self.choice([0, 1, 2, 5]), self.choice(["hours", "days", "days", "weeks"])

    def colors(self):
        return self.choice([None, None, frozenset({0}), frozenset({0}), frozenset({0, 1})])

    def record(self):
        return self.choice([0, 0, 0, 1]), self.choice(EMAILS)

    def step(self):
        return {
            "parent": self.choice([None, *[self.index() for _try in range(9)]]),
            "kind": self.choice(["email", "email", "action"]),
            "trigger": self.index(),
            "interval": self.interval(),
            "expiry": self.expiry(),
            "colors": self.colors(),
            "bounces": self.bounces(),
        }

    def bounces(self):
        return self.choice(["any", "any", "hard", "soft"])

    def move(self):
        kind = self.random.choices(["time", "people", "world", "edit", "engine"], [10, 10, 6, 6, 4])[0]
        return getattr(self, f"_{kind}")()

    def _time(self):
        return self.choice(["run", "live", "live", "live"]), self.choice(WAITS)

    def _people(self):
        return self.choice(
            [
                *[("react", self.index())] * 5,
                *[("event", self.index(), self.choice(EVENT_NAMES))] * 3,
                ("refuse", self.index()),
            ]
        )

    def _world(self):
        return self.choice(
            [
                *[("color", self.index(), self.choice(COLORS))] * 6,
                ("email", self.index(), self.choice(EMAILS)),
                ("block", self.index(), self.choice([True, True, False])),
                ("block", self.choice(EMAILS[:-1]), self.choice([True, True, False])),
                *[("opt_out", self.index(), self.choice([True, True, False]))] * 2,
                self.choice([("lose",), ("mend",), ("mend",)]),
                ("delete", self.index()),
                ("add", self.record()),
                *[("break", self.index(), self.choice([True, True, False]))] * 4,
            ]
        )

    def _edit(self):
        return self.choice(
            [
                ("add_step", self.step()),
                ("add_step", self.step()),
                ("remove_step", self.index()),
                ("restore_step", self.index()),
                ("restore_step", self.index()),
                ("move_step", self.index(), self.choice([None, self.index(), self.index()]), self.index()),
                ("retime_step", self.index(), self.interval()),
                ("retrigger_step", self.index(), self.index(), self.bounces()),
                *[("touch", self.index(), self.choice([None, 1, 2]))] * 2,
                ("expire_step", self.index(), self.expiry()),
                ("filter_step", self.index(), self.colors()),
                ("filter", self.colors()),
                ("leave", self.choice([True, False])),
            ]
        )

    def _engine(self):
        return self.choice(
            [
                *[("update", self.choice(["skip", "run"]))] * 6,
                *[("retry", self.index())] * 3,
                ("remove", self.index()),
                ("stop",),
                *[("start",)] * 3,
                ("sync",),
                ("sync",),
            ]
        )

    # what a story with an aim consists of

    def aim_at(self, cell):
        """:return: an Aim that reaches a cell of one of the tables."""
        if cell in ENDINGS:
            trigger, code = cell
            return Aim(trigger, code, "add" if code == "too_late" else "none", "before")
        trigger, state, edit, when = cell
        codes = [code for code, of in STATES.items() if of == state and not why_no_ending(trigger, code)]
        return Aim(trigger, self.choice([code for code in codes if _goes_with(code, edit, when)]), edit, when)

    def story_with_aim(self, aim, noise=True):
        """:param noise: whether other things happen too"""
        plot = Plot(aim, self.choice)
        several = self._several if noise else lambda *_args: []
        gaps = [self._noise() if noise else [] for _gap in pairwise(plot.moves)]
        moves = [move for some, others in zip(plot.moves, [*gaps, []], strict=True) for move in [some, *others]]
        return Story(
            tz=self.choice(ZONES),
            start=self.choice(STARTS),
            steps=[*plot.steps, *several(self.step, 0, 3)],
            colors=frozenset({0}) if aim.code == "left_filter" else None,
            leave=aim.code == "left_filter" or self.choice([True, False]),
            records=[*plot.records, *several(self.record, 0, 2)],
            moves=[*moves, *several(self.move, 0, 10)],
            aim=aim,
            target="subscriber" if aim.code == "mail_optout" else "contact",
            proxies=noise and self.choice([False, True]),
        )

    def _noise(self):
        return [] if self.random.random() < 0.8 else [self.move()]


class BranchTeller(Teller):
    """Tells stories of workflows that choose branches; apart, so that the others stay what they were."""

    kind, triggers = "choice", ("choice_yes", "choice_no")

    def story(self):
        fork = {**FIRST, "key": FORK, "parent": ROOT, "kind": self.kind, "trigger": "activity"}
        sides = [self._side(number) for number in range(3)]
        story = self._story_of_chance()
        return replace(story, steps=[FIRST, fork, *sides, *story.steps[1:5]])

    def _side(self, number):
        below = {"parent": FORK, "trigger": self.choice(self.triggers), "interval": self.interval()}
        return {**self.step(), **below, "key": f"side{number}"}

    def step(self):
        return {**super().step(), "kind": self.choice(["email", "action", self.kind]), "yes": self.choice(CHOICES)}


class SplitTeller(BranchTeller):
    """Tells stories of workflows with splits, and with ends."""

    kind, triggers = "split", ("branch_0", "branch_1")

    def story(self):
        story = super().story()
        end = {**self.step(), "parent": self.choice([ROOT, FORK]), "key": "end", "kind": "end", "trigger": self.index()}
        return replace(story, steps=[*story.steps[:5], end, *story.steps[5:]])

    def step(self):
        return {**super().step(), "weights": self._weights()}

    def _weights(self):
        return self.choice([(1, 1), (1, 1), (9, 1), (0, 2)])

    def _edit(self):
        weighed = ("weigh_step", self.index(), self._weights())
        chosen = ("choose_winner", self.index(), self.choice([0, 1, 1, None]))
        return self.choice([super()._edit(), super()._edit(), weighed, chosen])


class LoopTeller(Teller):
    """Tells stories of workflows that come back to their beginning, or to a step in between; nobody edits them.

    A way that takes a day may be without an end.
    """

    def story(self):
        between = {**self.step(), "parent": ROOT, "key": "between", "trigger": 0}
        loops = [{**self._loop(), "key": key} for key in self.choice([["again"], ["again", "too"]])]
        split = {**self.step(), "parent": "between", "key": FORK, "kind": "split", "trigger": 0}
        sides = [{**self.step(), "parent": FORK, "trigger": trigger} for trigger in ("branch_0", "branch_1")]
        story = self._story_of_chance()
        return replace(story, steps=[FIRST, between, *loops, split, *sides, *story.steps[1:4]])

    def _loop(self):
        below = {"parent": self.choice([ROOT, "between"]), "trigger": self.choice([0, self.index()])}
        loop = {"kind": self.choice(["back", "jump"]), "to": self.choice([ROOT, "between"])}
        loop |= {"limit": self.choice([1, 2, 3]), "interval": (self.choice([1, 2]), self.choice(["hours", "days"]))}
        if loop["kind"] == "jump" and loop["interval"][1] == "days":
            loop["limit"] = self.choice([0, 0, loop["limit"]])
        return {**self.step(), **below, **loop, "expiry": None}

    def _edit(self):
        return self._time()


class PlainTeller(Teller):
    """Tells stories of steps that do something with the record or tell colleagues."""

    def story(self):
        kinds = [{**self.step(), "parent": self.choice([None, ROOT]), "kind": kind, "trigger": 0} for kind in PLAIN]
        story = self._story_of_chance()
        return replace(story, steps=[FIRST, *kinds, *story.steps[1:4]], target="contact")

    def step(self):
        return {**super().step(), "kind": self.choice(["email", "action", *PLAIN]), "sets": self.choice([0, 0, 1])}


def _goes_with(code, edit, when):
    """:return: whether the plot of an ending leaves room for the edit."""
    left = code in ("left_filter", "record_deleted", "removed_by_hand")
    if when == "after":
        return code != "too_late" and not left and (code != "step_removed" or edit == "restore")
    if edit == "remove":
        return code in ("step_removed", "refused")
    if code == "mail_dup":
        return edit != "restore"
    return code != "step_removed" and (code != "too_late" or edit in ("add", "move", "restore"))


class Plot:
    """The moves by which an aim is reached where nothing comes between."""

    def __init__(self, aim, choice):
        self.aim, self.choice = aim, choice
        self.email = aim.code == "refused" or str(aim.code).startswith("mail_")
        self.parent = None if aim.trigger == "begin" else ROOT
        other = {**FIRST, "key": OTHER}
        comes_in = aim.when == "before" and aim.edit in ("add", "restore")
        self.steps = [FIRST, other] if aim.edit == "add" and comes_in else [FIRST, other, self._target()]
        late = aim.edit == "restore" and comes_in  # the hero comes while the step is away
        twin = [(0, TWIN_EMAIL, TWIN)] if aim.code == "mail_dup" else []
        hero = (0, HERO_EMAIL, HERO)
        self.people = [rid for *_values, rid in (*twin, hero)]
        self.records = [*twin, *([] if late else [hero])]
        self.moves = [("start",), ("run", timedelta(0))]
        if late:
            self.moves += [("remove_step", TARGET), ("update", "skip"), ("add", hero), ("sync",), ("run", timedelta(0))]
        if aim.code == "parent_failed":
            self._try_again()
        else:
            self.moves += [("live", timedelta(0))]
            self._tell()

    def _target(self):
        """The step as it is at first."""
        before = self.aim.edit if self.aim.when == "before" else None
        moved, trigger = before == "move", self.aim.trigger
        if before == "retrigger":
            trigger = self._another_trigger()
        elif moved:
            trigger = "mail_click"
        return {
            "key": TARGET,
            "parent": OTHER if moved else self.parent,
            "kind": self._kind(),
            "trigger": trigger,
            "interval": LATER if before == "retime" else PENDING,
            "expiry": None if before == "expire" or self.aim.code != "expired" else (2, "days"),
            "colors": None if before == "refilter" or self.aim.code != "filter_mismatch" else frozenset({0}),
        }

    def _kind(self):
        if self.email:
            return "email"
        # who complains or unsubscribes gets no further emails
        only = self.aim.code in ("exception", "parent_complained") or self.aim.trigger in BLOCKING
        return "action" if only else self.choice(["email", "action"])

    def _another_trigger(self):
        return self.choice([other for other in ("activity", *POSITIVE, *NEGATIVE) if other != self.aim.trigger])

    def _tell(self):
        event = []
        if self.aim.trigger in POSITIVE:
            event = [("event", (rid, ROOT), POSITIVE[self.aim.trigger]) for rid in self.people]
            event.append(("run", timedelta(0)))
            if self.aim.trigger in BLOCKING and self.email:
                event += [move for rid in self.people for move in (("block", rid, False), ("opt_out", rid, False))]
        if self.aim.when == "after" or self.aim.edit == "none":
            self.moves += event + self._ending()
            if self.aim.edit != "none":
                self.moves += [*self._edit(after=True), ("update", self.choice(["skip", "run"]))]
        elif self.aim.code == "too_late":
            self.moves += [*event, ("run", LONG), *self._edit(), ("update", "skip")]
        elif self.aim.edit == "remove":
            refused = self.aim.code == "refused"
            self.moves += [*event, *([("run", LONG)] if refused else []), *self._edit(), ("update", "skip")]
            self.moves += self._refusal() if refused else []
        else:
            edit = [*self._edit(), ("update", "run")]
            self.moves += self.choice([event + edit, edit + event]) + self._ending()

    def _try_again(self):
        """A message that is refused once, then opened, tried again, and refused again."""
        hero = (HERO, ROOT)
        self.moves += [("event", hero, "failed"), ("run", timedelta(0))]
        self.moves += [("event", hero, POSITIVE[self.aim.trigger]), ("retry", hero), ("run", timedelta(0))]
        edit = [*self._edit(), ("update", "run")] if self.aim.edit != "none" and self.aim.when == "before" else []
        self.moves += [*edit, ("event", hero, "failed"), ("run", timedelta(0))]
        if self.aim.when == "after":
            self.moves += [*self._edit(after=True), ("update", "run")]

    def _edit(self, after=False):
        aim = self.aim
        if aim.edit == "add":
            return [("add_step", self._target())]
        if aim.edit == "remove":
            return [("remove_step", TARGET)]
        if aim.edit == "restore":
            return [*([("remove_step", TARGET), ("update", "skip")] if after else []), ("restore_step", TARGET)]
        if aim.edit == "move":
            if not after:
                return [("move_step", TARGET, self.parent, aim.trigger)]
            return [("move_step", TARGET, OTHER, self._another_trigger())]
        if aim.edit == "retrigger":
            first = [("move_step", TARGET, OTHER, "mail_open"), ("update", "skip")] if self.parent is None else []
            return [*first, ("retrigger_step", TARGET, "mail_click" if first else self._goal(after))]
        if aim.edit == "retime":
            return [("retime_step", TARGET, (5, "days") if after else PENDING)]
        if aim.edit == "expire":
            return [("expire_step", TARGET, (2, "days") if aim.code == "expired" and not after else (8, "days"))]
        assert aim.edit == "refilter"
        mismatch = aim.code == "filter_mismatch"
        return [("filter_step", TARGET, frozenset({0}) if mismatch and not after else frozenset({0, 1}))]

    def _goal(self, after):
        return self._another_trigger() if after else self.aim.trigger

    def _ending(self):
        """What happens to a pending step."""
        return {
            None: [("run", LONG)],
            "filter_mismatch": [("color", HERO, 1), ("run", LONG)],
            "expired": [("run", LONG)],
            "event_happened": [("event", (HERO, ROOT), NEGATIVE.get(self.aim.trigger)), ("run", timedelta(0))],
            "parent_bounced": [("event", (HERO, ROOT), self.choice(HARD_AND_SOFT)), ("run", timedelta(0))],
            "parent_complained": [("event", (HERO, ROOT), "complaint"), ("run", timedelta(0))],
            "step_removed": [("remove_step", TARGET), ("update", "skip")],
            "left_filter": [("color", HERO, 1), ("sync",)],
            "record_deleted": [("delete", HERO), ("run", LONG)],
            "removed_by_hand": [("remove", HERO)],
            "mail_bl": [("block", HERO, True), ("run", LONG)],
            "mail_optout": [("opt_out", HERO, True), ("run", LONG)],
            "mail_email_missing": [("email", HERO, None), ("run", LONG)],
            "mail_dup": [("email", HERO, TWIN_EMAIL), ("run", LONG)],
            "exception": [("break", (HERO, TARGET), True), ("run", LONG)],
            "refused": [("run", LONG), *self._refusal()],
        }[self.aim.code]

    def _refusal(self):
        return [("event", (HERO, TARGET), "failed"), ("run", timedelta(0))]
