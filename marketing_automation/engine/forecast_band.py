"""Who goes through a simulation, and what comes of it by day: as a band, not as one line."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from math import exp, log
from random import Random

from .forecast import COMPLETED, CONVERTED, ENTERED, INSIDE, Passage, Person, Simulation

MOST_PASSAGES = 2_000
FEWEST_PASSAGES = 100
MOST_EXECUTED = 15_000  # steps: passages that go round and round are fewer
TRIAL = 60  # passages that tell how many steps one takes
SAMPLES = 40  # of which a band is made
LOW, HIGH = 0.1, 0.9
SUMMED = (INSIDE, COMPLETED, CONVERTED, ENTERED)  # changes, of which the days show the sum


@dataclass(frozen=True)
class Group:
    """People of one kind, for whom some passages stand.

    :param str name: of the kind
    :param float people: how many they are
    :param tuple patterns: :class:`~.forecast.Person` of some of those who enter, or :class:`~.forecast.Passage` of who
        is inside; the passages are like each of them in turn
    :param datetime first: when the first of them enters, UTC
    :param datetime last: when the last does
    :param float doubt: by which part of it their number may be off (a standard deviation)
    """

    name: str
    people: float
    patterns: tuple = (Person(),)
    first: datetime | None = None
    last: datetime | None = None
    doubt: float = 0.0


def forecast(plan, groups, now, starts, seed=1, most=MOST_PASSAGES):
    """Return what a campaign will do.

    :param Plan plan: see :class:`~.forecast.Plan`
    :param list groups: :class:`Group`
    :param datetime now: UTC
    :param list starts: when each day begins, and when the last one ends; the first is the day of now
    :param seed: the same one gives the same answer
    :param int most: how many passages there are at most
    :return: by what is counted, (value, low, high) of each day: at its end, or during the day for messages
    :rtype: dict[str | tuple, list[tuple[float, float, float]]]
    """
    groups = [group for group in groups if group.people > 0 and group.patterns]
    if not groups:
        return {}
    trial = simulate(plan, groups, now, starts, TRIAL, seed)
    each = trial.executed / max(1, len(trial.passages))
    number = max(FEWEST_PASSAGES, min(most, int(MOST_EXECUTED / each))) if each else most
    simulation = simulate(plan, groups, now, starts, number, seed)
    return summarise(simulation, groups, len(starts) - 1, seed)


def simulate(plan, groups, now, starts, number, seed=1):
    """Return a :class:`~.forecast.Simulation` that has run, of so many passages at most."""
    people = sum(group.people for group in groups)
    passages = []
    for group in groups:
        size = max(1, int(number * group.people / people))
        passages += [_make(group, place, size, now, len(passages)) for place in range(size)]
    return Simulation(plan, passages, now, starts, seed).run()


def _make(group, place, size, now, before):
    pattern = group.patterns[place % len(group.patterns)]
    if isinstance(pattern, Passage):
        done = [
            replace(
                one,
                facts=replace(
                    one.facts,
                    events=dict(one.facts.events),
                    bounces=dict(one.facts.bounces),
                    clicks=list(one.facts.clicks),
                ),
            )
            for one in pattern.done
        ]
        passage = replace(pattern, group=group.name, done=done)
    else:
        first = group.first or now
        entered = first + ((group.last or first) - first) * ((place + 0.5) / size)
        passage = Passage(before + place + 1, group.name, max(entered, now), pattern)
    passage.people = group.people / size
    passage.numbers, passage.draws, passage.known = Counter(), Counter(), set()
    passage.open, passage.parked, passage.gone = {}, {}, Counter(passage.gone)
    return passage


def summarise(simulation, groups, days, seed=1):
    """Return the numbers of a simulation by day, each with its band; see :func:`forecast`."""
    keys = sorted({what for passage in simulation.passages for what, _day in passage.numbers}, key=str)
    place = {key: number * days for number, key in enumerate(keys)}
    rows = [
        [(place[what] + day, number) for (what, day), number in passage.numbers.items()]
        for passage in simulation.passages
    ]
    size = len(keys) * days

    def add_up(weights):
        sums = [0.0] * size
        for row, weight in zip(rows, weights, strict=True):
            if weight:
                for at, number in row:
                    sums[at] += weight * number
        return {
            key: list(accumulate(sums[at : at + days])) if key in SUMMED else sums[at : at + days]
            for key, at in place.items()
        }

    middle = add_up([passage.people for passage in simulation.passages])
    random, resampled = Random(f"{seed}:band"), Resampled(simulation, groups)
    samples = [add_up(resampled.draw(random)) for _sample in range(SAMPLES)]
    return {
        key: [
            (max(0.0, value), *_bound(sorted(sample[key][day] for sample in samples), value))
            for day, value in enumerate(middle[key])
        ]
        for key in keys
    }


def _bound(values, middle):
    low, high = values[int(LOW * (len(values) - 1))], values[-1 - int(LOW * (len(values) - 1))]
    return max(0.0, min(low, middle)), max(high, middle)


class Resampled:
    """Futures that are as likely: for how many each passage stands in one of them.

    Chances are drawn that may as well be true, and passages weighted by how much likelier these make what they did.
    Of these so many are drawn that the sum varies as it does for so many people, seen through so many passages.
    """

    def __init__(self, simulation, groups):
        self.chances, self.groups = simulation.plan.chances, groups
        keys = sorted({key for passage in simulation.passages for key in passage.draws}, key=str)
        self.keys, place = keys, {key: number for number, key in enumerate(keys)}
        self.drawn = {
            group.name: [
                [place[key] for key, number in passage.draws.items() for _time in range(number)]
                for passage in simulation.passages
                if passage.group == group.name
            ]
            for group in groups
        }

    def draw(self, random):
        """Return the people of each passage, in the order of the groups."""
        chances, weights = self.chances.vary(random), []
        gains = [self._get_gain(chances, *key) for key in self.keys]
        for group in self.groups:
            passages = self.drawn[group.name]
            size = len(passages)
            likely = [exp(max(-30, min(30, sum(map(gains.__getitem__, places))))) for places in passages]
            number = max(1, round(group.people * size / (group.people + size)))
            people = group.people * max(0.0, random.gauss(1, group.doubt)) if group.doubt else group.people
            found = Counter(random.choices(range(size), weights=likely, k=number))
            weights += [people / number * found[place] for place in range(size)]
        return weights

    def _get_gain(self, chances, name, step_id, outcome):
        """Return by how much likelier an outcome is than it was, as a logarithm."""
        was, may_be = self.chances.get(name, step_id), min(0.999, max(0.001, chances(name, step_id)))
        return log(may_be / was) if outcome else log((1 - may_be) / (1 - was))
