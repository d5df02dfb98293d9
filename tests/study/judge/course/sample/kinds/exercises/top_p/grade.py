"""top_p: keep the fewest, likeliest tokens whose probabilities add up to at least p; rescale to sum 1."""

from collections.abc import Sequence
from random import Random

from wenjin.kit.exercise import Case, Code, read_mistakes
from wenjin.kit.text import Text

NONE: frozenset[str] = frozenset()


def top_p(probs: list[float], p: float, fault: frozenset[str] = NONE) -> list[float]:
    order = sorted(range(len(probs)), key=lambda i: -probs[i])
    if "trusts-vocabulary-order" in fault:
        order = list(range(len(probs)))
    kept, mass = [], 0.0
    for i in order:
        if "drops-the-crossing-token" in fault and mass + probs[i] >= p:
            break
        kept.append(i)
        mass += probs[i]
        if mass >= p:
            break
    total = 1.0 if "forgets-to-rescale" in fault else sum(probs[i] for i in kept) or 1.0
    return [q / total if i in kept else 0.0 for i, q in enumerate(probs)]


def cases(dice: Random) -> Sequence[Case]:
    a, b = dice.uniform(0.41, 0.49), dice.uniform(0.31, 0.39)
    return [
        Case("crossing", ([a, b, 1 - a - b], a + 0.1), Text("越线的词元要留下", "the crossing token stays")),
        Case("order", ([1 - a - b, b, a], a + 0.05), Text("最可能的排在最后", "the likeliest stands last")),
    ]


exercise = Code(form="function", define="top_p", solution=top_p, cases=cases, mistakes=read_mistakes(__file__))
