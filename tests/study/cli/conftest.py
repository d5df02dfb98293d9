"""The exercise commands, run as a learner runs them, with folders of their own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.study.cli.school import course, judge
from wenjin.study.cli.desk import Desk
from wenjin.study.cli.exercises import register
from wenjin.study.cli.terminal import language
from wenjin.study.judge.client import Judge
from wenjin.study.store.places import places

SCHOOL = Path(__file__).with_name("school.py")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """English, no colors, and nothing of this user's."""
    ours = {"WENJIN_DATA": "data", "WENJIN_WORKSPACE": "work"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WENJIN_")}
    return kept | {name: str(tmp_path / at) for name, at in ours.items()} | {"WENJIN_LANG": "en", "COLUMNS": "100"}


@pytest.fixture(scope="session")
def lasting() -> Iterator[Judge]:
    """One judge for all commands that run in this process; a desk that closes it leaves it warm."""

    class Lasting(Judge):
        def close(self) -> None:
            return

    made = judge()
    kept = Lasting(made.command, made.readable)
    yield kept
    Judge.close(kept)


@pytest.fixture
def school(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, lasting: Judge
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A command as `process` runs it, in this process and with a judge that is warm already."""

    def run(*words: object, said: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None)
        register(app, lambda data: Desk(places(data), language(), course=course, judge=lambda: lasting))
        done = CliRunner().invoke(app, [str(word) for word in words], input=said)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def process(environ: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A command in a process of its own, as a learner starts it."""

    def run(*words: object, said: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCHOOL), *map(str, words)]
        return subprocess.run(command, input=said, env=environ | more, capture_output=True, text=True, timeout=120)

    return run
