"""Two hundred kill -9 of a working course: writes lost or doubled, and the next start; the peer saves JSON.

A learner of five hands answers an exercise, types its draft and a note, reviews cards and runs a lab, all at once. At
a random moment the server and all its processes are killed. Each hand has kept its own list of what the server said
was kept. Then a copy of the database, as the kill left it, is examined without the program; the next start is timed
without any help; and what the server now shows is compared with the lists. With the address of a PostgreSQL the records
lie there, and are read there once the connections that the kill left are gone.
"""

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import server
import start
from hands import EXERCISE, HANDS, NOTE, Gone, Kept, Line

KILLS, SHORT = 200, 10
READY = 3.0  # seconds
CHECKS = ("integrity_check", "foreign_key_check")
EVENTS, DRAFTS = "SELECT id, kind, data FROM event ORDER BY seq", "SELECT subject, text, revision FROM draft"
SAVER = """
import json, sys
for n in range(10**9):
    open(sys.argv[1], "w").write(json.dumps({"n": n, "drafts": ["x" * 2000] * 200}))
    print(n, flush=True)
"""


# What a kill waits for until there is something to lose; the draft is typed all the while. The short order has the two
# that need a warm judge and a warm lab once in ten kills each.
IN_TURN = ("answer", "review", "note", "run")
SHORT_TURN = ("note", "review", "draft", "answer", "note", "review", "draft", "run", "note", "draft")


@dataclass
class Learner:
    """One data folder, and all that its servers have acknowledged, over all kills.

    database   the address of a PostgreSQL; "": SQLite in the folder
    meanwhile  what is done to it before a kill, while all hands are at work
    working    the hands that are
    """

    folder: Path
    database: str = ""
    meanwhile: Callable[["Learner"], None] | None = None
    working: Sequence[str] = tuple(HANDS)
    hands: dict[str, Kept] = field(default_factory=lambda: {name: Kept() for name in HANDS})
    faults: list[str] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    failed: dict[str, Any] = field(default_factory=dict)
    writes: int = 0

    def live(self, dice: random.Random, first: str) -> None:
        """Start, compare, work, and be killed: as soon as `first` has something to lose, and a random while later."""
        with started(self.folder, database=self.database) as (process, line, spent):
            self.starts.append(spent)
            self.compare(line)
            before = {name: len(kept.acknowledged) for name, kept in self.hands.items()}
            done = self.hands[first].done
            failed: list[BaseException] = []

            def work(name: str) -> None:
                try:
                    with suppress(Gone):
                        HANDS[name](line, self.hands[name])
                except BaseException as error:
                    failed.append(error)

            threads = [threading.Thread(target=work, args=(name,), daemon=True) for name in self.working]
            for thread in threads:
                thread.start()
            until = time.monotonic() + server.PATIENCE
            while self.hands[first].done == done and not failed and time.monotonic() < until:
                time.sleep(0.002)
            if self.meanwhile and not failed:
                self.meanwhile(self)
            time.sleep(dice.uniform(0, 0.6))
            kill(process)
            for thread in threads:
                thread.join(server.PATIENCE)
        if failed:
            raise failed[0]
        self.writes += sum(len(kept.acknowledged) - before[name] for name, kept in self.hands.items())
        self.examine()

    def examine(self) -> None:
        """The database as it lies there, without the program, which has had no chance to mend it."""
        events, drafts = of_postgres(self.database) if self.database else self.of_sqlite()
        data = [(kind, json.loads(text)) for _, kind, text in events]
        answers = Counter(word for kind, row in data if kind == "attempt" for word in marks(row["answer"]))
        self.once("answer", answers)
        self.once("review", Counter(id for id, kind, _ in events if kind == "review"))
        self.once("run", Counter(row["run"] for kind, row in data if kind == "run" and row["what"] == "queued"))
        ends = Counter(row["run"] for kind, row in data if kind == "run" and row["what"] in ("finished", "failed"))
        self.ended = {row["run"] for kind, row in data if kind == "run" and row["what"] == "finished"}
        self.failed = {row["run"]: row.get("why") for kind, row in data if kind == "run" and row["what"] == "failed"}
        self.faults += [f"a run ended {n} times: {run}" for run, n in ends.items() if n > 1]
        typed = {subject: (revision, json.loads(text)) for subject, text, revision in drafts}
        self.newest("draft", typed.get(EXERCISE))
        self.newest("note", typed.get("note:" + NOTE.replace("/", "#")))

    def of_sqlite(self) -> tuple[list[Any], list[Any]]:
        """Events and drafts in a copy of the files, by SQLite alone, which also says whether they are sound."""
        copy = self.folder / "examined"
        copy.mkdir()
        for file in (self.folder / "data").glob("wenjin.db*"):
            shutil.copy(file, copy)
        with closing(sqlite3.connect(copy / "wenjin.db")) as database:
            checks = [database.execute(f"PRAGMA {check}").fetchall() for check in CHECKS]
            if checks != [[("ok",)], []]:
                self.faults.append(f"the database is not sound: {checks}")
            events, drafts = (database.execute(query).fetchall() for query in (EVENTS, DRAFTS))
        shutil.rmtree(copy)
        return events, drafts

    def once(self, hand: str, found: Counter[str]) -> None:
        """Each acknowledged write is there once, and nothing is there that was never asked for or is there twice."""
        kept = self.hands[hand]
        self.faults += [f"{hand} lost: {mark}" for mark in kept.acknowledged if not found[mark]]
        self.faults += [f"{hand} doubled: {mark}" for mark, n in found.items() if n > 1]
        if isinstance(kept.open, str) and found[kept.open] and kept.open not in kept.acknowledged:
            kept.acknowledged.append(kept.open)  # kept, though the answer did not come through: it must stay, too

    def newest(self, hand: str, found: tuple[int, str] | None) -> None:
        """The text is the one acknowledged last, or the one that was on its way."""
        kept = self.hands[hand]
        if kept.open is not None and found == kept.open:
            kept.acknowledged.append(found)
        elif kept.acknowledged and found != kept.acknowledged[-1]:
            self.faults.append(f"{hand} lost: {kept.acknowledged[-1][0]}, found {found and found[0]}")

    def compare(self, line: Line) -> None:
        """What the server shows after its start is what was acknowledged before."""
        for hand, path in (("draft", f"/api/exercises/{EXERCISE}/draft"), ("note", f"/api/notes/{NOTE}")):
            if self.hands[hand].acknowledged:
                shown = line.good("GET", path)[0]
                if (shown["revision"], shown["text"]) != tuple(self.hands[hand].acknowledged[-1]):
                    self.faults.append(f"{hand} shown otherwise than acknowledged: revision {shown['revision']}")
        known = line.good("GET", f"/api/exercises/{EXERCISE}/attempts")[0]["attempts"]
        shown = {mark for row in known for mark in marks(row["answer"])}
        self.faults += [f"answer not shown: {a}" for a in self.hands["answer"].acknowledged[-20:] if a not in shown]

    def finish(self) -> None:
        """No run stays behind: after one more start the last one ends by itself, and each has ended once."""
        with started(self.folder, database=self.database) as (process, line, spent):
            self.starts.append(spent)
            self.compare(line)
            if self.hands["run"].open is not None:
                line.watch(self.hands["run"])
            kill(process)
        self.examine()
        left = [run for run in self.hands["run"].acknowledged if run not in self.ended]
        self.faults += [f"a run never ended: {run}, {self.failed.get(run, 'not even with a reason')}" for run in left]


def of_postgres(address: str) -> tuple[list[Any], list[Any]]:
    """Events and drafts in a PostgreSQL, once it has seen that the killed server's connections are gone."""
    import psycopg

    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    others += " AND backend_type = 'client backend'"
    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as database:
        until = time.monotonic() + server.PATIENCE
        while database.execute(others).fetchone() != (0,):
            if time.monotonic() > until:
                raise RuntimeError("connections of the killed server are still there")
            time.sleep(0.01)
        return database.execute(EVENTS).fetchall(), database.execute(DRAFTS).fetchall()


def marks(text: Any) -> list[str]:
    return re.findall(r"answer-[0-9a-f]{32}", str(text))


@contextmanager
def started(
    folder: Path, inside: Sequence[str] = (), database: str = ""
) -> Iterator[tuple["subprocess.Popen[str]", Line, float]]:
    """A server on this folder, a line to it, and the seconds until its first page was whole. `inside`: what runs it."""
    from wenjin.study.web.security import api_token, make_secret

    environment = {**os.environ, "WENJIN_DATA": str(folder / "data"), "WENJIN_WORKSPACE": str(folder / "workspace")}
    if database:
        environment["WENJIN_DATABASE_URL"] = database
    begun = time.perf_counter()
    command = [*inside, sys.executable, "-P", "-m", "wenjin.cli", "start", "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        line = Line(server.announced(process).split("/login")[0], api_token(make_secret(folder / "data" / "secret")))
        line.good("GET", "/")
        yield process, line, time.perf_counter() - begun
    finally:
        kill(process)
        if process.stdout:
            process.stdout.close()


def tree(root: int) -> list[int]:
    """A process and all that it and its children started."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            parents.setdefault(int(words[1]), []).append(int(entry.parent.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += parents.get(pid, [])
    return found


def kill(process: "subprocess.Popen[str]") -> None:
    """kill -9 of the whole tree, and nothing of it is left two seconds later."""
    if process.poll() is not None:
        return
    pids = tree(process.pid)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(server.PATIENCE)
    until = time.monotonic() + 2.0
    while left := [pid for pid in pids[1:] if alive(pid)]:
        if time.monotonic() > until:
            raise RuntimeError(f"still there two seconds after kill -9: {left}")
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether it still runs: one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2][1] != "Z"
    except OSError:
        return False


def kills(
    folder: Path,
    count: int,
    seed: int = 7,
    database: str = "",
    meanwhile: Callable[[Learner], None] | None = None,
    working: Sequence[str] = tuple(HANDS),
) -> Learner:
    """A learner who was killed so often, each kind of work in turn the one that the kill waits for."""
    dice, learner = random.Random(seed), Learner(folder, database, meanwhile, working)
    turn = [name for name in (IN_TURN if count > SHORT else SHORT_TURN) if name in working]
    for number in range(count):
        learner.live(dice, turn[number % len(turn)])
        if learner.faults:
            break
    if not learner.faults:
        learner.finish()
    return learner


def plain_saver(folder: Path, count: int) -> int:
    """How often a program that writes its JSON file anew at each save leaves a file that cannot be read."""
    dice, spoiled = random.Random(7), 0
    for _ in range(count):
        file = folder / "plain.json"
        process = subprocess.Popen([sys.executable, "-c", SAVER, str(file)], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        process.stdout.readline()
        time.sleep(dice.uniform(0, 0.05))
        process.kill()
        process.wait()
        process.stdout.close()
        try:
            json.loads(file.read_text("utf-8"))
        except ValueError:
            spoiled += 1
    return spoiled


def measure(full: bool = False) -> list[dict[str, Any]]:
    count = KILLS if full else SHORT
    with server.folders() as folder:
        learner = kills(folder, count)
        spoiled = plain_saver(folder, count)
        others = [start.peer() for _ in range(3)]
    lost, slowest = len(learner.faults), max(learner.starts[1:])
    how = f"{len(learner.starts) - 1} kills of the process tree while {', '.join(HANDS)} were under way; "
    how += f"{learner.writes} acknowledged writes; integrity and foreign keys checked after each"
    how += "".join(f"; {fault}" for fault in learner.faults[:5])
    peer = f"peer: kills after which a program that rewrites one JSON file at each save had lost all, of {count}"
    times = f"the slowest of {len(learner.starts) - 1} starts after a kill, command to first page, no manual step"
    row = {"name": "acknowledged writes lost or doubled", "ours": lost, "peer": spoiled, "unit": "", "goal": "0"}
    ready = {"name": "start after a kill", "ours": slowest, "peer": max(others), "unit": "s"}
    return [
        {**row, "ok": lost == 0, "how": f"{how}; {peer}"},
        {**ready, "goal": f"≤ {READY:g} s", "ok": slowest <= READY, "how": f"{times}; peer: a bare FastAPI page"},
    ]
