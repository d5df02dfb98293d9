"""Each sign on records drawn to have it, none on a run that only learns; what follows from a cause is not told."""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from wenjin.stack.train.health_watch import Facts, Watch, examine, facts_of
from wenjin.stack.train.records import Event, Record
from wenjin.study.course.load import load

V = 256
FACTS = Facts(classes=V)
SOUND: dict[str, Any] = {  # an observation of a run in which all is well
    "of": 20, "frozen": [], "frozen_count": 0, "cut": [], "cut_count": 0, "update": 0.01, "unigram": 3.9,
    "padding": 0.0, "future": 0.0, "batch": 8, "near": 0.0,
}  # fmt: skip


def learning(steps: int = 400, seed: int = 0, every: int = 20, noise: float = 0.05) -> list[Record]:
    """A sound run: warm-up, noise, decay; a validation every 40 steps."""
    dice = random.Random(seed)
    made = []
    for step in range(1, steps + 1):
        level = 2.0 + (math.log(V) - 2.0) * math.exp(-step / 60)
        observed = {}
        if step % every == 0 or step == 1:
            observed = {**SOUND, "rows": 8 * step, "distinct": 8 * step, "age": float(step)}
        made.append(
            Record(
                step,
                level * (1 + noise * dice.gauss(0, 1)) if step > 1 else math.log(V),
                1.0 + 0.2 * dice.random(),
                min(1, step / 20) * (1 - step / steps / 2),
                256,
                0.01,
                0.01 * step,
                step / steps,
                0.0,
                level + 0.1 if step % 40 == 0 else None,
                observed=observed,
            )
        )
    return made


def told(records: list[Record], facts: Facts = FACTS) -> dict[str, Mapping[str, Any]]:
    return dict(examine(records, facts))


def changed(records: list[Record], change: Callable[[Record], Record]) -> list[Record]:
    return [change(record) for record in records]


def observed(records: list[Record], since: int = 0, **fields: Any) -> list[Record]:
    """The same run, of which something else was observed."""
    return [
        replace(r, observed={**r.observed, **fields}) if r.observed and r.step >= since else r for r in records
    ]  # fmt: skip


def at(steps: set[int], **fields: Any) -> list[Record]:
    return [replace(r, **fields) if r.step in steps else r for r in learning()]


def flat(level: float, update: float = 0.01) -> list[Record]:
    dice = random.Random(1)
    rows = changed(learning(), lambda r: replace(r, loss=level * (1 + 0.01 * dice.gauss(0, 1)), validation=None))
    return observed(rows, update=update)


def to_level(level: float) -> list[Record]:
    """Falls to a level within 60 steps and stays there."""
    dice = random.Random(2)
    return [
        replace(r, loss=level + (5.5 - level) * math.exp(-r.step / 12) + 0.03 * dice.gauss(0, 1), validation=None)
        for r in learning()
    ]


def over() -> list[Record]:
    return [
        replace(r, validation=None if r.validation is None else 3.0 + abs(r.step - 160) / 400) for r in learning(400)
    ]


def age_lost() -> list[Record]:
    return [
        replace(r, observed={**r.observed, "age": r.step - 210.0}) if r.observed and r.step > 210 else r
        for r in learning()
    ]


RUNS: dict[str, tuple[list[Record], Facts]] = {
    "loss-not-finite": (at({200}, loss=math.nan), FACTS),
    "half-overflow": (at({3}, loss=math.inf), replace(FACTS, precision="float16")),
    "gradient-not-finite": (
        at({9}, gradient_norm=math.nan, events=(Event("skipped", {"why": "gradient-not-finite"}),)), FACTS),
    "first-loss-uneven": (at({1}, loss=11.0), FACTS),
    "rate-too-high": (observed(learning(), update=0.4), FACTS),
    "rate-too-low": (flat(5.5, update=1e-5), FACTS),
    "nothing-moves": (flat(5.5, update=0.01), replace(FACTS, unigram=3.9)),
    "targets-unrelated": (to_level(3.9), FACTS),
    "parameters-frozen": (observed(learning(), frozen=["a"], frozen_count=1), FACTS),
    "gradient-cut": (observed(learning(), cut=["b.weight"], cut_count=2), FACTS),
    "units-dead": (observed(learning(), dead={"up": 0.1, "down": 0.5}), FACTS),
    "loss-spikes": (at({200, 201, 260}, loss=5.0), FACTS),
    "gradient-spikes": (at({200, 260}, gradient_norm=90.0), FACTS),
    "loss-rose": ([replace(r, loss=r.loss + max(0, r.step - 200) / 30, validation=None) for r in learning()], FACTS),
    "overfits": (over(), FACTS),
    "samples-repeat": (observed(learning(), near=0.5), FACTS),
    "padding-counted": (observed(learning(), padding=0.4), FACTS),
    "future-leaked": (observed(learning(), future=1.0), FACTS),
    "too-good": (changed(learning(), lambda r: replace(r, validation=r.validation and 8 / r.step)), FACTS),
    "optimizer-reset": (age_lost(), FACTS),
    "slow": (learning(), replace(FACTS, flops=1e5, peak=1e11)),
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_a_sign_is_seen_where_it_is_and_no_other(name: str) -> None:
    records, facts = RUNS[name]
    assert set(told(records, facts)) == {name}


def test_a_run_that_only_learns_shows_no_sign(count: Callable[[int], int]) -> None:
    for seed in range(count(200)):
        assert told(learning(seed=seed), replace(FACTS, flops=1e6, peak=1e11)) == {}, seed


@pytest.mark.parametrize("records", [[], learning()[:1], learning()[:15], learning(every=10**9)])
def test_few_records_and_unobserved_ones_show_no_sign(records: list[Record]) -> None:
    assert told(records) == {}


def test_every_sign_has_its_words_and_they_take_its_facts() -> None:
    causes = load().causes
    for records, facts in RUNS.values():
        for name, found in examine(records, facts):
            said = causes[name]
            text = said.title.format(**found)
            assert "{" not in text.zh + text.en + said.reason.zh + said.remedy.en
            assert all(isinstance(value, int | float | str) for value in found.values())


def test_a_sign_is_told_once_and_when_it_shows() -> None:
    watch = Watch(FACTS)
    found = [(record.step, name) for record in RUNS["loss-not-finite"][0] for name, _ in watch.see(record)]
    assert found == [(200, "loss-not-finite")]


def test_what_follows_from_a_cause_is_not_told() -> None:
    """Steps too long for the weights, whose loss then spikes and rises."""
    rows = [
        replace(r, loss=r.loss + (3 if r.step in (200, 230) else 0) + max(0, r.step - 250) / 40) for r in learning()
    ]
    assert set(told(rows)) >= {"loss-spikes"}
    assert set(told(observed(rows, update=0.5))) == {"rate-too-high"}


def test_one_spike_is_chance_and_a_jump_that_stays_is_none() -> None:
    assert told(at({200}, loss=9.0)) == {}
    assert set(told([replace(r, loss=9.0, validation=None) if r.step > 200 else r for r in learning()])) == {
        "loss-rose"
    }


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, 0.0, -1.0, 1e300])
def test_odd_numbers_anywhere_stop_nothing(odd: float) -> None:
    for field in ("loss", "gradient_norm", "rate", "seconds", "validation"):
        assert isinstance(told(at(set(range(1, 400, 7)), **{field: odd})), dict), field
        assert isinstance(told(changed(learning(), lambda r, f=field: replace(r, **{f: odd}))), dict), field  # type: ignore[misc]


def test_parameters_that_rest_while_the_rate_is_zero_are_not_frozen() -> None:
    still = observed(learning(), frozen=["a"], frozen_count=20)
    assert told(changed(still, lambda r: replace(r, rate=0.0))) == {}


@pytest.mark.parametrize(("shifted", "since"), [(0.05, 60), (None, 200), (1.0, None)])
def test_a_run_may_linger_at_single_tokens_where_its_targets_are_sound(
    shifted: float | None, since: int | None
) -> None:
    watch = Watch(FACTS)
    rows = to_level(3.9) if shifted is None else observed(to_level(3.9), shifted=shifted)
    found = [record.step for record in rows[:399] for _ in watch.see(record)]
    assert found == [] if since is None else since <= found[0] < since + 40


def test_a_resumed_run_may_begin_low_and_late() -> None:
    late = [replace(r, step=r.step + 1000) for r in observed(learning())[100:]]

    def aged(since: int) -> list[Record]:
        return [replace(r, observed={**r.observed, "age": float(r.step - since)} if r.observed else {}) for r in late]

    assert told(aged(0)) == {}
    assert set(told(aged(1100))) == {"optimizer-reset"}


def test_a_small_set_that_is_known_to_be_small_may_come_again() -> None:
    small = observed(learning(), distinct=8)
    assert set(told(small)) == {"samples-repeat"}
    assert told(small, replace(FACTS, rows=8)) == {}


def test_the_work_for_a_record_does_not_grow() -> None:
    """No list but the sums, and no pass over all of them: 20,000 records take as long each as 2,000."""
    watch = Watch(FACTS)
    sizes = []
    for record in stream(20_000):
        watch.see(record)
        if record.step in (2_000, 20_000):
            peaks = watch.curve.loss_peaks
            sizes.append((len(peaks.before), len(peaks.found), len(watch.curve.seconds), watch.curve.window))
    assert sizes == [(32, 0, 64, 200)] * 2


def stream(steps: int) -> Iterator[Record]:
    for n, record in zip(range(1, steps + 1), learning(steps, every=100), strict=True):
        yield replace(record, step=n)


def test_facts_of_a_log_are_taken_where_they_make_sense() -> None:
    known = {
        "classes": 8192,
        "rows": -3,
        "precision": 7,
        "peak": math.nan,
        "flops": 4e7,
        "corpus": "x",
        "unigram": True,
    }
    assert facts_of(known) == Facts(classes=8192, flops=4e7)
