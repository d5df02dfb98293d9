"""Names, slices, copies and a call: what do six names stand for at the end?

Rule    all numbers of a program differ, so that no two beliefs ever lead to the same answer
Proof   tests/curriculum/test_python_core_exercises.py: Python itself runs the program that is shown and agrees with
        the solution; every mistake is told by its own name
"""

from copy import copy, deepcopy
from random import Random
from typing import Any

from wenjin.kit.exercise import Field, Numeric, read_mistakes
from wenjin.kit.text import Text

NONE: frozenset[str] = frozenset()
SPELLINGS = ("a[:]", "list(a)", "a.copy()", "copy.copy(a)")
PROGRAM = """\
import copy

def change(x, y):
    x[0][1] = {into_x}
    y = {new_y}

a = {a}
b = a
c = {spelling}
d = copy.deepcopy(a)
e = [{row}] * 2
f = a[1]

b[0][0] = {into_b}
c[1] = {into_c}
e[0][1] = {into_e}
f[0] = {into_f}
change(c, d)
b = {new_b}
"""


def solution(givens: dict[str, Any], fault: frozenset[str] = NONE) -> dict[str, Any]:
    """The program, line by line; a fault is another meaning of one of its lines."""

    def bound(value: Any) -> Any:
        return deepcopy(value) if "assignment-copies" in fault else value

    def passed(value: Any) -> Any:
        return deepcopy(value) if "arguments-are-copies" in fault else value

    def rebound(value: Any, new: Any, believed: str) -> Any:
        if believed in fault:
            value[:] = deepcopy(new)
            return value
        return deepcopy(new)

    a = deepcopy(givens["a"])
    b = bound(a)
    c = deepcopy(a) if "shallow-copy-is-deep" in fault else a if "slice-is-a-window" in fault else copy(a)
    d = deepcopy(a)
    row = list(givens["row"])
    e = [row, list(row) if "repeat-makes-copies" in fault else row]
    f = bound(a[1])

    b[0][0] = givens["into_b"]
    c[1] = list(givens["into_c"])
    e[0][1] = givens["into_e"]
    f[0] = givens["into_f"]
    x, y = passed(c), passed(d)
    x[0][1] = givens["into_x"]
    rebound(y, givens["new_y"], "a-parameter-is-the-callers-name")
    b = rebound(b, givens["new_b"], "rebinding-reaches-other-names")
    return deepcopy({"a": a, "b": b, "c": c, "d": d, "e": e, "f": f})


def draw(dice: Random) -> dict[str, Any]:
    number = iter(dice.sample(range(1, 100), 22))

    def table() -> list[list[int]]:
        return [[next(number), next(number)] for _ in range(2)]

    return {
        "a": table(),
        "row": [next(number), next(number)],
        "new_b": table(),
        "new_y": table(),
        "into_c": [next(number), next(number)],
        "into_b": next(number),
        "into_e": next(number),
        "into_f": next(number),
        "into_x": next(number),
        "spelling": dice.choice(SPELLINGS),
    }


def program(givens: dict[str, Any]) -> str:
    return PROGRAM.format(**givens)


def show(givens: dict[str, Any]) -> Text:
    code = f"```python\n{program(givens)}```"
    return Text(
        f"这段程序运行到最后，六个名字各是什么？\n\n{code}",
        f"What do the six names stand for when this program has run?\n\n{code}",
    )


def table(name: str) -> Field:
    return Field(name, Text(f"{name}（两行两列）", f"{name} (two rows of two)"), (2, 2), tolerance=0.1)


exercise = Numeric(
    fields=(*map(table, "abcde"), Field("f", Text("f（两个数）", "f (two numbers)"), (2,), tolerance=0.1)),
    draw=draw,
    show=show,
    solution=solution,
    mistakes=read_mistakes(__file__),
)
