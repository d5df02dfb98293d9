"""Tables of numbers: equal to scikit-learn's own copies, by hand, and what is broken."""

import gzip
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_wine  # type: ignore[import-untyped]

from wenjin.stack.data import tables
from wenjin.stack.data.load import EXCERPTS, load
from wenjin.stack.data.tables import Sample, table

NOWHERE = Path("/nonexistent")
TABLES = [
    ("breast-cancer", load_breast_cancer, "breast_cancer.csv", "diagnosis"),
    ("wine", load_wine, "wine_data.csv", "cultivar"),
]


@pytest.mark.parametrize(("id", "theirs"), [row[:2] for row in TABLES])
def test_every_number_is_scikit_learns(id: str, theirs: object) -> None:
    ours, bunch = table(load(id, data=NOWHERE).rows), theirs()  # type: ignore[operator]
    np.testing.assert_array_equal(ours.x, bunch.data)
    assert [ours.labels[n] for n in ours.y] == [str(bunch.target_names[n]) for n in bunch.target]
    assert list(ours.columns) == [str(name) for name in bunch.feature_names]


@pytest.mark.parametrize(("id", "theirs", "file", "label"), TABLES)
def test_what_is_shipped_is_made_from_scikit_learns_file(id: str, theirs: object, file: str, label: str) -> None:
    text = files("sklearn.datasets.data").joinpath(file).read_text(encoding="utf-8")
    names = [str(name) for name in theirs().feature_names]  # type: ignore[operator]
    shipped = gzip.decompress((EXCERPTS / f"{id}.csv.gz").read_bytes()).decode("utf-8")
    assert tables.compact(text, label, names) == shipped


def test_labels_are_counted_as_the_source_says() -> None:
    def counts(id: str) -> Counter[str]:
        return Counter(row.label for row in load(id, data=NOWHERE).rows)

    assert counts("breast-cancer") == {"malignant": 212, "benign": 357}
    assert counts("wine") == {"class_0": 59, "class_1": 71, "class_2": 48}


def test_a_row_is_a_label_and_named_numbers() -> None:
    rows = list(tables.read("kind,a,b\nyes,1,-2.5e1\nno,3,4\nyes,1,-25\n"))
    assert rows[0] == Sample("yes", (1.0, -25.0), ("a", "b"))
    assert rows[0].key == rows[2].key != rows[1].key
    made = table(rows)
    assert (made.labels, made.y.tolist(), made.x.shape) == (("no", "yes"), [1, 0, 1], (3, 2))


@pytest.mark.parametrize("row", ["yes,1", "yes,1,2,3", ",1,2", "yes,1,nan", "yes,inf,2", "yes,1,two", "", "yes"])
def test_a_broken_row_is_refused_with_its_line(row: str) -> None:
    with pytest.raises(ValueError, match="line 3 is no row"):
        list(tables.read(f"kind,a,b\nyes,1,2\n{row}\nyes,1,2\n"))


@pytest.mark.parametrize("text", ["", "kind,a\n", "kind\nyes\n", "kind,a,\nyes,1,2\n", "kind,a,a\nyes,1,2\n"])
def test_a_table_without_named_columns_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="line 1 does not name"):
        list(tables.read(text))
