"""Values as bytes and back: the only language that the judge and an answer's process share.

A frame is a JSON header and, after it, the raw bytes of its tensors and arrays. Nothing in a frame can name a
class or run code. Both sides use this file; the side that does not trust its peer decodes with `read`, which
makes `Array`s and checks every length before it takes a byte.

Omits    sparse, quantized and device tensors: they are reported by type name, not by value
"""

import json
import struct
import sys
from dataclasses import dataclass
from typing import Any

HEADER_CAP = 1 << 18  # bytes of JSON
FRAME_CAP = 1 << 26  # bytes in all
SIZES = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "complex64": 8, "complex128": 16,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip


class Malformed(ValueError):
    """The bytes are no frame."""


class TooLarge(ValueError):
    """A value does not fit into a frame; the message holds its shape."""


@dataclass(frozen=True, slots=True)
class Array:
    """A tensor or array as data. kind: "Tensor" or "ndarray"; data: little-endian, row by row."""

    kind: str
    dtype: str
    shape: tuple[int, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Foreign:
    """A value that is no data: only the name of its type is known."""

    type: str


def write(value: Any) -> bytes:
    """A frame of JSON values, tuples, tensors and arrays. Raises TooLarge."""
    blobs: list[bytes] = []
    header = json.dumps(_tree(value, blobs, 0)).encode()
    if len(header) > HEADER_CAP or len(header) + sum(map(len, blobs)) > FRAME_CAP:
        raise TooLarge("list")
    return b"".join((struct.pack(">I", len(header)), header, *blobs))


def _tree(value: Any, blobs: list[bytes], depth: int) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if depth > 32:
        return {"$foreign": kind.__name__}
    if kind is list:
        return [_tree(v, blobs, depth + 1) for v in value]
    if kind is tuple:
        return {"$tuple": [_tree(v, blobs, depth + 1) for v in value]}
    if kind is dict and all(type(k) is str for k in value):
        return {"$dict": [[k, _tree(v, blobs, depth + 1)] for k, v in value.items()]}
    if kind is bytes:
        blobs.append(value)
        return {"$bytes": len(value)}
    if kind is Array:
        blobs.append(value.data)
        return {"$array": [value.kind, value.dtype, list(value.shape)]}
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None and kind in (torch.Tensor, torch.nn.Parameter) and value.layout is torch.strided:
        return _array("Tensor", str(value.dtype).removeprefix("torch."), value, blobs)
    if numpy is not None and (kind is numpy.ndarray or isinstance(value, numpy.generic)):
        return _array("ndarray", str(value.dtype), value, blobs)
    return {"$foreign": kind.__name__[:80]}


def _array(kind: str, dtype: str, value: Any, blobs: list[bytes]) -> Any:
    shape = [int(n) for n in value.shape]
    if dtype not in SIZES:
        return {"$foreign": f"{kind} ({dtype})"}
    size = SIZES[dtype]
    for n in shape:
        size *= n
    if size > FRAME_CAP:
        raise TooLarge(str(tuple(shape)))
    blobs.append(raw(value))
    return {"$array": [kind, dtype, shape]}


def raw(value: Any) -> bytes:
    """The bytes of a tensor or array, row by row."""
    if type(value).__module__.startswith("numpy"):
        return bytes(value.tobytes())
    if value.numel() == 0:
        return b""
    import torch

    flat = value.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return bytes(flat.view(torch.uint8).numpy().tobytes())


def read(frame: bytes) -> Any:
    """The value of a frame, tensors and arrays as `Array`. Raises Malformed."""
    try:
        (length,) = struct.unpack_from(">I", frame)
        if length > HEADER_CAP:
            raise Malformed("header too long")
        tree = json.loads(frame[4 : 4 + length])
        value, end = _value(tree, frame, 4 + length)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, struct.error, AttributeError) as error:
        raise Malformed(str(error)) from None
    if end != len(frame):
        raise Malformed("bytes left over")
    return value


def _value(tree: Any, frame: bytes, at: int) -> tuple[Any, int]:
    if isinstance(tree, list):
        values = []
        for item in tree:
            value, at = _value(item, frame, at)
            values.append(value)
        return values, at
    if not isinstance(tree, dict):
        return tree, at
    ((mark, body),) = tree.items()
    if mark == "$tuple":
        value, at = _value(list(body), frame, at)
        return tuple(value), at
    if mark == "$dict":
        pairs = {}
        for key, item in body:
            pairs[str(key)], at = _value(item, frame, at)
        return pairs, at
    if mark == "$bytes":
        return _take(frame, at, int(body))
    if mark == "$foreign":
        return Foreign(str(body)), at
    if mark == "$array":
        kind, dtype, shape = body
        size = SIZES[dtype]
        for n in shape:
            if type(n) is not int or n < 0:
                raise Malformed("shape")
            size *= n
        data, at = _take(frame, at, size)
        return Array("Tensor" if kind == "Tensor" else "ndarray", dtype, tuple(shape), data), at
    raise Malformed("unknown mark")


def _take(frame: bytes, at: int, size: int) -> tuple[bytes, int]:
    if size < 0 or at + size > len(frame):
        raise Malformed("too short")
    return frame[at : at + size], at + size


def revive(value: Any, strided: bool = False) -> Any:
    """`Array`s become tensors and arrays again; `strided` lays tensors out non-contiguously."""
    if isinstance(value, Array):
        return _revived(value, strided)
    if isinstance(value, (list, tuple)):
        return type(value)(revive(v, strided) for v in value)
    if isinstance(value, dict):
        return {k: revive(v, strided) for k, v in value.items()}
    return value


def _revived(array: Array, strided: bool) -> Any:
    if array.kind == "ndarray":
        import numpy

        return numpy.frombuffer(bytearray(array.data), dtype=array.dtype).reshape(array.shape)
    import torch

    dtype = getattr(torch, array.dtype)
    if not array.data:
        return torch.empty(array.shape, dtype=dtype)
    tensor = torch.frombuffer(bytearray(array.data), dtype=dtype).reshape(array.shape)
    if strided and tensor.ndim >= 2:
        tensor = tensor.transpose(-2, -1).contiguous().transpose(-2, -1)
    return tensor
