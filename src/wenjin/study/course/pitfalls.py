"""The real errors of all topics, and the one that a pasted message means.

A message is found whatever numbers, names and paths are in it: both sides are compared by their words, in which a
number, a path or a quoted name stands as such. Only the end of a traceback tells, so each line of what was pasted is
tried. Pure, but for `every`, which reads the files.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from wenjin.study.course.faults import Faults
from wenjin.study.course.graph import Course, Topic
from wenjin.study.course.passes import Pitfall, read_pitfalls

LONGEST = 20_000  # characters of what is pasted
ENOUGH = 0.6  # of the words of a message
PART = 3  # words in a row that are enough, when they stand so in the message
WORD = re.compile(
    r"""(?P<path>(?:/|\w:\\)[\w./\\-]+)|(?P<quoted>'[^'\n]*'|"[^"\n]*"|`[^`\n]*`)"""
    r"""|\d[\w.,]*|[^\W\d]\w*|[=<>!+*@-]+"""
)
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Met:
    """A pitfall and where it is met."""

    topic: Topic
    pitfall: Pitfall

    @property
    def id(self) -> str:
        return f"{self.topic.id}/{self.pitfall.id}"


def every(course: Course) -> list[Met]:
    """All pitfalls of the written topics, in the order of the map."""
    return [Met(topic, one) for topic in course.topics.values() for one in of_topic(topic, course.root)]


def of_topic(topic: Topic, root: Path) -> tuple[Pitfall, ...]:
    """The pitfalls of a topic; read again only when its file has changed."""
    path = topic.folder / "pitfalls.toml" if topic.folder and topic.written else None
    return _pitfalls(path, root, path.stat().st_mtime_ns) if path is not None and path.is_file() else ()


@lru_cache(256)
def _pitfalls(path: Path, root: Path, _changed: int) -> tuple[Pitfall, ...]:
    return tuple(read_pitfalls(path.parent, Faults(root)))


def matching(pasted: str, known: Iterable[Met], most: int = 5) -> list[Met]:
    """The pitfalls that the pasted message is one of, best first."""
    pasted = pasted[-LONGEST:]
    words = " ".join(pasted.split())
    part = len(words.split()) >= PART
    said = [line for line in (bag(line) for line in pasted.splitlines()) if line]
    whole = bag(pasted)
    ranked = []
    for met in known:
        message = met.pitfall.message
        wanted = bag(message)
        told = " ".join(message.split())
        literal = told in words or (part and words.lower() in told.lower())
        share = max((shared(wanted, line) for line in [*said, whole]), default=0.0)
        if literal or share >= ENOUGH:
            ranked.append((literal, share, len(wanted), met))
    ranked.sort(key=lambda row: row[:3], reverse=True)
    best = [met for literal, _, _, met in ranked if literal] or [met for *_, met in ranked]
    return best[:most]


def bag(text: str) -> frozenset[str]:
    """The words of a message; numbers, paths and quoted names without what they are."""
    found = set()
    for match in WORD.finditer(text):
        if match["path"]:
            found.add("<path>")
        elif match["quoted"]:
            found.add("<name>")
            found |= {word.lower() for word in re.findall(r"[^\W\d]\w*", match[0])}
        else:
            found.add("<number>" if match[0][0].isdigit() else match[0].lower())
    return frozenset(found)


def shared(wanted: frozenset[str], said: frozenset[str]) -> float:
    """How much of a message's words was said. What stands for a number or a name tells little, so it counts little."""
    weights = {word: 0.2 if word.startswith("<") else 1.0 for word in wanted}
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in said) / total if total else 0.0


def repaired(pitfall: Pitfall) -> str | None:
    """The program with its cure: the first code of the repair in the place of its last line. None where the repair
    says no code, or each language another."""
    lines = [found[1] for text in (pitfall.repair.zh, pitfall.repair.en) if (found := CODE.search(text))]
    if len(lines) != 2 or lines[0] != lines[1]:
        return None
    before, _, _ = pitfall.program.rstrip().rpartition("\n")
    return f"{before}\n{lines[0]}\n"
