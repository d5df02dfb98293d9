"""What the benchmarks share: a course served for a while in a throw-away data folder, and a browser's way in."""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, build_opener

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0  # seconds that a start may take before it counts as failed


@dataclass(frozen=True, slots=True)
class Served:
    """A running course. `begun` is when its command was given, in seconds of time.perf_counter."""

    url: str
    begun: float
    data: Path


def browser() -> OpenerDirector:
    """Keeps cookies and asks no proxy."""
    return build_opener(HTTPCookieProcessor(CookieJar()), ProxyHandler({}))


def fetch(opener: OpenerDirector, url: str) -> bytes:
    with opener.open(url, timeout=PATIENCE) as answer:
        body: bytes = answer.read()
    return body


@contextmanager
def folders() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="wenjin-bench-") as folder:
        yield Path(folder)


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """`./wenjin start` on a free port, until the block ends."""
    environment = {**os.environ, "WENJIN_DATA": str(folder / "data"), "WENJIN_WORKSPACE": str(folder / "workspace")}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [str(ROOT / "wenjin"), "start", "--no-browser", "--port", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Served(announced(process), begun, folder / "data")
    finally:
        process.terminate()
        process.wait(PATIENCE)
        if process.stdout:
            process.stdout.close()


def announced(process: "subprocess.Popen[str]") -> str:
    """The address that a starting course prints."""
    for line in process.stdout or ():
        if found := re.search(r"http://\S+/login\?token=\S+", line):
            return found[0]
    raise RuntimeError(f"./wenjin start ended with {process.wait()} before it printed an address")
