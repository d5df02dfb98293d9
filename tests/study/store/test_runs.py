"""What a run leaves on the disk survives kills, and half a line is nobody's row."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from wenjin.study.store import runs as module
from wenjin.study.store.log import StoreError
from wenjin.study.store.places import places
from wenjin.study.store.runs import Runs

RUN = "ab" * 16


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(places(tmp_path / "data", tmp_path / "work", {}))


def test_rows_are_read_from_a_cursor_on(runs: Runs) -> None:
    assert runs.read(RUN).rows == []
    writer = runs.writer(RUN)
    writer.write({"n": 1})
    first = runs.read(RUN)
    assert first.rows == [{"n": 1}]
    assert runs.read(RUN, first.after).rows == []
    writer.write({"n": 2, "text": "月\n光"})
    writer.close()
    assert runs.read(RUN, first.after).rows == [{"n": 2, "text": "月\n光"}]


def test_a_row_longer_than_a_batch_is_one_row(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 64)
    writer = runs.writer(RUN)
    rows = [{"n": n, "text": "x" * (500 if n == 3 else 9)} for n in range(8)]
    for row in rows:
        writer.write(row)
    writer.close()
    assert list(runs.all(RUN)) == rows


def test_half_a_line_is_cut_off_by_the_next_writer(runs: Runs) -> None:
    writer = runs.writer(RUN)
    writer.write({"n": 1})
    writer.close()
    with (runs.folder(RUN) / "frames.jsonl").open("ab") as file:
        file.write(b'{"n": 2, "text": "' + b"x" * 200_000)
    assert list(runs.all(RUN)) == [{"n": 1}]
    writer = runs.writer(RUN)
    writer.write({"n": 3})
    writer.close()
    assert list(runs.all(RUN)) == [{"n": 1}, {"n": 3}]


def test_a_run_that_never_stops_telling_is_refused(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 100)
    writer = runs.writer(RUN)
    writer.write({"text": "x" * 50})
    with pytest.raises(StoreError, match="fewer points"):
        writer.write({"text": "x" * 50})
    writer.close()


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "a\x00", "x" * 65, "a\n", "盘"])
def test_what_is_kept_stays_in_its_folder(runs: Runs, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        runs.save(RUN, name, [b"x"])


@pytest.mark.parametrize("id", ["", "..", "ab", "AB" * 16, "ab" * 16 + "\n", "../" + "ab" * 16])
def test_what_is_no_run_is_refused(runs: Runs, id: str) -> None:
    with pytest.raises(ValueError, match="not a run"):
        runs.read(id)


def test_what_was_kept_last_is_there(runs: Runs) -> None:
    assert runs.kept(RUN) == {}
    runs.save(RUN, "state.npz", [b"old"])
    runs.save(RUN, "state.npz", [b"ne", b"w"])
    assert {name: path.read_bytes() for name, path in runs.kept(RUN).items()} == {"state.npz": b"new"}

    def breaks() -> Iterator[bytes]:
        yield b"half"
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="disk is full"):
        runs.save(RUN, "state.npz", breaks())
    assert [path.read_bytes() for path in runs.kept(RUN).values()] == [b"new"]
    runs.forget_kept(RUN)
    assert runs.kept(RUN) == {}


SAVER = """
import sys
from pathlib import Path
from wenjin.study.store.places import places
from wenjin.study.store.runs import Runs
runs = Runs(places(Path(sys.argv[1]), Path(sys.argv[1]), {}))
print("open", flush=True)
for n in range(10**9):
    runs.save(sys.argv[2], "state", [bytes([n % 251]) * 50_000] * 20)
"""


def test_a_kill_while_saving_leaves_whole_bytes(runs: Runs, tmp_path: Path, count: Callable[[int], int]) -> None:
    dice = Random(1)
    for _ in range(count(60)):
        command = [sys.executable, "-c", SAVER, str(tmp_path / "data"), RUN]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.05 + 0.1 * dice.random())
            os.kill(process.pid, signal.SIGKILL)
        for path in runs.kept(RUN).values():
            data = path.read_bytes()
            assert len(data) == 1_000_000
            assert data == data[:1] * len(data)
