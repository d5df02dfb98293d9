"""Call an answer once and note what can be seen: the value, or the error, and what became of the inputs.

The same code observes the learner's program in its sandbox and the solution and the mistakes on the trusted
side, so that the two are compared like with like. An observation is data (frames.py) and no verdict.
"""

import contextlib
import inspect
import io
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

ANSWER = "answer.py"  # the file name under which the learner's program is compiled
SCRATCH = "input.py"  # the file name of the learner's own trial lines
MESSAGE_CAP = 2000


def describe(error: BaseException) -> dict[str, Any]:
    """An error as data: its type, message, the line of the answer where it arose, and the answer's own frames."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in (ANSWER, SCRATCH)]
    line = frames[-1].lineno if frames else None
    if isinstance(error, SyntaxError):
        line = error.lineno
    number = getattr(error, "errno", None)
    filename = getattr(error, "filename", None)
    return {
        "type": type(error).__name__,
        "bases": [c.__name__ for c in type(error).__mro__][:8],
        "message": _text(error),
        "line": line,
        "column": getattr(error, "offset", None) if isinstance(error, SyntaxError) else None,
        "trace": [[f.lineno, f.name] for f in frames[-12:]],
        "errno": number if type(number) is int else None,
        "filename": filename[:200] if isinstance(filename, str) and not isinstance(error, SyntaxError) else None,
    }


def _text(error: BaseException) -> str:
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except BaseException:  # the answer's own __str__ may fail
        text = ""
    return str(text)[:MESSAGE_CAP]


def kind_of(value: Any) -> str:
    """What a returned value is, as far as the contract cares."""
    if inspect.iscoroutine(value):
        value.close()
        return "coroutine"
    return "generator" if inspect.isgenerator(value) else type(value).__name__[:80]


def tensors(value: Any) -> Iterator[Any]:
    """Every tensor in nested arguments, in order."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))
    elif type(value).__name__ == "Tensor" and "torch" in sys.modules:
        yield value


def call(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    raw: Callable[[Any], bytes],
    gradient: bool = False,
) -> dict[str, Any]:
    """Observe function(*args, **kwargs).

    Returns {"error"} or {"type", "value", "changed", "gradients"}: `changed` numbers the tensor arguments whose
    bytes differ afterwards, n as ~n where the shape differs too; `gradients` holds one entry a floating tensor
    argument, None where none arrived.
    """
    inputs = list(tensors([*args, kwargs]))
    before = [(raw(t), t.shape) for t in inputs]
    if gradient:
        inputs = [t.requires_grad_() if t.is_floating_point() else t for t in inputs]
    try:
        value = function(*args, **kwargs)
    except BaseException as error:
        return {"error": describe(error)}
    seen: dict[str, Any] = {"error": None, "type": kind_of(value), "value": value, "gradients": None}
    differs = [n for n, t in enumerate(inputs) if (raw(t), t.shape) != before[n]]
    seen["changed"] = [n if inputs[n].shape == before[n][1] else ~n for n in differs]
    if gradient:
        seen["gradients"] = _gradients(value, inputs)
    if hasattr(value, "requires_grad"):
        seen["value"] = value.detach()
    return seen


def _gradients(value: Any, inputs: list[Any]) -> list[Any] | None:
    """Gradients of a fixed, uneven weighting of the result; None when the result is cut off from its inputs."""
    import torch

    if type(value) is not torch.Tensor or not value.requires_grad or value.numel() > 1 << 22:
        return None
    weight = (torch.arange(value.numel(), dtype=torch.float64) * 0.7548776662).remainder(1.0) - 0.5
    try:  # a sum, for backward(weight) imports a second's worth of symbolic mathematics first
        (value * weight.reshape(value.shape).to(value.dtype)).sum().backward()  # type: ignore[no-untyped-call]
    except RuntimeError:
        return None
    return [t.grad for t in inputs if t.is_floating_point()]


def build(kind: type, script: tuple[Any, ...]) -> list[Any]:
    """For a class: construct it with script[0], then call the methods of script[1]; returns each result."""
    made = kind(*script[0])
    return [
        made(*arguments) if name == "__call__" else getattr(made, name)(*arguments) for name, arguments in script[1]
    ]


def printed(run: Callable[[], Any], stdin: str) -> str:
    """What a small program prints when it reads `stdin`."""
    out, old = io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(stdin)
    try:
        with contextlib.redirect_stdout(out):
            run()
    finally:
        sys.stdin = old
    return out.getvalue()
