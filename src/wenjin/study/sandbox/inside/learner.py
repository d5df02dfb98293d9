"""In the answer's own process, after it was locked in: load the program, call it on each input, return data.

Nothing here knows a solution, an expected value or a verdict. Whatever the answer does to this process, it can
only change the data that it sends, and data is all that the judge reads.
"""

import contextlib
import linecache
import os
import struct
import sys
import types
from collections.abc import Iterator
from typing import Any

from . import frames, observe


def main(request: int, reply: int) -> None:
    """Serve frames from `request` until it ends."""
    program: Program | None = None
    while (frame := _receive(request)) is not None:
        order = frames.read(frame)
        if order["op"] == "load":
            program = Program(order)
            answer = program.load()
        elif order["op"] == "scratch":
            answer = program.scratch(order["source"]) if program else {}
        else:
            answer = program.call(order) if program else {}
        _flush()
        _send(reply, _framed(answer))


REHEARSAL = """
import torch

def rehearse(q, k, v):
    s = (q @ k.transpose(-2, -1) / q.size(-1) ** 0.5).masked_fill(torch.ones(3, 3).bool().triu(1), float("-inf"))
    return torch.softmax(s, dim=-1) @ v
"""


def rehearse() -> None:
    """Before an order arrives: do once what is slow the first time, kernels of each dtype and their gradients."""
    if "torch" not in sys.modules:
        return
    import torch

    program = Program({"source": REHEARSAL, "form": "function", "define": "rehearse", "forbidden": ["nothing"]})
    program.load()
    for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
        for strided in (False, True):
            args = frames.read(frames.write(tuple(torch.ones(1, 2, 3, 4, dtype=dtype) for _ in range(3))))
            order = {"args": args, "kwargs": {}, "strided": strided, "gradient": dtype == torch.float32}
            frames.write(program.call(order))
    del sys.modules["answer"]
    linecache.clearcache()


def _framed(answer: dict[str, Any]) -> bytes:
    try:
        return frames.write(answer)
    except frames.TooLarge as error:
        return frames.write({"error": None, "type": "too-large", "value": str(error), "changed": [], "gradients": None})
    except BaseException as error:  # a value that breaks while it is read is still the answer's value
        return frames.write({"error": observe.describe(error)})


class Program:
    """The learner's program: its text, and what it defined."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.source: str = order["source"]
        self.form: str = order["form"]
        self.define: str = order["define"]
        self.forbidden: list[str] = order["forbidden"]
        self.module = types.ModuleType("answer")
        self.used: set[str] = set()

    def load(self) -> dict[str, Any]:
        """Compile and, unless it is a program that is run as a whole, execute the file once."""
        linecache.cache[observe.ANSWER] = (len(self.source), None, self.source.splitlines(True), observe.ANSWER)
        try:
            self.code = compile(self.source, observe.ANSWER, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            return {"error": observe.describe(error), "stage": "compile"}
        if self.form == "program":
            return {"error": None}
        sys.modules["answer"] = self.module
        try:
            exec(self.code, self.module.__dict__)
        except BaseException as error:
            return {"error": observe.describe(error), "stage": "import"}
        target = self.module.__dict__.get(self.define)
        names = [n for n, v in self.module.__dict__.items() if callable(v) and not n.startswith("_")][:20]
        return {"error": None, "defined": callable(target), "names": names}

    def call(self, order: dict[str, Any]) -> dict[str, Any]:
        """Observe one case."""
        args = frames.revive(order["args"], order["strided"])
        kwargs = frames.revive(order["kwargs"], order["strided"])
        function = self._function()

        def watched(*args: Any, **kwargs: Any) -> Any:
            with watch(self.forbidden, self.used):
                return function(*args, **kwargs)

        seen = observe.call(watched, args, kwargs, frames.raw, order["gradient"])
        return {**seen, "used": sorted(self.used)}

    def _function(self) -> Any:
        if self.form == "program":
            fresh = {"__name__": "__main__", "__file__": observe.ANSWER}
            return lambda stdin: observe.printed(lambda: exec(self.code, dict(fresh)), stdin)
        target = self.module.__dict__.get(self.define)
        if self.form == "class":
            return lambda *script: observe.build(target, script)  # type: ignore[arg-type]
        return target

    def scratch(self, source: str) -> dict[str, Any]:
        """Run the learner's own lines after the program, as a prompt would: the last expression is shown."""
        import ast

        try:
            if self.form == "program":
                exec(self.code, self.module.__dict__)
            tree = ast.parse(source, observe.SCRATCH)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, observe.SCRATCH, "exec"), self.module.__dict__)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), observe.SCRATCH, "eval"), self.module.__dict__)
                if value is not None:
                    print(repr(value))
        except BaseException as error:
            return {"error": observe.describe(error)}
        return {"error": None}


@contextlib.contextmanager
def watch(forbidden: list[str], used: set[str]) -> Iterator[None]:
    """Notes which forbidden library functions are called, by whatever name they were reached."""
    if not forbidden or "torch" not in sys.modules:
        yield
        return
    from torch.overrides import TorchFunctionMode

    class Functions(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = f"{getattr(func, '__module__', '')}.{getattr(func, '__name__', func)}"
            used.update(word for word in forbidden if word in name)
            return func(*args, **(kwargs or {}))

    with Functions():
        yield


def _flush() -> None:
    for stream in (sys.__stdout__, sys.__stderr__, sys.stdout, sys.stderr):
        try:
            stream.flush()  # type: ignore[union-attr]
        except BaseException:  # the answer may have closed or replaced it
            continue


def _receive(fd: int) -> bytes | None:
    head = _exactly(fd, 4)
    return None if head is None else _exactly(fd, struct.unpack(">I", head)[0])


def _exactly(fd: int, size: int) -> bytes | None:
    parts = []
    while size:
        part = os.read(fd, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _send(fd: int, frame: bytes) -> None:
    rest = memoryview(struct.pack(">I", len(frame)) + frame)
    while rest:
        rest = rest[os.write(fd, rest) :]
