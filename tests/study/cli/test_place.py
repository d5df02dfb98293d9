"""`wenjin place`, `wenjin gate`, `wenjin mastery`: over a pipe, and for scripts."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from wenjin.kit.text import Text
from wenjin.study.cli import asking
from wenjin.study.cli.desk import Desk
from wenjin.study.cli.place import register
from wenjin.study.cli.terminal import language
from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.judge.client import local_judge
from wenjin.study.progress.gate import asked
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

Command = Callable[..., Result]
ROOT = "self-attention"


@pytest.fixture
def command(generated_course: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The commands in this process, over the generated course; its input is a pipe."""
    course = load(generated_course, coverage=False)

    def opened(data: Path | None) -> Desk:
        judge = partial(local_judge, generated_course)
        return Desk(places(data), language(), course=lambda: course, judge=judge)

    def run(*words: str, said: str = "", **more: str) -> Result:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None)
        register(app, opened)
        return CliRunner().invoke(app, list(words), input=said)

    return run


def told(environ: dict[str, str], kind: str) -> list[dict[str, Any]]:
    log = open_log(places(Path(environ["WENJIN_DATA"]), environ={}), role="command")
    try:
        return [dict(event.data) for event in log.events(kind)]
    finally:
        log.close()


def test_a_placement_is_left_and_gone_on_with(command: Command, environ: dict[str, str]) -> None:
    left = command("place", said="\nnonsense\nq\n")
    assert left.exit_code == 0
    assert "Question 1 of at most 30" in left.stdout
    assert "Question 2 of at most 30" in left.stdout
    assert "cannot be read" in left.stdout
    assert "run it again to go on" in left.stdout
    state = json.loads(command("place", "--json").stdout)
    assert (state["open"], state["answered"], state["next"]["number"]) == (True, 1, 2)
    rest = command("place", said="\n" * 40, WENJIN_LANG="zh")
    assert "第 2 题，最多 30 题" in rest.stdout
    assert "会 0 个主题" in rest.stdout
    assert "从这里学起" in rest.stdout
    ended = json.loads(command("place", "--json", WENJIN_LANG="en").stdout)
    assert not ended["open"]
    assert 2 <= ended["answered"] <= 30
    assert (ended["known"], ended["next"], ended["unasked"]) == ({}, None, [])
    assert [row["what"] for row in told(environ, "place")][:: len(told(environ, "place")) - 1] == ["began", "ended"]
    assert "No placement test is open" in command("place", "--end").stderr
    assert "Question" not in command("place").stdout, "a finished test is shown, not taken again"
    assert "Question 1 of at most 30" in command("place", "--again", said="q\n").stdout
    assert "0 answered" in command("place", "--end").stdout


def lines(course: Course, topic: str, gate: str, extra: int, skipped: int = 0) -> str:
    """What to type at a gate test: the rule of the topic, with so much more than its one; the first ones left open."""
    number, typed = list(course.topics).index(topic) + 2, list[str]()
    with local_judge(course.root) as judge:
        for item in asked(course.topics[topic], gate):
            x = Random(item.variant).randint(2, 97)
            if item.exercise.kind == "choice":
                options = judge.problem(item.exercise.id, item.variant)["steps"][0]["options"]
                wanted = "right" if extra == 1 else "bare"
                typed.append(str([option["key"] for option in options].index(wanted) + 1))
            else:
                back = item.exercise.name == "reckon-back"
                typed.append(str((number * x + 1 - extra) / number if back else number * x + extra))
    return "\n".join([""] * skipped + typed[skipped:]) + "\n"


def test_a_gate_that_is_failed_then_passed(command: Command, environ: dict[str, str], generated_course: Path) -> None:
    course = load(generated_course, coverage=False)
    assert "Question 1 of 4" in command("gate", ROOT, said="q\n").stdout
    failed = command("gate", ROOT, said=lines(course, ROOT, told(environ, "gate")[-1]["gate"], extra=0))
    assert f"Not passed yet, 0 of 4 right. Read first: {ROOT}, {ROOT}#how" in failed.stdout
    assert told(environ, "gate")[-1]["passed"] is False
    known = json.loads(command("mastery", ROOT, "--json").stdout)
    assert (known["standing"], [row["kind"] for row in known["evidence"]]) == ("unknown", ["gate"])
    command("gate", ROOT, said="q\n")
    passed = command("gate", ROOT, said=lines(course, ROOT, told(environ, "gate")[-1]["gate"], extra=1, skipped=1))
    assert "Passed, 3 of 4 right." in passed.stdout
    assert json.loads(command("mastery", ROOT, "--json").stdout)["standing"] == "known"
    assert json.loads(command("gate", ROOT, "--json").stdout)["newest"]["passed"] is True


def test_why_a_topic_is_known(command: Command, environ: dict[str, str]) -> None:
    from wenjin.study.store.log import happened

    assert "no evidence yet" in command("mastery").stdout
    assert "还没有证据" in command("mastery", ROOT, WENJIN_LANG="zh").stdout
    log = open_log(places(Path(environ["WENJIN_DATA"]), environ={}), role="command")
    log.append(happened("gate", ROOT, {"what": "ended", "gate": "g", "passed": True, "share": 1.0}))
    log.close()
    text = command("mastery", ROOT, WENJIN_LANG="en").stdout
    assert f"{ROOT}  71%  known" in text
    assert "2.500 ÷ (2.500 + 1) = 0.714" in text
    assert f"71%  known  {ROOT}" in command("mastery").stdout
    assert len(json.loads(command("mastery", "--json").stdout)["topics"]) == 93


def test_bad_names_get_a_sentence(command: Command) -> None:
    wrong = command("gate", "self-atention")
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith("There is no topic called self-atention.")
    assert "self-attention" in wrong.stderr
    assert "没有名为 nothing 的主题" in command("mastery", "nothing", WENJIN_LANG="zh").stderr


@pytest.mark.parametrize("name", ["place", "gate", "mastery"])
def test_help_has_examples_in_both_languages(command: Command, name: str) -> None:
    for tongue in ("zh", "en"):
        assert f"wenjin {name} " in command(name, "--help", WENJIN_LANG=tongue).stdout


def test_every_form_of_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    def given(problem: dict[str, Any], said: str) -> Any:
        monkeypatch.setattr("sys.stdin", io.StringIO(said))
        return asking.ask(problem, "en")

    text = Text("甲", "A").as_dict()
    blanks = [{"name": name, "label": text, "shape": shape} for name, shape in (("one", []), ("square", [2, 2]))]
    numbers = {"form": "numeric", "show": text, "fields": blanks}
    assert given(numbers, "−1.5\n1 2 3\n1, 2，3 4\n") == {"one": -1.5, "square": [[1, 2], [3, 4]]}
    order = {"form": "order", "items": [{"key": key, "text": text} for key in "abc"]}
    assert given(order, "1 1 2\n3 1 2\n") == {"order": ["c", "a", "b"]}
    options = [{"key": key, "text": text} for key in "xy"]
    choice = {"form": "choice", "steps": [{"key": "step", "prompt": text, "options": options}]}
    assert given(choice, "3\n1.5\ninf\nnan\n²\n2\n") == {"step": "y"}
    assert given(choice, "\n") is None
    for said in ("q\n", ""):
        with pytest.raises(asking.Left):
            given(choice, said)
