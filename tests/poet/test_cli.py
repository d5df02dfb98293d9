"""The poet's life by command line, on the poems that are shipped: every stage, twice, and what is refused."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests import commands
from tests.commands import Done

SLOWEST = 240  # seconds for one command on a machine that has much else to do


def wenjin(data: Path, *words: str, tongue: str = "en") -> Done:
    return commands.wenjin(data, "poet", *words, tongue=tongue)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with corpus, tokenizer and a poet that was trained for a moment."""
    folder = tmp_path_factory.mktemp("poet")
    for words in (
        ["data", "--excerpt"],
        ["tokenizer", "--size", "400"],
        ["pretrain", "--minutes", "0.05", "--no-compile"],
    ):
        done = wenjin(folder, *words)
        assert done.returncode == 0, done.stderr
    return folder


def test_it_writes_on_a_title_of_ones_own_and_the_same_for_the_same_seed(data: Path) -> None:
    first = wenjin(data, "write", "--title", "月", "--form", "5x4", "--seed", "3")
    assert first.returncode == 0, first.stderr
    assert len(first.stdout.strip()) > 3
    assert first.stderr == ""
    assert wenjin(data, "write", "--title", "月", "--seed", "3", "--temperature", "0").stdout != first.stdout


def test_the_report_is_a_page_and_markdown_that_hold_its_figures(data: Path) -> None:
    done = wenjin(data, "report", "--poems", "4", tongue="zh")
    assert done.returncode == 0, done.stderr
    html, markdown = (Path(line) for line in done.stdout.splitlines())
    facts = json.loads((html.parent / "measured.json").read_text())
    assert facts["made"]["steps"] >= 1
    assert "诗人成绩单" in html.read_text()
    assert f"{facts['losses']['poet']:.3f}" in markdown.read_text()


def test_a_poet_that_is_trained_is_not_trained_again(data: Path) -> None:
    done = wenjin(data, "pretrain")
    assert done.returncode == 0, done.stderr
    assert "is trained" in done.stderr
    home = data / "poet" / "poets" / "poet"
    saved = [
        event
        for line in (home / "records.jsonl").read_text().splitlines()
        for event in json.loads(line).get("events", ())
    ]
    assert sum(event["name"] == "saved" for event in saved) > 1
    assert len(list((home / "checkpoints").glob("step-*"))) == 1  # it is over: the last one alone stays


def test_interrupted_it_is_saved_and_goes_on(data: Path) -> None:
    environment = os.environ | {"WENJIN_DATA": str(data), "WENJIN_LANG": "en", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "wenjin.cli", "poet", "pretrain", "--name", "other", "--no-compile"]
    process = subprocess.Popen([*command, "--minutes", "0.1"], env=environment, stderr=subprocess.PIPE, text=True)
    records = data / "poet" / "poets" / "other" / "records.jsonl"
    began = time.monotonic()
    while not (records.is_file() and records.read_bytes().count(b"\n") > 2):
        assert time.monotonic() - began < SLOWEST
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=SLOWEST)
    assert process.returncode == 130, said
    assert "stopped and saved" in said
    assert wenjin(data, "write", "--name", "other", "--title", "山").returncode == 0  # it can write as it is
    before = steps(records)
    done = wenjin(data, "pretrain", "--name", "other", "--no-compile")
    assert done.returncode == 0, done.stderr
    assert f"going on from step {before[-1]}" in done.stderr
    assert steps(records)[: len(before)] == before


def steps(records: Path) -> list[int]:
    rows: list[dict[str, Any]] = [json.loads(line) for line in records.read_text().splitlines()]
    return [row["step"] for row in rows if "step" in row]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["write", "--title", "x" * 25], "A title has 1 to 24"),
        (["write", "--title", "月", "--name", "nobody"], "Run wenjin poet pretrain first"),
        (["write", "--title", "月", "--name", "../../etc"], "cannot be a poet's name"),
        (["write", "--title", "月", "--top-p", "0"], "top_p must be"),
        (["pretrain", "--minutes", "1", "--depth", "2", "--name", "two"], "Choose one of"),
        (["pretrain", "--minutes", "7"], "is trained by"),
        (["tokenizer", "--size", "9"], "A vocabulary of 9"),
        (["report", "--name", "nobody"], "Run wenjin poet pretrain first"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(data: Path, words: list[str], told: str) -> None:
    done = wenjin(data, *words)
    assert done.returncode == 1
    assert told in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_without_a_corpus_the_command_that_makes_it_is_named(tmp_path: Path) -> None:
    done = wenjin(tmp_path, "pretrain", "--minutes", "1", tongue="zh")
    assert done.returncode == 1
    assert "wenjin poet data" in done.stderr


def test_help_is_in_both_languages_with_examples(tmp_path: Path) -> None:
    for tongue, word in (("zh", "例子"), ("en", "Examples")):
        done = wenjin(tmp_path, "--help", tongue=tongue)
        assert done.returncode == 0
        assert word in done.stdout
        assert "wenjin poet write --title 月 --form 5x4" in done.stdout
