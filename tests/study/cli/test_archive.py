"""`wenjin export | import | backup | restore` as a learner types them: what they say, and that the state comes back."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from wenjin.study.cli.archive import register
from wenjin.study.store.log import happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

Said = tuple[int, str, str]


@pytest.fixture
def wenjin(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    def run(*words: object, **more: str) -> Said:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None)
        register(app)
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def lived(tmp_path: Path) -> Path:
    """A learner who has done a little."""
    here = places(tmp_path / "data", tmp_path / "work", {})
    log = open_log(here, role="command")
    log.append(happened("cards", "probability-and-bayes", {"topic": "probability-and-bayes"}))
    card = "probability-and-bayes/whose-share"
    log.append(happened("review", card, {"rating": 3, "ms": 1200}))
    log.append(happened("note", "self-attention#whole", {"text": "方差"}))
    log.save_draft("note:self-attention#whole", "方差", 0)
    log.close()
    here.workspace.mkdir()
    (here.workspace / "answer.py").write_text("print(1)\n", encoding="utf-8")
    return tmp_path


def test_out_and_into_an_empty_place_and_out_again(wenjin: Callable[..., Said], lived: Path) -> None:
    code, out, _ = wenjin("export", lived / "a.zip")
    assert (code, out.split(": ")[1].rpartition(", ")[0]) == (0, "3 events, 1 drafts, 1 files")
    other = {"WENJIN_DATA": str(lived / "other"), "WENJIN_WORKSPACE": str(lived / "elsewhere")}
    code, out, _ = wenjin("import", lived / "a.zip", **other)
    assert (code, out) == (0, "Imported: 3 new events, 1 drafts, 1 files; 0 events were here already.\n")
    assert wenjin("export", lived / "b.zip", **other)[0] == 0
    assert (lived / "a.zip").read_bytes() == (lived / "b.zip").read_bytes()
    code, out, _ = wenjin("import", lived / "a.zip", "--json", **other)
    told = json.loads(out)
    assert (told["events"], told["known"], told["files"], told["beside"]) == (0, 3, 0, [])
    assert told["backup"].endswith("-import")


def test_events_that_no_page_could_read_are_refused_before_anything_changes(
    wenjin: Callable[..., Said], lived: Path
) -> None:
    here = places(lived / "data", lived / "work", {})
    log = open_log(here, role="command")
    log.append(happened("paper", "p", {"what": "began"}))
    log.close()
    assert wenjin("export", lived / "odd.zip")[0] == 0
    other = {"WENJIN_DATA": str(lived / "other"), "WENJIN_WORKSPACE": str(lived / "elsewhere")}
    code, _, told = wenjin("import", lived / "odd.zip", **other)
    assert (code, "line 4 of events.jsonl is no record" in told) == (1, True)
    assert not (lived / "elsewhere").exists()
    assert json.loads(wenjin("export", lived / "none.zip", "--json", **other)[1])["events"] == 0


def test_a_backup_is_made_listed_and_restored_after_everything_is_gone(
    wenjin: Callable[..., Said], lived: Path
) -> None:
    assert wenjin("backup", "list")[1] == "No backups yet.\n"
    code, out, _ = wenjin("backup")
    assert (code, out.split(":")[0]) == (0, "Backed up")
    (row,) = json.loads(wenjin("backup", "list", "--json")[1])
    assert row["why"] == "asked"
    assert wenjin("backup", "list")[1].startswith(row["name"])
    assert wenjin("export", lived / "before.zip")[0] == 0
    (lived / "data" / "wenjin.db").unlink()
    shutil.rmtree(lived / "work")
    assert wenjin("restore", "latest")[:2] == (0, f"Restored {row['name']}.\n")
    assert wenjin("export", lived / "after.zip")[0] == 0
    assert (lived / "before.zip").read_bytes() == (lived / "after.zip").read_bytes()
    said = wenjin("restore", row["name"])[1]
    assert "To undo: wenjin restore wenjin-" in said


def test_the_cards_go_to_anki(wenjin: Callable[..., Said], lived: Path) -> None:
    code, out, _ = wenjin("export", "anki", lived / "cards.apkg", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["cards"] > 3
    assert told["reviews"] == 1
    assert wenjin("export", "anki", lived / "none.apkg", "--topic", "self-attention")[0] == 1
    assert wenjin("export", "anki", lived / "none.apkg", "--topic", "nothing")[0] == 2
    assert not (lived / "none.apkg").exists()


def written(lived: Path) -> None:
    """Notes, one of them private, a run with a curve, and an answer."""
    log = open_log(places(lived / "data", lived / "work", {}), role="command")
    links = "a [link](ppo#x), [none](/settings), [out](https://example.org/)"
    for subject, text in {
        "self-attention#lesson": f"{links}\n\n$\\sqrt d$\n\n$$x^2$$",
        "self-attention#why-sqrt-d": "private: true\nonly-for-me-canary",
        "ppo#lesson": "private: true\nonly-for-me-canary",
        "position-encoding#lesson": "back to [attention](self-attention) <script>alert(1)</script>",
        "2026-W47#reflection": "A good week.",
    }.items():
        log.append(happened("note", subject, {"text": text}))
    told = {"run": "a" * 32, "what": "queued", "arguments": {"width": 16}, "prediction": {}}
    log.append(happened("run", "self-attention/cost-of-length", told))
    rows = [{"frame": "point", "chart": "loss", "x": x, "y": {"train": 3.0 - x, "test": 3.5 - x}} for x in range(3)]
    rows += [{"frame": "level", "name": "loss", "value": 1.25}]
    end = {"run": "a" * 32, "what": "stopped", "seconds": 1.5, "memory": 9, "frames": rows}
    log.append(happened("run", "self-attention/cost-of-length", end))
    log.append(happened("run", "self-attention/cost-of-length", told | {"what": "remark", "remark": "as I thought"}))
    log.close()
    answer = lived / "work" / "self-attention" / "write_attention.py"
    answer.parent.mkdir(parents=True)
    answer.write_text("def mine(): ...\n", encoding="utf-8")


def test_a_folder_to_publish_opens_by_itself_and_leaves_out_what_is_private(
    wenjin: Callable[..., Said], lived: Path
) -> None:
    written(lived)
    code, out, error = wenjin("export", "--to", lived / "out", "--json")
    assert (code, error) == (0, "")
    site, markdown = lived / "out" / "site", lived / "out" / "markdown"
    assert json.loads(out)["pages"] == len(list(site.rglob("*.html"))) == len(list(markdown.rglob("*.md"))) == 5
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for address in re.findall(r'(?:href|src)="([^"]+)"', text):
            assert address.startswith("https://example.org/") or (page.parent / address).is_file(), (page, address)
        assert not re.search(r"<script|url\(|src=.http|canary", text)
    for page in markdown.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert "canary" not in text
        for address in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text):
            assert (page.parent / address).is_file(), (page, address)
    run = (site / "runs" / f"{'a' * 32}.html").read_text(encoding="utf-8")
    assert all(words in run for words in ("as I thought", "width: <code>16</code>", "loss: <code>1.25</code>"))
    notes = (site / "notes" / "self-attention.html").read_text(encoding="utf-8")
    assert "<msqrt>" in notes
    assert 'display="block"' in notes
    assert 'href="../notes/self-attention.html"' in (site / "notes" / "position-encoding.html").read_text("utf-8")
    assert (site / "code" / "self-attention" / "write_attention.py").read_text("utf-8") == "def mine(): ...\n"
    assert {path.stat().st_mode & 0o077 for path in [lived / "out", lived / "out" / "record.zip"]} == {0}

    other = {"WENJIN_DATA": str(lived / "other"), "WENJIN_WORKSPACE": str(lived / "elsewhere")}
    assert wenjin("import", lived / "out" / "record.zip", **other)[0] == 0
    assert wenjin("export", lived / "again.zip", **other)[0] == 0
    assert (lived / "again.zip").read_bytes() == (lived / "out" / "record.zip").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export"], "Say where to"),
        (["export", "a.zip", "b.zip"], "Say where to"),
        (["export", "anki"], "Say where to"),
        (["export", "{lived}/work/answer.py"], "exists already and was not overwritten"),
        (["export", "{lived}/nowhere/a.zip"], "There is no folder"),
        (["import", "{lived}/nowhere.zip"], "There is no file"),
        (["import", "{lived}/work/answer.py"], "it is not an archive of Wenjin"),
        (["restore", "nothing"], "There is no backup called nothing"),
        (["backup", "everything"], "takes nothing but list"),
    ],
)
def test_refusals_are_sentences(wenjin: Callable[..., Said], lived: Path, words: list[str], said: str) -> None:
    code, _, error = wenjin(*(word.format(lived=lived) for word in words))
    assert code in (1, 2)
    assert said in error
    assert "Traceback" not in error
    assert wenjin(*(word.format(lived=lived) for word in words), WENJIN_LANG="zh")[2] != error


def test_help_has_examples_in_both_languages() -> None:
    from wenjin.study.cli import archive

    for text in (archive.EXPORT, archive.IMPORT, archive.BACKUP, archive.RESTORE):
        assert text.zh.count("    wenjin ") == text.en.count("    wenjin ") >= 2
