"""A running zygote, as the trusted side sees it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wenjin.study.sandbox import launch
from wenjin.study.sandbox.inside.confine import BOX_SIZE, Guards
from wenjin.study.sandbox.job import Job, SandboxError

INSIDE = Path(__file__).resolve().parent / "inside"
START_SECONDS = 120.0  # a cold disk and a busy machine; a warm start takes two seconds
ENVIRONMENT = {  # all that the zygote inherits; a learner's own environment holds HOME alone
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # an arena reserves 64 MiB of a limited address space
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # see inside/hugepages.py
}


class Warm:
    """One zygote and its jobs. Made at once, ready later: `wait` for it."""

    def __init__(
        self, warm: tuple[str, ...], entry: str, folder: Path | None, guards: Guards, program: str | None
    ) -> None:
        """`entry` is the module whose main() a learner's process runs; `folder` is where it lies, if not in inside/.

        `program` is bubblewrap, or None to do without.
        """
        self.jobs: dict[int, Job] = {}
        self.served = 0
        self.facts: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self.dead = False
        self._errors = tempfile.TemporaryFile()
        self._home = None if program else tempfile.TemporaryDirectory(prefix="wenjin-box-")
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            argv = _command(
                program, theirs.fileno(), warm, entry, folder, guards, self._home.name if self._home else "/box"
            )
            self.process = launch.start(
                argv,
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
            self.close()
            raise SandboxError(f"the sandbox did not start: {self.words() or 'no answer in time'}")

    def words(self) -> str:
        """The end of what it said on its standard error."""
        self._errors.seek(0)
        return self._errors.read()[-2000:].decode(errors="replace").strip()

    def run(self, job: Job, number: int, entry: str) -> None:
        """Fork a learner for the job."""
        limits = {"seconds": job.limits.seconds, "memory": job.limits.memory}
        message = json.dumps({"op": "run", "job": number, "entry": entry, "limits": limits}).encode()
        with self._lock:
            self.jobs[number] = job
            self.served += 1
        try:
            socket.send_fds(self._control, [message], job.inside)
        except OSError:
            self._gone(number, "broken", 0)

    def kill(self, number: int) -> None:
        """End a job's processes."""
        try:
            self._control.send(json.dumps({"op": "kill", "job": number}).encode())
        except OSError:
            self._gone(number, "broken", 0)

    def close(self) -> None:
        """End it and every learner in it."""
        self._control.shutdown(socket.SHUT_RDWR) if not self.dead else None
        launch.stop(self.process)
        if self._home:
            self._home.cleanup()

    def _gone(self, number: int, cause: Any, code: int) -> None:
        with self._lock:
            job = self.jobs.pop(number, None)
        if job:
            job.heard(cause, code)

    def _listen(self) -> None:
        """Hear the zygote until it is gone; then every job of it is gone too."""
        while True:
            try:
                data = self._control.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                break
            said = json.loads(data)
            if said["op"] == "ready":
                self.facts = said
                self._ready.set()
            else:
                self._gone(said["job"], said["cause"], said["code"])
        self.dead = True
        self._ready.set()
        for number in list(self.jobs):
            self._gone(number, "broken", 0)


def _command(
    program: str | None, control: int, warm: tuple[str, ...], entry: str, folder: Path | None, guards: Guards, box: str
) -> list[str]:
    show = launch.interpreter()
    inside = "/wenjin/inside" if program else str(INSIDE)
    folders = [os.path.dirname(inside), inside]
    place = {inside: INSIDE}
    if folder:
        folders.append("/wenjin/entry" if program else str(folder))
        place["/wenjin/entry"] = folder
    settings = {
        "control": control,
        "folders": folders,
        "warm": list(warm),
        "entries": [entry],
        "guards": asdict(guards),
        "places": _places(show, box, bool(program)),
    }
    boot = f"import sys; sys.path.insert(0, {folders[0]!r}); from inside import zygote; zygote.main()"
    argv = [sys.executable, "-I", "-B", "-c", boot, json.dumps(settings)]
    if not program:
        return argv
    hide = [path for path in (launch.PACKAGE,) if any(path.is_relative_to(s) for s in show)]
    return launch.bwrap_argv(program, argv, show=show, place=place, hide=hide, box=box, size=BOX_SIZE)


def _places(show: list[Path], box: str, own_root: bool) -> dict[str, Any]:
    """What Landlock lets a learner reach."""
    system = ["/usr", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache", "/sys/devices/system/cpu"]
    devices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"]
    proc = "/proc" if own_root else "/proc/self"
    write = [box, "/tmp", "/dev/shm", "/dev/null"] if own_root else [box, "/dev/null"]
    return {"box": box, "read": [*system, *map(str, show), *devices, proc], "listed": [], "write": write}
