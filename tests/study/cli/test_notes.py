"""`wenjin note …`: what is added is found again, and refusals are sentences."""

from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from wenjin.study.cli.notes import register

Said = tuple[int, str, str]


@pytest.fixture
def note(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    def run(*words: str, said: bytes = b"") -> Said:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None)
        register(app)
        app.command("other")(lambda: None)  # with one group alone, its name would not be asked for
        done = CliRunner().invoke(app, ["note", *words], input=said)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def test_add_find_and_list(note: Callable[..., Said], tmp_path: Path) -> None:
    assert note("list") == (0, "No notes yet.\n", "")
    code, out, _ = note("add", "self-attention", "方差是 $d$", "--section", "why-sqrt-d")
    file = tmp_path / "work" / "notes" / "self-attention.md"
    assert (code, out) == (0, f"Written to {file}\n")
    assert note("add", "self-attention", "--section", "why-sqrt-d", said=b"and \xff a second\n")[0] == 0
    assert note("add", "ppo", "read first")[0] == 0
    code, out, _ = note("find", "方差")
    assert code == 0
    assert out.startswith("self-attention#why-sqrt-d  ")
    assert "    方差是 $d$\n    \n    and \ufffd a second\n" in out
    assert note("find", "nowhere")[0] == 1
    assert note("list")[1].count("#") == 2
    file.write_text(file.read_text(encoding="utf-8").replace("second", "third"), encoding="utf-8")
    assert "third" in note("list", "self-attention")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "nothing", "x"], "There is no topic nothing"),
        (["add", "self-attention", "x", "--section", "nothing"], "why-sqrt-d"),
        (["add", "self-attention"], "There is no text"),
        (["add", "self-attention", "x" * 1_000_001], "more than 1000000 characters"),
        (["list", "nothing"], "There is no topic nothing"),
    ],
)
def test_refusals_are_sentences(note: Callable[..., Said], words: list[str], said: str) -> None:
    code, _, error = note(*words)
    assert code == 2
    assert said in error
    assert "Traceback" not in error
