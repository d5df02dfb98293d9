"""The sandbox: learners' code runs here and nowhere else. Slots, queue, restart, and the tier that was proven."""

import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from wenjin.study.sandbox import launch
from wenjin.study.sandbox.inside.places import Guards
from wenjin.study.sandbox.job import Ended, Job, Limits, SandboxError
from wenjin.study.sandbox.probe import probe
from wenjin.study.sandbox.single import Spares
from wenjin.study.sandbox.tier import Tier
from wenjin.study.sandbox.warm import CANARY, Plan, Warm

__all__ = ["Ended", "Guards", "Job", "Limits", "Sandbox", "SandboxError", "Unconfined"]

SLOTS = {"A": 4}  # learners at once; 1 in the other tiers, where one could see what another left
JOBS = 200  # a zygote serves so many and retires
AHEAD = 20  # and so long before, its successor begins to warm up


class Unconfined(SandboxError):
    """Nothing holds a learner's code here (tier F): `open(…, confirmed=True)` once somebody agreed to this run."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A zygote at work and what its probe proved."""

    warm: Warm | Spares
    tier: Tier


class Sandbox:
    """A pool of learners' processes. Thread-safe; a job belongs to the thread that opened it."""

    def __init__(
        self,
        warm: tuple[str, ...] = ("torch",),
        *,
        entry: str = "inside.learner",
        folder: Path | None = None,
        guards: Guards | None = None,
        platform: str = sys.platform,
        program: Callable[[], str | None] = launch.bwrap,
        proof: Callable[[Callable[[Limits], Job], str], Tier] = probe,
    ) -> None:
        """`warm` is imported once, before any job; `entry`, in `folder` or our own, has the main(request, reply).

        `guards`, `platform`, `program` (bubblewrap's path) and `proof` are for tests that switch one off.
        """
        self._plan = Plan(warm, entry, folder, guards or Guards())
        self._platform, self._program, self._proof = platform, program, proof
        self._warmers = ThreadPoolExecutor(2, thread_name_prefix="warmer")
        self._enders = ThreadPoolExecutor(max(SLOTS.values()), thread_name_prefix="ender")
        self._change = threading.Condition()
        self._held: Counter[Future[Shift]] = Counter()  # learners of each zygote
        self._closed = False
        self._now: Future[Shift] | None = None
        self._next: Future[Shift] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Begin to warm up; returns at once."""
        with self._change:
            self._shift()

    def tier(self) -> Tier:
        """How well learners are confined here, as the canaries proved it. Waits until the sandbox is warm."""
        with self._change:
            shift = self._shift()
        return shift.result().tier

    def open(self, limits: Limits | None = None, *, confirmed: bool = False) -> Job:
        """A learner's process that waits for its first frame. Blocks while all slots are taken.

        Raises SandboxError when the sandbox cannot start, Unconfined in tier F.
        """
        tier = self.tier()
        with self._change:
            self._change.wait_for(lambda: self._held.total() < SLOTS.get(tier.name, 1))
            shift = self._shift()
            self._held[shift] += 1
        try:
            serving = shift.result()
            if serving.tier.name == "F" and not confirmed:
                raise Unconfined(serving.tier.label.en)
            return serving.warm.open(
                limits or Limits(), self._plan.entry, lambda: self._give_back(shift), self._enders.submit
            )
        except BaseException:
            self._give_back(shift)
            raise

    def close(self) -> None:
        """End everything."""
        with self._change:
            self._closed = True
            shifts = [shift for shift in (self._now, self._next) if shift]
            self._now = self._next = None
        for shift in shifts:
            if shift.exception() is None:
                shift.result().warm.close()
        self._enders.shutdown()
        self._warmers.shutdown()

    # -- inside ----------------------------------------------------------------------------------------------

    def _give_back(self, shift: "Future[Shift]") -> None:
        with self._change:
            self._held[shift] -= 1
            self._change.notify()
            self._retire(shift)

    def _retire(self, shift: "Future[Shift]") -> None:
        """End a zygote that serves no longer, once its last learner is gone."""
        if shift is not self._now and not self._held[shift] and not self._closed:
            del self._held[shift]
            if not shift.exception():
                self._warmers.submit(shift.result().warm.close)

    def _shift(self) -> "Future[Shift]":
        """The zygote that serves now: the present one, its successor when it is due, a new one when it died."""
        if self._closed:
            raise SandboxError("the sandbox is closed")
        now = self._now
        if now is None or (now.done() and (now.exception() or now.result().warm.dead)):
            self._now, self._next = self._next or self._warmers.submit(self._prepare), None
        elif now.done() and now.result().warm.served > JOBS - AHEAD:
            if self._next is None:
                self._next = self._warmers.submit(self._prepare)
            elif now.result().warm.served >= JOBS and self._next.done():
                self._now, self._next = self._next, None
                self._retire(now)
        assert self._now is not None
        return self._now

    def _prepare(self) -> Shift:
        """A zygote with the best means that work here, and its proof."""
        warm, reason = self._best_means()
        tier = self._proof(lambda limits: warm.open(limits, CANARY, lambda: None), warm.best)
        return Shift(warm, replace(tier, reason=reason))

    def _best_means(self) -> tuple[Warm | Spares, str]:
        """What was started, and why it is not what we would rather have."""
        if not self._platform.startswith("linux"):
            spares = Spares(self._plan, self._platform)
            spares.wait()
            return spares, ""
        program, reason = self._program(), "bubblewrap is not installed"
        if program:
            warm = Warm(self._plan, program)
            try:
                warm.wait()
                return warm, ""
            except SandboxError as error:
                reason = str(error)
                if "bwrap:" not in reason:
                    raise
        warm = Warm(self._plan, None)
        warm.wait()
        return warm, reason
