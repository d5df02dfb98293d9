"""Optimizers: how a gradient becomes a step. SGD with momentum, RMSProp, Adam, AdamW.

    AdamW on w = 1.0 with gradient 0.5, first step, rate 0.1, no decay:
        mean     m = 0.9 * 0 + 0.1 * 0.5 = 0.05        without its bias: m / (1 - 0.9)    = 0.5
        square   v = 0.99 * 0 + 0.01 * 0.25 = 0.0025   without its bias: v / (1 - 0.99)   = 0.25
        step     w - 0.1 * 0.5 / (sqrt(0.25) + eps) = 0.9: the first step is as long as the rate, whatever the gradient

Each is a plain loop over parameters. AdamW also has a fast way, one fused kernel over all of them, which the plain loop
checks. Muon, which moves matrices, has a file of its own.

Omits    sparse gradients, complex numbers, AMSGrad, rates that are tensors
Sources  momentum: Sutskever et al. 2013 (2); RMSProp: Hinton's lecture 6e (2012); Adam arXiv:1412.6980 (2);
         AdamW arXiv:1711.05101 (2)
Proof    tests/stack/train/test_optimizers.py: every one equals torch.optim's step by step, bit by bit where plain
"""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from wenjin.stack.train.shards import here

Params = Iterable[nn.Parameter] | Iterable[dict[str, Any]]  # parameters, or groups of them with settings of their own


class Moves(Protocol):
    """What a run needs of an optimizer: ours and torch.optim's have it."""

    param_groups: list[dict[str, Any]]
    state: Any  # parameter -> its memory

    def step(self) -> object: ...


class Optimizer(ABC):
    """Groups of parameters with settings of their own, and a memory for each parameter: what torch.optim.Optimizer has,
    without the compiler that it loads, which takes as long as all of torch."""

    def __init__(self, params: Params, settings: dict[str, Any]) -> None:
        given: list[Any] = list(params)
        groups = given if given and isinstance(given[0], dict) else [{"params": given}]
        self.param_groups: list[dict[str, Any]] = [{**settings, **one, "params": list(one["params"])} for one in groups]
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        moved = list(parameters([self]))
        if not moved or len(set(moved)) < len(moved):
            raise ValueError(f"an optimizer moves each of its parameters once, and at least one; got {len(moved)}")

    @abstractmethod
    def step(self) -> None:
        """Move every parameter that has a gradient."""

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in parameters([self]):
            parameter.grad = None


class Plain(Optimizer):
    """What the plain optimizers share: they go over the parameters that have a gradient, one by one."""

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self.move(parameter, parameter.grad, self.state[parameter], group)

    @abstractmethod
    def move(self, w: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Move one parameter `w`, whose gradient is `g`, in place."""


class SGD(Plain):
    """w <- w - rate * v with v <- momentum * v + g. `nesterov`: step as if v had been updated once more."""

    def __init__(self, params: Params, lr: float, *, momentum: float = 0.0, nesterov: bool = False) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "nesterov": nesterov})

    def move(self, w: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        if group["momentum"]:
            if "velocity" in state:
                state["velocity"].mul_(group["momentum"]).add_(g)
            else:
                state["velocity"] = g.clone()
            g = g.add(state["velocity"], alpha=group["momentum"]) if group["nesterov"] else state["velocity"]
        w.add_(g, alpha=-group["lr"])


class RMSProp(Plain):
    """w <- w - rate * g / (sqrt of the running mean of g² + eps): every weight gets a rate of its own."""

    def __init__(self, params: Params, lr: float, *, beta: float = 0.99, eps: float = 1e-8) -> None:
        super().__init__(params, {"lr": lr, "beta": beta, "eps": eps})

    def move(self, w: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        square = state.setdefault("square", torch.zeros_like(w))
        square.mul_(group["beta"]).addcmul_(g, g, value=1 - group["beta"])
        w.addcdiv_(g, square.sqrt().add_(group["eps"]), value=-group["lr"])


class Adam(Plain):
    """RMSProp with momentum, both without the bias of having started at 0. `penalty`: L2, added to the gradient, where
    the division by the root makes it weaker for weights with large gradients. AdamW mends that."""

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        penalty: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "penalty": penalty})

    def move(self, w: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        if group["penalty"]:
            g = g.add(w, alpha=group["penalty"])
        descend(w, g, state, group)


class AdamW(Optimizer):
    """Adam whose decay pulls on the weight itself, not through the gradient: w <- w * (1 - rate * weight_decay).

    `fused`: one kernel for all parameters. Its twin is the plain loop; they agree to a few parts in 10 million.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.95),
        eps: float = 1e-8,
        weight_decay: float = 0.1,
        fused: bool = True,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "fused": fused})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            moving = [(w, w.grad, self.state[w]) for w in group["params"] if w.grad is not None]
            for w, _, state in moving:
                begin(w, state)
            if group["fused"] and moving:
                _descend_fused(moving, group)
                continue
            for w, g, state in moving:
                w.mul_(1 - group["lr"] * group["weight_decay"])
                descend(w, g, state, group)


def _descend_fused(moving: list[tuple[Tensor, Tensor, dict[str, Any]]], group: dict[str, Any]) -> None:
    """What decay and `descend` do to each, in one kernel. Sharded tensors move where they lie."""
    for _, _, state in moving:
        state["step"] += 1
    torch._fused_adamw_(
        [here(w) for w, _, _ in moving],
        [here(g) for _, g, _ in moving],
        [here(state["mean"]) for _, _, state in moving],
        [here(state["square"]) for _, _, state in moving],
        [],
        [state["step"] for _, _, state in moving],
        lr=group["lr"],
        beta1=group["betas"][0],
        beta2=group["betas"][1],
        weight_decay=group["weight_decay"],
        eps=group["eps"],
        amsgrad=False,
        maximize=False,
    )


def begin(w: Tensor, state: dict[str, Any]) -> None:
    """The memory of a weight that is about to make its first step."""
    if not state:
        state["step"] = torch.zeros((), dtype=torch.float32, device=w.device)
        state["mean"], state["square"] = torch.zeros_like(w), torch.zeros_like(w)


def descend(w: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    """One step of Adam on one parameter, in place: mean and square of the gradient, without bias, one by the other."""
    begin(w, state)
    state["step"] += 1
    (b1, b2), n = group["betas"], int(state["step"])
    state["mean"].lerp_(g, 1 - b1)  # m <- b1 m + (1 - b1) g
    state["square"].mul_(b2).addcmul_(g, g, value=1 - b2)  # v <- b2 v + (1 - b2) g²
    root = (state["square"].sqrt() / (1 - b2**n) ** 0.5).add_(group["eps"])  # sqrt(v / (1 - b2^n)) + eps
    w.addcdiv_(state["mean"], root, value=-group["lr"] / (1 - b1**n))


def parameters(optimizers: Iterable[Moves]) -> Iterator[nn.Parameter]:
    """All that the optimizers move."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            yield from group["params"]
