import torch


def scaled_dot_product_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = False
) -> torch.Tensor:
    """softmax(q·kᵀ / √D) · v

    q: (B, H, T_q, D)   k, v: (B, H, T_k, D)   returns: (B, H, T_q, D)
    """
    raise NotImplementedError
