"""Judges a run while it goes: each sign of trouble by its name, once, with the facts that show it.

    watch = Watch(Facts(classes=8192))
    for record in records:
        for name, facts in watch.see(record):
            print(name, facts)          rate-too-high {"step": 40, "update": 0.31, "usual": 0.05, "loss": 7.4}

The names are those of curriculum/causes.toml, which says what is likely behind each and what to try. What was observed
of weights and rows (health_observe.py) proves a cause; where only losses are known, a curve shows a symptom. A cause
that is told silences what follows from it.

Omits   logs of a layer's inner values; a comparison with other runs of the same kind
Units   losses in nats, times in seconds; steps are those of the records, which may skip some
Proof   tests/stack/train/test_health_watch.py: each sign on records drawn to have it, none on a run that only learns.
        benchmarks/run_health.py: 40 healthy runs, and ten each of runs spoiled in known ways, none of which had a
        part in choosing the thresholds (they say where they come from in health_signs.py)
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, fields
from typing import Any

from wenjin.stack.train import health_signs as signs
from wenjin.stack.train.health_signs import Sign
from wenjin.stack.train.records import Record

FOLLOWS: Mapping[str, Set[str]] = {  # cause -> what follows from it
    "rate-too-high": {
        "loss-rose",
        "loss-spikes",
        "gradient-spikes",
        "loss-not-finite",
        "targets-unrelated",
        "units-dead",
        "nothing-moves",
    },
    "rate-too-low": {"nothing-moves"},
    "targets-unrelated": {"nothing-moves"},
    "gradient-cut": {"nothing-moves"},
    "parameters-frozen": {"nothing-moves"},
    "loss-spikes": {"loss-rose", "gradient-spikes"},
    "gradient-spikes": {"loss-rose", "targets-unrelated", "nothing-moves"},
    "overfits": {"loss-rose"},
    "future-leaked": {"too-good"},
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a run beforehand; None: not known, and nothing is judged by it.

    classes    V: the loss of equal chances is ln V
    rows       of the data set
    unigram    entropy of the targets without context, nats; else the observed one
    flops      of the forward and backward pass, a target
    peak       FLOP/s that this machine reaches in products of such matrices
    """

    classes: int | None = None
    rows: int | None = None
    unigram: float | None = None
    precision: str | None = None
    flops: float | None = None
    peak: float | None = None


def facts_of(told: Mapping[str, Any]) -> Facts:
    """The facts among all that a log's first line tells; what is of no use is left out."""
    known: dict[str, Any] = {}
    for one in fields(Facts):
        value = told.get(one.name)
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
        if isinstance(value, str) if one.name == "precision" else number:
            known[one.name] = value
    return Facts(**known)


class Watch:
    """Takes the records of a run one by one. `told`: cause -> facts, of all that was found."""

    def __init__(self, facts: Facts | None = None) -> None:
        self.facts = facts or Facts()
        self.told: dict[str, Mapping[str, Any]] = {}
        self.curve = signs.Curve()
        self.looks = signs.Looks()
        self.silent: set[str] = set()

    def see(self, record: Record) -> list[Sign]:
        """The signs that this record is the first to show."""
        new = []
        for name, facts in self._signs(record):
            if name not in self.told and name not in self.silent:
                self.told[name] = facts
                self.silent |= FOLLOWS.get(name, set())
                new.append((name, facts))
        return new

    def _signs(self, record: Record) -> Iterator[Sign]:
        curve, looks, facts = self.curve, self.looks, self.facts
        curve.see(record)
        if broken := signs.broken(curve, looks, record, facts.precision):
            yield broken
        if not math.isfinite(record.loss):
            return
        if record.observed:
            looks.see(record)
            yield from signs.seen_of_parameters(looks, record)
            yield from signs.seen_of_rows(looks, record, facts.rows)
        if record.step <= 1 and facts.classes:
            yield from signs.first(record, facts.classes)
        unigram = facts.unigram or looks.unigram
        if record.validation is not None:
            yield from signs.held_out(curve)
            yield from signs.too_good(record, unigram)
        if curve.due or record.observed:
            yield from signs.of_rate(curve, looks, record, facts.classes)
        if curve.due:
            yield from signs.without_context(curve, looks, record, unigram)
            if facts.flops and facts.peak:
                yield from signs.slow(curve, record, facts.flops, facts.peak)
        yield from signs.spikes(curve, record)
        if curve.due:
            yield from signs.whole(curve, record)


def examine(records: Iterable[Record], facts: Facts | None = None) -> Iterator[Sign]:
    """All signs of a run, as they show."""
    watch = Watch(facts)
    for record in records:
        yield from watch.see(record)
