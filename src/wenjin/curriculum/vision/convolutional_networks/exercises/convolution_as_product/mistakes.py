"""Convolution as a line of stages, and the mistakes: each puts another function in the place of a stage.

    given -> pad -> windows -> columns -> product -> bias -> back -> output

A stage is `stage(a, x) -> x`: `a` holds the call's arguments, `x` is what the stage before it made.

Rule    to add a mistake, write the stage as someone who believes it would, put it under its stage and its name, and
        give it a text in mistakes.toml. Mistakes at the same stage exclude each other.
Shapes  x (N, C, H, W)   w (M, C, U, V)   windows (N, C, U, V, H', W')   columns (C*U*V, N, H', W')
        product (M, N, H', W')
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Arguments(NamedTuple):
    x: Tensor
    w: Tensor
    b: Tensor
    stride: int
    padding: int


Stage = Callable[[Arguments, Any], Any]
Mistakes = dict[str, Stage]


def unchanged(a: Arguments, x: Any) -> Any:
    return x


# ---- given: pictures and weights as they are taken ----

GIVEN: Mistakes = {
    "kernel-must-be-flipped": lambda a, _: a._replace(w=a.w.flip(-2, -1)),
    "first-channel-only": lambda a, _: a._replace(x=a.x[:, :1], w=a.w[:, :1]),
    "first-picture-only": lambda a, _: a._replace(x=a.x[:1]),
}

# ---- pad: a frame of zeros ----


def pad(a: Arguments, _: Any) -> Tensor:
    return F.pad(a.x, (a.padding,) * 4)


PAD: Mistakes = {
    "padding-ignored": lambda a, _: a.x,
    "padding-counted-once": lambda a, _: F.pad(a.x, (0, a.padding, 0, a.padding)),
    "padding-with-ones": lambda a, _: F.pad(a.x, (a.padding,) * 4, value=1.0),
    "padding-repeats-the-edge": lambda a, _: F.pad(a.x, (a.padding,) * 4, mode="replicate"),
}

# ---- windows: what each place of the kernel sees ----


def windows(a: Arguments, x: Tensor, rows: int | None = None, columns: int | None = None) -> Tensor:
    U, V = a.w.shape[2:]
    seen = x.unfold(2, U, rows or a.stride).unfold(3, V, columns or a.stride)  # (N, C, H', W', U, V)
    return seen.permute(0, 1, 4, 5, 2, 3)


def as_square(a: Arguments, x: Tensor) -> Tensor:
    side = min(x.shape[2:])
    return windows(a, x[:, :, :side, :side])


WINDOWS: Mistakes = {
    "stride-ignored": lambda a, x: windows(a, x, 1, 1),
    "stride-on-rows-only": lambda a, x: windows(a, x, a.stride, 1),
    "blocks-side-by-side": lambda a, x: windows(a, x, *a.w.shape[2:]),
    "last-window-dropped": lambda a, x: windows(a, x)[..., :-1, :-1],
    "picture-taken-as-square": as_square,
}

# ---- columns: a window as one column, in the order of the weights ----


def columns(a: Arguments, seen: Tensor) -> Tensor:
    return seen.permute(1, 2, 3, 0, 4, 5).flatten(0, 2)


COLUMNS: Mistakes = {
    "window-read-by-columns": lambda a, seen: seen.permute(1, 3, 2, 0, 4, 5).flatten(0, 2),
    "channels-last": lambda a, seen: seen.permute(2, 3, 1, 0, 4, 5).flatten(0, 2),
}

# ---- product: every kernel with every column ----


def multiply(a: Arguments, seen: Tensor) -> Tensor:
    return (a.w.flatten(1) @ seen.flatten(1)).unflatten(1, seen.shape[1:])


def sticking(a: Arguments, seen: Tensor) -> Tensor:
    """The weights lie on the picture like tiles, and a window finds there whatever lies below it."""
    high, wide = (side + 2 * a.padding for side in a.x.shape[2:])
    U, V = a.w.shape[2:]
    tiles = a.w.repeat(1, 1, -(-high // U), -(-wide // V))[:, :, :high, :wide]  # (M, C, high, wide)
    return torch.einsum("kmij,knij->mnij", columns(a, windows(a, tiles)), seen)


def apart(a: Arguments, seen: Tensor) -> Tensor:
    C = a.w.size(1)
    by_channel = seen.unflatten(0, (C, -1))  # (C, U*V, N, H', W')
    return torch.einsum("mck,cknij->mcnij", a.w.flatten(2), by_channel).flatten(0, 1)


PRODUCT: Mistakes = {
    "weights-differ-by-position": sticking,
    "channels-convolved-apart": apart,
    "mean-for-sum": lambda a, seen: multiply(a, seen) / a.w[0].numel(),
    "mean-over-channels": lambda a, seen: multiply(a, seen) / a.w.size(1),
}

# ---- bias: one number a map ----


def add_bias(a: Arguments, y: Tensor) -> Tensor:
    return y + a.b.repeat_interleave(len(y) // len(a.b))[:, None, None, None]


BIAS: Mistakes = {
    "bias-forgotten": unchanged,
    "bias-for-each-channel": lambda a, y: add_bias(a._replace(b=a.b * a.w.size(1)), y),
    "bias-subtracted": lambda a, y: add_bias(a._replace(b=-a.b), y),
}

# ---- back: columns become maps again ----


def back(a: Arguments, y: Tensor) -> Tensor:
    return y.transpose(0, 1)


BACK: Mistakes = {
    "reshape-for-transpose": lambda a, y: y.reshape(y.size(1), y.size(0), *y.shape[2:]),
    "maps-read-last": lambda a, y: y.permute(1, 2, 3, 0).reshape(y.size(1), y.size(0), *y.shape[2:]),
    "maps-left-first": unchanged,
    "not-turned-back": lambda a, y: y.flatten(1),
    "rows-and-columns-swapped": lambda a, y: y.permute(1, 0, 3, 2),
}

# ---- output: what is handed back ----

OUTPUT: Mistakes = {
    "not-differentiable": lambda a, y: y.detach(),
    "buffer-in-float32": lambda a, y: y.float(),
    "activation-added": lambda a, y: y.relu(),
    "return-none": lambda a, y: None,
}

# ---- the line ----

STAGES: tuple[tuple[Stage, Mistakes], ...] = (
    (pad, PAD),
    (windows, WINDOWS),
    (columns, COLUMNS),
    (multiply, PRODUCT),
    (add_bias, BIAS),
    (back, BACK),
    (unchanged, OUTPUT),
)


def convolve(
    x: Tensor, w: Tensor, b: Tensor, stride: int = 1, padding: int = 0, fault: frozenset[str] = frozenset()
) -> Any:
    """A convolution, (N, M, H', W'); each name in `fault` switches one mistake on."""
    a = Arguments(x, w, b, stride, padding)
    for name in sorted(fault & GIVEN.keys()):
        a = GIVEN[name](a, None)
    y: Any = a.x
    for right, wrong in STAGES:
        y = next((wrong[name] for name in sorted(fault & wrong.keys())), right)(a, y)
    return y


# Two functions cannot stand in one place.
EXCLUSIVE = frozenset(
    frozenset(pair) for mistakes in (GIVEN, *(wrong for _, wrong in STAGES)) for pair in combinations(mistakes, 2)
)
