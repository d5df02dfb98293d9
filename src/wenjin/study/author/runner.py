"""Runs an author's code in a process of its own: `python -m wenjin.study.author.runner JOBS RESULTS`.

Nobody imports this file; it is started by name. JOBS is JSON: {"warm": modules, "jobs": [...]}; a job is one of

    {"run": code, "name": shown}         a {run} block    -> {"output", "values"} or {"error", "line"}
    {"call": [names], "file": path}      checked formulas -> {"errors": {name: text or null}}
    {"raises": code}                     a pitfall        -> {"message": what Python prints last, or null}
    {"lab": path, "levels": {...}}       a lab, not run   -> {"expect": [[level, slack]], "claims": {name: holds}}

Each job runs in a child of its own, forked after the warm modules were imported once: jobs cannot disturb each other,
and what one prints does not depend on which ran before it. Where there is no fork they run one after the other.
"""

import contextlib
import importlib
import importlib.util
import io
import json
import math
import os
import sys
import traceback
from pathlib import Path
from typing import Any

Plain = int | float | str | bool


def run(code: str, name: str) -> dict[str, Any]:
    """A {run} block: what it printed, and those of its variables that are numbers or texts."""
    space: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, name, "exec"), space)
    except BaseException as error:
        return {"error": last_lines(error), "line": line_of(error, name)}
    simple = {key: value for key, value in space.items() if isinstance(value, Plain) and not key.startswith("_")}
    odd = [key for key, value in simple.items() if isinstance(value, float) and not math.isfinite(value)]
    return {"output": printed.getvalue(), "values": {key: v for key, v in simple.items() if key not in odd}}


def call(names: list[str], path: str) -> dict[str, Any]:
    """Functions without arguments of a file: None for each that returns, else what it raised."""
    errors: dict[str, str | None] = {}
    try:
        spec = importlib.util.spec_from_file_location("checks", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except BaseException as error:
        return {"errors": dict.fromkeys(names, last_lines(error))}
    for name in names:
        try:
            getattr(module, name)()
            errors[name] = None
        except BaseException as error:
            place = line_of(error, path)
            errors[name] = last_lines(error) + (f" (line {place})" if place else "")
    return {"errors": errors}


def raises(code: str) -> dict[str, Any]:
    """A program that is meant to fail: the last lines of what Python prints."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(code, "pitfall.py", "exec"), {"__name__": "__main__"})
    except BaseException as error:
        return {"message": last_lines(error)}
    return {"message": None}


def lab(path: str, levels: dict[str, float]) -> dict[str, Any]:
    """What a lab expects, and which of its claims these levels bear out."""
    try:
        spec = importlib.util.spec_from_file_location("lab", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["lab"] = module  # dataclasses look their own module up while they are made
        spec.loader.exec_module(module)
        expect = [[band.level, band.slack] for band in module.lab.expect]
        claims = {claim.name: bool(levels) and bool(claim.holds(levels)) for claim in module.lab.claims}
    except BaseException as error:
        place = line_of(error, path)
        return {"error": last_lines(error) + (f" (line {place})" if place else "")}
    return {"expect": expect, "claims": claims}


def last_lines(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(error)).strip()


def line_of(error: BaseException, name: str) -> int | None:
    """The line of the file `name` where it went wrong."""
    if isinstance(error, SyntaxError):
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name]
    return lines[-1] if lines else None


def work(job: dict[str, Any]) -> dict[str, Any]:
    if "run" in job:
        return run(job["run"], job["name"])
    if "lab" in job:
        return lab(job["lab"], job["levels"])
    if "call" in job:
        return call(job["call"], job["file"])
    return raises(job["raises"])


def apart(job: dict[str, Any]) -> dict[str, Any]:
    """The job done by a child; what it says comes back through a pipe."""
    if not hasattr(os, "fork"):
        return work(job)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with open(writer, "w", encoding="utf-8") as pipe:
            json.dump(work(job), pipe)
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if not said:
        ended = f"exit {os.waitstatus_to_exitcode(status)}"
        return {"error": ended, "line": None, "errors": dict.fromkeys(job.get("call", ()), ended), "message": ended}
    result: dict[str, Any] = json.loads(said)
    return result


def main() -> None:
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for module in asked["warm"]:
        importlib.import_module(module)
    Path(sys.argv[2]).write_text(json.dumps([apart(job) for job in asked["jobs"]]), encoding="utf-8")


if __name__ == "__main__":
    main()
