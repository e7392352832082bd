"""Which branch is the best, and how sure that is: published examples, properties, and 1 000 simulated experiments."""

from fractions import Fraction
from math import comb
from random import Random

from odoo.tests import BaseCase

from ..engine.experiment import Tally, find_winner, get_chances, get_difference, get_threshold, is_look_due


def beats(tally, other):
    """The chance that a branch is better than another, as a sum of fractions: nothing is rounded.

    Evan Miller, Formulas for Bayesian A/B Testing (2015), for his Pr(p_B > p_A), with the beta functions of whole
    numbers written as binomial coefficients.
    """
    alpha, beta = tally.successes + 1, tally.total - tally.successes + 1
    alpha_other, beta_other = other.successes + 1, other.total - other.successes + 1

    def inverse_beta(a, b):
        return Fraction(a * b * comb(a + b, a), a + b)

    return float(
        sum(
            inverse_beta(alpha_other, beta_other)
            * inverse_beta(1 + number, beta)
            / inverse_beta(alpha_other + number, beta + beta_other)
            / (beta + number)
            for number in range(alpha)
        )
    )


class TestExperiment(BaseCase):
    def assertNear(self, found, expected, room=1e-6):
        self.assertLess(abs(found - expected), room, f"{found} is not {expected}")

    # ------------------------------------------------------------
    # Examples that others have worked out
    # ------------------------------------------------------------

    def test_the_closed_formula(self):
        for first, second in (
            ((0, 0), (0, 0)),
            ((1, 1), (1, 0)),
            ((10, 0), (10, 10)),
            ((200, 120), (200, 100)),
            ((50, 3), (400, 60)),
            ((1_000, 0), (900, 3)),
        ):
            with self.subTest(first=first, second=second):
                tallies = Tally(*first), Tally(*second)
                chances = get_chances(tallies)
                self.assertNear(chances[0], beats(*tallies))
                self.assertNear(chances[1], beats(*reversed(tallies)))

    def test_a_baseball_player(self):
        """David Robinson, Understanding Bayesian A/B testing (2016): is Mike Piazza a better batter than Hank Aaron?

        2 127 hits in 6 911 against 3 771 in 12 364, on top of a prior of 78.7 hits and 224.9 misses: 0.606.
        """
        piazza = Tally(6_911 + 78.7 + 224.9 - 2, 2_127 + 78.7 - 1)
        aaron = Tally(12_364 + 78.7 + 224.9 - 2, 3_771 + 78.7 - 1)
        self.assertEqual(round(get_chances([piazza, aaron])[0], 3), 0.606)

    def test_the_difference_of_two_groups(self):
        """Cross Validated, Mismatch between Analytical and Simulation Way for Bayesian Estimation of Binomial Data.

        55 of 100 against 45 of 100 with a prior of Beta(1.1, 1.1): a million draws give -0.038 to 0.233.
        """
        low, high = get_difference(Tally(100.2, 55.1), Tally(100.2, 45.1))
        self.assertNear(low, -0.03834, 0.001)
        self.assertNear(high, 0.23272, 0.001)

    # ------------------------------------------------------------
    # What is true of any numbers
    # ------------------------------------------------------------

    def test_any_numbers(self):
        random = Random(26)
        for _round in range(40):
            tallies = []
            for _branch in range(random.randint(2, 5)):
                total = random.choice((0, 1, 7, 300, 50_000, 4_000_000))
                tallies.append(Tally(total, random.randint(0, total)))
            chances = get_chances(tallies)
            self.assertNear(sum(chances), 1)
            self.assertTrue(all(0 <= chance <= 1 for chance in chances), tallies)
            for found, expected in zip(get_chances(tallies[::-1]), chances[::-1], strict=True):
                self.assertNear(found, expected)

    def test_who_has_more_is_more_probably_the_best(self):
        for number in (2, 8):
            self.assertNear(get_chances([Tally(3_000_000, 60_000)] * number)[0], 1 / number)
        before = 0
        for won in range(0, 101, 10):
            [chance, _other] = get_chances([Tally(100, won), Tally(100, 50)])
            self.assertGreater(chance, before)
            before = chance
        self.assertGreater(get_chances([Tally(10**6, 101_000), Tally(10**6, 100_000)])[0], 0.99)
        self.assertEqual(get_chances([Tally(5, 1)]), [1.0])
        for total, won in ((1, 2), (1, -1)):
            with self.assertRaises(ValueError):
                Tally(total, won)

    def test_differences_of_any_size(self):
        low, high = get_difference(Tally(1_000_000, 150_000), Tally(1_000_000, 100_000))
        self.assertTrue(0.049 < low < 0.05 < high < 0.051)
        low, high = get_difference(Tally(0, 0), Tally(0, 0))
        self.assertNear(low, -high)
        self.assertNear(high, 1 - 0.05**0.5)  # of two rates of which nothing is known
        narrow, wide = (get_difference(Tally(900, 90), Tally(900, 60), certainty) for certainty in (0.5, 0.99))
        self.assertTrue(wide[0] < narrow[0] < narrow[1] < wide[1])

    # ------------------------------------------------------------
    # Who looks often
    # ------------------------------------------------------------

    def test_when_to_look(self):
        self.assertFalse(is_look_due(199, 400, 200, 0))
        self.assertTrue(is_look_due(200, 0, 200, 0))
        self.assertFalse(is_look_due(999, 0, 200, 0, last_number=500))
        self.assertTrue(is_look_due(1_000, 0, 200, 0, last_number=500))
        self.assertTrue(is_look_due(3, 7, 0, 7))
        self.assertFalse(is_look_due(9, 13, 0, 7, last_number=3, last_days=7))
        self.assertTrue(is_look_due(9, 14, 0, 7, last_number=3, last_days=7))
        self.assertFalse(is_look_due(3, 90, 0, 7, last_number=3, last_days=7), "nothing has come since")

    def test_all_looks_together_have_the_error(self):
        for branches in (2, 8):
            spent = sum(branches * (1 - get_threshold(look, 0.95, branches)) for look in range(1, 10_000))
            self.assertTrue(0.0499 < spent <= 0.05)

    def test_whom_few_have_tried_does_not_win(self):
        """A branch of which nothing is known is better than one that few like, if any rate is as likely for it."""
        for crowd, few in (((200, 1), (0, 0)), ((1_000, 3), (1, 0)), ((10_000, 0), (100, 0)), ((1_000, 2), (10, 1))):
            for turn in (1, -1):  # and where nearly everybody does it, and the few who do not are the ones looked for
                tallies = [Tally(*crowd), Tally(*few)][::turn]
                self.assertFalse(find_winner(dict(enumerate(tallies)), 1, 0.95)[2], tallies)
                tallies = [Tally(tally.total, tally.total - tally.successes) for tally in tallies]
                self.assertFalse(find_winner(dict(enumerate(tallies)), 1, 0.95)[2], tallies)
        self.assertTrue(find_winner({"A": Tally(1_000, 10), "B": Tally(1_000, 30)}, 1, 0.95)[2])

    def test_a_thousand_experiments(self):
        """Of a thousand splits of alike branches, asked asked at each sync, at most 50 get a winner."""

        def run(random, rates, syncs):
            counts, last, look = {name: [0, 0] for name in rates}, 0, 0
            for sync in range(1, syncs + 1):
                for name, rate in rates.items():
                    counts[name][0] += 25
                    counts[name][1] += sum(random.random() < rate for _person in range(25))
                number = sum(total for total, _won in counts.values())
                if is_look_due(number, 0, 100, 0, last):
                    last, look = number, look + 1
                    tallies = {name: Tally(*count) for name, count in counts.items()}
                    leader, _chance, wins = find_winner(tallies, look, 0.95)
                    if wins:
                        return leader, sync
            return None, syncs

        random = Random(2_026)
        winners = [run(random, {"A": 0.2, "B": 0.2}, 8)[0] for _experiment in range(1_000)]
        self.assertLessEqual(len(winners) - winners.count(None), 50)
        self.assertTrue(winners.count("A") and winners.count("B"), "it does happen")
        better = [run(random, {"A": 0.1, "B": 0.25}, 16)[0] for _experiment in range(100)]
        self.assertGreater(better.count("B"), 90)
        self.assertEqual(better.count("A"), 0)
