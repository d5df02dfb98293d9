"""Runs one lab: `python -m wenjin.study.labs.worker ROOT`. Started by name, never imported.

    in    {"lab": "topic/name", "arguments": {...}, "kept": {name: size}} and the bytes of what is kept;
          later perhaps a line "stop": the lab ends at its next frame. At the end of input this process ends, too
    out   a frame a line (kit.lab.as_row); {"keep": name, "size": n} and n bytes; and at the end one of
          {"end": {"claims": {name: true, false, or null where it cannot be told}, "peak": bytes of memory}}
          {"stopped": true}, after "stop" or SIGTERM
          {"died": {"kind", "says", "line"}}

What the lab prints goes to standard error. It writes no file: what it keeps is written by whoever started this.
"""

import importlib.util
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from wenjin.kit.lab import Lab, as_row, levels


class Channel:
    """The way to whoever started this; also the lab's Keep."""

    def __init__(self, out: BinaryIO, kept: dict[str, bytes]) -> None:
        self._out, self._kept = out, kept
        self._turn = threading.Lock()

    def send(self, row: Mapping[str, Any], data: bytes = b"") -> None:
        with self._turn:
            self._out.write(json.dumps(row, allow_nan=False).encode() + b"\n" + data)
            self._out.flush()

    def load(self, name: str) -> bytes | None:
        return self._kept.get(name)

    def save(self, name: str, data: bytes) -> None:
        self._kept[name] = bytes(data)
        self.send({"keep": name, "size": len(data)}, bytes(data))


def find(root: Path, id: str) -> Path:
    """The file of the lab `topic/name` below the course's root."""
    topic, _, name = id.replace("-", "_").partition("/")
    return next(root.glob(f"*/{topic}/labs/{name}.py"))


def load(file: Path) -> Lab:
    spec = importlib.util.spec_from_file_location(f"lab_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses, and children of the lab, look it up
    spec.loader.exec_module(module)
    lab = module.lab
    if not isinstance(lab, Lab):
        raise TypeError(f"{file.name}: `lab` is not a Lab")
    return lab


def run(lab: Lab, channel: Channel, arguments: Mapping[str, Any], stop: threading.Event) -> dict[str, Any]:
    """Run it and say how it ended."""
    measured: dict[str, float] = {}
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}
    frames = lab.run(channel, **given)
    for frame in frames:
        channel.send(as_row(frame))
        measured |= levels([frame])
        if stop.is_set():
            frames.close()  # type: ignore[attr-defined]  # a lab is a generator
            return {"stopped": True}
    claims = {claim.name: holds(claim.holds, measured) for claim in lab.claims}
    return {"end": {"claims": claims, "peak": peak()}}


def holds(claim: Any, measured: Mapping[str, float]) -> bool | None:
    """None where the claim cannot be told from these levels: one was not measured, or divides by nothing."""
    try:
        return bool(claim(measured))
    except (LookupError, ArithmeticError, ValueError):
        return None


def listen(stop: threading.Event) -> None:
    """The end of standard input means that whoever started this is gone: so are we, with our children."""
    for line in iter(sys.stdin.buffer.readline, b""):
        if line.strip() == b"stop":
            stop.set()
    if hasattr(os, "killpg") and os.getsid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def peak() -> int:
    """The most bytes that this process ever held; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def died(error: BaseException, file: str) -> dict[str, Any]:
    lines = [place.lineno for place in traceback.extract_tb(error.__traceback__) if place.filename == file]
    says = "".join(traceback.format_exception_only(error)).strip()
    memory = isinstance(error, MemoryError) or "out of memory" in says or "allocate memory" in says
    kind = "memory" if memory else type(error).__name__
    return {"died": {"kind": kind, "says": says[:2000], "line": lines[-1] if lines else None}}


def main() -> None:
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    order = json.loads(sys.stdin.buffer.readline())
    kept = {name: sys.stdin.buffer.read(size) for name, size in order["kept"].items()}
    channel, stop, file = Channel(out, kept), threading.Event(), ""

    ended: dict[str, Any] = {}

    def work() -> None:
        nonlocal file, ended
        try:
            file = str(find(Path(sys.argv[1]), order["lab"]))
            ended = run(load(Path(file)), channel, order["arguments"], stop)
        except BaseException as error:
            traceback.print_exc()
            ended = died(error, file)

    threading.Thread(target=listen, args=(stop,), daemon=True).start()
    # A machine that shuts down tells every process at once. It is for us, not for what a lab would make of it: in a
    # thread of its own the lab hears no signal.
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    lab = threading.Thread(target=work, name="lab", daemon=True)
    lab.start()
    lab.join()
    channel.send(ended)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # not waiting for threads that the lab left


if __name__ == "__main__":
    main()
