"""Attention for three tokens, by hand: scores, weights, output.

    q, k -> scores -> mask -> weights -> mix with v

Rule    keys hold -2, 0 and 2, queries -1, 0 and 1, and the width is 4: every scaled score is a whole number
Rule    givens are drawn until each mistake shows, and shows unlike every other
Proof   tests/curriculum/test_self_attention_exercises.py: on many variants the solution equals torch, and every
        mistake is told by its own name
"""

from itertools import combinations
from math import exp, inf
from random import Random
from typing import Any

from wenjin.kit.exercise import Field, Numeric, read_mistakes
from wenjin.kit.text import Text

Matrix = list[list[float]]
NONE: frozenset[str] = frozenset()


def product(a: Matrix, b: Matrix) -> Matrix:
    return [[sum(x * y for x, y in zip(row, column, strict=True)) for column in zip(*b, strict=True)] for row in a]


def transposed(a: Matrix) -> Matrix:
    return [list(column) for column in zip(*a, strict=True)]


def softmax(row: list[float]) -> list[float]:
    parts = [exp(x) for x in row]
    return [part / sum(parts) for part in parts]


def score(q: Matrix, k: Matrix, fault: frozenset[str]) -> Matrix:
    """q·k / √d for each query (row) and key (column)."""
    if "queries-with-queries" in fault:
        k = q
    divisor = 1 if "missing-scale" in fault else 4 if "divide-by-d" in fault else 2
    scores = [[x / divisor for x in row] for row in product(q, transposed(k))]
    return transposed(scores) if "scores-transposed" in fault else scores


def weigh(scores: Matrix, fault: frozenset[str]) -> Matrix:
    """Softmax over the keys that each query sees: its own and those before it."""

    def hidden(i: int, j: int) -> bool:
        if "mask-ignored" in fault or "mask-after-softmax" in fault:
            return False
        return j < i if "mask-transposed" in fault else j > i

    instead = 0.0 if "mask-zero" in fault else -inf
    masked = [[instead if hidden(i, j) else x for j, x in enumerate(row)] for i, row in enumerate(scores)]
    if "equal-weights" in fault:
        masked = [[x if x == -inf else 0.0 for x in row] for row in masked]
    if "softmax-over-queries" in fault:
        return transposed([softmax(column) for column in transposed(masked)])
    weights = [softmax(row) for row in masked]
    if "mask-after-softmax" in fault:
        return [[0.0 if j > i else w for j, w in enumerate(row)] for i, row in enumerate(weights)]
    return weights


def mix(weights: Matrix, v: Matrix, fault: frozenset[str]) -> Matrix:
    """Each query's average of the values."""
    if "weights-transposed" in fault:
        weights = transposed(weights)
    if "winner-takes-all" in fault:
        weights = [[float(w == max(row)) for w in row] for row in weights]
    return product(weights, v)


def solution(givens: dict[str, Any], fault: frozenset[str] = NONE) -> dict[str, Any]:
    scores = score(givens["q"], givens["k"], fault)
    weights = weigh(scores, fault)
    return {"scores": scores, "weights": weights, "output": mix(weights, givens["v"], fault)}


def draw(dice: Random) -> dict[str, Any]:
    """Three queries and keys of width 4, three values of width 2."""
    while True:
        givens = {
            "q": [[dice.choice((-1, 0, 1)) for _ in range(4)] for _ in range(3)],
            "k": [[dice.choice((-2, 0, 2)) for _ in range(4)] for _ in range(3)],
            "v": [[dice.randint(-4, 4) for _ in range(2)] for _ in range(3)],
        }
        told = [solution(givens, frozenset(name)) for name in [(), *((name,) for name in MISTAKES)]]
        small = max(abs(x) for row in told[0]["scores"] for x in row) <= 2
        if small and all(apart(a, b) for a, b in combinations(told, 2)):
            return givens


def apart(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Do two answers differ by far more than a rounding, in one blank at least?"""
    pairs = [(x, y) for name in a for s, t in zip(a[name], b[name], strict=True) for x, y in zip(s, t, strict=True)]
    return max(abs(x - y) for x, y in pairs) > 0.05


def show(givens: dict[str, Any]) -> Text:
    def vector(name: str, n: int) -> str:
        return f"{name}{n + 1} = [{', '.join(f'{x:2}' for x in givens[name][n])}]"

    lines = "\n".join("   ".join(vector(name, n) for name in "qkv") for n in range(3))
    return Text(
        f"三个词，d = 4，所以 √d = 2。第 i 个词只看得到第 1 到第 i 个词。\n\n```text\n{lines}\n```",
        f"Three tokens, d = 4, so √d = 2. Token i sees tokens 1 to i only.\n\n```text\n{lines}\n```",
    )


MISTAKES = read_mistakes(__file__)

exercise = Numeric(
    fields=(
        Field("scores", Text("缩放后的分数，遮挡之前（3×3）", "Scaled scores, before the mask (3×3)"), (3, 3)),
        Field("weights", Text("权重（3×3）", "Weights (3×3)"), (3, 3)),
        Field("output", Text("输出（3×2）", "Output (3×2)"), (3, 2), tolerance=2e-2),
    ),
    draw=draw,
    show=show,
    solution=solution,
    mistakes=MISTAKES,
)
