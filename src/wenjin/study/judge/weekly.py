"""The evidence of a week, gathered and put into words: mastery and work from the log, the review of the answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.craft.review import OF_ANSWERS
from wenjin.study.judge.workshop import WorkshopError, review
from wenjin.study.progress.mastery import Mastery
from wenjin.study.progress.recall import day_of
from wenjin.study.progress.week import QUESTIONS, Week, evidence, judgeable, monday
from wenjin.study.store.log import Log, happened

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


def gathered(mastery: Mapping[str, Mastery], week: Week, workspace: Path, now: datetime) -> dict[str, Any]:
    """What is shown beside the four questions of a week. Mastery and files are as they are now; of a week that is over
    they are as they were shown when it was judged, or, if it was not, stand there with the day of today."""
    today = day_of(now, now)
    over = week.monday != monday(today)
    if over and (kept := then(week, now)):
        return evidence(week.work, **kept)
    known = [one for one in mastery.values() if one.evidence]
    mean = sum(one.value for one in known) / len(known) if known else None
    return evidence(week.work, mean, len(known), answers(workspace), today if over else None)


def then(week: Week, now: datetime) -> dict[str, Any] | None:
    """Mastery and files as they were shown when a week was judged; None where nobody did or it cannot be read."""
    if week.check is None:
        return None
    at, told = week.check.at.astimezone(now.tzinfo), week.check.evidence
    day = day_of(at, at)
    try:
        mastered, craft = told["mastery"], told["craft"]
        if craft is not None and not (0 <= int(craft["score"]) <= 100 and {"remarks", "ruff"} <= craft.keys()):
            return None
        if mastered is not None and not 0 <= float(mastered) <= 1:
            return None
        as_of = None if monday(day) == week.monday else day
        return {"mastered": mastered, "met": int(told["met"]), "craft": craft, "as_of": as_of}
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return None


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


def find(weeks: Sequence[Week], name: str | None = None) -> Week | None:
    """A week that can be judged, by its name; without one the newest."""
    return judgeable(weeks, name) if name else weeks[-1]


def keep(log: Log, week: str, scores: dict[str, int], remark: str, shown: dict[str, Any]) -> None:
    """Write a check down; the newest of a week counts."""
    told = {question: scores[question] for question in QUESTIONS}
    log.append(happened("week", week, told | {"remark": remark, "evidence": shown}))


def told(question: str, shown: Mapping[str, Any]) -> Text:
    """What the log shows for a question, in a line."""
    craft = shown["craft"]
    match question:
        case "theory":
            mean = "—" if shown["mastery"] is None else f"{shown['mastery']:.0%}"
            zh, en = "测得的掌握度 {mean}（{met} 个主题）", "measured mastery {mean} ({met} topics)"
            return dated(Text(zh, en).format(mean=mean, met=shown["met"]), shown)
        case "practice":
            return Text(
                "这周试了 {tried} 道新练习，通过 {passed} 道，跑完 {labs} 个实验，做完 {projects} 个项目",
                "this week: {tried} new exercises tried, {passed} passed, {labs} labs run to their end, "
                "{projects} projects done",
            ).format(**shown)
        case "code":
            first = Text("一次通过 {first}/{tried}", "{first} of {tried} passed at the first try").format(**shown)
            if not craft:
                return first
            ruff = "—" if craft["ruff"] is None else craft["ruff"]
            files = Text(
                "答案文件得 {score} 分（满分 100），{remarks} 处可改，ruff 另指出 {ruff} 处",
                "your answer files score {score} of 100; remarks: {remarks}, from ruff: {ruff}",
            ).format(score=craft["score"], remarks=craft["remarks"], ruff=ruff)
            return Text("{first}；{files}", "{first}; {files}").format(first=first, files=dated(files, shown))
        case _:
            return Text(
                "这周写了 {notes} 处笔记；学过的 {worked} 个主题里 {noted} 个有笔记",
                "this week: notes at {notes} places; {noted} of {worked} topics worked on have some",
            ).format(**shown)


def dated(text: Text, shown: Mapping[str, Any]) -> Text:
    """With the day, where it is none of the week."""
    if not shown["as_of"]:
        return text
    return Text("{text}（{day} 的，不是那一周的）", "{text} (of {day}, not of that week)").format(
        text=text, day=shown["as_of"]
    )
