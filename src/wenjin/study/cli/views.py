"""What the exercise commands show besides verdicts: a task, its hints, the list, the way through the course."""

import re
from typing import TYPE_CHECKING, Any

from wenjin.kit.text import Language, Text
from wenjin.study.cli.terminal import clean
from wenjin.study.course.graph import Course, Exercise
from wenjin.study.progress.state import Progress, Standing

if TYPE_CHECKING:
    from rich.console import RenderableType

FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.DOTALL)
MARKS = {"new": ("·", "dim"), "tried": ("○", "yellow"), "passed": ("✓", "green")}
STATUS = {"new": Text("未做", "new"), "tried": Text("做过", "tried"), "passed": Text("通过", "passed")}
ATTEMPTS = Text("{n} 次", "{n}×")
PROGRESS = Text("进度", "Progress")
NO_HINTS = Text("这道练习没有提示。", "This exercise has no hints.")
LAST_HINT = Text("提示已全部打开，现在可以看参考答案。", "All hints are open; now the reference answer may be read.")
CLOSED = Text(
    "参考答案在通过之后、或看完最后一条提示之后打开（提示已看 {n}/{total}）。",
    "The reference answer opens once you pass, or after the last hint ({n} of {total} hints are open).",
)


def title(exercise: Exercise, language: Language) -> str:
    return clean(exercise.title[language]) if exercise.title else exercise.id


def task(exercise: Exercise, language: Language) -> "RenderableType":
    """What the exercise promises, with its formulas as they are written."""
    from rich.console import Group
    from rich.text import Text as Rich

    head = Rich(title(exercise, language), style="bold")
    head.append(f"  {exercise.id}", style="not bold dim")
    return Group(head, "", prose(exercise.task[language] if exercise.task else ""))


def prose(text: str) -> "RenderableType":
    """Markdown. A formula is shown as it is written: Markdown would take its backslashes for its own."""
    from rich.markdown import Markdown

    text = FORMULA.sub(lambda found: found[0].replace("\\", r"\\"), clean(text))
    return Markdown(text, code_theme="ansi_dark")


def hints(exercise: Exercise, opened: int, language: Language) -> "RenderableType":
    """The hints that are open, the newest set off, and what comes after the last."""
    from rich.text import Text as Rich

    total = len(exercise.hints)
    if not total:
        return Rich(NO_HINTS[language])
    made = Rich()
    for n, hint in enumerate(exercise.hints[:opened], start=1):
        made.append(f"{n}/{total}  {clean(hint[language])}\n", style="" if n == opened else "dim")
    if opened == total:
        made.append(LAST_HINT[language], style="cyan")
    made.rstrip()
    return made


def closed(exercise: Exercise, opened: int) -> Text:
    return CLOSED.format(n=opened, total=len(exercise.hints))


def listing(course: Course, progress: Progress, current: str | None, language: Language) -> "RenderableType":
    """Every written exercise, numbered, with where it stands."""
    from rich.table import Table
    from rich.text import Text as Rich

    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    for narrow in (True, True, True, False, True, True):  # only a title may take more than one line
        table.add_column(no_wrap=narrow)
    for n, (id, standing) in enumerate(progress.exercises.items(), start=1):
        mark, style = MARKS[standing.status]
        arrow = "→" if id == current else " "
        name = Rich(f"{title(course.exercises[id], language)}", style="bold" if id == current else "")
        table.add_row(arrow, str(n), Rich(mark, style=style), name, Rich(id, style="dim"), _counted(standing, language))
    return table


def rows(course: Course, progress: Progress) -> dict[str, Any]:
    """The same for scripts; `next` is the exercise with the arrow, None once all are passed."""

    def row(id: str, standing: Standing) -> dict[str, Any]:
        exercise = course.exercises[id]
        title = exercise.title and exercise.title.as_dict()
        told: dict[str, Any] = {"exercise": id, "title": title, "kind": exercise.kind}
        told |= {"status": standing.status, "attempts": standing.attempts, "last": standing.last}
        return told | {"hints": standing.hints, "of": len(exercise.hints)}

    listed = [row(id, standing) for id, standing in progress.exercises.items()]
    return {"exercises": listed, "passed": progress.passed, "next": progress.following()}


def _counted(standing: Standing, language: Language) -> str:
    tries = ATTEMPTS.format(n=standing.attempts)[language] if standing.attempts else ""
    return f"{STATUS[standing.status][language]} {tries}".rstrip()


def bar(progress: Progress, language: Language, width: int = 30) -> "RenderableType":
    """How much of the course's exercises is passed."""
    from rich.text import Text as Rich

    total = max(1, len(progress.exercises))
    full = width * progress.passed // total
    made = Rich(f"{PROGRESS[language]} ")
    made.append("█" * full, style="green").append("░" * (width - full), style="dim")
    return made.append(f" {progress.passed}/{len(progress.exercises)}")
