"""The words of exercises: texts read from beside, and modules loaded from beside."""

import sys
from pathlib import Path

import pytest

from wenjin.kit.exercise import load_sibling, read_mistakes

MISTAKES = """
[missing-scale]
title = { zh = "没有缩放", en = "Not scaled" }
why = { zh = "分数太大", en = "The scores are too large" }
repair = { zh = "除以根号 d", en = "Divide by the root of d" }
section = "why-sqrt-d"
"""


def test_mistakes_are_read_from_beside_the_grader(tmp_path: Path) -> None:
    (tmp_path / "mistakes.toml").write_text(MISTAKES, encoding="utf-8")
    found = read_mistakes(str(tmp_path / "grade.py"))
    assert list(found) == ["missing-scale"]
    assert found["missing-scale"].name == "missing-scale"
    assert found["missing-scale"].repair["zh"] == "除以根号 d"
    assert found["missing-scale"].section == "why-sqrt-d"


def test_siblings_of_one_name_stay_apart(tmp_path: Path) -> None:
    for folder, value in (("one", 1), ("two", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mistakes.py").write_text(
            "from __future__ import annotations\n"
            "from dataclasses import dataclass\n"
            "@dataclass\n"
            "class Holder:\n"
            f"    value: int = {value}\n",
            encoding="utf-8",
        )
    one = load_sibling(str(tmp_path / "one" / "grade.py"), "mistakes")
    two = load_sibling(str(tmp_path / "two" / "grade.py"), "mistakes")
    assert (one.Holder().value, two.Holder().value) == (1, 2)
    assert one.__name__ != two.__name__
    assert "mistakes" not in sys.modules


def test_a_missing_sibling_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"mistakes\.py should stand beside grade\.py"):
        load_sibling(str(tmp_path / "grade.py"), "mistakes")


def test_a_sibling_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "mistakes.py").write_text("1 / 0\n", encoding="utf-8")
    before = set(sys.modules)
    with pytest.raises(ZeroDivisionError):
        load_sibling(str(tmp_path / "grade.py"), "mistakes")
    assert set(sys.modules) == before
