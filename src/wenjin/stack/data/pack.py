"""Documents -> rows of T + 1 tokens for training; what stands where is a pure function of (seed, epoch, row).

    dense    documents one after the other, cut every T tokens: no padding, but a document may be cut
    whole    no document is cut, every row starts with one: rows are filled by best fit, the rest is padding

    documents [a b c], [d e], [f g h], T = 3:   dense  a b c d | d e f g        whole  a b c . | f g h . | d e . .

    packing = pack(gathered(ids), length=128, whole=True, pad=0)
    epoch = packing.epoch(seed=1, number=0)
    inputs, targets = epoch.tokens[:, :-1], epoch.targets

Omits    corpora larger than memory; in the dense form the last T tokens of an epoch at most
Shapes   N tokens in all   D documents   R rows   T length of a row
Sources  best-fit packing: Ding et al. 2024, arXiv:2404.10830 (3); documents kept apart: Krell et al. 2021,
         arXiv:2107.02027 (4)
Proof    tests/stack/data/test_pack.py: every token once an epoch; equals plain loops; a mask that keeps documents apart
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wenjin.stack.data.sources import DataError

Ids = NDArray[np.int32]
IGNORED = -100  # the target of padding: what PyTorch's losses leave out
Longer = Literal["refuse", "cut", "drop"]


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents end to end: document d is `tokens[starts[d] : starts[d + 1]]`."""

    tokens: Ids  # (N,)
    starts: NDArray[np.int64]  # (D + 1,)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.starts)  # (D,)

    @property
    def sha256(self) -> str:
        """Of tokens and borders: two corpora with the same hash train alike."""
        return hashlib.sha256(self.starts.astype("<i8").tobytes() + self.tokens.astype("<i4").tobytes()).hexdigest()


def gathered(documents: Iterable[Sequence[int] | Ids]) -> Documents:
    """Lists of ids -> one array. Empty documents are left out. Raises DataError where nothing is left."""
    kept = [np.asarray(one, dtype=np.int32) for one in documents if len(one)]
    if not kept:
        raise DataError(
            "这一部分没有一篇文档：没有东西可训练。看看语料是怎样划分的。",
            "There is not one document in this split: nothing to train on. Look at how the corpus was divided.",
        )
    return Documents(np.concatenate(kept), np.cumsum([0, *map(len, kept)], dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the corpus. `documents`: which document of its row a token is of, from 0; -1 is padding."""

    tokens: Ids  # (R, T + 1)
    documents: Ids  # (R, T + 1)
    targets: Ids = field(init=False)  # (R, T) the token that follows each input, IGNORED where that is padding

    def __post_init__(self) -> None:
        targets = np.where(self.documents[:, 1:] < 0, np.int32(IGNORED), self.tokens[:, 1:])
        object.__setattr__(self, "targets", targets)


@dataclass(frozen=True, slots=True)
class Packing:
    """A plan of rows. `slots` (whole rows only): row, first column, length, number in its row, of each
    document's place."""

    documents: Documents
    length: int  # T
    pad: int
    rows: int  # R, the same in every epoch
    slots: NDArray[np.int64] | None  # (D, 4), longest first

    @property
    def full(self) -> float:
        """The share of the rows that is no padding, 0 to 1."""
        return 1.0 if self.slots is None else float(self.slots[:, 2].sum() / (self.rows * (self.length + 1)))

    def epoch(self, *, seed: int, number: int) -> Epoch:
        """The rows of one pass: the same for the same seed and number, on any machine."""
        luck = np.random.Generator(np.random.PCG64([seed, number]))
        return self._dense(luck) if self.slots is None else self._whole(luck, self.slots)

    def _dense(self, luck: np.random.Generator) -> Epoch:
        order = luck.permutation(len(self.documents))
        spread, owner = _spread(self.documents, order)
        at = np.arange(self.rows)[:, None] * self.length + np.arange(self.length + 1)  # (R, T + 1), sharing one token
        owner = owner[at]
        return Epoch(self.documents.tokens[spread[at]], (owner - owner[:, :1]).astype(np.int32))

    def _whole(self, luck: np.random.Generator, slots: NDArray[np.int64]) -> Epoch:
        """Documents of one length change places with each other, and rows with rows."""
        lengths = self.documents.lengths
        order = np.lexsort((luck.random(len(lengths)), -lengths))  # (D,) longest first, as the slots stand
        spread, owner = _spread(self.documents, order)
        row, column, length = luck.permutation(self.rows)[slots[:, 0]], slots[:, 1], slots[:, 2]  # (D,) each
        width = self.length + 1
        within = np.arange(len(spread)) - np.repeat(np.cumsum(length) - length, length)  # (N,) place in its document
        at = np.repeat(row * width + column, length) + within  # (N,) place in the flat rows
        tokens = np.full(self.rows * width, self.pad, dtype=np.int32)
        documents = np.full(self.rows * width, -1, dtype=np.int32)
        tokens[at] = self.documents.tokens[spread]
        documents[at] = slots[:, 3][owner]
        return Epoch(tokens.reshape(self.rows, width), documents.reshape(self.rows, width))


def pack(documents: Documents, *, length: int, whole: bool = False, pad: int = 0, longer: Longer = "refuse") -> Packing:
    """Plan rows of `length` + 1 tokens.

    longer   what becomes, in whole rows, of a document of more than length + 1 tokens: an error, pieces, or nothing
    Raises DataError: a document too long, too little text for one row.
    """
    if length < 1:
        raise DataError(f"一行至少要有 1 个词元，而不是 {length}。", f"A row holds at least 1 token, not {length}.")
    if whole:
        documents = _fitting(documents, length + 1, longer)
        slots = best_fit(documents.lengths, length + 1)
        return Packing(documents, length, pad, int(slots[:, 0].max()) + 1, slots)
    rows = (len(documents.tokens) - 1) // length
    if rows < 1:
        raise DataError(
            f"语料只有 {len(documents.tokens)} 个词元，不够一行 {length} 个。给更多文本，或把行改短。",
            f"The corpus has {len(documents.tokens)} tokens, too few for one row of {length}. Give more text or "
            "make the rows shorter.",
        )
    return Packing(documents, length, pad, rows, None)


def best_fit(lengths: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Longest first, each into the fullest row that still has room. Returns (D, 4): row, column, length, place in row.

    Rows wait in a stack for each free width; a bit set says which stacks hold one, so that a search is one shift.
    """
    waiting: list[list[int]] = [[] for _ in range(width + 1)]  # by free width
    held = 0  # bit f is set where a row with f free columns waits
    taken: list[int] = []  # documents in each row
    slots = np.empty((len(lengths), 4), dtype=np.int64)
    for n, length in enumerate(sorted(map(int, lengths), reverse=True)):
        room = held >> length
        if room:
            free = length + (room & -room).bit_length() - 1
            row = waiting[free].pop()
            if not waiting[free]:
                held &= ~(1 << free)
        else:
            row, free = len(taken), width
            taken.append(0)
        slots[n] = row, width - free, length, taken[row]
        taken[row] += 1
        if free > length:
            waiting[free - length].append(row)
            held |= 1 << (free - length)
    return slots


def apart(documents: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Who may look at whom when documents of one row are kept apart: (B, T) -> (B, T, T), True where the column's
    token stands in the same document and not later."""
    same = documents[:, :, None] == documents[:, None, :]  # (B, T, T)
    return np.tril(same)


def places(documents: NDArray[np.int32]) -> NDArray[np.int64]:
    """The place of each token in its own document (in the part of it that stands in this row): (B, T) -> (B, T)."""
    index = np.broadcast_to(np.arange(documents.shape[1]), documents.shape)  # (B, T)
    first = np.ones(documents.shape, dtype=bool)
    first[:, 1:] = documents[:, 1:] != documents[:, :-1]
    return index - np.maximum.accumulate(np.where(first, index, 0), axis=1)


def _spread(documents: Documents, order: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Documents in this order: where each token comes from, and the number of its document in the order. (N,) each."""
    lengths = documents.lengths[order]
    owner = np.repeat(np.arange(len(order)), lengths)
    ends = np.cumsum(lengths)
    return np.arange(len(owner)) - (ends - lengths)[owner] + documents.starts[:-1][order][owner], owner


def _fitting(documents: Documents, width: int, longer: Longer) -> Documents:
    lengths = documents.lengths
    too_long = int((lengths > width).sum())
    if not too_long:
        return documents
    if longer == "refuse":
        raise DataError(
            f"{too_long} 篇文档比一行的 {width} 个词元长（最长 {lengths.max()}）。把行加长，或选 cut、drop。",
            f"{too_long} documents are longer than a row's {width} tokens (the longest has {lengths.max()}). Make the "
            "rows longer, or choose cut or drop.",
        )
    each = (documents.tokens[a:b] for a, b in zip(documents.starts[:-1], documents.starts[1:], strict=True))
    if longer == "drop":
        return gathered(one for one in each if len(one) <= width)
    return gathered(one[n : n + width] for one in each for n in range(0, len(one), width))
