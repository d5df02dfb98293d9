"""Output shapes and parameters of six layers, by hand.

    room = side + 2 p - (d (k - 1) + 1)      side' = room // s + 1      parameters = maps (C k² + 1)

Rule    four convolutions between which one thing changes at a time, one with all at once, and a pool; every layer has
        an input of its own, so that an error in one does not spread to the next
Rule    givens are drawn until each mistake shows, and shows unlike every other
Proof   tests/curriculum/test_convolutional_networks_exercises.py: on many variants the solution equals torch.nn, and
        every mistake is told by its own name
"""

from itertools import combinations
from random import Random
from typing import Any

from wenjin.kit.exercise import Field, Numeric, read_mistakes
from wenjin.kit.text import Text

NONE: frozenset[str] = frozenset()
Layer = dict[str, Any]


def side(layer: Layer, entering: int, fault: frozenset[str]) -> int:
    """One side of the output."""
    k, s, p, d = (layer[name] for name in ("kernel", "stride", "padding", "dilation"))
    reach = d * (k - 1) + 1
    if "dilation-ignored" in fault:
        reach = k
    if "dilation-multiplies-kernel" in fault:
        reach = d * k
    room = entering + (p if "padding-counted-once" in fault else 2 * p) - reach
    if "padding-keeps-the-size" in fault and p:
        room = entering - 1
    if "stride-ignored" in fault:
        s = 1
    if "rounded-up" in fault:
        return -(-room // s) + 1
    return room // s if "places-not-counted" in fault else room // s + 1


def shape(layer: Layer, fault: frozenset[str]) -> list[int]:
    high, wide = (side(layer, layer[name], fault) for name in ("height", "width"))
    maps = layer["maps"] if layer["kind"] == "convolution" else layer["channels"]
    if "channels-convolved-apart" in fault and layer["kind"] == "convolution":
        maps *= layer["channels"]
    if "rows-and-columns-swapped" in fault:
        high, wide = wide, high
    return [maps, high, wide]


def parameters(layer: Layer, fault: frozenset[str]) -> int:
    area, channels, maps = layer["kernel"] ** 2, layer["channels"], layer["maps"]
    if layer["kind"] == "pool":
        return channels * area if "pool-has-weights" in fault else 0
    if fault & {"channels-convolved-apart", "one-channel-of-weights"}:
        channels = 1
    bias = 0 if "bias-forgotten" in fault else 1
    if "bias-for-each-channel" in fault:
        bias = channels
    count: int = maps * (channels * area + bias)
    if "weights-differ-by-position" in fault:
        _, high, wide = shape(layer, fault)
        count *= high * wide
    return count


def solution(givens: dict[str, Any], fault: frozenset[str] = NONE) -> dict[str, Any]:
    layers = givens["layers"]
    return {
        "shapes": [shape(layer, fault) for layer in layers],
        "parameters": [parameters(layer, fault) for layer in layers],
    }


def layer(dice: Random, *, stride: int = 1, padding: int = 0, dilation: int = 1, kind: str = "convolution") -> Layer:
    kernel = 2 if kind == "pool" else dice.choice((3, 5))
    height, width = dice.sample(range(13, 33), 2)
    maps = dice.choice((4, 6, 8, 16))
    return {
        "kind": kind,
        "channels": dice.randint(2, 8),
        "height": height,
        "width": width,
        "maps": maps,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }


def draw(dice: Random) -> dict[str, Any]:
    while True:
        layers = [
            layer(dice),
            layer(dice, padding=dice.choice((1, 2, 3))),
            layer(dice, stride=2, padding=1),
            layer(dice, dilation=dice.choice((2, 3)), padding=1),
            layer(dice, stride=2, kind="pool"),
            layer(dice, stride=dice.choice((2, 3)), padding=2, dilation=2),
        ]
        givens = {"layers": layers}
        told = [solution(givens, frozenset(name)) for name in [(), *((name,) for name in MISTAKES)]]
        if all(a != b for a, b in combinations(told, 2)):
            return givens


def show(givens: dict[str, Any]) -> Text:
    def cells(n: int, one: Layer) -> str:
        maps = one["maps"] if one["kind"] == "convolution" else "–"
        size, how = f"{one['channels']} × {one['height']} × {one['width']}", ("kernel", "stride", "padding", "dilation")
        kernel, *rest = (one[name] for name in how)
        return (
            f"| {n} | {{{one['kind']}}} | {size} | {maps} | {kernel} × {kernel} | " + " | ".join(map(str, rest)) + " |"
        )

    rows = "\n".join(cells(n, one) for n, one in enumerate(givens["layers"], 1))
    zh = "| 层 | 种类 | 输入（通道 × 高 × 宽） | 输出通道 | 核 | 步幅 s | 填充 p | 膨胀 d |"
    en = "| layer | kind | input (channels × height × width) | maps | kernel | stride s | padding p | dilation d |"
    line = "|---" * 8 + "|"
    return Text(
        f"{zh}\n{line}\n" + rows.format(convolution="卷积", pool="最大池化"),
        f"{en}\n{line}\n" + rows.format(convolution="convolution", pool="max pooling"),
    )


MISTAKES = read_mistakes(__file__)

exercise = Numeric(
    fields=(
        Field("shapes", Text("输出形状：通道、高、宽（6×3）", "Output shapes: channels, height, width (6×3)"), (6, 3)),
        Field("parameters", Text("参数个数，含偏置（6 个）", "Parameters, biases included (6)"), (6,)),
    ),
    draw=draw,
    show=show,
    solution=solution,
    mistakes=MISTAKES,
)
