"""watch, driven as a learner drives it: through a terminal, by saving files and pressing keys; and over a pipe."""

import json
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.study.cli.school import ROOT
from wenjin.study.cli.happenings import lines, settled
from wenjin.study.store.log import Log
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

SCHOOL = Path(__file__).with_name("school.py")
RIGHT = (ROOT / "sample/kinds/exercises/running_mean/solution.py").read_text()
WRONG = RIGHT.replace("self.count += 1", "self.count = 2").replace("return self.total / self.count", "\n".join(
    ["self.total = self.total / self.count", "        return self.total"]))  # fmt: skip
PATIENCE = 90.0  # seconds; a machine under load, an interpreter and torch to start


class Terminal:
    """A terminal with `watch` in it: what was written since the last key, and keys to press."""

    command = (sys.executable, str(SCHOOL), "watch")

    def __init__(self, environ: dict[str, str], *words: str) -> None:
        self.screen, slave = os.openpty()
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        command = [*self.command, *words]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environ | {"TERM": "xterm"}, start_new_session=True
        )
        self.shown = ""
        self.reading = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                came = os.read(self.screen, 1 << 16).decode("utf-8", "replace")
            except OSError:
                return
            with self.reading:
                self.shown += came

    def expect(self, *parts: str) -> str:
        """Wait until all of these are on the screen, which then counts as read."""
        deadline = time.monotonic() + PATIENCE
        while not all(part in self.shown for part in parts):
            assert time.monotonic() < deadline, f"{parts} not in {self.shown!r}"
            assert self.process.poll() is None, self.shown
            time.sleep(0.01)
        with self.reading:
            shown, self.shown = self.shown, ""
        return shown

    def press(self, keys: str) -> None:
        os.write(self.screen, keys.encode())

    def ended(self) -> int:
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.slave)
        os.close(self.screen)


@pytest.fixture
def work(environ: dict[str, str]) -> Path:
    return Path(environ["WENJIN_WORKSPACE"]) / "kinds"


@pytest.fixture
def terminal(environ: dict[str, str]) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*words: str) -> Terminal:
        opened.append(Terminal(environ, *words))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def told(log: Log) -> list[tuple[str, str, object]]:
    return [(e.kind, e.subject, e.data.get("verdict", e.data.get("number"))) for e in log.events()]


def test_a_learners_way_through_two_exercises(
    terminal: Callable[..., Terminal], environ: dict[str, str], work: Path
) -> None:
    screen = terminal()
    begin = screen.expect("Your task: a running mean", "running_mean.py", "0/4", "q quit")
    assert "\x1b[2J" in begin, "the screen is cleared"
    (work / "running_mean.py").write_text(WRONG)
    screen.expect("Not yet right", "averages-averages", "0/4", "q quit")
    screen.press("s")
    screen.expect("0 of 2 hints are open", "q quit")
    screen.press("h")
    screen.expect("1/2  Think first.", "q quit")
    screen.press("x")
    screen.expect("There is no key x", "q quit")
    screen.press("h")
    screen.expect("2/2  Keep the count.", "All hints are open", "q quit")
    screen.press("s")
    screen.expect("remember their sum and how many they are", "q quit")
    (work / "running_mean.py").write_text(RIGHT)
    screen.expect("Passed", "n goes on to the next", "1/4", "q quit")
    screen.press("n")
    screen.expect("a dot product by hand", "by_hand.toml", "q quit")
    screen.press("l")
    screen.expect("the steps of attention", "kinds/pick", "A number and Enter", "q quit")
    screen.press("3\n")
    screen.expect("Your task: the steps of attention", "steps.toml", "q quit")
    (work / "steps.toml").write_text("half done")
    screen.expect("It did not run", "q quit")
    screen.press("r")
    screen.expect("as it was at the start", "kept in", "q quit")
    assert "variant = 1" in (work / "steps.toml").read_text()
    (work / "running_mean.py").write_text(WRONG)
    screen.expect("averages-averages", "running_mean.py", "q quit")
    screen.press("\n")
    screen.expect("averages-averages", "q quit")
    screen.press("q")
    assert screen.ended() == 0
    assert termios.tcgetattr(screen.slave) == screen.before, "the terminal is as it was"
    log = open_log(places(environ=environ), role="command")
    first, third = "kinds/running-mean", "kinds/steps"
    assert told(log) == [
        ("attempt", first, "wrong"),
        ("hint", first, 1),
        ("hint", first, 2),
        ("solution", first, None),
        ("attempt", first, "pass"),
        ("attempt", third, "error"),
        ("reset", third, None),
        ("attempt", first, "wrong"),
        ("attempt", first, "wrong"),
    ]
    log.close()


def test_watch_sends_its_events_to_start_and_goes_on_when_start_ends(
    terminal: Callable[..., Terminal], environ: dict[str, str], work: Path
) -> None:
    screen = terminal("running-mean")
    screen.expect("Your task: a running mean", "q quit")
    server = open_log(places(environ=environ), role="server", url="http://127.0.0.1:1/")
    assert server.owns
    (work / "running_mean.py").write_text(WRONG)
    screen.expect("averages-averages", "q quit")
    assert told(server) == [("attempt", "kinds/running-mean", "wrong")]
    server.close()
    (work / "running_mean.py").write_text(RIGHT)
    screen.expect("Passed", "q quit")
    server = open_log(places(environ=environ), role="server", url="http://127.0.0.1:1/")
    assert [verdict for _, _, verdict in told(server)] == ["wrong", "pass"]
    server.close()
    screen.press("q")
    assert screen.ended() == 0


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_kill_leave_the_terminal_as_it_was(
    terminal: Callable[..., Terminal], ending: signal.Signals
) -> None:
    screen = terminal()
    screen.expect("q quit")
    screen.process.send_signal(ending)
    assert screen.ended() == 130
    assert "Traceback" not in screen.shown
    assert termios.tcgetattr(screen.slave) == screen.before


def test_whatever_way_an_editor_saves_there_is_one_verdict(
    terminal: Callable[..., Terminal], environ: dict[str, str], work: Path
) -> None:
    """In place in two steps; by a new file renamed over the old one; and again without a change."""
    screen = terminal("running-mean")
    screen.expect("Your task: a running mean", "q quit")
    file = work / "running_mean.py"
    with file.open("w") as opened:
        time.sleep(0.01)
        opened.write(WRONG)
    screen.expect("averages-averages", "q quit")
    (work / ".running_mean.py.swp").write_text("an editor's own file")
    (work / "new").write_text(RIGHT)
    os.replace(work / "new", file)
    screen.expect("Passed", "q quit")
    os.utime(file)
    file.write_text(RIGHT)
    screen.press("l")
    screen.expect("kinds/pick", "q quit")
    screen.press("q")
    assert screen.ended() == 0
    log = open_log(places(environ=environ), role="command")
    assert [verdict for _, _, verdict in told(log)] == ["wrong", "pass"]
    log.close()


def test_over_a_pipe_a_line_is_a_key_and_nothing_is_cleared(environ: dict[str, str], work: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCHOOL), "watch"],
        input="hint\nn\n4\n\nl\n",
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    seen = ["Your task: a running mean", "1/2  Think first.", "a dot product by hand", "Your task: variances",
            "Not filled in yet", "→  4"]  # fmt: skip
    at = [done.stdout.find(part) for part in seen]
    assert -1 not in at, done.stdout
    assert at == sorted(at)
    assert "\x1b" not in done.stdout


def test_for_scripts_each_verdict_is_a_line_and_nothing_else_is_said(environ: dict[str, str], work: Path) -> None:
    command = [sys.executable, str(SCHOOL), "watch", "running-mean", "--json"]
    done = subprocess.run(command, input="h\n\nl\n\n", env=environ, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["exercise"] for row in rows] == ["kinds/running-mean"] * 2
    assert {row["verdict"] == "pass" for row in rows} == {False}
    assert rows[0]["file"].endswith("running_mean.py")


def test_lines_of_a_pipe_as_keys() -> None:
    assert "".join(lines(iter(["h\n", "next\n", "\n", " 12 \n", "q"]))) == "hn\n12\nq"


def test_a_file_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert settled(file) is None
    file.write_bytes(b"")
    threading.Timer(0.01, file.write_bytes, [b"all"]).start()
    assert settled(file) == b"all"
    file.write_bytes(b"")
    assert settled(file) == b""
