"""One pass through the model: tokens of many texts end to end, the states of each, the scores of those that go on.

    parts   text A, ids[39:40] · text B, ids[6:7] · text C, ids[256:512]      258 rows
    states  (258, D)  ->  scores of A's and B's last row, and of C's when its prompt ends there

Fixed: a pass has as many rows as it ever has, those at the end read token 0 for nobody. A product's rounding follows
its shape; with one shape it is the same in any company, if the product treats its rows alike. That is tried once.

Shapes   N rows of a pass   T rows of a part   V vocabulary   D width of a state
Proof    tests/stack/infer/test_engine_same.py
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from wenjin.stack.infer.generate import Causal
from wenjin.stack.infer.paged import Pass, Pool, Rows
from wenjin.stack.infer.scheduler import Part

TRIED = (0, 1, 2, 5)  # ids that fill a pass when rows are compared


@dataclass(frozen=True)
class Outcome:
    """What a pass gave one part."""

    part: Part
    states: Tensor  # (T, D)
    scores: Tensor  # (n, V), of the token to come and of those after each guess; none while a prompt is being read
    likeliest: list[int]  # (n,)
    finite: bool  # no state, and no score, is NaN or infinite


class Reader:
    """`batch`, `chunk`: rows of the passes that write and that read, when they are `fixed`."""

    def __init__(self, model: Causal, pool: Pool, *, batch: int, chunk: int, fixed: bool) -> None:
        self.model, self.pool, self.batch, self.chunk, self.fixed = model, pool, batch, chunk, fixed
        if fixed and not self.alike():
            self.batch = 1

    @torch.inference_mode()
    def read(self, parts: Sequence[Part]) -> list[Outcome]:
        """Keys and values of these tokens go into the pages of their texts."""
        ids = [id for part in parts for id in part.ids]
        writes = self.fixed and parts[0].first >= parts[0].text.prompt
        fill = (self.batch if writes else self.chunk) - len(ids) if self.fixed else 0
        cache = Pass(
            self.pool,
            [Rows(part.text.table, part.first, part.count) for part in parts],
            fill=fill,
            exact=self.fixed,
        )
        states = self._states(ids + [0] * fill, cache)
        asked: list[int] = []  # rows whose scores are wanted
        spans: list[tuple[slice, slice]] = []  # of each part: its rows, and those of them in `asked`
        row = 0
        for part in parts:
            rows, first = slice(row, row + part.count), len(asked)
            row = rows.stop
            if part.newest and part.text.most:
                asked += range(row - len(part.guesses) - 1, row)
            spans.append((rows, slice(first, len(asked))))
        good = states.isfinite().all(dim=-1)  # (N,)
        scores, best, tops = states.new_empty(0, 0), list[int](), list[bool]()
        if asked:
            scores = self.model.logits(states if writes else states[asked])[: len(asked)]  # (asked, V)
            values, places = scores.max(dim=-1)
            best, tops = places.tolist(), values.isfinite().tolist()
        return [
            Outcome(part, states[rows], scores[own], best[own], bool(good[rows].all()) and all(tops[own]))
            for part, (rows, own) in zip(parts, spans, strict=True)
        ]

    def alike(self) -> bool:
        """Rows that read the same token get the same bits, wherever they stand in a pass that writes."""
        with torch.inference_mode():
            for id in TRIED:
                states = self._states([id] * self.batch, Pass(self.pool, [], fill=self.batch, exact=True))
                scores = self.model.logits(states)
                if not all(torch.equal(x, x[:1].expand_as(x)) for x in (states, scores)):
                    return False
        return True

    def _states(self, ids: list[int], cache: Pass) -> Tensor:
        states: Tensor = self.model.states(torch.tensor([ids], device=self.pool.device), cache)[0]  # (N, D)
        return states
