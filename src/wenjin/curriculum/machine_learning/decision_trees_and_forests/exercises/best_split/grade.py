"""Gini, information gain and two levels of a tree, by hand, for ten days; six new days decide how deep to go.

    ten rows -> impurity of all, of the two sides of each question -> the best question -> the same on either side

Rule    wind holds 1 to 4 and cloud 1 to 3, so that there are five questions; givens are drawn until one question alone
        is the best at each of the three nodes, no leaf is even, the deepest tree is not the best on the new days, and
        each mistake shows, unlike every other
Proof   tests/curriculum/test_decision_trees_exercises.py: on many variants the solution equals scikit-learn and the
        library, and every mistake is told by its own name
"""

from itertools import combinations
from math import e, log
from random import Random
from typing import Any

from wenjin.kit.exercise import Field, Numeric, read_mistakes
from wenjin.kit.text import Text

Day = tuple[int, int, int]  # wind, cloud, rain
QUESTIONS = ((0, 1), (0, 2), (0, 3), (1, 1), (1, 2))  # (column, threshold): is it at most the threshold?
NONE: frozenset[str] = frozenset()


def rainy(days: list[Day]) -> float:
    return sum(day[2] for day in days) / len(days)


def gini(days: list[Day], fault: frozenset[str]) -> float:
    p = rainy(days)
    if "error-rate-for-gini" in fault:
        return min(p, 1 - p)
    return 1 - p**2 if "one-class-counted" in fault else 1 - p**2 - (1 - p) ** 2


def entropy(days: list[Day], fault: frozenset[str]) -> float:
    base = e if "natural-logarithm" in fault else 2
    return -sum(p * log(p, base) for p in (rainy(days), 1 - rainy(days)) if p)


def sides(days: list[Day], question: int) -> tuple[list[Day], list[Day]]:
    column, threshold = QUESTIONS[question]
    return [day for day in days if day[column] <= threshold], [day for day in days if day[column] > threshold]


def rest(days: list[Day], question: int, impurity: Any, fault: frozenset[str]) -> float:
    """The impurity that is left on the two sides."""
    parts = sides(days, question)
    weights = [len(part) / len(days) for part in parts]
    if "gain-without-weights" in fault:
        weights = [0.5, 0.5]
    if "sides-added" in fault:
        weights = [1.0, 1.0]
    return float(sum(weight * impurity(part, fault) for weight, part in zip(weights, parts, strict=True)))


def ranked(days: list[Day], fault: frozenset[str]) -> list[tuple[float, int]]:
    """The questions that have days on both sides, with what they leave, the best first."""
    real = [n for n in range(len(QUESTIONS)) if all(sides(days, n))]
    return sorted(
        ((rest(days, n, gini, fault), n) for n in real),
        key=lambda row: (-row[0] if "largest-gini-taken" in fault else row[0], row[1]),
    )


def often(days: list[Day]) -> int:
    return int(rainy(days) > 0.5)


def grown(days: list[Day], fault: frozenset[str]) -> tuple[int, int, int]:
    """The questions of the root and of the two nodes below it; where a side has nothing left to ask, the root's."""
    order = ranked(days, fault)
    root = order[0][1]
    if "second-split-from-all-rows" in fault:
        return root, order[1][1], order[1][1]
    left, right = (ranked(part, fault) for part in sides(days, root))
    return root, left[0][1] if left else root, right[0][1] if right else root


def says(days: list[Day], tree: tuple[int, int, int], depth: int, day: Day) -> int:
    """What the tree of this depth says of a day."""
    question = tree[0]
    for _ in range(depth):
        column, threshold = QUESTIONS[question]
        turned = day[column] > threshold
        days = sides(days, question)[turned] or days
        question = tree[1 + turned]
    return often(days)


def solution(givens: dict[str, Any], fault: frozenset[str] = NONE) -> dict[str, Any]:
    days, new = ([tuple(day) for day in givens[name]] for name in ("days", "new"))
    tree = grown(days, fault)
    whole = entropy(days, fault)
    left = [rest(days, n, entropy, fault) for n in range(len(QUESTIONS))]
    right = [[sum(says(days, tree, d, day) == day[2] for day in some) for d in range(3)] for some in (days, new)]
    return {
        "whole": [gini(days, fault), whole],
        "gini": [rest(days, n, gini, fault) for n in range(len(QUESTIONS))],
        "gain": [part if "remainder-for-gain" in fault else whole - part for part in left],
        "splits": [n + 1 for n in tree],
        "right": right,
        "depth": 2 if "deeper-is-better" in fault else right[1].index(max(right[1])),
    }


def draw(dice: Random) -> dict[str, Any]:
    """Ten days and six new ones; rain comes with little wind and much cloud, most of the time."""

    def day() -> Day:
        wind, cloud = dice.randint(1, 4), dice.randint(1, 3)
        return wind, cloud, int(cloud - 0.5 * wind + dice.gauss(0, 1) > 0.7)

    while True:
        days, new = [day() for _ in range(10)], [day() for _ in range(6)]
        if clear(days):
            givens = {"days": days, "new": new}
            right = solution(givens)
            if max(right["right"][1]) > right["right"][1][2]:
                told = [right, *(solution(givens, frozenset((name,))) for name in MISTAKES)]
                if all(apart(a, b) for a, b in combinations(told, 2)):
                    return {"days": [list(day) for day in days], "new": [list(day) for day in new]}


def clear(days: list[Day]) -> bool:
    """Is there one best question at the root and on either side, with days on all sides and no leaf that is even?"""
    if rainy(days) in (0, 0.5, 1) or not all(all(sides(days, n)) for n in range(len(QUESTIONS))):
        return False
    leaves: list[list[Day]] = []
    for part in (days, *sides(days, grown(days, NONE)[0])):
        order = ranked(part, NONE)
        if len(order) < 2 or order[1][0] - order[0][0] < 0.02 or rainy(part) in (0, 0.5, 1):
            return False
        leaves = [*leaves, *sides(part, order[0][1])]
    return all(rainy(leaf) != 0.5 for leaf in leaves)


def apart(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Do two answers differ by far more than a rounding, in one blank at least?"""
    return any(abs(x - y) > 0.05 for name in a for x, y in zip(flat(a[name]), flat(b[name]), strict=True))


def flat(value: Any) -> list[float]:
    return [x for part in value for x in flat(part)] if isinstance(value, list) else [float(value)]


def show(givens: dict[str, Any]) -> Text:
    def rows(name: str, first: int, rain: str, dry: str) -> str:
        return "\n".join(
            f"| {n} | {wind} | {cloud} | {rain if wet else dry} |"
            for n, (wind, cloud, wet) in enumerate(givens[name], first)
        )

    def sheet(head: str, name: str, first: int, rain: str, dry: str) -> str:
        return f"{head}\n|---|---|---|---|\n{rows(name, first, rain, dry)}"

    zh, en = "| 日 | 风 | 云 | 雨 |", "| day | wind | cloud | rain |"
    return Text(
        f"十天：\n\n{sheet(zh, 'days', 1, '下', '不下')}\n\n"
        f"六个新的日子（长树时不看）：\n\n{sheet(zh, 'new', 11, '下', '不下')}\n\n"
        "五个问题：① 风 ≤ 1？　② 风 ≤ 2？　③ 风 ≤ 3？　④ 云 ≤ 1？　⑤ 云 ≤ 2？",
        f"Ten days:\n\n{sheet(en, 'days', 1, 'yes', 'no')}\n\n"
        f"Six new days, not to be looked at while the tree grows:\n\n{sheet(en, 'new', 11, 'yes', 'no')}\n\n"
        "Five questions: 1. wind ≤ 1?  2. wind ≤ 2?  3. wind ≤ 3?  4. cloud ≤ 1?  5. cloud ≤ 2?",
    )


MISTAKES = read_mistakes(__file__)

exercise = Numeric(
    fields=(
        Field("whole", Text("十天一起：基尼、熵（比特）", "All ten days: Gini, entropy in bits"), (2,)),
        Field(
            "gini", Text("五个问题：两边的基尼，按天数加权", "Five questions: Gini of the two sides, weighted"), (5,)
        ),
        Field("gain", Text("五个问题：信息增益（比特）", "Five questions: information gain in bits"), (5,)),
        Field(
            "splits", Text("问题的号码：根、答“是”的一边、答“否”的一边", "Number of the question: root, yes, no"), (3,)
        ),
        Field(
            "right",
            Text("判对几天（行：十天、六个新日子；列：深度 0、1、2）", "Days right: ten, new; depth 0, 1, 2"),
            (2, 3),
        ),
        Field("depth", Text("该留多深", "Depth to keep")),
    ),
    draw=draw,
    show=show,
    solution=solution,
    mistakes=MISTAKES,
)
