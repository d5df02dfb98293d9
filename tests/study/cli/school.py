"""The exercise commands over a small course: every form of answer once, with the judge's sample exercises.

python school.py check running-mean FILE
"""

from pathlib import Path
from types import MappingProxyType

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.desk import Desk
from wenjin.study.cli.exercises import register
from wenjin.study.cli.terminal import language
from wenjin.study.course.graph import Course, Exercise, Stage, Topic
from wenjin.study.judge.client import Judge, local_judge
from wenjin.study.store.places import places

ROOT = Path(__file__).parents[1] / "judge" / "course"
HINTS = (Text("先想一想。", "Think first."), Text("记住个数。", "Keep the count."))


def exercise(name: str, kind: str, zh: str, en: str) -> Exercise:
    folder = ROOT / "sample" / "kinds" / "exercises" / name.replace("-", "_")
    starter = folder / "starter.py"
    return Exercise(
        id=f"kinds/{name}",
        topic="kinds",
        name=name,
        kind=kind,
        asks=en,
        misconceptions=(),
        title=Text(zh, en),
        task=Text(f"任务：{zh}。", f"Your task: {en}."),
        hints=HINTS,
        starter=starter.read_text(encoding="utf-8") if starter.exists() else "",
        folder=folder,
    )


def course() -> Course:
    exercises = (
        exercise("running-mean", "class", "滑动的平均", "a running mean"),
        exercise("by-hand", "numeric", "手算点积", "a dot product by hand"),
        exercise("steps", "order", "注意力的步骤", "the steps of attention"),
        exercise("pick", "proof", "方差", "variances"),
    )
    topic = Topic(
        id="kinds",
        stage="sample",
        title=Text("题型", "Kinds"),
        question=Text("有哪些？", "Which?"),
        prerequisites=(),
        minutes=10,
        library=(),
        exercises=exercises,
        labs=(),
        wanted_cards=0,
        covers=(),
        status="lesson",
    )
    empty = MappingProxyType({})
    return Course(
        root=ROOT,
        stages={"sample": Stage("sample", Text("样例", "Sample"))},
        topics={"kinds": topic},
        tracks=empty,
        sources=empty,
        projects=empty,
        features=empty,
        resources=empty,
        coverage=empty,
        modules=empty,
    )


def judge() -> Judge:
    return local_judge(ROOT)


if __name__ == "__main__":
    app = typer.Typer(rich_markup_mode=None)
    register(app, lambda data: Desk(places(data), language(), course=course, judge=judge))
    app()
