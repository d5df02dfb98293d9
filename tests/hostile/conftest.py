"""A place to be attacked: secrets that must not be seen, listeners that must hear nothing, a judge in between."""

import hashlib
import os
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import pytest

from wenjin.study.judge.client import Judge, local_judge

PORT = 48123


@dataclass
class Ground:
    """The judge, and everything around it that an answer must leave alone."""

    judge: Judge
    home: Path
    heard: list[str] = field(default_factory=list)

    def processes(self) -> set[int]:
        """Every process below the judge's worker."""
        process = self.judge._process
        assert process is not None
        parents: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                except OSError:
                    continue
                parents.setdefault(parent, []).append(int(entry.name))
        found, waiting = set(), [process.pid]
        while waiting:
            children = parents.get(waiting.pop(), [])
            found.update(children)
            waiting.extend(children)
        return found

    def settled(self, before: set[int]) -> bool:
        """Is nothing more than before alive within two seconds?"""
        deadline = time.monotonic() + 2.0
        while time.monotonic() < deadline:
            if len(self.processes()) <= len(before):
                return True
            time.sleep(0.02)
        return False

    def fingerprint(self) -> str:
        """What lies in the home, the shared folders and beside the library, by name, size and time."""
        digest = hashlib.sha256()
        for root in (self.home, Path("/dev/shm"), Path("/tmp"), Path(str(files("wenjin")))):
            depth = 1 if root.parts[-1] in ("shm", "tmp") else 9
            for path in sorted(_walk(root, depth)):
                state = path.lstat()
                digest.update(f"{path} {state.st_size if path.is_file() else 0}\n".encode())
        return digest.hexdigest()


def _walk(root: Path, depth: int) -> Iterator[Path]:
    for entry in root.iterdir():
        if entry.name == "__pycache__" or entry.name.startswith(("pytest-", "tmp", ".")):
            continue
        yield entry
        if depth > 1 and entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry, depth - 1)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    home = tmp_path_factory.mktemp("home")
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id_rsa").write_text("CANARY-SSH-KEY\n")
    with sqlite3.connect(home / "learner.db") as base:
        base.execute("create table note (text)")
        base.execute("insert into note values ('CANARY-LEARNER-ROW')")
    base.close()
    curriculum = home / "curriculum"
    shutil.copytree(str(files("wenjin") / "curriculum"), curriculum, ignore=shutil.ignore_patterns("__pycache__"))
    exercise = curriculum / "transformer" / "self_attention" / "exercises" / "write_attention"
    (exercise / "solution_canary.py").write_text("# CANARY-SOLUTION scaled_dot_product_attention\n")
    heard: list[str] = []
    listeners = _listen(heard)
    old = {name: os.environ.get(name) for name in ("HOME", "WENJIN_CANARY_SECRET")}
    os.environ.update(HOME=str(home), WENJIN_CANARY_SECRET="CANARY-ENV")
    with local_judge(curriculum) as judge:
        judge.warm().result(60)
        yield Ground(judge, home, heard)
    for name, value in old.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
    for listener in listeners:
        listener.close()


def _listen(heard: list[str]) -> list[socket.socket]:
    tcp = socket.create_server(("127.0.0.1", PORT))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", PORT))
    abstract = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    abstract.bind("\0wenjin-canary")
    abstract.listen()

    def hear(listener: socket.socket, what: str) -> None:
        try:
            while True:
                if what == "udp":
                    listener.recvfrom(1)
                else:
                    listener.accept()[0].close()
                heard.append(what)
        except OSError:  # closed at the end of the tests
            return

    for listener, what in ((tcp, "tcp"), (udp, "udp"), (abstract, "abstract")):
        threading.Thread(target=hear, args=(listener, what), daemon=True).start()
    return [tcp, udp, abstract]
