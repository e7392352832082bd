"""How likely people do what, how sure that is, and how soon they do it: pure, without Odoo.

A rate that few messages tell is drawn towards what is known of others: as if PRIOR more had been seen that did as those
(the mean of a beta distribution). Its weight, the number of messages that stand behind it, says how far off it may be.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from random import Random

PRIOR = 50  # messages
GUESS = 20  # messages: what a guess is worth
BLOCK = 50  # draws


@dataclass(frozen=True)
class Rate:
    """How often something happens.

    :param float value: from 0 to 1
    :param weight: how many observations stand behind it; None where it is given, and in no doubt
    """

    value: float
    weight: float | None = None

    def update(self, successes, total):
        """Return what this rate of others, or of the past, becomes by what was seen.

        >>> Rate(0.2, 20).update(50, 150)
        Rate(value=0.3, weight=200)
        """
        total = max(total, successes)  # who was quicker than most
        if self.weight is None or total <= 0:
            return self
        return Rate((successes + PRIOR * self.value) / (total + PRIOR), total + PRIOR)

    def vary(self, random):
        """Return a value that this rate may as well have."""
        if self.weight is None or not 0 < self.value < 1:
            return self.value
        return random.betavariate(self.weight * self.value, self.weight * (1 - self.value))


# What is taken for likely where nothing was seen
DEFAULTS = {
    "open": Rate(0.30, GUESS),
    "click": Rate(0.04, GUESS),
    "reply": Rate(0.01, GUESS),
    "bounce": Rate(0.02, GUESS),
    "conversion": Rate(0.02, GUESS),
    "yes": Rate(0.5, GUESS),
    "done": Rate(0.5, GUESS),
    "match": Rate(1.0, GUESS),
}


@dataclass(frozen=True)
class Chances:
    """The chances of a simulation.

    :param dict rates: :class:`Rate` by name, of the whole campaign
    :param dict of_steps: by name and id of the step, where a step has its own
    """

    rates: dict = field(default_factory=lambda: dict(DEFAULTS))
    of_steps: dict = field(default_factory=dict)
    known: dict = field(default_factory=dict, compare=False, repr=False)

    def get(self, name, step_id=None):
        """Return how likely something happens: an opening of what has not bounced, a click of what was opened."""
        key = name, step_id
        if key not in self.known:
            self.known[key] = _condition(name, lambda rate: self.find(rate, step_id).value)
        return self.known[key]

    def find(self, name, step_id=None):
        return self.of_steps.get((name, step_id)) or self.rates[name]

    def vary(self, random):
        """Return chances that may as well be true.

        What is known of all steps is as far off for each: what draws openings down draws them down everywhere.

        :param Random random:
        :return: a function of name and id of the step, as :meth:`get`
        """
        campaign = {name: rate.vary(random) for name, rate in self.rates.items()}
        own = {key: self.of_steps[key].vary(random) for key in self.of_steps if key[0] in ("yes", "done", "match")}

        def find(name, step_id):
            if (name, step_id) in own:
                return own[name, step_id]
            base, value = self.rates[name].value, self.find(name, step_id).value
            return min(1.0, value * campaign[name] / base) if base else value

        return lambda name, step_id=None: _condition(name, lambda rate: find(rate, step_id))


def _condition(name, find):
    if name not in ("open", "click", "reply"):
        return find(name)
    opened = max(find("open"), find("click"), find("reply"))
    if name == "open":
        delivered = 1 - find("bounce")
        return min(1.0, opened / delivered) if delivered > 0 else 0.0
    return find(name) / opened if opened else 0.0


@dataclass(frozen=True)
class Times:
    """How soon something happens: pairs of a share, and of the hours in which so many have done it."""

    points: tuple

    def get(self, share):
        """Return after how many hours a share of those who do it have.

        >>> Times(((0, 0), (0.5, 4), (1, 24))).get(0.75)
        14.0
        """
        place = max(1, bisect_left(self.points, (share,)))
        (low, begin), (high, end) = self.points[place - 1], self.points[min(place, len(self.points) - 1)]
        return begin + (end - begin) * (share - low) / (high - low)

    def get_share(self, hours):
        """Return which share of those who do it have done so after some hours.

        >>> Times(((0, 0), (0.5, 4), (1, 24))).get_share(14)
        0.75
        """
        low, begin = self.points[0]
        for high, end in self.points[1:]:
            if hours < end:
                return low + (high - low) * (hours - begin) / (end - begin)
            low, begin = high, end
        return 1.0


# Half of those who open an email do so within four hours, nearly all within three days
OPEN_TIMES = Times(((0, 0), (0.25, 1), (0.5, 4), (0.75, 24), (0.95, 72), (1, 168)))
CLICK_TIMES = Times(((0, 0), (0.8, 0.1), (1, 24)))
REPLY_TIMES = Times(((0, 0), (0.5, 4), (1, 72)))
BOUNCE_TIMES = Times(((0, 0), (1, 0.2)))
GOAL_TIMES = Times(((0, 0), (0.25, 24), (0.5, 72), (0.8, 168), (1, 720)))


class Stream:
    """Random numbers from 0 to 1, of which each fiftieth comes once in fifty: chance, without its lumps."""

    def __init__(self, random: Random):
        self.random, self.block = random, []

    def draw(self):
        if not self.block:
            self.block = list(range(BLOCK))
            self.random.shuffle(self.block)
        return (self.block.pop() + self.random.random()) / BLOCK
