"""Is what an answer did the same as what a program of the author's does? Two observations, compared part by part.

The values were sent as data and are compared here, in a process that never runs the answer. Everything is
compared as float64; NaN equals NaN only where both have it, and the solution has none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wenjin.study.sandbox.inside.frames import Array, Foreign

Aspect = str  # error, type, dtype, shape, finite, value, changed, detached, gradient, varies

Observation = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing in which an answer departs. place: where in the value; got and expected: what stands there."""

    aspect: Aspect
    place: tuple[Any, ...] = ()
    got: Any = None
    expected: Any = None


def numbers(array: Array) -> NDArray[Any]:
    """An array as float64 (complex128 for complex dtypes)."""
    with np.errstate(invalid="ignore"):  # memory that nobody filled may hold signaling NaNs
        if array.dtype == "bfloat16":  # the upper half of a float32
            words = np.frombuffer(array.data, dtype="<u2").astype("<u4") << 16
            return words.view("<f4").astype(np.float64).reshape(array.shape)
        values = np.frombuffer(array.data, dtype=np.dtype(array.dtype).newbyteorder("<"))
        wide = np.complex128 if array.dtype.startswith("complex") else np.float64
        return values.astype(wide).reshape(array.shape)


def difference(got: Observation, expected: Observation, tolerance: float) -> Difference | None:
    """The first departure of `got` from `expected`, the grossest kind first; None when they agree."""
    if got.get("varies") or expected.get("varies"):
        if not (got.get("varies") and expected.get("varies")):
            return Difference("varies", got=got.get("varies"))
        got, expected = {**got, "gradients": None}, {**expected, "gradients": None}
    if got["error"] or expected["error"]:
        mine, theirs = _error(got), _error(expected)
        return None if mine == theirs else Difference("error", got=mine, expected=theirs)
    if got["type"] != expected["type"]:
        return Difference("type", got=got["type"], expected=expected["type"])
    if not got.get("varies"):
        found = _value(got["value"], expected["value"], tolerance, ())
        if found:
            return found
    if got["changed"] != expected["changed"]:
        return Difference("changed", got=got["changed"], expected=expected["changed"])
    return _gradients(got["gradients"], expected["gradients"], tolerance)


def _error(seen: Observation) -> str | None:
    return seen["error"]["type"] if seen["error"] else None


def _value(got: Any, expected: Any, tolerance: float, place: tuple[Any, ...]) -> Difference | None:
    if isinstance(expected, Array):
        if not isinstance(got, Array) or got.kind != expected.kind:
            return Difference("type", place, _kind(got), expected.kind)
        return _array(got, expected, tolerance, place)
    if isinstance(expected, (list, tuple)):
        if type(got) is not type(expected):
            return Difference("type", place, _kind(got), _kind(expected))
        if len(got) != len(expected):
            return Difference("shape", place, len(got), len(expected))
        return _first(_value(g, e, tolerance, (*place, n)) for n, (g, e) in enumerate(zip(got, expected, strict=True)))
    if isinstance(expected, dict):
        if not isinstance(got, dict) or got.keys() != expected.keys():
            return Difference("value", place, got, expected)
        return _first(_value(got[k], expected[k], tolerance, (*place, k)) for k in expected)
    if isinstance(expected, Foreign):
        return None if got == expected else Difference("type", place, _kind(got), expected.type)
    if isinstance(expected, float) and isinstance(got, (int, float)) and not isinstance(got, bool):
        near = bool(_close(np.array(float(got)), np.array(expected), tolerance))
        return None if near else Difference("value", place, got, expected)
    if type(got) is not type(expected):
        return Difference("type", place, _kind(got), _kind(expected))
    return None if got == expected else Difference("value", place, got, expected)


def _first(found: Iterator[Difference | None]) -> Difference | None:
    return next((one for one in found if one), None)


def _kind(value: Any) -> str:
    if isinstance(value, Array):
        return value.kind
    return value.type if isinstance(value, Foreign) else type(value).__name__


def _array(got: Array, expected: Array, tolerance: float, place: tuple[Any, ...]) -> Difference | None:
    if got.shape != expected.shape:
        return Difference("shape", place, got.shape, expected.shape)
    if got.dtype != expected.dtype:
        return Difference("dtype", place, got.dtype, expected.dtype)
    mine, right = numbers(got), numbers(expected)
    near = _close(mine, right, tolerance)
    if near.all():
        return None
    if not np.isfinite(mine).all() and np.isfinite(right).all():
        at = tuple(int(n) for n in np.argwhere(~np.isfinite(mine))[0])
        return Difference("finite", (*place, *at), mine[at].item(), right[at].item())
    at = tuple(int(n) for n in np.argwhere(~near)[0])
    return Difference("value", (*place, *at), mine[at].item(), right[at].item())


def _close(got: NDArray[Any], expected: NDArray[Any], tolerance: float) -> NDArray[Any]:
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(got - expected) <= tolerance * np.maximum(1.0, np.abs(expected))
        same: NDArray[Any] = near | (got == expected) | (np.isnan(got) & np.isnan(expected))
    return same


def _gradients(got: Any, expected: Any, tolerance: float) -> Difference | None:
    if expected is None and got is None:
        return None
    if expected is None or got is None or len(got) != len(expected):
        return Difference("detached", got=None)
    for n, (mine, right) in enumerate(zip(got, expected, strict=True)):
        if right is None and mine is None:
            continue
        if not isinstance(mine, Array) or not isinstance(right, Array):
            return Difference("detached", (n,))
        scale = max(1.0, float(np.abs(numbers(right)).max(initial=0.0)))
        found = _array(mine, right, tolerance * scale, (n,))
        if found:
            return Difference("gradient", found.place, found.got, found.expected)
    return None
