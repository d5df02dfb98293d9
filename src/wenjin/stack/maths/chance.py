"""Finite chances as tables: what is left when one thing is summed out, what changes when one is known, and Bayes.

A joint table p has a row for each value of X and a column for each value of Y; p[i, j] is the chance of both together.

    p -> marginal     a row or a column of sums: one thing alone
      -> given        rows or columns, each divided by its sum: one thing once the other is known
      -> covariance, correlation, independent, variance_of_sum
    prior, likelihood -> posterior: a column of a joint table, divided by its sum

Omits   infinitely many values and densities (distributions.py); more than two things at once; chances from samples
Shapes  p (N, M)   x (N,)   y (M,)   chances, prior, likelihood (N,)   evidence (K, N)
Units   a chance is a number from 0 to 1; a variance has the square of the unit of its values
Sources Kolmogorov 1933, Grundbegriffe der Wahrscheinlichkeitsrechnung, I; Bayes 1763, doi:10.1098/rstl.1763.0053;
        Gigerenzer and Hoffrage 1995, doi:10.1037/0033-295X.102.4.684, for counts in place of chances
Proof   tests/stack/maths/test_chance.py: equal to sums over every outcome in fractions, to numpy.cov and
        scipy.stats.contingency on tables of counts, and to what simulated people come to
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def table(counts: ArrayLike) -> Array:
    """Counts, or weights of any size -> a joint table. Raises ValueError for what no table can hold."""
    p = np.asarray(counts, dtype=np.float64)  # (N, M)
    if p.ndim != 2 or not np.isfinite(p).all() or (p < 0).any() or p.sum() == 0:
        raise ValueError("a joint table has rows and columns of numbers that are not negative, and not all 0")
    return np.asarray(p / p.sum())


def marginal(p: Array, of: Literal["x", "y"]) -> Array:
    """The chances of one thing, whatever the other is."""
    return np.asarray(p.sum(axis=1 if of == "x" else 0))  # (N,) or (M,)


def given(p: Array, known: Literal["x", "y"]) -> Array:
    """known="y": column j holds P(X | Y = y_j) and adds up to 1. known="x": rows do. NaN for what never happens."""
    of_known = p.sum(axis=1 if known == "x" else 0, keepdims=True)  # (N, 1) or (1, M)
    with np.errstate(invalid="ignore"):
        return np.asarray(p / of_known)  # (N, M)


def expect(values: ArrayLike, chances: ArrayLike) -> float:
    """The average of the values, each counted by its chance."""
    return float(np.sum(np.asarray(values) * np.asarray(chances)))


def variance(values: ArrayLike, chances: ArrayLike) -> float:
    """The expected square of the distance from the expectation."""
    away = np.asarray(values) - expect(values, chances)
    return expect(away**2, chances)


def covariance(p: Array, x: ArrayLike, y: ArrayLike) -> float:
    """The expected product of the two distances from their expectations."""
    x_away = np.asarray(x) - expect(x, marginal(p, "x"))  # (N,)
    y_away = np.asarray(y) - expect(y, marginal(p, "y"))  # (M,)
    return expect(np.outer(x_away, y_away), p)


def correlation(p: Array, x: ArrayLike, y: ArrayLike) -> float:
    """The covariance in units of both standard deviations: from -1 to 1. Raises ValueError where one never varies."""
    both = 1.0
    for values, chances in ((np.asarray(x), marginal(p, "x")), (np.asarray(y), marginal(p, "y"))):
        spread = variance(values, chances)
        if spread <= 1e-15 * expect(values**2, chances):  # sums round: it need not be 0 to the last bit
            raise ValueError("what does not vary has no correlation")
        both *= spread
    return covariance(p, x, y) / float(np.sqrt(both))


def independent(p: Array, tolerance: float = 1e-9) -> bool:
    """Is every cell the product of its row's sum and its column's?"""
    apart = p - np.outer(marginal(p, "x"), marginal(p, "y"))
    return bool(np.abs(apart).max() <= tolerance)


def variance_of_sum(p: Array, x: ArrayLike, y: ArrayLike, a: float = 1.0, b: float = 1.0) -> float:
    """Var(aX + bY): the two variances, and twice the covariance between them."""
    alone = a**2 * variance(x, marginal(p, "x")) + b**2 * variance(y, marginal(p, "y"))
    return alone + 2 * a * b * covariance(p, x, y)


# ---- Bayes ----


def posterior(prior: ArrayLike, likelihood: ArrayLike) -> Array:
    """P(cause | evidence) from P(cause) and P(evidence | cause). The prior may be any weights. Raises ValueError
    where no cause allows the evidence."""
    joint = np.asarray(prior, dtype=np.float64) * np.asarray(likelihood, dtype=np.float64)  # (N,)
    if not joint.sum() > 0:
        raise ValueError("under none of these causes can the evidence occur")
    return np.asarray(joint / joint.sum())


def update(prior: ArrayLike, evidence: ArrayLike) -> Array:
    """The beliefs before and after each piece of evidence, one a row (K + 1, N): each posterior is the next prior.

    Holds where, once the cause is known, the pieces of evidence are independent."""
    beliefs = [posterior(prior, np.ones(np.shape(prior)))]
    for likelihood in np.asarray(evidence, dtype=np.float64):
        beliefs.append(posterior(beliefs[-1], likelihood))
    return np.stack(beliefs)


@dataclass(frozen=True, slots=True)
class Screening:
    """A test for something that a share of people has.

    prevalence    P(sick), before any test
    sensitivity   P(positive | sick)
    specificity   P(negative | healthy)
    """

    prevalence: float
    sensitivity: float
    specificity: float

    def table(self) -> Array:
        """(2, 2): sick and healthy by positive and negative."""
        p, found, spared = self.prevalence, self.sensitivity, self.specificity
        return np.array([[p * found, p * (1 - found)], [(1 - p) * (1 - spared), (1 - p) * spared]])

    def after_positive(self) -> float:
        """P(sick | positive), by Bayes' formula."""
        return float(posterior([self.prevalence, 1 - self.prevalence], [self.sensitivity, 1 - self.specificity])[0])

    def after_negative(self) -> float:
        """P(sick | negative)."""
        return float(posterior([self.prevalence, 1 - self.prevalence], [1 - self.sensitivity, self.specificity])[0])

    def simulate(self, people: int, dice: np.random.Generator) -> NDArray[np.int64]:
        """Counts (2, 2), as in `table`, of so many people, each drawn and tested."""
        sick = dice.random(people) < self.prevalence  # (people,)
        positive = dice.random(people) < np.where(sick, self.sensitivity, 1 - self.specificity)
        return np.bincount(2 * ~sick + ~positive, minlength=4).reshape(2, 2)
