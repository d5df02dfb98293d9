"""The files that a package holds, by name, whatever kind of file the registry's client brought.

Nothing is ever unpacked by the names that stand in an archive: whoever reads asks for the names that it knows, and
writes under names of its own. So a name like ../../.bashrc, a link or a device can do no harm.

Reads   .tgz (npm), .whl and .zip (PyPI), a folder (what `dpkg-deb -x` laid)
"""

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wenjin.stack.data.sources import DataError

LARGEST = 64 * 2**20  # bytes of one file; ours are far smaller, and an archive can lie about what it unfolds to


@dataclass(frozen=True, slots=True)
class Archive:
    """The ordinary files of a package. `read` raises DataError for one that is missing or too large."""

    names: tuple[str, ...]
    read: Callable[[str], bytes]


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """A package to read from. Raises DataError for one that is cut off or no archive."""
    try:
        if path.is_dir():
            root = path.resolve()
            files = [f for f in sorted(root.rglob("*")) if f.is_file() and not f.is_symlink()]
            sizes = {f.relative_to(root).as_posix(): f.stat().st_size for f in files}
            yield _archive(path, sizes, lambda name: (root / name).read_bytes())
        elif path.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(path) as whole:
                sizes = {one.filename: one.file_size for one in whole.infolist() if not one.is_dir()}
                yield _archive(path, sizes, whole.read)
        else:
            with tarfile.open(path, "r:gz") as tar:
                members = {one.name: one for one in tar if one.isreg()}
                sizes = {name: one.size for name, one in members.items()}

                def read(name: str) -> bytes:
                    file = tar.extractfile(members[name])
                    assert file is not None  # ordinary files only
                    return file.read()

                yield _archive(path, sizes, read)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise DataError(
            f"{path.name} 读不完整：{error}。删去它，再取一次。",
            f"{path.name} cannot be read to its end: {error}. Delete it and fetch it again.",
        ) from error


def _archive(path: Path, sizes: dict[str, int], read: Callable[[str], bytes]) -> Archive:
    def checked(name: str) -> bytes:
        if name not in sizes:
            raise DataError(f"{path.name} 里没有 {name}。", f"{path.name} holds no {name}.")
        if sizes[name] > LARGEST:
            raise DataError(f"{path.name} 里的 {name} 太大。", f"{name} in {path.name} is too large.")
        return read(name)

    return Archive(tuple(sizes), checked)
