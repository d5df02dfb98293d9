"""Prove an exercise before a learner meets it.

The starter and an empty file fail; the solution keeps its own promises; each mistake fails and is called by its
own name and no other; two mistakes made at once are refused, and one of the two is named, or a third that explains
half of what they get wrong. A pair that raises wherever it fails is told as the error.
"""

import random
from collections.abc import Callable, Iterator
from itertools import combinations, permutations
from typing import Any

import numpy as np

from wenjin.kit.exercise import Choice, Code, Exercise, Numeric, Order
from wenjin.kit.text import Text
from wenjin.kit.verdict import Verdict
from wenjin.study.judge import answers
from wenjin.study.judge.code import Trial
from wenjin.study.judge.compare import difference, numbers
from wenjin.study.judge.reference import NONE, Reference
from wenjin.study.sandbox.inside.frames import Array

THIRDS = 0.03  # of the pairs may be told as a third mistake that explains less than half of them
DRAWS = (11, 12, 13)  # seeds on which each claim is proven


def prove(
    exercise: Exercise, pairs: float, draws: int, starter: bytes | None, judge: Callable[[bytes], Verdict]
) -> Iterator[tuple[Text, Text]]:
    """What is wrong with the exercise and how to mend it; `pairs` is the share of mistake pairs that are
    tried, `draws` on how many of the seeds a program is proven.

    starter  what a learner begins with; None where there is no file to begin with
    judge    the verdict on an answer as a learner gets it
    """
    if starter is not None and judge(starter).verdict == "pass":
        yield (
            Text("起始代码不用改就能通过。", "The starter passes as it is."),
            Text("让它至少违反一条承诺。", "Make it break at least one promise."),
        )
    if judge(b"").verdict == "pass":
        yield (
            Text("空文件也能通过。", "An empty file passes."),
            Text("加一个它通不过的用例。", "Add a case that it fails."),
        )
    if isinstance(exercise, Code):
        yield from _code(exercise, pairs, draws)
    elif isinstance(exercise, Numeric):
        yield from _numeric(exercise)
    elif isinstance(exercise, Choice):
        yield from _choice(exercise)
    else:
        yield from _order(exercise)


def told(reference: Reference, faults: frozenset[str]) -> Verdict:
    """The verdict on the author's own program with these faults, on one draw."""
    trial = Trial(reference.exercise, reference, random.Random(0))
    for n in range(len(reference.cases)):
        trial.seen[n] = dict(reference.observe(n, faults))
        if reference.varies(n, faults):
            trial.seen[n] = {**reference.observe(n, faults), "varies": True}
    return trial.verdict()


def _code(exercise: Code, pairs: float, draws: int) -> Iterator[tuple[Text, Text]]:
    for seed in DRAWS[:draws]:
        reference = Reference(exercise, seed)
        broken = list(_solution(reference))
        if broken:  # held against a solution that fails, a mistake says nothing
            yield from broken
            return
        for name in exercise.mistakes:
            verdict = told(reference, frozenset((name,)))
            if verdict.verdict == "pass":
                yield _passes(name, seed)
            elif verdict.name != name:
                yield _misnamed(name, verdict.name, seed)
        if seed == DRAWS[0]:
            yield from _pairs(reference, pairs)


def _pairs(reference: Reference, share: float) -> Iterator[tuple[Text, Text]]:
    exercise = reference.exercise
    allowed = [pair for pair in combinations(exercise.mistakes, 2) if frozenset(pair) not in exercise.exclusive]
    tried = random.Random(0).sample(allowed, min(len(allowed), max(1, round(len(allowed) * share)))) if allowed else []
    thirds = []
    for pair in tried:
        verdict = told(reference, frozenset(pair))
        both = " + ".join(pair)
        if verdict.verdict == "pass":
            yield _passes(both, DRAWS[0])
        elif verdict.name not in exercise.mistakes and verdict.verdict != "error":
            yield _misnamed(both, verdict.name, DRAWS[0])
        elif verdict.name not in pair and verdict.verdict != "error" and not _as_good(reference, pair, verdict.name):
            thirds.append(_misnamed(both, verdict.name, DRAWS[0]))
    if len(thirds) > THIRDS * len(tried):
        yield from thirds


def _as_good(reference: Reference, pair: tuple[str, str], name: str | None) -> bool:
    """Does the mistake that was named explain at least half of what the pair gets wrong? Then it is what shows."""
    faults = frozenset(pair)

    def alike(n: int, others: frozenset[str]) -> bool:
        tolerance = reference.cases[n].tolerance
        return difference(reference.observe(n, faults), reference.observe(n, others), tolerance) is None

    wrong = [n for n in range(len(reference.cases)) if not alike(n, NONE)]
    known = name in reference.exercise.mistakes
    return known and 2 * sum(alike(n, frozenset((str(name),))) for n in wrong) >= len(wrong)


def _solution(reference: Reference) -> Iterator[tuple[Text, Text]]:
    for n, case in enumerate(reference.cases):
        seen = reference.observe(n, NONE)
        value = seen["value"]
        if seen["error"]:
            why = Text(f"抛出 {seen['error']['type']}", f"raises {seen['error']['type']}")
        elif seen["changed"]:
            why = Text("改动了输入", "changes its inputs")
        elif isinstance(value, Array) and not np.isfinite(numbers(value)).all():
            why = Text("结果不是有限数", "is not finite")
        elif case.gradient and not seen["gradients"]:
            why = Text("没有梯度", "has no gradient")
        elif reference.varies(n, NONE):
            why = Text("两次结果不同", "varies from run to run")
        else:
            continue
        yield (
            Text(f"参考解在用例 {case.tag} 上{why.zh}。", f"The solution {why.en} on case {case.tag}."),
            Text("改正参考解，或去掉这个用例。", "Mend the solution or drop the case."),
        )


def _passes(name: str, seed: int) -> tuple[Text, Text]:
    return (
        Text(f"错误 {name} 通过了（抽样 {seed}）。", f"The mistake {name} passes (draw {seed})."),
        Text("加一个能把它分辨出来的用例。", "Add a case that tells it apart."),
    )


def _misnamed(name: str, called: str | None, seed: int) -> tuple[Text, Text]:
    return (
        Text(f"错误 {name} 被叫作 {called}（抽样 {seed}）。", f"The mistake {name} is called {called} (draw {seed})."),
        Text(
            "加一个能分辨两者的用例，或把它们列为互斥。",
            "Add a case that tells them apart, or list them as exclusive.",
        ),
    )


def _document(answer: Any, variant: int = 0) -> bytes:
    import json

    return json.dumps({"variant": variant, "answer": answer}, ensure_ascii=False).encode()


def _check(exercise: Exercise, name: str | None, answer: Any, variant: int = 0) -> Iterator[tuple[Text, Text]]:
    assert not isinstance(exercise, Code)
    verdict = answers.judge(exercise, _document(answer, variant))
    if name is None and verdict.verdict != "pass":
        yield (
            Text(f"参考解没有通过（变式 {variant}）。", f"The solution does not pass (variant {variant})."),
            Text("改正参考解。", "Mend the solution."),
        )
    elif name and verdict.verdict == "pass":
        yield _passes(name, variant)
    elif name and verdict.name != name:
        yield _misnamed(name, verdict.name, variant)


def _numeric(exercise: Numeric) -> Iterator[tuple[Text, Text]]:
    for variant in range(20):
        givens = exercise.draw(random.Random(variant))
        yield from _check(exercise, None, exercise.solution(givens), variant)
        for name in exercise.mistakes:
            yield from _check(exercise, name, exercise.solution(givens, fault=frozenset((name,))), variant)


def _choice(exercise: Choice) -> Iterator[tuple[Text, Text]]:
    right = {s.key: next(o.key for o in s.options if o.mistake is None) for s in exercise.steps}
    yield from _check(exercise, None, right)
    told_of = set()
    for step in exercise.steps:
        for option in step.options:
            if option.mistake is not None:
                told_of.add(option.mistake)
                yield from _check(exercise, option.mistake, {**right, step.key: option.key})
    for name in sorted(set(exercise.mistakes) - told_of):
        yield _passes(name, 0)


def _order(exercise: Order) -> Iterator[tuple[Text, Text]]:
    for right in exercise.right:
        yield from _check(exercise, None, {"order": list(right)})
    for name, shows in exercise.wrong.items():
        order = next((o for o in permutations(exercise.items) if shows(o) and o not in exercise.right), None)
        if order is None:
            yield _passes(name, 0)
        else:
            yield from _check(exercise, name, {"order": list(order)})
