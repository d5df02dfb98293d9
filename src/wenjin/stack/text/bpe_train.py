"""Byte-pair encoding, trained fast: the same merges as bpe.train, without counting the corpus again at every step.

    train({b"low": 5, b"lower": 2}, 3)          the pairs of bpe.train

All pieces lie in one row of symbols with a gap between them, and each symbol knows the living ones left and right of
it. For every pair three things are kept: how often it stands there, where, and its place in a queue by frequency. A
merge then touches only the places of its pair and their neighbors, all at once in NumPy. A place may have gone since
it was noted, and so may a count in the queue: both are looked at again when their turn comes.

Omits    nothing of bpe.train. `tokenizers` differs after a token has been made a second time by another pair: its
         counts of pairs already joined go stale there, here they stay exact. On real corpora neither has been seen
Shapes   N symbols in the row, with gaps   P places of the pair being joined
Sources  as bpe.py; places instead of recounting: Sennrich's own subword-nmt; the queue: `tokenizers`
Proof    tests/stack/text/test_bpe.py: equals bpe.train, and `tokenizers`, on any pieces
"""

import heapq
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wenjin.stack.text.alphabet import ORDER
from wenjin.stack.text.bpe import FIRST, Pair

GAP, GONE = -1, -2  # between two pieces; the right half of what has been joined
Ints = NDArray[np.int32]
Times = NDArray[np.int32] | NDArray[np.int64]
Group = tuple[int, int, Ints]  # a symbol, how often it is there in all, and its places


def grouped(symbol: NDArray[np.integer[Any]], times: Times, places: Ints) -> list[Group]:
    """The places by symbol; gaps are left out."""
    if len(symbol) == 0:
        return []
    order = np.argsort(symbol, kind="stable")
    symbol, places = symbol[order], places[order]
    first = np.flatnonzero(np.concatenate(([True], symbol[1:] != symbol[:-1])))
    sums = np.add.reduceat(times[order], first, dtype=np.int64)
    ends = [*first[1:].tolist(), len(symbol)]
    rows = zip(symbol[first].tolist(), sums.tolist(), first.tolist(), ends, strict=True)
    return [(kind, total, places[a:b]) for kind, total, a, b in rows if kind >= 0]


class Row:
    """All pieces as one row of symbols. Every method looks at living neighbors only."""

    def __init__(self, pieces: Mapping[bytes, int]) -> None:
        sizes = np.fromiter((len(piece) + 1 for piece in pieces), np.int64)
        row = np.frombuffer(b"\0" + b"\0".join(pieces) + b"\0", np.uint8)
        self.symbol: Ints = np.array([FIRST[byte] for byte in range(256)], np.int32)[row]  # (N,)
        self.symbol[np.concatenate(([0], np.cumsum(sizes)))] = GAP
        # How often the piece of each symbol occurs; the first gap belongs to none.
        often = np.fromiter((0, *pieces.values()), np.int64)
        often = often.astype(np.int32) if often.max() < 1 << 31 else often  # half the memory
        self.times: Times = np.repeat(often, np.concatenate(([1], sizes)))  # (N,)
        self.left = np.arange(-1, len(row) - 1, dtype=np.int32)  # (N,) where the neighbor stands
        self.right = np.arange(1, len(row) + 1, dtype=np.int32)  # (N,)
        self.chosen = np.zeros(len(row), bool)  # (N,) true only while a merge is made

    def pairs(self) -> list[tuple[Pair, int, Ints]]:
        """All pairs of bytes: how often each stands there, and where."""
        begin = np.flatnonzero((self.symbol[:-1] >= 0) & (self.symbol[1:] >= 0)).astype(np.int32)
        number = (self.symbol[begin] * 256 + self.symbol[begin + 1]).astype(np.uint16)  # (P,) 16 bits sort fastest
        return [(divmod(kind, 256), total, where) for kind, total, where in grouped(number, self.times[begin], begin)]

    def standing(self, pair: Pair, places: Ints) -> Ints:
        """Those places where the pair still stands, from left to right; none overlaps the next."""
        places = places[self.symbol[places] == pair[0]]
        places = np.sort(places[self.symbol[self.right[places]] == pair[1]])
        if pair[0] != pair[1] or len(places) < 2:
            return places
        follows = np.concatenate(([False], self.right[places[:-1]] == places[1:]))  # aaaa: join 1st and 3rd only
        index = np.arange(len(places))
        run = np.maximum.accumulate(np.where(follows, 0, index))
        kept: Ints = places[(index - run) % 2 == 0]
        return kept

    def merge(self, pair: Pair, new: int, places: Ints) -> tuple[list[tuple[Pair, int]], list[tuple[Pair, int, Ints]]]:
        """Join the pair at its places (P,). Which pairs beside it went, how often; which came, how often and where."""
        second, times = self.right[places], self.times[places]
        before, after = self.left[places], self.right[second]
        self.chosen[places] = True
        last = ~self.chosen[after]  # where one place follows another, the pair between them is told of once
        self.chosen[places] = False
        after_last, times_last = after[last], times[last]
        gone = [((other, pair[0]), total) for other, total, _ in grouped(self.symbol[before], times, before)]
        gone += [((pair[1], other), n) for other, n, _ in grouped(self.symbol[after_last], times_last, after_last)]

        self.symbol[places], self.symbol[second] = new, GONE
        self.right[places], self.left[after] = after, places

        before = self.left[places]
        came = [((other, new), total, at) for other, total, at in grouped(self.symbol[before], times, before)]
        right = grouped(self.symbol[after_last], times_last, places[last])
        return gone, came + [((new, other), total, at) for other, total, at in right]


def train(
    pieces: Mapping[bytes, int], merges: int, least: int = 1, progress: Callable[[int], object] | None = None
) -> list[Pair]:
    """The pairs to join, in order, as bpe.train has them. `progress` is told how many tokens have been made."""
    if not any(pieces):
        return []
    row = Row({piece: times for piece, times in pieces.items() if piece})
    counts: dict[Pair, int] = {}
    places: dict[Pair, list[Ints]] = {}
    for pair, total, where in row.pairs():
        counts[pair], places[pair] = total, [where]
    queue = [(-total, pair) for pair, total in counts.items()]
    heapq.heapify(queue)

    tokens = [bytes([byte]) for byte in ORDER]
    ids = {token: id for id, token in enumerate(tokens)}
    learned: list[Pair] = []
    while len(tokens) < len(ORDER) + merges and queue:
        guess, best = heapq.heappop(queue)
        if (total := counts.get(best, 0)) != -guess:  # it has gone down since it was put there
            if total > 0:
                heapq.heappush(queue, (-total, best))
            continue
        if total < least:
            break
        token = tokens[best[0]] + tokens[best[1]]
        if token not in ids:
            ids[token] = len(tokens)
            tokens.append(token)
            if progress:
                progress(len(tokens) - len(ORDER))
        learned.append(best)
        gone, came = row.merge(best, ids[token], row.standing(best, np.concatenate(places.pop(best))))
        for pair, total in gone:
            counts[pair] -= total
        for pair, total, where in came:
            counts[pair] = counts.get(pair, 0) + total
            places.setdefault(pair, []).append(where)
        for pair in {pair for pair, _, _ in came}:
            heapq.heappush(queue, (-counts[pair], pair))
        counts.pop(best)
    return learned
