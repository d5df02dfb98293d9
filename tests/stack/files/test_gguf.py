"""Our GGUF files open in the gguf package and theirs in ours, equal; a header that lies is refused by a sentence."""

import os
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from torch import Tensor

from wenjin.stack.files.errors import FormatError
from wenjin.stack.files.gguf import KINDS, Gguf, Packed, read, size
from wenjin.stack.files.gguf_write import write

METADATA: dict[str, tuple[str, Any]] = {
    "general.architecture": ("str", "llama"),
    "a.u8": ("u8", 255),
    "a.i8": ("i8", -128),
    "a.u16": ("u16", 65535),
    "a.i16": ("i16", -(2**15)),
    "a.u32": ("u32", 2**32 - 1),
    "a.i32": ("i32", -(2**31)),
    "a.f32": ("f32", 0.10000000149011612),
    "a.bool": ("bool", True),
    "a.u64": ("u64", 2**64 - 1),
    "a.i64": ("i64", -(2**63)),
    "a.f64": ("f64", 0.1),
    "诗.题": ("str", "春江花月夜 🌙\n\x00"),
    "list.str": ("[str]", ["床", "", "前 明"]),
    "list.i32": ("[i32]", [3, -1, 2]),
    "list.u8": ("[u8]", [0, 255]),
    "list.f32": ("[f32]", [1.5, -0.25]),
    "list.bool": ("[bool]", [True, False]),
    "list.f64": ("[f64]", [0.1]),
    "list.u64": ("[u64]", [2**64 - 1, 0]),
}
TYPES = {"u8": "UINT8", "i8": "INT8", "u16": "UINT16", "i16": "INT16", "u32": "UINT32", "i32": "INT32"}
TYPES |= {"f32": "FLOAT32", "bool": "BOOL", "u64": "UINT64", "i64": "INT64", "f64": "FLOAT64", "str": "STRING"}


def of_every_kind(seed: int = 0) -> dict[str, Packed]:
    """Bytes at random: a container does not ask what they mean."""
    source = torch.Generator().manual_seed(seed)
    found = {}
    for name, kind in KINDS.items():
        for shape in ((kind.values,), (3, 2 * kind.values), (2, 1, 2, kind.values)):
            raw = torch.randint(0, 256, (size(name, shape),), generator=source, dtype=torch.uint8)
            found[f"{name}.{len(shape)}"] = Packed(name, shape, raw)
    return found


def plain(gguf: Gguf) -> tuple[dict[str, Any], dict[str, tuple[str, tuple[int, ...], bytes]]]:
    tensors = {name: gguf.packed(name) for name in gguf.tensors}
    return dict(gguf.metadata), {name: (t.kind, t.shape, t.raw.numpy().tobytes()) for name, t in tensors.items()}


def as_they_read(path: Path) -> tuple[dict[str, Any], dict[str, tuple[str, tuple[int, ...], bytes]]]:
    reader = GGUFReader(path)
    metadata = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    tensors = {}
    for tensor in reader.tensors:
        shape = tuple(reversed(tensor.shape.tolist()))
        tensors[tensor.name] = (tensor.tensor_type.name, shape, tensor.data.tobytes())
    return metadata, tensors


def written_by_them(path: Path, tensors: dict[str, Packed]) -> None:
    writer = GGUFWriter(path, "llama")
    for key, (kind, value) in METADATA.items():
        if key == "general.architecture":
            continue
        inner = GGUFValueType[TYPES[kind.strip("[]")]]
        if kind.startswith("["):
            writer.add_key_value(key, value, GGUFValueType.ARRAY, sub_type=inner)
        else:
            writer.add_key_value(key, value, inner)
    for name, tensor in tensors.items():
        rows = tensor.raw.numpy().reshape(*tensor.shape[:-1], -1)
        writer.add_tensor(name, rows, raw_dtype=GGMLQuantizationType[tensor.kind])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def save(path: Path, tensors: dict[str, Packed]) -> None:
    values, types = {k: v for k, (_, v) in METADATA.items()}, {k: t for k, (t, _) in METADATA.items()}
    write(path, values, tensors, types)


def test_what_we_write_opens_in_the_reference_reader_equal(tmp_path: Path) -> None:
    tensors = of_every_kind()
    save(tmp_path / "ours", tensors)
    metadata, found = as_they_read(tmp_path / "ours")
    assert metadata == {key: value for key, (_, value) in METADATA.items()}
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        assert found[name] == (tensor.kind, tensor.shape, tensor.raw.numpy().tobytes())
    fields = GGUFReader(tmp_path / "ours").fields
    for key, (kind, _) in METADATA.items():
        outer = ["ARRAY"] if kind.startswith("[") else []
        assert [one.name for one in fields[key].types] == [*outer, TYPES[kind.strip("[]")]]


def test_what_they_write_opens_in_ours_equal_and_is_written_back_bit_for_bit(tmp_path: Path) -> None:
    tensors = of_every_kind(1)
    written_by_them(tmp_path / "theirs", tensors)
    found = read(tmp_path / "theirs")
    assert found.types == {key: kind for key, (kind, _) in METADATA.items()}
    assert plain(found) == as_they_read(tmp_path / "theirs")
    again = {name: found.packed(name) for name in found.tensors}
    write(tmp_path / "again", found.metadata, again, found.types)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "theirs").read_bytes()


@pytest.mark.parametrize("alignment", [1, 8, 64, 4096])
def test_any_alignment_goes_both_ways(alignment: int, tmp_path: Path) -> None:
    tensors = of_every_kind(2)
    write(tmp_path / "f", {"general.alignment": alignment}, tensors)
    found = read(tmp_path / "f")
    assert plain(found) == as_they_read(tmp_path / "f")
    assert all(entry.offset % alignment == 0 for entry in found.tensors.values())
    for name in found.tensors:
        assert found.packed(name).raw.data_ptr() % 8 == 0


def test_types_are_chosen_as_llama_cpp_expects_them(tmp_path: Path) -> None:
    values = {"count": 3, "below": -3, "many": 2**40, "far": -(2**40), "rate": 0.5, "flag": True, "name": "x"}
    values |= {"types": [1, 2], "scores": [0.5], "words": ["a"]}  # type: ignore[dict-item]
    write(tmp_path / "f", values, {})
    wanted = ["u32", "i32", "u64", "i64", "f32", "bool", "str", "[i32]", "[f32]", "[str]"]
    assert list(read(tmp_path / "f").types.values()) == wanted
    assert read(tmp_path / "f").metadata == values


def test_tensors_are_views_of_the_file_and_writing_does_not_reach_it(tmp_path: Path) -> None:
    save(tmp_path / "f", of_every_kind())
    before = (tmp_path / "f").read_bytes()
    found = read(tmp_path / "f")
    a, b = found.packed("F32.1").raw, found.packed("F32.2").raw
    assert b.data_ptr() - a.data_ptr() == found.tensors["F32.2"].offset - found.tensors["F32.1"].offset
    a.fill_(7)
    assert (tmp_path / "f").read_bytes() == before


BAD: dict[str, tuple[dict[str, Any], dict[str, Packed]]] = {
    "bytes that are not of the shape": ({}, {"a": Packed("Q8_0", (1, 64), torch.zeros(34, dtype=torch.uint8))}),
    "half a block": ({}, {"a": Packed("Q8_0", (1, 33), torch.zeros(34, dtype=torch.uint8))}),
    "no bytes but numbers": ({}, {"a": Packed("F32", (1,), torch.zeros(4))}),
    "five axes": ({}, {"a": Packed("I8", (1, 1, 1, 1, 1), torch.zeros(1, dtype=torch.uint8))}),
    "a long name": ({}, {"a" * 65: Packed("I8", (1,), torch.zeros(1, dtype=torch.uint8))}),
    "an empty list": ({"a": []}, {}),
    "a list of two types": ({"a": [1, "x"]}, {}),
    "nothing": ({"a": None}, {}),
    "too large a number": ({"a": 2**64}, {}),
    "half a surrogate": ({"a": "\ud800"}, {}),
    "an alignment of 3": ({"general.alignment": 3}, {}),
}


@pytest.mark.parametrize("why", BAD)
def test_what_the_format_lacks_cannot_be_written_and_leaves_nothing(why: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says what is wrong in its own words
        write(tmp_path / "f", *BAD[why])
    assert not list(tmp_path.iterdir())


# ---- headers that lie ----


def told(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(raw)) + raw


def tensor(name: str | bytes = "a", shape: tuple[int, ...] = (8,), kind: int = 0, place: int = 0) -> bytes:
    return told(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, place)


def entry(key: str | bytes, kind: int, raw: bytes) -> bytes:
    return told(key) + struct.pack("<I", kind) + raw


def built(
    *tensors: bytes,
    entries: tuple[bytes, ...] = (),
    data: int = 32,
    counts: tuple[int, int] | None = None,
    front: bytes = b"GGUF\3\0\0\0",
) -> bytes:
    header = front + struct.pack("<QQ", *(counts or (len(tensors), len(entries)))) + b"".join((*entries, *tensors))
    return header + b"\0" * (-len(header) % 32) + b"\0" * data


def listing(kind: int, count: int, raw: bytes = b"") -> bytes:
    return struct.pack("<IQ", kind, count) + raw


NUMBER = struct.pack("<I", 5)
HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "twenty-three bytes": built()[:23],
    "another file": built(front=b"PK\3\4\3\0\0\0"),
    "version 1": built(front=b"GGUF\1\0\0\0"),
    "version 4": built(front=b"GGUF\4\0\0\0"),
    "big-endian": built(front=b"GGUF\0\0\0\3"),
    "more tensors than bytes": built(tensor(), counts=(2**63, 0)),
    "a tensor more than there is": built(tensor(), counts=(2, 0), data=0),
    "more entries than bytes": built(tensor(), counts=(1, 2**64 - 1)),
    "four billion tensors": built(tensor(), counts=(2**32, 0)),
    "a name of 2**63 bytes": built(struct.pack("<Q", 2**63) + tensor()[8:]),
    "a name beyond the file": built(struct.pack("<Q", 10_000) + tensor()[8:]),
    "a name of 65 bytes": built(tensor("n" * 65)),
    "a name that is no text": built(tensor(b"\xff\xfe")),
    "a name that moves the cursor": built(tensor("\x1b[2J\n" * 10, kind=99)),
    "a name twice": built(tensor(), tensor(place=32), data=64),
    "an overlap": built(tensor(shape=(16,)), tensor("b", place=32), data=64),
    "two at one place": built(tensor(), tensor("b")),
    "beyond the file": built(tensor(shape=(9,))),
    "begins beyond the file": built(tensor(place=2**40)),
    "a place that wraps around": built(tensor(place=2**64 - 32)),
    "a place that is not aligned": built(tensor(place=4), data=64),
    "an axis of 2**64 - 1": built(tensor(shape=(2**64 - 1,))),
    "axes that wrap around": built(tensor(shape=(2**32, 2**32, 2))),
    "axes that overflow beside a zero": built(tensor(shape=(2**40, 2**40, 0))),
    "five axes": built(tensor(shape=(2, 1, 1, 1, 1))),
    "four billion axes": built(told("a") + struct.pack("<IQIQ", 2**32 - 1, 8, 0, 0)),
    "half a block": built(tensor(shape=(33,), kind=8), data=64),
    "an unknown type": built(tensor(kind=99)),
    "a type of another reader": built(tensor(shape=(256,), kind=16), data=66),
    "a key twice": built(entries=(entry("k", 4, NUMBER), entry("k", 4, NUMBER))),
    "a key that is no text": built(entries=(entry(b"\xff", 4, NUMBER),)),
    "a value of an unknown type": built(entries=(entry("k", 13, NUMBER),)),
    "a value of an absurd type": built(entries=(entry("k", 2**32 - 1, NUMBER),)),
    "a bool of 2": built(entries=(entry("k", 7, b"\2"),)),
    "text of 2**64 - 1 bytes": built(entries=(entry("k", 8, struct.pack("<Q", 2**64 - 1)),)),
    "text that is none": built(entries=(entry("k", 8, told(b"\xc3\x28")),)),
    "a list of 2**61 numbers": built(entries=(entry("k", 9, listing(4, 2**61)),)),
    "a list of numbers beyond the file": built(entries=(entry("k", 9, listing(4, 100)),)),
    "a list of 2**61 texts": built(entries=(entry("k", 9, listing(8, 2**61)),)),
    "a list of texts beyond the file": built(entries=(entry("k", 9, listing(8, 3, told("a"))),), data=0),
    "a list with a bool of 2": built(entries=(entry("k", 9, listing(7, 2, b"\1\2")),)),
    "a list of an unknown type": built(entries=(entry("k", 9, listing(77, 1, NUMBER)),)),
    "a list of lists": built(entries=(entry("k", 9, listing(9, 1, listing(4, 1, NUMBER))),)),
    "lists a thousand deep": built(entries=(entry("k", 9, listing(9, 1) * 1000),)),
    "an alignment of 0": built(tensor(), entries=(entry("general.alignment", 4, b"\0\0\0\0"),)),
    "an alignment of 24": built(tensor(), entries=(entry("general.alignment", 4, b"\x18\0\0\0"),)),
    "an alignment that is text": built(tensor(), entries=(entry("general.alignment", 8, told("32")),)),
    "an alignment that is a list": built(tensor(), entries=(entry("general.alignment", 9, listing(4, 1, NUMBER)),)),
    "an alignment of two gigabytes": built(tensor(), entries=(entry("general.alignment", 4, b"\0\0\0\x80"),)),
}


@pytest.mark.parametrize("why", HOSTILE)
def test_a_header_that_lies_is_refused_by_one_short_sentence(why: str, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(built(tensor(), entries=(entry("k", 9, listing(8, 1, told("a"))),)))
    assert read(path).metadata == {"k": ["a"]}
    path.write_bytes(HOSTILE[why])
    with pytest.raises(FormatError) as refusal:
        read(path)
    for sentence in (refusal.value.zh, refusal.value.en):
        assert str(path) in sentence
        assert sentence.replace(str(path), "").isprintable()
        assert len(sentence) < 400 + len(str(path))


EXTREMES = [0, 1, 7, 8, 9, 33, 255, 2**16, 2**31, 2**32 - 1, 2**32, 2**60, 2**63, 2**64 - 32, 2**64 - 1]


def mutate(raw: bytes, header: int, dice: random.Random) -> bytes:
    """One to three changes of the header: a bit, a byte, a word, a piece lost, doubled or moved, an end."""
    head, data = bytearray(raw[:header]), raw[header:]
    for _ in range(dice.randint(1, 3)):
        place = dice.choice([dice.randrange(24), dice.randrange(4, len(head)), dice.randrange(4, len(head))])
        piece = slice(place, place + dice.randint(1, 16))
        kind = dice.randrange(7)
        if kind == 0:
            head[place] ^= 1 << dice.randrange(8)
        elif kind == 1:
            head[place] = dice.randrange(256)
        elif kind in (2, 3):
            width = 8 if kind == 2 else 4
            head[place : place + width] = (dice.choice(EXTREMES) % 2 ** (8 * width)).to_bytes(width, "little")
        elif kind == 4:
            del head[piece]
        elif kind == 5:
            head[piece.start : piece.start] = head[piece]
        elif dice.random() < 0.3:
            data = data[: dice.randrange(len(data) + 1)]
        if len(head) < 30:
            break
    return bytes(head) + data


def equal(a: Any, b: Any) -> bool:
    """A NaN equals itself, here."""
    return repr(a) == repr(b)


def attempt(path: Path) -> Gguf | FormatError:
    try:
        return read(path)
    except FormatError as error:
        return error


def test_mutated_headers_are_refused_or_read_as_the_reference_reads_them(
    tmp_path: Path, count: Callable[[int], int]
) -> None:
    tensors = {name: tensor for name, tensor in of_every_kind().items() if tensor.kind in ("F32", "Q4_1", "Q6_K")}
    written_by_them(tmp_path / "whole", tensors)
    raw = (tmp_path / "whole").read_bytes()
    header = min(entry.offset for entry in read(tmp_path / "whole").tensors.values())
    path, refused, alike = tmp_path / "f", 0, 0
    for seed in range(count(500)):
        spoiled = mutate(raw, header, random.Random(seed))
        path.write_bytes(spoiled)
        found = attempt(path)
        if isinstance(found, FormatError):
            refused += 1
            assert found.zh
            assert len(found.en) < 400 + len(str(path))
            continue
        assert all(entry.offset + entry.bytes <= len(spoiled) or not entry.bytes for entry in found.tensors.values())
        assert equal(plain(found), as_they_read(path)), seed  # what we accept, they accept, and it is the same
        alike += 1
    assert refused > 0.5 * count(500)
    assert alike > 0


def test_a_file_cut_anywhere_is_refused(tmp_path: Path, count: Callable[[int], int]) -> None:
    save(tmp_path / "whole", of_every_kind())
    raw = (tmp_path / "whole").read_bytes()
    last = max(entry.offset + entry.bytes for entry in read(tmp_path / "whole").tensors.values())
    (tmp_path / "f").write_bytes(raw)
    for cut in [last - 1, *range(last - 2, 0, -(last // count(400)))]:
        os.truncate(tmp_path / "f", cut)
        with pytest.raises(FormatError):
            read(tmp_path / "f")


def test_numbers_come_out_of_the_bytes(tmp_path: Path) -> None:
    """The shape is torch's: rows first, while the file counts the fastest axis first."""
    wanted: Tensor = torch.arange(6.0).view(2, 3)
    writer = GGUFWriter(tmp_path / "f", "llama")
    writer.add_tensor("a", np.asarray(wanted))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    found = read(tmp_path / "f").packed("a")
    assert torch.equal(found.raw.view(torch.float32).view(found.shape), wanted)
