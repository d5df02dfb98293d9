"""The learner's own files: named once, left where they are, refused when they change or cannot be read."""

from pathlib import Path

import pytest

from wenjin.stack.data import folders, wikitext
from wenjin.stack.data.load import load
from wenjin.stack.data.sources import DataError, source

WIKI = source("wikitext-files")
TEXT = " \n = {title} = \n \n Some text . \n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with all three files."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for part in ("train", "valid", "test"):
        (folder / f"wiki.{part}.tokens").write_text(TEXT.format(title=part) * 2, encoding="utf-8")
    return folder


def name(own: Path, data: Path) -> None:
    folders.remember(WIKI, folders.found(own, wikitext.PARTS), data / "corpora")


def test_files_are_read_where_they_are_and_their_parts_are_the_splits(own: Path, tmp_path: Path) -> None:
    name(own, tmp_path)
    assert {path.name for path in (tmp_path / "corpora" / "wikitext-files").iterdir()} == {"files.json"}
    corpus = load("wikitext-files", data=tmp_path)
    assert (corpus.count, corpus.fallback) == (6, False)
    assert corpus.source == "wiki.train.tokens, wiki.valid.tokens, wiki.test.tokens"
    for split in ("train", "test"):
        assert {row.title for row in load("wikitext-files", split=split, data=tmp_path).rows} == {split}
    assert [row.title for row in load("wikitext-files", part="valid", data=tmp_path).rows] == ["valid", "valid"]


def test_one_file_of_one_kind_will_do_but_is_not_both_splits(own: Path, tmp_path: Path) -> None:
    for path in own.iterdir():
        path.unlink()
    raw = "".join(TEXT.format(title=f"Article {n}") for n in range(60))
    (own / "wiki.train.raw").write_bytes(b"\xef\xbb\xbf" + raw.replace("\n", "\r\n").encode())
    name(own, tmp_path)
    train, test = (load("wikitext-files", split=split, data=tmp_path).rows for split in ("train", "test"))
    assert len(train) + len(test) == 60
    assert test
    assert not {row.title for row in train} & {row.title for row in test}


def test_a_folder_without_the_files_is_refused_by_their_names(own: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no folder"):
        name(tmp_path / "none", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds none of: wiki\.train\.tokens, wiki\.train\.raw"):
        name(tmp_path / "empty", tmp_path)


def test_a_file_that_changed_or_is_gone_is_refused(own: Path, tmp_path: Path) -> None:
    name(own, tmp_path)
    one = folders.known(WIKI, tmp_path / "corpora")["test"]
    path = own / "wiki.test.tokens"
    path.write_text(TEXT.format(title="tset") * 2, encoding="utf-8")
    with pytest.raises(DataError, match=r"wiki\.test\.tokens changed since it was named\. Name its folder again"):
        load("wikitext-files", part="test", data=tmp_path)
    folders.seen(WIKI, one)  # a look is cheap and sees sizes only
    path.write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match="changed since it was named"):
        folders.seen(WIKI, one)
    path.unlink()
    for look in (lambda: load("wikitext-files", data=tmp_path), lambda: folders.seen(WIKI, one)):
        with pytest.raises(DataError, match=r"cannot be read \(No such file"):
            look()


@pytest.mark.parametrize("broken", [b"\xff\xfeA", b"\xd6\xd0\xce\xc4", b"\xe4\xb8"])
def test_broken_encoding_is_told_with_its_line(broken: bytes, own: Path, tmp_path: Path) -> None:
    path = own / "wiki.valid.tokens"
    path.write_bytes(path.read_bytes() + b"fine\n" + broken)
    name(own, tmp_path)
    with pytest.raises(DataError, match=r"Line 10 of wiki\.valid\.tokens has a byte \(0x..\) that is not UTF-8"):
        load("wikitext-files", data=tmp_path)


def test_a_file_that_is_no_wikitext_is_a_sentence(own: Path, tmp_path: Path) -> None:
    (own / "wiki.train.tokens").write_text("nothing of the kind", encoding="utf-8")
    name(own, tmp_path)
    with pytest.raises(DataError, match="train of wikitext-files: no line is the title of an article"):
        load("wikitext-files", data=tmp_path)


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"train": 1}', '{"train": {"path": "x"}}'])
def test_a_spoilt_list_of_files_is_a_sentence(spoilt: str, own: Path, tmp_path: Path) -> None:
    name(own, tmp_path)
    (tmp_path / "corpora" / "wikitext-files" / "files.json").write_text(spoilt, encoding="utf-8")
    with pytest.raises(DataError, match=r"files\.json cannot be read"):
        load("wikitext-files", data=tmp_path)


def test_without_a_folder_it_says_what_to_do_and_what_stands_in(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        load("wikitext-files", data=tmp_path)
    assert "Use instead: english-classics." in refused.value.en
    assert "wenjin data add wikitext-files --folder FOLDER" in refused.value.en
    assert "可以先用：english-classics。" in refused.value.zh
