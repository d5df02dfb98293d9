"""ask, questions, summary, search, and what is done with notes and runs: as a learner types it, in both languages."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typer.testing import CliRunner

from tests.study.labs.school import course as lab_course
from wenjin.study.cli import labs, notes, questions, search, summary
from wenjin.study.cli.desk import Desk
from wenjin.study.cli.terminal import language
from wenjin.study.course import load
from wenjin.study.course.graph import Course
from wenjin.study.store.places import places

Said = tuple[int, str, str]
Wenjin = Callable[..., Said]


@pytest.fixture(scope="module")
def whole() -> Course:
    """The course, read once for all commands."""
    return load.load()


@pytest.fixture
def wenjin(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, whole: Course) -> Wenjin:
    monkeypatch.setattr(load, "load", lambda: whole)

    def run(*words: object, said: bytes = b"", **more: str) -> Said:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None)
        for room in (notes, questions, summary, search):
            room.register(app)
        labs.register(app, lambda data: Desk(places(data), language(), course=lab_course))
        done = CliRunner().invoke(app, [str(word) for word in words], input=said)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def test_a_question_is_asked_listed_answered_and_told(wenjin: Wenjin, tmp_path: Path) -> None:
    assert wenjin("questions") == (0, "No open questions.\n", "")
    tried = f"read {tmp_path / 'work'} twice"
    code, out, _ = wenjin("ask", "为什么\x1b[31m是根号？", "--at", "self-attention#why-sqrt-d", "--tried", tried)
    assert (code, out.startswith("Kept as ")) == (0, True)
    assert wenjin("ask", "On the whole?", "--at", "tokenization", "--json")[0] == 0
    rows = json.loads(wenjin("questions", "--json")[1])["questions"]
    assert [(row["topic"], row["anchor"], row["state"]) for row in rows] == [
        ("self-attention", "why-sqrt-d", "open"),
        ("tokenization", "lesson", "open"),
    ]
    id = rows[0]["id"][:8]
    listed = wenjin("questions")[1]
    assert f"{id}  self-attention#why-sqrt-d\n    为什么是根号？" in listed, "no color of a stranger's"
    assert wenjin("questions", "answer", id, "variance") == (0, f"{id} is answered.\n", "")
    assert id not in wenjin("questions")[1]
    assert "> variance" in wenjin("questions", "--all")[1]
    assert wenjin("questions", "reopen", id)[1] == f"{id} is open again.\n"
    issue = wenjin("questions", "issue", id)[1]
    assert "read <workspace> twice" in issue
    assert str(tmp_path) not in issue
    assert f"wenjin questions restore {id}" in wenjin("questions", "remove", id)[1]
    assert id not in wenjin("questions", "--all")[1]
    assert wenjin("questions", "restore", id)[0] == 0
    assert id in wenjin("questions")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ask", "x", "--at", "nothing"], "There is no topic nothing"),
        (["ask", "x", "--at", "self-attention#nothing"], "why-sqrt-d"),
        (["ask", " ", "--at", "self-attention"], "There is no text"),
        (["ask", "x" * 20_001, "--at", "self-attention"], "More than 20000 characters"),
        (["questions", "answer", "abc", "x"], "No question begins with abc"),
        (["summary", "--week", "2026-W60"], "There is no week 2026-W60"),
        (["summary", "--week", "2026-W01", "more"], "There is no week"),
        (["summary", "--unit", "qmatter/none"], "There is no unit qmatter/none"),
        (["summary", "--as", "poem"], "outline, map or mermaid"),
        (["summary", "--unit", "qmatter/pytorch", "--reflect", "x"], "use --week"),
        (["summary", "--week", "--unit", "qmatter/pytorch"], "not both"),
        (["summary", "2026-W47", "--unit", "qmatter/pytorch"], "not both"),
        (["summary", "--week", "--reflect", " "], "nothing was added"),
        (["note", "restore", "self-attention", "3"], "There is no version 3"),
        (["note", "history", "nothing"], "There is no topic nothing"),
        (["runs", "export"], "--csv FILE or --tensorboard DIR"),
        (["runs", "export", "abc", "--csv", "-"], "No run begins with abc"),
        (["runs", "repeat", "abc"], "No run begins with abc"),
    ],
)
def test_refusals_are_sentences(wenjin: Wenjin, words: list[str], said: str) -> None:
    code, _, error = wenjin(*words)
    assert code == 2
    assert said in error
    assert "Traceback" not in error


def test_the_week_as_outline_map_and_json(wenjin: Wenjin) -> None:
    assert "Nothing was recorded" in wenjin("summary", "--week", "2020-W01")[1]
    wenjin("note", "add", "self-attention", "x", "--section", "why-sqrt-d")
    wenjin("ask", "Why?", "--at", "tokenization")
    outline = wenjin("summary", "--week")[1]
    assert "- Self-attention\n  - Notes\n" in outline
    assert "- Text preparation and tokenization" in outline
    assert outline.rstrip().endswith("(yours to write)")
    assert "└─ What I make of it\n   └─ (yours to write)" in wenjin("summary", "--as", "map")[1]
    assert wenjin("summary", "--as", "mermaid")[1].startswith("mindmap")
    assert wenjin("summary", "--week", "--reflect", "slower")[0] == 0
    told = json.loads(wenjin("summary", "--week", "--json")[1])
    assert {row["topic"] for row in told["topics"]} == {"self-attention", "tokenization"}
    assert told["reflection"] == "slower"
    unit = json.loads(wenjin("summary", "--unit", "qmatter/transformer", "--json")[1])
    assert [row["topic"] for row in unit["topics"]] == ["self-attention"]
    assert "由你来写" in wenjin("summary", "--week", "2020-W01", WENJIN_LANG="zh")[1]


def test_search_finds_what_the_learner_wrote_and_the_course(wenjin: Wenjin) -> None:
    wenjin("note", "add", "self-attention", "about a zebra", "--section", "own-words")
    wenjin("ask", "Is a zebra a vector?", "--at", "tokenization")
    hits = json.loads(wenjin("search", "zebra", "--json")[1])["hits"]
    assert {(hit["kind"], hit["address"].partition("#")[0]) for hit in hits} == {
        ("summary", "/topics/self-attention"),
        ("question", "/questions"),
    }
    assert "(lesson · Self-attention)" in wenjin("search", "softmax")[1]
    pasted = "RuntimeError: The size of tensor a (7) must match the size of tensor b (9) at non-singleton dimension 1"
    assert "  (pitfall · Self-attention)  " in wenjin("search", *pasted.split())[1].splitlines()[0]
    code, _, error = wenjin("search", "qqqqqq")
    assert (code, error) == (1, "Nothing found; try a shorter word.\n")


def test_notes_are_private_have_versions_and_say_which_link_is_broken(wenjin: Wenjin) -> None:
    code, _, error = wenjin("note", "add", "self-attention", "see [[tokenisation]]", "--private")
    assert code == 0
    assert "did you mean tokenization?" in error
    (row,) = json.loads(wenjin("note", "list", "--json")[1])["notes"]
    assert row["private"]
    wenjin("note", "add", "self-attention", "more")
    versions = json.loads(wenjin("note", "history", "self-attention", "--json")[1])["versions"]
    assert versions[-1]["text"].endswith("more")
    assert wenjin("note", "restore", "self-attention", len(versions) - 1)[0] == 0
    assert "more" not in wenjin("note", "list")[1]
    assert wenjin("note", "history", "self-attention", "--show", len(versions))[1].endswith("more\n")
    assert json.loads(wenjin("note", "find", "tokenisation", "--json")[1])["notes"] == [
        row | {"at": json.loads(wenjin("note", "list", "--json")[1])["notes"][0]["at"]}
    ]


def test_runs_are_exported_pinned_and_repeated(wenjin: Wenjin, tmp_path: Path) -> None:
    assert wenjin("lab", "run", "walk", "--steps", "30", "--seed", "4", "--predict", "far")[0] == 0
    wenjin("runs", "remark", "last", "far away")
    code, out, _ = wenjin("runs", "export", "last", "--csv", "-")
    rows = list(csv.DictReader(io.StringIO(out)))
    run = json.loads(wenjin("runs", "show", "last", "--json")[1])
    levels = {row["name"]: float(row["value"]) for row in rows if row["what"] == "level"}
    assert (code, levels) == (0, run["levels"])
    board = tmp_path / "board"
    assert wenjin("runs", "export", "--tensorboard", board, "--csv", tmp_path / "runs.csv")[0] == 0
    (file,) = board.rglob("events.out.*")
    found = EventAccumulator(str(file.parent), size_guidance={"scalars": 0})
    found.Reload()
    points = [row for row in rows if row["what"] == "point"]
    read = {(tag, e.step): e.value for tag in found.Tags()["scalars"] for e in found.Scalars(tag)}
    for row in points:
        assert read[f"{row['name']}/{row['series']}", int(float(row["x"]))] == pytest.approx(
            float(row["value"]), rel=1e-6
        )
    assert len(read) == len(points) + len(levels)
    assert (tmp_path / "runs.csv").read_text(encoding="utf-8-sig") == out
    code, out, _ = wenjin("runs", "pin", "last")
    assert (code, out.startswith("Pinned to adding#lab-walk, in ")) == (0, True)
    wenjin("runs", "pin", "last")
    note = (tmp_path / "work" / "notes" / "adding.md").read_text(encoding="utf-8")
    assert note.count(f"](/runs/{run['run']})") == 1, "it is pinned once"
    assert "no section nowhere" in wenjin("runs", "pin", "last", "--section", "nowhere")[2]
    code, out, _ = wenjin("runs", "repeat", "last", "--json")
    again = json.loads(out)
    assert (code, again["repeats"], again["code_changed"]) == (0, run["run"], False)
    assert {row["how"] for row in again["levels"].values()} == {"same"}
    assert "repeats" in wenjin("runs", "repeat", run["run"][:6])[1]


def test_what_cannot_be_written_is_a_sentence(wenjin: Wenjin, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for where in (tmp_path / "file" / "x.csv", tmp_path / "no" / "x.csv"):
        code, out, error = wenjin("runs", "export", "--csv", where)
        assert (code, out) == (2, "")
        assert f"There is no folder {where.parent}" in error
    assert wenjin("runs", "export", "--tensorboard", tmp_path / "no" / "board")[0] == 2
    assert not (tmp_path / "no").exists(), "a mistyped path makes no folders"
    assert wenjin("runs", "export", "--csv", tmp_path / "x.csv")[::2] == (
        1,
        "There are no runs yet: nothing was saved.\n",
    )
    assert not (tmp_path / "x.csv").exists()


def test_what_is_done_with_questions_and_runs_is_told_to_scripts(wenjin: Wenjin) -> None:
    id = json.loads(wenjin("ask", "Why?", "--at", "ppo", "--json")[1])["id"]
    told = {
        deed: json.loads(wenjin("questions", deed, id, *more, "--json")[1])
        for deed, more in (("answer", ["so"]), ("reopen", []), ("remove", []), ("restore", []), ("issue", []))
    }
    assert [told[deed]["state"] for deed in ("answer", "reopen", "remove", "restore")] == [
        "answered",
        "open",
        "removed",
        "open",
    ]
    assert told["issue"]["question"] == id
    assert "Why?" in told["issue"]["issue"]
    assert wenjin("lab", "run", "walk", "--steps", "30", "--seed", "4", "--predict", "far")[0] == 0
    assert json.loads(wenjin("runs", "remark", "last", "far", "--json")[1])["remark"] == "far"
    assert json.loads(wenjin("runs", "pin", "last", "--json")[1])["note"] == "adding#lab-walk"


@pytest.mark.parametrize("tongue", ["zh", "en"])
@pytest.mark.parametrize(
    "words",
    ["ask", "questions", "questions answer", "questions issue", "summary", "search", "note history", "note restore"],
)
def test_help_has_examples_in_both_languages(tongue: str, words: str) -> None:
    """Help is fixed when the commands are made, so in a process of its own."""
    import os
    import subprocess
    import sys

    environ = os.environ | {"WENJIN_LANG": tongue, "COLUMNS": "100"}
    command = [sys.executable, "-m", "wenjin.cli", *words.split(), "--help"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=True)
    options = "选项：" if tongue == "zh" else "Options:"
    assert f"wenjin {words}" in done.stdout.split(options)[0].partition("\n")[2]
    assert any("\u4e00" <= char <= "\u9fff" for char in done.stdout) == (tongue == "zh")
