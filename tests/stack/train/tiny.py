"""A run that takes milliseconds and has everything a long one has: dropout, a tied matrix, batches with a position."""

import hashlib
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wenjin.stack.train.data_parallel import ALONE, Group
from wenjin.stack.train.muon import Muon
from wenjin.stack.train.optimizers import AdamW, Moves

V, D = 13, 16


class Net(nn.Module):
    """ids (B, T) -> logits (B, T, V): the next id is a function of the last two."""

    def __init__(self, seed: int = 0, dropout: float = 0.1) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.embed = nn.Embedding(V, D)
        self.blocks = nn.ModuleList([nn.Linear(2 * D, 2 * D, bias=False), nn.Linear(2 * D, D)])
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(D, V, bias=False)
        self.head.weight = self.embed.weight
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, ids: Tensor) -> Tensor:
        if self.training:
            self.seen += ids.numel()
        x = self.embed(ids)
        x = torch.cat((x, x.roll(1, dims=1)), dim=-1)  # (B, T, 2D)
        x = self.dropout(F.gelu(self.blocks[0](x)))
        return self.head(self.blocks[1](x))

    def loss(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return F.cross_entropy(self(batch[0]).flatten(0, 1), batch[1].flatten())


class Data(Iterator[tuple[Tensor, Tensor]]):
    """Batch n follows from n alone; ranks take every size-th row of it. Some targets are padding, not alike in all."""

    def __init__(self, rows: int = 4, group: Group = ALONE) -> None:
        self.rows, self.group, self.number = rows, group, 0

    def __next__(self) -> tuple[Tensor, Tensor]:
        luck = torch.Generator().manual_seed(self.number)
        self.number += 1
        ids = torch.randint(0, V, (self.rows, 8), generator=luck)
        target = (3 * ids + ids.roll(1, dims=1)) % V
        target[torch.arange(8) >= torch.randint(4, 9, (self.rows, 1), generator=luck)] = -100
        mine = slice(self.group.rank, None, self.group.size)
        return ids[mine], target[mine]

    def state(self) -> dict[str, Any]:
        return {"number": self.number}

    def restore(self, state: dict[str, Any]) -> None:
        self.number = state["number"]


def optimizers(net: Net, dtype: torch.dtype = torch.float32) -> list[Moves]:
    matrices = [block.weight for block in net.blocks]
    return [Muon(matrices, lr=0.02, dtype=dtype), AdamW([net.embed.weight, net.blocks[1].bias], lr=0.01)]


def fingerprint(net: nn.Module) -> str:
    """The SHA-256 of all weights and buffers."""
    found = hashlib.sha256()
    for name, tensor in sorted(net.state_dict().items()):
        found.update(name.encode() + tensor.detach().contiguous().numpy().tobytes())
    return found.hexdigest()
