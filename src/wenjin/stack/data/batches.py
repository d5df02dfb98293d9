"""Batches from packed rows, endless, from any position: epoch after epoch, each in an order of its own.

    batches = Batches(packing, size=32, seed=1)
    batch = next(batches)                  batch.inputs, batch.targets: (B, T)
    kept = batches.state()                 a small dict of numbers; batches.restore(kept) goes on with the same batch

The place of every row follows from (seed, epoch, row), so a batch is the same whoever makes it: this process, loader
workers ahead of time, or one of several training processes, which take every `ranks`-th row of the same batch.

Omits    reading from disk while training: the corpus lies in memory
Shapes   B rows of a batch (of this rank)   T length of a row
Proof    tests/stack/data/test_batches.py: any position restores to the same tokens, with and without workers; the
         ranks' shares are the whole
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from wenjin.stack.data.pack import Epoch, Packing
from wenjin.stack.data.sources import DataError


@dataclass(frozen=True, slots=True)
class Batch:
    """`documents`: which document of its row each input is of; -1 is padding, whose targets are IGNORED (-100)."""

    inputs: Tensor  # (B, T) int64
    targets: Tensor  # (B, T) int64
    documents: Tensor  # (B, T) int64


class Rows(Dataset[Batch]):
    """Batch number n of the endless stream, as a pure function. It keeps the last two epochs that it laid out."""

    def __init__(self, packing: Packing, *, size: int, seed: int, rank: int, ranks: int) -> None:
        self.packing, self.size, self.seed, self.rank, self.ranks = packing, size, seed, rank, ranks
        self._epochs: dict[int, Epoch] = {}

    def __getitem__(self, number: int) -> Batch:
        rows = range(number * self.size + self.rank, (number + 1) * self.size, self.ranks)
        tokens, documents, targets = [], [], []
        for epoch, row in (divmod(row, self.packing.rows) for row in rows):
            laid = self._epoch(epoch)
            tokens.append(laid.tokens[row, :-1])
            documents.append(laid.documents[row, :-1])
            targets.append(laid.targets[row])
        return Batch(*(torch.from_numpy(np.stack(part).astype(np.int64)) for part in (tokens, targets, documents)))

    def _epoch(self, number: int) -> Epoch:
        if number not in self._epochs:
            self._epochs = {n: laid for n, laid in self._epochs.items() if n == number - 1}
            self._epochs[number] = self.packing.epoch(seed=self.seed, number=number)
        return self._epochs[number]


class Batches(Iterator[Batch]):
    """See the head of the file. Close it, or let it go, to end its workers."""

    def __init__(
        self, packing: Packing, *, size: int, seed: int, rank: int = 0, ranks: int = 1, workers: int = 0
    ) -> None:
        """
        size     rows of one batch over all ranks; a multiple of `ranks`
        workers  processes that make batches ahead of time; the batches are the same with any number of them
        Raises DataError.
        """
        if size < 1 or size % ranks or not 0 <= rank < ranks:
            raise DataError(
                f"一批 {size} 行分不到 {ranks} 个进程（这是第 {rank} 个）。批的大小要是进程数的倍数。",
                f"A batch of {size} rows cannot be shared by {ranks} processes (this is number {rank}). Make the batch "
                "size a multiple of their number.",
            )
        self.rows = Rows(packing, size=size, seed=seed, rank=rank, ranks=ranks)
        self.workers, self.number = workers, 0
        self._data = packing.documents.sha256[:16]
        self._ahead: Iterator[Batch] | None = None

    def __next__(self) -> Batch:
        if not self.workers:
            batch = self.rows[self.number]
        else:
            if self._ahead is None:
                self._ahead = self._started()
            batch = next(self._ahead)
        self.number += 1  # counts what was handed out, not what workers have made ahead
        return batch

    def _started(self) -> Iterator[Batch]:
        with warnings.catch_warnings():  # how many workers are worth while on this machine is the caller's to say
            warnings.simplefilter("ignore")
            # A generator of its own: the loader draws a seed, which would move the chance of whoever trains.
            luck, sampler = torch.Generator(), _From(self.number)
            loader = DataLoader(self.rows, batch_size=None, sampler=sampler, num_workers=self.workers, generator=luck)
            return iter(loader)

    @property
    def epoch(self) -> float:
        """Passes over the corpus so far, with the fraction of the present one."""
        return self.number * self.rows.size / self.rows.packing.rows

    def state(self) -> dict[str, Any]:
        """All that the position depends on; JSON holds it."""
        epoch, row = divmod(self.number * self.rows.size, self.rows.packing.rows)
        return {"epoch": epoch, "row": row, "batch": self.number} | self._identity()

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken. Raises DataError where it belongs to other data, rows, batches or seed."""
        mine = self._identity()
        other = [f"{name}: {state.get(name)!r} ≠ {mine[name]!r}" for name in mine if state.get(name) != mine[name]]
        if other:
            raise DataError(
                f"保存的数据位置属于另一份数据或设置，不能接着用：{'；'.join(other)}。换回原来的设置，或从头开始。",
                f"The saved position belongs to other data or settings and cannot be continued: {'; '.join(other)}. Go "
                "back to those settings, or start anew.",
            )
        self.number, self._ahead = int(state["batch"]), None

    def _identity(self) -> dict[str, Any]:
        packing = self.rows.packing
        return {
            "seed": self.rows.seed,
            "size": self.rows.size,
            "length": packing.length,
            "whole": packing.slots is not None,
            "data": self._data,
        }


class _From:
    """first, first + 1, …"""

    def __init__(self, first: int) -> None:
        self.first = first

    def __iter__(self) -> Iterator[int]:
        number = self.first
        while True:
            yield number
            number += 1
