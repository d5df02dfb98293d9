"""Which poems of a collection are one poem: printed twice, under two names, in another reading, or as half of a longer.

    found = compared(texts)                    pairs that share much, and what the search missed
    kept, gone = without_variants(ranks, found.pairs)
    clusters = deduplicate.clusters(len(texts), found.linked())

    same     half of their pairs of neighboring characters are shared: a variant, of which one stays. Samples of the
             complete Tang read at 0.5 to 0.55: the same poem under two names, or rewritten by another poet
    linked   a quarter is shared, or four runs of five characters are (eight characters on end, or more in pieces):
             both stay, on one side of a division. So a quatrain never stands apart from the poem it was cut from. One
             line of seven in common links nothing: it is a quotation

Sources  the collection's own notes name hundreds of such poems; the thresholds are ours, read off samples
Proof    tests/stack/data/test_variants.py: halves, readings and quotations by hand; tests/poet/test_data.py
"""

import random
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wenjin.stack.data import deduplicate

SAME, LINKED = 0.5, 0.25  # Jaccard likeness of the sets of character pairs
RUN, RUNS, COMPARED = 5, 4, 2  # a run of so many characters; so many shared ones link, so many are worth a comparison
SAMPLE = 2000  # poems compared with all others, to measure what the search missed
BINS = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Pair:
    a: int
    b: int  # later than a
    likeness: float
    runs: int


@dataclass(frozen=True, slots=True)
class Found:
    """`recall`: sample size, and for each likeness how many pairs of the sample exist and how many were candidates."""

    pairs: list[Pair]
    recall: dict[str, Any]

    def linked(self) -> Iterator[tuple[int, int]]:
        return ((pair.a, pair.b) for pair in self.pairs)


def compared(texts: Sequence[str], *, seed: int = 0) -> Generator[float, None, Found]:
    """Texts without stops -> pairs that are the same or linked, in order. Yields how far it is, 0 to 1."""
    sets = deduplicate.shingled(texts)
    yield 0.2
    signed = deduplicate.signatures(sets, seed=seed)
    yield 0.35
    likely = {(a, b) for a, b in deduplicate.candidates(signed).tolist()}
    yield 0.4
    passages = deduplicate.shared_passages(deduplicate.shingled(texts, RUN), at_least=COMPARED)
    runs = {(a, b): count for a, b, count in passages.tolist()}
    yield 0.8
    pairs = []
    for a, b in sorted(likely | runs.keys()):
        likeness = deduplicate.jaccard(sets[a], sets[b])
        if likeness >= LINKED or runs.get((a, b), 0) >= RUNS:
            pairs.append(Pair(a, b, round(likeness, 4), runs.get((a, b), 0)))
    yield 0.85
    sample = random.Random(seed).sample(range(len(texts)), min(SAMPLE, len(texts)))
    exact = deduplicate.exact_near_duplicates(sets, sample, at_least=SAME)
    bins = []
    for low in BINS:
        there = [(a, b) for a, b, likeness in exact if likeness >= low]
        found = sum(pair in likely for pair in there)
        bins.append({"from": low, "exist": len(there), "found": found, "expected": deduplicate.caught(low)})
    return Found(pairs, {"sample": len(sample), "bins": bins})


def without_variants(ranks: Sequence[Any], pairs: Sequence[Pair]) -> tuple[list[int], list[tuple[int, int, float]]]:
    """What stays, in order; and what goes, each with the one that stays for it and their likeness.

    ranks   of two that are the same the one with the lower rank stays; ranks differ
    A poem goes only when it is itself alike to one that stays, not to one that is alike to one that stays.
    """
    alike: dict[int, list[tuple[int, float]]] = {}
    for pair in pairs:
        if pair.likeness >= SAME:
            alike.setdefault(pair.a, []).append((pair.b, pair.likeness))
            alike.setdefault(pair.b, []).append((pair.a, pair.likeness))
    gone: dict[int, tuple[int, float]] = {}
    for number in sorted(alike, key=lambda n: ranks[n]):
        if number not in gone:
            gone |= {other: (number, likeness) for other, likeness in alike[number] if other not in gone}
    return [n for n in range(len(ranks)) if n not in gone], [(n, *gone[n]) for n in sorted(gone)]
