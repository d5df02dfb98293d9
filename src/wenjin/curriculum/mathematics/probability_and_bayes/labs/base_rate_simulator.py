"""What a positive result means, by prevalence: Bayes' formula against simulated people with real tumors.

569 real tumors, each measured by computer on a picture of its cells. A test says "positive" where a measurement lies
above a threshold. Half of the tumors set the threshold, so that the wanted share of the benign is spared; on the other
half sensitivity and specificity are measured, and from that half the simulated people are drawn.

    prevalence p -> formula     p s / (p s + (1 - p)(1 - c)), sensitivity s, specificity c
                 -> simulation  people, each sick with chance p, each given a tumor of that kind, each tested; of the
                                positive, the share that is sick
    two tests, three            the formula with evidence taken as independent, against the same tumors counted
    belief                      what is known of the sensitivity itself after so many malignant tumors, over a grid

See      the same test, 1 % sick: most positives are false; 50 % sick: almost none. A second measurement of the same
         tumor proves far less than the formula for independent tests says
Try      spared 0.99: fewer found, and yet a positive means more. measurement mean_texture: a poor test, for which the
         prior is nearly all. prevalence 0.001 for the second chart
Source   Wolberg, Street and Mangasarian 1993, UCI, doi:10.24432/C5DW2B
Omits    that a hospital's benign lumps are not healthy people: real screening has another specificity
"""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from wenjin.kit.lab import Band, Claim, Frame, Keep, Lab, Level, Point, Progress, Slider, Table, Used
from wenjin.stack.data.load import load
from wenjin.stack.data.tables import table
from wenjin.stack.maths.chance import Screening, posterior, update

Array = NDArray[np.float64]
PREVALENCES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
TESTS = ("worst radius", "worst perimeter", "worst texture")  # the second measures nearly what the first does
SEEN = (0, 5, 20, 100)  # malignant tumors after which the belief in the sensitivity is shown
GRID = np.linspace(0.005, 0.995, 100)  # values that the sensitivity may have


def base_rate_simulator(
    keep: Keep,
    measurement: Literal["worst_radius", "mean_radius", "worst_concave_points", "mean_texture"] = "worst_radius",
    spared: Annotated[float, Slider(0.5, 0.99, step=0.01)] = 0.95,
    prevalence: Annotated[float, Slider(0.0005, 0.5, log=True)] = 0.01,
    people: Annotated[int, Slider(1000, 10_000_000, log=True)] = 1_000_000,
    seed: int = 0,
) -> Iterator[Frame]:
    corpus = load("breast-cancer")
    yield Used(corpus.id, corpus.source, corpus.count, corpus.sha256, corpus.fallback)
    x, sick, columns = tumors(corpus.rows)
    first = halves(sick, np.random.default_rng(seed))  # (N,) True: sets thresholds
    column = columns.index(measurement.replace("_", " "))

    def positive(name: int) -> NDArray[np.bool_]:
        """Every tumor by the measurement of that column, at the threshold that the first half sets."""
        return np.asarray(x[:, name] > np.quantile(x[first & ~sick, name], spared))

    called = positive(column)
    malignant, benign = called[~first & sick], called[~first & ~sick]
    test = Screening(prevalence, float(malignant.mean()), float(1 - benign.mean()))
    yield Level("sensitivity", test.sensitivity)
    yield Level("specificity", test.specificity)

    rows: list[list[float]] = json.loads(keep.load("rows") or "[]")
    work = len(PREVALENCES) + 3
    for n, p in enumerate(PREVALENCES):
        if n == len(rows):
            rows.append([p, *simulated(p, malignant, benign, people, np.random.default_rng((seed, n)))])
            keep.save("rows", json.dumps(rows).encode())
        formula = Screening(p, test.sensitivity, test.specificity).after_positive()
        yield Point("posterior", p, {"formula": formula, "simulation": rows[n][1], "prior": p})
        yield Progress(n + 1, work)
    yield from meanings(test, rows)
    yield from repeated([positive(columns.index(name))[~first] for name in TESTS], sick[~first], prevalence)
    yield Progress(len(PREVALENCES) + 1, work)
    yield from traded(x[:, column], first, sick, prevalence)
    yield Progress(len(PREVALENCES) + 2, work)
    yield from believed(malignant, np.random.default_rng(seed))
    yield Progress(work, work)


def tumors(rows: Sequence[object]) -> tuple[Array, NDArray[np.bool_], list[str]]:
    """Measurements (N, D), whether malignant (N,), names of the measurements."""
    found = table(rows)  # type: ignore[arg-type]
    return found.x, found.y == found.labels.index("malignant"), list(found.columns)


def halves(sick: NDArray[np.bool_], dice: np.random.Generator) -> NDArray[np.bool_]:
    """Half of the malignant and half of the benign, at random."""
    first = np.zeros(len(sick), dtype=np.bool_)
    for kind in (True, False):
        places = dice.permutation(np.flatnonzero(sick == kind))
        first[places[: len(places) // 2]] = True
    return first


def simulated(
    p: float, malignant: NDArray[np.bool_], benign: NDArray[np.bool_], people: int, dice: np.random.Generator
) -> tuple[float, float]:
    """Of people who are sick with chance p, each with a tumor of their kind drawn again and again from those measured:
    the share of the positive that is sick, and of the negative."""
    ill = dice.random(people) < p
    result = np.where(ill, dice.choice(malignant, people), dice.choice(benign, people))
    return float(ill[result].mean()) if result.any() else np.nan, float(ill[~result].mean())


def meanings(test: Screening, rows: Sequence[Sequence[float]]) -> Iterator[Frame]:
    formulas = [Screening(p, test.sensitivity, test.specificity) for p, *_ in rows]
    gaps = [abs(f.after_positive() - row[1]) for f, row in zip(formulas, rows, strict=True)]
    yield Level("gap", max(gaps))
    yield Level("positive_means", test.after_positive())
    yield Level("negative_means", test.after_negative())
    alarms = 1 - test.specificity
    yield Level("even_at", alarms / (alarms + test.sensitivity))  # below it, most positives are false
    cells = [
        (row[0], f.after_positive(), row[1], f.after_negative(), row[2]) for f, row in zip(formulas, rows, strict=True)
    ]
    columns = ("prevalence", "positive_formula", "positive_simulation", "negative_formula", "negative_simulation")
    yield Table("meanings", columns, tuple(cells))


def repeated(results: Sequence[NDArray[np.bool_]], sick: NDArray[np.bool_], prevalence: float) -> Iterator[Frame]:
    """One, two, three positive measurements of the same tumor: as if independent, and as counted."""
    rates = [(float(result[sick].mean()), float(result[~sick].mean())) for result in results]
    prior = np.array([prevalence, 1 - prevalence])
    naive = update(prior, np.array(rates))[:, 0]  # (K + 1,)
    all_so_far = np.ones(len(sick), dtype=np.bool_)
    counted = [prevalence]
    for result in results:
        all_so_far &= result
        # one more of each kind than was seen, as Laplace: a share of 0 benign tumors would claim certainty
        both = [(int(all_so_far[kind].sum()) + 1) / (int(kind.sum()) + 2) for kind in (sick, ~sick)]
        counted.append(float(posterior(prior, both)[0]))
    for n in range(len(naive)):
        yield Point("update", n, {"independent": float(naive[n]), "counted": counted[n]})
    yield Level("two_naive", float(naive[2]))
    yield Level("two_counted", counted[2])


def traded(values: Array, first: NDArray[np.bool_], sick: NDArray[np.bool_], prevalence: float) -> Iterator[Frame]:
    """As the threshold rises: fewer are found, and a positive means more."""
    for share in (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99):
        called = values > np.quantile(values[first & ~sick], share)
        found, alarms = float(called[~first & sick].mean()), float(called[~first & ~sick].mean())
        means = prevalence * found / (prevalence * found + (1 - prevalence) * alarms) if alarms + found else 0.0
        yield Point("trade", share, {"sensitivity": found, "specificity": 1 - alarms, "means": means})


def believed(malignant: NDArray[np.bool_], dice: np.random.Generator) -> Iterator[Frame]:
    """The sensitivity is measured on few tumors: what is believed of it, from no opinion on, as they come in."""
    order = dice.permutation(malignant)
    for seen in SEEN:
        found = int(order[:seen].sum())
        missed = len(order[:seen]) - found
        logs = found * np.log(GRID) + missed * np.log1p(-GRID)  # of the likelihood, at each value
        belief = posterior(np.ones(len(GRID)), np.exp(logs - logs.max()))  # (100,)
        density = belief / (GRID[1] - GRID[0])
        for value, height in zip(GRID, density, strict=True):
            yield Point("belief", round(float(value), 3), {f"after_{seen}": float(height)})
        upto = np.cumsum(belief)
        low, high = GRID[np.searchsorted(upto, 0.025)], GRID[np.searchsorted(upto, 0.975)]
        yield Level(f"width_{seen}", float(high - low))


lab = Lab(
    base_rate_simulator,
    expect=(
        Band("sensitivity"),
        Band("specificity"),
        Band("width_100"),
    ),
    claims=(
        Claim("formula-is-what-happens", lambda level: level["gap"] <= 0.01),
        Claim("most-positives-are-false", lambda level: level["positive_means"] < 0.5 < level["sensitivity"]),
        Claim("negatives-are-safe", lambda level: level["negative_means"] < 0.005),
        Claim("repeating-proves-less", lambda level: level["two_counted"] < 0.7 * level["two_naive"]),
        Claim("belief-narrows", lambda level: level["width_100"] < level["width_20"] < level["width_5"]),
    ),
)
