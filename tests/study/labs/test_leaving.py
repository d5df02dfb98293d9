"""A lab that goes on from what another one left: refused without it, and given the newest of it."""

import shutil
import time
from pathlib import Path

import pytest

from tests.study.labs.conftest import until
from tests.study.labs.school import ROOT, course
from wenjin.kit.lab import Table
from wenjin.kit.text import Text
from wenjin.study.author import labs as author
from wenjin.study.course.faults import Faults
from wenjin.study.labs.records import RunError
from wenjin.study.labs.runner import Runner


def ended(runner: Runner, run: str) -> str:
    until(lambda: runner.rows(run, 1 << 40).over)
    known = runner.run(run)
    assert known is not None
    return known.state


def harvest(runner: Runner, run: str) -> str:
    (table,) = [frame for frame in runner.frames(run) if isinstance(frame, Table)]
    return str(table.rows[0][0])


def test_without_a_run_to_go_on_from_it_is_refused_with_that_labs_name(runner: Runner) -> None:
    with pytest.raises(RunError, match="adding/sow"):
        runner.submit("reap", {})


def test_it_gets_what_the_newest_run_left_and_nothing_else_stays(runner: Runner) -> None:
    for word in ("rye", "oat"):
        run = runner.submit("sow", {"word": word})
        assert ended(runner, run) == "finished"
        until = time.monotonic() + 20  # the rest is deleted once the end is on record
        while (kept := set(runner.records.runs.kept(run))) != {"word"}:
            assert time.monotonic() < until, kept
            time.sleep(0.02)
    reaped = runner.submit("reap", {"times": 3})
    assert ended(runner, reaped) == "finished"
    assert harvest(runner, reaped) == "oatoatoat"
    shutil.rmtree(runner.records.runs.folder(run))  # the newest was deleted: the one before it is taken
    again = runner.submit("reap", {"times": 1})
    assert ended(runner, again) == "finished"
    assert harvest(runner, again) == "rye"


def test_its_author_records_it_after_the_lab_that_it_goes_on_from(tmp_path: Path) -> None:
    root = tmp_path / "course"
    shutil.copytree(ROOT, root)
    topic = course(root).topics["adding"]
    object.__setattr__(topic, "folder", root / "sums" / "adding")
    faults, said = Faults(root), []

    def say(text: Text) -> None:
        said.append(text.en)

    assert author.record(topic, root, tmp_path, ("reap",), say, faults) == ["lab_reap"]
    assert not faults.found
    assert said[0].startswith("first adding/sow")
    assert '"corncorn"' in (root / "sums/adding/recorded/lab_reap.json").read_text()
