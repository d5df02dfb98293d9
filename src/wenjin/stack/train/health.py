"""What can be told of a training run from its losses: each sign of trouble by its name, with the facts that show it.

    for name, facts in examine(losses, even=math.log(26)):
        print(name, facts)          loss-rose {"times": 3, "step": 41, "from": 0.8, "to": 2.9}

The names are those of curriculum/causes.toml, which says what is likely behind each and what to try.

Omits   gradients and weights: whoever holds them can tell more
Units   losses in nats, one a step (training) or one an evaluation; steps count from 1
Proof   tests/stack/train/test_health.py: each sign on a curve drawn to have it, none on a curve that only falls
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

Sign = tuple[str, Mapping[str, float]]

WINDOW = 8  # stretches of the run over which losses are averaged
ROSE = 1.15  # a stretch this many times as high as the lowest before it counts as a rise,
SIGMAS = 5.0  # where batches that are easy and hard do not explain it: so many deviations of the difference
TIMES = 3
OFF = 0.35  # a first loss farther than this from ln V, as a share of it, was not even
STILL = 0.01  # a loss that changed by less than this share over the whole run did not move


def examine(losses: Sequence[float], validation: Sequence[float] = (), even: float | None = None) -> Iterator[Sign]:
    """The signs of trouble in a run. `even`: the loss of equal chances, ln V for V classes."""
    broken = next((step for step, loss in enumerate(losses, 1) if not math.isfinite(loss)), None)
    if broken is not None:
        yield "loss-not-finite", {"step": broken}
        return
    if len(losses) < 2 * WINDOW:
        return
    if even is not None and abs(losses[0] - even) > OFF * even:
        yield "first-loss-uneven", {"loss": losses[0], "even": even}
    stretch = _stretches(losses)
    error = _errors(losses)
    rises = []
    for n in range(1, WINDOW):
        low = stretch.index(min(stretch[:n]))
        if stretch[n] > ROSE * stretch[low] and stretch[n] - stretch[low] > SIGMAS * math.hypot(error[n], error[low]):
            rises.append(n)
    if len(rises) >= TIMES or (rises and rises[-1] == WINDOW - 1):
        first = rises[0]
        facts: dict[str, float] = {"times": len(rises), "step": first * len(losses) // WINDOW + 1}
        yield "loss-rose", facts | {"from": min(stretch[:first]), "to": max(stretch[n] for n in rises)}
    elif abs(stretch[-1] - stretch[0]) < STILL * abs(stretch[0]):
        yield "nothing-moves", {"from": stretch[0], "to": stretch[-1]}
    if len(validation) >= WINDOW:
        held = _stretches(validation)
        low = held.index(min(held))
        if held[-1] > ROSE * held[low] and stretch[-1] < stretch[low]:
            facts = {"step": (low + 1) * len(losses) // WINDOW, "lowest": held[low], "last": held[-1]}
            yield "overfits", facts


def _stretches(losses: Sequence[float]) -> list[float]:
    """The means of WINDOW equal stretches."""
    return [math.fsum(part) / len(part) for part in _parts(losses)]


def _errors(losses: Sequence[float]) -> list[float]:
    """How far these means would be from others of their kind: the deviation of each."""
    found = []
    for part, mean in zip(_parts(losses), _stretches(losses), strict=True):
        found.append(math.sqrt(math.fsum((loss - mean) ** 2 for loss in part) / len(part) / max(1, len(part) - 1)))
    return found


def _parts(losses: Sequence[float]) -> list[Sequence[float]]:
    ends = [n * len(losses) // WINDOW for n in range(WINDOW + 1)]
    return [losses[a:b] for a, b in itertools.pairwise(ends)]
