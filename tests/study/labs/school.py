"""A course of four labs; and, run as a program, a process that works on its runs: `python school.py server|command`."""

import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.course.faults import Faults
from wenjin.study.course.graph import Course, Lab, Topic
from wenjin.study.course.labfiles import read_lab
from wenjin.study.labs.runner import Runner
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

ROOT = Path(__file__).with_name("small")
TITLE = Text("加法", "Adding")
NOTHING: Any = MappingProxyType({})


def course(root: Path = ROOT) -> Course:
    faults = Faults(root)
    labs = tuple(
        read_lab(
            Lab(id=f"adding/{name}", topic="adding", name=name, asks="", data=(), result="", minutes=1.0),
            root / "sums" / "adding" / "labs",
            faults,
        )
        for name in ("walk", "bad", "sow", "reap")
    )
    assert not faults.found, [fault.what.en for fault in faults.found]
    topic = Topic(
        id="adding",
        stage="sums",
        title=TITLE,
        question=TITLE,
        prerequisites=(),
        minutes=1,
        library=(),
        exercises=(),
        labs=labs,
        wanted_cards=0,
        covers=(),
        status="labs",
    )
    kinds = ("stages", "tracks", "sources", "projects", "features", "resources", "coverage", "modules")
    return Course(root=root, topics=MappingProxyType({"adding": topic}), **dict.fromkeys(kinds, NOTHING))


def main() -> None:
    """Works on the queue of the data folder WENJIN_DATA until it is killed."""
    here = places()
    with_log = open_log(here, role="server", url="http://127.0.0.1:9/")
    runner = Runner(with_log, course(), here)
    runner.start()
    print("open", flush=True)
    sys.stdin.readline()
    runner.close()
    with_log.close()


if __name__ == "__main__":
    main()
