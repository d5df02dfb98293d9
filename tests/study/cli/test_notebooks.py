"""Exported notebooks: their form, that they run from top to bottom, and who gives the verdict."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import typer
from typer.testing import CliRunner

from tests.conftest import FULL
from wenjin.kit.lab import levels
from wenjin.study.cli import notebooks, notebookwork
from wenjin.study.cli.archive import register
from wenjin.study.cli.notebooks import MARK, notebook
from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.judge.client import local_judge
from wenjin.study.labs import client
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

TEXT = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
BUNDLE = {"type": "object", "additionalProperties": TEXT}
STREAM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["output_type", "name", "text"],
    "properties": {"output_type": {"const": "stream"}, "name": {"type": "string"}, "text": TEXT},
}
SHARED = {
    "id": {"type": "string", "pattern": "^[a-zA-Z0-9-_]+$", "minLength": 1, "maxLength": 64},
    "metadata": {"type": "object"},
    "source": TEXT,
}
# What of the schema of nbformat 4.5 our notebooks use; nbformat itself was asked once, and found no fault.
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["metadata", "nbformat_minor", "nbformat", "cells"],
    "properties": {
        "metadata": {
            "type": "object",
            "required": ["kernelspec", "language_info"],
            "properties": {
                "kernelspec": {"type": "object", "required": ["name", "display_name"]},
                "language_info": {"type": "object", "required": ["name"]},
                "title": {"type": "string"},
            },
        },
        "nbformat": {"const": 4},
        "nbformat_minor": {"const": 5},
        "cells": {
            "type": "array",
            "items": {
                "oneOf": [
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["id", "cell_type", "metadata", "source"],
                        "properties": SHARED
                        | {
                            "cell_type": {"const": "markdown"},
                            "attachments": {"type": "object", "additionalProperties": BUNDLE},
                        },
                    },
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["id", "cell_type", "metadata", "source", "outputs", "execution_count"],
                        "properties": SHARED
                        | {
                            "cell_type": {"const": "code"},
                            "execution_count": {"type": ["integer", "null"]},
                            "outputs": {"type": "array", "items": STREAM},
                        },
                    },
                ]
            },
        },
    },
}
LAB = "probability-and-bayes/base-rate-simulator"


@pytest.fixture(scope="module")
def course() -> Course:
    return load(coverage=False)


@pytest.fixture(scope="module")
def made(course: Course) -> dict[tuple[str, str], dict[str, Any]]:
    """Every notebook by language and topic."""
    with local_judge() as judge:
        return {
            (tongue, topic.id): notebook(
                topic, course, tongue, lambda one, tongue=tongue: notebookwork.filled(judge, one, tongue)
            )
            for topic in course.topics.values()
            if topic.written
            for tongue in notebookwork.LANGUAGES
        }


def code(found: dict[str, Any]) -> dict[str, str]:
    return {cell["id"]: cell["source"] for cell in found["cells"] if cell["cell_type"] == "code"}


def test_every_notebook_has_the_form(made: dict[tuple[str, str], dict[str, Any]]) -> None:
    schema = jsonschema_rs.validator_for(SCHEMA)
    for found in made.values():
        schema.validate(json.loads(json.dumps(found)))
        ids = [cell["id"] for cell in found["cells"]]
        assert len(ids) == len(set(ids))


def test_every_notebook_holds_what_its_topic_has(course: Course, made: dict[tuple[str, str], dict[str, Any]]) -> None:
    for (tongue, id), found in made.items():
        topic, cells = course.topics[id], code(found)
        for exercise in topic.exercises:
            if exercise.written:
                answer = cells[f"answer-{exercise.name}"]
                assert answer.startswith(f"{MARK} {exercise.id}\n")
                assert exercise.starter.strip() in answer
                assert cells[f"check-{exercise.name}"].startswith(f"check('{exercise.id}'")
        for lab in topic.labs:
            if lab.written:
                assert cells[f"lab-{lab.name}"].startswith(f"lab('{lab.id}'")
        other = code(made["en" if tongue == "zh" else "zh", id])
        assert list(cells) == list(other), "both languages have the same cells"


def test_the_text_is_whole_and_leads_somewhere(made: dict[tuple[str, str], dict[str, Any]]) -> None:
    for (tongue, id), found in made.items():
        text = "\n\n".join(cell["source"] for cell in found["cells"] if cell["cell_type"] == "markdown")
        bare = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
        assert not re.search(r"\{\{|\{check=|\{#[a-z]|^:::|\?\}", bare, re.MULTILINE), (tongue, id)
        anchors = set(re.findall(r'<a id="([^"]+)">', text))
        for target in re.findall(r"\]\(([^)\s]+)\)", bare):
            if target.startswith("attachment:"):
                file = target.removeprefix("attachment:")
                assert any(file in cell.get("attachments", {}) for cell in found["cells"])
            elif target.startswith("#"):
                assert target[1:] in anchors or target == "#cards", (tongue, id, target)
            elif not target.startswith("https://"):
                file, _, anchor = target.partition("#")
                other = made[tongue, file.removesuffix(".ipynb")]
                assert not anchor or any(f'<a id="{anchor}">' in cell["source"] for cell in other["cells"])


def with_small_labs(found: dict[str, Any], folder: Path) -> Path:
    """The notebook as a file, its labs with small arguments where this is the short depth."""
    for cell in found["cells"]:
        if cell["id"].startswith("lab-") and not FULL:
            cell["source"] = f"lab({LAB!r}, people=20000)"
    file = folder / found["metadata"]["wenjin"]["lang"] / f"{found['metadata']['wenjin']['topic']}.ipynb"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found), encoding="utf-8")
    return file


def test_they_run_from_top_to_bottom_with_the_recorded_results(
    course: Course, made: dict[tuple[str, str], dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    picked = made if FULL else {key: made[key] for key in [("en", "python-core")]}
    for key, found in picked.items():
        file = with_small_labs(json.loads(json.dumps(found)), tmp_path)
        assert list(notebookwork.run(file, course, tmp_path / "data", tmp_path)) == [], key
    log = open_log(places(tmp_path / "data", environ={}), role="command")
    told = log.events("attempt")
    log.close()
    assert {event.data["source"] for event in told} == {"notebook"}, "an answer goes into the record"


def test_what_is_wrong_with_a_notebook_is_told(course: Course, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    cells = [("run-a", "print(1 + 1)", "3\n"), ("run-b", "1 / 0", ""), ("run-c", "print(2)", "2\n")]
    made = [
        {"cell_type": "code", "id": id, "source": text, "outputs": [{"text": out}] if out else []}
        for id, text, out in cells
    ]
    file = tmp_path / "self-attention.ipynb"
    file.write_text(json.dumps({"metadata": {"wenjin": {"lang": "en"}}, "cells": made}), encoding="utf-8")
    faults = list(notebookwork.run(file, course, tmp_path / "data", tmp_path))
    assert [cell for cell, _ in faults] == ["run-a", "run-b"]
    assert faults[1][1].en == "ZeroDivisionError: division by zero"


def test_a_lab_in_a_notebook_is_the_runner_s(course: Course, tmp_path: Path) -> None:
    script = f"from wenjin.study.cli.notebook import lab\nprint(lab({LAB!r}, people=20000).levels)"
    environ = {**os.environ, "WENJIN_DATA": str(tmp_path), "WENJIN_LANG": "en"}
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environ, timeout=120)
    found = course.lab(LAB)
    assert found is not None
    assert found.form is not None
    outcome = client.run(course.root, LAB, found.form.read({"people": "20000"}), data=tmp_path)
    assert outcome.end.whole, outcome.end.why
    assert eval(said.stdout) == levels(outcome.frames), said.stderr


def test_the_command_writes_both_languages_and_nothing_where_it_cannot(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    app = typer.Typer(rich_markup_mode=None)
    register(app)

    def run(*words: object) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["export", "notebooks", *map(str, words)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    code_, out, _ = run(tmp_path / "out", "--topic", "python-core", "--json")
    assert (code_, json.loads(out)["notebooks"]) == (0, 2)
    assert sorted(str(f.relative_to(tmp_path / "out")) for f in (tmp_path / "out").rglob("*.ipynb")) == [
        "en/python-core.ipynb",
        "zh/python-core.ipynb",
    ]
    for words, said in (
        ([tmp_path / "out"], "exists already"),
        ([tmp_path / "no" / "where"], "There is no folder"),
        ([tmp_path / "x", "--topic", "nothing"], "There is no topic nothing"),
        ([tmp_path / "x", "--topic", "multi-head-attention"], "has no lesson yet"),
        ([], "Say where to"),
    ):
        code_, _, error = run(*words)
        assert code_ == 2
        assert said in error
    monkeypatch.setattr(notebooks.Builder, "build", lambda self: 1 / 0)
    course = load(coverage=False)
    with pytest.raises(ZeroDivisionError):
        notebookwork.write(tmp_path / "x", course, notebookwork.chosen(course, "python-core"))
    assert not list(tmp_path.glob("*x*")), "all of it or nothing"
