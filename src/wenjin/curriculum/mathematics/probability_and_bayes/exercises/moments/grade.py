"""Expectation, variance, covariance and correlation of a joint table, of a sum, and whether 0 means independent.

    table A   3 x 3 counts of 20 equally likely outcomes, correlated -> means, variances, covariance, correlation,
              Var(X + Y), Var(X - Y)
    B and C   3 x 2 counts of 20; both covariances are 0, but only one of the two tables is independent

Rule    B and C stand in an order that the dice choose, so that which is independent has to be looked up
Rule    givens are drawn until each mistake shows, and shows unlike every other
Proof   tests/curriculum/test_probability_and_bayes_exercises.py: on many variants the solution equals numpy.cov of the
        twenty outcomes, and every mistake is told by its own name
"""

from itertools import combinations
from math import sqrt
from random import Random
from typing import Any

from wenjin.kit.exercise import Field, Numeric, read_mistakes
from wenjin.kit.text import Text

OF = 20  # outcomes
Table = list[list[int]]
NONE: frozenset[str] = frozenset()


def average(values: list[float], counts: list[int], fault: frozenset[str] = NONE) -> float:
    """Each value counted by how often it occurs."""
    if "every-value-counts-alike" in fault:
        return sum(values) / len(values)
    return sum(v * n for v, n in zip(values, counts, strict=True)) / sum(counts)


def product(table: Table, x: list[float], y: list[float]) -> float:
    """E[XY]"""
    return sum(x[i] * y[j] * n for i, row in enumerate(table) for j, n in enumerate(row)) / OF


def solution(givens: dict[str, Any], fault: frozenset[str] = NONE) -> dict[str, Any]:
    table, x, y = givens["a"], givens["x"], givens["y"]
    rows, columns = [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]
    if "rows-and-columns-swapped" in fault:
        rows, columns = columns, rows
    means = [average(x, rows, fault), average(y, columns, fault)]
    squares = [average([v * v for v in x], rows, fault), average([v * v for v in y], columns, fault)]
    off = [0.0, 0.0] if "square-of-the-mean-forgotten" in fault else [m * m for m in means]
    spreads = [s - o for s, o in zip(squares, off, strict=True)]
    if "sample-variance" in fault:
        spreads = [v * OF / (OF - 1) for v in spreads]
    if "deviation-for-variance" in fault:
        spreads = [sqrt(max(v, 0.0)) for v in spreads]
    together = product(table, x, y)
    if "covariance-not-centered" not in fault and "square-of-the-mean-forgotten" not in fault:
        together -= means[0] * means[1]
    by = spreads[0] * spreads[1]
    return {
        "means": means,
        "variances": spreads,
        "covariance": together,
        "correlation": together / (by if "divided-by-variances" in fault else sqrt(by)),
        "of_sums": of_sums(*spreads, together, fault),
        "independent": independent(givens["pair"], fault),
    }


def of_sums(a: float, b: float, together: float, fault: frozenset[str]) -> list[float]:
    """Var(X + Y) and Var(X - Y)."""
    if "variance-always-adds" in fault:
        return [a + b, a + b]
    if "difference-subtracts" in fault:
        return [a + b + 2 * together, a - b]
    if "deviations-add" in fault:
        return [(sqrt(a) + sqrt(b)) ** 2, (sqrt(a) - sqrt(b)) ** 2]
    times = 1 if "covariance-counted-once" in fault else 2
    return [a + b + times * together, a + b - times * together]


def independent(pair: list[Table], fault: frozenset[str]) -> list[int]:
    """1 where every cell is the product of its row's share and its column's."""
    if "uncorrelated-is-independent" in fault:
        return [1, 1]
    if "independent-means-even" in fault:
        return [0, 0]
    found = []
    for table in pair:
        rows, columns = [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]
        cells = [(n * OF, rows[i] * columns[j]) for i, row in enumerate(table) for j, n in enumerate(row)]
        found.append(int(all(a == b for a, b in cells)))
    return found


def draw(dice: Random) -> dict[str, Any]:
    """Values ascend; counts add up to 20."""
    while True:
        cells = [0] * 9
        for _ in range(OF):
            cells[dice.choices(range(9), weights=(5, 2, 1, 2, 3, 2, 1, 2, 5))[0]] += 1
        flip = dice.random() < 0.5
        rows = [cells[0:3], cells[3:6], cells[6:9]]
        a = [row[::-1] for row in rows] if flip else rows
        x, y = (sorted(dice.sample(range(0, 7), 3)) for _ in range(2))
        pair = [uncorrelated(dice), unlinked(dice)]
        dice.shuffle(pair)
        step = dice.choice((1, 2, 3))
        givens = {"a": a, "x": x, "y": y, "pair": pair, "u": [-step, 0, step], "v": sorted(dice.sample(range(1, 6), 2))}
        right = solution(givens)
        if min(right["variances"]) < 0.5 or not 0.2 < abs(right["correlation"]) < 0.9:
            continue
        told = [right, *(solution(givens, frozenset((name,))) for name in MISTAKES)]
        if all(apart(s, t) for s, t in combinations(told, 2)):
            return givens


def uncorrelated(dice: Random) -> Table:
    """The outer rows alike, the middle one another: no slope, and yet not independent."""
    while True:
        a, b, c = dice.randint(0, 5), dice.randint(0, 5), dice.randint(0, 8)
        d = OF - 2 * a - 2 * b - c
        if d >= 0 and a + b > 0 and c + d > 0 and a * d != b * c:
            return [[a, b], [c, d], [a, b]]


def unlinked(dice: Random) -> Table:
    """Independent: each row divides in the same proportion. The outer rows alike, as in the other table."""
    left = dice.choice((1, 2, 3, 4))
    return [[n * left, n * (5 - left)] for n in (1, 2, 1)]


def apart(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Do two answers differ by far more than a rounding, in one blank at least?"""
    return max(abs(s - t) for name in a for s, t in zip(listed(a[name]), listed(b[name]), strict=True)) > 0.02


def listed(value: Any) -> list[float]:
    return value if isinstance(value, list) else [value]


def grid(table: Table, x: list[int], y: list[int], names: tuple[str, str]) -> str:
    """A table in Markdown, with the values at its edges."""
    head = "| {} \\ {} | {} |".format(*names, " | ".join(map(str, y)))
    lines = [f"| **{value}** | {' | '.join(map(str, row))} |" for value, row in zip(x, table, strict=True)]
    return "\n".join([head, "|" + "---|" * (len(y) + 1), *lines])


def show(givens: dict[str, Any]) -> Text:
    a = grid(givens["a"], givens["x"], givens["y"], ("X", "Y"))
    b, c = (grid(table, givens["u"], givens["v"], ("U", "V")) for table in givens["pair"])
    return Text(
        f"每张表说的都是 {OF} 个同样可能的结果，格子里是个数。\n\n表 A：\n\n{a}\n\n"
        f"表 B 和表 C，两张的协方差都是 0：\n\n{b}\n\n{c}",
        f"Each table is about {OF} equally likely outcomes; a cell says how many.\n\nTable A:\n\n{a}\n\n"
        f"Tables B and C, both with covariance 0:\n\n{b}\n\n{c}",
    )


MISTAKES = read_mistakes(__file__)

exercise = Numeric(
    fields=(
        Field("means", Text("A：E[X]、E[Y]", "A: E[X], E[Y]"), (2,)),
        Field("variances", Text("A：Var(X)、Var(Y)", "A: Var(X), Var(Y)"), (2,)),
        Field("covariance", Text("A：Cov(X, Y)", "A: Cov(X, Y)")),
        Field("correlation", Text("A：相关系数", "A: correlation")),
        Field("of_sums", Text("A：Var(X + Y)、Var(X − Y)", "A: Var(X + Y), Var(X − Y)"), (2,), tolerance=1.2e-2),
        Field(
            "independent",
            Text("B、C 独立吗？（是填 1，否填 0）", "Are B and C independent? (1 for yes, 0 for no)"),
            (2,),
            tolerance=0.1,
        ),
    ),
    draw=draw,
    show=show,
    solution=solution,
    mistakes=MISTAKES,
)
