"""Tables that were read when the pages were built are those of the files; what changed since is read anew."""

import tomllib
from pathlib import Path

import pytest

from wenjin.study.course import tables
from wenjin.study.course.load import CURRICULUM


def test_what_was_read_ahead_is_what_the_files_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = sorted(CURRICULUM.rglob("*.toml"))
    dated = tmp_path / "dated.toml"
    dated.write_text("day = 2026-11-22\n")
    broken = tmp_path / "broken.toml"
    broken.write_text("day = \n")
    (tmp_path / "tables-0.json").write_bytes(tables.read_ahead([*files, dated, broken]))
    (tmp_path / "manifest.json").write_text('{"files": {"tables.json": "tables-0.json"}}')
    monkeypatch.setattr(tables, "DIST", tmp_path)
    tables.shelf.cache_clear()
    assert len(tables.shelf()) == len(files)
    monkeypatch.setattr(tables.tomllib, "loads", None)  # so that nothing is read as TOML
    read = [tables.parse(file.read_text(encoding="utf-8")) for file in files]
    monkeypatch.undo()
    tables.shelf.cache_clear()
    assert read == [tomllib.loads(file.read_text(encoding="utf-8")) for file in files]


def test_a_table_is_nobody_elses(tmp_path: Path) -> None:
    text = (CURRICULUM / "causes.toml").read_text(encoding="utf-8")
    tables.parse(text).clear()
    assert tables.parse(text)
    assert tables.parse("one = 1") == {"one": 1}


@pytest.mark.parametrize("manifest", ["", "{", '{"files": {}}', '{"files": {"tables.json": "gone.json"}}'])
def test_without_a_build_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    monkeypatch.setattr(tables, "DIST", tmp_path)
    tables.shelf.cache_clear()
    assert tables.parse("one = 1") == {"one": 1}
    tables.shelf.cache_clear()
