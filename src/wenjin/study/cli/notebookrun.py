"""Runs a notebook from top to bottom: `python -m wenjin.study.cli.notebookrun FILE`. Started by name, never imported.

As a kernel does it: one namespace, each cell after the other, the last expression of a cell shown, `In` the texts so
far. Says a line of JSON for each code cell, {"id", "printed", "shown", "verdict" | "normal"}, and {"id", "error"} where
one fails, which ends it. Left out: magics, widgets, pictures.
"""

import ast
import contextlib
import io
import json
import os
import sys
import traceback
import types
from pathlib import Path
from typing import Any


def main() -> int:
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints by itself is no line of ours
    cells = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["cells"]
    space = types.ModuleType("__main__")
    sys.modules["__main__"] = space
    ran: list[str] = [""]
    space.__dict__["In"] = ran
    for cell in cells:
        if cell["cell_type"] == "code":
            told = run(cell["source"], space.__dict__, ran)
            print(json.dumps({"id": cell["id"], **told}), file=out, flush=True)
            if "error" in told:
                return 1
    return 0


def run(source: str, space: dict[str, Any], ran: list[str]) -> dict[str, Any]:
    """A cell: what it printed, and what its last line is worth."""
    ran.append(source)
    printed, value = io.StringIO(), None
    name = f"<cell {len(ran) - 1}>"
    try:
        tree = ast.parse(source, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        with contextlib.redirect_stdout(printed):
            exec(compile(tree, name, "exec"), space)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), name, "eval"), space)
    except BaseException as error:
        return {"printed": printed.getvalue(), "error": "".join(traceback.format_exception(error))[-2000:]}
    told: dict[str, Any] = {"printed": printed.getvalue(), "shown": "" if value is None else repr(value)}
    if isinstance(result := getattr(value, "result", None), dict):
        told["verdict"] = result
    if (verdict := getattr(value, "verdict", None)) is not None:
        told |= {"normal": verdict.normal, "changed": verdict.changed}
    return told


if __name__ == "__main__":
    sys.exit(main())
