"""Disks that are full, folders that cannot be written: one clear sentence, and on as soon as it is mended.

Each runs in a mount namespace of its own, so that the disks are real ones.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys
from pathlib import Path
from wenjin.study.store.log import StoreError, happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places
here = places(Path(sys.argv[1]))
def tell(error): print("|".join([type(error).__name__, error.text.zh, error.text.en]), flush=True)
"""
OPEN = """
try:
    log = open_log(here, role="command")
    log.append(happened("attempt", "a/b", {}))
    print("kept", len(log.events()))
except StoreError as error:
    tell(error)
    sys.exit(1)
"""
FILL = """
log = open_log(here, role="command")
for free in range(0, 100, 10):  # ten points of fullness, in KiB
    kept = len(log.events())
    ballast = Path(sys.argv[1], "ballast")
    with ballast.open("wb", buffering=0) as file:
        try:
            while True: file.write(bytes(1024))
        except OSError:
            pass
        file.truncate(max(0, ballast.stat().st_size - free * 1024))
    try:
        for n in range(1000):
            log.append(happened("attempt", "a/b", {"answer": "x" * 2000}))
            kept += 1
    except StoreError as error:
        tell(error)
    assert len(log.events()) == kept, "what was acknowledged is read, and nothing else"
    ballast.unlink()
    log.append(happened("attempt", "a/b", {"answer": "space again"}))
    assert len(log.events()) == kept + 1
log.close()
log = open_log(here, role="command")
assert len(log.events()) == kept + 1
"""


def run(prepare: str, folder: Path, program: str, **options: object) -> subprocess.CompletedProcess[str]:
    """`program` on the data folder, after the shell line `prepare`, with mounts that only they see."""
    shell = f'set -e; {prepare}; exec "$PYTHON" -c "$PROGRAM" "$FOLDER"'
    environ = os.environ | {"PYTHON": sys.executable, "PROGRAM": PROGRAM + program, "FOLDER": str(folder)}
    command = ["unshare", "--map-root-user", "--mount", "bash", "-c", shell]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, **options)


def test_a_full_disk_refuses_with_a_sentence_reads_on_and_goes_on_when_there_is_space(tmp_path: Path) -> None:
    done = run('mount -t tmpfs -o size=2m none "$FOLDER"', tmp_path, FILL)
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert len(told) == 10
    for line in told:
        assert line.startswith("StoreError|磁盘已满，")
        assert "The disk is full" in line


def test_a_disk_that_is_full_at_the_start_gets_a_sentence(tmp_path: Path) -> None:
    fill = 'mount -t tmpfs -o size=64k none "$FOLDER"; dd if=/dev/zero of="$FOLDER/ballast" 2>/dev/null || true'
    done = run(fill, tmp_path, OPEN)
    assert_one_sentence(done, "The disk is full")


def test_a_read_only_folder_gets_a_sentence(tmp_path: Path) -> None:
    ready = 'mount --bind "$FOLDER" "$FOLDER"; mount -o remount,ro,bind "$FOLDER"'
    assert_one_sentence(run(ready, tmp_path, OPEN), "can be read but not written")
    inside = OPEN.replace("here,", "places(here.data / 'inside'),")
    assert_one_sentence(run(ready, tmp_path, inside), "can be read but not written")


def test_a_folder_of_somebody_else_gets_a_sentence(tmp_path: Path) -> None:
    """The program's modules are loaded first, and only then it becomes a user who may nothing here."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    leave = "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
    load = "import wenjin.study.store.database, sqlalchemy.dialects.sqlite\n"
    command = [sys.executable, "-c", PROGRAM + load + leave + OPEN, str(closed / "data")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert_one_sentence(done, "may not be used by this user")


def test_a_file_in_the_place_of_the_folder_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "data"):
        command = [sys.executable, "-c", PROGRAM + OPEN, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert_one_sentence(done, "cannot be the data folder")


@pytest.mark.parametrize("name", ["with space", "字 🌊", "per%cent", "question?mark", "hash#tag"])
def test_any_name_of_a_folder_is_good(tmp_path: Path, name: str) -> None:
    command = [sys.executable, "-c", PROGRAM + OPEN, str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == "kept 1\n", done.stderr
    assert (tmp_path / name / "wenjin.db").exists()


def assert_one_sentence(done: subprocess.CompletedProcess[str], said: str) -> None:
    assert done.returncode == 1
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert said in done.stdout
