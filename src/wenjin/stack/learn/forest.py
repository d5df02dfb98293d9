"""A random forest: many trees, each on rows drawn with replacement, each node choosing from a few columns.

    forest = grow_forest(x, y, dice=np.random.default_rng(0), trees=200)
    forest.predict(x)                        the class with the greatest share, averaged over the trees
    forest.out_of_bag(x)                     for the rows it grew on: averaged over the trees that did not see the row
    permutation_importance(forest.predict, x, y, dice)    accuracy that is lost when a column is shuffled

Omits    growing in parallel, weights of rows, and trees that stop early by themselves
Shapes   N rows   D columns   K classes   B trees
Sources  bagging Breiman 1996; forests and permuted columns Breiman 2001 (10). Breiman counts votes; here, as in
         scikit-learn, shares are averaged
Proof    tests/stack/learn/test_forest.py: each tree equals scikit-learn's on the same rows and the average its average;
         out-of-bag shares equal a plain loop; accuracy and importance lie as near scikit-learn's as another seed does
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wenjin.stack.learn.tree import Floats, Impurity, Tree, Whole, gini, grow


@dataclass(frozen=True, slots=True)
class Forest:
    """`rows` (B, N): the rows that each tree grew on, some of them several times."""

    trees: tuple[Tree, ...]
    rows: Whole
    classes: int

    def shares(self, x: Floats) -> Floats:
        """x (N, D) -> (N, K)"""
        return sum((tree.shares(x) for tree in self.trees), start=np.zeros((len(x), self.classes))) / len(self.trees)

    def predict(self, x: Floats) -> Whole:
        """x (N, D) -> (N,)"""
        return np.asarray(self.shares(x).argmax(1))

    def out_of_bag(self, x: Floats) -> Floats:
        """Shares for the rows x that the forest grew on, each from the trees that did not see it. (N, D) -> (N, K); NaN
        where every tree saw a row."""
        total, voters = np.zeros((len(x), self.classes)), np.zeros((len(x), 1))
        for tree, seen in zip(self.trees, self.rows, strict=True):
            out = np.setdiff1d(np.arange(len(x)), seen)
            total[out] += tree.shares(x[out])
            voters[out] += 1
        return np.asarray(np.divide(total, voters, out=np.full_like(total, np.nan), where=voters > 0))

    @property
    def importance(self) -> Floats:
        """The trees' own importances, averaged. (D,)"""
        return np.asarray(np.mean([tree.importance for tree in self.trees], axis=0))


def grow_forest(
    x: Floats,
    y: Whole,
    *,
    dice: np.random.Generator,
    trees: int = 100,
    features: int | None = None,
    impurity: Impurity = gini,
    depth: int | None = None,
    least: int = 1,
) -> Forest:
    """x (N, D), y (N,) -> a forest.

    features  columns that each node may choose from; by default the root of D, rounded down. All D: bagging
    """
    features = features or max(1, math.isqrt(x.shape[1]))
    classes = int(y.max()) + 1
    rows = dice.integers(len(y), size=(trees, len(y)))  # (B, N) with replacement
    grown = (
        grow(
            x[seen], y[seen], classes=classes, impurity=impurity, depth=depth, least=least, features=features, dice=dice
        )
        for seen in rows
    )
    return Forest(tuple(grown), rows, classes)


def permutation_importance(
    predict: Callable[[Floats], Whole], x: Floats, y: Whole, dice: np.random.Generator, repeats: int = 5
) -> Floats:
    """The accuracy on x, y that is lost when a column is shuffled, averaged over `repeats`. (D,)

    Rows that the model did not grow on: else it tells what was learnt by heart."""
    whole = (predict(x) == y).mean()
    lost = np.zeros(x.shape[1])
    for feature in range(x.shape[1]):
        for _ in range(repeats):
            shuffled = x.copy()
            shuffled[:, feature] = dice.permutation(x[:, feature])
            lost[feature] += whole - (predict(shuffled) == y).mean()
    return lost / repeats
