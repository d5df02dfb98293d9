"""In the sandbox: runs what was typed beside the listing, and says whether both do the same. Sent there as text.

    watch({"library", "wanted", "before", "typed"}) -> {"error", "differs", "output", "reference"}

Both ways as JSON; the order compressed, in base64, since all of a library may stand in it.

Both programs run whole, from the same seeds, each in a space of its own: the listing as it stands; and what was typed
so far, the step in question, and then the rest of the listing, so that a function that means something else shows by
what its callers get. A name that was typed otherwise is bound as the listing's, too. What differs between two runs of
the listing itself (a time that was measured) is no difference.

library  module -> source: the only modules of the course that can be imported here
Omits    a verdict: whatever the typed program does to this process, it only changes what its own learner is told
"""

import ast
import base64
import contextlib
import importlib.abc
import importlib.machinery
import io
import json
import math
import random
import re
import sys
import types
import zlib
from collections.abc import Sequence
from typing import Any

LONGEST = 300
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
STEP = "step"


class Library(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules from their sources."""

    def __init__(self, sources: dict[str, str]) -> None:
        self.sources = sources

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name not in self.sources:
            return None
        package = any(other.startswith(f"{name}.") for other in self.sources)
        return importlib.machinery.ModuleSpec(name, self, is_package=package, origin=f"<{name}>")

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        exec(compile(self.sources[module.__name__], f"<{module.__name__}>", "exec"), module.__dict__)


def watch(order: str) -> str:
    told = json.loads(zlib.decompress(base64.b64decode(order)))
    wanted, before, typed = told["wanted"], told["before"], told["typed"]
    at = len(before)
    if not any(isinstance(finder, Library) for finder in sys.meta_path):
        sys.meta_path.insert(0, Library(told["library"]))
    listing = run(wanted, wanted)
    if listing["error"]:
        return json.dumps({"error": None, "differs": None, "output": "", "reference": listing["error"]})
    mine = run([*before, typed, *wanted[at + 1 :]], wanted)
    step = mine["error"]["step"] if mine["error"] else None
    found = None
    if step is None or step > at:
        found = difference(mine, listing, at, len(wanted) if step is None else step)
        if found is not None:
            again = run(wanted, wanted)
            if difference(again, listing, at, len(wanted)) is not None:
                found = difference(mine, listing, at, at + 1, noise(again, listing))
        if found is None and mine["error"]:
            found = {"what": "later", "step": step, "got": mine["error"]["message"], "type": mine["error"]["type"]}
    error = mine["error"] if step is not None and step <= at else None
    output = mine["outputs"][at] if len(mine["outputs"]) > at else ""
    return json.dumps({"error": error, "differs": found, "output": output, "reference": None})


def run(steps: Sequence[str], wanted: Sequence[str]) -> dict[str, Any]:
    """One program, step by step: what each printed, and what the listing's names stand for after it."""
    seed()
    space: dict[str, Any] = {"__name__": "__main__"}
    outputs: list[str] = []
    values: list[dict[str, Any]] = []
    for number, (step, listed) in enumerate(zip(steps, wanted, strict=True)):
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(step, STEP, "exec", dont_inherit=True), space)
                names = bound(listed)
                for mine, theirs in renamed(bound(step), names):
                    if mine in space:
                        space[theirs] = space[mine]
        except BaseException as error:
            return {"error": described(error, number), "outputs": [*outputs, printed.getvalue()], "values": values}
        outputs.append(printed.getvalue())
        values.append({name: kept(space.get(name)) for name in names})
    return {"error": None, "outputs": outputs, "values": values}


def seed() -> None:
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def described(error: BaseException, step: int) -> dict[str, Any]:
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == STEP:
            line = trace.tb_lineno
        trace = trace.tb_next
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return {"step": step, "type": type(error).__name__, "message": str(message)[:LONGEST], "line": line}


def bound(code: str) -> list[str]:
    """The names that a step binds at its outermost, in order."""
    found: dict[str, None] = {}

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = None
            return
        if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            return
        if isinstance(node, ast.alias):
            found[node.asname or node.name.partition(".")[0]] = None
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = None
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(code))
    return [name for name in found if name != "*"]


def renamed(mine: list[str], theirs: list[str]) -> list[tuple[str, str]]:
    """Which name of mine stands for which of theirs, where they differ: in order."""
    return list(zip([n for n in mine if n not in theirs], [n for n in theirs if n not in mine], strict=False))


def kept(value: Any) -> Any:
    """The value as it is now: what changes later is copied."""
    kind = type(value).__name__
    if kind in ("Tensor", "Parameter"):
        return value.detach().clone()
    if kind == "ndarray":
        return value.copy()
    if isinstance(value, list | tuple):
        return [kept(one) for one in value[:10_000]]
    if isinstance(value, dict):
        return {shown(key): kept(one) for key, one in list(value.items())[:10_000]}
    if isinstance(value, bool | int | float | complex | str | bytes | None | range):
        return value
    if callable(value) or isinstance(value, types.ModuleType):
        return f"<{kind}>"  # what it does shows where it is called
    return shown(value)


def shown(value: Any) -> str:
    try:
        return ADDRESS.sub("", repr(value))[:10_000]
    except BaseException as error:
        return f"<{type(error).__name__}>"


def alike(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if type(a).__name__ == "Tensor":
        torch = sys.modules["torch"]
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        real = a.is_floating_point() or a.is_complex()
        return bool(torch.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True) if real else torch.equal(a, b))
    if type(a).__name__ == "ndarray":
        numpy = sys.modules["numpy"]
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        real = a.dtype.kind in "fc"
        return bool(numpy.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True) if real else (a == b).all())
    if isinstance(a, float):
        return a == b or (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(alike(a[key], b[key]) for key in a)
    return bool(a == b)


Unlike = dict[str, Any]


def difference(
    mine: dict[str, Any], listing: dict[str, Any], first: int, end: int, besides: frozenset[Any] = frozenset()
) -> Unlike | None:
    """The first thing that steps first..end-1 left otherwise than the listing's. `besides`: (step, name) that do not
    count; a step's output is the name None."""
    for step in range(first, min(end, len(mine["values"]))):
        for name, wanted in listing["values"][step].items():
            got = mine["values"][step].get(name)
            if (step, name) not in besides and not alike(got, wanted):
                return {
                    "what": "value", "step": step, "name": name, "wanted": shown(wanted)[:LONGEST],
                    "got": shown(got)[:LONGEST],
                }  # fmt: skip
        if (step, None) not in besides and mine["outputs"][step] != listing["outputs"][step]:
            wanted, got = listing["outputs"][step], mine["outputs"][step]
            return {"what": "output", "step": step, "wanted": wanted[:LONGEST], "got": got[:LONGEST]}
    return None


def noise(again: dict[str, Any], listing: dict[str, Any]) -> frozenset[Any]:
    """What two runs of the listing itself leave otherwise."""
    found: set[Any] = set()
    for step, values in enumerate(listing["values"]):
        found |= {(step, name) for name, value in values.items() if not alike(again["values"][step].get(name), value)}
        if again["outputs"][step] != listing["outputs"][step]:
            found.add((step, None))
    return frozenset(found)
