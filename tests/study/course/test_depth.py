"""A lesson at each depth: longer from one to the next, whole in itself, and nothing in it leads nowhere."""

import re

import pytest

from wenjin.study.course import lesson
from wenjin.study.course.depth import DEPTHS, lesson_at
from wenjin.study.course.load import load

COURSE = load(coverage=False)
WRITTEN = [topic for topic in COURSE.topics.values() if topic.written]


@pytest.mark.parametrize("topic", WRITTEN, ids=lambda topic: topic.id)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_depth_is_more_and_none_leads_nowhere(topic, language) -> None:  # type: ignore[no-untyped-def]
    shown = {depth: lesson_at(topic, COURSE, language, depth) for depth in DEPTHS}
    core, derivation, beyond = shown.values()
    assert len(core) * 3 < len(derivation) < len(beyond)
    assert set(core.splitlines()) <= set(derivation.splitlines()) <= set(beyond.splitlines())
    read = lesson.read(topic.folder, language)
    for depth, text in shown.items():
        anchors = set(re.findall(r"^## .* \(#([\w-]+)\)$", text, re.MULTILINE))
        assert anchors == {question.anchor for question in read.questions}, depth
        assert set(re.findall(r"[(（]#([\w-]+)[)）]", text)) <= anchors, depth
        assert not re.search(r"\{\{|\{check=|^:::|```\{", text, re.MULTILINE), depth
        assert text.count("```") % 2 == 0
    for question in read.chain:
        assert question.heading in core
    assert "###" not in core.split("(#summary)")[0]
    assert shown["beyond"].count("\n> ") >= sum(question.asides for question in read.questions)
