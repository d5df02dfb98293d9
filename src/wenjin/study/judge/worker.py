"""The judge's own process: the only one that holds solutions. Started by name, spoken to in lines of JSON.

    {"id", "op": "judge", "exercise", "answer" (base64), "variant"}  ->  {"id", "result": verdict}

It never runs an answer: that happens in the sandbox's processes, which send back data (code.py).
"""

import base64
import json
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from wenjin.kit.exercise import Code, Limits
from wenjin.kit.text import Text, visible
from wenjin.kit.verdict import Verdict
from wenjin.study.judge import answers, messages, syntax, typing
from wenjin.study.judge import code as programs
from wenjin.study.judge.prove import prove
from wenjin.study.judge.reference import checked
from wenjin.study.judge.shelf import NoSuchExercise, Shelf
from wenjin.study.judge.solution import NAME, reference
from wenjin.study.judge.source import Unreadable, decode
from wenjin.study.sandbox.inside import frames
from wenjin.study.sandbox.job import Ended, Job
from wenjin.study.sandbox.job import Limits as JobLimits
from wenjin.study.sandbox.pool import Sandbox, Unconfined


class JobChannel:
    """A sandboxed job as the channel to an answer."""

    def __init__(self, job: Job) -> None:
        self.job, self.told = job, 0

    def ask(self, order: dict[str, Any]) -> Any:
        try:
            self.job.send(frames.write(order))
            return frames.read(self.job.receive())
        except Ended as ended:
            raise programs.Stopped(ended.cause, ended.code) from None

    def printed(self) -> str:
        new, self.told = self.job.output[self.told :], len(self.job.output)
        return visible(new.decode("utf-8", "replace"))


class Worker:
    """Answers requests; one method an operation."""

    def __init__(self, root: Path) -> None:
        self.sandbox = Sandbox(warm=("torch",))
        self.sandbox.start()  # it warms up by itself
        self.shelf = Shelf(root)

    def load(self) -> None:
        """What every operation needs; two seconds the first time. Left until something is asked, as the process that
        started this one has its own work to do on the second processor."""
        import torch

        torch.set_num_threads(1)

    def judge(
        self, exercise: str, answer: str, variant: int = 0, seed: int | None = None, confirmed: bool = False
    ) -> dict[str, Any]:
        """The verdict on an answer. `confirmed`: run it even where nothing confines it."""
        began = time.perf_counter()
        verdict = self._verdict(
            exercise, base64.b64decode(answer), secrets.randbits(48) if seed is None else seed, confirmed
        )
        elapsed = (time.perf_counter() - began) * 1e3
        return replace(verdict, ms=round(elapsed, 1), tier=self.sandbox.tier().name).as_dict()

    def _verdict(self, id: str, answer: bytes, seed: int, confirmed: bool = False) -> Verdict:
        try:
            exercise = self.shelf.get(id).exercise
        except NoSuchExercise:
            return Verdict("error", messages.say("unknown-exercise", detail=id), "unknown-exercise")
        if not isinstance(exercise, Code):
            return answers.judge(exercise, answer)
        with ExitStack() as stack:

            def channel() -> JobChannel:
                return JobChannel(stack.enter_context(self._open(exercise.limits, confirmed)))

            try:
                return programs.judge(exercise, answer, channel, seed)
            except Unconfined:
                return Verdict("blocked", messages.say("unconfined"), "unconfined")

    def _open(self, limits: Limits, confirmed: bool) -> Job:
        return self.sandbox.open(JobLimits(limits.seconds, limits.memory << 20), confirmed=confirmed)

    def run(self, exercise: str, answer: str, scratch: str, confirmed: bool = False) -> dict[str, Any]:
        """Run an answer on the learner's own lines, without a verdict."""
        began = time.perf_counter()
        shelved = self.shelf.get(exercise).exercise
        assert isinstance(shelved, Code)
        error, output = None, ""
        try:
            text = decode(base64.b64decode(answer))
        except Unreadable as unreadable:
            return {"output": "", "error": unreadable.text.as_dict(), "unconfined": False, "ms": 0.0}
        with ExitStack() as stack:
            try:
                channel = JobChannel(stack.enter_context(self._open(shelved.limits, confirmed)))
            except Unconfined:
                return {"output": "", "error": messages.say("unconfined").as_dict(), "unconfined": True, "ms": 0.0}
            try:
                loaded = channel.ask(
                    {"op": "load", "source": text, "form": shelved.form, "define": shelved.define, "forbidden": []}
                )
                if loaded.get("error") is None:
                    loaded = channel.ask({"op": "scratch", "source": scratch})
                if loaded.get("error") is not None:
                    error = _scratch_error(text, checked(loaded)["error"], loaded.get("stage"), shelved.limits)
            except programs.Stopped as stop:
                error = programs.stopped(shelved, stop).feedback
            except (frames.Malformed, AttributeError):
                error = messages.say("bad-reply")
            output = channel.printed()
        elapsed = round((time.perf_counter() - began) * 1e3, 1)
        return {"output": output, "error": error and error.as_dict(), "unconfined": False, "ms": elapsed}

    def beside(self, wanted: list[str], before: list[str], typed: str, confirmed: bool = False) -> dict[str, Any]:
        """What a typed step does beside that of a listing (typing.py)."""
        with ExitStack() as stack:

            def channel() -> JobChannel:
                return JobChannel(stack.enter_context(self._open(typing.LIMITS, confirmed)))

            try:
                return typing.beside(channel, wanted, before, typed)
            except Unconfined:
                return typing.unsaid("unconfined", messages.say("unconfined"))

    def problem(self, exercise: str, variant: int = 0) -> dict[str, Any]:
        """What a learner is shown of an exercise that is not answered by a program."""
        shelved = self.shelf.get(exercise).exercise
        return {"form": shelved.form} if isinstance(shelved, Code) else answers.problem(shelved, variant)

    def solution(self, exercise: str, variant: int = 0) -> str:
        """The reference answer as a learner may read it."""
        shelved = self.shelf.get(exercise)
        return reference(shelved.exercise, shelved.folder, variant)

    def prove(self, exercise: str, pairs: float, draws: int) -> list[dict[str, Any]]:
        """The faults of an exercise, for its author."""
        shelved = self.shelf.get(exercise)
        path = shelved.folder / "starter.py"
        starter = path.read_bytes() if path.exists() else None
        proof = prove(shelved.exercise, pairs, draws, starter, lambda answer: self._verdict(exercise, answer, 1))
        found = [*self._reference(exercise), *proof]
        return [{"where": exercise, "what": what.as_dict(), "remedy": remedy.as_dict()} for what, remedy in found]

    def _reference(self, exercise: str) -> Iterator[tuple[Text, Text]]:
        """What is wrong with the answer that learners will read."""
        mend = Text(f"在练习目录里写一份能通过的 {NAME}。", f"Write a {NAME} that passes in the exercise's folder.")
        try:
            text = self.solution(exercise)
        except OSError:
            yield Text(f"没有 {NAME}。", f"{NAME} is missing."), mend
            return
        if self._verdict(exercise, text.encode(), 1).verdict != "pass":
            yield Text(f"{NAME} 没有通过。", f"{NAME} does not pass."), mend

    def tier(self) -> dict[str, Any]:
        """The sandbox tier that the canaries proved."""
        return self.sandbox.tier().as_dict()

    def warm(self) -> dict[str, Any]:
        """Load every exercise and wait until the sandbox is ready."""
        for id in self.shelf.ids():
            self.shelf.get(id)
        return self.tier()


def _scratch_error(text: str, error: dict[str, Any], stage: Any, limits: Limits) -> Any:
    if stage == "compile":
        return messages.say("syntax", detail=syntax.explain(text, error))
    return messages.error_text(messages.error_kind(error)[1], error, limits)


def main() -> None:
    """Serve requests from standard input until it ends. Standard output carries replies and nothing else."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker(Path(sys.argv[1]))
    lock = threading.Lock()

    def answer(request: dict[str, Any]) -> None:
        id, operation = request.pop("id"), request.pop("op")
        method: Callable[..., Any] = getattr(worker, operation)
        try:
            worker.load()
            reply = {"id": id, "result": method(**request)}
        except NoSuchExercise as error:
            reply = {"id": id, "missing": str(error.args[0])}
        except Exception as error:
            import traceback

            traceback.print_exc()
            reply = {"id": id, "fault": f"{type(error).__name__}: {error}"}
        with lock:
            replies.write(json.dumps(reply) + "\n")
            replies.flush()

    with ThreadPoolExecutor(4) as pool:
        for line in sys.stdin:
            pool.submit(answer, json.loads(line))
    worker.sandbox.close()


if __name__ == "__main__":
    main()
