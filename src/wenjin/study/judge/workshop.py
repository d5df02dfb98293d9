"""The review of a folder of programs, made in a process of its own; and, beside it, what ruff finds where it is
installed (docs/decisions/010). Nothing of the folder is imported or run."""

import json
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.craft.checks import Part
from wenjin.study.craft.review import WEIGHTS
from wenjin.study.sandbox.launch import run_trusted

PATIENCE = 60.0  # seconds
RULES = "E4,E7,E9,F,B,UP,SIM,C90"  # ruff's: errors, pyflakes, bugbear, old forms, simpler forms, complexity
FAILED = Text(
    "{root} 没能评完（{why}）；请换一个小一点的目录。", "{root} could not be reviewed ({why}); name a smaller folder."
)
MISSING = Text("读不了 {root}；请检查路径。", "{root} cannot be read; look at the path.")


class WorkshopError(Exception):
    """The folder cannot be reviewed; `text` says why and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def review(root: Path, parts: Iterable[Part] = tuple(WEIGHTS)) -> dict[str, Any]:
    """The review as `craft.review.Review.as_dict()`, with `ruff`: the number of its findings by rule, or None. Raises
    WorkshopError."""
    if not root.exists():
        raise WorkshopError(MISSING.format(root=root))
    asked = json.dumps({"root": str(root.resolve()), "parts": list(parts)})
    argv = [sys.executable, "-m", "wenjin.study.craft.main", asked]
    done = run_trusted(argv, cwd=Path("/"), environment=environment(), timeout=PATIENCE)
    if done.code != 0:
        words = done.errors.decode("utf-8", "replace").strip().splitlines()
        why = words[-1][:120] if words else "timeout" if done.code is None else f"exit {done.code}"
        raise WorkshopError(FAILED.format(root=root, why=why))
    found: dict[str, Any] = json.loads(done.output)
    return found | {"ruff": ruff(root) if found["files"] else None}


def ruff(root: Path) -> dict[str, int] | None:
    """What ruff finds with our own settings, whatever the folder says; None where it is not installed."""
    beside = Path(sys.executable).with_name("ruff")
    program = str(beside) if beside.is_file() else shutil.which("ruff")
    if program is None:
        return None
    argv = [program, "check", "--isolated", "--no-cache", "--quiet", "--select", RULES, "--line-length", "120"]
    argv += ["--target-version", "py311", "--output-format", "json", "--exit-zero", "--no-respect-gitignore"]
    done = run_trusted([*argv, "--", str(root.resolve())], cwd=Path("/"), environment=environment(), timeout=PATIENCE)
    try:
        rows = json.loads(done.output) if done.code == 0 else None
    except ValueError:
        rows = None
    if rows is None:
        return None
    found: dict[str, int] = {}
    for row in rows:
        found[str(row["code"])] = found.get(str(row["code"]), 0) + 1
    return dict(sorted(found.items()))


def environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LANG": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
