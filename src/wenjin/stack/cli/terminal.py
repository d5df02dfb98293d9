"""How the commands of this wing speak in a terminal: a sentence, a size, a bar."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

Say = Callable[[str, str], str]  # Chinese, English -> the one of the terminal
STOPPED = 130  # the exit code of a command that was interrupted


@contextmanager
def bar(total: int, what: str, say: Say) -> Iterator[Callable[[int], None]]:
    """Bytes, share and time left on the error stream; one line where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    out = Console(stderr=True, highlight=False, markup=False, emoji=False)
    left = TextColumn(say("还要", "left"))
    columns = (TextColumn("· {task.description}"), BarColumn(), DownloadColumn(), left, TimeRemainingColumn())
    if not out.is_terminal:
        out.print(f"· {what} ({size(total)})")
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda there: progress.update(task, completed=min(there, total))


def size(bytes_: int) -> str:
    return f"{bytes_ / 1e9:.2f} GB" if bytes_ >= 1e9 else f"{bytes_ / 1e6:.1f} MB"


def printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable() or c == "\n")


@contextmanager
def sentences(say: Say) -> Iterator[None]:
    """What is refused is a sentence: exceptions carry it in both languages, themselves or as their `text`."""
    try:
        yield
    except KeyboardInterrupt:
        fail(say("停下了；再运行一次会接着做。", "Stopped; run it again to go on."), STOPPED)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        fail(f"{error.filename or ''}: {error.strerror or error}")
    except Exception as error:
        told = getattr(error, "text", error)
        zh, en = getattr(told, "zh", None), getattr(told, "en", None)
        if not (isinstance(zh, str) and isinstance(en, str)):
            raise
        fail(say(zh, en))


def fail(text: str, code: int = 1) -> NoReturn:
    print(printable(text), file=sys.stderr)
    raise typer.Exit(code)
