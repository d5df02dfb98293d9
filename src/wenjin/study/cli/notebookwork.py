"""`wenjin export notebooks [DIR] [--check]`: a notebook for each lesson and language, and whether they run.

DIR/zh/TOPIC.ipynb, DIR/en/TOPIC.ipynb. The check runs each in a process of its own, with a data folder of its own:
every cell must end, each example must print what was recorded, and each lab's run must be a normal one.
"""

import json as plain
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from wenjin.kit.text import Language, Text
from wenjin.study.author.running import same_output
from wenjin.study.cli.archive import NO_TOPIC, bar, whole
from wenjin.study.cli.notebooks import notebook
from wenjin.study.cli.sheet import sheet
from wenjin.study.cli.terminal import clean, fail, say, sentences
from wenjin.study.cli.views import title
from wenjin.study.course.graph import Course, Exercise, Topic
from wenjin.study.course.load import load
from wenjin.study.judge.client import Judge, local_judge
from wenjin.study.sandbox import launch
from wenjin.study.store.places import places

LANGUAGES: tuple[Language, ...] = ("zh", "en")
PATIENCE = 900.0  # seconds for a notebook beside its labs
WRITING, RUNNING = Text("写", "writing"), Text("运行", "running")
WRITTEN = Text("写好 {where}：{n} 份笔记本。", "Wrote {where}: {n} notebooks.")
RAN = Text(
    "{n} 份笔记本都从头运行到尾，结果与记录一致。",
    "All {n} notebooks ran from top to bottom, with the recorded results.",
)
NO_LESSON = Text("主题 {name} 还没有课文。", "The topic {name} has no lesson yet.")
LATE = Text("超过 {seconds} 秒没有运行完", "it did not end within {seconds} seconds")
PRINTED = Text("打印的与记录的不同", "it prints something else than was recorded")
NOT_NORMAL = Text("实验的运行不正常：{said}", "the lab's run was not a normal one: {said}")
NO_VERDICT = Text("判题进程没能回答", "the judge could not answer")


def export_notebooks(target: Path | None, topic: str | None, check: bool, data: Path | None, json: bool) -> None:
    with sentences():
        course = load(coverage=False)
        topics = chosen(course, topic)
        with tempfile.TemporaryDirectory() as scratch:
            files = write(target or Path(scratch, "notebooks"), course, topics)
            faults = list(run_all(files, course, places(data).data, Path(scratch))) if check else []
    if json:
        row = {"folder": str(target) if target else None, "notebooks": len(files), "checked": check}
        print(plain.dumps(row | {"faults": [{"notebook": n, "cell": c, "why": say(w)} for n, c, w in faults]}))
    else:
        for name, cell, why in faults:
            print(clean(f"{name} · {cell}: {say(why)}"), file=sys.stderr)
        if target:
            print(clean(say(WRITTEN.format(where=target, n=len(files)))))
        if check and not faults:
            print(say(RAN.format(n=len(files))))
    if faults:
        sys.exit(1)


def chosen(course: Course, topic: str | None) -> list[Topic]:
    if topic is None:
        return [one for one in course.topics.values() if one.written]
    found = course.topics.get(topic)
    if found is None:
        fail(NO_TOPIC.format(name=clean(topic)), 2)
    if not found.written:
        fail(NO_LESSON.format(name=clean(topic)), 2)
    return [found]


def write(target: Path, course: Course, topics: list[Topic]) -> list[Path]:
    """All of them, or none: StoreError where the disk refuses."""
    sheets = any(not one.code and one.written for topic in topics for one in topic.exercises)
    names = []
    with whole(target) as part, local_judge() if sheets else nullcontext() as judge, bar(WRITING) as told:
        for number, topic in enumerate(topics):
            for tongue in LANGUAGES:
                made = notebook(topic, course, tongue, partial(filled, judge, language=tongue))
                file = part / tongue / f"{topic.id}.ipynb"
                file.parent.mkdir(exist_ok=True)
                file.write_text(plain.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
                names.append(file.relative_to(part))
            told((number + 1) / len(topics))
    return [target / name for name in names]


def filled(judge: Judge | None, exercise: Exercise, language: Language) -> str:
    """The answer sheet of an exercise that is not answered by a program, with fresh numbers."""
    assert judge is not None
    return sheet(title(exercise, language), judge.problem(exercise.id), language)


def run_all(files: list[Path], course: Course, data: Path, scratch: Path) -> Iterator[tuple[str, str, Text]]:
    """What is wrong: notebook, cell, why."""
    own = scratch / "data"  # nothing of it goes into the learner's record; the corpora are theirs to read
    own.mkdir()
    if (data / "corpora").is_dir():
        (own / "corpora").symlink_to(data / "corpora")
    with bar(RUNNING) as told:
        for number, file in enumerate(files):
            for cell, why in run(file, course, own, scratch):
                yield f"{file.parent.name}/{file.name}", cell, why
            told((number + 1) / len(files))


def run(file: Path, course: Course, data: Path, scratch: Path) -> Iterator[tuple[str, Text]]:
    """What is wrong with one notebook: cell, why."""
    made = plain.loads(file.read_text(encoding="utf-8"))
    labs = course.topics[file.stem].labs
    patience = PATIENCE + sum(180 * lab.minutes for lab in labs if lab.written)
    environment = os.environ | {
        "WENJIN_DATA": str(data),
        "WENJIN_WORKSPACE": str(scratch / "workspace"),
        "WENJIN_LANG": made["metadata"]["wenjin"]["lang"],
        "PYTHONUTF8": "1",
    }
    argv = [sys.executable, "-m", "wenjin.study.cli.notebookrun", str(file.absolute())]
    done = launch.run_trusted(argv, cwd=scratch, environment=environment, timeout=patience)
    said = [plain.loads(line) for line in done.output.splitlines() if line.startswith(b"{")]
    told: dict[str, dict[str, Any]] = {row["id"]: row for row in said}
    for cell in made["cells"]:
        if cell["cell_type"] != "code":
            continue
        row = told.get(cell["id"])
        if row is None:
            seconds = LATE.format(seconds=round(patience))
            last = Text("", done.errors.decode("utf-8", "replace").strip()[-300:])
            yield cell["id"], seconds if done.code is None else Text(last.en, last.en)
            return
        if "error" in row:
            yield cell["id"], Text(row["error"].strip().splitlines()[-1], row["error"].strip().splitlines()[-1])
            return
        before = "".join(one["text"] for one in cell["outputs"])
        if cell["id"].startswith("run-") and not same_output(before, row["printed"]):
            yield cell["id"], PRINTED
        if row.get("verdict", {}).get("name") == "judge-fault":
            yield cell["id"], NO_VERDICT
        if row.get("normal") is False and not row["changed"]:
            first = row["shown"].splitlines()[0]
            yield cell["id"], NOT_NORMAL.format(said=first)
