"""The models of this machine as rows, for people and for programs: what is on the shelf, which poets, what can be had.

    rows(data)["models"]      {"name", "kind": chat | poet | text, "state": whole | spoiled, "bytes", "path", …}
    rows(data)["offered"]     {"name", "bytes", "fetch", "license", "zh", "en"} of what can be fetched and is not here

Nothing of a model but its manifest is read, so that a list takes no time.
"""

from pathlib import Path
from typing import Any

from wenjin.stack.serve.errors import ServeError
from wenjin.stack.serve.known import KNOWN
from wenjin.stack.serve.shelf import Kept, found, names, poets, shelf


def rows(data: Path | None = None, *, hashes: bool = False) -> dict[str, list[dict[str, Any]]]:
    """`hashes`: each byte of what is here is checked."""
    here = []
    for name in names(data):
        try:
            here.append(row_of(found(data, name, hashes=hashes)))
        except ServeError as error:
            why = {"zh": error.zh, "en": error.en}
            path = shelf(data) / name
            here.append(
                {"name": name, "kind": "text", "state": "spoiled", "bytes": weight(path), "path": str(path)}
                | {"why": why}
            )
    for name, folder in poets(data).items():
        here.append({"name": name, "kind": "poet", "state": "whole", "bytes": weight(folder), "path": str(folder)})
    offered = [
        {"name": one.name, "bytes": one.bytes, "fetch": one.package["bytes"], "license": one.license}
        | {"title": one.package["title"], "zh": one.zh, "en": one.en}
        for one in KNOWN.values()
        if one.name not in names(data)
    ]
    return {"models": here, "offered": offered}


def row_of(kept: Kept) -> dict[str, Any]:
    row = {"name": kept.name, "kind": kept.about.get("kind", "text"), "state": "whole", "bytes": kept.bytes}
    row |= {"path": str(kept.path), "license": kept.license, "origin": kept.origin, "about": dict(kept.about)}
    return row | {"files": {file: {"bytes": one.bytes, "sha256": one.sha256} for file, one in kept.files.items()}}


def weight(path: Path) -> int:
    """Bytes of all files below a folder; no link is followed."""
    return sum(file.lstat().st_size for file in path.rglob("*") if file.is_file() and not file.is_symlink())
