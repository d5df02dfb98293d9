"""Handwritten digits, each with its label: those of MNIST, 28 x 28 in 256 levels, and UCI's, 8 x 8 in 17.

    mnist    the package's ten files, kept as one (files.py); a file holds all pictures of one digit, a level is
             written as a share of 255 with three decimals
    digits   one picture a line: 64 levels from 0 to 16, then the label

Omits    color, other sizes, MNIST's own files (IDX), reading of PNG
Shapes   N pictures   S side in pixels
Source   LeCun, Bottou, Bengio, Haffner 1998 (III.A), doi:10.1109/5.726791: the first 10,000 of MNIST's training set,
         from the package mnist 1.1.0; Alpaydin, Kaynak 1998, doi:10.24432/C50P49, from scikit-learn 1.9.1
Proof    tests/stack/data/test_pictures.py: the shipped digits equal scikit-learn's; a picture comes back from the
         package's form level by level; what is none is refused with its place
"""

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wenjin.stack.data.files import unpacked

BOX, FRAMED = 20, 28  # MNIST's digits fill a box of 20 pixels in a frame of 28


@dataclass(frozen=True, slots=True)
class Digit:
    """`levels`: S x S bytes, row by row, from 0 (paper) to `most` (ink)."""

    label: int
    side: int
    most: int
    levels: bytes

    @property
    def key(self) -> str:
        return f"{self.label} {self.levels.hex()}"  # pictures that are alike fall on one side


def read(text: str, part: str) -> Iterator[Digit]:
    """`part`: mnist or digits. Raises ValueError, with the place."""
    if part == "mnist":
        yield from _files(text)
    elif part == "digits":
        yield from _lines(text)
    else:
        raise ValueError(f"{part} is no set of digits")


def arrays(rows: Sequence[Digit]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Rows of one set as pictures (N, S, S) from 0 to 1, and labels (N,)."""
    flat = np.frombuffer(b"".join(row.levels for row in rows), dtype=np.uint8)
    side, most = rows[0].side, rows[0].most
    pictures = flat.reshape(len(rows), side, side).astype(np.float32) / np.float32(most)
    return pictures, np.array([row.label for row in rows], dtype=np.int64)


def framed(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pictures of any side as MNIST has them, (N, 28, 28): others are stretched over the box in its middle, linearly
    between the centers of their pixels."""
    side = pictures.shape[-1]
    if side == FRAMED:
        return pictures
    centers = (np.arange(BOX) + 0.5) * side / BOX - 0.5  # of the new pixels, counted in old ones
    near = np.clip(1 - np.abs(centers.clip(0, side - 1)[:, None] - np.arange(side)), 0, 1)  # (20, S)
    stretched = near @ pictures @ near.T  # (N, 20, 20)
    edge = (FRAMED - BOX) // 2
    return np.pad(stretched, ((0, 0), (edge, edge), (edge, edge))).astype(np.float32)


def png(levels: NDArray[np.uint8]) -> bytes:
    """Levels (height, width) as a PNG file of gray pixels, 0 black."""
    high, wide = levels.shape

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(levels))  # 0: the row is not filtered
    head = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)  # 8 bits, gray
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def _files(text: str) -> Iterator[Digit]:
    for name, held in unpacked(text):
        stem = name.rpartition("/")[2].removesuffix(".json")
        told = json.loads(held)
        shares = told.get("data") if isinstance(told, dict) else None
        if not (stem.isdigit() and len(stem) == 1 and isinstance(shares, list) and len(shares) % 784 == 0):
            raise ValueError(f"{name} holds no pictures of one digit")
        try:
            levels = np.array(shares, dtype=np.float64).reshape(-1, 784)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} holds what is no number: {error}") from None
        if not ((levels >= 0) & (levels <= 1)).all():
            raise ValueError(f"{name} has a level outside of 0 to 1")
        for one in np.rint(levels * 255).astype(np.uint8):
            yield Digit(int(stem), 28, 255, one.tobytes())


def _lines(text: str) -> Iterator[Digit]:
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        try:
            *levels, label = (int(cell) for cell in line.split(","))
        except ValueError as error:
            raise ValueError(f"line {number} is no digit: {error}") from None
        if len(levels) != 64 or not 0 <= label <= 9 or not all(0 <= level <= 16 for level in levels):
            raise ValueError(f"line {number} is no digit: 64 levels from 0 to 16 and a label are wanted")
        yield Digit(label, 8, 16, bytes(levels))


def compact(text: str) -> str:
    """scikit-learn's CSV, which writes every number as a float, as it is shipped."""
    rows = (line.split(",") for line in text.strip().splitlines())
    return "".join(",".join(str(int(float(cell))) for cell in row) + "\n" for row in rows)
