"""Forests: each tree and the average against scikit-learn's, the rest against plain loops and its results."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier  # type: ignore[import-untyped]
from sklearn.inspection import permutation_importance as theirs_permuted  # type: ignore[import-untyped]
from sklearn.tree import DecisionTreeClassifier  # type: ignore[import-untyped]

from wenjin.stack.data.load import load
from wenjin.stack.data.tables import Table, table
from wenjin.stack.learn.forest import Forest, grow_forest, permutation_importance

NOWHERE = Path("/nonexistent")
TABLES = ["breast-cancer", "wine"]


def read(id: str) -> Table:
    return table(load(id, data=NOWHERE).rows)


def halves(id: str) -> tuple[Any, Any, Any, Any]:
    found = read(id)
    order = np.random.default_rng(0).permutation(len(found.y))
    train, test = order[::2], order[1::2]
    return found.x[train], found.y[train], found.x[test], found.y[test]


@pytest.mark.parametrize(("columns", "depth"), [(1, None), (4, 1)])  # with few ties between questions, or none
def test_bagged_trees_are_scikit_learns_on_the_same_rows_and_so_is_their_average(columns: int, depth: int) -> None:
    dice = np.random.default_rng(4)
    x = dice.normal(size=(150, columns)).astype(np.float32).astype(np.float64)
    y = (x[:, 0] + dice.normal(size=150) / 2 > 0).astype(np.int64)
    forest = grow_forest(x, y, dice=dice, trees=12, features=columns, depth=depth)
    assert forest.rows.shape == (12, 150)
    others = [DecisionTreeClassifier(max_depth=depth).fit(x[rows], y[rows]) for rows in forest.rows]
    fresh = dice.normal(size=(60, columns)).astype(np.float32)
    shares = np.mean([other.predict_proba(fresh) for other in others], axis=0)
    np.testing.assert_allclose(forest.shares(fresh.astype(np.float64)), shares, atol=1e-12)
    mean = np.mean([other.feature_importances_ for other in others], axis=0)
    np.testing.assert_allclose(forest.importance, mean, atol=1e-12)


def test_out_of_bag_shares_are_a_plain_loops() -> None:
    x, y, _, _ = halves("wine")
    forest = grow_forest(x, y, dice=np.random.default_rng(1), trees=6)
    found = forest.out_of_bag(x)
    for row in range(len(y)):
        told = [
            tree.shares(x[row : row + 1])[0]
            for tree, seen in zip(forest.trees, forest.rows, strict=True)
            if row not in seen
        ]
        if told:
            np.testing.assert_allclose(found[row], np.mean(told, axis=0))
        else:
            assert np.isnan(found[row]).all()
    missing = [row for row in range(len(y)) if all(row in seen for seen in forest.rows)]
    assert np.isnan(found).any(axis=1).sum() == len(missing)


@pytest.mark.parametrize("id", TABLES)
def test_accuracy_is_scikit_learns_within_what_another_seed_changes(id: str) -> None:
    x, y, fresh, told = halves(id)
    forest = grow_forest(x, y, dice=np.random.default_rng(0), trees=40)
    other = RandomForestClassifier(40, oob_score=True, random_state=0).fit(x, y)
    assert (forest.predict(fresh) == told).mean() == pytest.approx(other.score(fresh, told), abs=0.03)
    assert (forest.out_of_bag(x).argmax(1) == y).mean() == pytest.approx(other.oob_score_, abs=0.03)
    assert np.corrcoef(forest.importance, other.feature_importances_)[0, 1] > 0.8


def test_shuffling_costs_what_scikit_learn_says() -> None:
    x, y, fresh, told = halves("wine")
    other = DecisionTreeClassifier(max_depth=4, random_state=0).fit(x, y)
    ours = permutation_importance(other.predict, fresh, told, np.random.default_rng(0), repeats=40)
    other = theirs_permuted(other, fresh, told, n_repeats=40, random_state=1).importances_mean
    np.testing.assert_allclose(ours, other, atol=0.012)


def test_a_column_that_no_tree_asks_about_costs_nothing_when_shuffled() -> None:
    dice = np.random.default_rng(0)
    x = np.column_stack([dice.normal(size=80), np.ones(80)])
    y = (x[:, 0] > 0).astype(np.int64)
    forest = grow_forest(x, y, dice=dice, trees=5)
    before = x.copy()
    lost = permutation_importance(forest.predict, x, y, dice)
    assert lost[0] > 0.2
    assert lost[1] == 0
    np.testing.assert_array_equal(x, before)


def test_the_same_dice_give_the_same_forest() -> None:
    x, y, fresh, _ = halves("wine")

    def shares(seed: int) -> Any:
        return grow_forest(x, y, dice=np.random.default_rng(seed), trees=5).shares(fresh)

    np.testing.assert_array_equal(shares(1), shares(1))
    assert (shares(1) != shares(2)).any()


def test_a_tree_leaves_out_about_one_row_in_e() -> None:
    x, y, _, _ = halves("breast-cancer")
    forest: Forest = grow_forest(x, y, dice=np.random.default_rng(0), trees=40, depth=1)
    left_out = np.mean([1 - len(set(rows.tolist())) / len(y) for rows in forest.rows])
    assert left_out == pytest.approx((1 - 1 / len(y)) ** len(y), abs=0.01)
