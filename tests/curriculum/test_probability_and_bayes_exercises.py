"""The exercises of probability: they equal counting and NumPy, survive rounding, and tell each mistake by its name."""

import json
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wenjin
from wenjin.kit.exercise import Numeric
from wenjin.study.judge import answers
from wenjin.study.judge.messages import mistake_text
from wenjin.study.judge.shelf import Shelf

ROOT = Path(wenjin.__file__).parent / "curriculum"
FOLDER = ROOT / "mathematics" / "probability_and_bayes"
NAMES = ("bayes-by-table", "moments")
SHELF = Shelf(ROOT)
EXERCISES: dict[str, Numeric] = {name: SHELF.get(f"probability-and-bayes/{name}").exercise for name in NAMES}  # type: ignore[misc]

Count = Callable[[int], int]


def rounded(value: Any, places: int = 3) -> Any:
    return [rounded(v, places) for v in value] if isinstance(value, list) else round(value, places)


def judged(name: str, answer: dict[str, Any], variant: int) -> Any:
    return answers.judge(EXERCISES[name], json.dumps({"variant": variant, "answer": answer}).encode())


@pytest.mark.parametrize("name", NAMES)
def test_each_mistake_is_told_by_its_own_name_after_rounding(name: str, count: Count) -> None:
    exercise = EXERCISES[name]
    for variant in range(count(200)):
        givens = exercise.draw(random.Random(variant))
        right = {key: rounded(value) for key, value in exercise.solution(givens).items()}
        assert judged(name, right, variant).verdict == "pass", variant
        for mistake in exercise.mistakes:
            believed = exercise.solution(givens, fault=frozenset((mistake,)))
            verdict = judged(name, {key: rounded(value) for key, value in believed.items()}, variant)
            assert verdict.name == mistake, (variant, mistake, verdict.name)


def test_bayes_equals_counting_in_fractions(count: Count) -> None:
    for variant in range(count(400)):
        givens = EXERCISES["bayes-by-table"].draw(random.Random(variant))
        p, found, spared, spam, here, there = (Fraction(givens[key], 1000) for key in givens)
        people = 100_000
        counts = [
            [people * p * found, people * p * (1 - found)],
            [people * (1 - p) * (1 - spared), people * (1 - p) * spared],
        ]
        assert all(cell.denominator == 1 for row in counts for cell in row), "every count is a whole number"
        positive = counts[0][0] + counts[1][0]
        once = counts[0][0] / positive
        again = once * found / (once * found + (1 - once) * (1 - spared))
        missing = spam * (1 - here) / (spam * (1 - here) + (1 - spam) * (1 - there))
        answer = {
            "counts": [[float(cell) for cell in row] for row in counts],
            "sick_if_positive": float(once),
            "spam_if_word": float(spam * here / (spam * here + (1 - spam) * there)),
            "spam_if_no_word": float(missing),
            "sick_if_both": float(again),
        }
        assert judged("bayes-by-table", answer, variant).verdict == "pass", variant


def test_moments_equal_numpy_on_the_twenty_outcomes(count: Count) -> None:
    for variant in range(count(400)):
        givens = EXERCISES["moments"].draw(random.Random(variant))
        pairs = [
            (x, y)
            for x, row in zip(givens["x"], givens["a"], strict=True)
            for y, n in zip(givens["y"], row, strict=True)
            for _ in range(n)
        ]
        assert len(pairs) == 20
        x, y = np.array(pairs, dtype=np.float64).T
        independent = []
        for table in givens["pair"]:
            p = np.array(table) / 20
            assert p.sum() == pytest.approx(1)
            u, v = np.array(givens["u"]), np.array(givens["v"])
            assert u @ p @ v - (u @ p.sum(1)) * (v @ p.sum(0)) == pytest.approx(0), "both are uncorrelated"
            independent.append(int(np.allclose(p, np.outer(p.sum(1), p.sum(0)))))
        assert sorted(independent) == [0, 1]
        answer = {
            "means": [x.mean(), y.mean()],
            "variances": [x.var(), y.var()],
            "covariance": np.cov(x, y, ddof=0)[0, 1],
            "correlation": np.corrcoef(x, y)[0, 1],
            "of_sums": [(x + y).var(), (x - y).var()],
            "independent": independent,
        }
        assert judged("moments", answer, variant).verdict == "pass", variant


def test_which_table_is_independent_has_to_be_looked_up() -> None:
    draw, solution = EXERCISES["moments"].draw, EXERCISES["moments"].solution
    assert {tuple(solution(draw(random.Random(seed)))["independent"]) for seed in range(12)} == {(0, 1), (1, 0)}


def test_one_wrong_blank_among_right_ones_is_told_by_its_mistake() -> None:
    """The table is right and only the answer is read in the wrong direction."""
    exercise = EXERCISES["bayes-by-table"]
    givens = exercise.draw(random.Random(3))
    answer = exercise.solution(givens) | {"sick_if_positive": givens["sensitivity"] / 1000}
    assert judged("bayes-by-table", answer, 3).name == "conditional-reversed"


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_short_and_point_into_the_lesson(name: str) -> None:
    lessons = [(FOLDER / f"lesson.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")]
    for mistake in EXERCISES[name].mistakes.values():
        text = mistake_text(mistake)
        assert len(text.zh) <= 500, mistake.name
        assert len(text.en) <= 500, mistake.name
        assert all(f"{{#{mistake.section}}}" in lesson for lesson in lessons), mistake.name
