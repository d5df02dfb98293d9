"""The judge, as the pages and the command line see it: a process that is asked and answers. No torch in here."""

import base64
import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from importlib.resources import files
from pathlib import Path
from typing import Any

from wenjin.kit.exercise import Limits
from wenjin.kit.verdict import Verdict
from wenjin.study.judge import messages
from wenjin.study.sandbox import launch

PATIENCE = Limits().seconds * 10  # a full queue of slow answers; only a stuck worker takes longer


class JudgeError(RuntimeError):
    """The judge could not answer; the message says why."""


class Judge:
    """Asks the judge's process, which is started on first use or by `warm` and again when it died. Thread-safe."""

    def __init__(self, command: Sequence[str], readable: Sequence[Path] = ()) -> None:
        self.command, self.readable = list(command), list(readable)
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def judge(
        self, exercise: str, answer: bytes, *, variant: int = 0, seed: int | None = None, confirmed: bool = False
    ) -> dict[str, Any]:
        """The verdict on an answer, as kit.Verdict.as_dict(). A judge that fails is a verdict too, never a raise.

        `confirmed`: the learner agreed to this one run where nothing confines it (tier F).
        """
        given = base64.b64encode(answer).decode()
        try:
            result: dict[str, Any] = self._ask(
                "judge", exercise=exercise, answer=given, variant=variant, seed=seed, confirmed=confirmed
            )
        except JudgeError as error:
            feedback = messages.say("judge-fault", detail=str(error))
            return Verdict("error", feedback, "judge-fault").as_dict()
        return result

    def run(self, exercise: str, source: bytes, scratch: str, *, confirmed: bool = False) -> dict[str, Any]:
        """Run an answer with the learner's own lines after it, without verdict or record.

        Returns {"output", "error": {zh, en} | None, "unconfined": it was not run for want of `confirmed`, "ms"}.
        """
        given = base64.b64encode(source).decode()
        result: dict[str, Any] = self._ask("run", exercise=exercise, answer=given, scratch=scratch, confirmed=confirmed)
        return result

    def beside(
        self, wanted: Sequence[str], before: Sequence[str], typed: str, *, confirmed: bool = False
    ) -> dict[str, Any]:
        """What was typed for a step of a listing, run beside it: see `typing.beside`. Raises JudgeError."""
        steps: dict[str, Any] = {"wanted": list(wanted), "before": list(before), "typed": typed}
        result: dict[str, Any] = self._ask("beside", **steps, confirmed=confirmed)
        return result

    def problem(self, exercise: str, variant: int = 0) -> dict[str, Any]:
        """The givens or options of an exercise that is not answered by a program. Raises KeyError, JudgeError."""
        result: dict[str, Any] = self._ask("problem", exercise=exercise, variant=variant)
        return result

    def solution(self, exercise: str, variant: int = 0) -> str:
        """The reference answer, as text that the judge accepts. Who may read it is the caller's to know."""
        text: str = self._ask("solution", exercise=exercise, variant=variant)
        return text

    def prove(self, exercise: str, pairs: float = 1.0, draws: int = 3) -> list[dict[str, Any]]:
        """The faults of an exercise, for its author; `pairs` is the share of pairs of mistakes that are tried,
        `draws` the number of seeds on which a program is proven."""
        result: list[dict[str, Any]] = self._ask("prove", patience=3600.0, exercise=exercise, pairs=pairs, draws=draws)
        return result

    def tier(self) -> dict[str, Any]:
        """The sandbox tier as proven: {"tier", "label": {zh, en}, "canaries"}."""
        result: dict[str, Any] = self._ask("tier")
        return result

    def start(self) -> None:
        """Start the process and its sandbox; the rest is loaded by `warm`, or when something is asked."""
        with self._lock:
            self._running()

    def warm(self) -> "Future[dict[str, Any]]":
        """Load everything early; the future holds the tier when all is ready."""
        return self._send("warm", {})

    def close(self) -> None:
        """End the process and everything that it started."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            launch.stop(process)
        if self._reader is not None:
            self._reader.join(5.0)

    def __enter__(self) -> "Judge":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _ask(self, op: str, *, patience: float = PATIENCE, **arguments: Any) -> Any:
        try:
            reply = self._send(op, arguments).result(patience)
            if "gone" in reply:  # killed from outside: ask its successor
                reply = self._send(op, arguments).result(patience)
        except TimeoutError:
            self.close()
            raise JudgeError("no answer in time") from None
        if "gone" in reply:
            raise JudgeError(reply["gone"])
        if "missing" in reply:
            raise KeyError(reply["missing"])
        if "fault" in reply:
            raise JudgeError(reply["fault"])
        return reply["result"]

    def _send(self, op: str, arguments: dict[str, Any]) -> "Future[dict[str, Any]]":
        future: Future[dict[str, Any]] = Future()
        with self._lock:
            process = self._running()
            number = next(self._numbers)
            self._waiting[number] = future
            try:
                assert process.stdin is not None
                process.stdin.write(json.dumps({"id": number, "op": op, **arguments}).encode() + b"\n")
                process.stdin.flush()
            except OSError as error:
                self._waiting.pop(number)
                future.set_result({"gone": f"the judge's process is gone ({error})"})
        return future

    def _running(self) -> "subprocess.Popen[bytes]":
        """The process, started now if there is none. The lock is held."""
        if self._process is None or self._process.poll() is not None:
            self._process = launch.start_worker(self.command, environment=_environment(), readable=self.readable)
            self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
            self._reader.start()
        return self._process

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        assert process.stdin is not None
        for line in process.stdout:
            reply = json.loads(line)
            with self._lock:
                future = self._waiting.pop(reply.pop("id"), None)
            if future is not None:
                future.set_result(reply)
        with self._lock:  # the process ended: nobody waits for ever
            lost = list(self._waiting.values()) if self._process in (process, None) else []
            if lost:
                self._waiting.clear()
        process.wait()
        process.stdout.close()
        with contextlib.suppress(OSError):  # it may not have taken its last request
            process.stdin.close()
        for future in lost:
            future.set_result({"gone": "the judge's process ended"})


def _environment() -> dict[str, str]:
    """What the worker may know of our environment: where programs and libraries are, and no more."""
    kept = {
        name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ
    }
    return {**kept, "LANG": "C.UTF-8", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}


def local_judge(curriculum: Path | None = None) -> Judge:
    """The judge of this installation, not yet started."""
    root = curriculum or Path(str(files("wenjin") / "curriculum"))
    return Judge([sys.executable, "-m", "wenjin.study.judge.worker", str(root)], readable=[root])
