"""What the lesson's formulas say, asserted: one function a formula, called without arguments.

Rule    where a formula is exact, so is the check: tables are of fractions, and every outcome is visited
"""

import math
from fractions import Fraction
from itertools import pairwise
from random import Random

import numpy as np

from wenjin.stack.maths.chance import correlation, table
from wenjin.stack.maths.distributions import (
    Binomial,
    Exponential,
    Laplace,
    LogNormal,
    Normal,
    Poisson,
    Uniform,
    excess_kurtosis,
    ks_distance,
)

Table = list[list[Fraction]]
X = [Fraction(n) for n in (-2, 1, 3)]
Y = [Fraction(n) for n in (0, 1, 4, 6)]


def tables() -> list[Table]:
    """Joint tables (3, 4) of every kind: in one some cells are empty."""
    dice, made = Random(1), []
    for least in (0, 1, 1):
        cells = [[Fraction(dice.randint(least, 9)) for _ in Y] for _ in X]
        whole = sum(map(sum, cells))
        made.append([[cell / whole for cell in row] for row in cells])
    return made


def rows(p: Table) -> list[Fraction]:
    return [sum(row, Fraction(0)) for row in p]


def columns(p: Table) -> list[Fraction]:
    return [sum(column, Fraction(0)) for column in zip(*p, strict=True)]


def expect(p: Table, what) -> Fraction:  # type: ignore[no-untyped-def]
    return sum((what(x, y) * p[i][j] for i, x in enumerate(X) for j, y in enumerate(Y)), Fraction(0))


def variance(p: Table, what) -> Fraction:  # type: ignore[no-untyped-def]
    mean = expect(p, what)
    return expect(p, lambda x, y: (what(x, y) - mean) ** 2)


def covariance(p: Table) -> Fraction:
    a, b = expect(p, lambda x, y: x), expect(p, lambda x, y: y)
    return expect(p, lambda x, y: (x - a) * (y - b))


def conditional_is_a_share() -> None:
    """Of 120 people in a table of counts, the share within a column."""
    counts = [[12, 3], [30, 75]]
    p = [[Fraction(n, 120) for n in row] for row in counts]
    assert p[0][0] / (p[0][0] + p[1][0]) == Fraction(12, 42)
    assert p[0][0] / (p[0][0] + p[0][1]) == Fraction(12, 15)


def both_ways_are_one_cell() -> None:
    for p in tables():
        for i, row in enumerate(rows(p)):
            for j, column in enumerate(columns(p)):
                assert (p[i][j] / column) * column == (p[i][j] / row) * row == p[i][j]


def bayes_from_two_rates() -> None:
    dice = Random(2)
    for _ in range(50):
        prior, here, there = (Fraction(dice.randint(1, 99), 100) for _ in range(3))
        sick_positive, healthy_positive = prior * here, (1 - prior) * there
        share = sick_positive / (sick_positive + healthy_positive)
        assert share == prior * here / (prior * here + (1 - prior) * there)


def odds_multiply() -> None:
    dice = Random(3)
    for _ in range(50):
        prior, here, there = (Fraction(dice.randint(1, 99), 100) for _ in range(3))
        after = prior * here / (prior * here + (1 - prior) * there)
        assert after / (1 - after) == prior / (1 - prior) * (here / there)


def evidence_in_turn() -> None:
    """Two results that are independent in each group: one after the other, or both at once."""
    dice = Random(4)
    for _ in range(50):
        prior, a, b, c, d = (Fraction(dice.randint(1, 99), 100) for _ in range(5))
        once = prior * a / (prior * a + (1 - prior) * b)
        twice = once * c / (once * c + (1 - once) * d)
        assert twice == prior * a * c / (prior * a * c + (1 - prior) * b * d)


def belief_of_a_rate() -> None:
    """k of n found: the peak is at k/n, the mean at (k + 1)/(n + 2)."""
    grid = np.linspace(0, 1, 100_001)
    for k, n in ((4, 5), (0, 3), (17, 20)):
        weight = grid**k * (1 - grid) ** (n - k)
        assert abs(grid[weight.argmax()] - k / n) < 1e-4
        assert abs((grid * weight).sum() / weight.sum() - (k + 1) / (n + 2)) < 1e-4


def expectation_is_linear() -> None:
    for p in tables():
        a, b = expect(p, lambda x, y: x), expect(p, lambda x, y: y)
        assert expect(p, lambda x, y: 2 * x - 3 * y + 5) == 2 * a - 3 * b + 5


def variance_two_ways() -> None:
    for p in tables():
        assert variance(p, lambda x, y: y) == expect(p, lambda x, y: y * y) - expect(p, lambda x, y: y) ** 2
        assert variance(p, lambda x, y: 4 * y - 7) == 16 * variance(p, lambda x, y: y)


def covariance_two_ways() -> None:
    for p in tables():
        together = expect(p, lambda x, y: x * y)
        assert covariance(p) == together - expect(p, lambda x, y: x) * expect(p, lambda x, y: y)


def correlation_within_one() -> None:
    dice = np.random.default_rng(0)
    for _ in range(200):
        p = table(dice.random((3, 4)))
        x, y = dice.standard_normal(3), dice.standard_normal(4)
        rho = correlation(p, x, y)
        assert -1 <= rho <= 1
        assert math.isclose(correlation(p, 100 * x - 3, y), rho, abs_tol=1e-12)
        assert math.isclose(correlation(p, -x, y), -rho, abs_tol=1e-12)
    assert math.isclose(correlation(np.eye(3) / 3, [1, 2, 5], [3, 5, 11]), 1)


def variance_of_a_sum() -> None:
    for p in tables():
        alone = variance(p, lambda x, y: x) + variance(p, lambda x, y: y)
        assert variance(p, lambda x, y: x + y) == alone + 2 * covariance(p)
        assert variance(p, lambda x, y: x - y) == alone - 2 * covariance(p)


def variance_of_an_average() -> None:
    """All 6^3 throws of three dice."""
    throws = [(a + b + c) / Fraction(3) for a in range(1, 7) for b in range(1, 7) for c in range(1, 7)]
    mean = sum(throws) / 216
    assert sum((t - mean) ** 2 for t in throws) / 216 == Fraction(35, 12) / 3


def independent_means_uncorrelated() -> None:
    a, b = [Fraction(1, 6), Fraction(2, 6), Fraction(3, 6)], [Fraction(n, 10) for n in (1, 2, 3, 4)]
    p = [[x * y for y in b] for x in a]
    assert covariance(p) == 0


def areas_are_chances() -> None:
    """By the trapezoid rule on a fine grid."""
    x = np.linspace(-30, 60, 900_001)
    for law in (Normal(0.0, 0.1), Laplace(1.0, 2.0), Exponential(0.5), Uniform(0.0, 0.5), LogNormal(0.0, 0.5)):
        area = np.trapezoid(law.mass(x), x)
        assert abs(area - 1) < 1e-3, law
        inside = (x >= 0.2) & (x <= 0.4)
        assert abs(np.trapezoid(law.mass(x[inside]), x[inside]) - (law.cdf(0.4) - law.cdf(0.2))) < 1e-3


def inverse_cdf_draws() -> None:
    u = np.random.default_rng(0).random(100_000)
    law = Exponential(2.0)
    drawn = -2.0 * np.log(1 - u)
    np.testing.assert_allclose(law.cdf(drawn), u, atol=1e-12)
    assert ks_distance(drawn, law) < 0.006


def rain_from_many_small_chances() -> None:
    k = np.arange(20)
    gaps = [np.abs(Binomial(n, 3.0 / n).mass(k) - Poisson(3.0).mass(k)).max() for n in (10, 100, 1000, 10_000)]
    assert all(b < a / 5 for a, b in pairwise(gaps))
    assert gaps[-1] < 1e-4


def likeliest_rate_is_the_mean() -> None:
    data = np.array([0.0, 3, 1, 1, 0, 2, 4, 0])
    rates = np.linspace(0.1, 4, 3901)
    logs = [np.log(Poisson(float(rate)).mass(data)).sum() for rate in rates]
    assert abs(rates[int(np.argmax(logs))] - data.mean()) < 1e-3


def sums_lose_their_tails() -> None:
    """The excess kurtosis of a sum of n: exactly, for a fair die and its double, over all throws."""
    die = np.arange(1, 7, dtype=np.float64)
    two = (die[:, None] + die).ravel()
    four = (two[:, None] + two).ravel()
    assert math.isclose(excess_kurtosis(two), excess_kurtosis(die) / 2)
    assert math.isclose(excess_kurtosis(four), excess_kurtosis(die) / 4)
