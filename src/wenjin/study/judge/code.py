"""Judge a program: run it on fresh inputs in its sandbox, compare what came back, name the mistake.

The answer's process receives one input at a time and never a solution, an expected value or a verdict. Cases
are shuffled and half of them, any half, are sent twice, so that neither order nor repetition can be relied on.
"""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from wenjin.kit.exercise import Code
from wenjin.kit.text import Text
from wenjin.kit.verdict import Verdict
from wenjin.study.judge import messages, show, syntax
from wenjin.study.judge.compare import Difference, Observation, difference
from wenjin.study.judge.diagnose import Evidence, diagnose
from wenjin.study.judge.reference import Reference, checked
from wenjin.study.judge.source import Unreadable, decode
from wenjin.study.sandbox.inside import frames

ASPECTS = {
    "dtype": "dtype", "shape": "shape", "finite": "not-finite", "gradient": "gradient",
    "detached": "not-differentiable", "changed": "mutates-input", "varies": "varies",
}  # fmt: skip
RETURNS = {
    "coroutine": "return-async", "generator": "return-generator", "NoneType": "return-none", "too-large": "too-large"
}  # fmt: skip


class Channel(Protocol):
    """A running answer: frames go in and come back. Raises Stopped when it is no more."""

    def ask(self, order: dict[str, Any]) -> Any: ...

    def printed(self) -> str:
        """What the answer printed since this was last asked."""
        ...


class Stopped(Exception):
    """The answer's process ended. cause: exit, signal, memory, timeout or flood."""

    def __init__(self, cause: str, code: int = 0) -> None:
        super().__init__(cause)
        self.cause, self.code = cause, code


def judge(exercise: Code, answer: bytes, open_channel: Callable[[], Channel], seed: int) -> Verdict:
    """The verdict on an answer's bytes, without time, tier and output, which the caller adds."""
    try:
        text = decode(answer)
    except Unreadable as error:
        return Verdict("error", messages.say("encoding", detail=error.text), "encoding")
    if not text.strip():
        return Verdict("error", messages.say("empty", define=exercise.define), "missing")
    reference = Reference(exercise, seed)
    trial = Trial(exercise, reference, random.Random(seed ^ 0x5EED))
    channel = open_channel()
    try:
        refused = trial.run(text, channel)
    except Stopped as stop:
        refused = stopped(exercise, stop)
    except frames.Malformed:
        refused = Verdict("error", messages.say("bad-reply"), "bad-reply")
    if refused:
        return replace(refused, output=trial.printed + channel.printed())
    return trial.verdict()


def stopped(exercise: Code, stop: Stopped) -> Verdict:
    if stop.cause in ("timeout", "memory"):
        kind = stop.cause
        feedback = messages.say(kind, seconds=exercise.limits.seconds, memory=exercise.limits.memory)
        return Verdict("timeout" if kind == "timeout" else "memory", feedback, kind)
    if stop.cause == "flood":
        return Verdict("blocked", messages.say("flood"), "flood")
    return Verdict("error", messages.say(stop.cause, code=stop.code), stop.cause)


class Trial:
    """One answer on one draw of cases."""

    def __init__(self, exercise: Code, reference: Reference, dice: random.Random) -> None:
        self.exercise, self.reference, self.dice = exercise, reference, dice
        self.seen: list[Observation | None] = [None] * len(reference.cases)
        self.used: set[str] = set()
        self.printed = ""  # while the file was loaded
        self.prints: dict[int, str] = {}  # on each case, the first time

    def run(self, text: str, channel: Channel) -> Verdict | None:
        """Collect observations; returns a verdict only where the program did not get as far as being called."""
        exercise = self.exercise
        loaded = channel.ask(
            {"op": "load", "source": text, "form": exercise.form, "define": exercise.define,
             "forbidden": list(exercise.forbidden)}
        )  # fmt: skip
        if not isinstance(loaded, dict):
            raise frames.Malformed("no reply")
        self.printed = channel.printed()
        if loaded.get("error"):
            return self._broken(text, loaded)
        if exercise.form != "program" and not loaded.get("defined"):
            names = [str(n)[:60] for n in loaded.get("names") or [] if isinstance(n, str)]
            listed = Text("、".join(names) or "什么也没有", ", ".join(names) or "nothing")
            return Verdict("error", messages.say("missing", define=exercise.define, names=listed), "missing")
        order = list(range(len(self.seen)))
        order += self.dice.sample(order, (len(order) + 1) // 2)  # which ones come twice, and when, nobody can tell
        self.dice.shuffle(order)
        began = time.monotonic()
        for n in order:
            before = self.seen[n]
            if before is not None and before["error"]:
                continue  # raising twice tells no more than raising once
            seen = self._ask(channel, n)
            if before is None:
                self.seen[n] = seen
            elif not before.get("varies") and difference(seen, before, self._noise(n)) is not None:
                before["varies"] = True
            raised = all(s["error"] for s in self.seen if s is not None)
            if raised and time.monotonic() - began > exercise.limits.seconds / 4:
                break  # each takes its time to fail: it has failed often enough
        return None

    def _noise(self, n: int) -> float:
        """What two runs of one right program may differ by, where memory lies otherwise the second time."""
        return self.reference.cases[n].tolerance / 10

    def _ask(self, channel: Channel, n: int) -> Observation:
        case, (args, kwargs) = self.reference.cases[n], self.reference.inputs[n]
        reply = channel.ask(
            {"op": "case", "args": args, "kwargs": kwargs, "gradient": case.gradient, "strided": case.strided}
        )
        self.prints.setdefault(n, channel.printed())
        used = reply.get("used") if isinstance(reply, dict) else None
        self.used |= {word for word in self.exercise.forbidden if isinstance(used, list) and word in used}
        return checked(reply)

    def _broken(self, text: str, loaded: dict[str, Any]) -> Verdict:
        error = checked(loaded)["error"]
        more = messages.trace_text(error)
        if loaded.get("stage") == "compile":
            return Verdict("error", messages.say("syntax", detail=syntax.explain(text, error)), "syntax", more=more)
        verdict, kind = messages.error_kind(error)
        return Verdict(verdict, messages.error_text(kind, error, self.exercise.limits), kind, more=more)

    def verdict(self) -> Verdict:
        """Compare everything that was seen with the solution, and name what is wrong."""
        cases = self.reference.cases
        total = len(cases)
        if self.used:
            feedback = messages.say("library-shortcut", detail=", ".join(sorted(self.used)))
            return Verdict("wrong", feedback, "library-shortcut", output=self._output(0), total=total)
        departures: dict[int, Difference] = {}
        for n, seen in enumerate(self.seen):
            if seen is not None:
                found = difference(seen, self.reference.observe(n), cases[n].tolerance)
                if found:
                    departures[n] = found
        if not departures:
            return Verdict("pass", messages.say("pass"), None, output=self._output(0), passed=total, total=total)
        evidence = Evidence(cases, self.seen, departures)
        first = evidence.failing[0]
        told = self._told(evidence)
        error = (self.seen[first] or {}).get("error")
        return Verdict(
            told.verdict,
            told.feedback,
            told.name,
            case=self._case(first, departures[first]),
            section=told.section,
            more=messages.trace_text(error) if error else None,
            output=self._output(first),
            passed=sum(seen is not None for seen in self.seen) - len(departures),
            total=total,
        )

    def _output(self, n: int) -> str:
        """What the answer printed while it was loaded and on the case that is shown."""
        return self.printed + self.prints.get(n, "")

    def _told(self, evidence: Evidence) -> Verdict:
        name = self._name(evidence)
        if name:
            mistake = self.exercise.mistakes[name]
            return Verdict("wrong", messages.mistake_text(mistake), name, section=mistake.section)
        found = evidence.differences[evidence.failing[0]]
        errors = [n for n in evidence.failing if evidence.differences[n].aspect == "error"]
        if errors and len(errors) == len(evidence.failing):
            error = (self.seen[errors[0]] or {})["error"]
            if error:
                verdict, kind = messages.error_kind(error)
                return Verdict(verdict, messages.error_text(kind, error, self.exercise.limits), kind)
        if found.aspect == "type":
            kind = RETURNS.get(str(found.got), "return-type")
            detail = (self.seen[evidence.failing[0]] or {}).get("value")
            return Verdict("error", messages.say(kind, got=found.got, expected=found.expected, detail=detail), kind)
        aspects = {d.aspect for d in evidence.differences.values()} - {"error"}
        kind = ASPECTS.get(next(iter(aspects)), "unexplained") if len(aspects) == 1 else "unexplained"
        only = next((d for d in evidence.differences.values() if d.aspect != "error"), found)
        feedback = messages.say(kind, got=only.got, expected=only.expected)
        return Verdict("wrong", feedback, None if kind == "unexplained" else kind)

    def _name(self, evidence: Evidence) -> str | None:
        mistakes = list(self.exercise.mistakes)
        varying = [n for n in evidence.failing if evidence.differences[n].aspect == "varies"]
        if varying:
            return next((m for m in mistakes if self._varies(varying[-3:], frozenset((m,)))), None)
        return diagnose(evidence, self.reference.observe, mistakes, self.exercise.exclusive, self.exercise.signatures)

    def _varies(self, cases: list[int], faults: frozenset[str]) -> bool:
        return any(self.reference.varies(n, faults) for n in cases)

    def _case(self, n: int, found: Difference) -> Text:
        names = tuple(_parameters(self.exercise))
        seen = self.seen[n] or {}
        return show.failing_case(
            self.reference.cases[n], self.reference.inputs[n][0], names, found, seen, self.reference.observe(n)
        )


def _parameters(exercise: Code) -> list[str]:
    if exercise.form != "function":
        return []
    code = exercise.solution.__code__
    return list(code.co_varnames[: code.co_argcount])
