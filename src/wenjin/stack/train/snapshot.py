"""All that a run depends on, as one tree that checkpoint.py can hold: taken between two steps, and put back.

    weights      name -> tensor, whole
    optimizers   one each: name of a parameter -> its memory
    progress     step, elapsed seconds, the guard's memory
    ranks        one each: where its data stand, and all random numbers that are not the data's own

Leave any of them out and the resumed run is another run.

Proof   tests/stack/train/test_resume.py: resumed equals unbroken bit by bit; without any one part it does not
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wenjin.stack.train.errors import CheckpointError
from wenjin.stack.train.optimizers import Moves
from wenjin.stack.train.shards import laid_as, whole


def weights(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and kept buffers, each once where names share a tensor. All processes must call it together."""
    kept: dict[str, Tensor] = dict(model.named_parameters())  # a tied matrix has one name here
    shared = {id(p) for p in kept.values()}
    kept |= {name: held for name, held in _buffers(model) if id(held) not in shared}
    return {name: whole(held.detach()) for name, held in kept.items()}


def memory(optimizer: Moves, names: Mapping[Tensor, str]) -> dict[str, dict[str, Any]]:
    """What an optimizer remembers of each parameter. Its settings are the run's configuration, not its state."""
    return {
        names[p]: {
            key: whole(value) if isinstance(value, Tensor) else value for key, value in optimizer.state[p].items()
        }
        for p in _parameters(optimizer)
        if p in optimizer.state
    }


def luck() -> dict[str, Any]:
    """The state of every random number generator that belongs to the process."""
    kind, keys, *rest = np.random.get_state()
    state: dict[str, Any] = {"python": random.getstate(), "numpy": (kind, np.asarray(keys).tolist(), *rest)}
    state["torch"] = torch.get_rng_state()
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


@torch.no_grad()
def put_weights(model: nn.Module, saved: Mapping[str, Tensor]) -> None:
    """Into the model that is there. Raises CheckpointError, before anything changes, where names or shapes differ."""
    mine = dict(model.named_parameters()) | dict(_buffers(model))
    wrong = {name for name in mine if name in saved and mine[name].shape != saved[name].shape}
    wrong |= dict(model.named_parameters()).keys() - saved.keys() | saved.keys() - mine.keys()
    if wrong:
        listed = ", ".join(sorted(wrong)[:8])
        raise CheckpointError(
            f"检查点里的权重与模型不合：{listed}。用存下它时的设置。",
            f"The weights of the checkpoint do not fit the model: {listed}. Use the settings that it was saved with.",
        )
    for name, tensor in saved.items():
        mine[name].copy_(laid_as(mine[name], tensor.to(mine[name].device)))


def put_memory(optimizer: Moves, saved: Mapping[str, Mapping[str, Any]], names: Mapping[Tensor, str]) -> None:
    """The memory of parameters that are there."""
    optimizer.state.clear()
    for p in _parameters(optimizer):
        for key, value in saved.get(names[p], {}).items():
            if isinstance(value, Tensor):  # a copy: what is loaded may be a view of the file
                value = value.to(p.device, copy=True)
                value = laid_as(p, value) if value.shape == p.shape else value
            optimizer.state[p][key] = value


def put_luck(state: Mapping[str, Any]) -> None:
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"].clone())
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([one.clone() for one in state["cuda"]])


def named(model: nn.Module, optimizers: Sequence[Moves]) -> dict[Tensor, str]:
    """The name of everything that is trained; `#3` of what an optimizer moves and the model does not have."""
    names: dict[Tensor, str] = {p: name for name, p in model.named_parameters()}
    for n, p in enumerate(p for optimizer in optimizers for p in _parameters(optimizer)):
        names.setdefault(p, f"#{n}")
    return names


def _parameters(optimizer: Moves) -> list[nn.Parameter]:
    return [p for group in optimizer.param_groups for p in group["params"]]


def _buffers(model: nn.Module) -> list[tuple[str, Tensor]]:
    """Buffers that belong to a checkpoint: tables that can be computed again do not."""
    kept = model.state_dict().keys()
    return [(name, held) for name, held in model.named_buffers() if name in kept]
