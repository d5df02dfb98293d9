"""The folder of a written topic -> a Topic. The files and their fields are listed in `files.py`."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from wenjin.kit.text import Text
from wenjin.study.course.faults import Faults, nearest
from wenjin.study.course.graph import Card, Exercise, Stage, Topic
from wenjin.study.course.labfiles import read_lab
from wenjin.study.course.rows import index, read_list, read_row, read_toml
from wenjin.study.course.tasks import read_exercise

NOT_STAGES = {"syllabus", "tracks"}
Status = Literal["labs", "lesson", "whole"]


def kebab(name: str) -> str:
    """self_attention -> self-attention"""
    return name.replace("_", "-")


def snake(name: str) -> str:
    """self-attention -> self_attention"""
    return name.replace("-", "_")


def topic_folders(root: Path, stages: Mapping[str, Stage], faults: Faults) -> list[Path]:
    """The folders of all written topics; a folder that is no topic, or no stage, is a fault."""
    found = []
    for stage in _folders(root):
        if stage.name in NOT_STAGES:
            continue
        if stages and kebab(stage.name) not in stages:  # without stages the syllabus was not read, which is told
            what = Text("没有这个阶段。", "There is no such stage.")
            faults.add(stage, what, nearest(kebab(stage.name), tuple(stages)))
            continue
        for topic in _folders(stage):
            if (topic / "topic.toml").is_file():
                found.append(topic)
            else:
                faults.add(
                    topic,
                    Text("文件夹里没有 topic.toml。", "The folder holds no topic.toml."),
                    Text("用 wenjin course new 建主题。", "Lay a topic with wenjin course new."),
                )
    return found


def read_topic(folder: Path, faults: Faults) -> Topic | None:
    """One topic with its exercises and cards; None where topic.toml itself was refused."""
    table = read_toml(folder / "topic.toml", faults)
    if table is None:
        return None
    table.setdefault("status", "whole")
    place = faults.place(folder / "topic.toml")
    topic = read_row(Topic, table, place, faults, id=kebab(folder.name), stage=kebab(folder.parent.name))
    if topic is None:
        return None
    if topic.status == "planned":
        faults.add(
            place,
            Text("有文件夹的主题不能是 planned。", "A topic with a folder cannot be planned."),
            Text("写 lesson 或 labs；都写好了就删去 status。", "Say lesson or labs; drop status when all stands."),
        )
    return replace(
        topic,
        folder=folder,
        cards=_cards(folder / "cards.toml", faults),
        exercises=_exercises(topic, folder / "exercises", faults),
        labs=tuple(read_lab(lab, folder / "labs", faults) for lab in topic.labs),
    )


def own_work(topic: Topic) -> Topic:
    """The topic with the ids of its exercises and labs made whole: `topic/name`."""
    return replace(
        topic,
        exercises=tuple(replace(e, id=f"{topic.id}/{e.name}", topic=topic.id) for e in topic.exercises),
        labs=tuple(replace(lab, id=f"{topic.id}/{lab.name}", topic=topic.id) for lab in topic.labs),
    )


def _exercises(topic: Topic, folder: Path, faults: Faults) -> tuple[Exercise, ...]:
    """The exercises that topic.toml names, each with its folder. A topic of labs alone has none yet."""
    named = {snake(exercise.name) for exercise in topic.exercises}
    for other in _folders(folder):
        if other.name not in named:
            what = Text("topic.toml 没有列出这个练习。", "topic.toml does not list this exercise.")
            faults.add(other, what, nearest(other.name, tuple(named)))
    if not topic.written:
        return topic.exercises
    return tuple(read_exercise(exercise, folder / snake(exercise.name), faults) for exercise in topic.exercises)


def _cards(path: Path, faults: Faults) -> tuple[Card, ...]:
    if not path.is_file():
        return ()
    table = read_toml(path, faults) or {}
    for name in table.keys() - {"card"}:
        what = Text(f"有不认识的字段 {name}。", f"The field {name} is unknown.")
        faults.add(path, what, nearest(name, ("card",)))
    place = f"{faults.place(path)}, card"
    return tuple(index(read_list(Card, table.get("card", []), place, faults), place, faults).values())


def _folders(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith(("_", ".")))
