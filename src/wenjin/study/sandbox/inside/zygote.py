"""The process that forks learners: libraries imported and warmed once, then one fork for each job.

It runs inside bubblewrap, never sees a learner's data, and takes its orders as JSON messages over one socket:
`{"op": "run", "job": n, "entry": module, "limits": {"seconds", "memory"}}` with the descriptors of the job's pipes
(request to read, reply and output to write), and `{"op": "kill", "job": n}`. It answers `{"op": "ready", …}` and, when
nothing of a job is left, `{"op": "end", "job": n, "cause": "exit" | "signal" | "memory", "code": n}`.
When anything is odd it dies, and all its learners with it; the pool then starts another.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from . import confine, hugepages, kernel, landlock
from .places import Guards, Places
from .warming import reseed, warm

WATCH_SECONDS = 0.05
GRACE_SECONDS = 2.0  # the deadline is kept by the pool; this is for a pool that forgets
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Job:
    """A learner at work. `pid` is its namespace's first process, or the learner itself where there is none."""

    number: int
    pid: int
    handle: int
    status: int
    memory: int
    deadline: float
    cause: str | None = None


class Zygote:
    """See the module. `entries` are the modules whose main() a learner's process may run."""

    def __init__(self, control: socket.socket, entries: list[str], places: Places, guards: Guards, alone: bool) -> None:
        """`alone`: bubblewrap gave us a namespace of processes, so that all others in it are learners' leavings."""
        self.control, self.places, self.guards, self.alone = control, places, guards, alone
        self.entries = {name: importlib.import_module(name) for name in entries}
        self.jobs: dict[int, Job] = {}
        self.poll = select.poll()
        self.poll.register(control, select.POLLIN)
        self.address_space = self.resident = 0
        self.next_look = 0.0

    def serve(self) -> None:
        """Until the pool closes the control socket."""
        size, resident = _statm("self")
        self.address_space, self.resident = size, resident
        self.tell({"op": "ready", "nested": self.guards.nested, "landlock": landlock.version()})
        pages: Iterator[None] | None = hugepages.gather()
        while True:
            waiting = self.poll.poll(1000 * WATCH_SECONDS if self.jobs or pages else None)
            for place, _event in waiting:
                if place == self.control.fileno():
                    self.obey()
                else:
                    self.bury(self.jobs[place])
            self.watch()
            while pages and not waiting and not self.jobs and not self.poll.poll(0):
                if next(pages, "done") == "done":
                    pages = None

    def tell(self, message: dict[str, Any]) -> None:
        self.control.send(json.dumps(message).encode())

    def obey(self) -> None:
        data, descriptors, _flags, _address = socket.recv_fds(self.control, 1 << 16, 3)
        if not data:
            self.leave()
        order = json.loads(data)
        if order["op"] == "run":
            self.run(order, *descriptors)
            for place in descriptors:
                os.close(place)
        elif order["op"] == "kill":
            for job in self.jobs.values():
                if job.number == order["job"]:
                    os.kill(job.pid, signal.SIGKILL)

    # -- one job ---------------------------------------------------------------------------------------------

    def run(self, order: dict[str, Any], request: int, reply: int, output: int) -> None:
        status, status_w = os.pipe()
        uid, gid = os.getuid(), os.getgid()
        pid = kernel.clone(confine.NESTED) if self.guards.nested else os.fork()
        if pid == 0:
            try:
                if self.guards.nested:
                    confine.own_namespaces(uid, gid, self.places)
                    self.first(order, request, reply, output, status_w)
                else:
                    self.learner(order, request, reply, output, status_w)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(71)
        os.close(status_w)
        limits = order["limits"]
        handle = os.pidfd_open(pid)
        deadline = time.monotonic() + limits["seconds"] + GRACE_SECONDS
        self.jobs[handle] = Job(order["job"], pid, handle, status, limits["memory"], deadline)
        self.poll.register(handle, select.POLLIN)

    def first(self, order: dict[str, Any], request: int, reply: int, output: int, status: int) -> NoReturn:
        """Pid 1 of the job's namespace: when the learner is gone it says how, and takes with it what is left."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        learner = os.fork()
        if learner == 0:
            self.learner(order, request, reply, output, status)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        confine.hold([status])
        while True:
            pid, how = os.wait()
            if pid == learner:
                os.write(0, _end(how))
                os._exit(0)

    def learner(self, order: dict[str, Any], request: int, reply: int, output: int, status: int) -> NoReturn:
        """The process that runs the learner's code."""
        code = 71
        try:
            os.setsid()
            parent = os.getppid()
            nothing = os.open("/dev/null", os.O_RDONLY)
            confine.hold([nothing, output, output, request, reply, status])
            if not self.guards.nested:
                kernel.die_with_parent(parent)
            os.chdir(f"{self.places.box}/work")
            os.environ.clear()
            os.environ["HOME"] = self.places.box
            limits = order["limits"]
            if self.guards.limits:
                own_count = (self.guards.nested or self.alone) and kernel.release() >= (5, 14)
                confine.limit(limits["seconds"], limits["memory"], self.address_space, own_count)
            reseed()
            confine.confine(self.guards, self.places)
            os.write(5, b"C")
            os.close(5)
            code = 1
            self.entries[order["entry"]].main(3, 4)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(BaseException):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def bury(self, job: Job) -> None:
        """A job's first process has ended: reap it, empty the box if it has none of its own, and say how it ended."""
        _pid, how = os.waitpid(job.pid, 0)
        said = os.read(job.status, 64)
        self.poll.unregister(job.handle)
        os.close(job.handle)
        os.close(job.status)
        del self.jobs[job.handle]
        if not said.startswith(b"C"):
            os._exit(72)  # it was never confined, so nothing here is as it should be
        end = said[1:].decode() if len(said) > 1 else _end(how).decode()
        cause, code = end.split()
        if not self.guards.nested:
            self.clean()
        self.tell({"op": "end", "job": job.number, "cause": job.cause or cause, "code": int(code)})

    def clean(self) -> None:
        """Where jobs follow each other in one box: kill what is left of a job, remove what it wrote."""
        if self.alone:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)  # all that we may signal: in this namespace, that is what learners left
        for folder in self.places.scratch:
            for entry in os.scandir(folder):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)

    def leave(self) -> NoReturn:
        """The pool is gone: so are the learners, and what they wrote."""
        for job in self.jobs.values():
            os.kill(job.pid, signal.SIGKILL)
        if not self.alone:
            shutil.rmtree(self.places.box, ignore_errors=True)
        os._exit(0)

    # -- memory and time -------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Kill the job whose processes together hold more memory than allowed, or that outlived its deadline."""
        if not self.jobs:
            return
        now = time.monotonic()
        if now < self.next_look:
            return
        self.next_look = now + WATCH_SECONDS
        if self.alone:
            held = _resident_by_root({job.pid for job in self.jobs.values()}, self.resident)
        else:  # each job is one process, and looking through those of the whole machine would cost more than it tells
            held = {job.pid: _statm(str(job.pid))[1] - self.resident for job in self.jobs.values()}
        for job in self.jobs.values():
            if held.get(job.pid, 0) > job.memory:
                job.cause = "memory"
            if job.cause or now > job.deadline:
                os.kill(job.pid, signal.SIGKILL)


def _end(how: int) -> bytes:
    code = os.waitstatus_to_exitcode(how)
    return f"exit {code}".encode() if code >= 0 else f"signal {-code}".encode()


def _statm(process: str) -> tuple[int, int]:
    """Address space and resident memory of a process, in bytes."""
    with open(f"/proc/{process}/statm", "rb") as file:
        size, resident = file.read().split()[:2]
    return int(size) * PAGE, int(resident) * PAGE


def _resident_by_root(roots: set[int], baseline: int) -> dict[int, int]:
    """Resident bytes above `baseline`, summed over all processes at or below each root."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
    held: dict[int, int] = {}
    for pid in parents:
        root = pid
        while root and root not in roots:
            root = parents.get(root, 0)
        if root:
            with contextlib.suppress(OSError):
                held[root] = held.get(root, 0) + max(0, _statm(str(pid))[1] - baseline)
    return held


def nesting_works(places: Places) -> bool:
    """Whether this machine lets a job have namespaces of its own: by making some."""
    uid, gid = os.getuid(), os.getgid()
    try:
        pid = kernel.clone(confine.NESTED)
    except OSError:
        return False
    if pid == 0:
        try:
            confine.own_namespaces(uid, gid, places)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def main() -> None:
    """Its settings are the first argument: {control, folders, warm, entries, places, guards, alone}."""
    settings = json.loads(sys.argv[1])
    control = socket.socket(fileno=settings["control"])
    control.set_inheritable(False)
    sys.path[:0] = settings["folders"]
    warm(settings["warm"])
    places = Places(**settings["places"])
    guards = Guards(**settings["guards"])
    guards = replace(guards, nested=guards.nested and nesting_works(places))
    if not guards.nested:
        confine.furnish(places.box)
    zygote = Zygote(control, settings["entries"], places, guards, settings["alone"])
    del sys.path[: len(settings["folders"])]
    gc.collect()
    gc.freeze()
    zygote.serve()
