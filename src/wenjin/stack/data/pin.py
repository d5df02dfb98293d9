"""What pins a package in sources.toml. For maintainers.

    python -m wenjin.stack.data.pin ID "NAME VERSION (CLIENT)" FILE

FILE is what the registry's client brought. It prints the package's own size and hash, and those of every part with its
rows. Of a .deb, add the folder that `dpkg-deb -x` laid as a fourth word.
"""

import hashlib
import sys
from pathlib import Path

from wenjin.stack.data.archive import opened
from wenjin.stack.data.keeper import chosen
from wenjin.stack.data.lay import kept
from wenjin.stack.data.load import rows_of
from wenjin.stack.data.sources import Package, source


def pins(id: str, package: Package, laid: Path) -> dict[str, dict[str, int | str]]:
    """Part -> its bytes, rows and SHA-256. Raises DataError."""
    found: dict[str, dict[str, int | str]] = {}
    with opened(laid) as archive:
        archive.read(package.license_file)
        for name, part in package.parts.items():
            data = kept(package, name, part, archive)
            rows = sum(1 for _ in rows_of(source(id), name, data.decode("utf-8")))
            found[name] = {"bytes": len(data), "rows": rows, "sha256": hashlib.sha256(data).hexdigest()}
    return found


def main(id: str, title: str, file: Path, laid: Path) -> None:
    data = file.read_bytes()
    print(f"bytes = {len(data)}\nsha256 = {hashlib.sha256(data).hexdigest()!r}")
    for name, facts in pins(id, chosen(source(id), title), laid).items():
        print(name, facts)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[-1]))
