"""Eight distributions, each a formula that can be asked four things: its mass, its cdf, its moments, and for draws.

    counts    Binomial, Geometric, Poisson                      mass(k) is the chance of exactly k
    amounts   Uniform, Exponential, Normal, Laplace, LogNormal  mass(x) is a density: chance per unit of x

    Normal.fit(data) -> a Normal;  law.cdf(x), law.mass(x), law.mean, law.variance, law.draw(n, dice)
    ks_distance(data, law)   how far the law's cdf and the data's own are apart where they are furthest

Every draw begins with numbers that are uniform from 0 to 1. All but the normal's are the inverse of the cdf.
Fits are by maximum likelihood; for these eight each has a closed form, beside its class.

Omits   special functions: so no t, gamma or beta. Fits of several laws at once, censored data
Shapes  x, k of any shape, as the answer; data (N,)
Units   mass of an amount is per unit of x, and may exceed 1
Sources Johnson, Kemp, Kotz 2005, doi:10.1002/0471715816, and Johnson, Kotz, Balakrishnan 1994 for the laws; Box and
        Muller 1958, doi:10.1214/aoms/1177706645; Lilliefors 1967, doi:10.1080/01621459.1967.10482916, for ks_limit
Proof   tests/stack/maths/test_distributions.py: mass, cdf, moments and fits equal scipy.stats; draws come within the
        distance of Kolmogorov and Smirnov; ks_distance equals scipy.stats.kstest
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
ERFC = np.vectorize(math.erfc, otypes=[np.float64])


class Law(ABC):
    """A distribution with its parameters. `counts`: its values are 0, 1, 2, …; otherwise any number."""

    counts: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def fit(cls, data: Array) -> Self:
        """The parameters under which the data are likeliest."""

    @property
    @abstractmethod
    def mean(self) -> float: ...

    @property
    @abstractmethod
    def variance(self) -> float: ...

    @abstractmethod
    def mass(self, x: ArrayLike) -> Array: ...

    @abstractmethod
    def cdf(self, x: ArrayLike) -> Array:
        """The chance of a value up to x, x included."""

    @abstractmethod
    def draw(self, n: int, dice: Generator) -> Array: ...


class CountLaw(Law):
    """What all counts share: the cdf adds masses up, and a draw is the first count whose cdf exceeds a uniform one."""

    counts = True

    @abstractmethod
    def highest(self) -> int:
        """A count beyond which less than 1e-12 of the chance lies."""

    def cdf(self, x: ArrayLike) -> Array:
        k = np.floor(np.asarray(x, dtype=np.float64))
        upto = np.cumsum(self.mass(np.arange(self.highest() + 1)))
        return np.where(k < 0, 0.0, np.minimum(upto[np.clip(k, 0, len(upto) - 1).astype(np.int64)], 1.0))

    def draw(self, n: int, dice: Generator) -> Array:
        upto = self.cdf(np.arange(self.highest() + 1))
        return np.searchsorted(upto, dice.random(n), side="right").astype(np.float64)


def log_factorials(most: int) -> Array:
    """ln 0!, ln 1!, … ln most!"""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


@dataclass(frozen=True, slots=True)
class Binomial(CountLaw):
    """How many of n independent tries succeed. n = 1 is one toss of a coin, Bernoulli's law."""

    n: int
    p: float

    @classmethod
    def fit(cls, data: Array, n: int | None = None) -> Self:
        """n is known beforehand; without it the largest count is taken, which is too few as a rule."""
        tries = int(np.max(data)) if n is None else n
        return cls(tries, float(np.mean(data)) / tries)

    @property
    def mean(self) -> float:
        return self.n * self.p

    @property
    def variance(self) -> float:
        return self.n * self.p * (1 - self.p)

    def highest(self) -> int:
        return self.n

    def mass(self, x: ArrayLike) -> Array:
        k, logs = np.asarray(x, dtype=np.int64), log_factorials(self.n)
        inside = (k >= 0) & (k <= self.n)
        k = np.where(inside, k, 0)
        ways = np.exp(logs[self.n] - logs[k] - logs[self.n - k])
        return np.where(inside, ways * self.p**k * (1 - self.p) ** (self.n - k), 0.0)


@dataclass(frozen=True, slots=True)
class Geometric(CountLaw):
    """How many failures come before the first success."""

    p: float

    @classmethod
    def fit(cls, data: Array) -> Self:
        return cls(1 / (1 + float(np.mean(data))))

    @property
    def mean(self) -> float:
        return (1 - self.p) / self.p

    @property
    def variance(self) -> float:
        return (1 - self.p) / self.p**2

    def highest(self) -> int:
        return 1 if self.p == 1 else math.ceil(math.log(1e-12) / math.log1p(-self.p))

    def mass(self, x: ArrayLike) -> Array:
        k = np.asarray(x, dtype=np.float64)
        return np.where(k >= 0, self.p * (1 - self.p) ** np.maximum(k, 0), 0.0)


@dataclass(frozen=True, slots=True)
class Poisson(CountLaw):
    """How many rare things happen in a stretch, when none of them minds the others."""

    rate: float

    @classmethod
    def fit(cls, data: Array) -> Self:
        return cls(float(np.mean(data)))

    @property
    def mean(self) -> float:
        return self.rate

    @property
    def variance(self) -> float:
        return self.rate

    def highest(self) -> int:
        return math.ceil(self.rate + 12 * math.sqrt(self.rate) + 24)

    def mass(self, x: ArrayLike) -> Array:
        k = np.asarray(x, dtype=np.int64)
        logs = log_factorials(max(int(np.max(k, initial=0)), 0))
        inside = k >= 0
        k = np.where(inside, k, 0)
        return np.where(inside, np.exp(k * math.log(self.rate) - self.rate - logs[k]), 0.0)


@dataclass(frozen=True, slots=True)
class Uniform(Law):
    """Everywhere alike between two ends."""

    low: float
    high: float

    @classmethod
    def fit(cls, data: Array) -> Self:
        return cls(float(np.min(data)), float(np.max(data)))

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2

    @property
    def variance(self) -> float:
        return (self.high - self.low) ** 2 / 12

    def mass(self, x: ArrayLike) -> Array:
        x = np.asarray(x, dtype=np.float64)
        return np.where((x >= self.low) & (x <= self.high), 1 / (self.high - self.low), 0.0)

    def cdf(self, x: ArrayLike) -> Array:
        return np.asarray(np.clip((np.asarray(x) - self.low) / (self.high - self.low), 0.0, 1.0))

    def draw(self, n: int, dice: Generator) -> Array:
        return self.low + (self.high - self.low) * dice.random(n)


@dataclass(frozen=True, slots=True)
class Exponential(Law):
    """How long one waits for what may come at any moment. `scale` is the mean."""

    scale: float

    @classmethod
    def fit(cls, data: Array) -> Self:
        return cls(float(np.mean(data)))

    @property
    def mean(self) -> float:
        return self.scale

    @property
    def variance(self) -> float:
        return self.scale**2

    def mass(self, x: ArrayLike) -> Array:
        x = np.asarray(x, dtype=np.float64)
        return np.where(x >= 0, np.exp(-np.maximum(x, 0) / self.scale) / self.scale, 0.0)

    def cdf(self, x: ArrayLike) -> Array:
        return -np.expm1(-np.maximum(np.asarray(x, dtype=np.float64), 0) / self.scale)

    def draw(self, n: int, dice: Generator) -> Array:
        return -self.scale * np.log1p(-dice.random(n))


@dataclass(frozen=True, slots=True)
class Normal(Law):
    """What sums of many small independent parts come to."""

    mu: float
    sigma: float

    @classmethod
    def fit(cls, data: Array) -> Self:
        return cls(float(np.mean(data)), float(np.std(data)))

    @property
    def mean(self) -> float:
        return self.mu

    @property
    def variance(self) -> float:
        return self.sigma**2

    def mass(self, x: ArrayLike) -> Array:
        z = (np.asarray(x, dtype=np.float64) - self.mu) / self.sigma
        return np.asarray(np.exp(-(z**2) / 2) / (self.sigma * math.sqrt(2 * math.pi)))

    def cdf(self, x: ArrayLike) -> Array:
        z = (np.asarray(x, dtype=np.float64) - self.mu) / self.sigma
        return np.asarray(ERFC(-z / math.sqrt(2)) / 2)

    def draw(self, n: int, dice: Generator) -> Array:
        """By Box and Muller: a point of the plane, its distance from a uniform number and its angle from another."""
        far = np.sqrt(-2 * np.log1p(-dice.random(n)))
        return np.asarray(self.mu + self.sigma * far * np.cos(2 * math.pi * dice.random(n)))


@dataclass(frozen=True, slots=True)
class Laplace(Law):
    """An exponential to either side: a sharper peak than the normal, and heavier tails."""

    middle: float
    scale: float

    @classmethod
    def fit(cls, data: Array) -> Self:
        middle = float(np.median(data))
        return cls(middle, float(np.mean(np.abs(data - middle))))

    @property
    def mean(self) -> float:
        return self.middle

    @property
    def variance(self) -> float:
        return 2 * self.scale**2

    def mass(self, x: ArrayLike) -> Array:
        away = np.abs(np.asarray(x, dtype=np.float64) - self.middle) / self.scale
        return np.asarray(np.exp(-away) / (2 * self.scale))

    def cdf(self, x: ArrayLike) -> Array:
        z = (np.asarray(x, dtype=np.float64) - self.middle) / self.scale
        beyond = np.exp(-np.abs(z)) / 2  # the chance of being further out on the same side
        return np.where(z < 0, beyond, 1 - beyond)

    def draw(self, n: int, dice: Generator) -> Array:
        u = dice.random(n) - 0.5
        return np.asarray(self.middle - self.scale * np.sign(u) * np.log1p(-2 * np.abs(u)))


@dataclass(frozen=True, slots=True)
class LogNormal(Law):
    """Its logarithm is normal: what products of many independent parts come to."""

    mu: float
    sigma: float

    @classmethod
    def fit(cls, data: Array) -> Self:
        return cls(float(np.mean(np.log(data))), float(np.std(np.log(data))))

    @property
    def mean(self) -> float:
        return math.exp(self.mu + self.sigma**2 / 2)

    @property
    def variance(self) -> float:
        return math.expm1(self.sigma**2) * self.mean**2

    def mass(self, x: ArrayLike) -> Array:
        x = np.asarray(x, dtype=np.float64)
        inside = np.where(x > 0, x, 1.0)
        return np.where(x > 0, Normal(self.mu, self.sigma).mass(np.log(inside)) / inside, 0.0)

    def cdf(self, x: ArrayLike) -> Array:
        x = np.asarray(x, dtype=np.float64)
        return np.where(x > 0, Normal(self.mu, self.sigma).cdf(np.log(np.where(x > 0, x, 1.0))), 0.0)

    def draw(self, n: int, dice: Generator) -> Array:
        return np.exp(Normal(self.mu, self.sigma).draw(n, dice))


# ---- how well a law fits ----


def excess_kurtosis(data: Array) -> float:
    """The mean fourth power of the standard score, less 3: 0 for a normal law, 3 for Laplace's."""
    z = (data - np.mean(data)) / np.std(data)
    return float(np.mean(z**4)) - 3


def ks_distance(data: Array, law: Law) -> float:
    """The largest gap between the share of the data up to a point and the law's cdf there, over all points."""
    values, times = np.unique(data, return_counts=True)
    upto = np.cumsum(times) / len(data)
    below = law.cdf(values - 1) if law.counts else law.cdf(values)  # counts jump as the data do
    return float(max(np.abs(upto - law.cdf(values)).max(), np.abs(upto - times / len(data) - below).max()))


def ks_limit(law: Law, n: int, dice: Generator, rounds: int = 200, share: float = 0.99) -> float:
    """The distance that this share of samples of n stays within when they are really drawn from the law and fitted
    like the data. A fit comes closer than the law itself would, so tables for a law that was given are too wide."""
    far = []
    for _ in range(rounds):
        data = law.draw(n, dice)
        far.append(ks_distance(data, type(law).fit(data)))
    return float(np.quantile(far, share))
