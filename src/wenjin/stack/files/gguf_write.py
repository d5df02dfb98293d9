"""Writing the GGUF container that gguf.py reads.

    write(path, {"general.architecture": "llama", …}, {"token_embd.weight": Packed("F32", (49152, 576), raw), …})

Omits    what gguf.py omits; choosing names and types: compress/gguf_model.py does
Source   "GGUF" in the documents of ggml-org/ggml (docs/gguf.md)
Proof    tests/stack/files/test_gguf.py: the gguf package reads what is written here, equal in every value and bit
"""

import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from wenjin.stack.files.gguf import (
    ALIGNMENT,
    AXES,
    KINDS,
    LIST,
    LONGEST_NAME,
    MAGIC,
    SCALARS,
    STR,
    VERSION,
    Packed,
    size,
)


def write(
    path: Path, metadata: Mapping[str, Any], tensors: Mapping[str, Packed], types: Mapping[str, str] | None = None
) -> None:
    """Write the file beside its place, then move it there: a reader never meets half a file.

    types: of metadata; what is not in it is written as llama.cpp expects it: whole numbers as u32, in lists as i32,
    others as f32. Raises ValueError for what the format cannot hold; OSError.
    """
    alignment = metadata.get(ALIGNMENT, 32)
    if type(alignment) is not int or alignment < 1 or alignment & (alignment - 1):
        raise ValueError(f"{ALIGNMENT} is {alignment}: needed is a power of two")
    header = bytearray(MAGIC + struct.pack("<IQQ", VERSION, len(tensors), len(metadata)))
    for key, value in metadata.items():
        header += text(key) + entry(key, value, (types or {}).get(key) or usual(key, value))
    place = 0
    for name, tensor in tensors.items():
        header += described(name, tensor) + struct.pack("<Q", place)
        place += -(-tensor.raw.numel() // alignment) * alignment
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            file.write(header + b"\0" * (-len(header) % alignment))
            for tensor in tensors.values():
                if tensor.raw.numel():
                    file.write(tensor.raw.detach().cpu().contiguous().numpy().data)
                file.write(b"\0" * (-tensor.raw.numel() % alignment))
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def text(found: str) -> bytes:
    raw = found.encode()
    return struct.pack("<Q", len(raw)) + raw


def usual(key: str, value: Any) -> str:
    """The type that a value is written as where nobody says: llama.cpp reads these."""
    if isinstance(value, list | tuple):
        names = {usual(key, item) for item in value}
        names = {"i32"} if names == {"u32"} else names
        if len(names) != 1:
            raise ValueError(f"items of {key!r} must be of one type, and at least one; here: {sorted(names)}")
        return f"[{names.pop()}]"
    for kind, name in ((bool, "bool"), (str, "str"), (float, "f32")):
        if isinstance(value, kind):
            return name
    if not isinstance(value, int):
        raise ValueError(f"{key!r} is {value!r}: neither text, number, truth nor a list of such")
    return "u32" if 0 <= value < 2**32 else "i32" if -(2**31) <= value < 0 else "u64" if value > 0 else "i64"


def entry(key: str, value: Any, name: str) -> bytes:
    """Type and value of one of the metadata."""
    bare = name.strip("[]")
    number = STR if bare == "str" else SCALARS[bare][0]
    values = value if name != bare else [value]
    front = struct.pack("<IIQ", LIST, number, len(values)) if name != bare else struct.pack("<I", number)
    if number == STR:
        return front + b"".join(map(text, values))
    try:
        return front + struct.pack(f"<{len(values)}{SCALARS[bare][1]}", *values)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{key!r} cannot be written as {name}: {error}") from None


def described(name: str, tensor: Packed) -> bytes:
    """A tensor's line of the header, all but its place."""
    shape = tensor.shape
    if tensor.raw.dtype != torch.uint8 or tensor.raw.ndim != 1 or tensor.raw.numel() != size(tensor.kind, shape):
        raise ValueError(f"{name!r}: {tensor.raw.numel()} bytes are not {tensor.kind} of {shape}")
    if len(name.encode()) > LONGEST_NAME or len(shape) > AXES:
        raise ValueError(f"{name!r}: at most {LONGEST_NAME} bytes of name and {AXES} axes can be kept")
    return text(name) + struct.pack(f"<I{len(shape)}QI", len(shape), *reversed(shape), KINDS[tensor.kind].number)
