"""Byte-pair encoding, applied fast: the same ids as bpe.encode.

A short piece keeps the rank of each pair of neighbors in a list. A join changes two of them, and the least is found
by C code, not by a loop of ours. In a longer piece, and surely in a hundred thousand letters without a space, looking
for the least again and again takes too long: there the pairs wait in a queue, and each symbol knows its neighbors.

Omits    a cache of pieces seen before: that is the tokenizer's (tokenizer.py)
Sources  as bpe.py; the queue: Word::merge_all of `tokenizers`
Proof    tests/stack/text/test_bpe.py: both equal bpe.encode on any piece and any table, also a shuffled one
"""

import heapq
from collections.abc import Sequence
from itertools import pairwise

from wenjin.stack.text.bpe import Pair, Table

LONG = 16  # symbols from which the queue is faster, as measured


class Encoder:
    """Keeps the table as two: a pair's rank, and what the rank's pair becomes."""

    def __init__(self, table: Table) -> None:
        self.rank: dict[Pair, int] = {pair: rank for pair, (rank, _) in table.items()}
        self.made: dict[int, int] = dict(table.values())
        self.never = max(self.made, default=-1) + 1  # the rank of a pair that is not joined

    def __call__(self, start: Sequence[int]) -> list[int]:
        return self.short(list(start)) if len(start) < LONG else self.long(list(start))

    def short(self, word: list[int]) -> list[int]:
        """Quadratic in the length of the piece, with a small constant."""
        rank, made, never = self.rank.get, self.made, self.never
        ranks = [rank(pair, never) for pair in pairwise(word)]
        while ranks and (best := min(ranks)) != never:
            at = ranks.index(best)
            word[at] = new = made[best]
            del word[at + 1], ranks[at]
            if at:
                ranks[at - 1] = rank((word[at - 1], new), never)
            if at < len(ranks):
                ranks[at] = rank((new, word[at + 1]), never)
        return word

    def long(self, word: list[int]) -> list[int]:
        """n log n in the length of the piece."""
        rank, size = self.rank.get, len(word)
        left, right = list(range(-1, size - 1)), list(range(1, size + 1))
        alive = [True] * size
        queue = [(found, at) for at, pair in enumerate(pairwise(word)) if (found := rank(pair)) is not None]
        heapq.heapify(queue)
        while queue:
            best, at = heapq.heappop(queue)
            other = right[at]
            if not alive[at] or other == size or rank((word[at], word[other])) != best:
                continue  # one of the two has been joined with another since
            word[at], alive[other] = self.made[best], False
            right[at] = after = right[other]
            if after < size:
                left[after] = at
                if (found := rank((word[at], word[after]))) is not None:
                    heapq.heappush(queue, (found, at))
            before = left[at]
            if before >= 0 and (found := rank((word[before], word[at]))) is not None:
                heapq.heappush(queue, (found, before))
        return [symbol for symbol, living in zip(word, alive, strict=True) if living]
