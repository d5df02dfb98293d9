import torch


def convolve(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor, stride: int = 1, padding: int = 0) -> torch.Tensor:
    """Every kernel with every window, as one matrix product.

    x: (N, C, H, W)   w: (M, C, U, V)   b: (M,)   returns: (N, M, H', W')
    """
    raise NotImplementedError
