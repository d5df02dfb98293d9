"""Programs as steps: each lesson's programs fall into statements that give the whole again; names may be others."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.course import lesson
from wenjin.study.course.load import load
from wenjin.study.course.steps import Departure, blocks, departure, same, steps

COURSE = load(coverage=False)
WRITTEN = [topic for topic in COURSE.topics.values() if topic.written]
PROGRAM = """
import math  # a remark

def half(x):
    # a line of its own

    y = x / 2
    return y


total = half(3) + math.pi
"""


def test_a_program_falls_into_its_statements() -> None:
    assert steps(PROGRAM) == (
        "import math  # a remark",
        "def half(x):\n    y = x / 2\n    return y",
        "total = half(3) + math.pi",
    )
    assert steps("x = (\n") == ()
    assert steps('a = """one\n\n# two"""\n') == ('a = """one\n\n# two"""',), "a text keeps its lines"


@pytest.mark.parametrize("topic", WRITTEN, ids=lambda topic: topic.id)
def test_the_steps_of_a_lesson_are_its_programs(topic) -> None:  # type: ignore[no-untyped-def]
    both = {language: blocks(lesson.read(topic.folder, language)) for language in ("zh", "en")}
    assert both["zh"] == both["en"]
    assert len(both["en"]) >= 4
    bodies = {d.argument: d.body for d in lesson.read(topic.folder, "en").directives if d.kind == "run"}
    for block in both["en"]:
        assert same("\n".join(block.steps), bodies[block.name]), block.name


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("y = x*2 # twice", "y = x * 2"),
        ("z = x * 2", "y = x * 2"),
        ("def g(a): return a + 1", "def f(x):\n    return x + 1"),
        ("g = [a for a in range(3)]", "g = [x for x in range(3)]"),
        ("for a in range(3): print(a)", "for n in range(3):\n    print(n)"),
        ("import numpy as n", "import numpy as n"),
    ],
)
def test_names_and_spaces_may_be_others(typed: str, wanted: str) -> None:
    assert departure(typed, wanted, [("x = 1", "x = 1")]) is None


@pytest.mark.parametrize(
    ("typed", "wanted", "found"),
    [
        ("y = x + 2", "y = x * 2", Departure(1, "x + 2", "x * 2")),
        ("y = min(x, 2)", "y = max(x, 2)", Departure(1, "min", "max")),
        ("def f(a):\n    b = a\n    return a", "def f(a):\n    b = a\n    return b", Departure(3, "a", "b")),
        ("y = f(1)", "y = f(1, 2)", Departure(1, "", "2")),
        ("y = f(1, 2)", "y = f(1)", Departure(1, "2", "")),
        ("y = a.b", "y = a.c", Departure(1, "a.b", "a.c")),
        ("y = f(a=1)", "y = f(b=1)", Departure(1, "a=1", "b=1")),
        ("y = x", "if x:\n    y = x", Departure(1, "y = x", "if x:")),
    ],
)
def test_the_first_departure_is_named_with_its_line(typed: str, wanted: str, found: Departure) -> None:
    before = [("x = 1\na = f = 2", "x = 1\na = f = 2")]
    assert departure(typed, wanted, before) == found


def test_a_name_stays_what_it_was_typed_as() -> None:
    before = [("w = 1\nv = 2", "weight = 1\nvalue = 2")]
    assert departure("y = w", "y = weight", before) is None
    assert departure("y = v", "y = weight", before) == Departure(1, "v", "weight")


NAMES = st.sampled_from(["a", "b", "c"])
EXPRESSIONS = st.recursive(
    st.one_of(NAMES, st.integers(0, 3).map(str)),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=6,
)
START = "a, b, c = 1, 2, 3"


@given(EXPRESSIONS, st.permutations(["a", "b", "c"]))
def test_a_renaming_departs_nowhere(expression: str, order: list[str]) -> None:
    renamed = dict(zip("abc", order, strict=True))

    class Other(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.Name:
            return ast.Name(renamed.get(node.id, node.id), node.ctx)

    def typed(code: str) -> str:
        return ast.unparse(Other().visit(ast.parse(code)))

    assert departure(typed(f"y = {expression}"), f"y = {expression}", [(typed(START), START)]) is None


@given(EXPRESSIONS, EXPRESSIONS)
def test_two_programs_depart_unless_they_are_the_same(one: str, other: str) -> None:
    found = departure(f"y = {one}", f"y = {other}", [(START, START)])
    assert (found is None) == same(one, other)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_compared(typed: str, wanted: str) -> None:
    departure(typed, wanted)
