"""The code of a topic: {run} blocks and their records, values that prose quotes, checked formulas, pitfalls."""

import ast
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.author import cures, recorded
from wenjin.study.author.running import RunError, run_jobs
from wenjin.study.course import lesson as lessons
from wenjin.study.course.faults import Faults, nearest
from wenjin.study.course.graph import Topic
from wenjin.study.course.lesson import Lesson, Value
from wenjin.study.course.page import values_of
from wenjin.study.course.passes import Pitfall


def check(topic: Topic, lesson: Lesson, other: Lesson, pitfalls: list[Pitfall], faults: Faults) -> None:
    """Run everything in one process and compare. `other` is the lesson in the other language: its values count too."""
    assert topic.folder is not None
    folder, place = topic.folder, faults.place(lessons.path(topic.folder, "zh"))
    blocks = recorded.runs(lesson)
    _names_once([block.argument for block in blocks], place, faults)
    named = list(dict.fromkeys(formula.check for formula in lesson.formulas if formula.check))
    known = _functions(folder / "checks.py", named, place, faults)
    jobs: list[dict[str, Any]] = [{"run": block.body, "name": block.argument} for block in blocks]
    jobs += cures.jobs(pitfalls)
    jobs += [{"call": known, "file": str(folder / "checks.py")}] if known else []
    try:
        results = run_jobs(jobs)
    except RunError as error:
        faults.add(place, error.text, Text("找出卡住或出错的代码块。", "Find the block that hangs or fails."))
        return
    for block, result in zip(blocks, results, strict=False):
        recorded.compare(folder, block, result, f"{place}:{block.line}", faults)
    for proof in cures.proofs(pitfalls, results[len(blocks) : len(blocks) + 2 * len(pitfalls)]):
        if proof.fault and proof.remedy:
            where = f"{faults.place(folder / 'pitfalls.toml')}, pitfall {proof.pitfall.id}"
            faults.add(where, proof.fault, proof.remedy)
    if known:
        _formulas(lesson, results[-1]["errors"], place, faults)
    for name in recorded.leftovers(folder, {block.argument for block in blocks}):
        what = Text("课文里没有这个名字的代码块。", "The lesson has no block of this name.")
        faults.add(recorded.path(folder, name), what, Text("删去这份记录。", "Delete this record."))
    told = {block.argument for block in blocks}  # a block without a record was told above
    _values(folder, lesson.values, told, place, faults)
    _values(folder, other.values, told, faults.place(lessons.path(folder, "en")), faults)


def _names_once(names: list[str], place: str, faults: Faults) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        what = Text(f"代码块名 {name} 用了两次。", f"The name {name} stands on two blocks.")
        faults.add(place, what, Text("给其中一个换个名字。", "Rename one of the two."))


def _functions(path: Path, named: list[str], place: str, faults: Faults) -> list[str]:
    """The functions that formulas name and that stand in checks.py."""
    if not path.is_file():
        if named:
            what = Text("公式写了 check，却没有 checks.py。", "Formulas name checks, and there is no checks.py.")
            faults.add(path, what, Text("写上这些函数。", "Write these functions."))
        return []
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        what = Text(
            f"第 {error.lineno} 行有语法错误：{error.msg}。", f"Syntax error in line {error.lineno}: {error.msg}."
        )
        faults.add(path, what, Text("改正这一行。", "Mend that line."))
        return []
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name in named:
        if name not in functions:
            what = Text(
                f'公式写了 check="{name}"，没有这个函数。', f'A formula names check="{name}", which is unknown.'
            )
            faults.add(place, what, nearest(name, tuple(functions)))
    return [name for name in named if name in functions]


def _formulas(lesson: Lesson, errors: dict[str, str | None], place: str, faults: Faults) -> None:
    for formula in lesson.formulas:
        error = errors.get(formula.check or "")
        if error:
            what = Text(
                f"公式的检查 {formula.check} 没有通过：{error}", f"The formula's check {formula.check} fails: {error}"
            )
            faults.add(
                f"{place}:{formula.line}", what, Text("改正公式，或改正检查。", "Mend the formula or the check.")
            )


def _values(folder: Path, values: list[Value], told: set[str], place: str, faults: Faults) -> None:
    for value in values:
        where = f"{place}:{value.line}"
        record = recorded.read(folder, value.run) or recorded.read_lab(folder, value.run)
        if record is None and value.run in told:
            continue
        if record is None:
            what = Text(f"引用了 {value.run}，没有这个代码块。", f"It quotes {value.run}, and there is no such block.")
            faults.add(where, what, nearest(value.run, tuple(sorted(told))))
        elif value.variable not in (known := values_of(record)):
            what = Text(f"{value.run} 里没有 {value.variable}。", f"{value.run} has no {value.variable}.")
            faults.add(where, what, nearest(value.variable, tuple(known)))
        else:
            try:
                format(known[value.variable], value.spec)
            except ValueError:
                what = Text(
                    f"{value.variable} 不能写成 :{value.spec}。", f"{value.variable} cannot be shown as :{value.spec}."
                )
                faults.add(where, what, Text("改正格式，例如 :.3f。", "Mend the format, as in :.3f."))
