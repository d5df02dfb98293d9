"""Make the shipped excerpts from the real corpora: `python -m wenjin.stack.data.excerpt`. For maintainers.

    wordnet           20,000 senses, evenly spaced over the database, a file for each part of speech as in the whole;
                      relations are left out: most of them would lead to a sense that is not there
    classical-poems   the Three Hundred Tang Poems, as the collection has them

It prints the lines of sources.py that pin what it wrote.
"""

import gzip
import hashlib
from pathlib import Path

from wenjin.stack.data import poems, wordnet
from wenjin.stack.data.archive import opened
from wenjin.stack.data.keep import corpora, read_part
from wenjin.stack.data.load import EXCERPTS
from wenjin.stack.data.sources import POEMS, WORDNET, Part

SENSES = 20_000
PRIMER = "package/dist/mengxue/tangshisanbaishou.json"


def bare(line: str) -> str:
    """A line of WordNet without its relations and frames."""
    fields, bar, gloss = line.partition(" | ")
    part = fields.split(" ")
    return " ".join([*part[: 4 + 2 * int(part[3], 16)], "000"]) + bar + gloss.rstrip()


def senses(place: Path) -> dict[str, str]:
    """The excerpt of each part."""
    lines = [
        (name, line)
        for name, part in WORDNET.packages[0].parts.items()
        for line in read_part(WORDNET, part, place).splitlines()
        if line and not line.startswith(" ")
    ]
    taken = [lines[n * len(lines) // SENSES] for n in range(SENSES)]
    return {name: "".join(f"{bare(line)}\n" for of, line in taken if of == name) for name in WORDNET.packages[0].parts}


def main(package: Path) -> None:
    """`package`: the file of chinese-poetry as npm brings it; what is kept does not tell the primers apart."""
    files = {part: (f"wordnet.{part}", text) for part, text in senses(corpora()).items()}
    with opened(package) as archive:
        files["tang"] = ("tang-300.jsonl", poems.compact([archive.read(PRIMER).decode("utf-8")]))
    for name, (file, text) in files.items():
        data = text.encode()
        (EXCERPTS / f"{file}.gz").write_bytes(gzip.compress(data, 9, mtime=0))
        rows = len(list((poems.read if name == "tang" else wordnet.read)(text)))
        of = POEMS if name == "tang" else WORDNET
        print(of.id, repr(name), Part(file, len(data), hashlib.sha256(data).hexdigest(), rows))


if __name__ == "__main__":
    import sys

    main(Path(sys.argv[1]))
