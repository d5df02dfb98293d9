"""How far the listings of the lessons were typed by hand: where to go on, how fast, which slips. Pure, from events.

type  subject topic  {"block", "step": from 0, "of": steps of the block, "right", "slip": its kind or null, "ms": spent
                      on this try, "typed": characters, "text": the step as typed, where it is right}

A right step counts when it is the next of its block; step 0 begins the block anew. What a listing looks like today is
not known here: whoever goes on compares `of`, and begins anew where it has changed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from wenjin.study.progress.state import Happening

LONGEST = 20_000  # characters of a step that are kept


@dataclass(slots=True)
class Typed:
    """A block. `steps`: what was typed for each that stands; ms, characters and slips (kind -> how many) are of this
    round; `done`: how often it was typed to its end."""

    of: int
    steps: list[str] = field(default_factory=list)
    ms: float = 0.0
    typed: int = 0
    slips: dict[str, int] = field(default_factory=dict)
    done: int = 0

    @property
    def whole(self) -> bool:
        return len(self.steps) == self.of

    @property
    def pace(self) -> float:
        """Characters a minute."""
        return self.typed / (self.ms / 60_000) if self.ms else 0.0


@dataclass(slots=True)
class Retyped:
    """The fold: topic -> block -> how far."""

    topics: dict[str, dict[str, Typed]] = field(default_factory=dict)

    def take(self, event: Happening) -> None:
        told = event.data
        if event.kind != "type" or not isinstance(told.get("block"), str):
            return
        step, of = told.get("step"), told.get("of")
        if not (isinstance(step, int) and isinstance(of, int) and 0 <= step < of):
            return
        blocks = self.topics.setdefault(event.subject, {})
        held = blocks.get(told["block"])
        if held is None or held.of != of or (step == 0 and held.steps):
            held = blocks[told["block"]] = Typed(of, done=held.done if held else 0)
        if step != len(held.steps):
            return
        held.ms += max(0.0, float(told.get("ms") or 0.0))
        held.typed += max(0, int(told.get("typed") or 0))
        if told.get("right"):
            held.steps.append(str(told.get("text", ""))[:LONGEST])
            held.done += held.whole
        else:
            slip = str(told.get("slip"))[:20]
            held.slips[slip] = held.slips.get(slip, 0) + 1

    def as_dict(self) -> dict[str, Any]:
        return {topic: {name: asdict(held) for name, held in blocks.items()} for topic, blocks in self.topics.items()}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> "Retyped":
        read = {topic: {name: Typed(**held) for name, held in blocks.items()} for topic, blocks in row.items()}
        return Retyped(read)


def retyped(events: Iterable[Happening]) -> Mapping[str, Mapping[str, Typed]]:
    """Topic -> block -> how far it was typed."""
    fold = Retyped()
    for event in events:
        fold.take(event)
    return fold.topics


def slips(blocks: Mapping[str, Typed]) -> Counter[str]:
    """The slips of several blocks together, by their kind."""
    return sum((Counter(held.slips) for held in blocks.values()), Counter())
