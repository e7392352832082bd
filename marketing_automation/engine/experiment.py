"""Which branch of a split is the best, and how sure that is: pure, without Odoo.

Each branch has a rate, the part of its people with whom it succeeds. Before anybody came, every rate is as likely as
any other; afterwards it is beta distributed. A winner is looked for more warily: a branch that few have taken is taken
to be as good as all are together (:func:`draw_together`). All answers are integrals over these distributions, by
Gauss's rule on panels that are as fine as the distributions are narrow: for none or for millions of people.

Who looks often finds what is not there. So a split is looked at seldom (:func:`is_look_due`), and each look takes more
certainty than the one before it (:func:`get_threshold`): of splits whose branches are alike, those that ever get a
winner are no more than the error that was allowed.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, log, log1p

DEPTH = 40  # where a density is below exp(-40) of its highest value, it is nothing
PANELS = 12  # into which each distribution is cut
# Gauss's rule of six places on the span from 0 to 1
_PLACES = (0.2386191860831969, 0.6612093864662645, 0.9324695142031521)
NODES = tuple(sorted(0.5 + sign * place / 2 for place in _PLACES for sign in (-1, 1)))


def _integrate_polynomials():
    """Return, for each node, what the values at all nodes weigh in the integral from 0 to it; and in the whole."""
    rows = []
    for end in (*NODES, 1.0):
        row = []
        for node in NODES:
            coefficients = [1.0]  # of the polynomial that is 1 at this node and 0 at the others, lowest power first
            for other in NODES:
                if other != node:
                    scale = node - other
                    lower, higher = [*coefficients, 0.0], [0.0, *coefficients]
                    coefficients = [(high - other * low) / scale for low, high in zip(lower, higher, strict=True)]
            row.append(sum(value * end ** (power + 1) / (power + 1) for power, value in enumerate(coefficients)))
        rows.append(tuple(row))
    return tuple(rows[:-1]), rows[-1]


PARTS, WHOLE = _integrate_polynomials()


@dataclass(frozen=True)
class Tally:
    """What is known of a branch.

    :param total: how many people it was tried on
    :param successes: with how many of them it succeeded
    """

    total: float
    successes: float

    def __post_init__(self):
        if not 0 <= self.successes <= self.total < inf:
            raise ValueError("successes are from 0 to the total")

    @property
    def rate(self):
        return self.successes / self.total if self.total else 0.0


class _Density:
    """How likely each rate is, relative to the likeliest one, moved by an offset."""

    def __init__(self, tally, offset=0.0):
        self.won, self.lost, self.offset = tally.successes, tally.total - tally.successes, offset
        self.mode = self.won / tally.total if tally.total else 0.5
        self.top = self._log(self.mode)
        self.low, self.high = self._find_end(0.0), self._find_end(1.0)

    def _log(self, rate):
        won = self.won * log(rate) if rate > 0 else (-inf if self.won else 0.0)
        lost = self.lost * log1p(-rate) if rate < 1 else (-inf if self.lost else 0.0)
        return won + lost

    def _find_end(self, end):
        """Return the rate on the way to an end from which on the density is nothing."""
        inside, outside = self.mode, end
        if self._log(end) > self.top - DEPTH:
            return end
        for _step in range(60):
            middle = (inside + outside) / 2
            if self._log(middle) > self.top - DEPTH:
                inside = middle
            else:
                outside = middle
            if abs(outside - inside) < abs(outside - self.mode) / 100:
                break
        return outside

    def cuts(self):
        width = (self.high - self.low) / PANELS
        return [self.offset + self.low + width * number for number in range(PANELS)] + [self.offset + self.high]

    def __call__(self, rate):
        rate -= self.offset
        return exp(self._log(rate) - self.top) if self.low < rate < self.high else 0.0


def get_chances(tallies):
    """Return how probable it is of each branch that its rate is the highest.

    :param list tallies: the :class:`Tally` of each branch
    :return: as many numbers, which are 1 together
    """
    return list(_get_chances(tuple(tallies)))


@lru_cache(maxsize=1_000)  # screens ask again and again
def _get_chances(tallies):
    return _compare([_Density(tally) for tally in tallies])


def _compare(densities):
    if len(densities) < 2:
        return [1.0] * len(densities)
    cuts = sorted({cut for density in densities for cut in density.cuts()})
    below = [0.0] * len(densities)  # the integral of each density up to a place
    spans = []  # width, and for each density its values and its integrals at the nodes
    for start, end in zip(cuts, cuts[1:], strict=False):
        width = end - start
        known = []
        for number, density in enumerate(densities):
            values = [density(start + width * node) for node in NODES]
            if any(values):
                reached = [below[number] + width * sum(map(_product, row, values)) for row in PARTS]
                below[number] += width * sum(map(_product, WHOLE, values))
            else:
                values, reached = None, [below[number]] * len(NODES)
            known.append((values, reached))
        spans.append((width, known))
    chances = []
    for number in range(len(densities)):
        chance = 0.0
        for width, known in spans:
            values = known[number][0]
            if values:
                for place, weight in enumerate(WHOLE):
                    share = values[place]
                    for other, (_values, reached) in enumerate(known):
                        if other != number:
                            share *= reached[place] / below[other]
                    chance += width * weight * share
        chances.append(chance / below[number])
    total = sum(chances)
    return [chance / total for chance in chances]


def _product(left, right):
    return left * right


def get_difference(tally, control, certainty=0.95):
    """Return between which two numbers the rate of a branch lies above that of another.

    :param Tally tally: of the branch
    :param Tally control: of the other one, as those who got nothing
    :param float certainty: how probable it is that the difference lies between them
    :return: (low, high), each from -1 to 1
    """
    return _get_difference(tally, control, certainty)


@lru_cache(maxsize=1_000)
def _get_difference(tally, control, certainty):
    mine = _Density(tally)

    def is_above(difference):
        return _compare([mine, _Density(control, difference)])[0]

    return tuple(_find_place(is_above, chance) for chance in ((1 + certainty) / 2, (1 - certainty) / 2))


def _find_place(falling, value):
    low, high = -1.0, 1.0
    for _step in range(24):
        middle = (low + high) / 2
        if falling(middle) > value:
            low = middle
        else:
            high = middle
    return (low + high) / 2


# ------------------------------------------------------------
# When to look, and what it takes
# ------------------------------------------------------------


def get_threshold(look, confidence, branches):
    """Return how probable it has to be at a look that a branch is the best, for it to win.

    The error that is allowed is shared out: half of it to the first look, a sixth to the second, a twelfth to the third
    and so on, which is all of it in the end; and among the branches, each of which could win by chance.

    :param int look: its number, from 1 on
    :param float confidence: one less the error that is allowed, as 0.95
    :param int branches: how many there are
    """
    return 1 - (1 - confidence) / (look * (look + 1) * branches)


def is_look_due(number, days, at_number, at_days, last_number=0, last_days=0.0):
    """Tell whether it is time for a look: at a number of people or of days, then each time either has doubled.

    :param int number: of people that count
    :param float days: since the first of them came
    :param int at_number: at how many people to look first; 0: not by people
    :param int at_days: after how many days to look first; 0: not by days
    :param int last_number: of people, at the last look
    :param float last_days: of that
    """
    by_number = at_number and number >= max(at_number, 2 * last_number)
    by_days = at_days and number > last_number and days >= max(at_days, 2 * last_days)
    return bool(by_number or by_days)


def draw_together(tallies):
    """Return what is known of branches, drawn towards the rate that all have together.

    A branch that nobody has taken would be better than one of a low rate, if any rate were as likely for it. So each is
    taken to have had one success more, or one failure where these are rarer, and others in the proportion of all.

    >>> draw_together([Tally(100, 3), Tally(0, 0)])
    [Tally(total=123.5, successes=3.0), Tally(total=23.5, successes=0.0)]
    """
    rate = (sum(tally.successes for tally in tallies) + 1) / (sum(tally.total for tally in tallies) + 2)
    # before anybody came there is one of each: any rate is as likely
    lost, won = max(0.0, 1 / rate - 2), max(0.0, 1 / (1 - rate) - 2)
    return [Tally(tally.total + lost + won, tally.successes + won) for tally in tallies]


def find_winner(tallies, look, confidence):
    """Return which branch wins at a look.

    :param dict tallies: the :class:`Tally` of each branch
    :return: (the branch that is most probably the best, how probable that is, whether it is enough)
    """
    chances = dict(zip(tallies, get_chances(draw_together([*tallies.values()])), strict=True))
    leader = max(chances, key=chances.get)
    return leader, chances[leader], chances[leader] >= get_threshold(look, confidence, len(tallies))
