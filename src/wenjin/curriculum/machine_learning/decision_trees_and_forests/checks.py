"""What the lesson's formulas say, asserted: one function a formula, called without arguments.

Rule    where the formula is exact, so is the check: in fractions, or as a sum over every outcome
"""

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np

from wenjin.stack.learn.forest import grow_forest
from wenjin.stack.learn.tree import best_split, entropy, gini, grow

COIN = (Fraction(-1), Fraction(1))  # each with chance one half: mean 0, variance 1


def variance(what: Callable[..., Fraction], coins: int) -> Fraction:
    """The exact variance of what(coin, coin, …) over every outcome."""
    values = [what(*outcome) for outcome in product(COIN, repeat=coins)]
    mean = sum(values, start=Fraction(0)) / len(values)
    return sum(((value - mean) ** 2 for value in values), start=Fraction(0)) / len(values)


def tables() -> list[np.ndarray]:
    """Pairs of sides, each with counts of three classes: (2, 3)."""
    dice = np.random.default_rng(0)
    return [dice.integers(0, 9, size=(2, 3)).astype(float) + np.eye(2, 3) for _ in range(200)]


def left_over(sides: np.ndarray, impurity: Callable[[np.ndarray], np.ndarray]) -> float:
    return float((sides.sum(1) / sides.sum() * impurity(sides)).sum())


def gini_is_a_draw_of_two() -> None:
    for counts in ([5, 3], [1, 2, 4], [6, 0]):
        n = sum(counts)
        differ = sum(Fraction(a * b, n * n) for i, a in enumerate(counts) for j, b in enumerate(counts) if i != j)
        assert math.isclose(differ, gini(np.array(counts, dtype=float)), abs_tol=1e-12)


def entropy_in_bits() -> None:
    assert entropy(np.array([4.0, 4.0])) == 1
    assert entropy(np.array([1.0, 1, 1, 1])) == 2
    assert entropy(np.array([7.0, 0])) == 0


def two_classes_one_curve() -> None:
    for rain in range(11):
        p = rain / 10
        assert math.isclose(gini(np.array([rain, 10.0 - rain])), 2 * p * (1 - p), abs_tol=1e-12)


def gain_is_mutual_information() -> None:
    """H(Y) less the weighted H of the sides, and the sum of p log2 p / (p p) over the table of both."""
    for sides in tables():
        joint = sides / sides.sum()
        apart = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
        there = joint > 0
        mutual = float((joint[there] * np.log2(joint[there] / apart[there])).sum())
        gain = float(entropy(sides.sum(0))) - left_over(sides, entropy)
        assert math.isclose(gain, mutual, abs_tol=1e-12)


def a_concave_measure_never_loses() -> None:
    for sides in tables():
        for impurity in (gini, entropy):
            assert left_over(sides, impurity) <= float(impurity(sides.sum(0))) + 1e-12
    mixed = np.array([[3.0, 1], [1, 3]])
    assert gini(mixed.sum(0)) - left_over(mixed, gini) > 0


def the_right_side_is_the_rest() -> None:
    dice = np.random.default_rng(1)
    y = dice.integers(0, 3, size=30)
    below = np.eye(3)[y].cumsum(axis=0)
    for i in range(29):
        np.testing.assert_array_equal(below[-1] - below[i], np.bincount(y[i + 1 :], minlength=3))


def exclusive_or_gains_nothing() -> None:
    x, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    split = best_split(x, y, 2)
    assert split is not None
    assert split.gain == 0
    assert (grow(x, y).predict(x) == y).all()


def variance_of_two() -> None:
    """Two trees share one coin of weight a and have one each of weight b: variance a² + b², covariance a²."""
    a, b = Fraction(1, 2), Fraction(3, 4)
    whole, shared = a**2 + b**2, a**2 / (a**2 + b**2)
    assert variance(lambda s, e, f: (a * s + b * e + a * s + b * f) / 2, 3) == (1 + shared) / 2 * whole


def variance_of_many() -> None:
    a, b = Fraction(1, 2), Fraction(3, 4)
    whole, rho = a**2 + b**2, a**2 / (a**2 + b**2)
    for trees in (1, 2, 3, 6):

        def average(shared: Fraction, *own: Fraction, trees: int = trees) -> Fraction:
            return sum((a * shared + b * one for one in own), start=Fraction(0)) / trees

        assert variance(average, 1 + trees) == rho * whole + (1 - rho) / trees * whole


def rows_left_out() -> None:
    for n in (10, 100, 1000):
        assert abs((1 - 1 / n) ** n - math.exp(-1)) < 1 / n
    dice = np.random.default_rng(0)
    x, y = dice.normal(size=(400, 1)), dice.integers(0, 2, size=400)
    rows = grow_forest(x, y, dice=dice, trees=50, depth=1).rows
    left_out = np.mean([1 - len(set(row.tolist())) / 400 for row in rows])
    assert abs(left_out - (1 - 1 / 400) ** 400) < 0.01


def expectation_stays() -> None:
    """The forest's share averages to what its trees' shares average to, row by row."""
    dice = np.random.default_rng(0)
    x = dice.normal(size=(60, 3))
    y = (x[:, 0] > 0).astype(np.int64)
    forest = grow_forest(x, y, dice=dice, trees=7, depth=1)
    np.testing.assert_allclose(forest.shares(x), np.mean([tree.shares(x) for tree in forest.trees], axis=0))
