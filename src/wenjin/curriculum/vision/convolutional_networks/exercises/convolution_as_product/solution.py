import torch


def convolve(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor, stride: int = 1, padding: int = 0) -> torch.Tensor:
    """Every kernel with every window, as one matrix product.

    x: (N, C, H, W)   w: (M, C, U, V)   b: (M,)   returns: (N, M, H', W')
    """
    (N, C, H, W), (M, _, U, V) = x.shape, w.shape
    padded = x.new_zeros(N, C, H + 2 * padding, W + 2 * padding)
    padded[:, :, padding : padding + H, padding : padding + W] = x
    high, wide = (H + 2 * padding - U) // stride + 1, (W + 2 * padding - V) // stride + 1

    seen = []  # what weight (u, v) meets at all its places at once
    for u in range(U):
        for v in range(V):
            rows, columns = slice(u, u + stride * (high - 1) + 1, stride), slice(v, v + stride * (wide - 1) + 1, stride)
            seen.append(padded[:, :, rows, columns])  # (N, C, H', W')
    patches = torch.stack(seen, dim=2)  # (N, C, U*V, H', W')
    patches = patches.permute(1, 2, 0, 3, 4).reshape(C * U * V, N * high * wide)  # a window is a column

    y = w.reshape(M, -1) @ patches + b[:, None]  # (M, N*H'*W')
    return y.reshape(M, N, high, wide).transpose(0, 1)  # maps stand first: swap, do not reshape
