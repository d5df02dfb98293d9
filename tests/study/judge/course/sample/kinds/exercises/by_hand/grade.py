"""A dot product by hand."""

from random import Random
from typing import Any

from wenjin.kit.exercise import Field, Numeric, read_mistakes
from wenjin.kit.text import Text

NONE: frozenset[str] = frozenset()


def draw(dice: Random) -> dict[str, Any]:
    return {"q": [dice.randint(1, 5), dice.randint(6, 9)], "k": [dice.randint(1, 5), dice.randint(6, 9)]}


def show(givens: dict[str, Any]) -> Text:
    return Text(f"q = {givens['q']}，k = {givens['k']}", f"q = {givens['q']}, k = {givens['k']}")


def solution(givens: dict[str, Any], fault: frozenset[str] = NONE) -> dict[str, Any]:
    products = [a * b for a, b in zip(givens["q"], givens["k"], strict=True)]
    total = sum(products) / 2 if "mean-not-sum" in fault else sum(products)
    return {"products": products, "dot": total}


exercise = Numeric(
    fields=(Field("products", Text("逐项之积", "products"), (2,)), Field("dot", Text("点积", "dot product"))),
    draw=draw,
    show=show,
    solution=solution,
    mistakes=read_mistakes(__file__),
)
