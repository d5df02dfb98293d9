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
        counts = (targets != ignore)[:, None]  # (N, 1)
        place = targets[:, None].where(counts, 0)  # (N, 1) any column will do where nothing counts
        share = 1.0 / counts.sum().clamp(min=1)  # what one token weighs in the mean
        loss = states.new_zeros((), dtype=torch.float32)
        minus = loss.new_full((chunk, 1), -1.0)
        by_state = torch.empty_like(states) if grad else None
        by_head = torch.zeros_like(head, dtype=torch.float32) if grad else None
        for first in range(0, len(states), chunk):
            part = slice(first, first + chunk)
            logits = (states[part] @ matrix.T).float()  # (chunk, V)
            chance = torch.log_softmax(logits, dim=-1)
            loss -= (chance.gather(1, place[part]) * counts[part]).sum()
            if by_state is not None and by_head is not None:
                # The gradient at a token's logits: its probabilities, less 1 at the target. That a token does not
                # count is put on the narrow factors, (chunk, D), and not on this wide one.
                slope = chance.exp_().scatter_add_(1, place[part], minus).to(states.dtype)  # (chunk, V)
                by_state[part] = (slope @ matrix) * counts[part]
                by_head += slope.T @ (states[part] * counts[part])
        if grad:
            ctx.save_for_backward(by_state, by_head, share)
            ctx.dtype = head.dtype
        return loss * share

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor, Tensor, None, None, None, None]:
        by_state, by_head, share = ctx.saved_tensors
        scale = above * share
        return by_state * scale.to(by_state.dtype), (by_head * scale).to(ctx.dtype), None, None, None, None
