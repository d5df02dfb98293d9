"""Many small text files kept as one: a JSON line [name, text] for each, in the order of their names.

    ["usr/share/man/zh_CN/man1/ls.1.gz", ".TH LS 1 2022年9月 …"]

A corpus of pages, plays or modules is kept so: as its package has it, to be cleaned when it is read. So the hash of
what is kept does not hang on how our readers clean.

Proof   tests/stack/data/test_files.py: what was packed is read back, and a broken line is refused with its number
"""

import json
from collections.abc import Iterable, Iterator


def packed(files: Iterable[tuple[str, str]]) -> bytes:
    """Name and text of each file -> what is kept."""
    lines = (json.dumps([name, text], ensure_ascii=False, separators=(",", ":")) for name, text in files)
    return "".join(f"{line}\n" for line in lines).encode()


def unpacked(text: str) -> Iterator[tuple[str, str]]:
    """Name and text of each file that is kept. Raises ValueError, with the line."""
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), 1):
        try:
            name, held = json.loads(line)
            if not (isinstance(name, str) and isinstance(held, str)):
                raise ValueError("not [name, text]")
        except (ValueError, TypeError) as error:
            raise ValueError(f"line {number} is no kept file: {error}") from None
        yield name, held
