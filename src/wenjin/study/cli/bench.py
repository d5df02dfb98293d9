"""`wenjin bench`: figures that the project claims, each measured beside its peer in the same run.

A file of benchmarks/ is one claim. Its docstring's first line says what is measured; `measure()` returns rows of
    name, ours, peer, unit, goal, ok, how            ours and peer in the same unit; goal and how in words
One that repeats a lot takes `measure(full)` and does all of it only when asked to by --full.
"""

import importlib
import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.cli.settings import ROOT
from wenjin.study.cli.terminal import clean, fail, say

FOLDER = ROOT / "benchmarks"
NONE = Text(
    "量数字的程序在源码里（benchmarks/），这个安装没有带。请在源码目录里运行 ./wenjin bench。",
    "The benchmarks are part of the checkout (benchmarks/) and this installation has none. Run ./wenjin bench there.",
)
UNKNOWN = Text("没有叫 {name} 的。有：{names}", "There is no benchmark {name}. There are: {names}")
HEAD = Text("量什么 · 我们 · 对手 · 比值 · 目标 · 达到", "name · ours · peer · ratio · goal · ok")


def benchmarks() -> dict[str, Path]:
    """Name -> file of each; what the benchmarks share among themselves has no `measure`."""
    found = [path for path in sorted(FOLDER.glob("*.py")) if "\ndef measure(" in path.read_text("utf-8")]
    return {path.stem.replace("_", "-"): path for path in found}


def about(path: Path) -> str:
    """The first line of a file's docstring."""
    return path.read_text(encoding="utf-8").removeprefix('"""').split("\n", 1)[0].strip(' "')


def run_or_list(name: str | None, *, as_json: bool, full: bool = False) -> int:
    """Lists the benchmarks, or runs one; returns 1 if it misses its goal."""
    known = benchmarks()
    if not known:
        fail(NONE)
    if name is None:
        if as_json:
            print(json.dumps({name: about(path) for name, path in known.items()}, ensure_ascii=False))
        else:
            print("\n".join(f"{name:<18}{about(path)}" for name, path in known.items()))
        return 0
    if name not in known:
        fail(UNKNOWN.format(name=name, names=", ".join(known)))
    rows = [completed(row) for row in run(known[name], full)]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        print(say(HEAD))
        for row in rows:
            told = "✓" if row["ok"] else "✗"
            ours, peer = (f"{row[key]:.4g} {row['unit']}" for key in ("ours", "peer"))
            print(
                clean(
                    f"{row['name']} · {ours} · {peer} · {row['ratio']:.3g} · {row['goal']} · {told}\n    {row['how']}"
                )
            )
    return int(not all(row["ok"] for row in rows))


def run(path: Path, full: bool = False) -> list[dict[str, Any]]:
    sys.path.insert(0, str(FOLDER))  # for what they share
    module = importlib.import_module(path.stem)  # by a name that processes of its own find again
    asks = "full" in inspect.signature(module.measure).parameters
    rows: list[dict[str, Any]] = module.measure(full) if asks else module.measure()
    return rows


def completed(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its ratio, ours to peer's, and the load that the machine was under when it ended."""
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    ratio = row["ours"] / row["peer"] if row["peer"] else float(row["ours"] > 0)
    return {**row, "ratio": ratio, "load": load, "how": f"{row['how']}; load average {load}"}
