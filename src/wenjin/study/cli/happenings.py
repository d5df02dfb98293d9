"""What `watch` is told from outside: a file was saved, a key was pressed, nobody will press one any more."""

import os
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

SETTLE = 0.03  # seconds in which an editor that empties a file before writing it has written it
MOST = (1 << 20) + 1  # bytes that are read: more than any judge takes


@dataclass(frozen=True, slots=True)
class Saved:
    file: Path


@dataclass(frozen=True, slots=True)
class Pressed:
    key: str


@dataclass(frozen=True, slots=True)
class Ended:
    pass


Happened = Saved | Pressed | Ended


def settled(file: Path) -> bytes | None:
    """What stands in a file, once whoever writes it has written; None where there is none."""
    answer: bytes | None = None
    for _ in range(2):
        try:
            with file.open("rb") as opened:
                answer = opened.read(MOST)
        except OSError:
            answer = None
        if answer:
            break
        time.sleep(SETTLE)
    return answer


def files(folder: Path, happenings: "queue.Queue[Happened]", stop: threading.Event) -> None:
    """Report each file of the workspace that is written, whichever way its editor writes."""
    from watchfiles import watch

    root = folder.resolve()

    def ours(_: object, path: str) -> bool:
        parts = Path(path).relative_to(root).parts
        return len(parts) == 2 and not any(part.startswith(".") for part in parts)

    for changes in watch(root, watch_filter=ours, debounce=50, step=5, stop_event=stop, raise_interrupt=False):
        for path in sorted({path for _, path in changes}):
            happenings.put(Saved(folder / Path(path).relative_to(root)))


def keys(pressed: Iterator[str], happenings: "queue.Queue[Happened]") -> None:
    """Report each key."""
    for key in pressed:
        happenings.put(Pressed(key))
    happenings.put(Ended())


@contextmanager
def keyboard(source: TextIO, at_terminal: bool) -> Iterator[Iterator[str]]:
    """Keys as they are pressed at a terminal; else a line is a key, and a number is its digits and Enter."""
    if not at_terminal:
        yield lines(source)
        return
    import termios
    import tty

    terminal = source.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        yield iter(lambda: os.read(terminal, 1).decode("ascii", "replace"), "")
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def lines(source: TextIO) -> Iterator[str]:
    for line in source:
        word = line.strip()
        if word.isdecimal():
            yield from word
            yield "\n"
        else:
            yield word[:1] or "\n"
