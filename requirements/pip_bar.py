"""Runs pip with a bar that shows the bytes fetched, then the bytes laid on the disk, with the time left."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from bootstrap import LOCKS, PYTHON, VENV, Stop, say, tell

NEW_FILE = re.compile(r"\s*(Downloading|Using cached|Processing|Collecting|Saved|Installing collected)")
AT_HAND = re.compile(r"\s*(?:Using cached|Processing|File was already downloaded) (?:\S*/)?([A-Za-z0-9._]+)-\d")


def size(count: float) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}" if unit == 1e9 else f"{count / unit:.0f} {name}"
    return f"{count / 1e3:.0f} kB"


def names_in(lock: Path) -> list[str]:
    """The packages that a lock pins."""
    return re.findall(r"^([A-Za-z0-9._-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE)


def weight(packages: list[str]) -> tuple[int, int]:
    """(bytes to fetch, bytes on disk) of packages, as measured when the locks were made."""
    sizes = json.loads((LOCKS / "sizes.json").read_text(encoding="utf-8"))
    pairs = [sizes.get(re.sub(r"[-_.]+", "-", name).lower(), (0, 0)) for name in packages]
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


def environment() -> dict[str, str]:
    """pip's own settings hold, but for those that no virtual environment can obey."""
    return {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def site_packages() -> Path:
    """Where the environment's packages lie."""
    (found,) = VENV.glob("Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages")
    return found


def installed(package: str) -> list[tuple[int, ...]]:
    """The versions of a package that the environment holds, as (major, minor)."""
    found = site_packages().glob(f"{package}-*.dist-info")
    return [tuple(map(int, re.findall(r"\d+", path.name)[:2])) for path in found]


def speaks_plainly() -> bool:
    """Whether the environment's pip can tell another program how far it is, which it learnt in 24.1."""
    return any(version >= (24, 1) for version in installed("pip"))


def occupied(folder: Path) -> int:
    """Bytes of all files below a folder that is being written to."""
    total = 0
    for at, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(at, name)).st_size
            except FileNotFoundError:  # pip took its own temporary file away
                continue
    return total


def bar(label: str, done: float, total: float, since: float) -> None:
    if not sys.stderr.isatty():
        return
    spent = time.monotonic() - since
    share = min(done / total, 1.0) if total else 0.0
    left = ""
    if share > 0.02:
        left = say(f"还需 {spent / share - spent:.0f} 秒", f"{spent / share - spent:.0f} s left")
    filled = round(24 * share)
    shape = f"{'█' * filled}{'░' * (24 - filled)} {share:4.0%}" if total else ""
    amount = f"{size(done)} / {size(total)}" if total else size(done)
    tell(f"\r    {label} {shape}  {amount}  {spent:.0f} s  {left}\033[K", end="")


def pip(arguments: list[str], packages: list[str]) -> None:
    """Runs the environment's pip. Raises Stop, with pip's last words printed, when it does not succeed."""
    to_fetch, on_disk = weight(packages)
    raw = ["--progress-bar", "raw"] if speaks_plainly() else []
    command = [str(PYTHON), "-m", "pip", *arguments, "--no-input", *raw]
    run = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment()
    )
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in run.stdout or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    said: list[str] = []
    begun, fetched, current, before = time.monotonic(), 0, 0, None
    while True:
        try:
            line = lines.get(timeout=0.7)
        except queue.Empty:
            line = ""
        if line is None:
            break
        if progress := re.match(r"Progress (\d+) of (\d+)", line):
            current = int(progress[1])
        elif line.strip():
            said.append(line.rstrip())
            if NEW_FILE.match(line):
                fetched, current = fetched + current, 0
            if known := AT_HAND.match(line):
                fetched += weight([known[1]])[0]
            if "Installing collected" in line:
                begun, before = time.monotonic(), occupied(VENV)
        if before is None:
            bar(say("下载", "fetching  "), fetched + current, to_fetch, begun)
        elif sys.stderr.isatty():
            bar(say("安装", "installing"), occupied(VENV) - before, on_disk, begun)
    if sys.stderr.isatty():
        tell("\r\033[K", end="")
    if run.wait() != 0:
        tell("\n".join(said[-12:]))
        raise Stop(
            say(
                "pip 没有成功，原因见上面几行。多半是网络：检查网络或 pip 的镜像设置，"
                "再运行同一条命令，会从停下处继续。",
                "pip did not succeed; the lines above say why. Mostly it is the network: check it, or pip's mirror "
                "settings, and run the same command again; it goes on where it stopped.",
            )
        )
