"""Which mistake is it? An answer is held against every program that a mistaken person would write.

1. It agrees with one of them on every case: that mistake, by name.
2. It agrees with one of them on some of the small cases that can tell: that mistake is part of what is wrong.
3. The cases that fail, taken together, are the telling pattern of one mistake.
4. It agrees with two mistakes made at once: the first of them, which is to be mended first.
5. None of these: nothing is claimed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wenjin.kit.exercise import Case
from wenjin.study.judge.compare import Difference, Observation, difference

Run = Callable[[int, frozenset[str]], Observation]  # observe the author's program on case n with these faults
FEW = 6  # small cases on which an incomplete agreement is looked for: 100 mistakes are tried in a tenth of a second


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answer did: one observation a case, None where it was not reached, and its departures."""

    cases: Sequence[Case]
    seen: Sequence[Observation | None]
    differences: Mapping[int, Difference]  # case number -> first departure from the solution

    @property
    def failing(self) -> list[int]:
        return sorted(self.differences)


def diagnose(
    evidence: Evidence,
    run: Run,
    mistakes: Sequence[str],
    exclusive: frozenset[frozenset[str]],
    signatures: Mapping[frozenset[str], str],
) -> str | None:
    """The name of the mistake that explains the evidence, or None."""
    failing = evidence.failing
    passing = [n for n in range(len(evidence.cases)) if n not in evidence.differences and evidence.seen[n] is not None]
    telling = [n for n in failing if evidence.differences[n].aspect != "error"]  # one error has many causes
    if not telling and not passing:
        return None

    def agrees(faults: frozenset[str], n: int) -> bool:
        seen = evidence.seen[n]
        return seen is not None and difference(seen, run(n, faults), evidence.cases[n].tolerance) is None

    for mistake in mistakes:
        faults = frozenset((mistake,))
        if all(agrees(faults, n) for n in [*telling, *failing, *passing]):
            return mistake
    few, kept = _spread(telling), _spread(passing)
    share = {m: sum(agrees(frozenset((m,)), n) for n in few) for m in mistakes} if few else {}
    best = max(share.values(), default=0)
    if best > 1 and 2 * best >= len(few):
        alike = [m for m in mistakes if share[m] == best]
        return max(alike, key=lambda m: sum(agrees(frozenset((m,)), n) for n in kept))
    pattern = frozenset(evidence.cases[n].tag for n in failing)
    if pattern in signatures:
        return signatures[pattern]
    for pair in _pairs(mistakes) if telling else ():  # rare: half a second at most for 100 mistakes
        faults = frozenset(pair)
        if faults not in exclusive and all(agrees(faults, n) for n in [*telling, *failing, *passing]):
            return pair[0]
    return None


def _spread(telling: Sequence[int]) -> list[int]:
    """A few of the cases that can tell, the small first ones and some of every later kind."""
    step = max(1, len(telling) // FEW)
    return sorted({*telling[:2], *telling[2::step][: FEW - 2]})


def _pairs(mistakes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The pairs of the likeliest, first mistakes first."""
    return ((first, second) for n, second in enumerate(mistakes) for first in mistakes[:n])
