"""The corpora on this machine: a folder each, laid whole or not at all (lay.py), checked by hash whenever it is read.

    <data folder>/corpora/<id>/   the kept files, LICENSE, and package.txt: which packages they came from, one a line

The data folder is an argument, else WENJIN_DATA, else the system's usual one: the folder of the platform's own data.
"""

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

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


def packages_of(source: Source, place: Path) -> tuple[Package, ...]:
    """The packages that are kept; none where the corpus is not there, or is one that this version does not know."""
    try:
        titles = (place / source.id / "package.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    kept = tuple(package for package in source.packages if package.title in titles)
    wanted = len(source.packages) if source.together else 1
    return kept if len(kept) == len(titles) == wanted else ()


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
