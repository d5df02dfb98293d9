"""One run at a time; stopped at once, gone on from what it kept, and never lost or begun twice, whoever is killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.study.labs.conftest import until
from tests.study.labs.school import ROOT, course
from wenjin.kit.lab import Level, Picture, Point, Progress, latest, levels
from wenjin.study.course.form import FormError
from wenjin.study.labs import client, tree
from wenjin.study.labs import work as module
from wenjin.study.labs.records import RunError
from wenjin.study.labs.runner import Runner
from wenjin.study.labs.session import time_left
from wenjin.study.store import runs as disk
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import Places

SCHOOL = Path(__file__).with_name("school.py")
SLOW = {"steps": 400, "pause": 0.02}


def ended(runner: Runner, run: str) -> str:
    until(lambda: runner.rows(run, 1 << 40).over)
    known = runner.run(run)
    assert known is not None
    return known.state


def told(runner: Runner, run: str) -> list[str]:
    return [event.data["what"] for event in runner.records.log.events("run") if event.data["run"] == run]


def steps(runner: Runner, run: str) -> int:
    return sum(isinstance(frame, Point) for frame in runner.frames(run))


def test_the_record_of_a_run_holds_what_a_plain_call_shows(runner: Runner) -> None:
    run = runner.submit("walk", {"steps": 30, "seed": 4}, {"far": "far"})
    assert ended(runner, run) == "finished"
    plain = latest(client.run(ROOT, "adding/walk", {"steps": 30, "seed": 4}).frames)
    assert runner.frames(run) == plain
    known = runner.run(run)
    assert known is not None
    assert known.levels == levels(plain)
    assert [point.y for point in known.curve["place"]] == [f.y for f in plain if isinstance(f, Point)]
    assert not any(isinstance(frame, Picture) for frame in known.frames)
    assert (known.arguments["strides"], known.seed) == ([1, 2], 4)
    assert known.data[0].id == "coins"
    assert set(known.code) == {"lab", "library"}
    assert known.memory > 5 << 20
    assert known.seconds > 0
    judged = known.verdict
    assert judged is not None
    assert [(p.chosen, p.answer, p.right) for p in judged.predictions] == [("far", "near", False)]
    assert json.loads(json.dumps(known.as_dict(), allow_nan=False))["state"] == "finished"
    runner.remark(run, "走得不远。")
    remarked = runner.run(run)
    assert remarked is not None
    assert remarked.remark == "走得不远。"
    assert told(runner, run) == ["queued", "started", "finished", "remark"]


def test_a_wrong_parameter_is_refused_by_name_and_nothing_is_queued(runner: Runner) -> None:
    with pytest.raises(FormError, match="steps must lie in 1 to 10000"):
        runner.submit("adding/walk", {"steps": 0})
    with pytest.raises(FormError, match="no parameter stepps"):
        runner.submit("adding/walk", {"stepps": 5})
    with pytest.raises(RunError, match="no lab called nothing"):
        runner.submit("nothing", {})
    assert runner.runs() == {}


def test_asking_twice_for_the_same_run_is_one_run(runner: Runner) -> None:
    asked = [runner.submit("walk", {"steps": 3}, id="cd" * 16) for _ in range(2)]
    assert asked == ["cd" * 16] * 2
    assert ended(runner, asked[0]) == "finished"
    assert runner.submit("walk", {"steps": 3}, id="cd" * 16) == asked[0]
    assert runner.place(asked[0]) is None
    assert told(runner, asked[0]) == ["queued", "started", "finished"]
    with pytest.raises(ValueError, match="not a run"):
        runner.submit("walk", {}, id="../../x")


def test_runs_wait_for_each_other_in_order_and_one_that_waits_can_be_cancelled(runner: Runner) -> None:
    first = runner.submit("walk", SLOW)
    second, third, fourth = (runner.submit("walk", {"seed": seed}) for seed in (1, 2, 3))
    until(lambda: runner.place(first) == 0)
    assert [runner.place(run) for run in (second, third, fourth)] == [1, 2, 3]
    runner.stop(third)
    assert runner.place(third) is None
    assert [runner.place(run) for run in (second, fourth)] == [1, 2]
    runner.stop(first)
    assert [ended(runner, run) for run in (first, second, third, fourth)] == [
        "stopped",
        "finished",
        "stopped",
        "finished",
    ]
    assert told(runner, third) == ["queued", "stopped"]
    began = [event.data["run"] for event in runner.records.log.events("run") if event.data["what"] == "started"]
    assert began == [first, second, fourth]
    with pytest.raises(RunError, match="is over"):
        runner.stop(third)
    with pytest.raises(RunError, match="cannot go on"):
        runner.resume(second)
    with pytest.raises(RunError, match="no run"):
        runner.resume("ff" * 16)


@pytest.mark.parametrize("how", ["children", "deaf"])
def test_a_stopped_run_leaves_no_process_after_two_seconds(runner: Runner, how: str) -> None:
    run = runner.submit("bad", {"how": how})
    until(lambda: len(tree.marked(run)) == (3 if how == "children" else 1) and runner.frames(run))
    runner.stop(run)
    assert until(lambda: not tree.marked(run)) < 2
    assert ended(runner, run) == "stopped"


def test_a_stopped_run_goes_on_from_its_state(runner: Runner, count: Callable[[int], int]) -> None:
    dice = Random(3)
    for turn in range(count(50)):
        run = runner.submit("walk", {"steps": 60, "pause": 0.02, "seed": turn})
        until(lambda run=run: steps(runner, run) >= 1)
        time.sleep(dice.random() * 0.3)
        runner.stop(run)
        assert until(lambda run=run: not tree.marked(run)) < 2
        assert ended(runner, run) == "stopped"
        before = steps(runner, run)
        kept = runner.records.runs.kept(run)["state.json"].read_text()
        assert json.loads(kept)["step"] in (before - 1, before, before + 1)
        runner.resume(run)
        assert ended(runner, run) == "finished"
        assert told(runner, run) == ["queued", "started", "stopped", "queued", "resumed", "finished"]
        plain = client.run(ROOT, "adding/walk", {"steps": 60, "seed": turn}).frames
        assert [f for f in runner.frames(run) if isinstance(f, Point | Level)] == [
            f for f in latest(plain) if isinstance(f, Point | Level)
        ]
        begins = [row["from"] for row in runner.records.runs.all(run) if row["frame"] == "begin"]
        assert begins == ["start", "kept"]
        assert runner.records.runs.kept(run) == {}


def test_what_was_kept_by_other_code_is_refused(here: Places, tmp_path: Path) -> None:
    root = tmp_path / "course"
    shutil.copytree(ROOT, root)
    file = root / "sums/adding/labs/walk.py"
    with closing(open_log(here, role="server")) as log:
        runner = Runner(log, course(root), here)
        runner.start()
        stopped, left = runner.submit("walk", SLOW), runner.submit("walk", SLOW)
        until(lambda: steps(runner, stopped) >= 1)
        runner.stop(stopped)
        until(lambda: steps(runner, left) >= 1)
        runner.close()
        file.write_text(file.read_text() + "\n# mended\n")
        later = Runner(log, course(root), here)
        later.start()
        assert ended(later, left) == "failed"
        known = later.run(left)
        assert known is not None
        assert known.why is not None
        assert "the lab's code changed" in known.why.en
        for run in (stopped, left):
            with pytest.raises(RunError, match=r"the lab's code changed.*run it anew"):
                later.resume(run)
        later.resume(left, force=True)
        until(lambda: told(later, left)[-1] == "resumed")
        later.stop(left)
        assert ended(later, left) == "stopped"
        forced = later.run(left)
        assert forced is not None
        assert forced.forced
        later.close()


def test_a_run_that_kills_whoever_runs_it_is_given_up(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STARTS", 0)
    run = runner.submit("walk", {})
    assert ended(runner, run) == "failed"
    known = runner.run(run)
    assert known is not None
    assert known.why is not None
    assert "given up" in known.why.en


def test_a_run_that_dies_says_why_and_the_next_one_runs(runner: Runner) -> None:
    dead, alive = runner.submit("bad", {"how": "raise"}), runner.submit("walk", {})
    assert ended(runner, dead) == "failed"
    known = runner.run(dead)
    assert known is not None
    assert known.why is not None
    assert "the matrix is not square" in known.why.en
    assert "Traceback" in known.output
    assert ended(runner, alive) == "finished"


def test_what_cannot_be_kept_ends_the_run_with_a_sentence(runner: Runner) -> None:
    run = runner.submit("bad", {"how": "name"})
    assert ended(runner, run) == "failed"
    known = runner.run(run)
    assert known is not None
    assert known.why is not None
    assert "cannot be used" in known.why.en


def test_a_run_that_never_stops_telling_ends_with_a_sentence(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "MOST", 2000)
    run = runner.submit("walk", {})
    assert ended(runner, run) == "failed"
    known = runner.run(run)
    assert known is not None
    assert known.why is not None
    assert "fewer points" in known.why.en
    assert tree.marked(run) == []


def test_time_left_is_measured_from_the_speed_so_far() -> None:
    begun, later = (10.0, Progress(20, 100)), (14.0, Progress(40, 100))
    assert time_left(begun, later, now=14.0) == 12.0
    assert time_left(begun, later, now=16.0) == 10.0
    assert time_left(begun, later, now=99.0) == 0.0
    assert time_left(begun, (14.0, Progress(20, 100)), now=14.0) is None


def test_time_memory_and_progress_are_told_while_it_runs(runner: Runner) -> None:
    run = runner.submit("walk", {"steps": 80, "pause": 0.03})
    rows = [row for row in runner.follow(run) if row["frame"] == "meter"]
    assert all(row["memory"] > 5 << 20 for row in rows[1:-1])
    assert any(row["left"] and 0 < row["done"] < 80 for row in rows)
    assert rows[-1]["done"] == rows[-1]["of"] == 80
    assert [row["seconds"] for row in rows] == sorted(row["seconds"] for row in rows)


# ---- killed ----


class School:
    """Processes that work on the queue of one data folder."""

    def __init__(self, here: Places) -> None:
        self.environ = os.environ | {"WENJIN_DATA": str(here.data), "WENJIN_WORKSPACE": str(here.workspace)}
        self.process: subprocess.Popen[str] | None = None

    def open(self) -> float:
        """Returns the seconds until it is open."""
        began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(SCHOOL)],
            env=self.environ | {"PYTHONPATH": str(SCHOOL.parents[3])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "open\n"
        return time.monotonic() - began

    def kill(self) -> None:
        assert self.process is not None
        with self.process as process:
            process.kill()
        self.process = None

    def end(self) -> None:
        assert self.process is not None
        with self.process as process:
            process.communicate("\n", timeout=15)
        self.process = None


@pytest.fixture
def school(here: Places) -> Iterator[School]:
    made = School(here)
    yield made
    if made.process is not None:
        made.kill()


def test_killed_servers_and_workers_neither_lose_a_run_nor_begin_one_twice(
    here: Places, school: School, count: Callable[[int], int]
) -> None:
    dice, kills = Random(5), count(40)
    arguments = {"steps": 25 * kills, "pause": 0.02, "seed": 7}
    school.open()
    with closing(open_log(here, role="command")) as log:
        sender = Runner(log, course(), here)
        run = sender.submit("walk", arguments)
        for _ in range(kills):
            before = steps(sender, run)
            until(lambda before=before: steps(sender, run) > before)
            time.sleep(dice.random() * 0.2)
            assert len(tree.marked(run)) == 1
            school.kill()
            assert until(lambda: not tree.marked(run)) < 2  # the worker dies with its server
            school.open()
        assert ended(sender, run) == "finished"
        plain = client.run(ROOT, "adding/walk", arguments | {"pause": 0.0}).frames
        shown = [frame for frame in sender.frames(run) if isinstance(frame, Point | Level)]
        assert shown == [frame for frame in latest(plain) if isinstance(frame, Point | Level)]
        what = Counter(told(sender, run))
        assert what == {"queued": 1, "started": 1, "resumed": kills, "finished": 1}
        pids = [row["from"] for row in sender.records.runs.all(run) if row["frame"] == "begin"]
        assert pids == ["start"] + ["kept"] * kills


def test_a_killed_worker_ends_its_run_with_a_reason_and_it_can_go_on(runner: Runner) -> None:
    run = runner.submit("walk", {"steps": 60, "pause": 0.02})
    until(lambda: steps(runner, run) >= 3)
    for pid in tree.marked(run):
        os.kill(pid, signal.SIGKILL)
    assert ended(runner, run) == "failed"
    known = runner.run(run)
    assert known is not None
    assert known.why is not None
    assert "signal 9" in known.why.en
    runner.resume(run)
    assert ended(runner, run) == "finished"


def test_a_worker_that_is_told_to_end_keeps_its_state_and_the_run_goes_on_by_itself(runner: Runner) -> None:
    run = runner.submit("walk", {"steps": 60, "pause": 0.02})
    until(lambda: steps(runner, run) >= 3)
    for pid in tree.marked(run):
        os.kill(pid, signal.SIGTERM)
    assert ended(runner, run) == "finished"
    assert told(runner, run) == ["queued", "started", "resumed", "finished"]


def test_a_server_that_ends_in_order_leaves_its_run_to_the_next(here: Places, school: School) -> None:
    school.open()
    with closing(open_log(here, role="command")) as log:
        sender = Runner(log, course(), here)
        run = sender.submit("walk", {"steps": 100, "pause": 0.02})
        until(lambda: steps(sender, run) >= 1)
        school.end()
        assert tree.marked(run) == []
        known = sender.run(run)
        assert known is not None
        assert known.state == "queued"
        school.open()
        assert ended(sender, run) == "finished"
        assert told(sender, run) == ["queued", "started", "resumed", "finished"]


def test_a_command_runs_its_own_run_where_there_is_no_server_and_a_server_does_not_begin_it_again(
    here: Places, school: School
) -> None:
    with closing(open_log(here, role="command")) as log:
        sender = Runner(log, course(), here)
        run = sender.submit("walk", {"steps": 2000, "pause": 0.02})
        command = Runner(log, course(), here, only=run)
        command.start()
        until(lambda: steps(sender, run) >= 1)
        school.open()  # takes the log over while the command's lab runs on
        other = sender.submit("walk", {})
        time.sleep(1.2)
        assert told(sender, run) == ["queued", "started"]
        assert len(tree.marked(run)) == 1
        assert told(sender, other) == ["queued"]
        command.close()  # as a command that is interrupted: the server goes on
        until(lambda: told(sender, run) == ["queued", "started", "resumed"])
        sender.stop(run)
        assert ended(sender, run) == "stopped"
        assert ended(sender, other) == "finished"
