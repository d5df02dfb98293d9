"""A decision tree that tells classes apart: CART, grown greedily, with Gini or entropy.

    tree = grow(x, y, depth=3)          a question at each inner node: x[:, feature] <= threshold ?
    tree.predict(x), tree.shares(x)     the leaf's most frequent class, and the share of each class in it

The best question of a node is found exactly: every column is sorted once, and a running count of the classes gives
both sides of every cut at once. `best_split_plain` says the same with loops.

Omits    regression, weights of rows, missing values, columns of words, pruning after growing
Shapes   N rows   D columns   K classes   M nodes; labels are whole numbers from 0 to K - 1
Sources  Breiman, Friedman, Olshen, Stone 1984; scikit-learn's conventions: a threshold lies halfway between two values,
         an impure node is split even where nothing is gained, importance is the weighted gain, made to sum to 1
Proof    tests/stack/learn/test_tree.py: the fast search equals the plain one; trees equal scikit-learn's node by node
         where there are no ties; importance, shares and predictions equal, too
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Impurity = Callable[[Floats], Floats]  # counts (..., K) -> (...)


def gini(counts: Floats) -> Floats:
    """How often two rows drawn from these, one after the other, are of different classes."""
    share = counts / counts.sum(-1, keepdims=True)  # (..., K)
    return np.asarray(1 - (share**2).sum(-1))


def entropy(counts: Floats) -> Floats:
    """Bits that the class of a row from these is worth."""
    share = counts / counts.sum(-1, keepdims=True)  # (..., K)
    return np.asarray(-(share * np.log2(np.where(share > 0, share, 1))).sum(-1))


@dataclass(frozen=True, slots=True)
class Split:
    """Rows with x[:, feature] <= threshold go left. `gain`: the impurity that this takes away, for each row."""

    feature: int
    threshold: float
    gain: float


def best_split(x: Floats, y: Whole, classes: int, *, impurity: Impurity = gini, least: int = 1) -> Split | None:
    """The split with the greatest gain that leaves `least` rows on each side; None where columns are constant.

    Among equal gains the first column and the lowest threshold win."""
    N = len(y)
    order = np.argsort(x, axis=0, kind="stable")  # (N, D) rows of each column from low to high
    value = np.take_along_axis(x, order, axis=0)  # (N, D)
    below = np.eye(classes)[y[order]].cumsum(axis=0)  # (N, D, K) classes among the first rows
    cut = slice(least - 1, N - least)  # after these rows there is room for a cut
    left = below[cut]
    right = below[-1] - left
    size = np.arange(1.0, N + 1)[cut, None]  # rows on the left
    rest = (size * impurity(left) + (N - size) * impurity(right)) / N
    rest[value[:-1][cut] == value[1:][cut]] = np.inf  # no threshold lies between equal values
    if not np.isfinite(rest).any():
        return None
    feature, at = divmod(int(rest.T.argmin()), len(rest))
    low, high = value[at + least - 1, feature], value[at + least, feature]
    return Split(feature, _between(low, high), max(0.0, float(impurity(below[-1, 0]) - rest[at, feature])))


def best_split_plain(x: Floats, y: Whole, classes: int, *, impurity: Impurity = gini, least: int = 1) -> Split | None:
    """The same by trying every threshold of every column, one after the other."""

    def count(rows: Whole) -> Floats:
        return np.array([float((rows == k).sum()) for k in range(classes)])

    best = None
    for feature in range(x.shape[1]):
        values = sorted(set(x[:, feature].tolist()))
        for low, high in pairwise(values):
            threshold = _between(low, high)
            left, right = y[x[:, feature] <= threshold], y[x[:, feature] > threshold]
            if min(len(left), len(right)) < least:
                continue
            rest = (len(left) * impurity(count(left)) + len(right) * impurity(count(right))) / len(y)
            gain = max(0.0, float(impurity(count(y)) - rest))
            if best is None or gain > best.gain + 1e-12:
                best = Split(feature, threshold, gain)
    return best


def _between(low: float, high: float) -> float:
    """Halfway; between two neighboring floats there is nothing, and half may round up to the higher one."""
    middle = float(low / 2 + high / 2)
    return middle if low <= middle < high else float(low)


@dataclass(slots=True)
class Node:
    """A node while the tree grows; `left` and `right` are places in the tree's list, -1 in a leaf."""

    counts: Floats
    split: Split = field(default=Split(-1, float("nan"), 0.0))
    left: int = -1
    right: int = -1


@dataclass(frozen=True, slots=True)
class Tree:
    """feature, left, right (M,) hold -1 in leaves; threshold, gain (M,); counts (M, K) of the rows it grew on. Node 0
    is the root, and a node stands before those below it. `columns`: D."""

    feature: Whole
    threshold: Floats
    left: Whole
    right: Whole
    gain: Floats
    counts: Floats
    columns: int

    def leaf(self, x: Floats) -> Whole:
        """The place of the leaf that each row falls into. x (N, D) -> (N,)"""
        at = np.zeros(len(x), dtype=np.int64)
        inner = np.flatnonzero(self.feature[at] >= 0)
        while inner.size:
            node = at[inner]
            goes_left = x[inner, self.feature[node]] <= self.threshold[node]
            at[inner] = np.where(goes_left, self.left[node], self.right[node])
            inner = inner[self.feature[at[inner]] >= 0]
        return at

    def shares(self, x: Floats) -> Floats:
        """The share of each class in the leaf of each row. x (N, D) -> (N, K)"""
        share: Floats = self.counts / self.counts.sum(1, keepdims=True)  # (M, K)
        return share[self.leaf(x)]

    def predict(self, x: Floats) -> Whole:
        """x (N, D) -> (N,); of two classes that are equally frequent the first."""
        return np.asarray(self.shares(x).argmax(1))

    @property
    def leaves(self) -> int:
        return int((self.feature < 0).sum())

    @property
    def depth(self) -> int:
        """Questions on the longest way from the root to a leaf."""
        level = np.zeros(len(self.feature), dtype=np.int64)
        for node in np.flatnonzero(self.feature >= 0):
            level[[self.left[node], self.right[node]]] = level[node] + 1
        return int(level.max())

    @property
    def importance(self) -> Floats:
        """What each column took away of the impurity, as a share of all that was taken away. (D,)"""
        inner = self.feature >= 0
        won = np.bincount(self.feature[inner], (self.counts.sum(1) * self.gain)[inner], self.columns)  # (D,)
        return np.asarray(won / max(won.sum(), 1e-300))


def grow(
    x: Floats,
    y: Whole,
    *,
    classes: int | None = None,
    impurity: Impurity = gini,
    depth: int | None = None,
    least: int = 1,
    features: int | None = None,
    dice: np.random.Generator | None = None,
) -> Tree:
    """x (N, D), y (N,) -> a tree that splits until its leaves are pure, or a limit is met.

    depth     questions from the root to a leaf at most
    least     rows in a leaf at least
    features  columns that each node may choose from, drawn anew by `dice`; where none of them can split the node the
              others are tried, too. None: all
    """
    columns, classes = x.shape[1], classes or int(y.max()) + 1
    made: list[Node] = []
    waiting: list[tuple[Whole, int, Node | None]] = [(np.arange(len(y)), 0, None)]  # rows, level, whose right child
    while waiting:
        rows, level, above = waiting.pop()
        if above:
            above.right = len(made)
        made.append(node := Node(np.bincount(y[rows], minlength=classes).astype(np.float64)))
        if node.counts.max() == len(rows) or level == depth or len(rows) < 2 * least:
            continue
        for some in _offers(columns, features, dice):
            split = best_split(x[np.ix_(rows, some)], y[rows], classes, impurity=impurity, least=least)
            if split:
                break
        else:
            continue
        node.split = Split(int(some[split.feature]), split.threshold, split.gain)
        node.left = len(made)  # the left child is made next
        goes_left = x[rows, node.split.feature] <= node.split.threshold
        waiting += [(rows[~goes_left], level + 1, node), (rows[goes_left], level + 1, None)]
    return _tree(made, columns)


def _offers(columns: int, features: int | None, dice: np.random.Generator | None) -> Iterator[Whole]:
    """Columns that a node may choose from; then the others, one by one."""
    if features is None or features >= columns:
        yield np.arange(columns)
        return
    if dice is None:
        raise ValueError("columns are drawn by dice: pass a generator")
    order = dice.permutation(columns)
    yield order[:features]
    for one in order[features:]:
        yield np.array([one])


def _tree(made: Sequence[Node], columns: int) -> Tree:
    return Tree(
        feature=np.array([node.split.feature for node in made]),
        threshold=np.array([node.split.threshold for node in made]),
        left=np.array([node.left for node in made]),
        right=np.array([node.right for node in made]),
        gain=np.array([node.split.gain for node in made]),
        counts=np.array([node.counts for node in made]),
        columns=columns,
    )


def lines(tree: Tree, columns: Sequence[str], labels: Sequence[str], node: int = 0, indent: str = "") -> Iterator[str]:
    """The tree as text, a line a node: the question, or the class with its counts."""
    if tree.feature[node] < 0:
        counts = " ".join(f"{count:.0f}" for count in tree.counts[node])
        yield f"{indent}-> {labels[int(tree.counts[node].argmax())]} ({counts})"
        return
    yield f"{indent}{columns[tree.feature[node]]} <= {tree.threshold[node]:.4g} ?"
    for below in (tree.left[node], tree.right[node]):
        yield from lines(tree, columns, labels, int(below), indent + "  ")
