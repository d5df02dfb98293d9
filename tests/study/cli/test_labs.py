"""The lab commands, as a learner runs them."""

import io
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.study.labs.conftest import until
from tests.study.labs.school import course
from wenjin.study.cli.desk import Desk
from wenjin.study.cli.labrun import prediction
from wenjin.study.cli.labs import register
from wenjin.study.cli.terminal import language
from wenjin.study.labs import tree
from wenjin.study.store.places import places
from wenjin.study.store.runs import Runs

Run = Callable[..., subprocess.CompletedProcess[str]]
HERE = Path(__file__).parents[3]
PROGRAM = """
import typer
from tests.study.labs.school import course
from wenjin.study.cli.desk import Desk
from wenjin.study.cli.labs import register
from wenjin.study.cli.terminal import language
from wenjin.study.store.places import places
app = typer.Typer(rich_markup_mode=None)
register(app, lambda data: Desk(places(data), language(), course=course))
app()
"""


@pytest.fixture
def lab(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command in this process."""

    def run(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None)
        register(app, lambda data: Desk(places(data), language(), course=course))
        done = CliRunner().invoke(app, [str(word) for word in words])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    return run


def test_a_run_is_shown_kept_remarked_on_and_compared(lab: Run) -> None:
    first = lab("lab", "run", "walk", "--steps", "30", "--strides=1,2", "--seed", 4, "--predict", "far")
    assert first.returncode == 0
    parts = (
        "A random walk",
        "--steps 30",
        "Distance a step",
        "The end",
        "Not far",
        "what came",
        "It stays near",
        "Took",
    )
    for shown in parts:
        assert shown in first.stdout
    second = lab("lab", "run", "adding/walk", "--json")
    assert second.returncode == 0
    row = json.loads(second.stdout)
    assert (row["state"], row["arguments"]["steps"], row["arguments"]["strides"]) == ("finished", 20, [1, 2])
    assert lab("runs", "remark", "last", "远\x1b[31m了").returncode == 0
    listed = lab("runs", "list").stdout
    assert "not judged" in listed
    assert "远了" in listed
    assert "\x1b" not in listed
    runs = json.loads(lab("runs", "list", "--json").stdout)["runs"]
    assert [each["arguments"]["steps"] for each in runs] == [30, 20]
    a, b = (each["run"][:6] for each in runs)
    shown = lab("runs", "compare", a, b).stdout
    assert "Steps" in shown
    assert "Distance" in shown
    both = json.loads(lab("runs", "compare", a, b, "--json").stdout)
    assert both["arguments"]["steps"] == {"a": 30, "b": 20, "same": False}
    assert json.loads(lab("runs", "show", a, "--json").stdout) == runs[0] | {
        "frames": json.loads(lab("runs", "show", runs[0]["run"], "--json").stdout)["frames"]
    }
    assert "运行" in lab("runs", "show", "last", WENJIN_LANG="zh").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["lab", "run", "walkk"], "no lab called walkk; there are: adding/walk"),
        (["lab", "run", "walk", "--step", "3"], "no parameter step. Did you mean steps?"),
        (["lab", "run", "walk", "--steps", "0"], "steps must lie in 1 to 10,?000; it is 0"),
        (["lab", "run", "walk", "--steps", "many"], "steps must be a whole number"),
        (["lab", "run", "walk", "--steps"], "--steps needs a value, as in --steps 20"),
        (["lab", "run", "walk", "30"], "30 needs the name of a parameter before it"),
        (["lab", "run", "walk", "--predict", "up"], "prediction up is none of the answers; choose from near, far"),
        (["lab", "run", "walk", "--predict", "far", "--predict", "far"], r"1 prediction\(s\) only"),
        (["runs", "show", "last"], "No run begins with last"),
        (["runs", "stop", "abcd"], "No run begins with abcd"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_usage_is_a_sentence_that_names_it(lab: Run, words: list[str], told: str) -> None:
    done = lab(*words)
    assert done.returncode == 2
    assert re.search(told, done.stderr), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_prediction_is_asked_for_at_a_terminal_and_may_be_skipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = course().lab("walk")
    assert found is not None
    assert found.texts is not None
    for typed, chosen in (("2\n", {"far": "far"}), ("7\nnear\n", {"far": "near"}), ("\n", {}), ("", {})):
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        assert prediction(found.texts.predictions, [], True, "zh") == chosen
        assert "二十步之后离起点多远？" in capsys.readouterr().err


def test_a_run_that_fails_says_why_and_is_no_success(lab: Run) -> None:
    done = lab("lab", "run", "bad", "--how", "raise")
    assert done.returncode == 1
    assert "the matrix is not square" in done.stdout
    assert "\x1b" not in done.stdout


def test_an_interrupted_run_says_how_to_go_on_and_does(lab: Run, environ: dict[str, str]) -> None:
    words = ["lab", "run", "walk", "--steps", "100", "--pause", "0.02"]
    command = [sys.executable, "-P", "-c", PROGRAM, *words]
    with subprocess.Popen(
        command, env=environ | {"PYTHONPATH": str(HERE)}, stdout=-1, stderr=-1, text=True, cwd=HERE
    ) as process:
        runs = Runs(places(environ=environ))
        folder = Path(environ["WENJIN_DATA"]) / "runs"
        until(
            lambda: (
                folder.is_dir() and any(row["frame"] == "point" for f in folder.iterdir() for row in runs.all(f.name))
            )
        )
        [run] = [path.name for path in folder.iterdir()]
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert time.monotonic() - began < 8
    assert process.returncode == 130
    assert f"wenjin runs resume {run[:8]}" in said
    assert "Traceback" not in said
    assert tree.marked(run) == []
    done = lab("runs", "resume", run[:8])
    assert done.returncode == 0
    assert "goes on from its kept state" in done.stderr
    again = lab("runs", "resume", run[:8])
    assert again.returncode == 2
    assert "cannot go on" in again.stderr


@pytest.mark.parametrize(
    ("text", "told", "code"),
    [
        ("loss\n" + "\n".join(str(4 - 0.05 * n) for n in range(60)), "60 losses, and nothing wrong", 0),
        ("\n".join(f'{{"loss": {3 if n < 40 else 9}}}' for n in range(60)), "learning rate is too high", 1),
        ("step,loss\n1,3\n2,nan\n", "no finite number", 1),
        ("loss\n1\nthree\n", "Line 3 of .* holds no loss: three", 2),
        ('{"loss": 1}\n{', "Line 2 of .* holds no loss", 2),
        ("step,accuracy\n1,2\n", "no column such as loss, train_loss; it has: step, accuracy", 2),
        ("", "holds no losses", 2),
        ("\n".join(f"iter {n}: loss {4 - n / 50:.4f}, time 22.51ms, mfu 17.1%" for n in range(99)), "99 losses", 0),
        ('{"log_history": [{"step": 500, "loss": 2.5}, {"step": 1000, "loss": NaN}]}', "At step 1000 .* no finite", 1),
    ],
)
def test_a_curve_of_losses_is_examined(lab: Run, tmp_path: Path, text: str, told: str, code: int) -> None:
    file = tmp_path / "losses"
    file.write_text(text)
    done = lab("runs", "doctor", file, COLUMNS="400")
    assert done.returncode == code, done.stderr
    assert re.search(told, done.stdout + done.stderr), done.stdout + done.stderr


def test_a_file_that_is_not_there_is_a_sentence(lab: Run, tmp_path: Path) -> None:
    done = lab("runs", "doctor", tmp_path / "nothing")
    assert done.returncode == 2
    assert "cannot be read" in done.stderr
