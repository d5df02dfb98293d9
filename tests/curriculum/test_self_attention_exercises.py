"""The exercises of self-attention: right answers pass in any style, and every mistake is told by its own name."""

import json
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

import wenjin
from tests.curriculum import programs
from tests.curriculum.attention_styles import STYLES
from tests.hostile.corpus import WRONG
from wenjin.kit.exercise import Code, Mistake, Numeric
from wenjin.study.judge import answers
from wenjin.study.judge.messages import mistake_text
from wenjin.study.judge.reference import Reference
from wenjin.study.judge.shelf import Shelf

ROOT = Path(wenjin.__file__).parent / "curriculum"
FOLDER = ROOT / "transformer" / "self_attention"
SHELF = Shelf(ROOT)
NAMES = ("attention-by-hand", "variance-of-a-dot-product", "write-attention")

Count = Callable[[int], int]


def exercise(name: str) -> Any:
    return SHELF.get(f"self-attention/{name}").exercise


WRITE: Code = exercise("write-attention")
BY_HAND: Numeric = exercise("attention-by-hand")


# As in the judge: for tensors this small, threads only wait for each other.
pytestmark = pytest.mark.usefixtures("one_thread")


@cache
def reference(seed: int) -> Reference:
    """One draw of write-attention; every style is held against the same ones."""
    return Reference(WRITE, seed)


@pytest.mark.parametrize("style", STYLES, ids=lambda f: f.__name__)
def test_right_answers_of_every_style_stay_within_half_of_the_tolerances(style: Any, count: Count) -> None:
    programs.within_half_of_the_tolerances(style, map(reference, range(count(200))))


def test_every_mistake_is_told_by_its_own_name(count: Count) -> None:
    programs.every_mistake_has_its_own_name(map(reference, range(count(20))))


def test_every_pattern_of_failing_cases_names_a_mistake() -> None:
    tags = {case.tag for case in WRITE.cases(random.Random(0))}
    for pattern, name in WRITE.signatures.items():
        assert pattern <= tags
        assert name in WRITE.mistakes


def test_the_patterns_are_read_off_the_cases() -> None:
    cases = WRITE.cases(random.Random(0))

    def tags(holds: Callable[[Any, Any], bool]) -> frozenset[str]:
        return frozenset(case.tag for case in cases if holds(*case.args[:2]))

    assert WRITE.signatures[tags(lambda q, k: q.size(0) > 1)] == "first-batch-filled"
    assert WRITE.signatures[tags(lambda q, k: q.size(0) * q.size(1) > 1)] == "heads-summed"
    assert WRITE.signatures[tags(lambda q, k: q.size(2) < k.size(2))] == "assumes-equal-lengths"
    assert WRITE.signatures[tags(lambda q, k: q.size(3) != 8)] == "hard-coded-width"


def test_the_same_draw_gives_the_same_cases_and_another_gives_others() -> None:
    first, again, other = (WRITE.cases(random.Random(seed)) for seed in (5, 5, 6))
    assert all(
        torch.equal(a, b) for x, y in zip(first, again, strict=True) for a, b in zip(x.args, y.args, strict=True)
    )
    assert not any(torch.equal(x.args[0], y.args[0]) for x, y in zip(first, other, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_short_and_point_into_the_lesson(name: str) -> None:
    lessons = [(FOLDER / f"lesson.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")]
    for mistake in exercise(name).mistakes.values():
        text = mistake_text(mistake)
        assert len(text.zh) <= 500, mistake.name
        assert len(text.en) <= 500, mistake.name
        assert all(f"{{#{mistake.section}}}" in lesson for lesson in lessons), mistake.name


# The submissions speak of this mistake by another name.
NAMED = {"q-for-k": "query-and-key-share-weights"}
# Here no words of its own are left that the other's hint does not hold as well.
SHARED = {("scale-by-seq-len", "fixed-length")}


def test_a_text_speaks_of_one_cause() -> None:
    """Each wrong submission's text matches that submission's hint, and the hint of no other."""
    hints = {s.expect[0].partition(":")[2]: s.hint for s in WRONG}
    hints = {NAMED.get(name, name): hint for name, hint in hints.items() if hint}
    for name in hints:
        text = both(WRITE.mistakes[name])
        for other, hint in hints.items():
            if other == name:
                assert re.search(hint, text), f"{name} does not match {hint}"
            elif (name, other) not in SHARED:
                assert not re.search(hint, text), f"the text of {name} also matches {hint} of {other}"


def both(mistake: Mistake) -> str:
    text = mistake_text(mistake)
    return f"{text.zh} {text.en}"


def judged(answer: dict[str, Any], variant: int) -> Any:
    return answers.judge(BY_HAND, json.dumps({"variant": variant, "answer": answer}).encode())


def test_by_hand_agrees_with_torch_and_survives_rounding(count: Count) -> None:
    for variant in range(count(200)):
        givens = BY_HAND.draw(random.Random(variant))
        q, k, v = (torch.tensor(givens[name], dtype=torch.float64) for name in "qkv")
        scores = q @ k.T / 2
        weights = scores.masked_fill(torch.ones(3, 3, dtype=torch.bool).triu(1), -torch.inf).softmax(-1)
        answer = {"scores": scores, "weights": weights, "output": weights @ v}
        rounded = {name: table.round(decimals=3).tolist() for name, table in answer.items()}
        assert judged(rounded, variant).verdict == "pass", variant
        assert torch.equal(scores, scores.round()), "every score is a whole number"


def test_by_hand_tells_each_mistake_after_rounding(count: Count) -> None:
    for variant in range(count(200)):
        givens = BY_HAND.draw(random.Random(variant))
        for name in BY_HAND.mistakes:
            believed = BY_HAND.solution(givens, fault=frozenset((name,)))
            rounded = {key: [[round(x, 3) for x in row] for row in table] for key, table in believed.items()}
            assert judged(rounded, variant).name == name, variant


def test_the_right_options_of_the_proof_are_what_is_measured() -> None:
    random = torch.Generator().manual_seed(0)
    d = 64
    q, k = (torch.randn(40_000, d, generator=random, dtype=torch.float64) for _ in range(2))
    terms, scores = q * k, (q * k).sum(-1)
    assert terms.mean().abs() < 0.01
    assert abs(terms.var() - 1) < 0.02
    assert abs(scores.var() / d - 1) < 0.03
    assert abs((scores / d**0.5).var() - 1) < 0.03
    assert abs((scores / d).var() * d - 1) < 0.03
    rows = scores.reshape(-1, 16)  # 16 keys to a query
    assert torch.equal(rows.argsort(-1), (rows / d**0.5).argsort(-1))


def test_uncorrelated_is_indeed_not_enough() -> None:
    """Components that are large together, with independent signs: uncorrelated, mean 0, variance 1, and yet not d."""
    random = torch.Generator().manual_seed(0)
    d = 64
    signs = [torch.randint(0, 2, (40_000, d), generator=random).double() * 2 - 1 for _ in range(2)]
    size = torch.randint(0, 2, (40_000, 1), generator=random).double() * 2**0.5  # 0 or √2 for a whole draw
    q, k = (size * sign for sign in signs)
    assert abs(q.var() - 1) < 0.03
    assert (q * k).mean().abs() < 0.01
    assert abs((q * k).sum(-1).var() / d - 2) < 0.1
