"""Lock every requirements/*.in with hashes, and measure what the locked packages weigh.

    .venv/bin/python requirements/lock.py [--upgrade | --sizes]      needs pip-tools, which `./wenjin test` installs

Writes   *.txt with the hashes of every file that the index offers for a version, so that one lock serves all
         platforms; sizes.json: package -> [bytes to fetch, bytes on disk], measured on the machine that runs this
Omits    torch's own lock: its wheel differs from machine to machine, so torch.txt names a version only
"""

import json
import marshal
import re
import subprocess
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
ORDER = ("pip", "core", "node", "dev")  # dev is constrained by the two first
PLAIN = ("--generate-hashes", "--allow-unsafe", "--strip-extras", "--no-emit-index-url", "--no-emit-find-links")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def lock(name: str) -> None:
    tool = [sys.executable, "-m", "piptools", "compile", *PLAIN, "--no-annotate", "--no-header", "-q"]
    subprocess.run([*tool, *sys.argv[1:], "-o", f"{name}.txt", f"{name}.in"], cwd=HERE, check=True)


def on_disk(wheel: zipfile.ZipFile) -> int:
    """Bytes that a wheel takes once installed: its files, and the byte code that pip makes of its Python."""
    total = 0
    for row in wheel.infolist():
        total += row.file_size
        if row.filename.endswith(".py"):
            with warnings.catch_warnings(action="ignore"):
                try:
                    total += len(marshal.dumps(compile(wheel.read(row), row.filename, "exec", dont_inherit=True)))
                except (SyntaxError, ValueError):  # templates and code for other Pythons: pip leaves them uncompiled
                    continue
    return total


def measure() -> dict[str, tuple[int, int]]:
    """Fetch every locked package once and look at it: package -> (bytes to fetch, bytes on disk)."""
    sizes = {}
    with tempfile.TemporaryDirectory() as folder:
        fetch = [sys.executable, "-m", "pip", "download", "-q", "-d", folder]
        subprocess.run([*fetch, "-r", "torch.txt"], cwd=HERE, check=True)
        for name in ORDER:
            subprocess.run([*fetch, "--no-deps", "--require-hashes", "-r", f"{name}.txt"], cwd=HERE, check=True)
        for path in sorted(Path(folder).iterdir()):
            package = canonical(path.name.split("-")[0])
            if path.suffix == ".whl":
                with zipfile.ZipFile(path) as wheel:
                    sizes[package] = (path.stat().st_size, on_disk(wheel))
    return sizes


if __name__ == "__main__":
    for each in ORDER if "--sizes" not in sys.argv else ():
        lock(each)
        print(f"{each}.txt")
    rows = ",\n".join(f'  "{package}": {json.dumps(pair)}' for package, pair in sorted(measure().items()))
    (HERE / "sizes.json").write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")
    print("sizes.json")
