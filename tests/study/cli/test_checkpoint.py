"""`wenjin checkpoint`, run as a learner runs it, on the real course with the real judge."""

import json
import re
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from wenjin.study.cli.checkpoint import register
from wenjin.study.cli.desk import Desk
from wenjin.study.cli.terminal import language
from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.judge import forms
from wenjin.study.judge.client import Judge, local_judge
from wenjin.study.judge.sitting import page_of
from wenjin.study.progress.paper import seal
from wenjin.study.store.log import happened
from wenjin.study.store.owner import open_log
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


def test_a_folder_without_answers_records_nothing_and_one_with_answers_says_that_it_was_not_timed(
    wenjin: Run, course: Course, judge: Judge, tmp_path: Path
) -> None:
    of = "thirty-weeks/week-1"
    (tmp_path / "empty").mkdir()
    for name in ("empty", "missing"):
        for more in ((), ("--json",)):
            done = wenjin(of, "--seed", 3, "--answers", tmp_path / name, *more)
            assert (done.returncode, "nothing was recorded" in done.stderr, done.stdout) == (2, True, "")
    listed = json.loads(wenjin("list", "--json").stdout)
    assert (listed["open"], [row for row in listed["papers"] if row["sat"]]) == ([], [])
    drawn = json.loads(wenjin(of, "--seed", 3, "--json").stdout)
    folder = references(course, judge, drawn["items"], tmp_path / "answers")
    told = json.loads(wenjin(of, "--seed", 3, "--answers", folder, "--json").stdout)
    assert (told["passed"], sorted(told["untimed"])) == (True, sorted(item for item, _ in drawn["items"]))
    assert "not timed: 1, 2" in wenjin("report").stdout


def test_what_is_written_while_the_clock_stands_is_said(wenjin: Run, judge: Judge, tmp_path: Path) -> None:
    of = "thirty-weeks/week-1"
    wenjin(of, "--seed", 3, said="q\n")
    sat = json.loads(wenjin("resume", "--json").stdout)
    assert (sat["of"], sat["kept"], Path(sat["folder"]).is_dir()) == (of, [], True)
    assert "not timed" not in wenjin("resume", said="q\n").stdout
    item, variant = sat["items"][1]
    file = next(Path(sat["folder"]).glob("02-*"))
    file.write_text(judge.solution(item, variant), encoding="utf-8")
    over = wenjin("resume", said="h\nh\n")
    assert "Changed while the clock stood: 2" in over.stdout
    assert "not timed: 2" in over.stdout
    assert json.loads(wenjin("report", "--json").stdout)["untimed"] == [item]


@pytest.fixture
def page(environ: dict[str, str]) -> Callable[..., dict[str, str]]:
    """What stands in the fields of a paper's page; with a form, after somebody has typed it there."""

    def fields(id: str, n: int, form: dict[str, str] | None = None) -> dict[str, str]:
        log = open_log(places(None, environ=environ), role="command")
        if form:
            forms.save(log, page_of(id, n), form)
        found = forms.kept(log, page_of(id, n))
        log.close()
        return found

    return fields


def test_what_is_typed_in_the_page_is_handed_in_from_the_terminal(
    wenjin: Run, page: Callable[..., dict[str, str]], course: Course, judge: Judge
) -> None:
    of = "thirty-weeks/week-1"
    wenjin(of, "--seed", 3, said="q\n")
    sat = json.loads(wenjin("resume", "--json").stdout)
    forms_of = {item: right(course, judge, item, variant) for item, variant in sat["items"]}
    for n, (item, _) in enumerate(sat["items"], 1):
        page(sat["id"], n, forms_of[item])
    page(sat["id"], 3, {f"card.{sat['cards'][0]}": "what I recall\n### of it"})
    over = wenjin("resume", said="h\nh\n")
    assert "2 of 2 right" in over.stdout
    assert "newly typed in the page stands in: 01-" in over.stdout
    assert "clock stood" not in over.stdout, "the page has its own clock"
    told = json.loads(wenjin("report", "--json").stdout)
    assert (told["right"], told["untimed"]) == (2, [])
    assert "what I recall\n ### of it" in (Path(sat["folder"]) / "cards.txt").read_text(encoding="utf-8")


def right(course: Course, judge: Judge, item: str, variant: int) -> dict[str, str]:
    """The fields that hold the reference answer."""
    text = judge.solution(item, variant)
    if course.exercises[item].code:
        return {"source": text}
    return forms.fields(judge.problem(item, variant), tomllib.loads(text)["answer"])


def test_neither_a_file_nor_the_page_is_overwritten_by_the_other(
    wenjin: Run, page: Callable[..., dict[str, str]], course: Course
) -> None:
    of = "sixteen-topics/python"
    wenjin(of, "--seed", 1, said="q\n")
    sat = json.loads(wenjin("resume", "--json").stdout)
    n = next(n for n, (item, _) in enumerate(sat["items"], 1) if course.exercises[item].code)
    file = next(Path(sat["folder"]).glob(f"{n:02}-*.py"))

    def stands() -> tuple[str, str]:
        return file.read_text(encoding="utf-8"), page(sat["id"], n)["source"]

    page(sat["id"], n, {"source": "page = 1\n"})
    wenjin("resume", said="q\n")
    assert stands() == ("page = 1\n", "page = 1\n"), "the file was untouched"
    page(sat["id"], n, {"source": "page = 2\n"})
    wenjin("resume", said="q\n")
    assert stands()[0] == "page = 2\n", "what stood in the file had come from the page"
    file.unlink()
    wenjin("resume", said="q\n")
    assert stands()[0] == "page = 2\n", "a file that is gone is laid again"
    assert len(list(file.parent.glob(f"{file.stem}*"))) == 1
    file.write_text("file = 3\n", encoding="utf-8")
    wenjin("resume", said="q\n")
    assert stands() == ("file = 3\n", "file = 3\n"), "the page goes on from the file, and hands it in"
    page(sat["id"], n, {"source": "page = 4\n"})
    file.write_text("file = 4\n", encoding="utf-8")
    said = wenjin("resume", said="q\n").stdout
    aside = file.with_name(f"{file.stem}.page.py")
    assert (stands(), aside.read_text(encoding="utf-8")) == (("file = 4\n", "file = 4\n"), "page = 4\n")
    assert f"what the page had is in {aside.name}" in said
    page(sat["id"], n, {"source": "page = 5\n"})
    said = wenjin("resume", said="q\n").stdout
    before = file.with_name(f"{file.stem}.before.py")
    assert (stands()[0], before.read_text(encoding="utf-8")) == ("page = 5\n", "file = 4\n")
    assert before.name in said
    told = wenjin("resume", said="q\n").stdout
    assert (before.name in told, aside.name in told) == (False, False), "said once"


def test_one_paper_of_a_unit_is_open_and_can_be_given_up_and_taken_up_again(wenjin: Run) -> None:
    of = "thirty-weeks/week-1"
    id = re.search(r"resume (\w+)", wenjin(of, "--seed", 3, said="q\n").stdout)
    assert id
    refused = wenjin(of, "--seed", 4, said="q\n")
    assert (refused.returncode, f"give-up {id[1]}" in refused.stderr) == (1, True)
    assert id[1] in wenjin(of, said="q\n").stdout, "without a number the open one goes on"
    assert json.loads(wenjin("give-up", "--json").stdout) == {"id": id[1], "of": of, "given_up": True}
    assert "No paper is open" in wenjin("resume").stderr
    assert json.loads(wenjin("resume", id[1], "--json").stdout)["given_up"] is True
    wenjin("resume", id[1], said="q\n")
    assert json.loads(wenjin("list", "--json").stdout)["open"] == [id[1]]
    assert "None of its answers" in wenjin("give-up").stdout.replace("none of its", "None of its")
    other = re.search(r"resume (\w+)", wenjin(of, "--seed", 4, said="q\n").stdout)
    assert other
    assert other[1] != id[1]
    assert wenjin("resume", id[1]).returncode == 1, "another one is open"


def test_the_day_of_a_code_is_the_day_of_the_certificate(
    wenjin: Run, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drawn = json.loads(wenjin("thirty-weeks/week-1", "--seed", 3, "--json").stdout) | {"what": "began"}
    end = {"what": "ended", "of": drawn["of"], "right": 0, "all": 2, "spent": 5.0, "why": "handed-in"}
    at = datetime(2026, 11, 22, 20, tzinfo=UTC)
    log = open_log(places(None, environ=environ), role="command")
    told = [happened("paper", "abc", data, at) for data in (drawn, end)]
    log.extend(told)
    log.close()
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        row = json.loads(wenjin("verify", "abc", seal(told, "abc"), "--json").stdout)
        assert (row["date"], row["holds"], row["right"]) == ("2026-11-23", True, 0)
        assert "2026-11-23" in wenjin("verify", "abc", seal(told, "abc")[:16]).stdout
        altered = wenjin("verify", "abc", "0" * 16, "--json")
        assert (altered.returncode, json.loads(altered.stdout)["holds"]) == (1, False)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_bad_words_get_one_sentence(wenjin: Run) -> None:
    cases = [
        (("nowhere",), 2, "no unit or stage test called nowhere"),
        (("thirty-weeks/week-33",), 2, "Did you mean"),
        (("thirty-weeks/weeks-29-30",), 1, "no written exercise"),
        (("resume",), 1, "No paper is open"),
        (("report", "none"), 2, "no sitting with the id none"),
        (("verify", "none"), 2, "two words"),
        (("thirty-weeks/week-1", "b", "c"), 2, "does not take “b”"),
        (("list", "thirty-weeks/week-1"), 2, "does not take “thirty-weeks/week-1”"),
        (("resume", "a", "b"), 2, "does not take “b”"),
        (("report", "--seed", "3"), 2, "not with report"),
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
    assert "判分的只有判题程序，参考答案和模型都不参与。" in HELP.zh
