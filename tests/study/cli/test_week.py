"""`wenjin week`, run as a learner runs it."""

import json
import subprocess
from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner

from tests.study.cli.school import course
from wenjin.study.cli.desk import Desk
from wenjin.study.cli.terminal import language
from wenjin.study.cli.week import CHECK, LIST, register
from wenjin.study.store.places import places

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def wenjin(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*words: object, said: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None)
        register(app, lambda data: Desk(places(data), language(), course=course))
        done = CliRunner().invoke(app, ["week", *(str(word) for word in words)], input=said)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    return run


def test_the_four_questions_are_asked_with_what_the_log_shows_and_kept(wenjin: Run) -> None:
    asked = wenjin("check", said="7\neleven\n0\n6\n8\n5\ncaught up\n")
    assert asked.returncode == 0, asked.stderr
    for words in ("Theory", "Practice", "Code", "Notes", "measured mastery", "first try", "is kept"):
        assert words in asked.stdout
    assert asked.stdout.count("a whole number from 1 to 10") == 2
    listed = json.loads(wenjin("list", "--json").stdout)["weeks"]
    assert listed[-1]["scores"] == {"theory": 7, "practice": 6, "code": 8, "notes": 5}
    assert (listed[-1]["standing"], listed[-1]["remark"]) == ("kept", "caught up")
    assert "caught up" in wenjin("list").stdout
    again = wenjin("check", "--theory", 9, "--practice", 9, "--code", 9, "--notes", 9, "--json")
    assert json.loads(again.stdout)["theory"] == 9
    assert json.loads(wenjin("list", "--json").stdout)["weeks"][-1]["scores"]["theory"] == 9


def test_skipped_weeks_are_said(wenjin: Run, environ: dict[str, str]) -> None:
    from datetime import datetime, timedelta
    from pathlib import Path

    from wenjin.study.store.log import happened
    from wenjin.study.store.owner import open_log

    log = open_log(places(Path(environ["WENJIN_DATA"]), environ={}), role="command")
    log.append(happened("attempt", "kinds/pick", {"verdict": "pass"}, datetime.now().astimezone() - timedelta(weeks=3)))
    log.close()
    wenjin("check", "--theory", 5, "--practice", 5, "--code", 5, "--notes", 5)
    rows = json.loads(wenjin("list", "--json").stdout)["weeks"]
    assert [row["standing"] for row in rows] == ["skipped", "skipped", "skipped", "kept"]
    told = wenjin("list").stdout
    assert told.count("skipped") == 4
    assert "weeks skipped: 3" in told
    late = wenjin("check", "--week", rows[1]["week"], "--theory", 3, "--practice", 3, "--code", 3, "--notes", 3)
    assert f"{rows[1]['week']} is kept" in late.stdout
    assert "3 周跳过" not in wenjin("list", WENJIN_LANG="zh").stdout


def test_bad_words_get_one_sentence_and_nothing_is_kept(wenjin: Run) -> None:
    cases = [
        (("check", "--theory", 5), 2, "Missing: --practice, --code, --notes"),
        (("check", "--week", "2026-W99"), 2, "2026-W99 cannot be judged"),
        (("check",), 1, "Nothing is kept"),
    ]
    for words, code, sentence in cases:
        done = wenjin(*words, said="7\n6\n" if words == ("check",) else "")
        assert (done.returncode, sentence in done.stderr) == (code, True), done.stderr
    assert wenjin("check", "--theory", 50).returncode == 2
    assert json.loads(wenjin("list", "--json").stdout)["weeks"][-1]["standing"] == "open"


def test_an_earlier_week_is_judged_by_what_is_known_of_it(wenjin: Run) -> None:
    from datetime import datetime, timedelta

    from wenjin.study.progress.week import name

    now = datetime.now().astimezone()
    before = name((now - timedelta(weeks=1, hours=4)).date())
    scores = ("--theory", 3, "--practice", 3, "--code", 3, "--notes", 3)
    seen = json.loads(wenjin("check", "--week", before, "--json").stdout)
    assert seen["evidence"]["as_of"] is not None, "mastery and files are those of today"
    assert seen["suggested"]["theory"] is None
    assert "not of that week" in wenjin("check", "--week", before, said="1\n1\n1\n1\n\n").stdout
    kept = json.loads(wenjin("check", "--week", before, *scores, "--json").stdout)
    assert kept["evidence"]["as_of"] == seen["evidence"]["as_of"]
    assert json.loads(wenjin("check", "--json").stdout)["evidence"]["as_of"] is None
    assert wenjin("check", "--week", name((now + timedelta(weeks=1)).date())).returncode == 2


def test_a_remark_that_is_too_long_is_refused_and_not_cut(wenjin: Run) -> None:
    scores = ("--theory", 3, "--practice", 3, "--code", 3, "--notes", 3)
    done = wenjin("check", *scores, "--remark", "字" * 2001)
    assert (done.returncode, "at most 2000 characters, and this has 2001" in done.stderr) == (2, True)
    assert json.loads(wenjin("list", "--json").stdout)["weeks"][-1]["standing"] == "open"
    asked = wenjin("check", said="7\n6\n8\n5\n" + "x" * 3000 + "\nshort\n")
    assert "At most 2000 characters" in asked.stdout
    assert json.loads(wenjin("list", "--json").stdout)["weeks"][-1]["remark"] == "short"
    assert wenjin("check", *scores, "--remark", "字" * 2000).returncode == 0


def test_help_has_examples_in_both_languages() -> None:
    for text in (CHECK, LIST):
        assert text.zh.count("wenjin week") >= 2
        assert text.en.count("wenjin week") >= 2
