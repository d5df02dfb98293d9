"""Run the code of a topic - its {run} blocks, checked formulas, pitfalls - in one process, and keep what it says."""

import json
import math
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.sandbox.launch import run_trusted

TIMEOUT = 300.0  # seconds for all code of one topic
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONPATH")
SETTINGS = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class RunError(RuntimeError):
    """The process that runs authors' code did not finish; `text` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def run_jobs(jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What each job says; the jobs and answers are those of runner.py. Raises RunError.

    One thread, so that sums have one order and numbers are the same on every machine with the same arithmetic.
    """
    if not jobs:
        return []
    with tempfile.TemporaryDirectory(prefix="wenjin-author-") as folder:
        here = Path(folder)
        asked, answered = here / "jobs.json", here / "results.json"
        asked.write_text(json.dumps({"warm": _warm(jobs), "jobs": list(jobs)}), encoding="utf-8")
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        done = run_trusted(
            [sys.executable, "-B", "-m", "wenjin.study.author.runner", str(asked), str(answered)],
            cwd=here,
            environment=environment | SETTINGS,
            timeout=TIMEOUT,
        )
        if done.code is None:
            raise RunError(
                Text(f"课文里的代码 {TIMEOUT:.0f} 秒还没跑完。", f"The lesson's code took over {TIMEOUT:.0f} seconds.")
            )
        if not answered.is_file():
            last = done.errors.decode("utf-8", "replace").strip().splitlines()[-1:] or ["-"]
            raise RunError(Text(f"运行课文代码的进程失败了：{last[0]}", f"The process that runs it failed: {last[0]}"))
        results: list[dict[str, Any]] = json.loads(answered.read_text(encoding="utf-8"))
        return results


def _warm(jobs: Sequence[dict[str, Any]]) -> list[str]:
    """What is worth importing once for all jobs."""
    named = [Path(job[key]) for job in jobs for key in ("file", "lab") if key in job]
    code = json.dumps(list(jobs)) + "".join(path.read_text(encoding="utf-8") for path in named if path.is_file())
    return ["torch"] if "torch" in code or "wenjin.stack" in code else []


def same_output(old: str, new: str) -> bool:
    """Equal text, with numbers equal as far as they are printed: another processor rounds the last digit otherwise."""
    if NUMBER.sub("#", old).split() != NUMBER.sub("#", new).split():
        return False
    return all(_same_printed(a, b) for a, b in zip(NUMBER.findall(old), NUMBER.findall(new), strict=True))


def same_values(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Equal names and values; fractions equal to one part in ten thousand."""
    return old.keys() == new.keys() and all(_same_value(old[key], new[key]) for key in old)


def _same_printed(old: str, new: str) -> bool:
    if old == new or not set(".e") & set(old + new):
        return old == new
    places = len(old.partition("e")[0].partition(".")[2])
    return math.isclose(float(old), float(new), rel_tol=1e-4, abs_tol=0 if "e" in old else 1.01 * 10.0**-places)


def _same_value(old: Any, new: Any) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=1e-4, abs_tol=1e-9)
    return bool(old == new) and type(old) is type(new)
