"""Convolution and pooling with their gradients, written out: by loops, and by one matrix product.

    convolve   x -> patches (im2col) -> weights times patches -> feature maps
    backward   the same product from both sides; what falls back on a pixel adds up (col2im)
    pool       x -> patches -> the greatest, or the mean, of each

As in every library the kernel is not flipped: what is computed is a cross-correlation.

Omits    one and three axes, transposed convolution, padding of pools, padding by other than zeros
Shapes   N pictures   C channels   H W height and width   M feature maps   U V kernel   G groups
         H' W' height and width of a feature map.  Patches are (C*U*V, N*H'*W'): a column is what one output sees
Sources  LeCun et al. 1998 doi:10.1109/5.726791 (II); the product: Chellapilla, Puri, Simard 2006 (inria-00112631);
         sizes with stride, padding and dilation: Dumoulin, Visin 2016 arXiv:1603.07285
Proof    tests/stack/nn/test_convolution.py: the loops equal torch.nn.functional, and the products the loops, on shapes
         of every kind; gradients, too, by torch's own and by differences; the spread is the patches' adjoint
"""

import math
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function


def size(side: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How many places a kernel has along one axis. Raises ValueError where there is none."""
    reach = dilation * (kernel - 1) + 1  # pixels from its first to its last weight
    room = side + 2 * padding - reach
    if room < 0:
        raise ValueError(f"a kernel that reaches over {reach} pixels does not fit into {side} + 2 * {padding}")
    return room // stride + 1


def loops(
    x: Tensor, w: Tensor, b: Tensor, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1
) -> Tensor:
    """The definition, number by number: the plain twin of `convolve`."""
    (N, _, H, W), (M, D, U, V) = x.shape, w.shape  # D = C / G: the channels that a map sees
    high, wide = size(H, U, stride, padding, dilation), size(W, V, stride, padding, dilation)
    y = x.new_zeros(N, M, high, wide)
    for n, m, i, j in product(range(N), range(M), range(high), range(wide)):
        total = b[m]
        for d, u, v in product(range(D), range(U), range(V)):
            c = m // (M // groups) * D + d
            row, column = i * stride + u * dilation - padding, j * stride + v * dilation - padding
            if 0 <= row < H and 0 <= column < W:  # elsewhere lie the padding's zeros
                total = total + w[m, d, u, v] * x[n, c, row, column]
        y[n, m, i, j] = total
    return y  # (N, M, H', W')


def patches(x: Tensor, kernel: tuple[int, int], stride: int = 1, padding: int = 0, dilation: int = 1) -> Tensor:
    """im2col: what each output sees, a column for each, (C*U*V, N*H'*W')."""
    N, C, H, W = x.shape
    high, wide = (size(side, k, stride, padding, dilation) for side, k in zip((H, W), kernel, strict=True))
    ground = x.new_zeros(C, N, H + 2 * padding, W + 2 * padding)
    ground[:, :, padding : padding + H, padding : padding + W] = x.transpose(0, 1)
    columns = x.new_empty(C, *kernel, N, high, wide)
    for u, v in product(*map(range, kernel)):
        columns[:, u, v] = ground[:, :, *_seen(u, v, high, wide, stride, dilation)]
    return columns.view(C * kernel[0] * kernel[1], N * high * wide)


def spread(
    columns: Tensor, shape: torch.Size, kernel: tuple[int, int], stride: int = 1, padding: int = 0, dilation: int = 1
) -> Tensor:
    """col2im, the way back of gradients: each number returns to the pixel that it came from, and there they add up."""
    N, C, H, W = shape
    high, wide = (size(side, k, stride, padding, dilation) for side, k in zip((H, W), kernel, strict=True))
    columns = columns.view(C, *kernel, N, high, wide)
    ground = columns.new_zeros(C, N, H + 2 * padding, W + 2 * padding)
    for u, v in product(*map(range, kernel)):
        ground[:, :, *_seen(u, v, high, wide, stride, dilation)] += columns[:, u, v]
    return ground[:, :, padding : padding + H, padding : padding + W].transpose(0, 1)  # (N, C, H, W)


def _seen(u: int, v: int, high: int, wide: int, stride: int, dilation: int) -> tuple[slice, slice]:
    """The pixels that weight (u, v) meets at all its places."""
    top, left = u * dilation, v * dilation
    return slice(top, top + stride * (high - 1) + 1, stride), slice(left, left + stride * (wide - 1) + 1, stride)


class _Convolve(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, b: Tensor, how: tuple[int, int, int], groups: int) -> Tensor:
        M, _, U, V = w.shape
        columns = patches(x, (U, V), *how)  # (C*U*V, L), L = N*H'*W'
        ctx.save_for_backward(columns, w)
        ctx.how, ctx.groups, ctx.shape = how, groups, x.shape
        # A group's weights are rows of their own, and meet only that group's part of a column.
        y = w.reshape(groups, M // groups, -1) @ columns.view(groups, -1, columns.shape[1])  # (G, M/G, L)
        stride, padding, dilation = how
        high = size(x.shape[2], U, stride, padding, dilation)
        return (y.view(M, -1) + b[:, None]).view(M, len(x), high, -1).transpose(0, 1)  # (N, M, H', W')

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None, None]:
        columns, w = ctx.saved_tensors
        G, M = ctx.groups, w.shape[0]
        dy = dy.transpose(0, 1).reshape(G, M // G, -1)  # (G, M/G, L)
        dw = dy @ columns.view(G, -1, columns.shape[1]).transpose(1, 2)  # (G, M/G, K): from every place, added up
        dx = None
        if ctx.needs_input_grad[0]:
            back = w.reshape(G, M // G, -1).transpose(1, 2) @ dy  # (G, K, L)
            dx = spread(back.reshape(columns.shape), ctx.shape, tuple(w.shape[2:]), *ctx.how)
        return dx, dw.view(w.shape), dy.reshape(M, -1).sum(1), None, None


class _Greatest(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: int, stride: int) -> Tensor:
        N, C, H, W = x.shape
        columns = patches(x, (kernel, kernel), stride).view(C, kernel**2, -1)  # (C, U*V, L)
        most, place = columns.max(dim=1)  # (C, L); of equal ones the first
        ctx.save_for_backward(place)
        ctx.kernel, ctx.stride, ctx.shape = kernel, stride, x.shape
        return most.view(C, N, size(H, kernel, stride), size(W, kernel, stride)).transpose(0, 1)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None, None]:
        (place,) = ctx.saved_tensors
        C, L = place.shape
        columns = dy.new_zeros(C, ctx.kernel**2, L)
        columns.scatter_(1, place[:, None], dy.transpose(0, 1).reshape(C, 1, L))  # all to the one that won
        return spread(columns, ctx.shape, (ctx.kernel, ctx.kernel), ctx.stride), None, None


class _Mean(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: int, stride: int) -> Tensor:
        N, C, H, W = x.shape
        ctx.kernel, ctx.stride, ctx.shape = kernel, stride, x.shape
        columns = patches(x, (kernel, kernel), stride).view(C, kernel**2, -1)  # (C, U*V, L)
        return columns.mean(dim=1).view(C, N, size(H, kernel, stride), size(W, kernel, stride)).transpose(0, 1)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None, None]:
        C, area = ctx.shape[1], ctx.kernel**2
        columns = (dy.transpose(0, 1).reshape(C, 1, -1) / area).expand(-1, area, -1)  # an equal part to each
        return spread(columns.contiguous(), ctx.shape, (ctx.kernel, ctx.kernel), ctx.stride), None, None


def convolve(
    x: Tensor, w: Tensor, b: Tensor, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1
) -> Tensor:
    """x (N, C, H, W), w (M, C/G, U, V), b (M,) -> (N, M, H', W'). Raises ValueError for channels that do not fit."""
    if x.shape[1] != w.shape[1] * groups or w.shape[0] % groups:
        raise ValueError(f"{x.shape[1]} channels, weights {tuple(w.shape)} and {groups} groups do not fit together")
    y: Tensor = _Convolve.apply(x, w, b, (stride, padding, dilation), groups)  # type: ignore[no-untyped-call]
    return y


def pool_greatest(x: Tensor, kernel: int, stride: int | None = None) -> Tensor:
    """The greatest number of each window; windows lie side by side unless a stride is given."""
    y: Tensor = _Greatest.apply(x, kernel, stride or kernel)  # type: ignore[no-untyped-call]
    return y


def pool_mean(x: Tensor, kernel: int, stride: int | None = None) -> Tensor:
    """The mean of each window."""
    y: Tensor = _Mean.apply(x, kernel, stride or kernel)  # type: ignore[no-untyped-call]
    return y


class Convolution(nn.Module):
    """Named as torch.nn.Conv2d, so that its weights load as they are; begins as that does, at random within 1/√K."""

    def __init__(
        self, channels: int, maps: int, kernel: int, *, stride: int = 1, padding: int = 0, groups: int = 1
    ) -> None:
        super().__init__()
        if channels % groups or maps % groups:
            raise ValueError(f"{groups=} must divide {channels=} and {maps=}")
        self.stride, self.padding, self.groups = stride, padding, groups
        bound = 1 / math.sqrt(channels // groups * kernel**2)  # K inputs to each output
        self.weight = nn.Parameter(torch.empty(maps, channels // groups, kernel, kernel).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(maps).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        return convolve(x, self.weight, self.bias, self.stride, self.padding, groups=self.groups)
