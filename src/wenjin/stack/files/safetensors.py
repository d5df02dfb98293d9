"""The safetensors container: a header that says where each tensor lies, then the bytes of all of them.

    8 bytes    length of the header, little-endian
    header     {"wte.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {…}}
    data       24 bytes here; offsets count from its start; tensors lie end to end and fill the file

Nothing in such a file is run. Still a header can lie, so each of its words is checked before a byte is used: two
tensors at one place, a tensor beyond the file, a gap, a shape that does not fill its bytes, a name twice are refused.
Data are mapped, not read: a tensor costs memory when it is touched, and writing to it never reaches the file.

Omits    types narrower than a byte; machines that store the high byte first
Source   the format's description, in the README of huggingface/safetensors ("Format")
Proof    tests/stack/files/test_safetensors.py: files of the reference library are read equal, ours are read by it;
         mutated headers are refused by a sentence or read alike
"""

import json
import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from wenjin.stack.files.errors import FormatError, show

TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U64": torch.uint64,
    "U32": torch.uint32,
    "U16": torch.uint16,
    "U8": torch.uint8,
    "BOOL": torch.bool,
    "C64": torch.complex64,
}
NAMES = {dtype: name for name, dtype in TYPES.items()}
LONGEST = 100_000_000  # bytes of a header; the reference library has the same bound
METADATA = "__metadata__"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a tensor lies: bytes first..last-1, counted from the start of the data."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a file holds. `start`: where its data begin."""

    entries: Mapping[str, Entry]
    metadata: Mapping[str, str]
    start: int


def read_header(path: Path) -> Header:
    """Read and check the header alone. Raises FormatError; OSError where the file cannot be opened."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 10 or length < 2 or length > min(LONGEST, size - 8):
            zh = f"不是 safetensors 文件，或被截断了（文件 {size} 字节，头部自称 {length} 字节）：请重新取得它。"
            en = f"not a safetensors file, or cut short ({size} bytes, header said to be {length}): get it again."
            raise FormatError(path, zh, en)
        raw = file.read(length)
    return Reader(path, size - 8 - length).header(raw)


def load(path: Path) -> dict[str, Tensor]:
    """All tensors by name, in the order of their bytes, as views of the mapped file.

    They may be written to: what is changed stays in memory. Raises FormatError, OSError.
    """
    header = read_header(path)
    with open(path, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    return {name: view(mapped, header.start, entry) for name, entry in header.entries.items()}


def view(mapped: mmap.mmap, start: int, entry: Entry) -> Tensor:
    if entry.first == entry.last:
        return torch.empty(entry.shape, dtype=entry.dtype)
    place, bytes_each = start + entry.first, entry.dtype.itemsize
    if place % bytes_each:  # a kernel may rely on whole elements being aligned: this one is copied
        raw = torch.frombuffer(mapped, dtype=torch.uint8, count=entry.last - entry.first, offset=place)
        return raw.clone().view(entry.dtype).view(entry.shape)
    count = (entry.last - entry.first) // bytes_each
    return torch.frombuffer(mapped, dtype=entry.dtype, count=count, offset=place).view(entry.shape)


class Reader:
    """Turns the header's text into a checked Header. `room`: bytes of data that the file has."""

    def __init__(self, path: Path, room: int) -> None:
        self.path, self.room = path, room

    def fault(self, zh: str, en: str) -> FormatError:
        return FormatError(self.path, f"safetensors 头部{zh}。", f"the safetensors header {en}.")

    def header(self, raw: bytes) -> Header:
        if raw[:1] != b"{":
            raise self.fault("不以 { 开头", "does not begin with {")
        try:
            found = json.loads(raw.decode(), object_pairs_hook=once, parse_constant=refuse)
            json.dumps(found, ensure_ascii=False).encode()  # no half of a surrogate pair
        except (ValueError, RecursionError) as error:
            raise self.fault(
                f"不是合规的 JSON（{str(error)[:120]}）", f"is not proper JSON ({str(error)[:120]})"
            ) from None
        metadata = found.pop(METADATA, {})
        if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
            raise self.fault("的 __metadata__ 不是字符串表", "has a __metadata__ that is not a table of strings")
        entries = {name: self.entry(name, found[name]) for name in found}
        ordered = dict(sorted(entries.items(), key=lambda item: (item[1].first, item[1].last)))
        end = 0
        for name, entry in ordered.items():
            if entry.first != end:
                zh, en = (
                    ("与前一个张量重叠", "overlaps the one before")
                    if entry.first < end
                    else ("前有空隙", "leaves a gap")
                )
                raise self.fault(f"里 {show(name)} {zh}", f"puts {show(name)} where it {en}")
            end = entry.last
        if end != self.room:
            zh = f"描述了 {end} 字节数据，文件却有 {self.room} 字节"
            raise self.fault(zh, f"describes {end} bytes of data and the file has {self.room}")
        return Header(ordered, metadata, 8 + len(raw))

    def entry(self, name: str, found: Any) -> Entry:
        keys = {"dtype", "shape", "data_offsets"}
        if not isinstance(found, dict) or set(found) != keys:
            raise self.fault(f"里 {show(name)} 应恰有 {sorted(keys)}", f"must give {show(name)} exactly {sorted(keys)}")
        kind, shape, place = found["dtype"], found["shape"], found["data_offsets"]
        if not isinstance(kind, str) or kind not in TYPES:
            zh, en = f"里 {show(name)} 的类型 {show(kind)} 未知", f"gives {show(name)} an unknown type {show(kind)}"
            raise self.fault(zh, en)
        if not whole(shape) or not whole(place) or len(place) != 2 or len(shape) > 32:
            zh = f"里 {show(name)} 的 shape 与 data_offsets 应为非负整数"
            raise self.fault(zh, f"must give {show(name)} whole numbers for shape and data_offsets")
        first, last = place
        count = spread = 1
        for axis in shape:
            count, spread = count * axis, spread * max(axis, 1)
        if count * TYPES[kind].itemsize != last - first or spread >= 2**60:
            zh = f"里 {show(name)} 的形状 {show(shape)} 与它的 {last - first} 字节不符"
            raise self.fault(
                zh, f"gives {show(name)} the shape {show(shape)}, which does not fit its {last - first} bytes"
            )
        return Entry(TYPES[kind], tuple(shape), first, last)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands twice")
    return table


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def whole(numbers: Any) -> bool:
    return isinstance(numbers, list) and all(type(number) is int and 0 <= number < 2**60 for number in numbers)


def write(file: BinaryIO, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> None:
    """Write one whole container to an open file. The same tensors give the same bytes, in whatever order they come.

    Wide types come first, so that every tensor is aligned. Raises ValueError for a type that the format lacks.
    """
    for name, tensor in tensors.items():
        if tensor.dtype not in NAMES or name == METADATA:
            raise ValueError(f"{name!r} of {tensor.dtype} cannot be kept in a safetensors file")
    order = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, NAMES[tensors[name].dtype], name))
    header: dict[str, Any] = {METADATA: dict(sorted(metadata.items()))} if metadata else {}
    end = 0
    for name in order:
        tensor = tensors[name]
        first, end = end, end + tensor.numel() * tensor.dtype.itemsize
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [first, end]}
    raw = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    raw += b" " * (-len(raw) % 8)
    file.write(len(raw).to_bytes(8, "little") + raw)
    for name in order:
        flat = tensors[name].detach().cpu().contiguous().reshape(-1)
        if flat.numel():
            file.write(flat.view(torch.uint8).numpy().data)


def save(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> None:
    """Write the file beside its place, then move it there: a reader never meets half a file. Raises OSError."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            write(file, tensors, metadata)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
