"""What each topic promises of itself: its errors are raised and mended as it says, its formulas hold, its rubric tells
right from wrong, its two lessons run the same programs.

`rubrics/TOPIC.toml` has what learners may say, in words of no file of the course.
"""

import contextlib
import importlib.util
import io
import re
import tomllib
import traceback
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from wenjin.study.course.load import load

RUBRICS = Path(__file__).parent / "rubrics"
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Topic:
    id: str
    folder: Path

    def table(self, name: str) -> dict[str, Any]:
        return tomllib.loads((self.folder / f"{name}.toml").read_text(encoding="utf-8"))

    @property
    def pitfalls(self) -> list[dict[str, Any]]:
        return self.table("pitfalls")["pitfall"]

    @property
    def rubric(self) -> dict[str, list[dict[str, Any]]]:
        return self.table("passes")["explain"]

    @property
    def lessons(self) -> list[str]:
        return [(self.folder / f"lesson.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")]

    @cache  # noqa: B019  a handful of topics
    def checks(self) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"checks_of_{self.folder.name}", self.folder / "checks.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def told(self, language: str, kind: str, text: str) -> set[str]:
        """The ideas or errors of the rubric whose words occur in the text."""
        rows = self.rubric[kind]
        return {row["id"] for row in rows if any(word.lower() in text.lower() for word in row["words"][language])}


TOPICS = [
    Topic(one.id, one.folder)
    for one in load().topics.values()
    if one.folder and (one.folder / "lesson.zh.md").is_file()
]
PITFALLS = [pytest.param(topic, row, id=f"{topic.id}-{row['id']}") for topic in TOPICS for row in topic.pitfalls]
FORMULAS = [
    pytest.param(topic, name, id=f"{topic.id}-{name}")
    for topic in TOPICS
    for name in sorted(set(re.findall(r'\{check="(\w+)"\}', topic.lessons[0])))
]
each = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.id)
in_both = pytest.mark.parametrize("language", ["zh", "en"])


def run(program: str) -> None:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        exec(compile(program, "<pitfall>", "exec"), {"__name__": "pitfall"})


@pytest.mark.parametrize(("topic", "pitfall"), PITFALLS)
def test_a_pitfall_is_raised_and_its_repair_works(topic: Topic, pitfall: dict[str, Any]) -> None:
    """In both languages the first line of code in the repair, put in place of the program's last line, runs."""
    with pytest.raises((Exception, Warning)) as raised:
        run(pitfall["program"])
    said = traceback.format_exception_only(raised.value)[-1] + str(raised.value)
    assert pitfall["message"] in said
    before, _ = pitfall["program"].rstrip().rsplit("\n", 1)
    repairs = {found[1] for text in pitfall["repair"].values() if (found := CODE.search(text))}
    assert len(repairs) == 1, "both languages give the same line of code"
    run(f"{before}\n{repairs.pop()}\n")


@pytest.mark.parametrize(("topic", "name"), FORMULAS)
def test_a_formula_of_the_lesson_holds(topic: Topic, name: str) -> None:
    getattr(topic.checks(), name)()


def sentences(topic: Topic, language: str, kind: str) -> dict[str, str]:
    told = tomllib.loads((RUBRICS / f"{topic.id}.toml").read_text(encoding="utf-8"))
    return told[language][kind]


@in_both
@each
def test_the_rubric_tells_what_is_there_and_what_is_missing(topic: Topic, language: str) -> None:
    said = sentences(topic, language, "ideas")
    assert list(said) == [row["id"] for row in topic.rubric["idea"]]
    whole = " ".join(said.values())
    assert topic.told(language, "idea", whole) == set(said)
    assert topic.told(language, "error", whole) == set()
    for missing in said:
        shorter = " ".join(sentence for idea, sentence in said.items() if idea != missing)
        assert topic.told(language, "idea", shorter) == set(said) - {missing}


@in_both
@each
def test_the_rubric_names_each_known_error(topic: Topic, language: str) -> None:
    said = sentences(topic, language, "errors")
    assert set(said) == {row["id"] for row in topic.rubric["error"]}
    for error, sentence in said.items():
        assert topic.told(language, "error", sentence) == {error}


@each
def test_all_eight_passes_have_their_task(topic: Topic) -> None:
    assert [row["id"] for row in topic.table("passes")["pass"]] == [
        *("question", "picture", "mathematics", "code"),
        *("data", "cost", "history", "application"),
    ]


@each
def test_what_points_to_the_lesson_finds_it(topic: Topic) -> None:
    for row in [*topic.pitfalls, *topic.rubric["error"]]:
        for text in topic.lessons:
            assert f"{{#{row['section']}}}" in text, row["id"]


@each
def test_both_languages_run_the_same_programs(topic: Topic) -> None:
    zh, en = (re.findall(r"```\{run\} \w+\n.*?```", lesson, re.S) for lesson in topic.lessons)
    assert zh == en
