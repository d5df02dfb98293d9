"""`wenjin review`: single keys at a terminal, lines over a pipe, counts for scripts."""

import json
import re
import sys
import termios
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.study.cli.test_watch import Terminal
from wenjin.study.cli.review import register
from wenjin.study.course.load import load
from wenjin.study.store.log import Event, happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

REVIEW = (sys.executable, "-m", "wenjin.cli", "review")
Command = Callable[..., Result]
FIRST, SECOND = "self-attention/three-roles", "self-attention/variance-in-steps"


class Reviewing(Terminal):
    """A terminal with a whole `wenjin review` in it."""

    command = REVIEW


@pytest.fixture
def command(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in this process, its input a pipe."""

    def run(*words: str, said: str = "", **more: str) -> Result:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None)
        register(app)
        return CliRunner().invoke(app, list(words), input=said)

    return run


@pytest.fixture
def terminal(environ: dict[str, str]) -> Iterator[Callable[..., Reviewing]]:
    opened: list[Reviewing] = []

    def start(*words: str) -> Reviewing:
        opened.append(Reviewing(environ, *words))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def told(environ: dict[str, str], kind: str) -> list[Event]:
    log = open_log(places(Path(environ["WENJIN_DATA"]), environ={}), role="command")
    try:
        return log.events(kind)
    finally:
        log.close()


def test_a_sitting_at_a_terminal(terminal: Callable[..., Reviewing], environ: dict[str, str]) -> None:
    screen = terminal("--take", "self-attention")
    begin = screen.expect("10 left", "query, key and value", "Space answer")
    assert "\x1b[2J" in begin, "the screen is cleared"
    assert "leans toward itself" not in begin
    screen.press("3")  # no rating before the answer was seen
    screen.expect("10 left", "Space answer")
    screen.press(" ")
    shown = screen.expect("toward itself", "1 2 3 4 rate")
    assert r"W W^\top" in shown, "a formula as it is written"
    assert "self-attention#query-key-value" in shown
    assert "3 good 10 min" in re.sub(r"\x1b\[\d*m", "", shown)
    screen.press("4")
    screen.expect("9 left", "Space answer")
    screen.press("z")
    screen.expect("10 left", "query, key and value", "taken back", "q quit")
    screen.press("z")
    screen.expect("Nothing of today is left to undo", "q quit")
    screen.press(" ")
    screen.expect("1 2 3 4 rate")
    screen.press("1")
    screen.expect("10 left", "Space answer")
    screen.press("q")
    assert screen.ended() == 0
    assert "1 answered today, 0 recalled." in screen.shown
    kept = told(environ, "review")
    assert [(event.subject, event.data["rating"]) for event in kept] == [(FIRST, 4), (FIRST, 1)]
    assert all(event.data["ms"] >= 0 for event in kept)
    assert [event.data["event"] for event in told(environ, "undo")] == [kept[0].id]
    assert termios.tcgetattr(screen.slave) == screen.before, "the terminal is as it was"


def test_a_sitting_over_a_pipe_and_counts_for_scripts(command: Command, environ: dict[str, str]) -> None:
    nothing = command(WENJIN_LANG="zh")
    assert nothing.exit_code == 0
    assert "还没有卡片" in nothing.stdout
    offered = re.findall(r"wenjin review --take (\S+)", " ".join(nothing.stdout.split()))
    assert len(offered) == 3, "enough to begin with, however many topics there are"
    done = command("--take", "self-attention", said="\n4\n\n4\n" + "\n4\n" * 9)
    assert done.exit_code == 0
    assert "Nothing is left to review now." in done.stdout
    assert "10 answered today, 10 recalled." in done.stdout
    assert [event.subject for event in told(environ, "review")][:2] == [FIRST, SECOND]
    counted = json.loads(command("--json").stdout)
    assert {name: counted[name] for name in ("left", "due", "new", "today")} == {
        "left": 0,
        "due": 0,
        "new": 0,
        "today": 10,
    }
    assert counted["next"] > "2026"
    assert counted["buried"] == 1, "a sibling of one that was answered"
    refused = command("--take", "nothing")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert re.search(r"these have: .*self-attention", refused.stderr)
    assert "wenjin review --more 10" in command("--help").stdout


def test_cards_are_put_off_set_aside_taken_back_and_limited(command: Command, environ: dict[str, str]) -> None:
    command("--take", "self-attention", "--new-a-day", "3", said="b\nz\nx\nq\n")
    assert [event.kind for event in told(environ, "bury") + told(environ, "undo") + told(environ, "suspend")] == [
        "bury",
        "undo",
        "suspend",
    ]
    counted = json.loads(command("--json").stdout)
    assert (counted["new"], counted["suspended"]) == (3, 1)
    shown = command("--statistics", WENJIN_LANG="en")
    assert "Recalled when due (aim 90%)" in shown.stdout
    assert "young none yet, mature none yet, both none yet" in shown.stdout
    assert "At most 3 new cards and 200 reviews a day." in shown.stdout
    assert FIRST in shown.stdout.partition("Set aside:")[2]
    assert "每天最多 3 张新卡片" in command("--statistics", WENJIN_LANG="zh").stdout
    told_json = json.loads(command("--statistics", "--json").stdout)
    assert told_json["aside"] == [{"card": FIRST, "lapses": 0, "leech": False}]
    assert len(told_json["forecast"]) == 30
    refused = command("--unsuspend", SECOND, WENJIN_LANG="en")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"No card called {SECOND} is set aside; these are: {FIRST}." in refused.stderr
    assert json.loads(command("--unsuspend", FIRST, "--json").stdout)["suspended"] == 0
    assert command("--reviews-a-day", "-1").exit_code == 2


def test_an_answer_is_typed_and_compared(command: Command, environ: dict[str, str]) -> None:
    cards = load(coverage=False).topics["self-attention"].cards
    log = open_log(places(Path(environ["WENJIN_DATA"]), environ={}), role="command")
    for card in cards:
        if card.kind != "code":
            log.append(happened("suspend", f"self-attention/{card.id}", {}))
    log.close()
    shown = command("--take", "self-attention", said="t\nfuture = 1\n\n4\nq\n", WENJIN_LANG="en").stdout
    assert "t type it first" in shown
    assert "Not the same as the answer" in shown
    assert " yours future = 1" in shown
    assert "answer future = scores.new_ones" in shown
    assert [event.data["rating"] for event in told(environ, "review")] == [4]


def test_a_mistake_is_asked_by_its_commands(command: Command, environ: dict[str, str]) -> None:
    log = open_log(places(Path(environ["WENJIN_DATA"]), environ={}), role="command")
    ago = datetime.now(UTC) - timedelta(days=3)
    log.append(happened("attempt", "self-attention/attention-by-hand", {"verdict": "wrong", "name": "no-scaling"}, ago))
    log.close()
    shown = command(said="4\n \nq\n", WENJIN_LANG="en").stdout
    flat = " ".join(shown.split())
    assert "Once more, with fresh numbers" in flat
    assert "wenjin reset self-attention/attention-by-hand" in flat
    assert "a mistake of yours" in flat
    assert told(environ, "review") == [], "the next verdict is its review"
    assert json.loads(command("--json").stdout)["mistakes"] == 1
