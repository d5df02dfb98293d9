"""start, doctor, where, and how the command line ends when something goes wrong."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from wenjin.kit.text import Text
from wenjin.study.cli.doctor import Finding, models
from wenjin.study.cli.starting import forward, has_screen, tell_changed_starters
from wenjin.study.course.load import load
from wenjin.study.store.places import places
from wenjin.study.store.workspace import Starter, Workspace

WENJIN = [sys.executable, "-P", "-m", "wenjin.cli"]
LINK = re.compile(r"http://\S+/login\?token=\S+")


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WENJIN_", "SSH_", "LC_", "DISPLAY"))}
    own = {"WENJIN_DATA": str(folder / "data"), "WENJIN_WORKSPACE": str(folder / "workspace"), "LANG": "C.UTF-8"}
    return {**kept, **own, **more}


def run(folder: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*WENJIN, *words], env=environment(folder, **more), cwd=folder, capture_output=True, text=True, timeout=120
    )


@contextmanager
def running(folder: Path, *words: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A course that runs, and its address."""
    command = [*WENJIN, "start", "--no-browser", *(words or ("--port", "0"))]
    process = subprocess.Popen(command, env=environment(folder), cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process, next(found[0] for line in process.stdout if (found := LINK.search(line)))
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


def status(url: str) -> int:
    opener = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(CookieJar()), urllib.request.ProxyHandler({})
    )
    try:
        with opener.open(url, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_start_opens_once_and_a_second_start_opens_the_same_course_again(tmp_path: Path) -> None:
    with running(tmp_path) as (process, url):
        assert status(url) == 200
        assert status(url) in (401, 403)  # the token was good for one use
        again = run(tmp_path, "start", "--no-browser")
        assert again.returncode == 0
        assert "running already" in again.stdout
        (second,) = LINK.findall(again.stdout)
        assert second.split("?")[0] == url.split("?")[0]
        assert status(second) == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert "Traceback" not in (tmp_path / "data/wenjin.log").read_text()
    assert "running already" not in run(tmp_path, "doctor").stdout


def test_a_taken_port_is_a_sentence_and_without_a_wish_the_next_free_one(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(tmp_path, "start", "--no-browser", "--port", str(port), WENJIN_LANG="zh")
        assert done.returncode == 1
        assert done.stderr.startswith(f"端口 {port} 用不了")
        assert done.stderr.count("\n") == 1
    with running(tmp_path) as (_, one), running(_other(tmp_path)) as (_, other):
        assert one.split("/login")[0] != other.split("/login")[0]


def _other(folder: Path) -> Path:
    made = folder / "other"
    made.mkdir()
    return made


def test_the_course_is_served_to_this_machine_only(tmp_path: Path) -> None:
    done = run(tmp_path, "start", "--no-browser", "--host", "0.0.0.0")
    assert done.returncode == 1
    assert "ssh -L" in done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("connection", "url", "command"),
    [
        ("10.0.0.9 50000 10.0.0.1 22", "http://127.0.0.1:8423/login?token=x", "ssh -N -L 8423:127.0.0.1:8423 "),
        ("10.0.0.9 50000 fe80::1 2222", "http://[::1]:9/login?token=x", "ssh -N -L 9:[::1]:9 -p 2222 "),
        ("", "http://127.0.0.1:8423/", None),
    ],
)
def test_over_ssh_the_forward_command_is_told(connection: str, url: str, command: str | None) -> None:
    told = forward(url, {"SSH_CONNECTION": connection} if connection else {})
    assert told is None if command is None else told is not None and told.startswith(command)


def test_a_browser_is_opened_only_where_it_would_be_seen() -> None:
    assert has_screen({}, "darwin")
    assert has_screen({"WAYLAND_DISPLAY": "wayland-0"}, "linux")
    assert not has_screen({}, "linux")


def test_changed_starters_are_shown_and_begun_answers_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    course = load()
    here = places(tmp_path / "data", tmp_path / "workspace", environ={"WENJIN_LANG": "en"})
    exercise = next(exercise for exercise in course.exercises.values() if exercise.written and exercise.code)
    old = Starter(exercise.id, ".py", exercise.starter + "# a line that the update took away\n")
    file = Workspace(here.workspace).lay(old)
    begun = old.text + "# my own work\n"
    file.write_text(begun)
    tell_changed_starters(course, here)
    told = capsys.readouterr().out
    assert "-# a line that the update took away" in told
    assert str(file) in told
    assert file.read_text() == begun
    tell_changed_starters(course, here)
    assert capsys.readouterr().out == ""  # told once


def test_doctor_finds_this_machine_sound_and_leaves_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", "--json")
    found = {row["name"]["en"]: row for row in json.loads(done.stdout)}
    assert done.returncode == 0, [row for row in found.values() if row["state"] == "fault"]
    assert re.match(r"tier [A-D] \(proven\)", found["sandbox"]["found"]["en"])
    assert {"Wenjin", "torch", "course", "data folder", "workspace", "SQLite", "record", "data and models"} <= set(
        found
    )
    assert not (tmp_path / "data").exists()


def test_doctor_says_what_to_do_about_a_fault(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands where the folder should be")
    done = run(tmp_path, "doctor", WENJIN_LANG="zh")
    assert done.returncode == 1
    fault = next(line for line in done.stdout.splitlines() if line.startswith("✗ 数据目录"))
    after = done.stdout.splitlines()[done.stdout.splitlines().index(fault) + 1]
    assert "--data" in after


def test_every_fault_and_note_has_both_languages() -> None:
    row = Finding(Text("名", "name"), "fault", Text("甲", "a"), Text("乙", "b")).as_dict()
    assert row["remedy"] == {"zh": "乙", "en": "b"}


def test_a_key_is_never_shown(tmp_path: Path) -> None:
    told = run(tmp_path, "config", "show", WENJIN_API_KEY="sesame").stdout
    assert "WENJIN_API_KEY" in told
    assert "sesame" not in told


def test_where_names_what_to_delete(tmp_path: Path) -> None:
    rows = json.loads(run(tmp_path, "where", "--json").stdout)
    assert rows["data"] == str(tmp_path / "data")
    assert rows["workspace"] == str(tmp_path / "workspace")
    told = run(tmp_path, "where").stdout
    assert all(told.count(rows[name]) >= 2 for name in ("data", "workspace", "course"))
    assert not (tmp_path / "data").exists()


def test_where_and_doctor_tell_of_models_their_sizes_and_what_to_delete(tmp_path: Path) -> None:
    assert "models remove" not in run(tmp_path, "where").stdout
    for name, size in {"whole": 2_500_000, ".fetch-x": 1_000_000}.items():
        folder = tmp_path / "data" / "models" / name
        folder.mkdir(parents=True)
        (folder / "model.gguf").write_bytes(bytes(size))
    (tmp_path / "data/models/whole/manifest.json").write_text("{}")
    told = run(tmp_path, "where").stdout
    assert ".fetch-x 1.0 MB (not whole), whole 2.5 MB" in told
    assert "wenjin models remove NAME" in told
    assert str(tmp_path / "data/models") in told
    found = list(models(places(tmp_path / "data")))
    assert [finding.state for finding in found] == ["note"]
    assert "MB in all" in found[0].found.en
    (finding,) = models(places(tmp_path / "none"))
    assert finding.remedy is not None
    assert "wenjin models add smollm2" in finding.remedy.zh


def test_what_nobody_foresaw_is_a_sentence_and_its_traceback_in_the_log(tmp_path: Path) -> None:
    program = "import wenjin.cli as c\nc.application = lambda: 1 / 0\nc.main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "start", "--data", str(tmp_path / "chosen")],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )
    log = tmp_path / "chosen/wenjin.log"
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(log) in done.stderr
    assert "ZeroDivisionError" in log.read_text()


def test_a_reader_who_has_had_enough_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -P -m wenjin.cli config show | head -1"
    done = subprocess.run(["sh", "-c", command], env=environment(tmp_path), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_command_is_told_without_a_traceback(tmp_path: Path) -> None:
    done = run(tmp_path, "strat")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_where_gives_scripts_their_token(tmp_path: Path) -> None:
    first, second = (run(tmp_path, "where", "--token").stdout for _ in range(2))
    assert first == second
    assert len(first.strip()) == 64
