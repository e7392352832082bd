"""Makes up stories of workflows that think: what people did decides where they go on, and they wait on their way."""

from dataclasses import replace
from datetime import timedelta

from reference_facts import LINKS, Goal, Line, Wait
from reference_stories import COLORS, EVENT_NAMES, FIRST, FORK, ROOT, BranchTeller, LoopTeller

LINK_TEXTS = ["offer", "NEWS", "what", "fer_1", "fer1", "%"]
LINK_FILTERS = [None, "offer", "news", "all", "_", *(f"={url}" for url, _label in LINKS.values()), "=https://elsewhere"]
EVENTS = [*EVENT_NAMES, *LINKS, *LINKS, *LINKS, "open", "reply", "machine click", "machine open"]
SHORT = [timedelta(minutes=minutes) for minutes in (0, 1, 4, 5, 10, 59)]


class LogicTeller(BranchTeller):
    """What stories of conditions and of waits have in common."""

    def story(self):
        story = super().story()
        second = {**FIRST, "key": "second"}
        steps = [FIRST, second, *story.steps[1:]]
        return replace(story, steps=steps, elsewhere=self.choice([False, False, True]))

    def step(self):
        return {
            **super().step(),
            "kind": self.choice(["email", "email", "action", "update", self.kind]),
            "link": self.choice(LINK_FILTERS),
            **self._thoughts(),
        }

    def _thoughts(self):
        return {
            "yes": self.choice([None, None, frozenset({0}), frozenset({1})]),
            "lines": tuple(self.line() for _number in range(self.choice([1, 1, 1, 2, 3]))),
            "is_any": self.choice([False, True]),
            "wait": self.wait(),
            "sets": self.choice(COLORS),
        }

    def line(self):
        event = self.choice(["sent", "open", "open", "click", "click", "reply", "bounce"])
        scope = self.choice(["any", "any", "step", "run", "anywhere"])
        span = "run" if scope == "run" else self.choice(["ever", "ever", "days"])
        return Line(
            did=self.choice([True, True, True, False]),
            event=event,
            link=self.choice(LINK_TEXTS) if event == "click" and self.random.random() < 0.6 else None,
            step=ROOT if scope == "step" else None,
            times=self.choice([1, 1, 1, 2]),
            span=span,
            days=self.choice([1, 2, 3]) if span == "days" else None,
            anywhere=scope == "anywhere",
        )

    def wait(self):
        return Wait(
            kind=self.choice(["domain", "domain", "date", "weekday", "event"]),
            limit=self.choice([None, None, (1, "hours"), (6, "hours"), (2, "days"), (1, "weeks"), (1, "months")]),
            colors=self.choice([frozenset({0}), frozenset({1})]),
            event=self.choice(["open", "click", "reply"]),
            offset=self.choice([(0, "days"), (-1, "days"), (-2, "weeks"), (1, "months"), (3, "hours"), (-30, "hours")]),
            weekday=self.choice(range(7)),
            time=self.choice([0.0, 2.5, 9.0, 23.75]),
        )

    def _time(self):
        if self.random.random() < 0.25:
            return "run", self.choice(SHORT)
        return super()._time()

    def _people(self):
        return self.choice(
            [
                *[("react", self.index())] * 2,
                *[("event", self.index(), self.choice(EVENTS))] * 6,
                ("happen_elsewhere", self.index(), self.choice(["open", "reply", "machine open", *LINKS])),
            ]
        )

    def _world(self):
        return self.choice(
            [
                super()._world(),
                super()._world(),
                ("color", self.index(), self.choice(COLORS)),
                ("renew", self.index(), self.choice([None, -40, -1, 0, 1, 5, 20])),
            ]
        )

    def _edit(self):
        return self.choice(
            [
                super()._edit(),
                super()._edit(),
                ("rethink_step", self.index(), self._thoughts()),
                ("retrigger_step", self.index(), self.index(), self.bounces(), self.choice(LINK_FILTERS)),
            ]
        )


class BehaviourTeller(LogicTeller):
    """Tells stories of conditions about what people did."""

    kind, triggers = "condition", ("cond_yes", "cond_no")

    def story(self):
        story = super().story()
        # by its day something has happened
        fork = {**story.steps[2], **self._thoughts(), "interval": self.choice([(0, "hours"), (1, "days"), (3, "days")])}
        return replace(story, steps=[*story.steps[:2], fork, *story.steps[3:]])


class WaitTeller(LogicTeller):
    """Tells stories of people who wait."""

    kind, triggers = "wait", ("wait_done", "wait_timeout")

    def story(self):
        story = super().story()
        fork = {**story.steps[2], **self._thoughts(), "colors": self.colors(), "expiry": self.expiry()}
        return replace(story, steps=[*story.steps[:2], fork, *story.steps[3:]])


class WaitLoopTeller(WaitTeller, LoopTeller):
    """Tells stories of loops in which people wait, and which end by what they did; nobody edits them."""

    def story(self):
        story = self._story_of_chance()
        wait = {**self.step(), "parent": ROOT, "key": FORK, "kind": "wait", "trigger": "activity", "expiry": None}
        sides = [
            {**self.step(), "parent": FORK, "trigger": self.choice(self.triggers), "key": f"side{number}"}
            for number in range(2)
        ]
        asked = {**self.step(), "parent": "side0", "key": "asked", "kind": "condition", "trigger": 0}
        loops = [
            {**self._loop(), "parent": FORK, "trigger": self.choice(self.triggers), "to": ROOT, "key": "again"},
            {**self._loop(), "parent": "asked", "trigger": "cond_no", "to": FORK, "key": "too"},
        ]
        return replace(story, steps=[FIRST, wait, *sides, asked, *loops, *story.steps[1:3]])

    def _edit(self):
        return LoopTeller._edit(self)


class GoalTeller(WaitTeller):
    """Tells stories of campaigns that are for something."""

    def story(self):
        return replace(super().story(), goal=self.goal(), elsewhere=False)

    def goal(self):
        return Goal(
            colors=self.choice([None, frozenset({2}), frozenset({2}), frozenset({0, 2})]),
            lines=tuple(self.goal_line() for _number in range(self.choice([0, 0, 1, 2]))),
            is_any=self.choice([False, True]),
            leave=self.choice([True, True, False]),
            exits=self.choice([None, None, frozenset({3})]),
        )

    def goal_line(self):
        line = self.line()
        return replace(line, span="ever", days=None, step=None, anywhere=False)

    def _world(self):
        return self.choice([super()._world(), ("color", self.index(), self.choice([0, 1, 2, 2, 3]))])

    def _edit(self):
        return self.choice([super()._edit(), super()._edit(), ("aim", self.goal())])
