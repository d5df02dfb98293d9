"""Near-duplicate texts among many, without comparing all with all: MinHash signatures, cut into bands.

    sets = shingled(["白日依山尽黄河入海流", "白日依山尽黄河入海滨", …])    pairs of neighboring characters
    for a, b, likeness in near_duplicates(sets, at_least=0.5): …        Jaccard: shared shingles / all shingles

The least value that a random hash function takes on a set is the same for two sets with a probability that is their
Jaccard likeness. So K such functions estimate it, and texts that agree in all rows of at least one of `bands` bands are
candidates. Only candidates are compared exactly: nothing that is not alike is ever reported; what is alike can be
missed, with a probability that `caught` tells beforehand.

Omits    corpora larger than memory
Shapes   D texts   S shingles of all texts   K hash functions = bands x rows
Sources  Broder 1997, doi:10.1109/SEQUEN.1997.666900; bands: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets
         (3.4); multiply-shift hashing: Dietzfelbinger et al. 1997, doi:10.1006/jagm.1997.0873
Proof    tests/stack/data/test_deduplicate.py: signatures estimate exact Jaccard; every pair found is exact; the share
         found agrees with `caught`
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
BANDS, ROWS = 42, 3  # a pair that shares half of its shingles is missed 4 times in 1,000


@dataclass(frozen=True, slots=True)
class Shingles:
    """The distinct shingles of text d, sorted: `values[starts[d] : starts[d + 1]]`."""

    values: Hashes  # (S,)
    starts: NDArray[np.int64]  # (D + 1,)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> Hashes:
        return self.values[self.starts[number] : self.starts[number + 1]]


def shingled(texts: Sequence[str], size: int = 2) -> Shingles:
    """The runs of `size` characters of each text, as numbers; a shorter text is filled up to one run."""
    filled = [text.ljust(size, "\0") for text in texts]
    codes = np.frombuffer("".join(filled).encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    lengths = np.array([len(text) for text in filled], dtype=np.int64)
    owner = np.repeat(np.arange(len(filled)), lengths)
    runs = codes.copy()
    for n in range(1, size):
        runs[:-n] = runs[:-n] * np.uint64(0x9E3779B97F4A7C15) + codes[n:]
    runs = (runs ^ (runs >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)  # spread over 64 bits
    inside = np.arange(len(codes)) + size <= np.cumsum(lengths)[owner]  # a run that ends in its own text
    runs, owner = runs[inside], owner[inside]
    order = np.lexsort((runs, owner))
    runs, owner = runs[order], owner[order]
    new = np.r_[True, (runs[1:] != runs[:-1]) | (owner[1:] != owner[:-1])] if len(runs) else np.zeros(0, bool)
    starts = np.cumsum([0, *np.bincount(owner[new], minlength=len(filled))], dtype=np.int64)
    return Shingles(runs[new], starts)


def jaccard(a: Hashes, b: Hashes) -> float:
    """Shared / all of two sorted sets; two empty sets are alike."""
    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared / (len(a) + len(b) - shared) if len(a) or len(b) else 1.0


def signatures(sets: Shingles, *, hashes: int = BANDS * ROWS, seed: int = 0) -> NDArray[np.uint32]:
    """(D, K): the least value that each of K random functions takes on each set; an empty set has the largest value."""
    luck = np.random.Generator(np.random.PCG64(seed))
    factors = luck.integers(0, 2**64, hashes, dtype=np.uint64) | np.uint64(1)
    offsets = luck.integers(0, 2**64, hashes, dtype=np.uint64)
    least = np.full((hashes, len(sets)), np.iinfo(np.uint32).max, dtype=np.uint32)
    filled = np.flatnonzero(np.diff(sets.starts))
    for k in range(hashes):
        values = ((sets.values * factors[k] + offsets[k]) >> np.uint64(32)).astype(np.uint32)  # (S,)
        if len(filled):
            least[k, filled] = np.minimum.reduceat(values, sets.starts[filled])
    return np.ascontiguousarray(least.T)


def caught(likeness: float, *, bands: int = BANDS, rows: int = ROWS) -> float:
    """The probability that a pair of this Jaccard likeness becomes a candidate."""
    return 1 - (1 - likeness**rows) ** bands


def candidates(
    signed: NDArray[np.uint32], *, bands: int = BANDS, rows: int = ROWS, most: int = 100
) -> NDArray[np.int64]:
    """Pairs (P, 2), lower number first, that agree in all rows of a band.

    most   a group of more texts than this is one text over and over: it is linked in a chain, not all with all
    """
    numbers = np.arange(len(signed))
    mixers = np.random.Generator(np.random.PCG64(rows)).integers(0, 2**64, rows, dtype=np.uint64) | np.uint64(1)
    coded = [np.empty(0, np.int64)]
    for band in range(bands):
        part = signed[:, band * rows : (band + 1) * rows].astype(np.uint64)
        key = (part * mixers).sum(axis=1, dtype=np.uint64)  # (D,) two bands with one key by chance are told apart later
        coded.append(_together(key, numbers, len(signed), most, chain=True))
    pairs = np.unique(np.concatenate(coded))
    return np.stack(np.divmod(pairs, max(len(signed), 1)), axis=1)


def near_duplicates(sets: Shingles, *, at_least: float, seed: int = 0) -> Iterator[tuple[int, int, float]]:
    """Pairs of texts with their exact Jaccard likeness, lower number first, in order."""
    for a, b in candidates(signatures(sets, seed=seed)).tolist():
        likeness = jaccard(sets[a], sets[b])
        if likeness >= at_least:
            yield a, b, likeness


def shared_passages(sets: Shingles, *, at_least: int, most: int = 50) -> NDArray[np.int64]:
    """Pairs (P, 3): two texts and how many shingles they share, where that is `at_least` or more; exact, by an index.

    This finds the short text that stands whole in a long one, which likeness does not: a quatrain cut from a long
    poem. Meant for long shingles, which are rare.
    most   a shingle in more texts than this is a formula, and says nothing
    """
    owner = np.repeat(np.arange(len(sets)), np.diff(sets.starts))  # (S,)
    coded = _together(sets.values, owner, len(sets), most, chain=False)
    pairs, counts = np.unique(coded, return_counts=True)
    enough = counts >= at_least
    return np.stack((*np.divmod(pairs[enough], max(len(sets), 1)), counts[enough]), axis=1)


def exact_near_duplicates(sets: Shingles, numbers: Iterable[int], *, at_least: float) -> list[tuple[int, int, float]]:
    """The plain twin of `near_duplicates`: every text that is alike to one of `numbers`, by comparing with all."""
    order = np.argsort(sets.values, kind="stable")
    values = sets.values[order]
    owner = np.repeat(np.arange(len(sets)), np.diff(sets.starts))[order]
    sizes = np.diff(sets.starts)
    found = set()
    for number in numbers:
        first, last = (np.searchsorted(values, sets[number], side=side) for side in ("left", "right"))
        holders = np.concatenate([owner[a:b] for a, b in zip(first, last, strict=True)])
        shared = np.bincount(holders, minlength=len(sets))
        likeness = shared / (sizes[number] + sizes - shared)
        for other in np.flatnonzero(likeness >= at_least).tolist():
            if other != number:
                found.add((min(number, other), max(number, other), float(likeness[other])))
    return sorted(found)


def clusters(count: int, pairs: Iterable[tuple[int, int]]) -> NDArray[np.int64]:
    """(D,): the lowest number that each text is linked to, directly or through others."""
    parent = list(range(count))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return np.array([root(n) for n in range(count)], dtype=np.int64)


def _together(key: Hashes, owner: NDArray[np.int64], count: int, most: int, *, chain: bool) -> NDArray[np.int64]:
    """Pairs of owners with the same key, coded as lower * count + higher; a pair as often as it shares keys.

    Groups of more than `most` owners are chained, each with the next, or left out.
    """
    order = np.lexsort((owner, key))
    key, owner = key[order], owner[order]
    borders = np.flatnonzero(np.r_[True, key[1:] != key[:-1], True]) if len(key) else np.zeros(1, np.int64)
    first, sizes = borders[:-1], np.diff(borders)
    coded = [np.empty(0, np.int64)]
    for size in np.unique(sizes[(sizes > 1) & (sizes <= most)]).tolist():  # all groups of one size at a time
        groups = owner[first[sizes == size][:, None] + np.arange(size)]  # (G, size)
        a, b = np.triu_indices(size, 1)
        coded.append((groups[:, a] * count + groups[:, b]).ravel())
    for place, size in zip(first[sizes > most], sizes[sizes > most], strict=True) if chain else ():
        group = owner[place : place + size]
        coded.append(group[:-1] * count + group[1:])
    return np.concatenate(coded)
