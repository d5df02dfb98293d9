"""Cross-entropy of a language model, without ever holding the logits of a batch.

    plain    logits = states head'   ->   log softmax   ->   minus the target's, averaged
    fused    the same by chunks of tokens; each chunk's gradient is made while its probabilities are at hand

With N = 4096 tokens and V = 6567 the logits and their gradient are 215 MB in float32; a chunk of 256 is 6.7 MB and
stays in the processor's cache.

Omits    label smoothing, caps on logits, splitting the vocabulary over devices
Shapes   N tokens   D width   V vocabulary
Sources  gradient in the forward pass, by chunks: arXiv:2410.10989 (3.2), arXiv:2411.09009 (4)
Proof    tests/stack/nn/test_losses.py: fused equals plain, gradients too, for any chunk, dtype and ignored targets
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


def cross_entropy(states: Tensor, head: Tensor, targets: Tensor, *, ignore: int = -100) -> Tensor:
    """The plain form: all N x V logits at once. Returns the mean over targets other than `ignore`; none: 0."""
    total = F.cross_entropy((states @ head.to(states.dtype).T).float(), targets, ignore_index=ignore, reduction="sum")
    return total / (targets != ignore).sum().clamp(min=1)


def linear_cross_entropy(
    states: Tensor, head: Tensor, targets: Tensor, *, chunk: int = 256, ignore: int = -100
) -> Tensor:
    """Mean of -log softmax(states head')[target] over the targets other than `ignore`, in nats; none: 0.

    states (N, D) in the dtype to compute in; head (V, D), cast to it; targets (N,) int64. Returns a float32 scalar.
    Raises ValueError for shapes that do not fit. Can be differentiated once.
    """
    if states.ndim != 2 or head.ndim != 2 or states.shape[1] != head.shape[1] or targets.shape != states.shape[:1]:
        sizes = f"states {tuple(states.shape)}, head {tuple(head.shape)}, targets {tuple(targets.shape)}"
        raise ValueError(f"{sizes}: must be (N, D), (V, D) and (N,)")
    apply: Any = Fused.apply  # torch leaves it untyped
    loss: Tensor = apply(states, head, targets, chunk, ignore, torch.is_grad_enabled())
    return loss


class Fused(torch.autograd.Function):
    """Forward leaves both gradients behind, so that backward has only to scale them."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, head: Tensor, targets: Tensor, chunk: int, ignore: int, grad: bool) -> Tensor:
        matrix = head.to(states.dtype)  # (V, D)
        counted = targets != ignore  # (N,)
        share = 1.0 / counted.sum().clamp(min=1)  # what one token weighs
        place = targets.where(counted, 0)[:, None]  # (N, 1) any column will do where nothing counts
        weight = (counted * share)[:, None].float()  # (N, 1)
        loss = states.new_zeros((), dtype=torch.float32)
        by_state = torch.empty_like(states) if grad else None
        by_head = torch.zeros_like(head, dtype=torch.float32) if grad else None
        for first in range(0, len(states), chunk):
            part = slice(first, first + chunk)
            logits = (states[part] @ matrix.T).float()  # (chunk, V)
            chance = torch.log_softmax(logits, dim=-1)
            loss -= (chance.gather(1, place[part]) * weight[part]).sum()
            if by_state is not None and by_head is not None:
                slope = chance.exp_() * weight[part]  # the gradient at the logits: probability, minus 1 at the target
                slope.scatter_add_(1, place[part], -weight[part])
                slope = slope.to(states.dtype)
                by_state[part] = slope @ matrix
                by_head += slope.T @ states[part]
        if grad:
            ctx.save_for_backward(by_state, by_head)
            ctx.dtype = head.dtype
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor, Tensor, None, None, None, None]:
        by_state, by_head = ctx.saved_tensors
        return by_state * above.to(by_state.dtype), (by_head * above).to(ctx.dtype), None, None, None, None
