"""What a rendered text is, and what it is rendered with."""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wenjin.kit.text import Language, Text
from wenjin.study.course.faults import Fault
from wenjin.study.course.graph import Course, Topic


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered text. `outline`: (anchor, heading as HTML) of each section. `faults`: what is wrong with it.

    `sections`: the HTML in its parts, what stands above the first section and then each section.
    """

    title: str
    html: str
    outline: tuple[tuple[str, str], ...] = ()
    faults: tuple[Fault, ...] = ()
    sections: tuple[str, ...] = ()


def values_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a lesson may quote of a record: the variables of an example, the levels of a lab."""
    if record.get("kind") == "lab":
        return {row["name"]: row["value"] for row in record["frames"] if row["frame"] == "level"}
    return dict(record.get("values", {}))


@dataclass(slots=True)
class Context:
    """One rendering. Without a topic (tasks, cards, feedback) directives and relative links are faults.

    beside   the topic beside which a learner's note stands: its relative links lead there
    where    the file, for faults
    cited    files whose change makes the page stale
    targets  the anchors of this text that links name, with their lines
    """

    language: Language
    where: str = ""
    course: Course | None = None
    topic: Topic | None = None
    beside: Topic | None = None
    faults: list[Fault] = field(default_factory=list)
    cited: set[Path] = field(default_factory=set)
    targets: list[tuple[str, int]] = field(default_factory=list)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def fault(self, line: int, what: Text, remedy: Text, inline: bool = False) -> str:
        """Note a fault; returns what stands in its place on the page."""
        self.faults.append(Fault(f"{self.where}:{line}" if line else self.where, what, remedy))
        text = html.escape(f"{what[self.language]} {remedy[self.language]}")
        return f'<code class="fault">{text}</code>' if inline else f'<p class="fault">{text}</p>\n'

    def recorded(self, name: str) -> dict[str, Any]:
        """What was recorded under that name in the topic's folder; empty when nothing was."""
        if name not in self.runs:
            self.runs[name] = {}
            if self.topic is not None and self.topic.folder is not None:
                path = self.topic.folder / "recorded" / f"{name}.json"
                self.cited.add(path)
                if path.is_file():
                    self.runs[name] = json.loads(path.read_text(encoding="utf-8"))
        return self.runs[name]

    def number(self, run: str, variable: str, spec: str, line: int) -> str:
        """A recorded value, written with Python's format `spec`."""
        values = values_of(self.recorded(run))
        if variable not in values:
            known = ", ".join(sorted(values)) or "-"
            self.fault(
                line,
                Text(f"运行 {run} 没有记录 {variable}。", f"The run {run} has no recorded {variable}."),
                Text(
                    f"记录过的有：{known}。请改名字，或用 `wenjin course record` 重新记录。",
                    f"Recorded are: {known}. Mend the name, or record again with `wenjin course record`.",
                ),
            )
            return f"{run}.{variable}?"
        value = values[variable]
        try:
            return format(value, spec or (".6g" if isinstance(value, float) else ""))
        except ValueError as fault:
            self.fault(
                line,
                Text(
                    f"{run}.{variable} 不能写成格式 {spec}：{fault}。",
                    f"{run}.{variable} cannot be written as {spec}: {fault}.",
                ),
                Text("请改正冒号后面的格式。", "Mend the format behind the colon."),
            )
            return f"{run}.{variable}?"
