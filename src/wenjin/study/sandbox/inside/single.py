"""A process for one learner, where there is no fork: warm up, wait for the one line that begins, run, end."""

import gc
import importlib
import os
import sys

from .ending import run_and_exit
from .warming import reseed, warm


def main(names: tuple[str, ...], entries: list[str], folders: int, box: str) -> None:
    """Standard input carries the requests, standard output the replies; what is printed goes to standard error."""
    warm(list(names))
    modules = {name: importlib.import_module(name) for name in entries}
    del sys.path[:folders]
    request, reply = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        for place in (request, reply):
            msvcrt.setmode(place, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    os.chdir(box)
    os.environ.clear()
    os.environ.update(HOME=box, TMPDIR=box, TEMP=box)
    gc.collect()
    os.write(reply, b"R")
    entry, seconds, memory = _line(request).split()
    _limit(int(seconds), int(memory))
    reseed()
    run_and_exit(lambda: modules[entry].main(request, reply))


def _line(place: int) -> str:
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(place, 1)
        if not piece:
            os._exit(0)
        line += piece
    return line.decode()


def _limit(seconds: int, memory: int) -> None:
    """Limits where the system has any: macOS keeps those of time and files, not of memory. Windows: a job object."""
    if sys.platform == "win32":
        return
    from .confine import limit

    limit(seconds, memory, 1 << 40, False)
