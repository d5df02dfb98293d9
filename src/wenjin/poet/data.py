"""Stage 1 of the poet: Tang and Song verse -> a prepared corpus in a folder, with a report of what was thrown away.

    for progress in prepare(Path("poet/data")):      clean and simplify, compare, divide and write; under a minute
        print(progress)
    corpus = open_corpus(Path("poet/data"))          see stack/data/verse.py

What is cleaned, and which poem is left out why, stands in stack/data/clean.py and stack/data/variants.py. Killed at any
moment, it goes on after its last finished step. The same collections and the same rules give the same bytes; another
version of either makes it anew.

Omits    marks of stanzas, poets' lives, all other collections
Proof    tests/poet/test_data.py
"""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from wenjin.stack.data import characters, clean, deduplicate, divide, poems, report, simplify, tally, variants, verse
from wenjin.stack.data.load import Corpus, load
from wenjin.stack.data.sources import DataError
from wenjin.stack.data.tally import Tally
from wenjin.stack.data.variants import Pair
from wenjin.stack.data.verse import FORMS, SPLITS, Verse

COLLECTION, PARTS = "classical-poems", ("tang", "songci")
SHARES = {"train": 0.9, "valid": 0.05, "test": 0.05}
FEW, SHARES_OF_FEW = 5000, {"train": 0.8, "valid": 0.1, "test": 0.1}  # of fewer poems a twentieth says too little
RULES = (characters, clean, deduplicate, divide, poems, simplify, tally, variants, verse)  # what the bytes depend on
NAMELESS = {"", "不详", "无名氏", "佚名", "缺名", "失名"}
Step = Generator[float, None, Any]  # yields how far it is, 0 to 1, and returns what JSON can hold


@dataclass(frozen=True, slots=True)
class Progress:
    """`done`: 0 to 1. `left`: seconds, None while nothing can be told."""

    zh: str
    en: str
    done: float
    left: float | None


def prepare(
    folder: Path,
    *,
    data: Path | None = None,
    excerpt: bool = False,
    sources: Mapping[str, Corpus] | None = None,
    seed: int = 0,
    again: bool = False,
) -> Iterator[Progress]:
    """Fill the folder; what it holds already for the same collections and rules is not made again.

    data     the data folder that the collections lie in; by default the usual one
    excerpt  take the shipped excerpt although the whole may be there
    sources  collections of poems by part, "tang" among them, instead of those
    again    make everything anew
    Raises DataError: no room, no collection, a collection that was changed.
    """
    sources = sources or _sources(data, excerpt)
    key = _key(sources, seed)
    if not again and _made(folder) == key:
        yield Progress("语料已经备好", "the corpus is ready", 1.0, 0.0)
        return
    steps = folder / "steps"
    try:
        steps.mkdir(parents=True, exist_ok=True)
        if again:
            _cleared(steps)
        yield from _run(folder, steps, key, sources, seed)
        _cleared(steps)
        steps.rmdir()
    except OSError as error:
        raise DataError(
            f"写不进 {folder}：{error.strerror}。腾出空间或换一个文件夹，再运行一次：做完的步骤都在。",
            f"{folder} cannot be written: {error.strerror}. Make room or choose another folder and run this again: "
            "finished steps are kept.",
        ) from error
    yield Progress("语料备好了", "the corpus is ready", 1.0, 0.0)


def _run(folder: Path, steps: Path, key: str, sources: Mapping[str, Corpus], seed: int) -> Iterator[Progress]:
    """The three steps, each from its file where it was finished before."""
    value: dict[str, Any] = {}
    plan: tuple[tuple[str, float, Callable[[], Step], str, str], ...] = (  # file, share of the time, work, its name
        ("cleaned", 0.5, lambda: _clean(sources), "清洗，转成简体", "cleaning, simplifying"),
        ("compared", 0.35, lambda: _compare(value["cleaned"]["rows"], seed), "查找重复与异文", "looking for variants"),
        ("written", 0.15, lambda: _lay(folder, key, sources, value, seed), "划分，写出", "dividing, writing"),
    )
    began, before, spared = time.monotonic(), 0.0, 0.0
    for name, share, work, zh, en in plan:
        value[name] = _read(steps / name, key)
        if value[name] is not None:
            spared += share
        else:
            doing = work()
            try:
                while True:
                    done = before + share * next(doing)
                    left = (time.monotonic() - began) * (1 - done) / (done - spared) if done > spared else None
                    yield Progress(zh, en, done, left)
            except StopIteration as finished:
                value[name] = finished.value
            _write(steps / name, json.dumps({"key": key, "value": value[name]}, ensure_ascii=False))
        before += share


def _clean(sources: Mapping[str, Corpus]) -> Step:
    """Every whole poem as [id, author, title, text, original, in a chapter of songs?], and tallies of the rest."""
    rows: list[list[Any]] = []
    faults, repairs = Tally(), Tally()
    total, seen = sum(corpus.count for corpus in sources.values()), 0
    for part, corpus in sources.items():
        for number, poem in enumerate(corpus.rows):
            one = clean.clean(poem.title, poem.text)
            first = max(0, clean.fault_place(poem.text, one.fault) - 20)
            said = f"{poem.title[:24] or '—'} | {poem.author} | {'…' * (first > 0)}{poem.text[first : first + 60]}"
            if one.fault:
                faults.add(one.fault, said)
            else:
                for repair in one.repairs:
                    repairs.add(repair, f"{said} → {one.text[:60]}")
                songs = bool(clean.CATEGORY.match(poem.title.split(" ")[0]))
                original = f"{poem.title}\n{poem.text}"
                rows.append([f"{part}-{number:05}", poem.author, one.title, one.text, original, songs])
            seen += 1
            if seen % 2000 == 0:
                yield 0.8 * seen / total
    for place in (1, 2, 3):  # authors, titles and texts, each at one go
        plain = simplify.simplified("\n".join(row[place] for row in rows)).split("\n")
        for row, text in zip(rows, plain, strict=True):
            row[place] = text
        yield 0.8 + place / 20
    return {"rows": rows, "faults": faults.state(), "repairs": repairs.state()}


def _compare(rows: list[list[Any]], seed: int) -> Step:
    found = yield from variants.compared([verse.bare(row[3]) for row in rows], seed=seed)
    return {"pairs": [astuple(pair) for pair in found.pairs], "recall": found.recall}


def _lay(folder: Path, key: str, sources: Mapping[str, Corpus], value: dict[str, Any], seed: int) -> Step:
    """Leave out, divide, and lay the files; the manifest last, so that what has one is whole."""
    rows, pairs = value["cleaned"]["rows"], [Pair(*pair) for pair in value["compared"]["pairs"]]
    kept, double = _left(rows, pairs)
    clusters = deduplicate.clusters(len(rows), ((pair.a, pair.b) for pair in pairs)).tolist()
    shares = SHARES if len(kept) >= FEW else SHARES_OF_FEW
    sides = divide.divided(clusters, [verse.bare(row[3]) for row in rows], shares, seed=seed)
    yield 0.4
    verses: dict[str, list[Verse]] = {split: [] for split in SPLITS}
    for number in kept:
        id, author, title, text, original, _ = rows[number]
        form = verse.form(text, ci=id.startswith("songci"))
        verses[sides[number]].append(Verse(id, form, title, author, text, original, clusters[number]))
    files = {f"{split}.jsonl": verse.write_rows(verses[split]) for split in SPLITS}
    yield 0.6
    files["characters.train.txt"], files["characters.valid.txt"] = characters.character_set(sources["tang"].rows)
    yield 0.8
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
    sizes = Counter(clusters[number] for number in kept)
    facts = {
        "sources": [
            {"part": part, "source": c.source, "license": c.license, "rows": c.count, "sha256": c.sha256}
            for part, c in sources.items()
        ],
        "sha256": hashlib.sha256("".join(f"{name} {hashes[name]}\n" for name in sorted(hashes)).encode()).hexdigest(),
        "came": sum(corpus.count for corpus in sources.values()),
        "left": len(kept),
        "steps": report.steps(
            Tally.restored(value["cleaned"]["faults"]), double, Tally.restored(value["cleaned"]["repairs"])
        ),
        "recall": value["compared"]["recall"],
        "clusters": {"count": len(sizes), "largest": max(sizes.values())},
        "splits": {split: {f: sum(v.form == f for v in verses[split]) for f in FORMS} for split in SPLITS},
    }
    for name, text in files.items():
        _write(folder / name, text)
    _write(folder / "report.json", json.dumps(facts, ensure_ascii=False, indent=1))
    _write(folder / "report.md", report.markdown(facts))
    listed = {name: {"sha256": hashes[name], "bytes": len(text.encode())} for name, text in files.items()}
    manifest = {"key": key, "files": listed} | {name: facts[name] for name in ("sha256", "sources", "left", "splits")}
    _write(folder / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
    return facts["sha256"]


def _left(rows: list[list[Any]], pairs: list[Pair]) -> tuple[list[int], Tally]:
    """Which poems stay. Of two the same: one with a named author; one outside the chapters of songs, which the
    collection prints again under their poets; the earlier one."""
    ranks = [(author in NAMELESS, songs, n) for n, (_, author, _, _, _, songs) in enumerate(rows)]
    kept, gone = variants.without_variants(ranks, pairs)
    double = Tally()
    for number, stays, likeness in gone:
        same = verse.bare(rows[number][3]) == verse.bare(rows[stays][3])
        said = [f"{rows[n][2][:16]}（{rows[n][1]}）{rows[n][3][:40]}" for n in (number, stays)]
        double.add("equal" if same else "variant", f"{said[0]} ≈ {said[1]} {likeness:.2f}")
    return kept, double


def _sources(data: Path | None, excerpt: bool) -> dict[str, Corpus]:
    tang = load(COLLECTION, part="tang", data=data, excerpt=excerpt)
    others = () if tang.fallback else PARTS[1:]  # the excerpt has Tang poems only
    return {"tang": tang} | {part: load(COLLECTION, part=part, data=data) for part in others}


def _key(sources: Mapping[str, Corpus], seed: int) -> str:
    """Changes with the collections, the rules and the seed."""
    rules = [Path(str(module.__file__)).read_text(encoding="utf-8") for module in RULES]
    rules += [Path(__file__).read_text(encoding="utf-8"), str(seed)]
    return hashlib.sha256("\0".join([*(corpus.sha256 for corpus in sources.values()), *rules]).encode()).hexdigest()


def _made(folder: Path) -> str:
    """The key of what the folder holds whole, or nothing."""
    try:
        corpus = verse.open_corpus(folder)
        for name in corpus.manifest["files"]:
            corpus.read(name)
    except DataError:
        return ""
    return str(corpus.manifest["key"])


def _read(path: Path, key: str) -> Any:
    """A finished step; None for one of other rules or cut off."""
    try:
        kept = json.loads(path.read_bytes())
        return kept["value"] if kept["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with new.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def _cleared(steps: Path) -> None:
    for path in steps.iterdir():
        path.unlink()
