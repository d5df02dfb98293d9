"""The documents and the program say the same: commands, settings, links, terms, decisions."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from wenjin.cli import application
from wenjin.study.cli.bench import benchmarks
from wenjin.study.cli.settings import SETTINGS

ROOT = Path(__file__).resolve().parent.parent
SETUP = {"test", "bundle"}  # bootstrap.py's own
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
CURRICULUM = ROOT / "src/wenjin/curriculum"


def commands() -> set[str]:
    """Every command, as it is typed after `wenjin`."""
    found = set(SETUP)
    group = typer.main.get_command(application())
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= {f"{name} {verb}" for verb in inner} if inner else {name}
    return found


def named(text: str) -> set[str]:
    """The commands that a text names: `./wenjin x`, or `wenjin x` in code."""
    found = re.findall(r"(?:\./wenjin|`wenjin) +([a-z]+)(?: +([a-z]+))?", text)
    known = commands()
    groups = {command.split()[0] for command in known if " " in command}
    return {f"{first} {second}" if first in groups else first for first, second in found}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_that_a_document_names_exist(path: Path) -> None:
    unknown = named(path.read_text(encoding="utf-8")) - commands()
    assert not unknown


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_every_command_is_in_the_readme(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    missing = {command for command in commands() if not re.search(rf"\b{command.replace(' ', '`?,? .*')}\b", text)}
    assert not missing


def test_both_readmes_say_the_same() -> None:
    """Same headings, same commands in the same order, same rooms."""
    one, other = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))
    assert one.count("\n## ") == other.count("\n## ")
    typed = r"\./wenjin [a-z]+(?: [a-z-]+)*(?=  |`|$)"
    assert re.findall(typed, one, re.MULTILINE) == re.findall(typed, other, re.MULTILINE)
    rooms = r"^\| (`[^|]+`) \|"
    assert re.findall(rooms, one, re.M) == [row.replace("、", ", ") for row in re.findall(rooms, other, re.M)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_settings_are_complete() -> None:
    """Each variable of ours that the code reads is a setting that `config show` tells, and each setting is read."""
    code = [
        ROOT / "bootstrap.py",
        ROOT / "wenjin",
        *(ROOT / "requirements").glob("*.py"),
        *(ROOT / "src").rglob("*.py"),
    ]
    code += [path for path in (ROOT / "tests").rglob("*.py") if "submissions" not in path.parts]
    here = {Path(__file__), ROOT / "src/wenjin/study/cli/settings.py"}
    read = {
        name
        for path in code
        if path not in here and "node_modules" not in path.parts
        for name in re.findall(r"\bWENJIN_(?!CANARY)[A-Z_]+[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    assert read == {setting.variable for setting in SETTINGS}


def test_settings_that_documents_name_exist() -> None:
    known = {setting.variable for setting in SETTINGS}
    for path in DOCUMENTS:
        assert set(re.findall(r"\bWENJIN_[A-Z_]+\b", path.read_text(encoding="utf-8"))) <= known, path.name


def test_config_show_tells_values_and_origins(tmp_path: Path) -> None:
    secret = "postgresql://learner:open-sesame@127.0.0.1:9/none"
    environment = {**os.environ, "WENJIN_WORKSPACE": str(tmp_path / "w"), "WENJIN_DATABASE_URL": secret}
    command = [sys.executable, "-P", "-m", "wenjin.cli", "config", "show", "--data", str(tmp_path / "d")]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert f"{tmp_path / 'd'}    (--data)" in told
    assert f"{tmp_path / 'w'}    (WENJIN_WORKSPACE)" in told
    assert "open-sesame" not in told
    assert not (tmp_path / "d").exists()


def test_options_of_the_setup_are_documented() -> None:
    options = set(re.findall(r'take\(words, "(--[a-z-]+)"', (ROOT / "bootstrap.py").read_text(encoding="utf-8")))
    text = (ROOT / "README.md").read_text(encoding="utf-8") + (ROOT / "bootstrap.py").read_text(encoding="utf-8")
    assert options == {"--dry-run", "--offline", "--torch-index"}
    assert all(text.count(option) > 1 for option in options)


def test_terms_are_used_and_unique() -> None:
    texts = [path.read_text(encoding="utf-8") for path in CURRICULUM.rglob("*") if path.suffix in (".md", ".toml")]
    course = "\n".join(texts).lower()
    with (ROOT / "docs/terms.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 60
    for row in rows:
        assert row["zh"] in course, f"{row['zh']} is used nowhere in the course"
        assert row["en"].lower() in course, f"{row['en']} is used nowhere in the course"
    for column in ("zh", "en"):
        values = [row[column] for row in rows]
        assert len(values) == len(set(values))


def test_decisions_are_numbered_and_dated() -> None:
    paths = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(path.name[:3]) for path in paths] == list(range(1, len(paths) + 1))
    for path in paths:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith(f"# {path.name[:3]} · ")
        assert re.match(r"\d{4}-\d{2}-\d{2} · (holds|replaced by \d{3})$", lines[2])
        assert {"**Question**", "**Decision**", "**Consequence**"} <= set(
            re.findall(r"^\*\*\w+\*\*", "\n".join(lines), re.M)
        )


def test_trials_are_dated_newest_first() -> None:
    dates = re.findall(
        r"^## (\d{4}-\d{2}-\d{2}) · ", (ROOT / "docs/trials.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert dates
    assert dates == sorted(dates, reverse=True)


def test_benchmarks_say_what_they_measure() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "wenjin.cli", "bench"], capture_output=True, text=True, check=True
    )
    assert {line.split()[0] for line in done.stdout.splitlines()} == set(benchmarks()) >= {"start", "verdict"}


FRAME = r"Usage|Options|Arguments|Commands|ARGS|required|default:|env var|Show this|<(?:str|int|float|path|list)"


def test_every_command_explains_itself() -> None:
    """Help for each, in the language of the terminal and in no other."""
    program = (
        "import json, sys, typer.testing, wenjin.cli\napp, run = wenjin.cli.application(), typer.testing.CliRunner()\n"
        "print(json.dumps({c: run.invoke(app, [*c.split(), '--help']).output for c in sys.argv[1:]}))"
    )
    names = sorted(commands() - SETUP)
    for language, other in (("zh", r"[A-Za-z]{4,} [a-z]{3,} [a-z]{3,} [a-z]{3,}"), ("en", r"[\u4e00-\u9fff]{2}")):
        environment = {**os.environ, "WENJIN_LANG": language, "COLUMNS": "100"}
        command = [sys.executable, "-P", "-c", program, *names]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        for name, text in json.loads(told).items():
            own = text.split("\n", 2)[2].split("Options:" if language == "en" else "选项：")[0]
            assert own.strip(), f"{name} has no help in {language}"
            frame = re.search(FRAME, text)
            assert language == "en" or not frame, f"{name} --help is framed in English: {frame}"
            assert not re.search(other, re.sub(r"wenjin .*", "", own)), f"{name} --help speaks two languages"
