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

from . import confine, hugepages, kernel, landlock, memory
from .ending import run_and_exit
from .places import Guards, Places
from .warming import compute, reseed, warm

WATCH_SECONDS = 0.05
QUIET_SECONDS = 0.005  # after so long without a message, something is done ahead
GRACE_SECONDS = 2.0  # the deadline is kept by the pool; this is for a pool that forgets


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


@dataclass(slots=True)
class Ready:
    """A confined process without work: its `orders` come through a socket."""

    pid: int
    status: int
    orders: socket.socket


class Zygote:
    """See the module."""

    def __init__(self, control: socket.socket, settings: dict[str, Any], places: Places, guards: Guards) -> None:
        self.control, self.places, self.guards = control, places, guards
        # Bubblewrap gave us a namespace of processes: all others in it are learners' leavings.
        self.alone: bool = settings["alone"]
        self.libraries: list[str] = settings["warm"]
        self.entries = {name: importlib.import_module(name) for name in settings["entries"]}
        self.jobs: dict[int, Job] = {}
        self.ready: Ready | None = None
        self.poll = select.poll()
        self.poll.register(control, select.POLLIN)
        self.address_space = self.resident = 0
        self.next_look = 0.0
        self.pages: Iterator[None] | None = hugepages.gather()

    def serve(self) -> None:
        """Until the pool closes the control socket."""
        size, resident = memory.sizes("self")
        self.address_space, self.resident = size, resident
        self.tell({"op": "ready", "nested": self.guards.nested, "landlock": landlock.version()})
        while True:
            patience = QUIET_SECONDS if self.chores() else WATCH_SECONDS if self.jobs else None
            waiting = self.poll.poll(patience and 1000 * patience)
            for place, _event in waiting:
                if place == self.control.fileno():
                    self.obey()
                else:
                    self.bury(self.jobs[place])
            self.watch()
            if not waiting and self.chores():
                self.chore()

    def chores(self) -> bool:
        """Whether there is something to do while nobody waits."""
        return bool(self.pages and not self.jobs) or (self.guards.nested and not self.ready)

    def chore(self) -> None:
        """Gather memory into large pages, step by step; then have the next learner's process ready."""
        if not self.pages or self.jobs:
            self.ready = self.prepare()
            return
        while not self.poll.poll(0):
            if next(self.pages, "done") == "done":
                self.pages = None
                return

    def tell(self, message: dict[str, Any]) -> None:
        self.control.send(json.dumps(message).encode())

    def obey(self) -> None:
        data, descriptors, _flags, _address = socket.recv_fds(self.control, 1 << 16, 3)
        if not data:
            self.leave()
        order = json.loads(data)
        if order["op"] == "run":
            self.run(order, descriptors)
            for place in descriptors:
                os.close(place)
        elif order["op"] == "kill":
            for job in self.jobs.values():
                if job.number == order["job"]:
                    os.kill(job.pid, signal.SIGKILL)

    # -- one job ---------------------------------------------------------------------------------------------

    def run(self, order: dict[str, Any], descriptors: list[int]) -> None:
        """Give a confined process its work: the one that waits, else one that is made now."""
        ready, self.ready = self.ready or self.prepare(), None
        try:
            socket.send_fds(ready.orders, [json.dumps(order).encode()], descriptors)
        except OSError:
            os._exit(72)  # it died while it waited
        ready.orders.close()
        limits = order["limits"]
        handle = os.pidfd_open(ready.pid)
        deadline = time.monotonic() + limits["seconds"] + GRACE_SECONDS
        self.jobs[handle] = Job(order["job"], ready.pid, handle, ready.status, limits["memory"], deadline)
        self.poll.register(handle, select.POLLIN)

    def prepare(self) -> Ready:
        """A process that is confined already and waits for its order and its pipes."""
        status, status_w = os.pipe()
        orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        uid, gid = os.getuid(), os.getgid()
        pid = kernel.clone(confine.NESTED) if self.guards.nested else os.fork()
        if pid == 0:
            try:
                if self.guards.nested:
                    confine.own_namespaces(uid, gid, self.places)
                    self.first(theirs.fileno(), status_w)
                else:
                    self.learner(theirs.fileno(), status_w)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(71)
        os.close(status_w)
        theirs.close()
        return Ready(pid, status, orders)

    def first(self, orders: int, status: int) -> NoReturn:
        """Pid 1 of the job's namespace: when the learner is gone it says how, and takes with it what is left."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        learner = os.fork()
        if learner == 0:
            self.learner(orders, status)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        confine.hold([status])
        while True:
            pid, how = os.wait()
            if pid == learner:
                os.write(0, _end(how))
                os._exit(0)

    def learner(self, orders: int, status: int) -> NoReturn:
        """The process that runs the learner's code."""
        try:
            os.setsid()
            parent = os.getppid()
            confine.hold([os.open("/dev/null", os.O_RDONLY), 1, 2, orders, status])
            if not self.guards.nested:
                kernel.die_with_parent(parent)
            os.chdir(f"{self.places.box}/work")
            os.environ.clear()
            os.environ["HOME"] = self.places.box
            if self.guards.nested:
                self.rehearse()
            reseed()
            confine.confine(self.guards, self.places)
            os.write(4, b"C")
            os.close(4)
            entry, limits = self.take_order()
            if self.guards.limits:
                own_count = (self.guards.nested or self.alone) and kernel.release() >= (5, 14)
                confine.limit(limits["seconds"], limits["memory"], self.address_space, own_count)
        except BaseException:
            traceback.print_exc()
            os._exit(71)
        run_and_exit(lambda: entry.main(3, 4))

    def take_order(self) -> tuple[Any, dict[str, Any]]:
        """Wait for what to run, and for its pipes: request and reply become 3 and 4, output 1 and 2."""
        with socket.socket(fileno=3) as orders:
            data, descriptors, _flags, _address = socket.recv_fds(orders, 1 << 16, 3)
            orders.detach()
        if not data:
            os._exit(0)
        order = json.loads(data)
        request, reply, output = descriptors
        confine.hold([0, output, output, request, reply])
        return self.entries[order["entry"]], order["limits"]

    def rehearse(self) -> None:
        """Do once what every job does: the memory that it writes becomes this process's own before anyone waits."""
        compute(self.libraries)
        for entry in self.entries.values():
            getattr(entry, "rehearse", bool)()

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
                if any(f"{path}/".startswith(f"{entry.path}/") for path in self.places.read):
                    continue  # an environment below /tmp: shown to learners, and read-only
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
            held = memory.held_below({job.pid for job in self.jobs.values()}, self.resident)
        else:  # each job is one process, and looking through those of the whole machine would cost more than it tells
            held = {job.pid: memory.sizes(str(job.pid))[1] - self.resident for job in self.jobs.values()}
        for job in self.jobs.values():
            if held.get(job.pid, 0) > job.memory:
                job.cause = "memory"
            if job.cause or now > job.deadline:
                os.kill(job.pid, signal.SIGKILL)


def _end(how: int) -> bytes:
    code = os.waitstatus_to_exitcode(how)
    return f"exit {code}".encode() if code >= 0 else f"signal {-code}".encode()


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
    zygote = Zygote(control, settings, places, guards)
    del sys.path[: len(settings["folders"])]
    gc.collect()
    gc.freeze()
    zygote.serve()
