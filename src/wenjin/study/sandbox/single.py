"""macOS and Windows: processes that are started and warmed ahead, each for one learner. Not tested on either yet.

Neither has a safe fork once torch is loaded, so two processes wait ready; a verdict takes as long as on Linux while
they last. macOS confines them by a Seatbelt profile (no cap on memory that holds), Windows by a job object (memory and
number of processes only; neither files nor network: WSL2 gives Linux's full isolation).
"""

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable

from wenjin.study.sandbox import launch
from wenjin.study.sandbox.job import Job, Later, Limits, SandboxError, at_once
from wenjin.study.sandbox.pipes import Pipes, ThreadedPipes
from wenjin.study.sandbox.warm import CANARY, INSIDE, START_SECONDS, Plan

READY = 2
SEATBELT = """(version 1)
(deny default)
(allow process-exec* {trees})
(allow file-read-metadata)
(allow file-read* {trees} (subpath "/usr/lib") (subpath "/usr/share") (subpath "/System")
  (subpath "/Library/Frameworks") (subpath "/private/var/db/dyld"))
(allow file-read* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/random") (literal "/dev/urandom"))
(deny file-read* {hidden})
(allow file-read* (subpath {box}) (subpath {inside}) {entry})
(allow file-write* (subpath {box}) (literal "/dev/null"))
(allow sysctl-read)
(allow process-info* (target self))
(allow signal (target self))
(deny process-fork)
(deny network*)
"""


class Spares:
    """Warmed processes in waiting. The same face as warm.Warm."""

    def __init__(self, plan: Plan, platform: str) -> None:
        self.best = {"darwin": "D", "win32": "E"}.get(platform, "F")
        self.served = 0
        self.dead = False
        self._plan, self._platform = plan, platform
        self._lock = threading.Lock()
        self._ready: queue.Queue[_Spare | None] = queue.Queue()
        for _ in range(READY):
            self._add()

    def wait(self) -> None:
        """Until one is ready. SandboxError when it cannot start."""
        self._ready.put(self._take())

    def open(self, limits: Limits, entry: str, done: Callable[[], None], later: Later = at_once) -> Job:
        """Give the next process that is ready its work."""
        spare = self._take()
        self._add()
        self.served += 1
        job = Job(limits, spare.pipes, lambda _hard: spare.kill(), done, later)
        threading.Thread(target=spare.bury, args=(job,), daemon=True).start()
        spare.begin(limits, entry)
        return job

    def _take(self) -> "_Spare":
        try:
            spare = self._ready.get(timeout=START_SECONDS)
        except queue.Empty:
            spare = None
        if spare is None:
            self.dead = True
            raise SandboxError("the sandbox did not start")
        return spare

    def close(self) -> None:
        """End those that wait, and those that are still warming up when they are ready."""
        with self._lock:
            self.dead = True
            while not self._ready.empty():
                _end(self._ready.get())

    def _add(self) -> None:
        def begin() -> None:
            try:
                spare = _Spare(self._plan, self._platform)
            except (OSError, SandboxError):
                spare = None
            with self._lock:
                if self.dead:
                    _end(spare)
                else:
                    self._ready.put(spare)

        threading.Thread(target=begin, daemon=True).start()


def _end(spare: "_Spare | None") -> None:
    if spare:
        spare.kill()
        spare.bury(None)
        spare.pipes.hang_up()
        spare.pipes.close()


class _Spare:
    """One process, warmed up and waiting for a line that says what it may use."""

    def __init__(self, plan: Plan, platform: str) -> None:
        self.box = tempfile.mkdtemp(prefix="wenjin-box-")
        folders = [str(INSIDE.parent), *([str(plan.folder)] if plan.folder else [])]
        boot = (
            f"import sys; sys.path[:0] = {folders!r}; from inside import single; "
            f"single.main({plan.warm!r}, {[CANARY, plan.entry]!r}, {len(folders)}, {self.box!r})"
        )
        argv = [sys.executable, "-I", "-B", "-c", boot]
        if platform == "darwin":
            argv = ["/usr/bin/sandbox-exec", "-p", _profile(plan, self.box), *argv]
        pipe = subprocess.PIPE
        environment = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        if platform == "win32":
            environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
        self.process = launch.start(argv, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
        request, reply, output = self.process.stdin, self.process.stdout, self.process.stderr
        assert request is not None
        assert reply is not None
        assert output is not None
        self.limits = _job_object(self.process) if platform == "win32" else None
        if reply.read(1) != b"R":
            self.kill()
            self.bury(None)
            raise SandboxError("the sandbox did not start")
        self._request = request.fileno()
        if platform == "win32":
            self.pipes: Pipes | ThreadedPipes = ThreadedPipes(request, reply, output)
        else:
            self.pipes = Pipes(*(os.dup(file.fileno()) for file in (request, reply, output)))
            for file in (request, reply, output):
                file.close()

    def begin(self, limits: Limits, entry: str) -> None:
        """The line that it waits for."""
        line = f"{entry} {int(limits.seconds + 1)} {limits.memory}\n".encode()
        if self.limits:
            self.limits(limits.memory)
        self.pipes.turn(1.0, memoryview(line))

    def kill(self) -> None:
        launch.stop(self.process)

    def bury(self, job: Job | None) -> None:
        """When the process is gone, its box goes, too; then the job hears of it."""
        code = self.process.wait()
        shutil.rmtree(self.box, ignore_errors=True)
        if job:
            job.heard(*(("signal", -code) if code < 0 else ("exit", code)))


def _profile(plan: Plan, box: str) -> str:
    def subpaths(paths: list[str]) -> str:
        return " ".join(f"(subpath {_quoted(path)})" for path in paths)

    shown = launch.view()
    return SEATBELT.format(
        trees=subpaths([*shown.trees, "/usr/bin", *shown.links]),
        hidden=subpaths(launch.hidden()[-1:]),
        box=_quoted(os.path.realpath(box)),
        inside=_quoted(str(INSIDE)),
        entry=subpaths([str(plan.folder)] if plan.folder else []),
    )


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _job_object(process: "subprocess.Popen[bytes]") -> Callable[[int], None]:
    """Put the process into a Windows job object that dies with us; the result sets its cap on memory."""
    import ctypes
    from ctypes import wintypes

    class Basic(ctypes.Structure):
        _fields_ = (
            ("process_time", ctypes.c_int64),
            ("job_time", ctypes.c_int64),
            ("flags", wintypes.DWORD),
            ("least", ctypes.c_size_t),
            ("most", ctypes.c_size_t),
            ("processes", wintypes.DWORD),
            ("affinity", ctypes.c_size_t),
            ("priority", wintypes.DWORD),
            ("scheduling", wintypes.DWORD),
        )

    class Extended(ctypes.Structure):
        _fields_ = (
            ("basic", Basic),
            ("io", ctypes.c_uint64 * 6),
            ("process_memory", ctypes.c_size_t),
            ("job_memory", ctypes.c_size_t),
            ("peak_process", ctypes.c_size_t),
            ("peak_job", ctypes.c_size_t),
        )

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    kernel.CreateJobObjectW.restype = wintypes.HANDLE
    job = wintypes.HANDLE(kernel.CreateJobObjectW(None, None))

    def restrict(memory: int) -> None:
        wanted = Extended()
        wanted.basic.flags = 0x2000 | 0x8 | (0x200 if memory else 0)  # kill on close, active processes, job memory
        wanted.basic.processes = 1
        wanted.job_memory = memory + (1 << 30)  # the warmed libraries themselves take up to 1 GiB of commitments
        if not kernel.SetInformationJobObject(job, 9, ctypes.byref(wanted), ctypes.sizeof(wanted)):
            raise SandboxError("Windows refuses the limits of a job object")

    restrict(0)
    if not kernel.AssignProcessToJobObject(job, wintypes.HANDLE(int(process._handle))):  # type: ignore[attr-defined]
        raise SandboxError("Windows refuses to put a process into a job object")
    return restrict
