"""Muon: momentum whose step is made orthogonal, for the matrices of a network.

    G = U diag(s) V'   ->   U V'      every direction of the gradient gets the same length of step, also the rare ones

A singular value decomposition is slow. Newton-Schulz needs matrix products alone: X <- a X + (b A + c A A) X with
A = X X' moves every singular value by s <- a s + b s³ + c s⁵, which pushes all of 0..1 towards 1. Five rounds bring
them near enough; the constants trade exactness for speed at small s.

    w = [[1, 0], [0, 1]], gradient [[3, 0], [0, 4]], rate 0.1, no decay: the step is about -0.1 * [[1, 0], [0, 1]]

The plain way goes matrix by matrix. The fast one stacks matrices of the same shape and multiplies them together.

Omits    parameters that are no matrices, and embeddings, which are tables: they are AdamW's
Shapes   R rows (out), C columns (in), N matrices of one shape
Sources  Jordan et al. 2024, Muon; scale "adamw" arXiv:2502.16982 (2.2); POLAR arXiv:2505.16932 (Algorithm 2)
Proof    tests/stack/train/test_muon.py: equals torch.optim.Muon; batched equals plain; orthogonal to what is promised
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from wenjin.stack.train.optimizers import Optimizer, Params
from wenjin.stack.train.shards import laid_as, whole

Coefficients = Sequence[tuple[float, float, float]]  # (a, b, c) of each round

QUINTIC: Coefficients = ((3.4445, -4.7750, 2.0315),) * 5
POLAR: Coefficients = (  # best for each round in turn, with room for bfloat16's error
    (8.2051, -22.9019, 16.4607),
    (4.0664, -2.8612, 0.5184),
    (3.9096, -2.8234, 0.5250),
    (3.2856, -2.4153, 0.4853),
    (2.2779, -1.6198, 0.3985),
)


def orthogonal(G: Tensor, coefficients: Coefficients = QUINTIC, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """The nearest orthogonal matrix to each of G, about. G: (N, R, C); returns the same shape in `dtype`."""
    tall = G.shape[-2] > G.shape[-1]
    X: Tensor = (G.mT if tall else G).to(dtype).contiguous()  # the smaller product
    X = X / X.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)  # now no singular value is above 1
    for a, b, c in coefficients:
        A = X @ X.mT  # (N, R, R)
        B = (A @ A).mul_(c).add_(A, alpha=b)  # b A + c A A
        X = (B @ X).add_(X, alpha=a)  # a X + (b A + c A A) X
    Y: Tensor = X.mT if tall else X
    return Y


class Muon(Optimizer):
    """Moves matrices only. A group may say `apart=3` where each of its matrices is three in one, stacked by rows.

    `scale` makes rates carry over between shapes: "rows" is sqrt(max(1, R/C)), as published; "adamw" is
    0.2 sqrt(max(R, C)), with which the rates and decays of AdamW fit.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 0.02,
        *,
        momentum: float = 0.95,
        weight_decay: float = 0.1,
        nesterov: bool = True,
        coefficients: Coefficients = QUINTIC,
        dtype: torch.dtype = torch.bfloat16,
        scale: str = "rows",
        batched: bool = True,
    ) -> None:
        if scale not in ("rows", "adamw"):
            raise ValueError(f'scale is "rows" or "adamw"; got {scale=}')
        settings = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "nesterov": nesterov, "apart": 1}
        super().__init__(params, settings)
        self.coefficients, self.dtype, self.scale, self.batched = tuple(coefficients), dtype, scale, batched
        for group in self.param_groups:
            for w in group["params"]:
                if w.ndim != 2 or w.shape[0] % group["apart"]:
                    raise ValueError(f"Muon moves matrices, of {group['apart']} equal parts; got {tuple(w.shape)}")

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            alike: dict[Any, list[Tensor]] = {}
            for n, w in enumerate(group["params"]):
                if w.grad is not None:
                    alike.setdefault((w.shape, w.device) if self.batched else n, []).append(w)
            for matrices in alike.values():
                steps = self._steps([self._direction(w, group) for w in matrices], group["apart"])
                for w, step in zip(matrices, steps, strict=True):
                    w.mul_(1 - group["lr"] * group["weight_decay"])
                    w.add_(laid_as(w, step), alpha=-group["lr"])

    def _direction(self, w: Tensor, group: dict[str, Any]) -> Tensor:
        """The gradient after momentum, whole. (R, C)"""
        g, state, m = w.grad, self.state[w], group["momentum"]
        assert g is not None
        memory = state.setdefault("momentum", torch.zeros_like(g))
        memory.lerp_(g, 1 - m)
        way: Tensor = g.lerp(memory, m) if group["nesterov"] else memory
        return whole(way)

    def _steps(self, ways: list[Tensor], apart: int) -> Tensor:
        """Orthogonal steps of matrices of one shape. Returns (N, R, C)."""
        R, C = ways[0].shape
        G = torch.stack(ways).view(-1, R // apart, C)  # (N * apart, R / apart, C)
        R = R // apart
        size = max(1, R / C) ** 0.5 if self.scale == "rows" else 0.2 * max(R, C) ** 0.5
        step = orthogonal(G, self.coefficients, self.dtype).float() * size
        return torch.reshape(step, (len(ways), R * apart, C))
