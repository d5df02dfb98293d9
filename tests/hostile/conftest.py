"""A place to be attacked: secrets that must not be seen, listeners that must hear nothing, a judge in between."""

import contextlib
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

from tests.conftest import FULL
from wenjin.kit.exercise import Limits
from wenjin.study.judge.client import Judge, local_judge

PORT = 48123
SHORT = """
from dataclasses import replace
from wenjin.kit.exercise import Limits
exercise = replace(exercise, limits=Limits(seconds={seconds}))
"""


def seconds() -> float:
    """An answer's time: the exercise's own in the full depth, else less, as six answers wait for its end each time."""
    return Limits().seconds if FULL else 2.0


@dataclass
class Ground:
    """The judge, and everything around it that an answer must leave alone."""

    judge: Judge
    home: Path
    heard: list[str] = field(default_factory=list)
    most: int = 0  # processes that one prepared learner takes

    def answers(self) -> dict[int, set[int]]:
        """Below each warmed process: what it has forked, for the answer at work, for the next one, or left by one."""
        parents, names = {}, {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                    names[int(entry.name)] = (entry / "cmdline").read_bytes().partition(b"\0")[0]

        def below(roots: set[int]) -> set[int]:
            found, waiting = set(), roots
            while waiting:
                waiting = {pid for pid, parent in parents.items() if parent in waiting}
                found |= waiting
            return found

        assert self.judge._process is not None
        ours = below({self.judge._process.pid})
        warmed = {pid for pid in ours if b"bwrap" in names.get(parents[pid], b"") and b"bwrap" not in names[pid]}
        assert warmed, "no warmed process is in sight: this test would see nothing"
        return {pid: below({pid}) for pid in warmed}

    def settled(self, before: dict[int, set[int]]) -> bool:
        """Within two seconds, is what was prepared for the answer gone, and no more there than is prepared again?"""
        used = set().union(*before.values())
        deadline = time.monotonic() + 2.0
        while time.monotonic() < deadline:
            now = self.answers().values()
            if all(len(found) <= self.most for found in now) and not used & set().union(*now):
                return True
            time.sleep(0.02)
        return False

    def files(self) -> dict[str, int]:
        """What lies in the home, the shared folders and beside the library, with sizes."""
        roots = {self.home: 9, Path(str(files("wenjin"))): 9, Path("/dev/shm"): 1, Path("/tmp"): 1}
        return {
            str(path): path.lstat().st_size if path.is_file() else 0
            for root, depth in roots.items()
            for path in _walk(root, depth)
        }


def _walk(root: Path, depth: int) -> Iterator[Path]:
    for entry in root.iterdir():
        if entry.name == "__pycache__" or entry.name.startswith(("pytest-", "tmp", ".")):
            continue  # other tests run beside this one
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
    with (exercise / "grade.py").open("a", encoding="utf-8") as grade:
        grade.write(SHORT.format(seconds=seconds()))
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
