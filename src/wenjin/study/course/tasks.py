"""An exercise's folder -> its task, hints and starter.

`task.zh.md` and `task.en.md`: the first line is `# ` and the title; the last section, `## 提示` or `## Hints`, is an
ordered list of hints, equally many in both languages; all between is the task.
"""

import re
from dataclasses import replace
from pathlib import Path

from wenjin.kit.text import Text
from wenjin.study.course.faults import Faults
from wenjin.study.course.graph import Exercise

HINTS = Text("提示", "Hints")
NUMBERED = re.compile(r"^\d+\. ", re.MULTILINE)


def missing(exercise: Exercise, folder: Path) -> list[str]:
    """The files that the exercise still needs, by name."""
    needed = ["task.zh.md", "task.en.md", "grade.py", "mistakes.toml"]
    needed += ["starter.py", "solution.py"] if exercise.code else []
    return [name for name in needed if not (folder / name).is_file()]


def read_exercise(exercise: Exercise, folder: Path, faults: Faults) -> Exercise:
    """The exercise with what its folder holds; as it was where files are still missing or the task is refused."""
    if missing(exercise, folder):
        return exercise
    zh = _read_task(folder / "task.zh.md", HINTS.zh, faults)
    en = _read_task(folder / "task.en.md", HINTS.en, faults)
    if zh is None or en is None:
        return exercise
    if len(zh[2]) != len(en[2]):
        faults.add(
            folder,
            Text(
                f"中文有 {len(zh[2])} 条提示，英文有 {len(en[2])} 条。",
                f"The hints are {len(zh[2])} in zh and {len(en[2])} in en.",
            ),
            Text("两种语言给同样多的提示。", "Give equally many hints in both languages."),
        )
    return replace(
        exercise,
        title=Text(zh[0], en[0]),
        task=Text(zh[1], en[1]),
        hints=tuple(Text(*pair) for pair in zip(zh[2], en[2], strict=False)),
        starter=(folder / "starter.py").read_text(encoding="utf-8") if exercise.code else "",
        folder=folder,
    )


def _read_task(path: Path, hints: str, faults: Faults) -> tuple[str, str, list[str]] | None:
    """Title, task and hints of one language."""
    title, _, rest = path.read_text(encoding="utf-8").lstrip("\ufeff").partition("\n")
    if not title.startswith("# ") or not title[2:].strip():
        faults.add(
            path,
            Text("第一行不是题目的标题。", "The first line is no title."),
            Text("第一行写“# 标题”。", "Begin with a line `# title`."),
        )
        return None
    task, found, list_of_hints = rest.partition(f"\n## {hints}\n")
    if not found or not NUMBERED.search(list_of_hints):
        faults.add(
            path,
            Text("末尾没有提示。", "There are no hints at its end."),
            Text(f"末尾写“## {hints}”和一个编号列表。", f"End with `## {hints}` and a numbered list."),
        )
        return None
    return title[2:].strip(), task.strip(), [part.strip() for part in NUMBERED.split(list_of_hints)[1:]]
