"""Trees: the fast search against loops, whole trees against scikit-learn, and small ones by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier  # type: ignore[import-untyped]

from wenjin.stack.data.load import load
from wenjin.stack.data.tables import table
from wenjin.stack.learn.tree import Impurity, Tree, best_split, best_split_plain, entropy, gini, grow, lines

Count = Callable[[int], int]
IMPURITIES = [(gini, "gini"), (entropy, "entropy")]
NOWHERE = Path("/nonexistent")


def draw(seed: int, rows: int = 200, columns: int = 5, classes: int = 3) -> tuple[Any, Any]:
    """Rows without a tie; the class leans on two columns. Numbers that scikit-learn's 32 bits hold exactly."""
    dice = np.random.default_rng(seed)
    x = dice.normal(size=(rows, columns)).astype(np.float32).astype(np.float64)
    y = np.digitize(x[:, 0] + 0.7 * x[:, 1] + dice.normal(size=rows) / 2, [-0.5, 0.5]) % classes
    return x, y


def theirs(x: Any, y: Any, **settings: Any) -> Any:
    return DecisionTreeClassifier(random_state=0, **settings).fit(x, y)


def test_impurities_by_hand() -> None:
    counts = np.array([[5.0, 5], [10, 0], [1, 3]])
    np.testing.assert_allclose(gini(counts), [0.5, 0, 1 - 1 / 16 - 9 / 16])
    np.testing.assert_allclose(entropy(counts), [1, 0, 0.25 * 2 + 0.75 * np.log2(4 / 3)])


def test_a_split_by_hand() -> None:
    x, y = np.array([[1.0, 7], [2, 7], [3, 7], [4, 7]]), np.array([0, 0, 1, 0])
    split = best_split(x, y, 2)
    assert split is not None
    assert (split.feature, split.threshold) == (0, 2.5)  # 2.5 and 3.5 both leave a quarter; the lower one wins
    assert split.gain == pytest.approx(3 / 8 - 1 / 4)
    assert best_split(x[:, 1:], y, 2) is None
    assert best_split(x, y, 2, least=3) is None


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(-2, 2), st.integers(0, 2)), min_size=2, max_size=25),
    st.sampled_from([gini, entropy]),
    st.integers(1, 4),
)
def test_the_fast_search_equals_the_plain_one(rows: list[tuple[int, int, int]], impurity: Impurity, least: int) -> None:
    x, y = np.array([row[:2] for row in rows], dtype=np.float64), np.array([row[2] for row in rows])
    fast = best_split(x, y, 3, impurity=impurity, least=least)
    plain = best_split_plain(x, y, 3, impurity=impurity, least=least)
    assert (fast is None) == (plain is None)
    if fast and plain:
        assert fast.gain == pytest.approx(plain.gain, abs=1e-9)
        sides = [x[:, split.feature] <= split.threshold for split in (fast, plain)]
        assert all(side.sum() >= least and (~side).sum() >= least for side in sides)


@pytest.mark.parametrize(("impurity", "name"), IMPURITIES)
def test_without_ties_the_two_searches_choose_the_same_split(impurity: Impurity, name: str, count: Count) -> None:
    for seed in range(count(100)):
        x, y = draw(seed, rows=40)
        fast, plain = (find(x, y, 3, impurity=impurity, least=4) for find in (best_split, best_split_plain))
        assert fast is not None
        assert plain is not None
        assert (fast.feature, fast.threshold) == (plain.feature, plain.threshold), seed


def same(ours: Tree, other: Any, node: int = 0, at: int = 0) -> bool:
    """Node by node; where two questions are equally good, either may stand, and what lies below is left out. Returns
    whether there was no such node."""
    assert (ours.feature[node] < 0) == (other.feature[at] < 0)
    np.testing.assert_allclose(ours.counts[node] / ours.counts[node].sum(), other.value[at][0], atol=1e-12)
    if ours.feature[node] < 0:
        return True
    left, right = other.children_left[at], other.children_right[at]
    sizes = other.weighted_n_node_samples
    rest = (sizes[left] * other.impurity[left] + sizes[right] * other.impurity[right]) / sizes[at]
    assert ours.gain[node] == pytest.approx(other.impurity[at] - rest, abs=1e-9)
    asked = (ours.feature[node], pytest.approx(ours.threshold[node], abs=1e-12))
    if asked != (other.feature[at], other.threshold[at]):
        return False
    return all([same(ours, other, ours.left[node], left), same(ours, other, ours.right[node], right)])


@pytest.mark.parametrize(("impurity", "name"), IMPURITIES)
def test_trees_are_scikit_learns_node_by_node(impurity: Impurity, name: str, count: Count) -> None:
    whole = 0
    for seed in range(rounds := 3 * count(20)):
        x, y = draw(seed)
        ours = grow(x, y, impurity=impurity, least=12)
        other = theirs(x, y, criterion=name, min_samples_leaf=12)
        if not same(ours, other.tree_):
            continue
        whole += 1
        np.testing.assert_allclose(ours.importance, other.feature_importances_, atol=1e-12)
        fresh, _ = draw(seed + 1000)
        np.testing.assert_allclose(ours.shares(fresh), other.predict_proba(fresh), atol=1e-12)
        np.testing.assert_array_equal(ours.predict(fresh), other.predict(fresh))
        assert (ours.depth, ours.leaves) == (other.get_depth(), other.get_n_leaves())
    assert whole > rounds / 4


def test_on_one_column_a_tree_grows_to_the_same_end(count: Count) -> None:
    for seed in range(count(60)):
        x, y = draw(seed, rows=60)
        for depth in (1, 3, None):
            same(grow(x[:, :1], y, depth=depth), theirs(x[:, :1], y, max_depth=depth).tree_)


@pytest.mark.parametrize("id", ["breast-cancer", "wine"])
def test_on_real_tables_accuracy_is_near_scikit_learns(id: str) -> None:
    found = table(load(id, data=NOWHERE).rows)
    order = np.random.default_rng(0).permutation(len(found.y))
    train, test = order[::2], order[1::2]
    for depth in (1, 3, None):
        ours = grow(found.x[train], found.y[train], depth=depth)
        other = theirs(found.x[train], found.y[train], max_depth=depth)
        right = (ours.predict(found.x[test]) == found.y[test]).mean()
        assert right == pytest.approx(other.score(found.x[test], found.y[test]), abs=0.04)
        if depth is None:
            assert (ours.predict(found.x[train]) == found.y[train]).all()


def test_a_node_that_gains_nothing_is_split_all_the_same() -> None:
    x, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])  # exclusive or
    tree = grow(x, y)
    assert tree.gain[0] == 0
    assert tree.depth == 2
    np.testing.assert_array_equal(tree.predict(x), y)


def test_neighboring_numbers_are_told_apart() -> None:
    x = np.array([[1.0], [np.nextafter(1.0, 2)]])
    np.testing.assert_array_equal(grow(x, np.array([0, 1])).predict(x), [0, 1])


def test_rows_that_are_alike_end_in_one_leaf() -> None:
    x, y = np.ones((5, 2)), np.array([0, 0, 1, 1, 1])
    tree = grow(x, y)
    assert (tree.leaves, tree.depth) == (1, 0)
    np.testing.assert_allclose(tree.shares(x), [[0.4, 0.6]] * 5)
    np.testing.assert_array_equal(tree.importance, [0, 0])


def test_few_columns_are_offered_and_the_others_where_those_are_constant() -> None:
    dice = np.random.default_rng(0)
    x, y = draw(3)
    asked = {int(grow(x, y, depth=1, features=1, dice=dice).feature[0]) for _ in range(60)}
    assert asked == set(range(5))
    constant = np.column_stack([np.ones((200, 4)), x[:, 0]])
    assert all(grow(constant, y, depth=1, features=1, dice=dice).feature[0] == 4 for _ in range(20))
    with pytest.raises(ValueError, match="pass a generator"):
        grow(x, y, features=2)


def test_a_long_thin_tree_grows_without_recursion() -> None:
    y = np.arange(3000) % 2
    tree = grow(np.arange(3000.0)[:, None], y, depth=None, least=1)
    np.testing.assert_array_equal(tree.predict(np.arange(3000.0)[:, None]), y)


def test_a_tree_is_written_as_questions() -> None:
    tree = grow(np.array([[1.0], [2], [4]]), np.array([0, 0, 1]))
    assert list(lines(tree, ["wind"], ["dry", "rain"])) == ["wind <= 3 ?", "  -> dry (2 0)", "  -> rain (0 1)"]
