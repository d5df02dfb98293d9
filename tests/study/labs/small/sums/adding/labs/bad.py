"""A lab that does everything wrong that a lab can do."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, Literal

from wenjin.kit.lab import Cause, Frame, Lab, Level, Progress


def bad(
    keep: Any,
    how: Literal[
        "garbage", "number", "constant", "huge", "endless", "unknown", "text", "raise", "memory", "exit", "signal",
        "name", "half", "children", "deaf", "nan", "print", "cause",
    ] = "raise",
    seed: int = 0,
) -> Iterator[Frame]:  # fmt: skip
    yield Progress(0, 1)
    raw = keep._out
    if how == "children":  # in sessions of their own, one of them an orphan
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        orphan = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
        subprocess.run([sys.executable, "-c", orphan], start_new_session=True, check=True)
        yield Level("started", 1)
    if how in ("children", "deaf"):
        time.sleep(600)
    lines = {
        "garbage": b"\xff\x00 not JSON\n",
        "number": b"3\n",
        "constant": b'{"frame": "level", "name": "a", "value": NaN}\n',
        "huge": b'{"frame": "' + b"x" * (9 << 20) + b'"}\n',
        "endless": b"x" * (9 << 20),
        "unknown": b'{"frame": "shell", "name": "rm"}\n',
        "half": b'{"keep": "state", "size": 1000000}\nonly this',
    }
    if how in lines:
        raw.write(lines[how])
        raw.flush()
        if how == "half":
            os._exit(0)
        time.sleep(600)
    match how:
        case "text":
            yield "not a frame"  # type: ignore[misc]
        case "raise":
            raise ValueError("the matrix is not square \x1b[31m")
        case "memory":
            raise MemoryError("12 GiB asked for")
        case "exit":
            os._exit(3)
        case "signal":
            os.kill(os.getpid(), signal.SIGKILL)
        case "name":
            keep.save("../../etc/passwd", b"x")
        case "print":
            print("x" * 100_000, "\x1b]0;title\x07 the last word")
    yield Level("value", math.nan if how == "nan" else 1.0)
    if how == "cause":
        yield Cause("rises", {"times": 3, "step": 40})
    yield Progress(1, 1)


lab = Lab(bad)
