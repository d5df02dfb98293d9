"""The evidence of a week, gathered and put into words: mastery and work from the log, the review of the answers."""

from datetime import datetime
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.course.graph import Course
from wenjin.study.craft.review import OF_ANSWERS
from wenjin.study.judge.workshop import WorkshopError, review
from wenjin.study.progress.mastery import mastery
from wenjin.study.progress.week import QUESTIONS, Week, evidence, weeks
from wenjin.study.store.log import Event, Log, happened

ASKED = {
    "theory": Text("理论掌握（1–10）", "Theory: how well is it understood (1–10)"),
    "practice": Text("实践完成（1–10）", "Practice: is what was planned done (1–10)"),
    "code": Text("代码质量（1–10）", "Code: how good is it (1–10)"),
    "notes": Text("笔记整理（1–10）", "Notes: are they in order (1–10)"),
}
SHORT = {
    "theory": Text("理论", "theory"),
    "practice": Text("实践", "practice"),
    "code": Text("代码", "code"),
    "notes": Text("笔记", "notes"),
}


def gathered(events: list[Event], course: Course, now: datetime, week: Week, workspace: Path) -> dict[str, Any]:
    """What is shown beside the four questions of a week. Mastery and files are as they are now."""
    known = [one for one in mastery(events, course, now).values() if one.evidence]
    mean = sum(one.value for one in known) / len(known) if known else None
    return evidence(week.work, mean, len(known), answers(workspace))


def answers(workspace: Path) -> dict[str, Any] | None:
    """The review of the learner's answers, in short; None where there are none, or they could not be read."""
    if not workspace.is_dir():
        return None
    try:
        found = review(workspace, OF_ANSWERS)
    except WorkshopError:
        return None
    if not found["files"]:
        return None
    ruff = None if found["ruff"] is None else sum(found["ruff"].values())
    short = {key: found[key] for key in ("score", "parts", "files", "lines")}
    return short | {"remarks": len(found["remarks"]), "ruff": ruff}


def find(events: list[Event], now: datetime, name: str | None = None) -> Week | None:
    """A week by its name; without one that of `now`."""
    found = weeks(events, now)
    return next((week for week in found if week.id == name), None) if name else found[-1]


def keep(log: Log, week: str, scores: dict[str, int], remark: str, shown: dict[str, Any]) -> None:
    """Write a check down; the newest of a week counts."""
    told = {question: scores[question] for question in QUESTIONS}
    log.append(happened("week", week, told | {"remark": remark, "evidence": shown}))


def told(question: str, shown: dict[str, Any]) -> Text:
    """What the log shows for a question, in a line."""
    craft = shown["craft"]
    match question:
        case "theory":
            mean = "—" if shown["mastery"] is None else f"{shown['mastery']:.0%}"
            zh, en = "测得的掌握度 {mean}（{met} 个主题）", "measured mastery {mean} ({met} topics)"
            return Text(zh, en).format(mean=mean, met=shown["met"])
        case "practice":
            return Text(
                "这周试了 {tried} 道新练习，通过 {passed} 道，跑完 {labs} 个实验",
                "this week: {tried} new exercises tried, {passed} passed, {labs} labs run to their end",
            ).format(**shown)
        case "code":
            first = Text("一次通过 {first}/{tried}", "{first} of {tried} passed at the first try").format(**shown)
            if not craft:
                return first
            ruff = "—" if craft["ruff"] is None else craft["ruff"]
            return Text(
                "{first}；答案文件 {score} 分，{remarks} 处可改，ruff {ruff} 处",
                "{first}; your answer files score {score} of 100, {remarks} remarks, ruff {ruff}",
            ).format(first=first, score=craft["score"], remarks=craft["remarks"], ruff=ruff)
        case _:
            return Text(
                "这周写了 {notes} 处笔记；学过的 {worked} 个主题里 {noted} 个有笔记",
                "this week: notes at {notes} places; {noted} of {worked} topics worked on have some",
            ).format(**shown)
