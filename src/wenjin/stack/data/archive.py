"""The files that a package holds, by name, whatever kind of file the registry's client brought.

Nothing is ever unpacked by the names that stand in an archive: whoever reads asks for the names that it knows, and
writes under names of its own. So a name like ../../.bashrc, a link or a device can do no harm.

Reads   .tgz (npm), .tar.gz, .whl and .zip (PyPI), a folder (what `dpkg-deb -x` laid)
"""

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from wenjin.stack.data.sources import DataError

LARGEST = 64 * 2**20  # bytes of one file; ours are far smaller, and an archive can lie about what it unfolds to
BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Archive:
    """The ordinary files of a package. `read` raises DataError for one that is missing, too large or broken."""

    names: tuple[str, ...]
    read: Callable[[str], bytes]


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """A package to read from. Raises DataError for one that is cut off or no archive."""
    with ExitStack() as stack:
        with told(path):
            sizes, read = _listed(path, stack)
        yield _archive(path, sizes, read)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """What breaks while an archive is read, as a sentence; what breaks elsewhere is none of its business."""
    try:
        yield
    except BROKEN as error:
        raise DataError(
            f"{path.name} 读不完整：{error}。删去它，再取一次。",
            f"{path.name} cannot be read to its end: {error}. Delete it and fetch it again.",
        ) from error


def _listed(path: Path, stack: ExitStack) -> tuple[dict[str, int], Callable[[str], bytes]]:
    """The size of every ordinary file, and how to read one; `stack` closes the archive."""
    if path.is_dir():
        root = path.resolve()
        files = [file for file in sorted(root.rglob("*")) if file.is_file() and not file.is_symlink()]
        sizes = {file.relative_to(root).as_posix(): file.stat().st_size for file in files}
        return sizes, lambda name: (root / name).read_bytes()
    if path.suffix in (".whl", ".zip"):
        whole = stack.enter_context(zipfile.ZipFile(path))
        return {one.filename: one.file_size for one in whole.infolist() if not one.is_dir()}, whole.read
    tar = stack.enter_context(tarfile.open(path, "r:gz"))  # noqa: SIM115 (it is closed by whoever holds the stack)
    members = {one.name: one for one in tar if one.isreg()}

    def read(name: str) -> bytes:
        file = tar.extractfile(members[name])
        assert file is not None  # ordinary files only
        return file.read()

    return {name: one.size for name, one in members.items()}, read


def _archive(path: Path, sizes: dict[str, int], read: Callable[[str], bytes]) -> Archive:
    def checked(name: str) -> bytes:
        if name not in sizes:
            raise DataError(f"{path.name} 里没有 {name}。", f"{path.name} holds no {name}.")
        if sizes[name] > LARGEST:
            raise DataError(f"{path.name} 里的 {name} 太大。", f"{name} in {path.name} is too large.")
        with told(path):
            return read(name)

    return Archive(tuple(sizes), checked)
