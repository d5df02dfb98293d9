"""The words in which an author writes an exercise.

An exercise is data and plain functions: how fresh cases are drawn, the solution, and the mistakes. The judge
runs them; nothing here runs, compares or judges.

Rule    a mistake is a program: the one that a person who believes it would write. The solution takes
        `fault=frozenset()`, and each name in it switches one mistake on. An answer that agrees with that
        program on every case is told the mistake's name, not merely that it is wrong.
"""

import hashlib
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, Literal

from wenjin.kit.text import Text

Form = Literal["function", "class", "program"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A belief that leads to a wrong answer.

    title    what was done, in a few words
    why      why it is wrong; the reader should be able to see it in the failing case
    repair   what to do instead
    section  the lesson's question that answers it, as an anchor
    """

    name: str
    title: Text
    why: Text
    repair: Text
    section: str


def read_mistakes(beside: str) -> dict[str, Mistake]:
    """The mistakes of `mistakes.toml` in the folder of the file `beside` (a grade.py passes `__file__`)."""
    path = Path(beside).with_name("mistakes.toml")
    rows = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        name: Mistake(name, Text(**row["title"]), Text(**row["why"]), Text(**row["repair"]), row["section"])
        for name, row in rows.items()
    }


def load_sibling(beside: str, name: str) -> ModuleType:
    """The module `name`.py in the folder of the file `beside` (a grade.py passes `__file__`).

    Loaded by path under a name of its own, so that two exercises may each have a mistakes.py. A second call
    loads it afresh. Raises FileNotFoundError when there is no such file.
    """
    path = Path(beside).resolve().with_name(f"{name}.py")
    if not path.is_file():
        raise FileNotFoundError(f"{path.name} should stand beside {Path(beside).name} in {path.parent}")
    unique = f"{name}_of_{path.parent.name}_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = spec_from_file_location(unique, path)
    assert spec is not None  # a path that ends in .py always has a loader
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[unique] = module  # dataclasses look their own module up while they are made
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[unique]
        raise
    return module


@dataclass(frozen=True, slots=True)
class Case:
    """One input on which a program is compared with the solution.

    tag        what the case tests, stable over attempts: "basic", "causal", "bf16". Several cases may share it
    args       for a function its arguments; for a class (constructor arguments, [(method, arguments), ...]);
               for a program (standard input,). Values: tensors, NumPy arrays, or JSON
    about      the case in a few words, for the learner
    gradient   compare the gradients in every floating-point tensor argument too
    strided    hand tensors over with a non-contiguous layout
    tolerance  largest accepted |got - expected| as a share of max(1, |expected|); measured, not guessed
    """

    tag: str
    args: tuple[Any, ...]
    about: Text
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    gradient: bool = False
    strided: bool = False
    tolerance: float = 1e-5


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer may use: seconds of wall time for all cases together, memory in MiB."""

    seconds: float = 6.0
    memory: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """An exercise answered by a program.

    form       function: `define` is a function, called on each case; class: `define` is a class, built and
               its methods called in order; program: the file is run, its standard output compared
    solution   function: solution(*args, fault=..., **kwargs); class: solution(fault=...) -> the class;
               program: solution(stdin, fault=...) -> the standard output
    cases      draws fresh cases, small readable ones first; the same draw gives the same cases
    exclusive  pairs of mistakes that cannot be made at once; every other pair must be refused together
    forbidden  dotted names of library functions that are the exercise itself
    signatures further telling patterns: the set of tags that fail -> a mistake's name
    """

    form: Form
    define: str
    solution: Callable[..., Any]
    cases: Callable[[Random], Sequence[Case]]
    mistakes: Mapping[str, Mistake]
    exclusive: frozenset[frozenset[str]] = frozenset()
    forbidden: tuple[str, ...] = ()
    signatures: Mapping[frozenset[str], str] = field(default_factory=dict)
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Field:
    """One blank of a numeric answer: `shape` () for a number, (n,) for a row, (n, m) for a matrix."""

    name: str
    label: Text
    shape: tuple[int, ...] = ()
    tolerance: float = 5e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric:
    """An exercise answered by numbers that the learner works out by hand.

    draw      the variant's givens, as JSON: {"q": [[1, 0], ...]}; the same dice give the same givens
    show      the givens as Markdown for the learner, in both languages
    solution  (givens, fault=frozenset()) -> {field name: number or nested lists}
    """

    fields: tuple[Field, ...]
    draw: Callable[[Random], dict[str, Any]]
    show: Callable[[dict[str, Any]], Text]
    solution: Callable[..., dict[str, Any]]
    mistakes: Mapping[str, Mistake]
    exclusive: frozenset[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Option:
    """A statement to choose. `mistake` names the belief it carries; None for a right statement."""

    key: str
    text: Text
    mistake: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One choice: of a question, or of the next line of a proof."""

    key: str
    prompt: Text
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An exercise answered by choosing. With `proof` the steps build on each other: the first wrong one is told."""

    steps: tuple[Step, ...]
    mistakes: Mapping[str, Mistake]
    proof: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An exercise answered by putting lines in order.

    items   the lines, keyed; `right` the orders that are right
    wrong   a mistake's name -> does this order show it?
    """

    items: Mapping[str, Text]
    right: tuple[tuple[str, ...], ...]
    wrong: Mapping[str, Callable[[tuple[str, ...]], bool]]
    mistakes: Mapping[str, Mistake]


Exercise = Code | Numeric | Choice | Order
