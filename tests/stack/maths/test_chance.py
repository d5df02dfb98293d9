"""Finite chances: equal to sums over every outcome in fractions, to NumPy and SciPy on counts, and to simulation."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from scipy.stats import contingency

from wenjin.stack.maths.chance import (
    Screening,
    correlation,
    covariance,
    expect,
    given,
    independent,
    marginal,
    posterior,
    table,
    update,
    variance,
    variance_of_sum,
)

Count = Callable[[int], int]
COUNTS = st.integers(1, 5).flatmap(
    lambda n: st.integers(1, 5).flatmap(
        lambda m: st.lists(st.lists(st.integers(0, 20), min_size=m, max_size=m), min_size=n, max_size=n)
    )
)


def people(counts: list[list[int]], x: list[int], y: list[int]) -> tuple[list[int], list[int]]:
    """Everybody in a table of counts, one after the other."""
    pairs = [(x[i], y[j]) for i, row in enumerate(counts) for j, n in enumerate(row) for _ in range(n)]
    return [a for a, _ in pairs], [b for _, b in pairs]


@settings(max_examples=60, deadline=None)
@drawn(COUNTS, st.data())
def test_a_table_says_what_its_people_say(counts: list[list[int]], data: st.DataObject) -> None:
    if sum(map(sum, counts)) == 0:
        with pytest.raises(ValueError, match="not all 0"):
            table(counts)
        return
    p = table(counts)
    values = st.integers(-9, 9)
    x = [data.draw(values) for _ in counts]
    y = [data.draw(values) for _ in counts[0]]
    a, b = people(counts, x, y)
    assert expect(x, marginal(p, "x")) == pytest.approx(np.mean(a))
    assert variance(y, marginal(p, "y")) == pytest.approx(np.var(b), abs=1e-9)
    assert covariance(p, x, y) == pytest.approx(np.cov(a, b, ddof=0)[0, 1], abs=1e-9)
    assert variance_of_sum(p, x, y, 2, -3) == pytest.approx(np.var(2 * np.array(a) - 3 * np.array(b)), abs=1e-8)
    if np.var(a) > 0 and np.var(b) > 0:
        assert correlation(p, x, y) == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-9)
    else:
        with pytest.raises(ValueError, match="does not vary"):
            correlation(p, x, y)
    product = contingency.expected_freq(np.array(counts)) if np.all(np.array(counts).sum(0)) else None
    if product is not None:
        assert independent(p) == bool(np.allclose(product, counts))


def test_uncorrelated_need_not_be_independent() -> None:
    """X is -1, 0 or 1 and Y its square."""
    p = table([[0, 1], [1, 0], [0, 1]])
    assert covariance(p, [-1, 0, 1], [0, 1]) == pytest.approx(0)
    assert not independent(p)
    assert independent(table(np.outer([1, 2, 3], [4, 5])))


def test_what_is_known_divides_a_row_or_a_column() -> None:
    p = table([[1, 3], [2, 2], [0, 0]])
    np.testing.assert_allclose(given(p, "y"), [[1 / 3, 3 / 5], [2 / 3, 2 / 5], [0, 0]])
    rows = given(p, "x")
    np.testing.assert_allclose(rows[:2], [[1 / 4, 3 / 4], [1 / 2, 1 / 2]])
    assert np.isnan(rows[2]).all(), "what never happens has no conditional"


@pytest.mark.parametrize("bad", [[1, 2], [[-1, 2]], [[0, 0]], [[float("nan"), 1]]])
def test_what_no_table_can_hold_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="joint table"):
        table(bad)  # type: ignore[arg-type]


# ---- Bayes ----

SHARES = st.fractions(Fraction(1, 1000), Fraction(999, 1000), max_denominator=1000)


@settings(max_examples=60, deadline=None)
@drawn(SHARES, SHARES, SHARES)
def test_bayes_equals_counting_in_fractions(prevalence: Fraction, sensitivity: Fraction, specificity: Fraction) -> None:
    test = Screening(float(prevalence), float(sensitivity), float(specificity))
    sick_positive = prevalence * sensitivity
    healthy_positive = (1 - prevalence) * (1 - specificity)
    assert test.after_positive() == pytest.approx(float(sick_positive / (sick_positive + healthy_positive)))
    sick_negative = prevalence * (1 - sensitivity)
    healthy_negative = (1 - prevalence) * specificity
    assert test.after_negative() == pytest.approx(float(sick_negative / (sick_negative + healthy_negative)))
    p = test.table()
    assert p.sum() == pytest.approx(1)
    np.testing.assert_allclose(given(p, "y")[0], [test.after_positive(), test.after_negative()])


def test_ninety_nine_percent_by_hand() -> None:
    """1,000 people, one of them sick and found; 9.99 of the 999 healthy are called sick."""
    assert Screening(0.001, 0.99, 0.99).after_positive() == pytest.approx(0.99 / (0.99 + 9.99))


def test_evidence_comes_in_any_order_or_at_once() -> None:
    dice = np.random.default_rng(0)
    prior, evidence = dice.random(4), dice.random((5, 4))
    beliefs = update(prior, evidence)
    assert beliefs.shape == (6, 4)
    np.testing.assert_allclose(beliefs.sum(axis=1), 1)
    np.testing.assert_allclose(beliefs[0], prior / prior.sum())
    np.testing.assert_allclose(update(prior, evidence[::-1])[-1], beliefs[-1])
    np.testing.assert_allclose(posterior(prior, evidence.prod(axis=0)), beliefs[-1])


def test_evidence_that_no_cause_allows_is_refused() -> None:
    with pytest.raises(ValueError, match="none of these causes"):
        posterior([0.5, 0.5], [0, 0])
    with pytest.raises(ValueError, match="none of these causes"):
        posterior([1, 0], [0, 1])


def test_simulated_people_come_to_the_table(count: Count) -> None:
    test = Screening(0.03, 0.9, 0.8)
    people = 40_000
    for seed in range(count(40)):
        counts = test.simulate(people, np.random.default_rng(seed))
        assert counts.sum() == people
        spread = np.sqrt(test.table() * (1 - test.table()) / people)
        assert (np.abs(counts / people - test.table()) < 5 * spread).all()
