"""Tensors of which each process may hold a part: the whole, the part here, and how to lay a whole out again.

A tensor that is not sharded is its own whole and its own part. torch's module of sharded tensors takes as long to load
as half of torch, so it is loaded by whoever shards (data_parallel.py) and recognized here by what it can do.

Proof   tests/stack/train/test_torchrun.py: two processes with shards reach the weights of one without
"""

from typing import Any

from torch import Tensor


def is_sharded(tensor: Tensor) -> bool:
    return hasattr(tensor, "full_tensor")


def whole(tensor: Any) -> Tensor:
    """All of a tensor, on every process. All processes must call it, in the same order."""
    full: Tensor = tensor.full_tensor() if is_sharded(tensor) else tensor
    return full


def here(tensor: Any) -> Tensor:
    """What this process holds: the same storage."""
    part: Tensor = tensor.to_local() if is_sharded(tensor) else tensor
    return part


def laid_as(like: Any, full: Tensor) -> Tensor:
    """A whole, laid out over the processes as `like` is. Every process must have the same whole."""
    if not is_sharded(like):
        return full
    from torch.distributed.tensor import distribute_tensor  # see above

    laid: Tensor = distribute_tensor(full, like.device_mesh, like.placements, src_data_rank=None)
    return laid
