"""Our safetensors equal the reference library's, and a header that lies is refused by a sentence."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load as their_load
from safetensors.torch import save as their_save
from torch import Tensor

from wenjin.stack.files.errors import FormatError
from wenjin.stack.files.safetensors import TYPES, load, read_header, save


def same(a: Tensor, b: Tensor) -> bool:
    """Every bit, NaN included."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return a.numel() == 0 or torch.equal(a.reshape(-1).view(torch.uint8), b.reshape(-1).view(torch.uint8))


def of_every_type(seed: int = 0) -> dict[str, Tensor]:
    source = torch.Generator().manual_seed(seed)
    drawn = {name: torch.randn(3, 5, generator=source) * 40 for name in TYPES}
    tensors = {name: x.abs().to(TYPES[name]) for name, x in drawn.items()}
    return tensors | {"none": torch.zeros(0, 4), "one": torch.tensor(3.5), "诗.weight": torch.ones(2, dtype=torch.bool)}


def packed(header: bytes, data: bytes = b"") -> bytes:
    return len(header).to_bytes(8, "little") + header + data


def test_every_type_goes_both_ways(tmp_path: Path) -> None:
    tensors = of_every_type()
    save(tmp_path / "ours", tensors, {"format": "pt"})
    theirs = their_load((tmp_path / "ours").read_bytes())
    (tmp_path / "theirs").write_bytes(their_save(tensors, {"format": "pt"}))
    ours = load(tmp_path / "theirs")
    assert set(ours) == set(theirs) == set(tensors)
    for name, tensor in tensors.items():
        assert same(theirs[name], tensor), name
        assert same(ours[name], tensor), name
    assert read_header(tmp_path / "theirs").metadata == {"format": "pt"}


SHAPES = st.lists(st.integers(0, 4), max_size=4)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(lambda x: x != "__metadata__")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    tensors=st.dictionaries(NAMES, st.tuples(st.sampled_from(sorted(TYPES)), SHAPES), max_size=6),
    seed=st.integers(0, 9),
)
def test_any_names_shapes_and_types_go_both_ways(
    tensors: dict[str, tuple[str, list[int]]], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = torch.Generator().manual_seed(seed)
    made = {name: torch.rand(shape, generator=source).mul(9).to(TYPES[kind]) for name, (kind, shape) in tensors.items()}
    path = tmp_path_factory.getbasetemp() / "any"
    save(path, made)
    theirs = their_load(path.read_bytes())
    path.write_bytes(their_save(made))
    for found in (theirs, load(path)):
        assert set(found) == set(made)
        assert all(same(found[name], made[name]) for name in made)


def test_the_same_tensors_give_the_same_bytes_in_whatever_order(tmp_path: Path) -> None:
    tensors = of_every_type()
    save(tmp_path / "a", tensors, {"x": "1", "y": "2"})
    save(tmp_path / "b", dict(reversed(tensors.items())), {"y": "2", "x": "1"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_tensors_are_views_of_the_file_and_writing_does_not_reach_it(tmp_path: Path) -> None:
    save(tmp_path / "f", {"a": torch.arange(6.0), "b": torch.arange(4.0)})
    before = (tmp_path / "f").read_bytes()
    tensors = load(tmp_path / "f")
    assert tensors["b"].data_ptr() - tensors["a"].data_ptr() == 24
    tensors["a"].fill_(7)
    assert (tmp_path / "f").read_bytes() == before
    assert torch.equal(load(tmp_path / "f")["a"], torch.arange(6.0))


def test_views_of_larger_tensors_are_saved_as_they_look(tmp_path: Path) -> None:
    whole = torch.arange(12.0).view(3, 4)
    save(tmp_path / "f", {"turned": whole.T, "part": whole[:, 1:3], "grad": whole.clone().requires_grad_()})
    found = load(tmp_path / "f")
    assert torch.equal(found["turned"], whole.T)
    assert torch.equal(found["part"], whole[:, 1:3])


def test_a_tensor_at_an_odd_place_is_read_too(tmp_path: Path) -> None:
    """Old writers did not align: 1 byte before a float32."""
    header = {
        "a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
        "b": {"dtype": "F32", "shape": [2], "data_offsets": [1, 9]},
    }
    raw = packed(json.dumps(header).encode(), b"\x05" + torch.tensor([1.5, -2.0]).numpy().tobytes())
    (tmp_path / "f").write_bytes(raw)
    found = load(tmp_path / "f")
    assert torch.equal(found["b"], torch.tensor([1.5, -2.0]))
    assert found["b"].data_ptr() % 4 == 0


def test_what_the_format_lacks_cannot_be_saved_and_leaves_nothing(tmp_path: Path) -> None:
    for tensors in ({"a": torch.zeros(2, dtype=torch.complex128)}, {"__metadata__": torch.zeros(2)}):
        with pytest.raises(ValueError, match="cannot be kept"):
            save(tmp_path / "f", tensors)
    assert not list(tmp_path.iterdir())


def entry(**changed: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changed


def told(*entries: dict[str, Any]) -> bytes:
    return json.dumps(dict(zip("abc", entries, strict=False))).encode()


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "seven bytes": b"\x00" * 7,
    "length alone": (8).to_bytes(8, "little"),
    "no header": packed(b""),
    "header beyond the file": (1000).to_bytes(8, "little") + b"{}",
    "header of 2**63 bytes": (2**63).to_bytes(8, "little") + b"{}",
    "header over the bound": (100_000_001).to_bytes(8, "little") + b"{}",
    "not an object": packed(b"[]"),
    "space before": packed(b" {}"),
    "broken text": packed(b'{"a\xff": 1}'),
    "half a surrogate": packed(told(entry()).replace(b'"a"', b'"\\ud800"'), b"\0" * 8),
    "broken JSON": packed(b'{"a": '),
    "nested a million deep": packed(b'{"a":' * 100_000),
    "two documents": packed(told(entry()) + b"{}", b"\0" * 8),
    "a number of a million digits": packed(told(entry()).replace(b"[0, 8]", b"[0, " + b"8" * 10_000 + b"]"), b"\0" * 8),
    "NaN": packed(told(entry()).replace(b"[2]", b"[NaN]"), b"\0" * 8),
    "a name twice": packed(
        b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},'
        b' "a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}}',
        b"\0" * 16,
    ),
    "a key twice": packed(b'{"a": {"dtype": "F32", "dtype": "I32", "shape": [2], "data_offsets": [0, 8]}}', b"\0" * 8),
    "overlap": packed(told(entry(), entry(data_offsets=[4, 12])), b"\0" * 12),
    "two at one place": packed(told(entry(), entry()), b"\0" * 8),
    "a gap": packed(told(entry(), entry(data_offsets=[12, 20])), b"\0" * 20),
    "a gap at the start": packed(told(entry(data_offsets=[4, 12])), b"\0" * 12),
    "beyond the file": packed(told(entry(shape=[4], data_offsets=[0, 16])), b"\0" * 8),
    "data that nobody owns": packed(told(entry()), b"\0" * 9),
    "backwards": packed(told(entry(data_offsets=[8, 0])), b"\0" * 8),
    "negative": packed(told(entry(data_offsets=[-8, 0])), b"\0" * 8),
    "a shape below zero": packed(told(entry(shape=[-1, -2])), b"\0" * 8),
    "a shape that overflows": packed(told(entry(shape=[2**40, 2**40, 0], data_offsets=[0, 0]))),
    "a shape that wraps around": packed(told(entry(shape=[2**62 + 2])), b"\0" * 8),
    "a shape that does not fill": packed(told(entry(shape=[3])), b"\0" * 8),
    "too many axes": packed(told(entry(shape=[1] * 100, data_offsets=[0, 4])), b"\0" * 4),
    "an unknown type": packed(told(entry(dtype="F31")), b"\0" * 8),
    "a type that is a list": packed(told(entry(dtype=["F32"])), b"\0" * 8),
    "true as a number": packed(told(entry(shape=[True], data_offsets=[0, 4])), b"\0" * 4),
    "half numbers": packed(told(entry(data_offsets=[0.0, 8.0])), b"\0" * 8),
    "three offsets": packed(told(entry(data_offsets=[0, 4, 8])), b"\0" * 8),
    "no offsets": packed(b'{"a": {"dtype": "F32", "shape": [2]}}', b"\0" * 8),
    "one word more": packed(told(entry(stride=[1])), b"\0" * 8),
    "a tensor that is a number": packed(b'{"a": 5}'),
    "metadata of numbers": packed(b'{"__metadata__": {"a": 1}}'),
    "metadata that is a list": packed(b'{"__metadata__": []}'),
    "a name that moves the cursor": packed(
        told(entry(dtype="x")).replace(b'"a"', b'"\\u001b[2J\\n' + b"a" * 5000 + b'"')
    ),
    "a type that moves the cursor": packed(told(entry(dtype="\x1b[2J\n" + "F" * 5000)), b"\0" * 8),
}


@pytest.mark.parametrize("why", HOSTILE)
def test_a_header_that_lies_is_refused_by_one_short_sentence(why: str, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(packed(told(entry()), b"\0" * 8))
    assert torch.equal(load(path)["a"], torch.zeros(2))
    path.write_bytes(HOSTILE[why])
    with pytest.raises(FormatError) as refusal:
        load(path)
    for sentence in (refusal.value.zh, refusal.value.en):
        assert str(path) in sentence
        assert sentence.replace(str(path), "").isprintable()
        assert len(sentence) < 400 + len(str(path))


def mutate(raw: bytes, dice: random.Random) -> bytes:
    """One to three changes of the length and the header: a bit, a byte, a digit, a piece lost, doubled or moved."""
    length = 8 + int.from_bytes(raw[:8], "little")
    head, data = bytearray(raw[:length]), raw[length:]
    for _ in range(dice.randint(1, 3)):
        place = dice.choice([dice.randrange(8), dice.randrange(8, len(head))])
        piece = slice(place, place + dice.randint(1, 12))
        kind = dice.randrange(6)
        if kind == 0:
            head[place] ^= 1 << dice.randrange(8)
        elif kind == 1:
            head[place] = dice.randrange(256)
        elif kind == 2:
            digits = [at for at in range(8, len(head)) if 48 <= head[at] <= 57]
            head[dice.choice(digits)] = dice.choice(b"0123456789-.e")
        elif kind == 3:
            del head[piece]
        elif kind == 4:
            head[piece.start : piece.start] = head[piece]
        else:
            head[piece] = dice.choice(
                [b'"', b"{", b"}", b"[", b"]", b"null", b"1e999", b"\\u0000", b"-1", b"99999999999"]
            )
        if len(head) < 12:
            break
    return bytes(head) + data


def read(path: Path) -> dict[str, Tensor] | FormatError:
    try:
        return load(path)
    except FormatError as error:
        return error


def test_mutated_headers_are_refused_or_read_as_the_reference_reads_them(
    tmp_path: Path, count: Callable[[int], int]
) -> None:
    tensors = {"wte.weight": torch.arange(6.0).view(2, 3), "ln.bias": torch.ones(4).half(), "ids": torch.arange(3)}
    raw, path, refused = their_save(tensors, {"format": "pt"}), tmp_path / "f", 0
    for seed in range(count(500)):
        spoiled = mutate(raw, random.Random(seed))
        path.write_bytes(spoiled)
        found = read(path)
        if isinstance(found, FormatError):
            refused += 1
            assert found.zh
            assert len(found.en) < 400 + len(str(path))
            continue
        theirs = their_load(spoiled)  # what we accept, they accept, and it is the same
        assert set(found) == set(theirs)
        assert all(same(found[name], theirs[name]) for name in found)
    assert refused > 0.8 * count(500)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "whole", of_every_type())
    raw = (tmp_path / "whole").read_bytes()
    for cut in range(0, len(raw), 23):
        (tmp_path / "f").write_bytes(raw[:cut])
        with pytest.raises(FormatError):
            load(tmp_path / "f")
