"""A failing case in words: the input, what was expected, what came, and where the first difference stands."""

from typing import Any

import numpy as np

from wenjin.kit.exercise import Case
from wenjin.kit.text import Text
from wenjin.study.judge.compare import Difference, Observation, numbers
from wenjin.study.sandbox.inside.frames import Array, Foreign

SMALL = 24  # numbers that are written out; a larger tensor is told by its shape
LINE = 160


def value(x: Any) -> str:
    """A value as a learner would write it, a large one by its shape."""
    if isinstance(x, Array):
        kind = "tensor" if x.kind == "Tensor" else "array"
        shape = "×".join(map(str, x.shape)) or "()"
        if np.prod(x.shape, dtype=int) > SMALL:
            return f"{kind}({shape}, {x.dtype})"
        return f"{np.array2string(numbers(x), precision=4, suppress_small=True, separator=', ')}".replace("\n", " ")
    if isinstance(x, Foreign):
        return x.type
    if isinstance(x, float):
        return f"{x:.6g}"
    text = repr(x)
    return text if len(text) <= LINE else text[: LINE - 1] + "…"


def arguments(case: Case, args: tuple[Any, ...], names: tuple[str, ...]) -> str:
    """`q = [[…]], causal=True`: the call in one line."""
    parts = [f"{names[n]} = {value(a)}" if n < len(names) else value(a) for n, a in enumerate(args)]
    return ", ".join(parts + [f"{k}={v!r}" for k, v in case.kwargs.items()])


def failing_case(
    case: Case,
    args: tuple[Any, ...],
    names: tuple[str, ...],
    found: Difference,
    seen: Observation,
    expected: Observation,
) -> Text:
    """The smallest failing case, told in both languages."""
    call = arguments(case, args, names)
    small = isinstance(expected.get("value"), Array) and np.prod(expected["value"].shape, dtype=int) <= SMALL
    zh, en = [f"{case.about.zh}\n输入：{call}"], [f"{case.about.en}\nInput: {call}"]
    if found.aspect == "error":
        zh.append(f"得到：{found.got or value(seen.get('value'))}")
        en.append(f"Got: {found.got or value(seen.get('value'))}")
    elif found.aspect in ("type", "dtype", "shape"):
        zh.append(f"期望：{found.expected}\n得到：{found.got}")
        en.append(f"Expected: {found.expected}\nGot: {found.got}")
    elif found.aspect in ("value", "finite") and not small and found.place:
        where = list(found.place)
        zh.append(f"第一处不同在 {where}：期望 {value(found.expected)}，得到 {value(found.got)}")
        en.append(f"First difference at {where}: expected {value(found.expected)}, got {value(found.got)}")
    elif found.aspect in ("value", "finite"):
        zh.append(f"期望：{value(expected['value'])}\n得到：{value(seen['value'])}")
        en.append(f"Expected: {value(expected['value'])}\nGot: {value(seen['value'])}")
        if found.place:
            zh.append(f"第一处不同在 {list(found.place)}")
            en.append(f"First difference at {list(found.place)}")
    elif found.aspect == "gradient":
        zh.append(
            f"第 {found.place[0] + 1} 个输入的梯度在 {list(found.place[1:])}："
            f"期望 {value(found.expected)}，得到 {value(found.got)}"
        )
        en.append(
            f"Gradient of input {found.place[0] + 1} at {list(found.place[1:])}: "
            f"expected {value(found.expected)}, got {value(found.got)}"
        )
    elif found.aspect == "changed":
        which = ", ".join(str(max(n, ~n) + 1) for n in found.got)
        zh.append(f"调用之后被改动的输入：第 {which} 个")
        en.append(f"Inputs that differ after the call: number {which}")
    return Text("\n".join(zh), "\n".join(en))
