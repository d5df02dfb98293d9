"""The two labs of probability on what is shipped: claims hold, a stopped run goes on, numbers equal SciPy's."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.curriculum.kept import Kept
from wenjin.kit.lab import Frame, Lab, Level, Point, Progress, Table, Used, as_row, from_row, latest, levels
from wenjin.stack.data.load import load
from wenjin.study.course.load import load as load_course
from wenjin.study.labs.worker import holds
from wenjin.study.labs.worker import load as load_lab

COURSE = load_course()
NAMES = ("base-rate-simulator", "distribution-gallery")
SMALL: dict[str, dict[str, Any]] = {
    "base-rate-simulator": {"people": 20_000},
    "distribution-gallery": {"draws": 2000, "rounds": 20},
}
REVIEWS = ["这本书很好，书里没有一句不对的话，书不贵。", "酒店不错，离车站不远。", "电脑不行，不值这个价。"]


@pytest.fixture(autouse=True)
def no_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENJIN_DATA", str(tmp_path))


def lab(name: str) -> Lab:
    found = COURSE.lab(name)
    assert found is not None
    assert found.file is not None
    return load_lab(found.file)


def run(name: str, kept: Kept | None = None, **arguments: Any) -> Iterator[Frame]:
    form = COURSE.lab(name).form  # type: ignore[union-attr]
    assert form is not None
    return lab(name).run(kept if kept is not None else Kept(), **(form.defaults | arguments))


def told(name: str, measured: dict[str, float]) -> dict[str, bool | None]:
    return {claim.name: holds(claim.holds, measured) for claim in lab(name).claims}


def test_a_positive_means_what_people_say_it_means() -> None:
    frames = list(run("base-rate-simulator"))
    measured = levels(frames)
    claims = told("base-rate-simulator", measured)
    assert claims == dict.fromkeys(claims, True)
    assert [(frame.id, frame.fallback) for frame in frames if isinstance(frame, Used)] == [("breast-cancer", False)]
    sensitivity, specificity = measured["sensitivity"], measured["specificity"]
    (table,) = [frame for frame in frames if isinstance(frame, Table)]
    for p, formula, simulated, negative, _ in table.rows:
        assert isinstance(p, float)
        positive = p * sensitivity + (1 - p) * (1 - specificity)
        assert formula == pytest.approx(p * sensitivity / positive)
        assert simulated == pytest.approx(formula, abs=0.01)
        assert negative == pytest.approx(p * (1 - sensitivity) / (1 - positive))


def test_the_thresholds_are_set_on_the_other_half() -> None:
    """Sensitivity and specificity are whole numbers of the tumors that set no threshold."""
    sick = sum(row.label == "malignant" for row in load("breast-cancer").rows)
    measured = levels(run("base-rate-simulator", people=1000))
    found = measured["sensitivity"] * (sick - sick // 2)
    assert found == pytest.approx(round(found))


def test_the_belief_is_the_beta_posterior() -> None:
    frames = latest(run("base-rate-simulator", people=1000))
    curve = {f.x: f.y["after_5"] for f in frames if isinstance(f, Point) and f.chart == "belief"}
    found = max(range(6), key=lambda k: -sum(abs(curve[x] - stats.beta.pdf(x, k + 1, 6 - k)) for x in curve))
    for x, density in curve.items():
        assert density == pytest.approx(stats.beta.pdf(x, found + 1, 6 - found), abs=0.03)


def test_returns_are_not_normal_and_words_need_reviews() -> None:
    frames = list(run("distribution-gallery"))
    measured = levels(frames)
    claims = told("distribution-gallery", measured)
    without = {"common-falls-like-rain", "topics-clump"}  # no word is counted in glosses
    assert claims == {name: None if name in without else True for name in claims}
    assert [frame.id for frame in frames if isinstance(frame, Used) and frame.fallback] == ["stock-closings", "wordnet"]
    closing = np.array([day.adjusted for day in load("stock-closings").rows])
    returns = np.diff(np.log(closing))
    assert measured["kurtosis"] == pytest.approx(stats.kurtosis(returns))
    fitted = stats.norm(returns.mean(), returns.std())
    assert measured["ks_returns_normal"] == pytest.approx(stats.kstest(returns, fitted.cdf).statistic)
    assert measured["far_days_normal"] == pytest.approx(len(returns) * 2 * stats.norm.sf(4))
    reference = COURSE.lab("distribution-gallery").reference  # type: ignore[union-attr]
    assert reference is not None
    for name in ("kurtosis", "ks_returns_normal", "ks_returns_laplace", "far_days"):  # IBM is what is shipped
        assert measured[name] == pytest.approx(reference.levels[name], rel=1e-4), name


def test_words_are_counted_in_stretches() -> None:
    module = sys.modules[lab("distribution-gallery").run.__module__]
    texts = [f"{n}{text}" for n in range(60) for text in REVIEWS]
    stretches = module.cut(texts, 20, seed=3)
    assert {len(part) for part in stretches} == {20}
    assert len(stretches) == len("".join(texts)) // 20
    assert stretches != module.cut(texts, 20, seed=4)
    measured, mean = {}, {}
    for word in ("不", "书"):
        counts = np.array([float(part.count(word)) for part in stretches])
        frames = list(module.of_counts("common", counts, 20, []))
        measured[word], mean[word] = levels(frames), counts.mean()
        assert measured[word]["mean_common"] == pytest.approx(mean[word])
        assert measured[word]["dispersion_common"] == pytest.approx(counts.var() / mean[word])
        assert sum(f.y.get("stretches", 0.0) for f in frames if isinstance(f, Point)) == pytest.approx(1)
        upto = [np.mean(counts <= k) - stats.poisson.cdf(k, mean[word]) for k in range(21)]
        assert measured[word]["ks_common_poisson"] == pytest.approx(np.abs(upto).max())
    assert measured["书"]["dispersion_common"] > measured["不"]["dispersion_common"]
    assert not list(module.of_counts("common", np.zeros(5), 20, []))


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_stopped_goes_on_to_the_same_end(name: str) -> None:
    straight = list(run(name, **SMALL[name]))
    kept: Kept = Kept()
    shown: list[Frame] = []
    for share in (0.3, 0.95):
        going = run(name, kept, **SMALL[name])
        for _ in range(int(share * len(straight))):
            shown.append(next(going))
        going.close()  # type: ignore[attr-defined]
    assert kept
    shown += list(run(name, kept, **SMALL[name]))
    assert levels(latest(shown)) == levels(latest(straight))


@pytest.mark.parametrize("name", NAMES)
def test_frames_are_rows_progress_ends_at_its_end_and_seeds_differ(name: str) -> None:
    frames = list(run(name, **SMALL[name], seed=1))
    assert [from_row(as_row(frame)) for frame in frames[:5]] == frames[:5]
    done = [frame for frame in frames if isinstance(frame, Progress)]
    assert [frame.done for frame in done] == sorted(frame.done for frame in done)
    assert done[-1].done == pytest.approx(done[-1].of)
    assert levels(frames) != levels(run(name, **SMALL[name], seed=2))


def test_extreme_arguments_come_to_an_end() -> None:
    for arguments in (
        {"people": 1000, "spared": 0.99, "prevalence": 0.0005, "measurement": "mean_texture"},
        {"people": 1000, "spared": 0.5, "prevalence": 0.5, "measurement": "worst_concave_points"},
    ):
        assert any(isinstance(frame, Level) for frame in run("base-rate-simulator", **arguments))
    for arguments in (
        {"draws": 1000, "rounds": 20, "stock": "AAPL", "common": "", "topical": "龘"},
        {"draws": 1000, "rounds": 20, "window": 400},
    ):
        assert any(isinstance(frame, Level) for frame in run("distribution-gallery", **arguments))
