"""Every listed error is found by its message, however its numbers and names are; the self-test sees what is not so."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from wenjin.study.cli import again, pitfalls
from wenjin.study.course.load import load
from wenjin.study.course.pitfalls import every, matching

COURSE = load(coverage=False)
MET = every(COURSE)
Said = tuple[int, str, str]


@pytest.fixture
def wenjin(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    def run(*words: object, said: str = "", **more: str) -> Said:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None)
        pitfalls.register(app)
        again.register(app)
        done = CliRunner().invoke(app, [str(word) for word in words], input=said.encode())
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.mark.parametrize("met", MET, ids=lambda met: met.id)
def test_a_pasted_traceback_finds_its_pitfall(met: Any) -> None:
    pasted = (
        f'Traceback (most recent call last):\n  File "/srv/work/train.py", line 12, in <module>\n{met.pitfall.message}'
    )
    same = [one.id for one in MET if one.pitfall.message in pasted or met.pitfall.message in one.pitfall.message]
    assert matching(pasted, MET)[0].id in same
    other = re.sub(r"\d+", lambda found: str(int(found[0][:9]) + 7), met.pitfall.message)
    assert met.id in [one.id for one in matching(f"RuntimeError: {other}", MET)]


@pytest.mark.parametrize("pasted", ["", "\n\n", "all is well", "KeyError: 'x'", "(((", "�" * 50])
def test_what_is_like_none_finds_none(pasted: str) -> None:
    assert matching(pasted, MET) == []


def test_the_command_finds_and_refuses(wenjin: Callable[..., Said]) -> None:
    pasted = "RuntimeError: expected scalar type Float but found BFloat16"
    code, out, _ = wenjin("pitfall", pasted)
    assert code == 0
    assert "Repair: Turn the weights back first" in out
    assert "see self-attention#half-precision" in out
    assert "改法" in wenjin("pitfall", "-", said=pasted, WENJIN_LANG="zh")[1]
    rows = json.loads(wenjin("pitfall", "--topic", "self-attention", "--json")[1])
    assert len(rows) == sum(met.topic.id == "self-attention" for met in MET)
    code, out, _ = wenjin("pitfall", "nothing like it")
    assert (code, "No listed error is like it" in out) == (1, True)
    assert "Give the message" in wenjin("pitfall")[2]
    assert "There is no topic called x" in wenjin("pitfall", "y", "--topic", "x")[2]


def test_the_self_test_raises_and_mends(wenjin: Callable[..., Said], small: Any) -> None:
    code, out, _ = wenjin("pitfall", "--self-test", "--root", small.root)
    assert (code, "raised and mended, all 1" in out) == (0, True), out
    pitfall = "counting/doubling/pitfalls.toml"
    for old, new, words in (
        ("print(int(size) + 3)", "print(size + 4)", "With its repair the program still raises: TypeError"),
        ("size + 3", "int(size) + 3", "The program raises nothing"),
    ):
        text = (Path(small.root) / pitfall).read_text(encoding="utf-8")
        small.replace(pitfall, old, new)
        code, out, _ = wenjin("pitfall", "--self-test", "--root", small.root)
        assert (code, words in out) == (1, True), out
        told = json.loads(wenjin("pitfall", "--self-test", "--json", "--root", small.root)[1])
        assert told["wrong"] == 1
        (Path(small.root) / pitfall).write_text(text, encoding="utf-8")
