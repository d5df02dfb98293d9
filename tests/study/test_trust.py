"""What the program never does with data: no format that runs code when it is read, and nothing evaluated.

A few places run programs on purpose, and nothing else does.
"""

import ast
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

SOURCE = Path(str(files("wenjin")))
RUNS_CODE = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "jsonpickle", "shelve", "marshal"}
CALLS = {"eval", "exec", "compile", "__import__"}
# Where programs are run on purpose: the learner's in the sandbox (beside.py is sent into it as text), the course's own
# examples and notebooks in a process of theirs; typing.py asks for the syntax error only.
RUNNERS = (
    "study/sandbox/inside/",
    "study/judge/beside.py",
    "study/judge/typing.py",
    "study/author/runner.py",
    "study/cli/notebookrun.py",
)


def unsafe(text: str) -> Iterator[str]:
    """What of a module reads data as code."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names if name.name.split(".")[0] in RUNS_CODE)
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in RUNS_CODE:
                yield module
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr=("load" | "save") as name)):
                yield f"torch.{name}"
            case ast.keyword(arg="allow_pickle", value=ast.Constant(value=True)):
                yield "allow_pickle=True"
            case ast.keyword(arg="weights_only", value=ast.Constant(value=False)):
                yield "weights_only=False"
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                yield f"{name}()"


def modules() -> list[Path]:
    found = [path for path in SOURCE.rglob("*.py") if "node_modules" not in path.parts]
    assert len(found) > 100
    return found


def test_nothing_reads_data_as_code() -> None:
    found = {}
    for path in modules():
        name = path.relative_to(SOURCE).as_posix()
        told = set(unsafe(path.read_text(encoding="utf-8")))
        if name.startswith(RUNNERS):
            told -= {f"{call}()" for call in CALLS}
        if told:
            found[name] = told
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "import os, pickle as p",
        "from shelve import open",
        "import joblib.numpy_pickle",
        "import torch\ntorch.load(file)",
        "numpy.load(file, allow_pickle=True)",
        "load(file, weights_only=False)",
        "eval(text)",
        "def f():\n    exec(text)",
    ],
)
def test_each_way_is_seen(text: str) -> None:
    assert list(unsafe(text))


def test_a_sound_module_is_not_blamed() -> None:
    assert list(unsafe("import json\nimport numpy\nnumpy.load(f, allow_pickle=False)\nre.compile('x')")) == []
