"""The models on this machine: a folder each, laid whole or not at all, with the hash of every file beside it.

    <data folder>/models/<name>/        model.gguf; or config.json, *.safetensors, tokenizer.json, …
        manifest.json                   where it came from, its license, bytes and SHA-256 of each file

    add(data, "mine", of_file(Path("some.gguf")), origin="some.gguf", license="MIT", look=glance)
    found(data, "mine").path            what serve/local.py opens
    remove(data, "mine")

A model is laid into a folder beside its place, looked at, written to the disk, and only then gets its name; one that is
removed loses its name first. So whoever looks, and whenever the power fails, finds all of a model or none of it. A
model that is there is never written over: what runs from it goes on to read the same bytes.

Omits    fetching, which is the caller's; more than one disk
Proof    tests/stack/serve/test_shelf.py: killed at any moment, on a full disk, with names and links that lead outside
"""

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from wenjin.stack.data.keep import corpora
from wenjin.stack.serve.errors import ServeError
from wenjin.stack.serve.parts import WHOLE, File, Grown, Part, known, lay

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
POET = "poet"
RESERVED = {POET, "con", "prn", "aux", "nul", *(f"{word}{n}" for word in ("com", "lpt") for n in range(10))}
MANIFEST = "manifest.json"
SPARE = 64 << 20  # bytes that stay free on the disk
Look = Callable[[Path], Mapping[str, Any]]  # what a model is, from its files; raises what has .zh and .en


@dataclass(frozen=True, slots=True)
class Kept:
    """A model that is here. `about`: what `look` said when it came."""

    folder: Path
    origin: str
    license: str
    files: Mapping[str, File]
    about: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())

    @property
    def path(self) -> Path:
        """What opens: the one file, or the folder."""
        return self.folder / WHOLE if WHOLE in self.files else self.folder


def shelf(data: Path | None = None) -> Path:
    """Where all models lie; `data` as in data/keep.py. Nothing is made here."""
    return corpora(data).parent / "models"


def names(data: Path | None = None) -> list[str]:
    """Of everything on the shelf, whole or spoiled."""
    folder = shelf(data)
    return sorted(path.name for path in folder.iterdir() if path.name[0] != ".") if folder.is_dir() else []


def poets(data: Path | None = None) -> dict[str, Path]:
    """Poets that were trained here, by the name that they are served by: poet, or poet:NAME. Each is the folder that
    training wrote, as transformers opens it."""
    folder = shelf(data).parent / "poet" / "poets"
    homes = sorted(folder.iterdir()) if folder.is_dir() else []
    return {poet_name(home): home / "model" for home in homes if (home / "model" / "config.json").is_file()}


def poet_name(home: Path) -> str:
    return POET if home.name == POET else f"{POET}:{home.name}"


def found(data: Path | None, name: str, *, hashes: bool = False) -> Kept:
    """A model by its name. Its files are there and of their size; with `hashes`, each byte is looked at.

    Raises ServeError for one that is not there, or is not whole.
    """
    folder = shelf(data) / checked(name)
    if folder.is_symlink() or not folder.is_dir():
        there = ", ".join(names(data)) or "-"
        raise ServeError(
            f"没有叫 {name} 的模型。有：{there}。取来一个：wenjin models add NAME；能取哪些：wenjin models list。",
            f"There is no model {name}. There are: {there}. Add one: wenjin models add NAME; wenjin models list says "
            "which can be fetched.",
        )
    try:
        told = json.loads((folder / MANIFEST).read_text("utf-8"))
        files = {known(file): File(**row) for file, row in told["files"].items()}
        kept = Kept(folder, str(told["origin"]), str(told["license"]), files, dict(told["about"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise spoiled(name, f"{MANIFEST}（{error}）", f"{MANIFEST} ({error})") from None
    for file, row in files.items():
        path = folder / file
        size = -1 if path.is_symlink() or not path.is_file() else path.stat().st_size
        if size != row.bytes:
            raise spoiled(name, f"{file}（应有 {row.bytes} 字节）", f"{file} (it should have {row.bytes} bytes)")
        if hashes and sha256(path) != row.sha256:
            raise spoiled(name, f"{file}（SHA-256 不符）", f"{file} (not the SHA-256 that it came with)")
    return kept


def spoiled(name: str, zh: str, en: str) -> ServeError:
    return ServeError(
        f"模型 {name} 坏了：{zh}。运行 wenjin models remove {name}，再 add 一次。",
        f"The model {name} is spoiled: {en}. Run wenjin models remove {name}, then add it again.",
    )


def checked(name: str) -> str:
    """A name that is a folder's of its own on every system. Raises ServeError."""
    if not NAME.fullmatch(name) or name.split(".")[0].casefold() in RESERVED:
        raise ServeError(
            f"{name[:40]!a} 不能作模型的名字：要 1 到 64 个字母、数字、点、横线，以字母或数字开头；"
            "也不能是保留的名字（如 poet）。",
            f"{name[:40]!a} cannot be a model's name: use 1 to 64 letters, digits, dots and dashes, beginning with a "
            "letter or a digit, and none that is taken (such as poet).",
        )
    return name


# ---- laying and taking away ----


def add(
    data: Path | None,
    name: str,
    parts: list[Part],
    *,
    origin: str,
    license: str,
    look: Look,
    grown: Grown = lambda _: None,
    wait: bool = False,
) -> Kept:
    """Lay a model and give it its name. `license` may be empty: then what `look` finds in the files is taken.

    wait    for another command that is at it, instead of refusing
    Raises ServeError; what `look` raises for files that are no model; nothing is left behind.
    """
    folder = shelf(data)
    final, new = folder / checked(name), folder / f".new-{name}"
    with alone(folder, wait=wait):
        if name.casefold() in map(str.casefold, names(data)):
            raise ServeError(
                f"已经有叫 {name} 的模型。另起名字（--name），或先 wenjin models remove {name}。",
                f"There is a model {name} already. Give another name (--name), or run wenjin models remove {name} "
                "first.",
            )
        roomy(folder, sum(part.size for part in parts))
        try:
            new.mkdir()
            files, before = {}, 0
            for part in parts:
                files[known(part.name)] = lay(part, new / part.name, partial(later, grown, before))
                before += part.size
            about = dict(look(new / WHOLE if WHOLE in files else new))
            told = {"origin": origin, "license": license or about.get("license") or "", "about": about}
            told |= {"files": {file: asdict(row) for file, row in files.items()}}
            write(new / MANIFEST, json.dumps(told, ensure_ascii=False, indent=1).encode())
            settle(new)
            new.rename(final)
            settle(folder)
        except OSError as error:
            raise unwritten(folder, error) from None
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return found(data, name)


def later(grown: Grown, before: int, more: int) -> None:
    grown(before + more)


def remove(data: Path | None, name: str) -> int:
    """Delete a model, whole or spoiled; the bytes that it had. Raises ServeError where there is none."""
    folder = shelf(data)
    final, gone = folder / checked(name), folder / f".gone-{name}"
    if name not in names(data):
        found(data, name)
    with alone(folder, wait=False):
        try:
            if final.is_symlink() or final.is_file():
                final.unlink()  # what somebody put there; where it leads to is not ours
                return 0
            size = sum(path.lstat().st_size for path in final.rglob("*"))
            final.rename(gone)
            settle(folder)
            shutil.rmtree(gone)
        except OSError as error:
            raise unwritten(folder, error) from None
    return size


@contextmanager
def alone(folder: Path, *, wait: bool) -> Iterator[None]:
    """One command at a time changes the shelf; what an earlier one left when it was killed is cleared away."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise unwritten(folder, error) from None
    with lock:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except OSError:
                raise ServeError(
                    "另一个命令正在添加或删除模型。等它做完。",
                    "Another command is adding or removing a model. Wait for it to end.",
                ) from None
        for left in (*folder.glob(".new-*"), *folder.glob(".gone-*")):
            shutil.rmtree(left, ignore_errors=True)
        yield


def roomy(folder: Path, needed: int) -> None:
    """Raises ServeError where the disk has no room."""
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise ServeError(
            f"{folder} 只剩 {free / 1e6:.0f} MB，要 {(needed + SPARE) / 1e6:.0f} MB。腾出地方再来。",
            f"{folder} has {free / 1e6:.0f} MB free; {(needed + SPARE) / 1e6:.0f} MB are needed. Make room and come "
            "back.",
        )


def unwritten(folder: Path, error: OSError) -> ServeError:
    why = error.strerror or str(error)
    where = error.filename or folder
    return ServeError(
        f"{where}：{why}。什么都没有留下；腾出地方，或用 --data 换一个数据目录。",
        f"{where}: {why}. Nothing half-made was left; make room, or choose another data folder with --data.",
    )


def write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def settle(folder: Path) -> None:
    """The names in a folder reach the disk, where the system can be asked for that."""
    if sys.platform != "win32":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
