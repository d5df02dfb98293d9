"""`wenjin checkpoint`, run as a learner runs it, on the real course with the real judge."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from wenjin.study.cli.checkpoint import register
from wenjin.study.cli.desk import Desk
from wenjin.study.cli.terminal import language
from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.judge.client import Judge, local_judge
from wenjin.study.store.places import places

OF = "thirty-weeks/stage-1"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def course() -> Course:
    return load(coverage=False)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    class Lasting(Judge):
        def close(self) -> None:
            return

    made = local_judge()
    kept = Lasting(made.command, made.readable)
    yield kept
    Judge.close(kept)


@pytest.fixture
def wenjin(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, course: Course, judge: Judge) -> Run:
    def run(*words: object, said: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]})
        register(app, lambda data: Desk(places(data), language(), course=lambda: course, judge=lambda: judge))
        done = CliRunner().invoke(app, [str(word) for word in words], input=said)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    return run


def references(course: Course, judge: Judge, items: list[list[object]], folder: Path) -> Path:
    """A folder with the reference answers of a paper."""
    for item, variant in items:
        exercise = course.exercises[str(item)]
        file = folder / exercise.topic / (exercise.name.replace("-", "_") + (".py" if exercise.code else ".toml"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(judge.solution(str(item), int(str(variant))), encoding="utf-8")
    return folder


def test_a_seed_draws_the_same_paper_twice_and_it_covers_every_written_topic(wenjin: Run, course: Course) -> None:
    one, two = (wenjin(OF, "--seed", 1, "--json") for _ in range(2))
    assert one.stdout == two.stdout
    drawn = json.loads(one.stdout)
    asked = {item.partition("/")[0] for item, _ in drawn["items"]}
    track, _, test = OF.partition("/")
    units = next(t.units for t in course.tracks[track].stage_tests if t.id == test)
    topics = {topic for unit in course.tracks[track].units if unit.id in units for topic in unit.topics}
    assert asked | set(drawn["untested"]) == topics
    assert not asked & set(drawn["untested"])
    assert json.loads(wenjin(OF, "--seed", 2, "--json").stdout)["items"] != drawn["items"]


def test_the_reference_answers_pass_and_planted_errors_are_reported_by_topic(
    wenjin: Run, course: Course, judge: Judge, tmp_path: Path
) -> None:
    drawn = json.loads(wenjin(OF, "--seed", 1, "--json").stdout)
    folder = references(course, judge, drawn["items"], tmp_path / "answers")
    told = json.loads(wenjin(OF, "--seed", 1, "--answers", folder, "--json").stdout)
    assert (told["right"], told["all"], told["weak"]) == (len(drawn["items"]), len(drawn["items"]), [])
    spoiled = folder / "probability-and-bayes" / "bayes_by_table.toml"
    spoiled.write_text(re.sub(r"= \[?[-0-9.]+", "= 7", spoiled.read_text(encoding="utf-8"), count=9), encoding="utf-8")
    for file in (folder / "tokenization").iterdir():
        file.unlink()
    again = json.loads(wenjin(OF, "--seed", 1, "--answers", folder, "--json").stdout)
    assert again["weak"] == ["tokenization", "probability-and-bayes"]
    assert again["before"][0]["right"] == len(drawn["items"])
    listed = json.loads(wenjin("list", "--json").stdout)
    assert [len(row["sat"]) for row in listed["papers"] if row["id"] == OF] == [2]
    assert "sat 2×, best" in wenjin("list", COLUMNS="140").stdout


def test_a_sitting_in_the_terminal_is_left_resumed_handed_in_and_reported(
    wenjin: Run, course: Course, judge: Judge, tmp_path: Path
) -> None:
    of = "thirty-weeks/week-1"
    drawn = json.loads(wenjin(of, "--seed", 3, "--json").stdout)
    left = wenjin(of, "--seed", 3, said="1\n\nq\n")
    assert "11 minutes" in left.stdout
    assert "No file has changed" in left.stdout
    id = re.search(r"checkpoint resume (\w+)", left.stdout)
    assert id
    folder = tmp_path / "work" / "papers" / id[1]
    for number, (item, variant) in enumerate(drawn["items"], 1):
        file = next(folder.glob(f"{number:02}-*"))
        file.write_text(judge.solution(item, variant), encoding="utf-8")
    cards = folder / "cards.txt"
    cards.write_text(cards.read_text(encoding="utf-8").replace(">>>\n", ">>>\nwhat I recall\n", 1), encoding="utf-8")
    over = wenjin("resume", said="\nh\nh\n")
    assert "2 of 2 right" in over.stdout
    assert "Every topic is right" in over.stdout
    assert "learning-paradigms-and-metrics" in over.stdout, "what was not tested is named"
    told = json.loads(wenjin("report", "--json").stdout)
    assert (told["id"], told["right"]) == (id[1], 2)
    held = wenjin("verify", id[1], told["code"][:16])
    assert (held.returncode, "2 of 2" in held.stdout) == (0, True)
    altered = wenjin("verify", id[1], "0" * 16)
    assert (altered.returncode, told["code"] in altered.stderr) == (1, True)
    assert "Nothing" not in wenjin("report", id[1], WENJIN_LANG="zh").stdout


def test_bad_words_get_one_sentence(wenjin: Run) -> None:
    cases = [
        (("nowhere",), 2, "no unit or stage test called nowhere"),
        (("thirty-weeks/week-33",), 2, "Did you mean"),
        (("thirty-weeks/weeks-29-30",), 1, "no written exercise"),
        (("resume",), 1, "No paper is open"),
        (("report", "none"), 2, "no sitting with the id none"),
        (("verify", "none"), 2, "two words"),
    ]
    for words, code, sentence in cases:
        done = wenjin(*words)
        assert (done.returncode, sentence in done.stderr) == (code, True), done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert wenjin(*words, WENJIN_LANG="zh").stderr.strip().endswith(("。", "？", "…。"))


def test_help_has_examples() -> None:
    from wenjin.study.cli.checkpoint import HELP

    for text in (HELP.zh, HELP.en):
        assert text.count("wenjin checkpoint ") >= 8
