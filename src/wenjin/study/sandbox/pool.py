"""The sandbox: learners' code runs here and nowhere else. Slots, queue, restart, and the tier that was proven."""

import itertools
import threading
from pathlib import Path

from wenjin.study.sandbox import launch
from wenjin.study.sandbox.inside.confine import Guards
from wenjin.study.sandbox.job import Ended, Job, Limits, SandboxError
from wenjin.study.sandbox.warm import Warm

__all__ = ["Ended", "Guards", "Job", "Limits", "Sandbox", "SandboxError"]


class Sandbox:
    """A pool of learners' processes. Thread-safe; a job belongs to the thread that opened it."""

    def __init__(
        self,
        warm: tuple[str, ...] = ("torch",),
        *,
        entry: str = "inside.learner",
        folder: Path | None = None,
        guards: Guards | None = None,
    ) -> None:
        """`warm` is imported once, before any job; `entry`.main(request, reply) is what a learner's process runs."""
        self._warm, self._entry, self._folder, self._guards = warm, entry, folder, guards or Guards()
        self._numbers = itertools.count(1)
        self._current: Warm | None = None
        self._slots = threading.BoundedSemaphore(4)
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to warm up; returns at once."""
        with self._lock:
            if self._current is None or self._current.dead:
                self._current = self._make()

    def open(self, limits: Limits | None = None) -> Job:
        """A learner's process, waiting for its first frame. Blocks while all slots are taken."""
        self._slots.acquire()
        try:
            return self._open(limits or Limits(), self._entry)
        except BaseException:
            self._slots.release()
            raise

    def close(self) -> None:
        """End everything."""
        with self._lock:
            if self._current:
                self._current.close()
            self._current = None

    def _make(self) -> Warm:
        return Warm(self._warm, self._entry, self._folder, self._guards, launch.bwrap())

    def _open(self, limits: Limits, entry: str) -> Job:
        self.start()
        warm = self._current
        assert warm is not None
        warm.wait()
        number = next(self._numbers)
        job = Job(limits, kill=lambda: warm.kill(number), done=self._slots.release)
        warm.run(job, number, entry)
        job.close_inside()
        return job
