"""A running zygote, as the trusted side sees it."""

import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wenjin.study.sandbox import drop, launch
from wenjin.study.sandbox.inside.places import BOX_SIZE, Guards
from wenjin.study.sandbox.job import Job, Later, Limits, SandboxError, at_once
from wenjin.study.sandbox.pipes import Pipes

INSIDE = Path(__file__).resolve().parent / "inside"
CANARY = "inside.canary"
START_SECONDS = 120.0  # a cold disk and a busy machine; a warm start takes two seconds
ENVIRONMENT = {  # all that the zygote inherits; a learner's own environment holds HOME alone
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # an arena reserves 64 MiB of a limited address space
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # see inside/hugepages.py
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to warm up: modules to import, the module whose main() a learner's process runs, its folder, the guards."""

    warm: tuple[str, ...]
    entry: str
    folder: Path | None
    guards: Guards


class Warm:
    """One zygote and its jobs. Made at once, ready later: `wait` for it."""

    def __init__(self, plan: Plan, program: str | None) -> None:
        """`program` is bubblewrap, or None to do without."""
        self.served = 0
        self.best = ""  # the tier that our means allow; known when ready
        self.dead = False
        self._jobs: dict[int, Job] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._box = None if program else _box()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            argv = _command(program, theirs.fileno(), plan, self._box or "/box")
            self.process = launch.start(
                launch.unprivileged(argv, [plan.folder] if plan.folder else []) if os.geteuid() == 0 else argv,
                env=ENVIRONMENT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
            )
        threading.Thread(target=self._listen, daemon=True, name="sandbox").start()

    def wait(self) -> None:
        """Until it can run jobs. SandboxError with its own words when it cannot start."""
        if not self._ready.wait(START_SECONDS) or self.dead:
            words = self._words()
            self.close()
            self._errors.close()
            raise SandboxError(f"the sandbox did not start: {words or 'no answer in time'}")

    def _words(self) -> str:
        """The end of what it said on its standard error."""
        self._errors.seek(0)
        return self._errors.read()[-2000:].decode(errors="replace").strip()

    def open(self, limits: Limits, entry: str, done: Callable[[], None], later: Later = at_once) -> Job:
        """Fork a learner's process."""
        request, ours_request = os.pipe()
        ours_reply, reply = os.pipe()
        ours_output, output = os.pipe()
        number = next(self._numbers)
        pipes = Pipes(ours_request, ours_reply, ours_output)
        job = Job(limits, pipes, lambda hard: self._kill(number, hard), done, later)
        with self._lock:
            self._jobs[number] = job
            self.served += 1
        order = {"seconds": limits.seconds, "memory": limits.memory}
        self._tell({"op": "run", "job": number, "entry": entry, "limits": order}, [request, reply, output])
        for place in (request, reply, output):
            os.close(place)
        return job

    def close(self) -> None:
        """End it and every learner in it."""
        launch.stop(self.process)
        if self._box:
            shutil.rmtree(self._box, ignore_errors=True)

    def _kill(self, number: int, hard: bool) -> None:
        """End a job's processes; where the zygote does not obey, all of its jobs."""
        if hard:
            self.close()
        else:
            self._tell({"op": "kill", "job": number})

    def _tell(self, order: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        try:
            socket.send_fds(self._control, [json.dumps(order).encode()], descriptors)
        except OSError:
            self._gone(order["job"], "broken", 0)

    def _gone(self, number: int, cause: Any, code: int) -> None:
        with self._lock:
            job = self._jobs.pop(number, None)
        if job:
            job.heard(cause, code)

    def _listen(self) -> None:
        """Hear the zygote until it is gone; then every job of it is gone, too."""
        with self._control:
            while data := self._receive():
                said = json.loads(data)
                if said["op"] == "ready":
                    self.best = "C" if self._box else "A" if said["nested"] else "B"
                    self._ready.set()
                else:
                    self._gone(said["job"], said["cause"], said["code"])
            self.dead = True
            self.close()
        self._ready.set()
        for number in list(self._jobs):
            self._gone(number, "broken", 0)
        if self.best:
            self._errors.close()

    def _receive(self) -> bytes:
        try:
            return self._control.recv(1 << 16)
        except OSError:
            return b""


def _box() -> str:
    """Without a file system of its own a learner's box is a folder on disk, for the id that it will run under."""
    box = tempfile.mkdtemp(prefix="wenjin-box-")
    if os.geteuid() == 0:
        os.chown(box, drop.free_id(), drop.free_id())
    return box


def _command(program: str | None, control: int, plan: Plan, box: str) -> list[str]:
    place = {"/wenjin/inside": str(INSIDE)}
    if plan.folder:
        place["/wenjin/entry"] = str(plan.folder)
    real = [new if program else old for new, old in place.items()]
    shown = launch.view()
    settings = {
        "control": control,
        "folders": [os.path.dirname(real[0]), *real],
        "warm": plan.warm,
        "entries": [CANARY, plan.entry],
        "guards": asdict(plan.guards),
        "places": _places(shown, box, bool(program)),
        "alone": bool(program),
    }
    boot = f"import sys; sys.path.insert(0, {os.path.dirname(real[0])!r}); from inside import zygote; zygote.main()"
    argv = [sys.executable, "-I", "-B", "-c", boot, json.dumps(settings)]
    return launch.bwrap_argv(program, argv, shown=shown, place=place, box=box, size=BOX_SIZE) if program else argv


def _places(shown: launch.View, box: str, own_root: bool) -> dict[str, Any]:
    """What Landlock lets a learner reach. Where no mount hides our package, it is left out here, name by name."""
    read = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", *launch.SYSTEM_FILES]
    listed: list[str] = []
    for tree in (*launch.SYSTEM, *shown.trees):
        if own_root:
            read.append(tree)
        else:
            parts, names = _around(tree, launch.hidden())
            read += parts
            listed += names
    if own_root:
        return {"box": box, "read": [*read, "/proc"], "listed": listed, "write": [box, "/tmp", "/dev/shm", "/dev/null"]}
    return {"box": box, "read": [*read, "/proc/self"], "listed": listed, "write": [box, "/dev/null"]}


def _around(tree: str, hidden: list[str]) -> tuple[list[str], list[str]]:
    """`tree` without what is hidden: the parts that may be read, and the folders between, that may be listed."""
    if any(launch.inside(tree, path) and path != tree for path in hidden[:-1]):
        hidden = hidden[-1:]  # an environment inside the checkout
    if not any(launch.inside(path, tree) for path in hidden):
        return [tree], []
    parts: list[str] = []
    names = [tree]
    for entry in sorted(os.scandir(tree), key=lambda e: e.name):
        if any(launch.inside(path, entry.path) for path in hidden):
            if entry.path not in hidden:
                more, below = _around(entry.path, hidden)
                parts += more
                names += below
        else:
            parts.append(entry.path)
    return parts, names
