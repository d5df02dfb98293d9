"""Digits as pictures: what is shipped equals scikit-learn's; the package's form comes back level by level."""

import gzip
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_digits

from wenjin.stack.data.files import packed
from wenjin.stack.data.load import EXCERPTS, load
from wenjin.stack.data.pictures import Digit, arrays, compact, framed, png, read
from wenjin.stack.data.sources import source


def mnist(*files: tuple[str, str]) -> str:
    return packed(files).decode("utf-8")


def test_the_shipped_digits_are_scikit_learns() -> None:
    pictures, labels = arrays(load("digits").rows)
    theirs = load_digits()
    assert np.array_equal(pictures * 16, theirs.images)
    assert np.array_equal(labels, theirs.target)


def test_what_is_shipped_is_made_again_from_its_file() -> None:
    kept = (Path(sklearn.__file__).parent / "datasets/data/digits.csv.gz").read_bytes()
    made = compact(gzip.decompress(kept).decode("utf-8")).encode()
    assert made == gzip.decompress((EXCERPTS / "digits.csv.gz").read_bytes())


def test_every_level_comes_back_from_three_decimals() -> None:
    levels = [*range(256), *[0] * 528]
    shares = [round(level / 255, 3) for level in levels]
    text = mnist(("package/src/digits/7.json", json.dumps({"data": shares * 2})))
    one, other = read(text, "mnist")
    assert one == other == Digit(7, 28, 255, bytes(levels))
    pictures, labels = arrays([one, other])
    assert pictures.shape == (2, 28, 28)
    assert (pictures[0].ravel() * 255).round().astype(int).tolist() == levels
    assert labels.tolist() == [7, 7]


def test_a_small_picture_is_framed_as_mnist_has_them() -> None:
    pictures, _ = arrays(load("digits").rows[:50])
    large = framed(pictures)
    assert large.shape == (50, 28, 28)
    assert large[:, :4].max() == large[:, :, -4:].max() == 0
    assert np.array_equal(framed(large), large)
    assert np.allclose(framed(np.ones((1, 8, 8), dtype=np.float32))[0, 4:24, 4:24], 1)
    assert np.allclose(large.sum((1, 2)) / pictures.sum((1, 2)), (20 / 8) ** 2, rtol=0.1)


def test_the_package_is_pinned_whole() -> None:
    (package,) = source("mnist").packages
    assert package.parts["mnist"].rows == 10_000


@pytest.mark.parametrize(
    ("file", "held", "told"),
    [
        ("package/src/digits/x.json", '{"data": []}', "holds no pictures of one digit"),
        ("package/src/digits/7.json", '{"data": [0, 1]}', "holds no pictures of one digit"),
        ("package/src/digits/7.json", "[]", "holds no pictures of one digit"),
        ("package/src/digits/7.json", json.dumps({"data": ["a"] * 784}), "holds what is no number"),
        ("package/src/digits/7.json", json.dumps({"data": [2] * 784}), "has a level outside"),
    ],
)
def test_what_is_no_set_of_digits_is_refused_by_name(file: str, held: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as refused:
        list(read(mnist((file, held)), "mnist"))
    assert file in str(refused.value)


@pytest.mark.parametrize("line", ["", "1,2", ",".join(["17"] * 64 + ["1"]), ",".join(["0"] * 64 + ["10"]), "a," * 64])
def test_what_is_no_digit_is_refused_with_its_line(line: str) -> None:
    good = ",".join(["0"] * 64 + ["3"])
    with pytest.raises(ValueError, match="line 2 is no digit"):
        list(read(f"{good}\n{line}\n", "digits"))


def test_another_part_is_refused() -> None:
    with pytest.raises(ValueError, match="no set of digits"):
        list(read("", "letters"))


def test_a_png_holds_the_levels() -> None:
    levels = np.arange(6 * 5, dtype=np.uint8).reshape(6, 5)[:, ::-1]
    data = png(levels)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + body)
        chunks[kind], at = body, at + 12 + size
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (5, 6)
    rows = zlib.decompress(chunks[b"IDAT"])
    assert [list(rows[6 * n : 6 * n + 6]) for n in range(6)] == [[0, *row] for row in levels.tolist()]
