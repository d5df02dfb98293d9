import math

import torch


def scaled_dot_product_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = False
) -> torch.Tensor:
    """softmax(q·kᵀ / √D) · v

    q: (B, H, T_q, D)   k, v: (B, H, T_k, D)   returns: (B, H, T_q, D)
    """
    scores = q @ k.transpose(-2, -1)  # (B, H, T_q, T_k): each query with each key
    scores = scores / math.sqrt(q.size(-1))  # a spread that does not grow with D
    if causal:
        T_q, T_k = scores.shape[-2:]
        later = torch.ones(T_q, T_k, dtype=torch.bool, device=q.device).triu(1 + T_k - T_q)
        scores = scores.masked_fill(later, float("-inf"))  # before softmax: exp(-inf) is exactly 0
    weights = scores.softmax(dim=-1)  # each query shares out 1 among the keys that it sees
    return weights @ v  # (B, H, T_q, D)
