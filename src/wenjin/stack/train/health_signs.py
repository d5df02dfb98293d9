"""The signs themselves: what a run has shown so far -> (cause, facts) of each that is to be seen. Pure.

Curve keeps what losses, gradients, rates and times have been, Looks what was observed of weights and rows; each sign is
a function of them. The work for a record does not grow with the run.

Thresholds  chosen on runs over Song lyrics and over Python's own library (bytes as tokens; GPT-2 of 1 layer 64 wide and
            Llama of 2 layers 96 wide; AdamW at 3e-4 to 6e-3, and Muon; seeds from 100), sound and spoiled.
            benchmarks/run_health.py tests them on verse and definitions, other sizes and seeds.
Units       losses in nats; steps are those of the records
Proof       tests/stack/train/test_health_watch.py
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from wenjin.stack.train.records import Record

Sign = tuple[str, Mapping[str, Any]]

RECENT = 32  # records beside which the next one is held
LEAST = 16  # records before anything is said of a curve
EARLY = 60  # records before it can be said that a run does not learn
STAYED = (
    60,
    200,
    400,
)  # records before it can be said that a run stays where only single tokens are known: targets are
SHIFTED = 0.9  # not the inputs shifted by one, that is not known, they are: sound runs, too, may linger there
APART = 500  # records within which two spikes belong together

OFF = 0.35  # a first loss so much above ln V, as a share of it, was no even guess
JUMP, SIGMAS = 1.2, 8.0  # a loss stands out that is so many times the median before it, and deviations above it
STEEP = 25.0  # times the median, for the norm of a gradient: leaving a plateau it grows tenfold
SHORT = 6  # records that a spike lasts at most
ROSE = 1.12  # times the lowest mean so far
STILL = 0.01  # of the first loss
CONTEXT, FLAT = 0.97, 0.015  # so near to the entropy without context, and moving by less than that
FAST = 0.17  # |change| / |weights| of a step
SLOW, IGNORANT = 4e-4, 0.9  # the same, with a loss still above so much of the first
OVER = 1.03  # times the lowest validation loss
GOOD = 0.12  # of the entropy without context: the best models of text reach twice that
DEAD = 0.25  # of a matrix's rows
AGAIN = 0.4  # of the rows since the last observation
PADDED = 0.1  # of the counted targets
AHEAD = 0.01  # of the positions
SHARE = 0.05  # of the peak


class Curve:
    """Losses, gradient norms, rates and times of the records so far. `due`: it is time for what need not be asked at
    every record."""

    def __init__(self) -> None:
        self.n = 0
        self.sums = [0.0]  # of the losses
        self.seconds: deque[float] = deque(maxlen=2 * RECENT)  # a target
        self.rates: deque[float] = deque(maxlen=RECENT)
        self.validation: list[tuple[int, int, float]] = []  # how many records, step, loss
        self.loss_peaks, self.norm_peaks = Peaks(JUMP), Peaks(STEEP)
        self.lowest, self.lowest_step, self.above = math.inf, 0, 0

    def see(self, record: Record) -> None:
        if not math.isfinite(record.loss):
            return
        self.n += 1
        self.sums.append(self.sums[-1] + record.loss)
        self.loss_peaks.see(self.n, record.step, record.loss)
        if not self.loss_peaks.up:  # a batch that the model did not expect has a steep gradient, too
            self.norm_peaks.see(self.n, record.step, record.gradient_norm)
        self.rates.append(record.rate)
        if record.tokens and record.seconds > 0:
            self.seconds.append(record.seconds / record.tokens)
        if record.validation is not None and math.isfinite(record.validation):
            self.validation.append((self.n, record.step, record.validation))

    @property
    def due(self) -> bool:
        return self.n >= LEAST and self.n % 4 == 0

    @property
    def window(self) -> int:
        """Records over which a mean is taken."""
        return max(8, min(200, self.n // 8))

    def mean(self, end: int | None = None, window: int | None = None) -> float:
        """Of the losses of the records before number `end`."""
        end = self.n if end is None else end
        begin = max(0, end - (window or self.window))
        return (self.sums[end] - self.sums[begin]) / (end - begin)

    @property
    def rising(self) -> bool:
        """Whether the rate is still being warmed up."""
        return len(self.rates) > 8 and self.rates[-1] > 1.001 * self.rates[-8]


class Peaks:
    """Values that stand out from those before them and go back within a few records. `up`: the last one stands out."""

    def __init__(self, times: float) -> None:
        self.times, self.up = times, 0
        self.before: deque[float] = deque(maxlen=RECENT)
        self.found: deque[tuple[int, int, float, float]] = deque(maxlen=8)  # record, step, usual, value
        self.greatest = (0, 0.0, 0.0)  # of those that stand out now: step, usual, value

    def see(self, n: int, step: int, value: float) -> None:
        if not math.isfinite(value):
            return
        usual = self._usual(value)
        if usual is None or self.up >= SHORT:  # back again; or it stays up, and is no spike
            if usual is None and self.up:
                self.found.append((n, *self.greatest))
            self.up = 0
            self.before.append(value)
            return
        if not self.up or value > self.greatest[2]:
            self.greatest = (step, usual, value)
        self.up += 1

    def _usual(self, value: float) -> float | None:
        """The median before, if this value stands out from it."""
        if len(self.before) < LEAST or value <= self.times * min(self.before[-1], self.before[-2]):
            return None
        middle, spread = spread_of(self.before)
        return middle if value > self.times * middle and value - middle > SIGMAS * spread else None


class Looks:
    """The last observations of weights and rows."""

    def __init__(self) -> None:
        self.frozen = self.cut = self.near = 0  # observations in a row
        self.updates: deque[float] = deque(maxlen=3)
        self.greatest = 0.0
        self.unigram: float | None = None
        self.shifted: float | None = None
        self.age: float | None = None
        self.reset: float | None = None

    def see(self, record: Record) -> None:
        seen = record.observed
        self.frozen = self.frozen + 1 if seen.get("frozen_count", 0) and record.rate > 0 else 0
        self.cut = self.cut + 1 if seen.get("cut_count", 0) else 0
        self.near = self.near + 1 if _again(seen) else 0
        if "update" in seen:
            self.updates.append(seen["update"])
            self.greatest = max(self.greatest, seen["update"])
        self.unigram, self.shifted = seen.get("unigram", self.unigram), seen.get("shifted", self.shifted)
        if (age := seen.get("age")) is not None:
            begun_late = self.age is None and record.step > 20 and age < record.step / 2
            if begun_late or (self.age is not None and age < self.age):
                self.reset = age
            self.age = age


# ---- proven by what was observed ----


def seen_of_parameters(looks: Looks, record: Record) -> Iterator[Sign]:
    seen, step = record.observed, record.step
    if looks.frozen >= 2:
        yield "parameters-frozen", {"count": seen["frozen_count"], "of": seen["of"], "name": seen["frozen"][0]}
    if looks.cut >= 3:
        yield "gradient-cut", {"count": seen["cut_count"], "of": seen["of"], "name": seen["cut"][0]}
    if dead := {name: share for name, share in seen.get("dead", {}).items() if share >= DEAD}:
        name = max(dead, key=lambda one: dead[one])
        yield "units-dead", {"name": name, "percent": round(100 * dead[name]), "step": step}
    if looks.reset is not None:
        yield "optimizer-reset", {"step": step, "age": looks.reset}
    if seen.get("future", 0.0) > AHEAD:
        yield "future-leaked", {"percent": round(100 * seen["future"])}


def seen_of_rows(looks: Looks, record: Record, rows: int | None) -> Iterator[Sign]:
    seen = record.observed
    stuck = seen.get("rows", 0) >= 20 * seen.get("batch", 1) and seen["distinct"] <= 2 * seen["batch"]
    if looks.near >= 2 or (stuck and (rows is None or rows > 2 * seen["distinct"])):
        yield "samples-repeat", {"rows": seen["rows"], "distinct": seen["distinct"], "step": record.step}
    if seen.get("padding", 0.0) > PADDED:
        yield "padding-counted", {"percent": round(100 * seen["padding"])}


def _again(seen: Mapping[str, Any]) -> bool:
    return bool(seen.get("near", 0.0) >= AGAIN and seen["rows"] >= 8 * seen["batch"])


# ---- told by the curve ----


def broken(curve: Curve, looks: Looks, record: Record, precision: str | None) -> Sign | None:
    """A loss or a gradient that is no number, by its likely cause."""
    steep = any(event.name == "skipped" and event.facts.get("why") == "gradient-not-finite" for event in record.events)
    if math.isfinite(record.loss) and not steep:
        return None
    if precision == "float16":
        return "half-overflow", {"step": record.step}
    if looks.greatest > FAST:
        return "rate-too-high", {"step": record.step, "update": looks.greatest, "usual": FAST}
    return "gradient-not-finite" if steep else "loss-not-finite", {"step": record.step}


def first(record: Record, classes: int) -> Iterator[Sign]:
    even = math.log(classes)
    if record.loss > (1 + OFF) * even:
        yield "first-loss-uneven", {"loss": record.loss, "even": even}


def held_out(curve: Curve) -> Iterator[Sign]:
    """The validation loss rises while the training loss falls."""
    held = curve.validation
    if not held:
        return
    low = min(range(len(held)), key=lambda n: held[n][2])
    after = held[low + 1 :]
    if len(after) < 2 or min(loss for _, _, loss in after[-2:]) < OVER * held[low][2]:
        return
    at, step, lowest = held[low]
    if at >= LEAST and curve.mean(window=8) < curve.mean(at, window=8):
        yield "overfits", {"step": step, "lowest": lowest, "last": held[-1][2], "training": curve.mean(window=8)}


def too_good(record: Record, unigram: float | None) -> Iterator[Sign]:
    """The validation loss is lower than any text allows."""
    if unigram and record.validation is not None and 0 <= record.validation < GOOD * unigram:
        percent = round(100 * record.validation / unigram)
        yield "too-good", {"step": record.step, "loss": record.validation, "percent": percent}


def of_rate(curve: Curve, looks: Looks, record: Record, classes: int | None) -> Iterator[Sign]:
    """Steps too long, or too short, for the weights."""
    if len(looks.updates) == 3 and sorted(looks.updates)[1] > FAST:
        yield "rate-too-high", _rate(curve, looks, record)
    if curve.n < EARLY or curve.rising or not looks.updates:
        return
    begun = curve.mean(8, window=8)
    ignorant = classes is None or curve.mean() > IGNORANT * math.log(classes)
    if looks.greatest < SLOW and curve.mean() > IGNORANT * begun and ignorant:
        facts = {"step": record.step, "update": looks.greatest, "from": begun, "to": curve.mean()}
        yield "rate-too-low", facts


def without_context(curve: Curve, looks: Looks, record: Record, unigram: float | None) -> Iterator[Sign]:
    """The loss came to the entropy of single targets and stays there: how often each occurs is all that was learned."""
    patience = STAYED[1 if looks.shifted is None else 2 * (looks.shifted > SHIFTED)]
    if unigram is None or curve.n < patience or curve.rising:
        return
    now, before = curve.mean(), curve.mean(curve.n // 2)
    if CONTEXT * unigram < now < unigram * (2 - CONTEXT) and abs(before - now) < FLAT * before:
        yield "targets-unrelated", {"step": record.step, "loss": now, "unigram": unigram}


def slow(curve: Curve, record: Record, flops: float, peak: float) -> Iterator[Sign]:
    """The fastest of the last steps: other programs slow some of them, a slow loop all."""
    if len(curve.seconds) < LEAST + 8:  # the first ones prepare much
        return
    share = flops / (min(list(curve.seconds)[8:]) * peak)
    if share < SHARE:
        yield "slow", {"step": record.step, "percent": round(100 * share, 1), "usual": round(100 * SHARE)}


def spikes(curve: Curve, record: Record) -> Iterator[Sign]:
    for name, peaks in (("loss-spikes", curve.loss_peaks), ("gradient-spikes", curve.norm_peaks)):
        close = [one for one in peaks.found if curve.n - one[0] < APART]
        if len(close) >= 2:
            _, step, usual, value = max(close, key=lambda one: one[3] / one[2])
            yield name, {"times": len(close), "step": step, "usual": usual, "value": value}


def whole(curve: Curve, record: Record) -> Iterator[Sign]:
    """The loss rose and stayed up, or it never moved."""
    now = curve.mean()
    if now > ROSE * curve.lowest + 4 * spread_of(curve.loss_peaks.before)[1] / math.sqrt(curve.window):
        curve.above += 1
    else:
        curve.above = 0
        if now < curve.lowest:
            curve.lowest, curve.lowest_step = now, record.step
    if curve.above >= 3:
        yield "loss-rose", {"times": curve.above, "step": curve.lowest_step, "from": curve.lowest, "to": now}
    begun = curve.mean(8, window=8)
    moved = max(abs(now - begun), begun - curve.lowest)
    if curve.n >= EARLY and not curve.rising and moved < STILL * abs(begun):
        yield "nothing-moves", {"from": begun, "to": now}


def _rate(curve: Curve, looks: Looks, record: Record) -> dict[str, float]:
    return {"step": record.step, "update": max(looks.updates), "usual": FAST}


def spread_of(values: deque[float]) -> tuple[float, float]:
    """Median, and a standard deviation that single outliers do not change."""
    middle = sorted(values)[len(values) // 2]
    return middle, 1.4826 * sorted(abs(value - middle) for value in values)[len(values) // 2]
