"""Tables of numbers with named columns, each row with a label: CSV whose first line names the columns.

    diagnosis,mean radius,mean texture,…
    malignant,17.99,10.38,…

The first column is the label, every other one a number that is finite. Cells hold no comma and no quotation mark.
Omits   empty cells, dates, text as a feature; a table that is to be cleaned first is another reader's
Source  UCI's Breast Cancer Wisconsin (Diagnostic) and Wine, as scikit-learn 1.9.1 ships them
Proof   tests/stack/data/test_tables.py: both tables equal scikit-learn's, number by number; what is shipped is made
        again from its files
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Sample:
    """A row. `columns` names its values, and is the same for all rows of a table."""

    label: str
    values: tuple[float, ...]
    columns: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.label} {self.values}"  # rows that are alike fall on one side


@dataclass(frozen=True, slots=True)
class Table:
    """x (N, D) float64; y (N,) whole numbers, the place of each row's label in `labels`, which are in order."""

    x: NDArray[np.float64]
    y: NDArray[np.int64]
    columns: tuple[str, ...]
    labels: tuple[str, ...]


def read(text: str) -> Iterator[Sample]:
    """Raises ValueError, with the line."""
    head, *lines = text.removesuffix("\n").split("\n")
    columns = tuple(head.split(",")[1:])
    if not lines or not columns or "" in columns or len(set(columns)) < len(columns):
        raise ValueError("line 1 does not name the columns of a table")
    for number, line in enumerate(lines, 2):
        label, *cells = line.split(",")
        try:
            values = tuple(float(cell) for cell in cells)
        except ValueError as error:
            raise ValueError(f"line {number} is no row of numbers: {error}") from None
        if not label or len(values) != len(columns) or not all(map(math.isfinite, values)):
            raise ValueError(f"line {number} is no row: a label and {len(columns)} finite numbers are wanted")
        yield Sample(label, values, columns)


def table(rows: Sequence[Sample]) -> Table:
    """Rows of one table as arrays."""
    labels = sorted({row.label for row in rows})
    place = {label: n for n, label in enumerate(labels)}
    x = np.array([row.values for row in rows], dtype=np.float64)  # (N, D)
    y = np.array([place[row.label] for row in rows], dtype=np.int64)  # (N,)
    return Table(x, y, rows[0].columns, tuple(labels))


def compact(text: str, label: str, columns: Sequence[str]) -> str:
    """scikit-learn's CSV (its first line: rows, columns, names of classes; the class last in each row) -> what is
    shipped. The digits of every number stay as they were written."""
    head, *lines = text.strip().splitlines()
    classes = head.split(",")[2:]
    rows = (line.rsplit(",", 1) for line in lines)
    kept = (f"{classes[int(which)]},{numbers}" for numbers, which in rows)
    return "".join(f"{line}\n" for line in (",".join([label, *columns]), *kept))
