"""What a pipeline threw away and why: counts, and a few examples of each reason to judge it by.

    tally.add("lacuna", "丙庚岁苦贫戏题 | □□□子野，泰然倾薄糜。")
    tally.counts["lacuna"], tally.examples("lacuna")

The examples are spread over the corpus, and do not depend on the order in which texts come.
"""

import hashlib
from collections import Counter, defaultdict
from typing import Any

EXAMPLES = 5


class Tally:
    def __init__(self, examples: int = EXAMPLES) -> None:
        self.most = examples
        self.counts: Counter[str] = Counter()
        self._kept: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)  # reason -> (dice, example)

    def add(self, reason: str, example: str) -> None:
        self.counts[reason] += 1
        kept = self._kept[reason]
        dice = hashlib.sha256(example.encode()).hexdigest()[:16]
        if len(kept) < self.most or dice < kept[-1][0]:
            self._kept[reason] = sorted({*kept, (dice, example)})[: self.most]

    def examples(self, reason: str) -> list[str]:
        return [example for _, example in self._kept[reason]]

    def state(self) -> dict[str, Any]:
        """JSON from which `restored` makes the same tally."""
        return {"counts": dict(self.counts), "kept": dict(self._kept)}

    @classmethod
    def restored(cls, state: dict[str, Any]) -> "Tally":
        tally = cls()
        tally.counts.update(state["counts"])
        for reason, kept in state["kept"].items():
            tally._kept[reason] = [(dice, example) for dice, example in kept]
        return tally
