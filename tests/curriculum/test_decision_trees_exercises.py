"""The exercises on trees and forests: right answers pass after rounding, and every mistake is told by its own name."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier  # type: ignore[import-untyped]

import wenjin
from wenjin.kit.exercise import Choice, Numeric
from wenjin.stack.learn.tree import entropy, gini, grow
from wenjin.study.judge import answers
from wenjin.study.judge.messages import mistake_text
from wenjin.study.judge.shelf import Shelf

ROOT = Path(wenjin.__file__).parent / "curriculum"
FOLDER = ROOT / "machine_learning" / "decision_trees_and_forests"
SHELF = Shelf(ROOT)
NAMES = ("best-split", "why-average")
QUESTIONS = ((0, 1.5), (0, 2.5), (0, 3.5), (1, 1.5), (1, 2.5))

Count = Callable[[int], int]


def exercise(name: str) -> Any:
    return SHELF.get(f"decision-trees-and-forests/{name}").exercise


SPLIT: Numeric = exercise("best-split")
AVERAGE: Choice = exercise("why-average")


def judged(one: Any, answer: dict[str, Any], variant: int = 0) -> Any:
    return answers.judge(one, json.dumps({"variant": variant, "answer": answer}).encode())


def rounded(value: Any) -> Any:
    return [rounded(part) for part in value] if isinstance(value, list) else round(float(value), 3)


def number(feature: int, threshold: float) -> int:
    """The question that divides as a threshold of the library does."""
    return next(n for n, (column, at) in enumerate(QUESTIONS, 1) if column == feature and abs(at - threshold) < 0.6)


def by_library(givens: dict[str, Any]) -> dict[str, Any]:
    """The whole answer, from the library and from scikit-learn."""
    days, new = np.array(givens["days"], dtype=float), np.array(givens["new"], dtype=float)
    x, y = days[:, :2], days[:, 2].astype(int)
    left: dict[str, list[float]] = {"gini": [], "entropy": []}
    for column, at in QUESTIONS:
        yes = x[:, column] <= at
        sides = np.array([np.bincount(y[side], minlength=2) for side in (yes, ~yes)], dtype=float)
        for name, impurity in (("gini", gini), ("entropy", entropy)):
            left[name].append(float((sides.sum(1) / 10 * impurity(sides)).sum()))
    whole = np.bincount(y, minlength=2).astype(float)
    tree = grow(x, y, depth=2)
    asked = [n for n in range(len(tree.feature)) if tree.feature[n] >= 0]
    trees = [DecisionTreeClassifier(max_depth=depth).fit(x, y) for depth in (1, 2)]
    often = int(y.mean() > 0.5)
    right = [
        [int((told == often).sum()), *(int((one.predict(rows) == told).sum()) for one in trees)]
        for rows, told in ((x, y), (new[:, :2], new[:, 2]))
    ]
    return {
        "whole": [float(gini(whole)), float(entropy(whole))],
        "gini": left["gini"],
        "gain": [float(entropy(whole)) - rest for rest in left["entropy"]],
        "splits": [number(int(tree.feature[n]), float(tree.threshold[n])) for n in asked],
        "right": right,
        "depth": right[1].index(max(right[1])),
    }


def test_by_hand_agrees_with_the_library_and_survives_rounding(count: Count) -> None:
    for variant in range(count(60)):
        answer = by_library(SPLIT.draw(random.Random(variant)))
        assert judged(SPLIT, {name: rounded(value) for name, value in answer.items()}, variant).verdict == "pass"


def test_by_hand_tells_each_mistake_after_rounding(count: Count) -> None:
    for variant in range(count(40)):
        givens = SPLIT.draw(random.Random(variant))
        for name in SPLIT.mistakes:
            believed = SPLIT.solution(givens, fault=frozenset((name,)))
            answer = {key: rounded(value) for key, value in believed.items()}
            assert judged(SPLIT, answer, variant).name == name, variant


def test_a_mistake_is_told_where_the_rest_was_done_otherwise(count: Count) -> None:
    """Whoever errs in one table and then goes on from the right one is told of that table."""
    seen = {"gain-without-weights": "gini", "remainder-for-gain": "gain", "second-split-from-all-rows": "splits"}
    for variant in range(count(20)):
        givens = SPLIT.draw(random.Random(variant))
        for name, blank in seen.items():
            answer = SPLIT.solution(givens) | {blank: SPLIT.solution(givens, fault=frozenset((name,)))[blank]}
            assert judged(SPLIT, answer, variant).name == name, variant


def test_the_deepest_tree_is_never_the_one_to_keep(count: Count) -> None:
    kept = {SPLIT.solution(SPLIT.draw(random.Random(variant)))["depth"] for variant in range(5 * count(20))}
    assert kept <= {0, 1}


def test_every_wrong_option_is_told_by_the_belief_it_carries() -> None:
    right = {step.key: next(o.key for o in step.options if o.mistake is None) for step in AVERAGE.steps}
    assert judged(AVERAGE, right).verdict == "pass"
    for step in AVERAGE.steps:
        for option in step.options:
            if option.mistake:
                assert judged(AVERAGE, right | {step.key: option.key}).name == option.mistake
    assert AVERAGE.mistakes.keys() == {o.mistake for step in AVERAGE.steps for o in step.options if o.mistake}


def test_the_numbers_of_the_right_options_are_what_is_measured() -> None:
    def formula(rho: float, trees: int) -> float:
        return 0.05 * (rho + (1 - rho) / trees)

    for rho, trees, said in ((0.2, 100, 0.0104), (0.2, 1000, 0.01004), (0.1, 100, 0.00545)):
        assert formula(rho, trees) == pytest.approx(said)
    dice = np.random.default_rng(0)
    shared, own = dice.normal(size=(20_000, 1)), dice.normal(size=(20_000, 100))
    trees = np.sqrt(0.05) * (np.sqrt(0.2) * shared + np.sqrt(0.8) * own)
    assert trees.mean(axis=1).var() == pytest.approx(0.0104, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_short_and_point_into_the_lesson(name: str) -> None:
    lessons = [(FOLDER / f"lesson.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")]
    for mistake in exercise(name).mistakes.values():
        text = mistake_text(mistake)
        assert len(text.zh) <= 500, mistake.name
        assert len(text.en) <= 500, mistake.name
        assert all(f"{{#{mistake.section}}}" in lesson for lesson in lessons), mistake.name
