"""Files that the learner has: the folder that they name is kept in mind, its files stay where they are.

    <data folder>/corpora/<id>/files.json    part -> path, bytes and SHA-256 of its file

The hash is taken when the folder is named. A file that changed since is refused, so that two runs that say the same
source have read the same text.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from wenjin.stack.data.sources import DataError, Source

LIST = "files.json"


@dataclass(frozen=True, slots=True)
class Own:
    """A file of the learner's that holds a part. `path` is absolute."""

    path: str
    bytes: int
    sha256: str


def found(folder: Path, wanted: Mapping[str, Sequence[str]]) -> dict[str, Own]:
    """The files of a folder. `wanted`: part -> the names that its file may have. Raises DataError for none."""
    folder = folder.expanduser().absolute()
    if not folder.is_dir():
        raise DataError(f"没有 {folder} 这个文件夹。", f"There is no folder {folder}.")
    there = {part: path for part, names in wanted.items() if (path := _first(folder, names))}
    if not there:
        names = ", ".join(name for some in wanted.values() for name in some)
        raise DataError(f"{folder} 里一个也没有：{names}。", f"{folder} holds none of: {names}.")
    return {part: Own(str(path), path.stat().st_size, _sha256(path)) for part, path in there.items()}


def remember(source: Source, own: Mapping[str, Own], place: Path) -> None:
    """Keep them in mind, and none that were named before."""
    where = place / source.id
    where.mkdir(parents=True, exist_ok=True)
    new = where / f".{LIST}"
    new.write_text(json.dumps({part: asdict(one) for part, one in own.items()}), encoding="utf-8")
    new.replace(where / LIST)


def known(source: Source, place: Path) -> dict[str, Own]:
    """The files that were named; none where no folder was. Raises DataError where the list cannot be read."""
    path = place / source.id / LIST
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {part: Own(**row) for part, row in rows.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DataError(*_again(source, f"{path} 读不了", f"{path} cannot be read")) from error


def read(source: Source, own: Own) -> str:
    """The text of a file, its hash checked. Raises DataError, for broken encoding with the line."""
    path = Path(own.path)
    try:
        data = path.read_bytes()
    except OSError as error:
        zh, en = f"{path} 读不了（{error.strerror}）", f"{path} cannot be read ({error.strerror})"
        raise DataError(*_again(source, zh, en)) from error
    if hashlib.sha256(data).hexdigest() != own.sha256:
        raise DataError(*_again(source, f"{path} 在指定之后变了", f"{path} changed since it was named"))
    return decoded(data, path.name)


def decoded(data: bytes, name: str) -> str:
    """Bytes as UTF-8, with line ends of one kind. Raises DataError, with the line of the first byte that is none."""
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line, byte = data.count(b"\n", 0, error.start) + 1, data[error.start]
        raise DataError(
            f"{name} 第 {line} 行有一个字节（0x{byte:02x}）不是 UTF-8。把文件转成 UTF-8 再来。",
            f"Line {line} of {name} has a byte (0x{byte:02x}) that is not UTF-8. Convert the file to UTF-8 first.",
        ) from error


def seen(source: Source, own: Own) -> None:
    """A file is there, in its size: a look that costs nothing. Raises DataError."""
    path = Path(own.path)
    try:
        size = path.stat().st_size
    except OSError as error:
        zh, en = f"{path} 读不了（{error.strerror}）", f"{path} cannot be read ({error.strerror})"
        raise DataError(*_again(source, zh, en)) from error
    if size != own.bytes:
        raise DataError(*_again(source, f"{path} 在指定之后变了", f"{path} changed since it was named"))


def _first(folder: Path, names: Sequence[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _again(source: Source, zh: str, en: str) -> tuple[str, str]:
    then = f"wenjin data add {source.id} --folder"
    return f"{zh}。重新指定：{then} 文件夹。", f"{en}. Name its folder again: {then} FOLDER."


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
