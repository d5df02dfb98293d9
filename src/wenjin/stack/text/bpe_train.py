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
from collections import defaultdict
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from wenjin.stack.text.alphabet import ORDER
from wenjin.stack.text.bpe import FIRST, Pair

GAP, GONE = -1, -2  # between two pieces; the right half of what has been joined
Ints = NDArray[np.int32]


class Row:
    """All pieces as one row of symbols. Every method looks at living neighbors only."""

    def __init__(self, pieces: Mapping[bytes, int]) -> None:
        sizes = np.array([len(piece) + 1 for piece in pieces])
        row = np.frombuffer(b"\0" + b"\0".join(pieces) + b"\0", np.uint8)
        self.symbol = np.array([FIRST[byte] for byte in range(256)], np.int32)[row]  # (N,)
        self.symbol[np.concatenate(([0], np.cumsum(sizes)))] = GAP
        self.times = np.repeat(np.fromiter(pieces.values(), np.int64), sizes)  # (N - 1,)
        self.times = np.concatenate(([0], self.times))  # (N,) how often the piece of each symbol occurs
        self.left = np.arange(-1, len(row) - 1, dtype=np.int32)  # (N,) where the neighbor stands
        self.right = np.arange(1, len(row) + 1, dtype=np.int32)  # (N,)
        self.chosen = np.zeros(len(row), bool)  # (N,) true only while a merge is made

    def starts(self) -> tuple[NDArray[np.int64], Ints]:
        """The pairs of a row of bytes as numbers 256 a + b, in order, and where each begins."""
        begin = np.flatnonzero((self.symbol[:-1] >= 0) & (self.symbol[1:] >= 0)).astype(np.int32)
        number = (self.symbol[begin] * 256 + self.symbol[begin + 1]).astype(np.uint16)
        order = np.argsort(number, kind="stable")
        return number[order].astype(np.int64), begin[order]

    def standing(self, pair: Pair, places: Ints) -> Ints:
        """Those places where the pair still stands, from left to right; none overlaps the next."""
        places = places[self.symbol[places] == pair[0]]
        places = np.sort(places[self.symbol[self.right[places]] == pair[1]])
        if pair[0] != pair[1] or len(places) < 2:
            return places
        follows = np.concatenate(([False], self.right[places[:-1]] == places[1:]))  # aaaa: join 1st and 3rd only
        index = np.arange(len(places))
        run = np.maximum.accumulate(np.where(follows, 0, index))
        return places[(index - run) % 2 == 0]

    def merge(self, pair: Pair, new: int, places: Ints, changed: "Change") -> None:
        """Join the pair at its places (P,), and tell how often each pair next to them went or came, and where."""
        second, times = self.right[places], self.times[places]
        before, after = self.left[places], self.right[second]
        self.chosen[places] = True
        alone = ~self.chosen[after]  # else the next place tells of the pair between the two
        self.chosen[places] = False
        changed(self.symbol[before], pair[0], -times, None)
        changed(pair[1], self.symbol[after[alone]], -times[alone], None)

        self.symbol[places], self.symbol[second] = new, GONE
        self.right[places], self.left[after] = after, places

        before = self.left[places]
        changed(self.symbol[before], new, times, before)
        changed(new, self.symbol[after[alone]], times[alone], places[alone])


Change = Callable[[Ints | int, Ints | int, NDArray[np.int64], Ints | None], None]


def grouped(symbol: Ints, times: NDArray[np.int64], places: Ints | None) -> list[tuple[int, int, Ints | None]]:
    """For each symbol (gaps left out): how often in all, and its places."""
    if len(symbol) == 0:
        return []
    order = np.argsort(symbol, kind="stable")
    symbol, times = symbol[order], times[order]
    first = np.flatnonzero(np.concatenate(([True], symbol[1:] != symbol[:-1])))
    sums = np.add.reduceat(times, first)
    kinds, ends = symbol[first].tolist(), [*first[1:].tolist(), len(symbol)]
    where = None if places is None else places[order]
    rows = zip(kinds, sums.tolist(), first.tolist(), ends, strict=True)
    return [(kind, total, where if where is None else where[a:b]) for kind, total, a, b in rows if kind >= 0]


def train(
    pieces: Mapping[bytes, int], merges: int, least: int = 1, progress: Callable[[int], object] | None = None
) -> list[Pair]:
    """The pairs to join, in order, as bpe.train has them. `progress` is told the tokens made so far."""
    if not any(pieces):
        return []
    row = Row({piece: times for piece, times in pieces.items() if piece})
    counts: dict[Pair, int] = defaultdict(int)
    places: dict[Pair, list[Ints]] = defaultdict(list)
    fresh: set[Pair] = set()

    def changed(left: Ints | int, right: Ints | int, times: NDArray[np.int64], where: Ints | None) -> None:
        for other, total, found in grouped(right if isinstance(left, int) else left, times, where):  # type: ignore
            pair = (left, other) if isinstance(left, int) else (other, right)
            counts[pair] += total
            if found is not None:
                places[pair].append(found)
                fresh.add(pair)

    numbers, begins = row.starts()
    for number, total, found in grouped(numbers, row.times[begins], begins):
        counts[divmod(number, 256)], places[divmod(number, 256)] = total, [found]
    queue = [(-total, pair) for pair, total in counts.items()]
    heapq.heapify(queue)

    tokens = [bytes([byte]) for byte in ORDER]
    ids = {token: id for id, token in enumerate(tokens)}
    learned: list[Pair] = []
    while len(tokens) < len(ORDER) + merges and queue:
        guess, pair = heapq.heappop(queue)
        if (total := counts.get(pair, 0)) != -guess:  # it has gone down since it was put there
            if total > 0:
                heapq.heappush(queue, (-total, pair))
            continue
        if total < least:
            break
        token = tokens[pair[0]] + tokens[pair[1]]
        if token not in ids:
            ids[token] = len(tokens)
            tokens.append(token)
            if progress:
                progress(len(tokens) - len(ORDER))
        learned.append(pair)
        row.merge(pair, ids[token], row.standing(pair, np.concatenate(places.pop(pair))), changed)
        counts.pop(pair)
        for new in fresh:
            heapq.heappush(queue, (-counts[new], new))
        fresh.clear()
    return learned
