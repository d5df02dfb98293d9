"""Eight distributions against scipy.stats: mass, cdf, moments, fits, draws and distances."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from wenjin.stack.maths.distributions import (
    Binomial,
    Exponential,
    Geometric,
    Laplace,
    Law,
    LogNormal,
    Normal,
    Poisson,
    Uniform,
    excess_kurtosis,
    ks_distance,
    ks_limit,
)

Count = Callable[[int], int]
LAWS: list[tuple[Law, Any]] = [
    (Binomial(12, 0.3), stats.binom(12, 0.3)),
    (Binomial(1, 0.7), stats.bernoulli(0.7)),
    (Geometric(0.2), stats.geom(0.2, loc=-1)),
    (Poisson(3.5), stats.poisson(3.5)),
    (Poisson(0.02), stats.poisson(0.02)),
    (Uniform(-1.0, 3.0), stats.uniform(-1, 4)),
    (Exponential(2.5), stats.expon(scale=2.5)),
    (Normal(1.0, 2.0), stats.norm(1, 2)),
    (Laplace(-1.0, 0.7), stats.laplace(-1, 0.7)),
    (LogNormal(0.5, 0.8), stats.lognorm(0.8, scale=math.exp(0.5))),
]
NAMES = [f"{type(law).__name__}-{n}" for n, (law, _) in enumerate(LAWS)]
EACH = pytest.mark.parametrize(("law", "peer"), LAWS, ids=NAMES)


@EACH
def test_mass_cdf_and_moments_equal_scipy(law: Law, peer: Any) -> None:
    x = np.arange(-2, 40) if law.counts else np.linspace(-6, 9, 401)
    mass = peer.pmf(x) if law.counts else peer.pdf(x)
    np.testing.assert_allclose(law.mass(x), mass, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(law.cdf(x), peer.cdf(x), rtol=1e-9, atol=1e-11)
    mean, variance = peer.stats(moments="mv")
    assert law.mean == pytest.approx(float(mean))
    assert law.variance == pytest.approx(float(variance))
    assert float(law.cdf(-100.0)) == pytest.approx(0)
    assert float(law.cdf(1e6)) == pytest.approx(1)


@EACH
def test_draws_follow_the_law(law: Law, peer: Any, count: Count) -> None:
    n = 4000
    for seed in range(count(20)):
        data = law.draw(n, np.random.default_rng(seed))
        assert data.shape == (n,)
        assert ks_distance(data, law) < stats.kstwobign.isf(1e-5) / math.sqrt(n)  # wider still for counts
        assert abs(data.mean() - law.mean) < 6 * math.sqrt(law.variance / n)


@EACH
def test_the_distance_is_that_of_scipy_and_of_every_point(law: Law, peer: Any) -> None:
    data = law.draw(200, np.random.default_rng(3))
    if not law.counts:
        assert ks_distance(data, law) == pytest.approx(stats.kstest(data, peer.cdf).statistic)
    else:
        grid = np.arange(-1, 200)
        upto = np.searchsorted(np.sort(data), grid, side="right") / len(data)
        assert ks_distance(data, law) == pytest.approx(np.abs(upto - peer.cdf(grid)).max())


def likelihood(law: Law, data: Any) -> float:
    with np.errstate(divide="ignore"):
        return float(np.log(law.mass(data)).sum())


@EACH
def test_a_fit_is_the_likeliest(law: Law, peer: Any) -> None:
    """No parameter moved by one percent to either side does better; for six of them scipy's own fit is the same."""
    data = law.draw(500, np.random.default_rng(1))
    fitted = type(law).fit(data, law.n) if isinstance(law, Binomial) else type(law).fit(data)
    values = {name: getattr(fitted, name) for name in fitted.__slots__ if name != "n"}  # type: ignore[attr-defined]
    fixed = {"n": fitted.n} if isinstance(fitted, Binomial) else {}
    best = likelihood(fitted, data)
    for name, value in values.items():
        for change in (-0.01, 0.01):
            other = type(law)(**fixed, **(values | {name: value + change * (abs(value) + 0.01)}))
            assert likelihood(other, data) <= best + 1e-9, name


def test_fits_equal_those_of_scipy() -> None:
    data = np.random.default_rng(2).standard_normal(301) * 2 + 1
    assert (Normal.fit(data).mu, Normal.fit(data).sigma) == pytest.approx(stats.norm.fit(data))
    assert (Laplace.fit(data).middle, Laplace.fit(data).scale) == pytest.approx(stats.laplace.fit(data))
    assert Exponential.fit(abs(data)).scale == pytest.approx(stats.expon.fit(abs(data), floc=0)[1])
    sigma, _, scale = stats.lognorm.fit(abs(data), floc=0)
    assert LogNormal.fit(abs(data)).sigma == pytest.approx(sigma, rel=1e-4)
    assert LogNormal.fit(abs(data)).mu == pytest.approx(math.log(scale), rel=1e-4)
    uniform = Uniform.fit(data)
    assert (uniform.low, uniform.high - uniform.low) == pytest.approx(stats.uniform.fit(data))


def test_kurtosis_equals_scipy() -> None:
    data = np.random.default_rng(5).laplace(size=800)
    assert excess_kurtosis(data) == pytest.approx(stats.kurtosis(data))


def test_the_limit_of_a_fitted_law_is_closer_than_that_of_a_given_one() -> None:
    """Lilliefors 1967, table 1: 1.031 / sqrt(n) at 1 percent for the normal, where the given law has 1.628."""
    limit = ks_limit(Normal(5.0, 3.0), 400, np.random.default_rng(0), rounds=400)
    assert limit * math.sqrt(400) == pytest.approx(1.031, abs=0.09)
    assert limit < stats.kstwobign.isf(0.01) / math.sqrt(400)
    assert ks_limit(Poisson(2.0), 400, np.random.default_rng(0), rounds=50) < 0.1
