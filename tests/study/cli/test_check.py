"""check, hint, reset, next, list, solution: what they print, what they record, how they end."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.study.cli.school import ROOT
from wenjin.kit.verdict import Verdict
from wenjin.study.store.log import Event
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

School = Callable[..., subprocess.CompletedProcess[str]]
RIGHT = ROOT / "sample/kinds/exercises/running_mean/solution.py"
WRONG = """
class RunningMean:
    def __init__(self, start):
        self.mean = start

    def add(self, x):
        print("\\x1b[31mred\\x1b[0m \\u202eturned", x)
        self.mean = (self.mean + x) / 2
        return self.mean
"""


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    file = tmp_path / "wrong.py"
    file.write_text(WRONG)
    return file


def events(environ: dict[str, str]) -> list[Event]:
    log = open_log(places(environ=environ), role="command")
    try:
        return log.events()
    finally:
        log.close()


def test_one_json_object_a_file_in_order(process: School, wrong: Path, environ: dict[str, str], tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.py"
    done = process("check", "running-mean", wrong, RIGHT, nowhere, tmp_path, "-", "--json", said=RIGHT.read_text())
    assert done.returncode == 1, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["file"] for row in rows] == [str(wrong), str(RIGHT), str(nowhere), str(tmp_path), "-"]
    assert [row["verdict"] for row in rows] == ["wrong", "pass", "error", "error", "pass"]
    assert [row["name"] for row in rows] == ["averages-averages", None, "missing-file", "missing-file", None]
    fields = {"file", "exercise", "unkept", *Verdict.__slots__}
    for row in rows:
        assert set(row) == fields
        assert row["exercise"] == "kinds/running-mean"
        assert row["tier"] == rows[0]["tier"]
        assert set(row["feedback"]) == {"zh", "en"}
    told = [(event.kind, event.subject, event.data["verdict"], event.data["source"]) for event in events(environ)]
    assert told == [("attempt", "kinds/running-mean", verdict, "check") for verdict in ("wrong", "pass", "pass")]


READ = {
    "en": """Not yet right|The smallest failing case|averages-averages|It averages averages. Older numbers|
        Keep the sum and the count.|Where the lesson says so: kinds#why|Your output|red turned""",
    "zh": """还不对|最小的反例|averages-averages|把平均数再平均。|保存总和与个数。|课文这里讲到它：kinds#why|
        你的输出|red turned""",
}


@pytest.mark.parametrize("tongue", READ)
def test_a_verdict_reads_from_the_case_to_the_lesson(
    school: School, wrong: Path, environ: dict[str, str], tongue: str
) -> None:
    done = school("check", "kinds/running-mean", wrong, WENJIN_LANG=tongue)
    assert done.returncode == 1
    places_of = [done.stdout.find(part.strip()) for part in READ[tongue].split("|")]
    assert -1 not in places_of, done.stdout
    assert places_of == sorted(places_of)
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_without_a_file_the_workspace_is_judged_and_laid_first(school: School, environ: dict[str, str]) -> None:
    file = Path(environ["WENJIN_WORKSPACE"]) / "kinds" / "running_mean.py"
    done = school("check", "running_mean")
    assert done.returncode == 1
    assert "It did not run" in done.stdout
    file.write_text(RIGHT.read_text())
    done = school("check", "running_mean.py")
    assert done.returncode == 0
    assert done.stdout.startswith("✓ Passed")


def test_an_unknown_exercise_is_wrong_usage_and_names_the_nearest(school: School) -> None:
    done = school("check", "runing-mean", RIGHT)
    assert done.returncode == 2
    assert done.stderr.startswith("There is no exercise called runing-mean; did you mean running-mean")
    assert done.stdout == ""
    assert "did you mean" not in school("check", "xyz").stderr


def test_a_store_that_refuses_costs_a_sentence_and_not_the_verdict(
    school: School, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "occupied").write_text("")
    done = school("check", "running-mean", RIGHT, "--data", tmp_path / "occupied")
    assert done.returncode == 1
    assert "cannot be the data folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_hints_open_one_at_a_time_and_then_the_solution(school: School, environ: dict[str, str]) -> None:
    closed = school("solution", "running-mean")
    assert closed.returncode == 1
    assert "(0 of 2 hints are open)" in closed.stderr
    assert closed.stdout == ""
    first = school("hint", "running-mean").stdout
    assert first == "1/2  Think first.\n"
    second = school("hint", "running-mean").stdout
    assert "2/2  Keep the count.\nAll hints are open" in second
    assert school("hint", "running-mean").stdout == second
    opened = school("solution", "running-mean")
    assert opened.returncode == 0
    assert opened.stdout == RIGHT.read_text()
    assert [(event.kind, event.data.get("number")) for event in events(environ)] == [
        ("hint", 1),
        ("hint", 2),
        ("solution", None),
    ]


def test_hint_reset_and_solution_are_told_to_scripts(school: School) -> None:
    first = json.loads(school("hint", "running-mean", "--json").stdout)
    assert (first["exercise"], first["of"]) == ("kinds/running-mean", 2)
    assert [hint["en"] for hint in first["hints"]] == ["Think first."]
    assert len(json.loads(school("hint", "running-mean", "--json").stdout)["hints"]) == 2
    laid = json.loads(school("reset", "running-mean", "--json").stdout)
    assert laid["exercise"] == "kinds/running-mean"
    assert laid["file"].endswith("running_mean.py")
    told = json.loads(school("solution", "running-mean", "--json").stdout)
    assert told["solution"] == RIGHT.read_text(encoding="utf-8")


def test_every_form_has_a_sheet_that_starts_blank_and_a_solution_that_passes(school: School) -> None:
    for name in ("by-hand", "steps", "pick"):
        blank = school("check", name, "--json")
        assert json.loads(blank.stdout)["name"] == "incomplete", blank.stdout
        for _ in range(2):
            school("hint", name)
        answer = school("solution", name).stdout
        passed = school("check", name, "-", "--json", said=answer)
        assert json.loads(passed.stdout)["verdict"] == "pass", answer


def test_reset_keeps_what_stood_there_and_draws_fresh_numbers(school: School, environ: dict[str, str]) -> None:
    school("check", "by-hand")
    file = Path(environ["WENJIN_WORKSPACE"]) / "kinds" / "by_hand.toml"
    before = file.read_text()
    file.write_text(before + "# my notes\n")
    done = school("reset", "by-hand")
    assert done.returncode == 0, done.stderr
    kept = list((Path(environ["WENJIN_WORKSPACE"]) / ".history" / "kinds").iterdir())
    assert [each.read_text() for each in kept] == [before + "# my notes\n"]
    assert str(kept[0]) in done.stdout.replace("\n", "")
    assert "variant = 1" in file.read_text()
    assert file.read_text() != before


def test_next_and_list_follow_the_passes(school: School) -> None:
    assert "kinds/running-mean" in school("next").stdout
    school("check", "running-mean", RIGHT)
    following = school("next").stdout
    assert "a dot product by hand  kinds/by-hand" in following
    assert "by_hand.toml" in following
    listed = school("list").stdout.splitlines()
    assert listed[0].split()[:2] == ["1", "✓"]
    assert listed[1].split()[:3] == ["→", "2", "·"]
    assert listed[-1].endswith("1/4")
    told = json.loads(school("list", "--json").stdout)
    assert (told["passed"], told["next"]) == (1, "kinds/by-hand")
    first, second = told["exercises"][:2]
    assert (first["exercise"], first["status"], first["attempts"], first["last"]) == (
        "kinds/running-mean",
        "passed",
        1,
        "pass",
    )
    assert second["title"]["en"] == "a dot product by hand"
    assert (second["kind"], second["status"], second["hints"], second["of"]) == ("numeric", "new", 0, 2)
    assert len(told["exercises"]) == 4


@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_help_has_an_example_in_the_language_of_the_terminal(environ: dict[str, str], tongue: str) -> None:
    commands = ["check", "watch", "hint", "reset", "next", "list", "solution"]
    program = (
        "import sys, typer; from typer.testing import CliRunner; from wenjin.study.cli.exercises import register\n"
        "app = typer.Typer(rich_markup_mode=None); register(app)\n"
        "for name in sys.argv[1:]: print(CliRunner().invoke(app, [name, '--help']).output, end='\\0')"
    )
    command = [sys.executable, "-c", program, *commands]
    done = subprocess.run(command, env=environ | {"WENJIN_LANG": tongue}, capture_output=True, text=True, timeout=60)
    helps = done.stdout.split("\0")[:-1]
    assert len(helps) == len(commands)
    for name, help in zip(commands, helps, strict=True):
        assert f"wenjin {name}" in help
        assert any("一" <= letter <= "鿿" for letter in help) == (tongue == "zh")
