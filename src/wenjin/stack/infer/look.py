"""What a packed model does with one text: each head's attention, the scores of what may follow, any head switched off.

    seen = look(model, ids, off={(3, 1)})          layer 3, head 1 gives zeros, as if it were not there
    seen.weights      (L, H, T, T)                 what each token takes from those before it and from itself
    seen.scores       (T, V)                       of the token after each

The layers are those that write (infer/fast.py); attention alone is written out, because a kernel that is fast never
holds its weights.

Omits    caches, batches, models that are not packed
Shapes   L layers   H query heads   T tokens   K head width   V vocabulary
Source   switching heads off: arXiv:1905.10650 (2.3)
Proof    tests/stack/infer/test_look.py: weights and scores equal transformers'; a head that is off equals zeros in the
         columns of the output matrix that read it
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from wenjin.stack.infer.fast import Fast
from wenjin.stack.models.config import room


@dataclass(frozen=True, slots=True)
class Look:
    weights: Tensor
    scores: Tensor


@torch.no_grad()
def look(model: Fast, ids: Sequence[int], off: Collection[tuple[int, int]] = ()) -> Look:
    """Raises ModelError for a text longer than the context, IndexError for a head that is not there."""
    H, G, K, T = model.heads, model.kv_heads, model.width, len(ids)
    for number, head in off:
        if not (0 <= number < len(model.layers) and 0 <= head < H):
            raise IndexError(f"layer {number}, head {head}: there are {len(model.layers)} layers of {H} heads")
    room(T, model.context)
    x = model.embedding.take(torch.tensor(ids)).contiguous()  # (T, D)
    turn = model.rotary(slice(0, T), torch.float32)  # (T, K/2) each
    later = torch.ones(T, T, dtype=torch.bool).triu(1)  # (T, T)
    seen = []
    for number, layer in enumerate(model.layers):
        q, k, v = (part[0] for part in model.projected(layer, x, turn, 1))
        k, v = k.repeat_interleave(H // G, 0), v.repeat_interleave(H // G, 0)  # (H, T, K)
        scores = q @ k.mT / math.sqrt(K)  # (H, T, T)
        weights = scores.masked_fill(later, -math.inf).softmax(-1)  # (H, T, T)
        mixed = weights @ v  # (H, T, K)
        for where, head in off:
            if where == number:
                mixed[head] = 0.0
        layer.out.add(mixed.transpose(0, 1).reshape(T, H * K), x)
        inside = layer.gate_up.gate(x, layer.norm2, model.epsilon)  # (T, M)
        layer.down.add(inside[:, : layer.down.columns], x)
        seen.append(weights)
    return Look(torch.stack(seen), model.logits(F.rms_norm(x, model.norm.shape, model.norm, model.epsilon)))
