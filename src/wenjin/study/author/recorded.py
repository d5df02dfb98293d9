"""The recorded outputs of {run} blocks: `recorded/NAME.json` in a topic's folder.

    {"format": 1, "kind": "run", "code_sha256", "library_sha256", "output", "values"}

`output` is what the block printed, `values` those of its variables that are numbers or texts: lessons quote them as
{{ NAME.variable }}. The hashes are of the block and of all files of our library that it imports, as they were.
"""

import json
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.author.running import same_output, same_values
from wenjin.study.course.digest import digest, library_digest
from wenjin.study.course.faults import Faults
from wenjin.study.course.lesson import Directive, Lesson

FORMAT = 1
FIELDS = {"format", "kind", "code_sha256", "library_sha256", "output", "values"}


def runs(lesson: Lesson) -> list[Directive]:
    return [directive for directive in lesson.directives if directive.kind == "run" and directive.argument]


def path(folder: Path, name: str) -> Path:
    return folder / "recorded" / f"{name}.json"


def make(code: str, result: dict[str, Any]) -> dict[str, Any]:
    """The record of a block that ran."""
    return {
        "format": FORMAT,
        "kind": "run",
        "code_sha256": digest(code),
        "library_sha256": library_digest(code),
        "output": result["output"],
        "values": result["values"],
    }


def write(folder: Path, name: str, record: dict[str, Any]) -> bool:
    """Write a record unless it says the same already; was anything written?"""
    file = path(folder, name)
    text = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        return False
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return True


def read(folder: Path, name: str) -> dict[str, Any] | None:
    """The record; None where it is missing or is not one."""
    try:
        record = json.loads(path(folder, name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(record, dict) and record.keys() == FIELDS and record["format"] == FORMAT
    return record if whole and record["kind"] == "run" else None


def read_lab(folder: Path, name: str) -> dict[str, Any] | None:
    """The record of a lab, `lab_NAME`; None where it is missing or is not one."""
    try:
        record = json.loads(path(folder, name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and record.get("kind") == "lab" else None


def compare(folder: Path, block: Directive, result: dict[str, Any], where: str, faults: Faults) -> None:
    """A block that was run again says what its record says."""
    again = Text(f"运行 wenjin course record {_topic(folder)}。", f"Run wenjin course record {_topic(folder)}.")
    if "error" in result:
        failed(block, result, where, faults)
        return
    record = read(folder, block.argument)
    if record is None:
        what = Text(f"代码块 {block.argument} 没有记录。", f"The block {block.argument} has no record.")
        faults.add(where, what, again)
    elif record["code_sha256"] != digest(block.body):
        what = Text(
            f"代码块 {block.argument} 在记录之后改过。", f"The block {block.argument} was edited after its record."
        )
        faults.add(where, what, again)
    elif not same_output(record["output"], result["output"]) or not same_values(record["values"], result["values"]):
        old, new = _difference(record, result)
        what = Text(
            f"代码块 {block.argument} 的输出变了：记录是 {old}，现在是 {new}。",
            f"The output of {block.argument} changed: recorded {old}, now {new}.",
        )
        remedy = Text(
            f"弄清原因；新的结果若正确，{again.zh}", f"Find out why; if the new result is right, r{again.en[1:]}"
        )
        faults.add(where, what, remedy)


def failed(block: Directive, result: dict[str, Any], where: str, faults: Faults) -> None:
    """The fault of a block that did not run to its end."""
    line = f":{result['line']}" if result.get("line") else ""
    what = Text(
        f"代码块 {block.argument}{line} 出错：{result['error']}",
        f"The block {block.argument}{line} fails: {result['error']}",
    )
    faults.add(where, what, Text("改正代码。", "Mend the code."))


def leftovers(folder: Path, names: set[str]) -> list[str]:
    """Records whose block is gone from the lesson."""
    stored = sorted(file.stem for file in (folder / "recorded").glob("*.json"))
    return [name for name in stored if name not in names and read(folder, name) is not None]


def _difference(record: dict[str, Any], result: dict[str, Any]) -> tuple[str, str]:
    """The first thing that differs, old and new."""
    old, new = record["output"].splitlines(), result["output"].splitlines()
    for a, b in zip(old, new, strict=False):
        if not same_output(a, b):
            return f"“{a.strip()}”", f"“{b.strip()}”"
    if len(old) != len(new):
        return f"{len(old)} lines", f"{len(new)} lines"
    for key in sorted(record["values"].keys() | result["values"].keys()):
        a, b = record["values"].get(key), result["values"].get(key)
        if not same_values({key: a}, {key: b}):
            return f"{key} = {a!r}", f"{key} = {b!r}"
    return f"“{record['output'].strip()}”", f"“{result['output'].strip()}”"


def _topic(folder: Path) -> str:
    return folder.name.replace("_", "-")
