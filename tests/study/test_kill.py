"""kill -9 of the whole process tree at random moments, by the code of the benchmark; it does all two hundred."""

import json
import sqlite3
import statistics
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType


def test_no_kill_loses_or_doubles_what_was_acknowledged(
    benchmark: Callable[[str], ModuleType], tmp_path: Path, count: Callable[[int], int]
) -> None:
    kill, start = benchmark("kill"), benchmark("start")
    learner = kill.kills(tmp_path, count(200))
    assert learner.faults == []
    assert len(learner.starts) == count(200) + 1
    for name, kept in learner.hands.items():
        assert kept.acknowledged, f"nothing was put at risk by {name}"
    # Three seconds where a bare page takes half a second; as much longer as the machine is busier.
    assert statistics.median(learner.starts[1:]) <= kill.READY * max(1.0, start.peer() / 0.5)
    the_examination_finds_what_is_lost_doubled_or_spoiled(learner)


def the_examination_finds_what_is_lost_doubled_or_spoiled(learner: object) -> None:
    """Each list is compared in earnest: a database that was tampered with is told from a sound one."""
    data = learner.folder / "data"  # type: ignore[attr-defined]
    with closing(sqlite3.connect(data / "wenjin.db", isolation_level=None)) as database:
        review = learner.hands["review"].acknowledged[-1]  # type: ignore[attr-defined]
        answer = learner.hands["answer"].acknowledged[0]  # type: ignore[attr-defined]
        database.execute("DELETE FROM event WHERE id = ?", (review,))
        (row,) = database.execute("SELECT at, kind, subject, data FROM event WHERE data LIKE ?", (f"%{answer}%",))
        database.execute("INSERT INTO event (id, at, kind, subject, data) VALUES ('again', ?, ?, ?, ?)", row)
        database.execute("UPDATE draft SET text = ? WHERE subject LIKE 'note:%'", (json.dumps("older"),))
    learner.examine()  # type: ignore[attr-defined]
    assert {fault.partition(":")[0] for fault in learner.faults} == {  # type: ignore[attr-defined]
        "review lost",
        "answer doubled",
        "note lost",
    }
