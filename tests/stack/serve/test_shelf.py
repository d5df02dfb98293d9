"""The shelf: a model is there whole or not at all, whatever is killed, full, spoiled or meant badly."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest

from wenjin.stack.serve.bring import bring, work
from wenjin.stack.serve.errors import ServeError
from wenjin.stack.serve.known import KNOWN, Known
from wenjin.stack.serve.listing import rows
from wenjin.stack.serve.parts import File, Part, of_file, of_folder
from wenjin.stack.serve.shelf import add, found, names, remove, shelf

DATA = bytes(range(256)) * 5000
ADD = """
import sys
from pathlib import Path
from wenjin.stack.serve.parts import of_file
from wenjin.stack.serve.shelf import add
print("begun", flush=True)
add(Path(sys.argv[1]), "mine", of_file(Path(sys.argv[2])), origin="x", license="MIT", look=lambda _: {"kind": "text"})
"""


def laid(data: Path, name: str = "mine", content: bytes = DATA) -> Path:
    file = data / "source.bin"
    file.write_bytes(content)
    return add(data, name, of_file(file), origin="source.bin", license="MIT", look=lambda _: {"kind": "chat"}).path


def refused(why: str) -> AbstractContextManager[pytest.ExceptionInfo[ServeError]]:
    return pytest.raises(ServeError, match=why)


def test_a_model_is_laid_found_listed_and_removed(tmp_path: Path) -> None:
    path = laid(tmp_path)
    assert path.read_bytes() == DATA
    kept = found(tmp_path, "mine", hashes=True)
    assert (kept.name, kept.origin, kept.license, kept.bytes, kept.about) == (
        "mine",
        "source.bin",
        "MIT",
        len(DATA),
        {"kind": "chat"},
    )
    (row,) = rows(tmp_path)["models"]
    assert (row["name"], row["kind"], row["state"], row["bytes"]) == ("mine", "chat", "whole", len(DATA))
    assert [one["name"] for one in rows(tmp_path)["offered"]] == list(KNOWN)
    assert remove(tmp_path, "mine") > len(DATA)
    assert names(tmp_path) == []
    with refused("There is no model mine"):
        remove(tmp_path, "mine")


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = laid(tmp_path)
    for name in ("mine", "MINE"):
        with refused("already"):
            laid(tmp_path, name, b"other")
    assert path.read_bytes() == DATA


def test_how_far_it_has_come_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(DATA)
    told: list[int] = []
    part = of_file(tmp_path / "a.gguf")[0]
    parts = [part, replace(part, name="LICENSE")]
    add(tmp_path, "mine", parts, origin="", license="", look=lambda _: {}, grown=told.append)
    assert told == sorted(told)
    assert told[-1] == 2 * len(DATA)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        ".hidden",
        "a.",
        "poet",
        "POET",
        "con",
        "nul.gguf",
        "x" * 65,
        "名",
        "a b",
        "a\n",
    ],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    for act in (partial(found, tmp_path), partial(remove, tmp_path), partial(laid, tmp_path)):
        with refused("cannot be a model's name"):
            act(name)
    assert names(tmp_path) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "config.json").write_text("{}")
    (tmp_path / "link.gguf").symlink_to(secret / "config.json")
    with refused("links are not taken"):
        of_file(tmp_path / "link.gguf")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "config.json").symlink_to(secret / "config.json")
    with refused("Links are not taken"):
        of_folder(folder)
    laid(tmp_path)
    (shelf(tmp_path) / "away").symlink_to(secret)
    with refused("There is no model away"):
        found(tmp_path, "away")
    assert remove(tmp_path, "away") == 0
    assert (secret / "config.json").exists()
    inner = shelf(tmp_path) / "mine" / "model.gguf"
    inner.unlink()
    inner.symlink_to(tmp_path / "source.bin")
    with refused("is spoiled: model.gguf"):
        found(tmp_path, "mine")


def test_of_a_folder_only_the_files_of_a_model_are_taken(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "notes.txt", ".env", "pytorch_model.bin"):
        (folder / name).write_text(name)
    assert [part.name for part in of_folder(folder)] == ["config.json", "model.safetensors", "tokenizer.json"]
    (folder / "config.json").unlink()
    with refused("has no config.json"):
        of_folder(folder)


SPOIL: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda at: (at / "manifest.json").unlink(), "manifest.json"),
    "a manifest of nothing": (lambda at: (at / "manifest.json").write_text(""), "manifest.json"),
    "a manifest that is a list": (lambda at: (at / "manifest.json").write_text("[]"), "manifest.json"),
    "nested without end": (lambda at: (at / "manifest.json").write_text("[" * 99_999), "manifest.json"),
    "shorter": (lambda at: os.truncate(at / "model.gguf", 9), "model.gguf"),
    "gone": (lambda at: (at / "model.gguf").unlink(), "model.gguf"),
    "changed": (lambda at: (at / "model.gguf").write_bytes(bytes(len(DATA))), "not the SHA-256"),
}


def rewritten(at: Path, files: object) -> None:
    told = json.loads((at / "manifest.json").read_text())
    (at / "manifest.json").write_text(json.dumps(told | {"files": files}))


for _name in ("../../../etc/passwd", "/etc/passwd", "x/config.json", "manifest.json"):
    _files = {_name: {"bytes": 1, "sha256": ""}}
    SPOIL[f"names {_name}"] = (partial(rewritten, files=_files), "manifest.json")
SPOIL["files are numbers"] = (partial(rewritten, files={"model.gguf": 3}), "manifest.json")


@pytest.mark.parametrize("name", SPOIL)
def test_a_spoiled_model_is_refused_listed_and_can_be_removed(tmp_path: Path, name: str) -> None:
    spoil, why = SPOIL[name]
    spoil(laid(tmp_path).parent)
    with refused("is spoiled") as caught:
        found(tmp_path, "mine", hashes=True)
    assert why in caught.value.en
    assert "wenjin models remove mine" in caught.value.zh
    assert rows(tmp_path, hashes=True)["models"][0]["state"] == "spoiled"
    remove(tmp_path, "mine")
    laid(tmp_path)


def test_what_is_no_model_leaves_nothing(tmp_path: Path) -> None:
    def look(_: Path) -> dict[str, str]:
        raise ServeError("不是模型", "no model")

    (tmp_path / "x.gguf").write_bytes(b"nothing")
    with refused("no model"):
        add(tmp_path, "mine", of_file(tmp_path / "x.gguf"), origin="", license="", look=look)
    assert [path.name for path in shelf(tmp_path).iterdir()] == [".lock"]


def test_a_full_disk_leaves_nothing_and_is_a_sentence(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: the write fails in the same place."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
    quiet = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    (tmp_path / "big.gguf").write_bytes(DATA)
    done = subprocess.run(
        [sys.executable, "-c", limit + quiet + ADD, tmp_path, tmp_path / "big.gguf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ServeError" in done.stderr
    assert "File too large. Nothing half-made was left" in done.stderr
    assert [path.name for path in shelf(tmp_path).iterdir()] == [".lock"]


def test_a_model_larger_than_the_disk_is_refused_before_it_is_copied(tmp_path: Path) -> None:
    part = Part("model.gguf", 1 << 60, partial(BytesIO, b""))
    with refused("MB free; .* are needed"):
        add(tmp_path, "mine", [part], origin="", license="", look=lambda _: {})


@pytest.mark.parametrize(("size", "sha256"), [(len(DATA) - 1, None), (len(DATA) + 1, None), (len(DATA), "0" * 64)])
def test_a_file_that_is_not_as_it_said_is_refused(tmp_path: Path, size: int, sha256: str | None) -> None:
    part = Part("model.gguf", size, partial(BytesIO, DATA), sha256)
    with refused("is not what was pinned"):
        add(tmp_path, "mine", [part], origin="", license="", look=lambda _: {})
    assert names(tmp_path) == []


def test_killed_at_any_moment_there_is_all_of_it_or_nothing(tmp_path: Path, count: Callable[[int], int]) -> None:
    (tmp_path / "big.gguf").write_bytes(DATA * 20)
    size, dice, whole, usual = len(DATA) * 20, random.Random(5), 0, 0.5
    times = max(4, count(60))
    for turn in range(times):
        data = tmp_path / f"data{turn}"
        argv = [sys.executable, "-c", ADD, data, tmp_path / "big.gguf"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            process.stdout.readline()
            began = time.monotonic()
            if turn == 0:
                assert process.wait() == 0
                usual = time.monotonic() - began
            else:
                time.sleep(dice.uniform(0, usual))
                process.send_signal(signal.SIGKILL)
        if names(data):
            assert found(data, "mine", hashes=True).bytes == size
            whole += 1
        else:
            laid(data)  # what was left does not stand in the way, and is cleared
        left = {path.name for path in shelf(data).iterdir()}
        assert left == {".lock", "mine"}
    assert 0 < whole <= times


def test_only_one_command_at_a_time_changes_the_shelf(tmp_path: Path) -> None:
    import fcntl

    laid(tmp_path)
    with (shelf(tmp_path) / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with refused("Another command is adding or removing"):
            remove(tmp_path, "mine")
    remove(tmp_path, "mine")


# ---- what a package holds ----


def known(content: bytes, sha256: str | None = None) -> Known:
    import hashlib

    package = {"client": "pip", "name": "tiny", "version": "1", "title": "tiny 1 (pip)", "bytes": 9, "sha256": ""}
    digest = sha256 or hashlib.sha256(content).hexdigest()
    return Known("tiny", package, "tiny/model.gguf", len(content), digest, "MIT", "小", "small")


def wheel(path: Path, held: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in held.items():
            file.writestr(name, content)
    return path


def never(*_: object) -> Path:
    raise AssertionError("nothing was to be fetched")


def test_a_package_that_was_brought_needs_no_network(tmp_path: Path) -> None:
    held = {"tiny/model.gguf": DATA, "../../evil": b"x", "tiny/__init__.py": b"raise SystemExit"}
    for name, file in {"wheel": wheel(tmp_path / "a.whl", held), "file": tmp_path / "plain"}.items():
        if name == "file":
            file.write_bytes(DATA)
        kept = bring(tmp_path / name, known(DATA), never, look=lambda _: {}, file=file)
        assert kept.path.read_bytes() == DATA
        assert kept.files == {"model.gguf": File(len(DATA), known(DATA).sha256)}
        assert (kept.license, kept.origin) == ("MIT", "tiny 1 (pip)")
    assert not list(tmp_path.rglob("evil"))


def test_a_package_that_was_changed_or_cut_off_is_refused(tmp_path: Path) -> None:
    bombs = wheel(tmp_path / "bomb.whl", {"tiny/model.gguf": bytes(50 << 20)})
    other = wheel(tmp_path / "other.whl", {"tiny/other": DATA})
    cut = tmp_path / "cut.whl"
    cut.write_bytes(wheel(tmp_path / "whole.whl", {"tiny/model.gguf": os.urandom(len(DATA))}).read_bytes())
    with cut.open("r+b") as file:
        file.seek(5000)
        file.write(bytes(3000))
    for path, why in (
        (bombs, "is not what was pinned"),
        (other, "does not hold a whole"),
        (cut, "pinned|hold a whole"),
    ):
        with refused(why):
            bring(tmp_path, known(DATA), never, look=lambda _: {}, file=path)
    assert names(tmp_path) == []


def test_what_was_fetched_is_laid_and_its_work_folder_goes(tmp_path: Path) -> None:
    asked: list[Path] = []

    def fetch(package: object, folder: Path, grown: Callable[[int], None]) -> Path:
        asked.append(folder)
        grown(5)
        return wheel(folder / "tiny.whl", {"tiny/model.gguf": DATA})

    grown: list[int] = []
    bring(tmp_path, known(DATA), fetch, look=lambda _: {}, fetched=grown.append)
    assert asked == [work(tmp_path, known(DATA))]
    assert grown == [5]
    assert {path.name for path in shelf(tmp_path).iterdir()} == {".lock", "tiny"}
