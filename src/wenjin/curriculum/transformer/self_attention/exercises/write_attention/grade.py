"""Write attention: the cases on which an answer is compared, and the patterns by which a mistake is told.

Rule    heads are 8 wide except under the tags of OTHER_WIDTHS, and the tags of UNEQUAL hold every case with fewer
        queries than keys, those of BATCHES every one with two batches or more: the signatures rely on all three
Proof   tests/curriculum/test_self_attention_exercises.py: right programs of many styles pass on fresh draws, and
        every mistake behaves unlike every other one
"""

import math
from itertools import combinations
from operator import mul
from random import Random
from typing import Any

import torch
from torch import Tensor

from wenjin.kit.exercise import Case, Code, load_sibling, read_mistakes
from wenjin.kit.text import Text

mistakes = load_sibling(__file__, "mistakes")

Inputs = tuple[Tensor, ...]  # q, k, v

# Right programs of many styles differ by at most half of these (and of 1e-5): see the test of tolerances.
FLOAT64, FLOAT16, BFLOAT16, LARGE = 1e-8, 1e-2, 8e-2, 3e-2


def small(dice: Random, queries: int, keys: int) -> Inputs:
    """Whole numbers, one head, width 4, so that √4 = 2. Value j is the unit vector j: the result is the weights."""
    while True:
        q, k = ([[dice.randint(-2, 2) for _ in range(4)] for _ in range(n)] for n in (queries, keys))
        rows = [[sum(map(mul, x, y)) for y in k] for x in q]
        readable = all(len(set(row)) == keys and max(map(abs, row)) <= 6 for row in rows)
        # Neither the scores nor the weights may read the same by columns as by rows.
        lopsided = queries < keys or all(
            rows[i][j] != rows[j][i] and rows[i][i] - rows[i][j] != rows[j][j] - rows[j][i]
            for i, j in combinations(range(keys), 2)
        )
        # A zero among the last query's scores shows a mask that takes every zero for a hidden key.
        if readable and lopsided and 0 in rows[-1]:
            unit = [[float(i == j) for i in range(4)] for j in range(keys)]
            return tuple(torch.tensor([[x]], dtype=torch.float32) for x in (q, k, unit))


def loud(q: Tensor, k: Tensor, v: Tensor) -> Inputs:
    """The same directions, with scaled scores up to 10,000."""
    highest = (q @ k.transpose(-2, -1)).abs().max() / math.sqrt(q.size(-1))
    return q * (1e4 / highest).sqrt(), k * (1e4 / highest).sqrt(), v


def low(q: Tensor, k: Tensor, v: Tensor) -> Inputs:
    """Scaled scores within a few steps of -9,000: what hides a key must lie far below them."""
    size = math.sqrt(9000 / math.sqrt(q.size(-1)))
    q = q.abs() + 0.5
    return size * q * q.size(-1) / q.sum(-1, keepdim=True), 0.05 * k - size, v


def cases(dice: Random) -> list[Case]:
    """Fresh numbers, small readable cases first."""
    mistakes.SEEN.clear()
    random = torch.Generator().manual_seed(dice.getrandbits(62))

    def drawn(batch: int, heads: int, queries: int, keys: int, width: int = 8, dtype: Any = torch.float32) -> Inputs:
        rows = (queries, keys, keys)
        return tuple(torch.randn(batch, heads, n, width, generator=random).to(dtype) for n in rows)

    def case(tag: str, args: Inputs, zh: str, en: str, **more: Any) -> Case:
        return Case(tag, args, Text(zh, en), **more)

    def causal(tag: str, args: Inputs, zh: str, en: str, **more: Any) -> Case:
        return Case(tag, args, Text(f"causal=True，{zh}", f"causal=True, {en}"), {"causal": True}, **more)

    fp16, bf16, fp64 = drawn(1, 2, 5, 5), drawn(1, 2, 5, 5), drawn(2, 2, 6, 6, dtype=torch.float64)
    fp16, bf16 = tuple(x.half() for x in fp16), tuple(x.bfloat16() for x in bf16)
    keys = dice.randrange(1030, 1060)
    return [
        case("basic", small(dice, 2, 2), "两个词，宽度 4", "two tokens, width 4"),
        causal("causal", small(dice, 3, 3), "三个词，宽度 4", "three tokens, width 4"),
        causal("cached", small(dice, 2, 3), "两个查询，三个键", "two queries, three keys"),
        case("heads", drawn(2, 3, 5, 5), "两批，三头", "a batch of two, three heads"),
        case("width", drawn(1, 2, 5, 5, 12), "宽度 12", "width 12"),
        case("cross", drawn(2, 3, 3, 7), "三个查询，七个键", "three queries, seven keys"),
        case("equal", drawn(3, 3, 3, 3, 3), "批、头、词、宽度都是 3", "batch, heads, tokens and width all 3"),
        causal("causal", drawn(2, 3, 6, 6), "两批，三头，六个词", "a batch of two, three heads, six tokens"),
        causal("cached", drawn(1, 2, 3, 7), "三个查询，七个键", "three queries, seven keys"),
        causal("last", drawn(2, 2, 1, 6), "一个新查询，六个键", "one new query, six keys"),
        case("again", drawn(2, 3, 5, 5), "两批，三头，另一些数", "a batch of two, three heads, other numbers"),
        case("strided", drawn(2, 2, 5, 5), "输入在内存中不连续", "inputs not contiguous in memory", strided=True),
        causal("gradient", drawn(1, 2, 4, 4), "带梯度", "with gradients", gradient=True),
        case(
            "gradient",
            drawn(2, 1, 2, 5),
            "两个查询，五个键，带梯度",
            "two queries, five keys, gradients",
            gradient=True,
        ),
        causal("fp16", fp16, "float16", "float16", tolerance=FLOAT16),
        causal("bf16", bf16, "bfloat16", "bfloat16", tolerance=BFLOAT16),
        case("fp64", fp64, "float64", "float64", tolerance=FLOAT64),
        case("large", loud(*drawn(1, 2, 5, 6)), "缩放后的分数到一万", "scaled scores up to 10,000", tolerance=LARGE),
        causal("low", low(*drawn(1, 2, 5, 5)), "缩放后的分数近 -9000", "scaled scores near -9,000", tolerance=LARGE),
        causal("long", drawn(1, 1, 3, keys), f"三个查询，{keys} 个键", f"three queries, {keys} keys"),
    ]


TAGS = frozenset(case.tag for case in cases(Random(0)))
OTHER_WIDTHS = frozenset({"basic", "causal", "cached", "width", "equal"})
BATCHES = frozenset({"causal", "heads", "cross", "equal", "last", "again", "strided", "gradient", "fp64"})
LONE = frozenset({"basic", "long"})  # one batch, one head
UNEQUAL = frozenset({"cross", "cached", "last", "gradient", "large", "long"})

TOLD = {  # the cases that fail, however the answer was written, tell these
    "again": "cached-by-shape",
    "heads": "cached-by-shape",  # cases come in any order: the other of the two may be the first
    "again gradient": "cached-by-shape",
    "heads gradient": "cached-by-shape",
    "strided": "needs-contiguous",
    "gradient": "not-differentiable",
    "gradient bf16": "numpy-round-trip",
    "fp16": "mask-overflow-half",
    "fp16 bf16": "mask-float32",
    "fp16 bf16 fp64": "dtype",
    "fp64": "float64-loses-digits",
    "large": "unstable-exp",
    "large low": "unstable-exp",
    "low": "mask-too-weak",
    "long": "fixed-length",
    "cached": "causal-cross-length",
    "cached long": "causal-cross-length",
    "cached last": "causal-cross-length",
    "cached last long": "causal-cross-length",
    "causal cached gradient fp16 bf16 low long": "mask-leaks",
    "causal cached gradient low long": "mask-leaks",  # a leak too small for the halves
    "causal cached gradient low": "mask-leaks",
}
SIGNATURES = {frozenset(tags.split()): name for tags, name in TOLD.items()} | {
    UNEQUAL: "assumes-equal-lengths",
    OTHER_WIDTHS: "hard-coded-width",
    BATCHES: "first-batch-filled",
    TAGS - LONE: "heads-summed",
}
# Few bits are enough for whole numbers, for a score that wins by far, and for the halves themselves.
for spared in ("fp16 bf16", "bf16", "fp16 bf16 basic", "bf16 basic"):
    for also in ("", "large", "large low"):
        SIGNATURES[TAGS - set(spared.split()) - set(also.split())] = "precision"

KERNELS = ("flash", "efficient", "cudnn", "fused", "multi_head", "flex")

exercise = Code(
    form="function",
    define="scaled_dot_product_attention",
    solution=mistakes.attend,
    cases=cases,
    mistakes=read_mistakes(__file__),
    exclusive=mistakes.EXCLUSIVE,
    forbidden=(
        "scaled_dot_product_attention",
        "scaled_dot_attention",
        "transformer_encoder_layer",
        *(f"{kernel}_attention" for kernel in KERNELS),
    ),
    signatures=SIGNATURES,
)
