"""Convolution as one matrix product: the cases on which an answer is compared.

Rule    small readable cases first, in whole numbers; no kernel equals its mirror image, no picture is square but the
        first two, and each size occurs once in a shape, so that no two axes can be taken for each other unseen
Proof   tests/curriculum/test_convolutional_networks_exercises.py: right programs of several styles pass on fresh draws,
        and every mistake is told by its own name
"""

from random import Random
from typing import Any

import torch
from torch import Tensor

from wenjin.kit.exercise import Case, Code, load_sibling, read_mistakes
from wenjin.kit.text import Text

mistakes = load_sibling(__file__, "mistakes")

Inputs = tuple[Tensor, ...]  # x, w, b
FLOAT64 = 1e-9


def small(dice: Random, side: int, kernel: int) -> Inputs:
    """One picture, one map, whole numbers. Nothing is even: the kernel differs from what it looks like when it is
    flipped or transposed, and so does the picture."""
    while True:
        x = [[dice.randint(0, 3) for _ in range(side)] for _ in range(side)]
        w = [[dice.randint(-2, 3) for _ in range(kernel)] for _ in range(kernel)]
        flat = [weight for row in w for weight in row]
        turned = [list(row) for row in zip(*w, strict=True)]
        if (
            len(set(flat)) == len(flat)
            and 0 not in flat
            and w != turned
            and x != [list(r) for r in zip(*x, strict=True)]
        ):
            b = dice.choice((1, 2, 3))
            return tuple(torch.tensor(n, dtype=torch.float32) for n in ([[x]], [[w]], [b]))


def cases(dice: Random) -> list[Case]:
    """Fresh numbers, small readable cases first."""
    random = torch.Generator().manual_seed(dice.getrandbits(62))

    def drawn(*sizes: int, dtype: Any = torch.float32) -> Inputs:
        """Of sizes N, C, H, W, M, U, V."""
        N, C, H, W, M, U, V = sizes
        x, w, b = (
            torch.randn(*shape, generator=random, dtype=torch.float64) for shape in ((N, C, H, W), (M, C, U, V), (M,))
        )
        return x.to(dtype), (w / (C * U * V) ** 0.5).to(dtype), b.to(dtype)

    def case(tag: str, args: Inputs, zh: str, en: str, stride: int = 1, padding: int = 0, **more: Any) -> Case:
        how = {"stride": stride, "padding": padding}
        return Case(tag, args, Text(zh, en), {name: n for name, n in how.items() if n != (name == "stride")}, **more)

    return [
        case("basic", small(dice, 3, 2), "3×3 的图，2×2 的核", "a picture of 3×3, a kernel of 2×2"),
        case(
            "stride",
            small(dice, 5, 2),
            "步幅 2，最后一行一列没人看",
            "stride 2; nobody sees the last row and column",
            2,
        ),
        case("padding", small(dice, 3, 2), "四周补一圈零", "a frame of zeros", padding=1),
        case("channels", drawn(1, 3, 5, 6, 2, 3, 3), "三个通道，两张输出图", "three channels, two maps"),
        case("batch", drawn(4, 2, 6, 5, 3, 3, 3), "一批四张", "a batch of four"),
        case("oblong", drawn(2, 3, 7, 6, 4, 2, 3), "2×3 的核", "a kernel of 2×3"),
        case("point", drawn(2, 3, 4, 5, 5, 1, 1), "1×1 的核", "a kernel of 1×1"),
        case("whole", drawn(3, 2, 4, 5, 6, 4, 5), "核与图一样大", "a kernel as large as the picture"),
        case("both", drawn(2, 3, 9, 7, 4, 3, 2), "步幅 2，填充 1", "stride 2, padding 1", 2, 1),
        case(
            "strided", drawn(2, 3, 6, 7, 4, 3, 3), "输入在内存中不连续", "inputs not contiguous in memory", strided=True
        ),
        case("gradient", drawn(2, 3, 6, 5, 4, 3, 3), "带梯度", "with gradients", gradient=True),
        case(
            "gradient",
            drawn(3, 2, 7, 6, 4, 3, 2),
            "带梯度，步幅 2，填充 1",
            "gradients, stride 2, padding 1",
            2,
            1,
            gradient=True,
        ),
        case("fp64", drawn(2, 3, 6, 5, 4, 3, 3, dtype=torch.float64), "float64", "float64", tolerance=FLOAT64),
        case("large", drawn(16, 6, 28, 30, 16, 5, 5), "16 张 28×30 的图", "sixteen pictures of 28×30", padding=2),
    ]


exercise = Code(
    form="function",
    define="convolve",
    solution=mistakes.convolve,
    cases=cases,
    mistakes=read_mistakes(__file__),
    exclusive=mistakes.EXCLUSIVE,
    forbidden=(
        *(f"conv{n}d" for n in (1, 2, 3)),
        *(f"conv_transpose{n}d" for n in (1, 2, 3)),
        "convolution",
        "torch.nn.functional.unfold",
        "im2col",
    ),
    signatures={frozenset(("fp64",)): "buffer-in-float32", frozenset(("gradient",)): "not-differentiable"},
)
