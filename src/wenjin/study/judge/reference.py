"""The author's programs, observed on the trusted side exactly as an answer is observed in its sandbox."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from wenjin.kit.exercise import Case, Code
from wenjin.study.judge.compare import Observation, difference
from wenjin.study.sandbox.inside import frames, observe

NONE: frozenset[str] = frozenset()


class Reference:
    """An exercise's solution and mistakes on one draw of its cases. Observations are made once and kept."""

    def __init__(self, exercise: Code, seed: int) -> None:
        self.exercise = exercise
        self.cases: list[Case] = list(exercise.cases(random.Random(seed)))
        # Inputs as data: each run gets fresh tensors, and no program can change what the next one receives.
        self.inputs: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
            frames.read(frames.write((case.args, dict(case.kwargs)))) for case in self.cases
        ]
        self._seen: dict[tuple[int, frozenset[str]], Observation] = {}

    def observe(self, n: int, faults: frozenset[str] = NONE) -> Observation:
        """What the author's program with these faults does on case n."""
        if (n, faults) not in self._seen:
            self._seen[n, faults] = self._run(n, faults)
        return self._seen[n, faults]

    def varies(self, n: int, faults: frozenset[str]) -> bool:
        """Does the program with these faults give two results for one input?"""
        return difference(self.observe(n, faults), self._run(n, faults), 0.0) is not None

    def _run(self, n: int, faults: frozenset[str]) -> Observation:
        case, (args, kwargs) = self.cases[n], self.inputs[n]
        solution = self.exercise.solution
        if self.exercise.form == "class":
            kind = solution(fault=faults)
            program: Callable[..., Any] = lambda *script: observe.build(kind, script)  # noqa: E731
        else:
            program = partial(solution, fault=faults)

        seen = observe.call(
            program, frames.revive(args, case.strided), frames.revive(kwargs, case.strided), frames.raw, case.gradient
        )
        try:
            return checked(frames.read(frames.write(seen)))
        except frames.TooLarge as error:
            return {"error": None, "type": "too-large", "value": str(error), "changed": [], "gradients": None}


def checked(seen: Any) -> Observation:
    """An observation from a frame, every part of the expected kind. Raises frames.Malformed: a reply may be forged."""
    if not isinstance(seen, dict) or "error" not in seen:
        raise frames.Malformed("no observation")
    error = seen["error"]
    if error is not None:
        return {"error": _error(error), "type": None, "value": None, "changed": [], "gradients": None}
    changed, gradients = seen.get("changed"), seen.get("gradients")
    if not isinstance(seen.get("type"), str) or not isinstance(changed, list):
        raise frames.Malformed("no observation")
    if not all(type(n) is int for n in changed) or not isinstance(gradients, (list, type(None))):
        raise frames.Malformed("no observation")
    return {
        "error": None, "type": seen["type"], "value": seen.get("value"), "changed": changed, "gradients": gradients
    }  # fmt: skip


def _error(error: Any) -> dict[str, Any]:
    if not isinstance(error, dict):
        raise frames.Malformed("no error")

    def number(key: str) -> int | None:
        value = error.get(key)
        return value if type(value) is int else None

    bases, trace = error.get("bases"), error.get("trace")
    return {
        "type": str(error.get("type"))[:80],
        "bases": [str(b) for b in bases] if isinstance(bases, list) else [],
        "message": str(error.get("message"))[: observe.MESSAGE_CAP],
        "line": number("line"),
        "column": number("column"),
        "errno": number("errno"),
        "filename": str(error["filename"])[:200] if error.get("filename") else None,
        "trace": [[r[0], str(r[1])] for r in trace if isinstance(r, list) and len(r) == 2 and type(r[0]) is int][:12]
        if isinstance(trace, list)
        else [],
    }
