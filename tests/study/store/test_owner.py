"""One owner of the data folder: refused, handed over, killed."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from wenjin.study.store import wire
from wenjin.study.store.log import StoreError, happened
from wenjin.study.store.owner import open_log, server
from wenjin.study.store.places import Places, places

WRITER = Path(__file__).with_name("writer.py")
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(here: Places) -> Iterator[Start]:
    """Starts a writer on the data folder; all are gone when the test ends."""
    environ = os.environ | {"WENJIN_DATA": str(here.data), "WENJIN_DATABASE_URL": here.database_url}
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with ExitStack() as started:

        def run(*arguments: object) -> subprocess.Popen[str]:
            command = [sys.executable, str(WRITER), *map(str, arguments)]
            process = subprocess.Popen(command, env=environ, text=True, **pipes)
            started.enter_context(process)
            started.callback(process.kill)
            return process

        yield run


def read(process: subprocess.Popen[str], last: str) -> list[str]:
    """The lines up to `last`."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if lines[-1] == last:
            return lines
    raise AssertionError(process.stderr.read() if process.stderr else "")


def test_a_second_server_is_refused_within_two_seconds_by_process_and_address(
    start: Start, count: Callable[[int], int]
) -> None:
    first = start("server", "first", 0)
    read(first, "open")
    for _ in range(count(20)):
        second = start("server", "second", 0)
        began = time.monotonic()
        _, said = second.communicate()
        assert second.returncode == 1
        assert time.monotonic() - began <= 2 + 2  # two seconds, after an interpreter has started on a busy machine
        assert str(first.pid) in said
        assert "http://127.0.0.1:9/" in said
        assert "Traceback" not in said


def test_the_refusal_itself_takes_less_than_two_seconds(here: Places) -> None:
    first = open_log(here, role="server", url="http://127.0.0.1:9/")
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"at http://127\.0\.0\.1:9/"):
        open_log(here, role="server", url="http://127.0.0.1:10/")
    assert time.monotonic() - began < 2
    first.close()


def test_a_running_server_is_found_and_nobody_else(here: Places, start: Start) -> None:
    assert server(here) is None
    command = open_log(here, role="command")
    assert server(here) is None
    command.close()
    first = start("server", "first", 0)
    read(first, "owns")
    assert server(here) == "http://127.0.0.1:9/"
    first.kill()
    first.wait()
    assert server(here) is None


def test_a_stopped_server_is_still_named(here: Places, start: Start) -> None:
    """A server that does not answer (suspended, say) is refused by the name in the lock file, in time."""
    first = start("server", "first", 0)
    read(first, "owns")
    first.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(StoreError, match=rf"process {first.pid}, at http://127\.0\.0\.1:9/"):
        open_log(here, role="server", url=None)
    assert time.monotonic() - began < 2
    first.send_signal(signal.SIGCONT)


def test_after_kill_9_the_folder_is_free_and_the_socket_left_behind_does_not_matter(
    here: Places, start: Start, count: Callable[[int], int]
) -> None:
    for number in range(count(20)):
        page = start("server", f"round{number}", 3)
        read(page, "owns")
        page.kill()
        page.wait()
        assert here.socket.exists()
        began = time.monotonic()
        log = open_log(here, role="server", url="http://127.0.0.1:1/")
        assert log.owns
        assert len(log.events()) == 3 * (number + 1)
        assert time.monotonic() - began < 2
        log.close()


def test_start_takes_over_from_a_command_and_the_command_goes_on(here: Places) -> None:
    watch = open_log(here, role="command")
    assert watch.owns
    before, after = happened("attempt", "a/b", {"n": 1}), happened("attempt", "a/b", {"n": 2})
    watch.append(before)
    page = open_log(here, role="server", url="http://127.0.0.1:1/")
    assert page.owns
    assert not watch.owns
    watch.append(after)
    assert page.events() == watch.events() == [before, after]
    page.close()
    watch.append(happened("attempt", "a/b", {"n": 3}))
    assert watch.owns
    assert len(watch.events()) == 3
    watch.close()


def test_nothing_is_lost_while_the_owner_changes_hands(here: Places, start: Start) -> None:
    """Two commands write without pause; a server takes over, goes, and another comes."""
    writers = {name: start("command", name, 300) for name in ("a", "b")}
    for writer in writers.values():
        read(writer, "open")
    for number in range(3):
        page = start("server", f"s{number}", 5)
        read(page, "owns")
        page.communicate(timeout=60)
    for name, writer in writers.items():
        read(writer, f"{name}-299")
    log = open_log(here, role="command")
    found = [event.id for event in log.events()]
    log.close()
    for name in ("a", "b"):
        assert [each for each in found if each.startswith(name)] == [f"{name}-{n}" for n in range(300)]
    assert len(found) == len(set(found)) == 600 + 15


def test_kill_9_loses_and_doubles_nothing_that_was_acknowledged(
    here: Places, start: Start, count: Callable[[int], int]
) -> None:
    """Three writers; the owner among them is killed at a random moment, then the next one, then the last."""
    dice = Random(7)
    acknowledged: set[str] = set()
    for number in range(count(60)):
        writers = [start("command", f"{number}{name}") for name in "abc"]
        for writer in writers:
            read(writer, "open")
        for writer in dice.sample(writers, 3):
            time.sleep(dice.uniform(0, 0.15))
            writer.kill()
            assert writer.stdout is not None
            # A last line that the kill cut short was not acknowledged to anyone.
            acknowledged |= {line.strip() for line in writer.stdout if line.endswith("\n")}
        log = open_log(here, role="command")
        found = [event.id for event in log.events()]
        log.close()
        assert len(found) == len(set(found))
        assert acknowledged <= set(found)
        assert sound(here)
    assert acknowledged


def sound(here: Places) -> bool:
    if not here.database_url.startswith("sqlite"):
        return True
    with closing(sqlite3.connect(here.database)) as database:
        checks = [database.execute(f"PRAGMA {check}").fetchall() for check in ("integrity_check", "foreign_key_check")]
    return checks == [[("ok",)], []]


def test_the_socket_is_for_this_user_alone_and_goes_with_its_owner(here: Places) -> None:
    log = open_log(here, role="command")
    assert stat.S_IMODE(here.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(here.data.stat().st_mode) == 0o700
    log.close()
    assert not here.socket.exists()


def test_a_data_folder_with_a_long_path_serves_its_clients(tmp_path: Path) -> None:
    here = places(tmp_path / ("长" * 20) / ("x" * 60), environ={})
    assert len(os.fsencode(here.socket)) > 108
    owner, client = open_log(here, role="server", url=""), open_log(here, role="command")
    client.append(happened("attempt", "a/b", {}))
    assert not client.owns
    assert len(owner.events()) == 1
    client.close()
    owner.close()


def test_whoever_speaks_another_language_on_the_socket_harms_nobody(here: Places) -> None:
    owner = open_log(here, role="command")
    client = open_log(here, role="command")
    for said in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 64, b"\0\0\0\5[[[[[", b"\0\0\0\2[]", b"\0\0"):
        with wire.connect(here.socket, 5) as stranger:
            stranger.sendall(said)
    with wire.connect(here.socket, 5) as newer:
        wire.send(newer, {"op": "of a later version"})
        reply, _ = wire.receive(newer)
        assert "another version" in reply["refused"]["en"]
    client.append(happened("attempt", "a/b", {}))
    assert len(owner.events()) == 1
    client.close()
    owner.close()


def test_an_event_too_large_for_the_wire_is_refused_with_a_sentence(here: Places) -> None:
    owner, client = open_log(here, role="command"), open_log(here, role="command")
    with pytest.raises(StoreError, match="make the answer shorter"):
        client.append(happened("attempt", "a/b", {"answer": "x" * (wire.LARGEST + 1)}))
    client.append(happened("attempt", "a/b", {}))
    assert len(client.events()) == 1
    client.close()
    owner.close()


def test_the_owner_keeps_no_descriptors_or_threads_of_clients_that_left(here: Places) -> None:
    owner = open_log(here, role="command")

    def visit() -> None:
        client = open_log(here, role="command")
        client.append(happened("attempt", "a/b", {}))
        client.close()

    visit()
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(20):
        visit()
    deadline = time.monotonic() + 5
    while (now := (len(os.listdir("/proc/self/fd")), threading.active_count())) > before:
        assert time.monotonic() < deadline, (before, now)
        time.sleep(0.01)
    owner.close()
