import doctest
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from odoo.tests import BaseCase

from odoo.addons.marketing_automation.engine import forecast_chances
from odoo.addons.marketing_automation.engine.forecast import (
    COMPLETED,
    CONVERTED,
    ENTERED,
    INSIDE,
    MESSAGES,
    Person,
    Plan,
)
from odoo.addons.marketing_automation.engine.forecast_band import Group, forecast, simulate
from odoo.addons.marketing_automation.engine.forecast_chances import DEFAULTS, Chances, Rate
from odoo.addons.marketing_automation.engine.pressure import Cap
from odoo.addons.marketing_automation.engine.sending_hours import Opening, SendingHours
from odoo.addons.marketing_automation.engine.split import choose_branch
from odoo.addons.marketing_automation.engine.warm_up import WarmUp
from odoo.addons.marketing_automation.engine.workflow import Edge, Step, Trigger, Workflow

NOW = datetime(2026, 6, 6, 8)  # a Saturday
STARTS = [datetime(2026, 6, 6) + timedelta(days=day) for day in range(29)]
TRIGGERS = {
    "begin": Trigger(has_parent=False),
    "activity": Trigger(),
    "mail_open": Trigger(event="open"),
    "mail_not_open": Trigger(event="open", negative=True),
    "mail_bounce": Trigger(event="bounce"),
    "branch": Trigger(branch="*"),
    "cond_yes": Trigger(branch="yes"),
    "cond_no": Trigger(branch="no"),
}
OFFICE = SendingHours("UTC", tuple(Opening(day, 9.0, 17.0) for day in range(5)))


def step(number, parent=None, trigger="activity", days=0, kind="email", **values):
    trigger = trigger if parent else "begin"
    return Step(number, parent, kind, trigger, days, "days", "[]", **values)


def make_plan(*steps, edges=(), shares=None, **values):
    workflow = Workflow("[]", False, None, {one.id: one for one in steps}).with_edges(edges)
    channels = {one.id: "mail" for one in steps if one.activity_type == "email"}
    given = {name: Rate(value) for name, value in {"bounce": 0, **(shares or {})}.items()}
    return Plan(workflow, TRIGGERS, channels, "UTC", Chances({**DEFAULTS, **given}), **values)


def look(plan, people=1000, groups=None, seed=1, most=200):
    return forecast(plan, groups or [Group("entering", people)], NOW, STARTS, seed, most)


def by_day(found, what, days=None):
    """The middle line of some days, or of all that have something."""
    values = [round(value) for value, _low, _high in found.get(what, [(0, 0, 0)] * 28)]
    return {day: value for day, value in enumerate(values) if value} if days is None else values[:days]


class TestForecast(BaseCase):
    """The simulator, by small examples whose answer is known."""

    def test_examples(self):
        self.assertEqual(doctest.testmod(forecast_chances).failed, 0)

    def test_everybody_or_nobody_opens(self):
        steps = step(1), step(2, 1, "mail_open", 1), step(3, 1, "mail_not_open", 8)
        found = look(make_plan(*steps, shares={"open": 1}))
        self.assertEqual(by_day(found, (MESSAGES, 1)), {0: 1000})
        self.assertEqual(sum(by_day(found, (MESSAGES, 2)).values()), 1000)
        self.assertEqual(by_day(found, (MESSAGES, 3)), {})
        found = look(make_plan(*steps, shares={"open": 0, "click": 0, "reply": 0}))
        self.assertEqual((by_day(found, (MESSAGES, 2)), by_day(found, (MESSAGES, 3))), ({}, {8: 1000}))
        self.assertEqual(by_day(found, COMPLETED, 10), [0] * 8 + [1000] * 2)

    def test_who_bounces_gets_nothing_more(self):
        found = look(make_plan(step(1), step(2, 1, days=2), step(3, 1, "mail_bounce"), shares={"bounce": 0.1}))
        self.assertEqual((by_day(found, (MESSAGES, 2)), by_day(found, (MESSAGES, 3))), ({2: 900}, {0: 100}))

    def test_a_limit_spreads_messages(self):
        plan = make_plan(step(1), limit=WarmUp(10, 100, 10))
        self.assertEqual(by_day(look(plan), (MESSAGES, 1)), {0: 160, 1: 240, 2: 240, 3: 240, 4: 120})
        plan = make_plan(step(1), limit=WarmUp(10, 100, 1000), warm_up_began=NOW)
        self.assertEqual(by_day(look(plan), (MESSAGES, 1)), {0: 160, 1: 80 + 320, 2: 160 + 280})

    def test_messages_wait_for_sending_hours(self):
        plan = make_plan(step(1), step(2, ignore_sending_hours=True), hours=OFFICE)
        found = look(plan)
        self.assertEqual((by_day(found, (MESSAGES, 1)), by_day(found, (MESSAGES, 2))), ({2: 1000}, {0: 1000}))
        found = look(replace(plan, limit=WarmUp(100, 100, 100)), 2000)
        of_day = by_day(found, (MESSAGES, 1))
        self.assertEqual(of_day[2], 800, "eight hours of a hundred")
        self.assertNotIn(7, of_day, "a Saturday")

    def test_hours_of_recipients(self):
        people = (Person("Pacific/Auckland"), Person("America/Los_Angeles"))
        plan = make_plan(step(1), hours=OFFICE)
        found = look(plan, groups=[Group("entering", 100, people)])
        self.assertEqual(by_day(found, (MESSAGES, 1)), {1: 50, 2: 50})

    def test_caps_hold_messages_back_or_skip_them(self):
        steps = step(1), step(2, 1, days=1)
        cap = Cap("mail", 1, 7)
        found = look(make_plan(*steps, caps={"mail": cap}))
        self.assertEqual((by_day(found, (MESSAGES, 1)), by_day(found, (MESSAGES, 2))), ({0: 1000}, {7: 1000}))
        found = look(make_plan(*steps, caps={"mail": replace(cap, skips=True)}))
        self.assertEqual(by_day(found, (MESSAGES, 2)), {})
        people = (Person(sent={"mail": [NOW - timedelta(days=5)]}), Person())
        found = look(make_plan(*steps, caps={"mail": cap}), groups=[Group("entering", 10, people)])
        self.assertEqual(by_day(found, (MESSAGES, 1)), {0: 5, 2: 5})

    def test_a_split_is_that_of_the_engine(self):
        weights = [["a", 50], ["b", 30], ["c", 0]]
        steps = [step(1, kind="split", settings={"weights": weights})]
        steps += [step(2 + place, 1, "branch", branch=branch) for place, branch in enumerate("abc")]
        plan = make_plan(*steps)
        found = simulate(plan, [Group("entering", 80)], NOW, STARTS, 80)
        chosen = [choose_branch(weights, 1, number) for number in range(1, 81)]
        numbers = [sum(passage.numbers[(MESSAGES, 2 + place), 0] for passage in found.passages) for place in range(3)]
        self.assertEqual(numbers, [chosen.count(branch) for branch in "abc"])

    def test_conditions_and_waits(self):
        settings = {"domain": "[('ref', '!=', False)]"}
        steps = step(1, kind="condition", settings=settings), step(2, 1, "cond_yes"), step(3, 1, "cond_no", 1)
        found = look(make_plan(*steps, shares={"yes": 0.3}))
        self.assertEqual((by_day(found, (MESSAGES, 2)), by_day(found, (MESSAGES, 3))), ({0: 300}, {1: 700}))
        wait = {"kind": "weekday", "weekday": "2", "time": 10.0}
        found = look(make_plan(step(1, kind="wait", settings=wait), step(2, 1)))
        self.assertEqual(by_day(found, (MESSAGES, 2)), {4: 1000})
        opened = {"behavior": {"lines": [{"event": "open"}]}, "domain": "[]"}
        steps = step(1), step(2, 1, days=9, kind="condition", settings=opened), step(3, 2, "cond_yes")
        self.assertEqual(by_day(look(make_plan(*steps, shares={"open": 0.4})), (MESSAGES, 3)), {9: 400})

    def test_ways_that_come_back(self):
        edges = [Edge(1, 1, "activity", repeats=True, limit=3)]
        found = look(make_plan(step(1), edges=edges))
        self.assertEqual(by_day(found, (MESSAGES, 1)), {0: 4000})

    def test_newcomers_and_the_goal(self):
        plan = make_plan(step(1), has_goal=True, shares={"conversion": 1})
        found = look(plan, groups=[Group("new", 280, first=NOW, last=STARTS[-1])])
        self.assertEqual(by_day(found, ENTERED)[27], 280)
        self.assertAlmostEqual(by_day(found, ENTERED)[13], 140, delta=5)
        self.assertTrue(0 < by_day(found, CONVERTED)[27] < 280)

    def test_the_same_seed_gives_the_same(self):
        plan = make_plan(step(1), step(2, 1, "mail_open"), step(3, 1, "mail_not_open", 3))
        self.assertEqual(look(plan), look(plan))
        self.assertNotEqual(look(plan), look(plan, seed=2))

    def test_what_is_known_for_sure_has_a_narrow_band(self):
        steps = step(1), step(2, 1, "mail_not_open", 8)
        plan = make_plan(*steps)
        widths = []
        for rate in (DEFAULTS["open"], Rate(0.3, 5000), Rate(0.3)):
            chances = Chances({**plan.chances.rates, "open": rate})
            middle, low, high = look(replace(plan, chances=chances), 100_000, most=1000)[MESSAGES, 2][8]
            self.assertTrue(low <= middle <= high)
            self.assertAlmostEqual(middle, 70_000, delta=1400)
            widths.append(high - low)
        self.assertGreater(widths[0], 15_000)
        self.assertLess(max(widths[1:]), 6_000)

    def test_nobody_is_in_two_places(self):
        """Whatever the workflow: who entered is inside or has finished, on each day."""
        random = Random(26)
        for _round in range(8):
            steps = [step(1)]
            for number in range(2, random.randint(3, 8)):
                parent = random.choice(steps)
                trigger = random.choice(["activity", "mail_open", "mail_not_open", "mail_bounce"])
                steps.append(step(number, parent.id, trigger, random.randint(0, 6)))
            plan = make_plan(
                *steps,
                shares={"bounce": 0.05},
                has_goal=True,
                limit=random.choice([None, WarmUp(5, 20, 50)]),
                hours=random.choice([None, OFFICE]),
                caps=random.choice([{}, {"mail": Cap("mail", 2, 7)}]),
            )
            groups = [Group("entering", 300), Group("new", 56, first=NOW, last=STARTS[-1])]
            found = simulate(plan, groups, NOW, STARTS, 100)
            for passage in found.passages:
                for day in range(28):
                    so_far = {what: 0 for what in (ENTERED, INSIDE, COMPLETED, CONVERTED)}
                    for (what, at), number in passage.numbers.items():
                        if what in so_far and at <= day:
                            so_far[what] += number
                    self.assertEqual(so_far[ENTERED], so_far[INSIDE] + so_far[COMPLETED], plan)
                    self.assertIn(so_far[CONVERTED], (0, 1))
                each = [number for (what, _day), number in passage.numbers.items() if what == MESSAGES]
                self.assertLessEqual(sum(each), len(steps), "each step once")
            self.assertAlmostEqual(sum(passage.people for passage in found.passages), 356)
