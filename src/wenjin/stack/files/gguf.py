"""The GGUF container: a model in one file; its settings and tokenizer as metadata, its tensors in blocks.

    4 bytes    GGUF, then the version, 3
    2 counts   of tensors, of metadata
    metadata   llama.block_count  u32  30            key, type, value; a list: type of its items, how many, the items
    tensors    blk.0.attn_q.weight  576 576  Q4_1  0   name, axes (the fastest first), type, place in the data
    data       each tensor at a multiple of the alignment, 32 unless general.alignment says otherwise

Nothing in such a file is run. Still its header can lie, so each word is checked before a byte is used: counts that the
file cannot hold, text that is none, a name twice, a tensor that is cut off or lies over another are refused.
Data are mapped, not read: a tensor costs memory when it is touched.

Omits    lists of lists, big-endian files, version 1, types other than those of KINDS, files split into several
Units    offsets in a Gguf count from the start of the file; lengths and counts are 8 bytes, little-endian
Source   "GGUF" in the documents of ggml-org/ggml (docs/gguf.md)
Proof    tests/stack/files/test_gguf.py: files of the gguf package are read equal, ours are read by it; 500 mutated
         headers are refused by a sentence or read alike
"""

import math
import mmap
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor

from wenjin.stack.files.errors import FormatError, show

MAGIC, VERSION = b"GGUF", 3
ALIGNMENT = "general.alignment"
SCALARS = {  # metadata: number of the type, how it is packed
    "u8": (0, "B"),
    "i8": (1, "b"),
    "u16": (2, "H"),
    "i16": (3, "h"),
    "u32": (4, "I"),
    "i32": (5, "i"),
    "f32": (6, "f"),
    "bool": (7, "B"),
    "u64": (10, "Q"),
    "i64": (11, "q"),
    "f64": (12, "d"),
}
STR, LIST = 8, 9
NUMBERS = {number: name for name, (number, _) in SCALARS.items()} | {STR: "str"}
MOST_ITEMS = 2**22  # of all metadata together: sixteen times the tokens and merges of a large vocabulary
MOST_TENSORS = 2**16
LONGEST = 2**28  # bytes of a header
LONGEST_NAME, AXES = 64, 4  # of a tensor, as ggml has them


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of tensor: its number in files; `values` of it, side by side in a row, take `bytes`."""

    number: int
    values: int
    bytes: int


KINDS = {
    "F32": Kind(0, 1, 4),
    "F16": Kind(1, 1, 2),
    "Q4_0": Kind(2, 32, 18),
    "Q4_1": Kind(3, 32, 20),
    "Q5_0": Kind(6, 32, 22),
    "Q5_1": Kind(7, 32, 24),
    "Q8_0": Kind(8, 32, 34),
    "Q2_K": Kind(10, 256, 84),
    "Q3_K": Kind(11, 256, 110),
    "Q4_K": Kind(12, 256, 144),
    "Q5_K": Kind(13, 256, 176),
    "Q6_K": Kind(14, 256, 210),
    "I8": Kind(24, 1, 1),
    "I16": Kind(25, 1, 2),
    "I32": Kind(26, 1, 4),
    "I64": Kind(27, 1, 8),
    "F64": Kind(28, 1, 8),
    "BF16": Kind(30, 1, 2),
}
KIND_NAMES = {kind.number: name for name, kind in KINDS.items()}


def size(kind: str, shape: tuple[int, ...]) -> int:
    """Bytes of a tensor. Raises ValueError where a row is no whole number of blocks."""
    block, row = KINDS[kind], shape[-1] if shape else 1
    if row % block.values:
        raise ValueError(f"rows of {row} values are no whole blocks of {kind}, which hold {block.values}")
    return math.prod(shape) // block.values * block.bytes


@dataclass(frozen=True, slots=True)
class Packed:
    """A tensor as files hold it: rows cut into blocks, and of these the bytes, flat."""

    kind: str
    shape: tuple[int, ...]
    raw: Tensor  # (bytes,) uint8


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a tensor lies. shape: as torch counts, rows first."""

    kind: str
    shape: tuple[int, ...]
    offset: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Gguf:
    """What a file holds. types: how each of the metadata is kept, "u32", "str", "[str]"; gguf_write takes it back."""

    path: Path
    metadata: Mapping[str, Any]
    types: Mapping[str, str]
    tensors: Mapping[str, Entry]
    mapped: mmap.mmap

    def packed(self, name: str) -> Packed:
        """A tensor's bytes, as a view of the mapped file wherever 8 divides their place; else a copy.

        They may be written to: what is changed stays in memory."""
        entry = self.tensors[name]
        if not entry.bytes:
            return Packed(entry.kind, entry.shape, torch.empty(0, dtype=torch.uint8))
        raw = torch.frombuffer(self.mapped, dtype=torch.uint8, count=entry.bytes, offset=entry.offset)
        return Packed(entry.kind, entry.shape, raw if entry.offset % 8 == 0 else raw.clone())


def read(path: Path) -> Gguf:
    """The metadata, and where each tensor lies, in the order of the file. Raises FormatError, OSError."""
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size < 24:
            raise FormatError(
                path, "不是 GGUF 文件，或被截断了：请重新取得它。", "not a GGUF file, or cut short: get it again."
            )
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    return Reader(path, mapped).file()


class Reader:
    """Goes through a header from front to back; `at` is where it stands, and no word beyond `end` is touched."""

    def __init__(self, path: Path, mapped: mmap.mmap) -> None:
        self.path, self.mapped = path, mapped
        self.at, self.end = 0, min(len(mapped), LONGEST)
        self.items = 0

    def refuse(self, zh: str, en: str) -> NoReturn:
        raise FormatError(self.path, f"GGUF 头部{zh}。", f"the GGUF header {en}.")

    def short(self) -> NoReturn:
        self.refuse(
            f"在第 {self.end} 字节处还没完：文件被截断了，或头部不实",
            f"goes on past byte {self.end}: the file is cut short, or lies",
        )

    def take(self, form: str) -> tuple[Any, ...]:
        last = self.at + struct.calcsize("<" + form)
        if last > self.end:
            self.short()
        found = struct.unpack_from("<" + form, self.mapped, self.at)
        self.at = last
        return found

    def number(self, form: str) -> int:
        found: int = self.take(form)[0]
        return found

    def texts(self, count: int) -> list[str]:
        found, at, length = [], self.at, struct.Struct("<Q")
        for _ in range(count):
            first = at + 8
            if first > self.end:
                self.short()
            at = first + length.unpack_from(self.mapped, at)[0]
            if at > self.end:
                self.short()
            raw = self.mapped[first:at]
            try:
                found.append(raw.decode())
            except UnicodeDecodeError:
                self.refuse(
                    f"第 {first} 字节处的文字 {show(raw[:80])} 不是 UTF-8",
                    f"has text at byte {first} that is not UTF-8: {show(raw[:80])}",
                )
        self.at = at
        return found

    def counted(self, count: int, least: int, most: int) -> int:
        """A count that the rest of the header can hold, at `least` bytes each."""
        if count > most or count * least > self.end - self.at:
            self.refuse(
                f"自称有 {count} 项，文件放不下，或超过上限 {most}",
                f"claims {count} items: more than the file holds, or than {most}",
            )
        return count

    def file(self) -> Gguf:
        magic = self.mapped[:4]
        self.at = 4
        version = self.number("I")
        if magic != MAGIC or version not in (2, VERSION):
            if magic == MAGIC and version & 0xFFFF == 0:
                self.refuse("是大端序的，这里只读小端序", "is big-endian; only little-endian files are read here")
            self.refuse(
                f"以 {show(magic)} 和版本 {version} 开头，应为 GGUF 和 2 或 3",
                f"begins with {show(magic)} and version {version}; needed: GGUF and 2 or 3",
            )
        tensors, entries = self.take("QQ")
        metadata, types = self.metadata(entries)
        planned = self.tensors(tensors)
        alignment = metadata.get(ALIGNMENT, 32)
        if types.get(ALIGNMENT, "u32") != "u32" or alignment < 1 or alignment & (alignment - 1):
            self.refuse(
                f"的 {ALIGNMENT} 是 {show(alignment)}，应为 2 的幂",
                f"has {ALIGNMENT} {show(alignment)}; needed: a power of two",
            )
        start = -(-self.at // alignment) * alignment
        return Gguf(self.path, metadata, types, self.placed(planned, start, alignment), self.mapped)

    def metadata(self, count: int) -> tuple[dict[str, Any], dict[str, str]]:
        found: dict[str, Any] = {}
        types: dict[str, str] = {}
        for _ in range(self.counted(count, 13, MOST_ITEMS)):
            key = self.texts(1)[0]
            if key in found:
                self.refuse(f"里 {show(key)} 出现两次", f"has {show(key)} twice")
            kind = self.number("I")
            if kind != LIST:
                types[key] = self.name(key, kind)
                found[key] = self.values(key, kind, 1)[0]
                continue
            kind, length = self.take("IQ")
            types[key] = f"[{self.name(key, kind)}]"
            found[key] = self.values(key, kind, length)
        return found, types

    def name(self, key: str, kind: int) -> str:
        if kind not in NUMBERS:
            self.refuse(f"里 {show(key)} 的类型 {kind} 未知", f"gives {show(key)} a type {kind} that is unknown here")
        return NUMBERS[kind]

    def values(self, key: str, kind: int, count: int) -> list[Any]:
        form = "Q" if kind == STR else SCALARS[NUMBERS[kind]][1]  # of a text, at least its length
        self.counted(count, struct.calcsize("<" + form), MOST_ITEMS - self.items)
        self.items += count
        if kind == STR:
            return self.texts(count)
        found = list(self.take(f"{count}{form}"))
        if NUMBERS[kind] != "bool":
            return found
        if any(value > 1 for value in found):
            self.refuse(f"里 {show(key)} 应为 0 或 1", f"must give {show(key)} 0 or 1")
        return [value == 1 for value in found]

    def tensors(self, count: int) -> dict[str, tuple[str, tuple[int, ...], int]]:
        """Type, shape and place in the data of each, not yet held against the file."""
        found = {}
        for _ in range(self.counted(count, 24, MOST_TENSORS)):
            name = self.texts(1)[0]
            if name in found or len(name.encode()) > LONGEST_NAME:
                self.refuse(
                    f"里张量名 {show(name)} 重复或过长", f"has the tensor name {show(name)} twice, or it is too long"
                )
            axes = self.number("I")
            if axes > AXES:
                self.refuse(
                    f"里 {show(name)} 有 {axes} 个轴，最多 {AXES} 个",
                    f"gives {show(name)} {axes} axes; at most {AXES} can be",
                )
            shape = tuple(reversed(self.take(f"{axes}Q")))
            number, place = self.take("IQ")
            if number not in KIND_NAMES:
                known = ", ".join(KINDS)
                self.refuse(
                    f"里 {show(name)} 的类型是 {number} 号，这里只读 {known}",
                    f"gives {show(name)} the type {number}; read here: {known}",
                )
            if math.prod(max(axis, 1) for axis in shape) >= 2**60:
                self.refuse(
                    f"里 {show(name)} 的形状 {show(shape)} 过大",
                    f"gives {show(name)} the shape {show(shape)}, which is too large",
                )
            found[name] = KIND_NAMES[number], shape, place
        return found

    def placed(
        self, planned: Mapping[str, tuple[str, tuple[int, ...], int]], start: int, alignment: int
    ) -> dict[str, Entry]:
        found = {}
        for name, (kind, shape, place) in planned.items():
            try:
                length = size(kind, shape)
            except ValueError as error:
                self.refuse(
                    f"里 {show(name)} 的形状与类型不符（{error}）",
                    f"gives {show(name)} a shape that its type cannot have ({error})",
                )
            if place % alignment or (length and start + place + length > len(self.mapped)):
                self.refuse(
                    f"把 {show(name)} 的 {length} 字节放在第 {place} 处：未对齐，或超出文件（文件被截断了？）",
                    f"puts {length} bytes of {show(name)} at {place}: not aligned, or past the end (cut short?)",
                )
            found[name] = Entry(kind, shape, start + place, length)
        end = 0
        for name, entry in sorted(found.items(), key=lambda item: item[1].offset):
            if entry.bytes and entry.offset < end:
                self.refuse(f"里 {show(name)} 与前一个张量重叠", f"puts {show(name)} where it overlaps the one before")
            end = max(end, entry.offset + entry.bytes)
        return found
