"""What the course says of its data and what the library can load agree, in both languages."""

import tomllib
from pathlib import Path

import pytest

import wenjin
from wenjin.stack.data.sources import Source, sources

ROOT = Path(wenjin.__path__[0])
ROWS = {
    row["id"]: row
    for row in tomllib.loads((ROOT / "curriculum/syllabus/data.toml").read_text(encoding="utf-8"))["data"]
}
KINDS = {"package": "package", "shipped": "shipped", "running": "package", "folder": "own-files"}


@pytest.mark.parametrize("one", sources().values(), ids=lambda one: one.id)
def test_a_source_that_can_be_loaded_says_the_same_in_the_syllabus(one: Source) -> None:
    row = ROWS[one.id]
    assert row["holds"] == {"zh": one.holds.zh, "en": one.holds.en}
    assert row["kind"] == KINDS[one.way]
    for package in one.packages:
        name = package.name.removesuffix("-en").removesuffix("-zh-cn")  # both languages of a handbook
        if name != "jupyterlab-language-pack-zh-CN":
            assert name in row["origin"]["en"], package.title
            assert name in row["origin"]["zh"], package.title


def test_a_stand_in_that_is_a_source_is_one_in_both() -> None:
    for row in ROWS.values():
        if "fallback" in row:
            zh, en = row["fallback"]["zh"], row["fallback"]["en"]
            assert (en in ROWS) == (zh == en), row["id"]


def test_chinese_is_chinese_and_english_is_english() -> None:
    def chinese(text: str) -> bool:
        return any("\u4e00" <= letter <= "\u9fff" for letter in text)

    for row in ROWS.values():
        assert chinese(row["holds"]["zh"]), row["id"]
        assert not any(chinese(row[field]["en"]) for field in ("holds", "origin", "fallback") if field in row), row[
            "id"
        ]
