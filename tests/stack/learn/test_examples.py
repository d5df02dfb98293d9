"""Each doubt about examples is raised where it is due, and not on sound ones; what follows from another is left out."""

import random
from collections import Counter

import numpy as np
import pytest

from wenjin.stack.learn.examples import most_frequent, told, unfamiliar, unlike, unrelated, unscaled, unseen
from wenjin.study.course.load import load

N, M, D = 400, 60, 12
DICE = np.random.default_rng(0)
UNITS = np.logspace(-3, 3, D)
ROWS = DICE.normal(5, 1, (N, D)) * UNITS
OTHERS = DICE.normal(5, 1, (M, D)) * UNITS


def test_rows_of_one_source_are_alike_however_few_they_are() -> None:
    for seed in range(50):
        dice = np.random.default_rng(seed)
        for few in (4, 20, 200):
            assert not list(unlike(dice.normal(3, 2, (N, D)), dice.normal(3, 2, (few, D))))
            assert not list(unlike(dice.normal(3, 2, (N, D)) * UNITS, dice.normal(3, 2, (few, D)) * UNITS, True))


@pytest.mark.parametrize(
    "otherwise", [lambda x: 2.54 * x, lambda x: (x - x.mean(0)) / x.std(0), lambda x: -x, lambda x: x[:, ::-1]]
)
def test_rows_prepared_otherwise_are_not(otherwise: object) -> None:
    assert not list(unlike(ROWS, OTHERS, columns=True))
    assert [name for name, _ in unlike(ROWS, otherwise(OTHERS), columns=True)] == ["inputs-differ"]  # type: ignore[operator]


def test_a_spread_alone_is_told_and_by_how_much() -> None:
    ((_, facts),) = unlike(ROWS - ROWS.mean(0), 4 * (OTHERS - OTHERS.mean(0)), columns=True)
    assert facts["times"] == pytest.approx(4, rel=0.1)
    assert facts["off"] == pytest.approx(0, abs=1e-9)


def test_a_column_that_never_changes_is_no_division_by_zero() -> None:
    assert not list(unlike(np.ones((N, 3)), np.ones((M, 3)), columns=True))
    assert list(unlike(np.ones((N, 3)), 3 * np.ones((M, 3)), columns=True))


def test_inputs_are_scaled_or_not() -> None:
    for factor, named in ((1, 0), (0.3, 0), (255, 1), (1 / 255, 1)):
        assert len(list(unscaled(factor * DICE.normal(0, 1, (N, D))))) == named


def test_right_answers_are_beyond_chance_or_not() -> None:
    labels = np.array([0] * 60 + [1] * 40)
    assert most_frequent(labels) == 0.6
    assert not list(unrelated(0.9, most_frequent(labels)))
    assert dict(unrelated(0.58, most_frequent(labels))) == {"labels-unrelated": {"percent": 58, "chance": 60}}


def test_what_was_seen_once_tells_how_much_is_new() -> None:
    dice = random.Random(0)
    letters = [chr(0x4E00 + min(20_000, int(dice.paretovariate(1)))) for _ in range(9000)]
    known = Counter(letters[:6000])
    new = sum(one not in known for one in letters[6000:]) / 3000
    assert unseen(known) == pytest.approx(new, abs=0.01)
    assert unseen({}) == 0
    assert not list(unfamiliar(letters[:6000], letters[6000:]))
    misread = [one.encode().decode("latin-1") for one in letters[6000:]]
    ((name, facts),) = unfamiliar(letters[:6000], misread)
    assert name == "text-differs"
    assert facts["percent"] == 100


def test_what_follows_from_a_sign_is_left_out_and_each_is_said_once() -> None:
    differ, unrelated_ = (
        ("inputs-differ", {"off": 3.0, "times": 1.0}),
        ("labels-unrelated", {"percent": 1, "chance": 2}),
    )
    assert list(told([differ], [unrelated_, differ])) == [differ]
    assert list(told([], [unrelated_, unrelated_])) == [unrelated_]


def test_every_sign_has_its_words_and_they_take_its_facts() -> None:
    causes = load().causes
    for name, facts in (
        *unscaled(255 * OTHERS),
        *unlike(ROWS, -OTHERS, columns=True),
        *unfamiliar("aab", "ccc"),
        *unrelated(0.1, 0.1),
    ):
        text = causes[name].title.format(**facts)
        assert "{" not in text.zh + text.en
        assert causes[name].reason.zh
        assert causes[name].remedy.en
