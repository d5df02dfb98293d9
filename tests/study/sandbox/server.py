"""A server, its worker and a learner at work, for tests that kill one of them: `server.py FOLDER [worker]`."""

import os
import subprocess
import sys
import time
from pathlib import Path

from wenjin.study.sandbox import launch
from wenjin.study.sandbox.pool import Sandbox


def server(folder: Path) -> None:
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    argv = [sys.executable, __file__, str(folder), "worker"]
    process = launch.start_worker(argv, environment=environment, readable=[folder, Path(__file__).parent])
    assert isinstance(process, subprocess.Popen)
    assert process.stdout is not None
    said = process.stdout.readline().decode()
    print(said, end="", flush=True)
    time.sleep(600 if said else 0)


def worker(folder: Path) -> None:
    """Says who it is, under which tier, and how many learners it has; then waits."""
    with Sandbox(warm=(), entry="tiny", folder=folder) as sandbox:
        assert sandbox.tier().name == "A", sandbox.tier()  # a lesser one takes a single learner at a time
        jobs = [sandbox.open() for _ in range(2)]
        for job in jobs:
            job.send(b"import of_this_environment as o; result = o.number")
            assert job.receive() == b"7"
        jobs[0].send(b"import time\nwhile True: time.sleep(1)")
        jobs[1].send(b"while True: pass")
        print(os.getuid(), os.getpid(), sandbox.tier().name, os.environ.get("WENJIN_CANARY_SECRET"), flush=True)
        time.sleep(600)


if __name__ == "__main__":
    (worker if "worker" in sys.argv else server)(Path(sys.argv[1]))
