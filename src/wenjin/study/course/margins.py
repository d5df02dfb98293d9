"""Beside what of a topic a note can stand: the lesson as a whole, each of its sections, its labs and its cards; and the
place at its end where learners say it in their own words. (The anchor `summary` is the lesson's own.)

margins(topic, "zh") -> {"lesson": "自注意力", "why-sqrt-d": "为什么要除以根号 d？", …, "lab-x": …, "card-y": …}
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from wenjin.kit.text import Language, Text
from wenjin.study.course.graph import Topic
from wenjin.study.course.lesson import CLOSING, parse

WHOLE = "lesson"  # the anchor of a note on the topic as a whole
OWN_WORDS = "own-words"  # and of the summary
OWN_WORDS_HEAD = Text("用我自己的话", "In my own words")


def margins(topic: Topic, language: Language) -> Mapping[str, str]:
    """anchor -> what stands there, as the lesson writes it (Markdown), in the order of the page."""
    found = {WHOLE: topic.title[language]}
    if topic.written and topic.folder:
        path = topic.folder / f"lesson.{language}.md"
        found |= _sections(path, path.stat().st_mtime_ns)
    found[OWN_WORDS] = OWN_WORDS_HEAD[language]
    found |= {f"lab-{lab.name}": lab.title[language] if lab.title else lab.name for lab in topic.labs}
    return found | {f"card-{card.id}": card.front[language] for card in topic.cards}


def questions(topic: Topic, language: Language) -> Mapping[str, str]:
    """anchor -> the question that a section of the lesson answers; nothing where no lesson is written."""
    if not (topic.written and topic.folder):
        return {}
    path = topic.folder / f"lesson.{language}.md"
    return {a: head for a, head in _sections(path, path.stat().st_mtime_ns).items() if a not in CLOSING}


@lru_cache(64)
def _sections(path: Path, _changed: int) -> dict[str, str]:
    lesson = parse(path.read_text(encoding="utf-8"))
    return {question.anchor: question.heading for question in lesson.questions}
