"""Whether examples can be learned from: their scale, whether those judged by are like them, whether labels belong.

    told(
        unlike(x, unseen),                          inputs-differ     {"off": 2.5, "times": 1.0}
        unrelated(right=0.11, chance=0.12),         labels-unrelated  {"percent": 11, "chance": 12}
    )                                               the first silences the second, which follows from it

The names are those of curriculum/causes.toml, which says what is likely behind each and what to try. Nothing here asks
for a gradient: a tree, a table of counts and a network are judged alike.

Omits       features that are wrong for training and judging alike and keep their scale; a part of the labels
Shapes      N examples learned from   M examples judged by   ... whatever an example is; columns (D,)
Thresholds  chosen on the labs of this course with seeds 11 to 30, sound and spoiled (docs/trials.md)
Sources     the share of what was never seen, from what was seen once: Good 1953, doi:10.1093/biomet/40.3-4.237
Proof       tests/stack/learn/test_examples.py; tests/curriculum/test_sabotage.py on every lab that learns
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set

import numpy as np
from numpy.typing import NDArray

Sign = tuple[str, Mapping[str, float]]
Numbers = NDArray[np.float32] | NDArray[np.float64]

OFF, NOISES = 0.25, 3.0  # deviations between two means, and so many times what chance makes of them
WIDE = 1.5  # times as wide, or as narrow
MARGIN = 0.1  # above chance; what is below was not learned
UNKNOWN, TIMES, EXPECTED = 0.04, 1.5, 0.15  # of the characters: more than expected, that times; expected at most

FOLLOWS: Mapping[str, Set[str]] = {  # cause -> what follows from it
    "inputs-unscaled": {"inputs-differ", "labels-unrelated"},
    "inputs-differ": {"labels-unrelated"},
    "text-differs": {"labels-unrelated"},
}


def told(*groups: Iterable[Sign], follows: Mapping[str, Set[str]] = FOLLOWS) -> Iterator[Sign]:
    """The signs of all groups, the weightiest group first; what follows from a sign before it is left out."""
    silent: set[str] = set()
    for name, facts in (sign for group in groups for sign in group):
        if name not in silent:
            yield name, facts
            silent |= {name, *follows.get(name, ())}


def unscaled(x: Numbers, low: float = 0.05, high: float = 3.0) -> Iterator[Sign]:
    """x (N, ...) for a network whose weights begin as for inputs that spread over about 1."""
    spread = float(x.std())
    if not low <= spread <= high:
        yield "inputs-unscaled", {"spread": spread, "low": low, "high": high}


def unlike(x: Numbers, judged: Numbers, columns: bool = False) -> Iterator[Sign]:
    """x (N, ...) that is learned from and judged (M, ...): not prepared in the same way. `columns`: each has a unit of
    its own, as in a table; otherwise all do, as pixels."""
    a, b = x.reshape(len(x), -1), judged.reshape(len(judged), -1)  # (N, D), (M, D)
    spread = a.std(0)
    unit = np.where(spread > 0, spread, 1) if columns else np.full_like(spread, max(length(spread), 1e-12))
    off, was = length((b.mean(0) - a.mean(0)) / unit), length(spread / unit)
    times = length(b.std(0) / unit) / was if was else 1.0
    noise = math.sqrt(1 / len(a) + 1 / len(b))  # of the first, where both were drawn alike
    wide = WIDE * (1 + 2 * noise)
    if off > OFF + NOISES * noise or not 1 / wide <= times <= wide:
        yield "inputs-differ", {"off": off, "times": times}


def length(values: Numbers) -> float:
    """The root of the mean square."""
    return math.sqrt(float(np.square(values, dtype=np.float64).mean()))


def unrelated(right: float, chance: float, margin: float = MARGIN) -> Iterator[Sign]:
    """Shares of right answers: the learner's, and those of who never looks at the input."""
    if right < chance + margin:
        yield "labels-unrelated", {"percent": round(100 * right), "chance": round(100 * chance)}


def most_frequent(labels: Numbers | NDArray[np.int64]) -> float:
    """The share of the label that occurs most, (N,): of right answers, for who always gives this one."""
    return float(np.unique(labels, return_counts=True)[1].max() / len(labels))


def unfamiliar(text: Iterable[str], judged: Iterable[str]) -> Iterator[Sign]:
    """Pieces of text: characters that the learned ones do not hold, more than these themselves let expect."""
    seen, asked = Counter("".join(text)), "".join(judged)
    missing = sum(character not in seen for character in asked) / max(1, len(asked))
    if missing > UNKNOWN + TIMES * (expected := unseen(seen)):
        yield "text-differs", {"percent": 100 * missing, "expected": 100 * expected}


def unseen(seen: Mapping[str, int]) -> float:
    """The probability that the next character is a new one: the share of those that were seen once."""
    return sum(times == 1 for times in seen.values()) / max(1, sum(seen.values()))
