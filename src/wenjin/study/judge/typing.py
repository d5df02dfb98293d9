"""A step that a learner typed by hand, held against the listing: does it do the same, and if not, what first differs.

    beside(...) -> {"right", "slip", "line", "text": {zh, en}, "output", "run"}

slip   syntax, name, raises (the step stops with an error), value, output (it leaves something else), later (the rest
       of the listing stops), stopped (out of time or memory), unconfined; None when it is right
run    whether both ran. A listing that needs files of the course cannot run in the sandbox: only its syntax is
       compared then, names aside
"""

import base64
import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from wenjin.kit.exercise import Limits
from wenjin.kit.text import Text, visible
from wenjin.study.course.steps import MOST, departure, tree
from wenjin.study.judge import beside as inside
from wenjin.study.judge.code import Channel, Stopped
from wenjin.study.judge.library import sources
from wenjin.study.sandbox.inside import frames

LIMITS = Limits(seconds=30.0, memory=2048)
TEXTS = {
    "empty": Text("这一步还什么也没写。", "Nothing is typed for this step yet."),
    "syntax": Text("第 {line} 行不是 Python：{message}。", "Line {line} is no Python: {message}."),
    "name": Text(
        "第 {line} 行用了还没有的名字：{message}。是拼写不同，还是前面用了别的名字？",
        "Line {line} uses a name that is not there: {message}. A slip of spelling, or another name before?",
    ),
    "raises": Text("第 {line} 行停住了：{type}: {message}。", "Line {line} stops: {type}: {message}."),
    "value": Text(
        "第 {line} 行的意思变了：{name} 应是 {wanted}，现在是 {got}。",
        "Line {line} means something else: {name} should be {wanted}, and is {got}.",
    ),
    "output": Text(
        "第 {line} 行的意思变了：应打印 {wanted}，现在打印 {got}。",
        "Line {line} means something else: it should print {wanted}, and prints {got}.",
    ),
    "later": Text(
        "第 {line} 行的意思变了：后面的程序停住了：{type}: {message}。",
        "Line {line} means something else: the rest of the program stops: {type}: {message}.",
    ),
    "tree": Text("第 {line} 行与原文不同。", "Line {line} differs from the listing."),
    "stopped": Text(
        "运行没有结束（超过 {seconds:.0f} 秒或内存上限）。", "It did not end within {seconds:.0f} s, or its memory."
    ),
    "broken": Text("运行的进程坏了，没有结果；再交一次。", "The process broke, without a result; send it again."),
}
PIECES = Text("你写的是 {typed}，原文是 {wanted}。", "You typed {typed}, the listing has {wanted}.")
MISSING = Text("原文这里还有 {wanted}。", "The listing also has {wanted} here.")
EXTRA = Text("原文没有 {typed}。", "The listing has no {typed}.")


def beside(channel: Callable[[], Channel], wanted: Sequence[str], before: Sequence[str], typed: str) -> dict[str, Any]:
    """What was typed for step number len(before) of the listing. Raises what opening a channel raises."""
    at = len(before)
    typed = typed.replace("\r\n", "\n").strip("\n")
    if not typed.strip() or len(typed) > MOST:
        return unsaid("syntax", TEXTS["empty"])
    if tree(typed) is None:
        return unsaid("syntax", **refused(typed))
    place = departure(typed, wanted[at], zip(before, wanted, strict=False))
    try:
        seen = ask(channel(), {"wanted": list(wanted), "before": list(before), "typed": typed})
    except Stopped:
        return unsaid("stopped", TEXTS["stopped"].format(seconds=LIMITS.seconds), line=place.line if place else 1)
    except (frames.Malformed, ValueError, KeyError, TypeError):
        return unsaid("stopped", TEXTS["broken"])
    hint = hinted(place.typed, place.wanted) if place else Text("", "")
    line = place.line if place else 1
    told = {"output": visible(str(seen["output"]))[:MOST], "run": seen["reference"] is None}
    if seen["reference"] is not None:
        return told | (unlike(line, hint) if place else right())
    if (error := seen["error"]) is not None:
        kind = {"NameError": "name", "SyntaxError": "syntax"}.get(str(error["type"]), "raises")
        blanks = {"line": error["line"] or line, "type": error["type"], "message": visible(str(error["message"]))}
        return told | unsaid(kind, joined(TEXTS[kind].format(**blanks), hint), line=blanks["line"])
    if (found := seen["differs"]) is not None:
        blanks = {key: visible(str(value)) for key, value in found.items()} | {"line": line}
        blanks["message"] = blanks.get("got", "")
        return told | unsaid(found["what"], joined(TEXTS[found["what"]].format(**blanks), hint), line=line)
    return told | right()


def ask(channel: Channel, order: dict[str, Any]) -> dict[str, Any]:
    """Both programs run in the sandbox."""
    library = sources([*order["wanted"], *order["before"], order["typed"]])
    packed = base64.b64encode(zlib.compress(json.dumps(order | {"library": library}).encode())).decode()
    source = Path(inside.__file__).read_text(encoding="utf-8")
    loaded = channel.ask({"op": "load", "source": source, "form": "function", "define": "watch", "forbidden": []})
    if loaded.get("error"):
        raise frames.Malformed("the harness did not load")
    case = {"op": "case", "args": (packed,), "kwargs": {}, "gradient": False, "strided": False}
    seen: dict[str, Any] = json.loads(channel.ask(case)["value"])
    return seen


def refused(typed: str) -> dict[str, Any]:
    """The sentence for what does not parse."""
    try:
        compile(typed, "step", "exec", dont_inherit=True)
    except SyntaxError as error:
        line = error.lineno or 1
        return {"text": TEXTS["syntax"].format(line=line, message=error.msg), "line": line}
    except (ValueError, RecursionError, MemoryError) as error:
        return {"text": TEXTS["syntax"].format(line=1, message=type(error).__name__), "line": 1}
    return {"text": TEXTS["empty"], "line": 1}


def hinted(typed: str, wanted: str) -> Text:
    """The pieces that differ, as far as they are short."""
    blanks = {"typed": visible(typed)[:80], "wanted": visible(wanted)[:80]}
    if typed and wanted:
        return PIECES.format(**blanks) if typed != wanted else Text("", "")
    return MISSING.format(**blanks) if wanted else EXTRA.format(**blanks) if typed else Text("", "")


def joined(first: Text, hint: Text) -> Text:
    return Text(first.zh + hint.zh, f"{first.en} {hint.en}".strip())


def right() -> dict[str, Any]:
    return {"right": True, "slip": None, "line": None, "text": None}


def unsaid(slip: str, text: Text, *, line: int = 1, **more: Any) -> dict[str, Any]:
    """A step that does not stand."""
    told = {"right": False, "slip": slip, "line": line, "text": text.as_dict()}
    return {"output": "", "run": slip not in ("syntax", "unconfined")} | told | more


def unlike(line: int, hint: Text) -> dict[str, Any]:
    """A step of other syntax, where nothing could run."""
    return unsaid("value", joined(TEXTS["tree"].format(line=line), hint), line=line, run=False)
