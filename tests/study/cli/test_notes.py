"""`wenjin note …`: what is added is found again, and refusals are sentences."""

import json
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


def test_an_unwritable_mirror_keeps_the_note_and_is_no_success(note: Callable[..., Said], tmp_path: Path) -> None:
    folder = tmp_path / "work" / "notes"
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")
    code, out, error = note("add", "self-attention", "kept")
    assert (code, out) == (1, "")
    assert "The note is kept, but the file" in error
    code, out, error = note("list")
    assert code == 0
    assert "kept" in out
    folder.unlink()
    assert note("add", "self-attention", "more") == (0, f"Written to {folder / 'self-attention.md'}\n", "")
    assert note("restore", "self-attention", "1")[0] == 0
    folder.joinpath("self-attention.md").unlink()
    folder.rmdir()
    folder.write_text("again")
    code, out, error = note("restore", "self-attention", "2")
    assert (code, out) == (1, "Version 2 is back.\n")
    assert "The note is kept, but the file" in error


def test_a_file_that_is_no_text_is_told_where_notes_are_listed(note: Callable[..., Said], tmp_path: Path) -> None:
    note("add", "self-attention", "kept")
    file = tmp_path / "work" / "notes" / "self-attention.md"
    file.write_bytes("只有这几个字".encode("gb18030"))
    code, out, error = note("list")
    assert (code, "    kept\n" in out) == (0, True)
    assert f"{file} is not UTF-8" in error
    assert file.read_bytes() == "只有这几个字".encode("gb18030")


def test_a_long_note_is_listed_by_its_beginning(note: Callable[..., Said]) -> None:
    long = "\n".join(f"line {n}" for n in range(40))
    note("add", "self-attention", long)
    note("add", "ppo", "字" * 5000)
    code, out, _ = note("list")
    assert code == 0
    assert "line 11\n" in out
    assert "line 12\n" not in out
    assert "    … 5,000 characters in all; --whole prints them\n" in out
    assert "字" * 600 + "\n" in out
    assert "字" * 5000 + "\n" in note("list", "--whole")[1]
    assert "line 39\n" in note("find", "line", "--whole")[1]
    assert json.loads(note("list", "ppo", "--json")[1])["notes"][0]["text"] == "字" * 5000


def test_the_history_of_a_whole_lesson_names_the_sections_that_have_notes(note: Callable[..., Said]) -> None:
    assert note("history", "self-attention") == (0, "No notes yet.\n", "")
    note("add", "self-attention", "x", "--section", "why-sqrt-d")
    code, out, _ = note("history", "self-attention")
    assert code == 0
    assert "Sections with notes: why-sqrt-d; name one with --section." in out


def test_what_was_written_is_told_to_scripts(note: Callable[..., Said], tmp_path: Path) -> None:
    told = json.loads(note("add", "ppo", "one", "--json")[1])
    assert (told["topic"], told["anchor"], told["text"]) == ("ppo", "lesson", "one")
    assert told["file"] == str(tmp_path / "work" / "notes" / "ppo.md")
    note("add", "ppo", "two")
    told = json.loads(note("restore", "ppo", "1", "--json")[1])
    assert told == {"note": "ppo#lesson", "text": "one", "brought_back": 1}
