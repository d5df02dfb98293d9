"""The map of any course: nothing overlaps, every line runs downward, and no line runs behind a topic."""

import math
import random
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.study.course.graph import Course
from wenjin.study.web.atlas import NODE_HEIGHT, Box, Drawing, Line, draw, reduced
from wenjin.study.web.order import isotonic

Graph = tuple[dict[str, list[str]], dict[str, list[str]]]


@st.composite
def graphs(draw_: st.DrawFn) -> Graph:
    """Topics in stages, needing earlier topics in an order that has nothing to do with the stages."""
    dice = random.Random(draw_(st.integers(0, 2**32)))
    count, stages = draw_(st.integers(1, 40)), draw_(st.integers(1, 8))
    names = [f"t{number}" for number in range(count)]
    density = draw_(st.sampled_from([0.5, 1.5, 3.0]))
    needs = {
        name: dice.sample(names[:number], min(number, int(dice.expovariate(1 / density)) if number else 0))
        for number, name in enumerate(names)
    }
    home = {name: dice.randrange(stages) for name in names}
    return {f"s{n}": [name for name in names if home[name] == n] for n in range(stages)}, needs


def overlap(a: Box, b: Box) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.bottom and b.y < a.bottom


def points(line: Line) -> list[tuple[float, float]]:
    """Points along the curves that `Line.path` draws."""
    found = []
    for (x0, y0), (x1, y1) in zip(line.points, line.points[1:], strict=False):
        for step in range(9 if x0 != x1 else 2):
            t = step / (8 if x0 != x1 else 1)
            bezier = (1 - t) ** 3 * x0 + 3 * (1 - t) ** 2 * t * x0 + 3 * (1 - t) * t**2 * x1 + t**3 * x1
            middle = (y0 + y1) / 2
            height = (1 - t) ** 3 * y0 + 3 * (1 - t) ** 2 * t * middle + 3 * (1 - t) * t**2 * middle + t**3 * y1
            found.append((bezier, height))
    return found


def check(drawing: Drawing, stages: dict[str, list[str]], needs: dict[str, list[str]]) -> None:
    assert set(drawing.nodes) == {topic for topics in stages.values() for topic in topics}
    assert {(line.source, line.target) for line in drawing.lines} == {
        (n, t) for t, of in reduced(needs).items() for n in of
    }
    for boxes in (drawing.nodes, drawing.regions):
        for (one, a), (other, b) in combinations(boxes.items(), 2):
            assert not overlap(a, b), (one, other)
    for box in drawing.nodes.values():
        inside = [r for r in drawing.regions.values() if r.x <= box.x and box.x + box.width <= r.x + r.width]
        assert any(r.y <= box.y and box.bottom <= r.bottom for r in inside)
        assert 0 <= box.x <= drawing.width - box.width
        assert 0 <= box.y <= drawing.height - box.height
    by_top: dict[float, list[tuple[str, Box]]] = {}
    for name, box in drawing.nodes.items():
        by_top.setdefault(box.y, []).append((name, box))
    for line in drawing.lines:
        above, below = drawing.nodes[line.source], drawing.nodes[line.target]
        assert line.points[0] == (above.center, above.bottom)
        assert line.points[-1] == (below.center, below.y)
        way = points(line)
        assert all(y0 <= y1 for (_, y0), (_, y1) in pairwise(way)), "downward"
        for (x0, y0), (x1, y1) in pairwise(way):
            for top, row in by_top.items():
                if y0 < top + NODE_HEIGHT - 1e-6 and top + 1e-6 < y1:  # this piece passes the row
                    behind = [n for n, b in row if min(x0, x1) < b.x + b.width and b.x < max(x0, x1)]
                    assert not behind, f"{line.source} -> {line.target} runs behind {behind}"


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_any_graph(graph: Graph) -> None:
    stages, needs = graph
    drawing = draw(stages, needs)
    check(drawing, stages, needs)
    assert draw(stages, needs) == drawing, "the same graph gives the same drawing"


def test_the_course(course: Course) -> None:
    stages = {s: [t.id for t in course.topics.values() if t.stage == s] for s in course.stages}
    needs = {t.id: list(t.prerequisites) for t in course.topics.values()}
    drawing = draw(stages, needs)
    check(drawing, stages, needs)
    assert len(drawing.nodes) == 93
    assert drawing.width < 1400, "it has to be read on a screen"
    guests = [
        topic
        for stage, topics in stages.items()
        for topic in topics
        if not overlap(drawing.nodes[topic], drawing.regions[stage])
    ]
    assert sorted(guests) == ["prompt-injection-defense", "qlora", "test-time-compute"], "they need a later stage"


def test_an_empty_course_is_an_empty_drawing() -> None:
    assert draw({"s": []}, {}).nodes == {}


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(0.5, 3)), min_size=1, max_size=12))
@settings(deadline=None)
def test_isotonic_numbers_rise_and_none_could_be_nearer(rows: list[tuple[float, float]]) -> None:
    wished, weights = [w for w, _ in rows], [w for _, w in rows]
    found = isotonic(wished, weights)
    assert all(a <= b + 1e-9 for a, b in pairwise(found))

    def cost(values: list[float]) -> float:
        return sum(w * (a - b) ** 2 for a, b, w in zip(values, wished, weights, strict=True))

    for start in range(len(found)):  # moving any tail up, or any head down, keeps the order and never pays
        for values in (
            [v + 0.01 * (n >= start) for n, v in enumerate(found)],
            [v - 0.01 * (n <= start) for n, v in enumerate(found)],
        ):
            assert cost(values) >= cost(found) - 1e-6
    assert math.isclose(
        sum(v * w for v, w in zip(found, weights, strict=True)),
        sum(v * w for v, w in zip(wished, weights, strict=True)),
        abs_tol=1e-6,
    )
