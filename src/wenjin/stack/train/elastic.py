"""Several processes that train together, started again from the last checkpoint when one of them dies.

    python -m wenjin.stack.train.elastic --workers 2 --restarts 3 -- train.py --depth 6

    a worker dies    the others are stopped, all start again, and each goes on from the newest checkpoint
    too often        the launcher ends with 1 and one sentence that names the worker; nothing is left running
    a worker stops   it was told to, or refused, and says farewell(): nobody starts again, the launcher ends alike

The work is torchrun's; this file gives it a port that is free on this machine alone, and makes its verdict readable.

Omits    more than one machine: there call torchrun itself, with the same workers
Source   torch.distributed.elastic, as documented with PyTorch
Proof    tests/stack/train/test_torchrun.py: workers killed at five points, restarts spent, orphans, the port;
         tests/poet/test_processes.py: stopped, refused
"""

import argparse
import contextlib
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from wenjin.stack.train.errors import TrainError

MEANT = "LAUNCHED_MEANT"  # names the file in which a worker leaves the code that it ends with on purpose


class Stopped(Exception):
    """The launcher was asked to stop by a signal; its workers were too, and have saved."""

    def __init__(self, number: int) -> None:
        self.number = number


def farewell(code: int, *, meant: bool = True, environ: Mapping[str, str] = os.environ) -> int:
    """What a worker exits with where it would with `code`. Once one means it, the launcher starts nobody again, and
    ends with the first such code."""
    if MEANT not in environ:
        return code
    said = Path(environ[MEANT])
    if meant:
        with contextlib.suppress(FileExistsError), said.open("x", encoding="ascii") as file:
            file.write(str(code))
    return 0 if said.exists() else code


def launch(command: Sequence[str], *, workers: int, restarts: int = 3) -> int:
    """Run `python command` in so many processes until all end; the code with which one of them ended on purpose, or 0.

    Raises TrainError once restarts are spent; Stopped, when a signal asked for it.
    """
    with tempfile.TemporaryDirectory(prefix="wenjin-launch-") as folder:
        said = Path(folder) / "code"
        os.environ[MEANT] = str(said)
        try:
            _launch(command, workers, restarts)
        finally:
            del os.environ[MEANT]
        return int(said.read_text(encoding="ascii")) if said.exists() else 0


def _launch(command: Sequence[str], workers: int, restarts: int) -> None:
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)  # one sentence instead of pages
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=workers,
        run_id="wenjin",
        rdzv_backend="c10d",
        rdzv_endpoint="127.0.0.1:0",  # any port that is free
        local_addr="127.0.0.1",
        max_restarts=restarts,
        monitor_interval=0.1,
    )
    try:
        elastic_launch(config, sys.executable)(*command)
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        zh, en = how(failure.exitcode)
        raise TrainError(
            f"第 {rank} 号进程{zh}，{restarts} 次重启都用完了。查明原因后再运行同一命令，会从最近的检查点接着训练。",
            f"Worker {rank} {en}, and all {restarts} restarts are spent. Find out why; then the same command goes on "
            "from the last checkpoint.",
        ) from None
    except SignalException as error:
        raise Stopped(int(error.sigval)) from None


def how(code: int) -> tuple[str, str]:
    """How a process ended: by a signal where the code is negative."""
    if code < 0:
        name = signal.Signals(-code).name
        return f"被 {name} 终止", f"was ended by {name}"
    return f"以代码 {code} 退出", f"ended with code {code}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m wenjin.stack.train.elastic", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--restarts", type=int, default=3, help="times that all are started again (default: 3)")
    end = arguments.index("--") if "--" in arguments else len(arguments)
    mine, command = arguments[:end], arguments[end + 1 :]
    given = parser.parse_args(mine)
    if not command:
        parser.error("after -- comes what to run: a file, or -m and a module, with its arguments")
    try:
        return launch(command, workers=given.workers, restarts=given.restarts)
    except TrainError as error:
        print(error.zh, error.en, sep="\n", file=sys.stderr)
        return 1
    except Stopped as stopped:
        return 128 + stopped.number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
