"""The whole course on a full disk, and in a folder that can only be read: a sentence each time, nothing lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("hard_times.py")
FULL = ("磁盘已满", "The disk is full")


def mounted(prepare: str, folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """A command after the shell line `prepare`, with mounts that only they see."""
    namespace = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    environ = os.environ | {"FOLDER": str(folder), "OWNER": str(os.getuid()), "WENJIN_LANG": "en"}
    shell = f'set -e; {prepare}; exec "$@"'
    words = [*namespace, "bash", "-c", shell, "bash", *command]
    return subprocess.run(words, env=environ, capture_output=True, text=True, timeout=180)


def test_work_on_a_full_disk_is_refused_with_a_sentence_and_goes_on_when_there_is_space(tmp_path: Path) -> None:
    done = mounted(
        'mount -t tmpfs -o size=8m none "$FOLDER"', tmp_path, sys.executable, "-P", str(PROGRAM), str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for work in (told["before"], told["after"]):
        assert {name: status for name, (status, _) in work.items() if status >= 400} == {}
        assert work["answer"][1]["unkept"] is None
    status, verdict = told["during"]["answer"]
    assert (status, verdict["verdict"]) == (200, "pass"), "a disk takes no verdict away"
    assert says_full(verdict["unkept"])
    for name in ("draft", "note", "review", "hint"):
        status, said = told["during"][name]
        assert status == 503, name
        assert says_full(said["error"]), name
    assert told["during"]["run"][0] == 503
    assert set(told["pages"].values()) == {200}, "all can be read"
    assert all(FULL[1] in page for page in told["why"]), "a run that the disk stopped says so"
    assert list(told["resumed"].values()) == ["finished"], "and goes on when there is space"
    for name, found in told["again"].items():
        assert found == told["kept"][name], f"{name}: after a restart there is what was acknowledged, and no more"


def says_full(said: dict[str, str]) -> bool:
    return said["zh"].startswith(FULL[0]) and said["en"].startswith(FULL[1])


@pytest.mark.parametrize("begun", [False, True])
def test_a_start_on_what_can_only_be_read_is_one_sentence(tmp_path: Path, begun: bool) -> None:
    if begun:  # a folder with a record of its own
        from wenjin.study.store.owner import open_log
        from wenjin.study.store.places import places

        open_log(places(tmp_path / "data", environ={}), role="command").close()
    words = [sys.executable, "-P", "-m", "wenjin.cli", "start", "--no-browser", "--port", "0"]
    only_read = 'mount --bind "$FOLDER" "$FOLDER"; mount -o remount,ro,bind "$FOLDER"'
    done = mounted(only_read, tmp_path, *words, "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "can be read but not written" in done.stderr
    assert str(tmp_path / "data") in done.stderr
