"""Data-parallel training: every process holds the model and takes its share of each batch; gradients are added up.

    group = Group.join()                under torchrun: rank and size from its environment; alone: one process
    loss of a rank, weighed by its share of all targets  ->  backward  ->  sum over ranks  ->  the same step everywhere

Weighing by targets makes the sum equal to the gradient of the whole batch, also where one rank has more padding than
another. Gradients travel in buckets: few large messages instead of many small ones, the next one being packed while
the last is under way.

Omits    sending while the backward pass still runs; compression; more than one group
Shapes   none: gradients travel flat
Sources  buckets arXiv:2006.15704 (3.2), fully sharded arXiv:2304.11277 (3)
Proof    tests/stack/train/test_torchrun.py: two processes reach the weights of one; two runs are bit-equal
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.rendezvous import rendezvous

from wenjin.stack.train.errors import GoneError, TrainError
from wenjin.stack.train.shards import is_sharded

T = TypeVar("T")
CPU = torch.device("cpu")
BUCKET = 6_500_000  # numbers in a message: 25 MiB of float32, as in the source


@dataclass(frozen=True, slots=True)
class Group:
    """The processes that train together. One alone needs no network and no torch.distributed.

    `life` counts how often all were started again.
    """

    rank: int = 0
    size: int = 1
    device: torch.device = CPU
    life: int = 0

    @classmethod
    def join(
        cls, *, environ: Mapping[str, str] = os.environ, minutes: float = 30, device: torch.device | None = None
    ) -> "Group":
        """Meet the others that torchrun started; without torchrun be alone. Leave with `leave()`.

        A process that waits for another longer than `minutes` fails. The one that started us dead, we die too.
        `device`: where the model is; None: a GPU where there is one.
        """
        if device is None:
            device = torch.device("cuda", int(environ.get("LOCAL_RANK", 0))) if torch.cuda.is_available() else CPU
        if "TORCHELASTIC_RUN_ID" not in environ:
            return cls(device=device)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no orphans
        if device.type == "cuda":
            torch.cuda.set_device(device)
        backend, patience = "nccl" if device.type == "cuda" else "gloo", timedelta(minutes=minutes)
        store, rank, size = next(rendezvous("env://", timeout=patience))
        # A prefix for each life: torchrun keeps one store, and in it stand the addresses of those who died.
        life = int(environ.get("TORCHELASTIC_RESTART_COUNT", 0))
        store = dist.PrefixStore(f"life {life}", store)  # type: ignore[attr-defined]
        dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=patience)
        return cls(rank, size, device, life)

    def leave(self) -> None:
        if self.size > 1 or dist.is_initialized():
            dist.destroy_process_group()

    def total(self, *numbers: float) -> list[float]:
        """The sums over all processes, the same everywhere."""
        if self.size == 1:
            return list(numbers)
        tensor = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        with together():
            dist.all_reduce(tensor)
        return [float(number) for number in tensor.tolist()]

    def agreed(self, say: Callable[[], T]) -> T:
        """What the first process says; what it raises, all raise: a sentence of its, the others as a TrainError."""
        if self.size == 1:
            return say()
        said: list[Any] = [None, None]
        mine: Exception | None = None
        if self.rank == 0:
            try:
                said[0] = say()
            except Exception as error:
                mine, (zh, en) = error, (getattr(error, name, None) for name in ("zh", "en"))
                said[1] = TrainError(zh, en) if zh and en and not isinstance(error, TrainError) else error
        with together():
            dist.broadcast_object_list(said, src=0, device=self.device)
        if said[1] is not None:
            raise mine or said[1]
        answer: T = said[0]
        return answer

    def in_turn(self, do: Callable[[], T]) -> T:
        """The first process does it, then all others, who find on the disk what it made; what it raises, all raise."""
        made: list[T] = []
        self.agreed(lambda: made.append(do()))
        return made[0] if made else do()

    def gathered(self, mine: T) -> list[T]:
        """What every process gave, by rank."""
        if self.size == 1:
            return [mine]
        found: list[Any] = [None] * self.size
        with together():
            dist.all_gather_object(found, mine)
        return found

    def share_weights(self, model: nn.Module) -> None:
        """All start from the first one's weights."""
        if self.size > 1:
            for tensor in (*model.parameters(), *model.buffers()):
                if not is_sharded(tensor):  # shards were laid out from the first one's
                    dist.broadcast(tensor.detach(), src=0)

    def sum_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Add up the gradients of all processes, in place. Those of sharded parameters have met already."""
        if self.size == 1:
            return
        flying = []
        with together():
            for bucket in buckets([p.grad for p in parameters if p.grad is not None and not is_sharded(p)]):
                flat = torch.cat([gradient.reshape(-1) for gradient in bucket])
                flying.append((bucket, flat, dist.all_reduce(flat, async_op=True)))
            for bucket, flat, message in flying:
                message.wait()
                for gradient, sums in zip(bucket, torch.split(flat, [g.numel() for g in bucket]), strict=True):
                    gradient.copy_(sums.view_as(gradient))

    def sum_gradients_plainly(self, parameters: Iterable[Tensor]) -> None:
        """The same, one message for each."""
        for p in parameters:
            if p.grad is not None:
                dist.all_reduce(p.grad)


ALONE = Group()


@contextlib.contextmanager
def together() -> Iterator[None]:
    """A message among all processes. One that is gone, or stuck, is told in a sentence. Raises GoneError."""
    try:
        yield
    except RuntimeError as error:
        time.sleep(1.0)  # the launcher shall see first who died, and name that one
        raise GoneError(
            "一起训练的另一个进程不在了。所有进程会从最近的检查点重新开始；不是由启动器启动的，就再运行同一命令。",
            "Another process of this training is gone. The launcher starts all again from the last checkpoint; without "
            "one run the same command again.",
        ) from error


def buckets(tensors: Sequence[Tensor], size: int = BUCKET) -> list[list[Tensor]]:
    """Neighbors of one type, together until they hold `size` numbers."""
    found: list[list[Tensor]] = []
    room, kind = 0, None
    for tensor in tensors:
        if room < tensor.numel() or tensor.dtype != kind:
            found.append([])
            room, kind = size, tensor.dtype
        found[-1].append(tensor)
        room -= tensor.numel()
    return found


class Sharded(nn.Module):
    """A model and its loss as one module whose parameters lie in shards over the processes (FSDP2).

    Each process holds 1/size of weights, gradients and optimizer memory, and borrows the rest for one block at a time.

    Make it before the optimizers, which then move the shards. `blocks`: the modules that are gathered one at a time.
    """

    def __init__(self, model: nn.Module, loss: Callable[[Any], Tensor], blocks: Iterable[nn.Module]) -> None:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        super().__init__()
        self.model, self.loss = model, loss
        for tensor in (*model.parameters(), *model.buffers()):
            dist.broadcast(tensor.detach(), src=0)
        kind = next(model.parameters()).device.type
        mesh = init_device_mesh(kind, (dist.get_world_size(),))
        for block in blocks:
            fully_shard(block, mesh=mesh)
        fully_shard(self, mesh=mesh)

    def __call__(self, batch: Any) -> Tensor:
        found: Tensor = super().__call__(batch)
        if not torch.is_grad_enabled():  # no backward pass follows, which would leave the shards alone again
            cast(Any, self).reshard()
        return found

    def forward(self, batch: Any) -> Tensor:
        return self.loss(batch)
