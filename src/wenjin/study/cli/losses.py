"""`runs doctor FILE`: the log of any training, judged by the library in a process of its own."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from wenjin.kit.lab import Cause
from wenjin.kit.text import Language, Text
from wenjin.study.cli.terminal import clean, fail
from wenjin.study.course.load import load
from wenjin.study.labs.causes import said
from wenjin.study.sandbox.launch import run_trusted

LONGEST = 120.0  # seconds

FAILED = Text("检查没有做成：{why}。", "The examination failed: {why}.")
WELL = Text("{n} 个损失，没有看出毛病。", "{n} losses, and nothing wrong is to be seen.")
REASON, TRY = Text("多半因为", "Most likely"), Text("试试", "Try")


def examine(file: Path, classes: int | None, language: Language, *, as_json: bool) -> int:
    """Print what is wrong with the run; 0 when nothing is."""
    told = asked(file, classes)
    signs = told["causes"]
    known = load(coverage=False).causes
    words = [said(Cause(sign["name"], sign["facts"]), known) for sign in signs]
    if as_json:
        spoken = [
            sign | {"title": w.title.as_dict(), "reason": w.reason and w.reason.as_dict()}
            | {"remedy": w.remedy and w.remedy.as_dict()}
            for sign, w in zip(signs, words, strict=True)
        ]  # fmt: skip
        print(json.dumps({**told, "causes": spoken}, ensure_ascii=False))
    elif not signs:
        print(WELL.format(n=told["losses"])[language])
    for w in words if not as_json else ():
        print(clean(w.title[language]))
        for head, text in ((REASON, w.reason), (TRY, w.remedy)):
            if text is not None:
                print(f"  {head[language]}  {clean(text[language])}")
    return 1 if signs else 0


def asked(file: Path, classes: int | None) -> dict[str, Any]:
    """What the library says of the log. Ends with its sentence where it cannot be read."""
    command = [sys.executable, "-P", "-m", "wenjin.stack.train.doctor", str(file.absolute())]
    with tempfile.TemporaryDirectory(prefix="wenjin-doctor-") as folder:
        words = [*command, str(classes)] if classes else command
        done = run_trusted(words, cwd=Path(folder), environment=dict(os.environ), timeout=LONGEST)
    if done.code != 0:
        last = done.errors.decode("utf-8", "replace").strip().splitlines()[-1:] or ["-"]
        fail(FAILED.format(why=clean(last[0])))
    told: dict[str, Any] = json.loads(done.output)
    if "error" in told:
        fail(Text(clean(told["error"]["zh"]), clean(told["error"]["en"])), 2)
    return told
