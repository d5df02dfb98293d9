"""One tree and many, on tumors and on wines: accuracy by depth, by number of trees and by features per split.

    rows -> folds: a tree for each depth, and a forest, are grown on all folds but one and tried on that one
    rows -> a third to try on; of the others many halves, each with its own trees: how far do trees that saw other
            rows disagree (variance), and how much of that do they share (likeness)?

Both tables go through all of it; the pictures show two features of the tumors, so that a boundary can be drawn.

See      a tree learns its rows by heart and is no better for it; a forest beats the best depth; rows that a tree did
         not see tell what cross-validation tells; fewer features per split make trees worse and less alike
Try      trees 1000: more trees do no harm. folds 10. halves 60: smoother curves of the variance
Source   UCI's Breast Cancer Wisconsin (Diagnostic) and Wine, as in scikit-learn; what is measured: Breiman
         2001, doi:10.1023/A:1010933404324
Omits    settings that are searched for: a forest grows its trees to the end. Halves of the same rows overlap, so that
         samples drawn anew would share less, and their trees would disagree more than is measured here
"""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from wenjin.kit.lab import Band, Cause, Claim, Frame, Keep, Lab, Level, Picture, Point, Progress, Slider, Table, Used
from wenjin.kit.text import Text
from wenjin.stack.data.load import load
from wenjin.stack.data.tables import Table as Numbers
from wenjin.stack.data.tables import table
from wenjin.stack.learn.examples import most_frequent, told, unlike, unrelated
from wenjin.stack.learn.forest import Forest, grow_forest, permutation_importance
from wenjin.stack.learn.tree import Tree, grow

TABLES = {"cancer": "breast-cancer", "wine": "wine"}
GROVE = 24  # trees on each half: enough to tell what they share from what they do not
SHOWN = ("mean radius", "mean texture")
Floats = NDArray[np.float64]


def one_tree_or_many(
    keep: Keep,
    trees: Annotated[int, Slider(10, 2000, log=True)] = 200,
    depths: Annotated[tuple[int, ...], Slider(1, 30)] = (1, 2, 3, 4, 5, 6, 8, 10),
    folds: Annotated[int, Slider(2, 20, step=1)] = 5,
    halves: Annotated[int, Slider(4, 200, log=True)] = 20,
    seed: int = 0,
) -> Iterator[Frame]:
    known: dict[str, Numbers] = {}
    for name, id in TABLES.items():
        corpus = load(id)
        known[name] = table(corpus.rows)
        yield Used(corpus.id, corpus.source, corpus.count, corpus.sha256, corpus.fallback)
    depths = tuple(sorted(set(depths)))
    found: dict[str, Any] = json.loads(keep.load("found") or "{}")
    work = sum(len(one.y) * (folds * trees + halves * GROVE * len(offers(one))) for one in known.values())
    done = 0

    def measured(key: str, make: Callable[[], Any]) -> Any:
        """What was found under this key, before the run was stopped or now."""
        if key not in found:
            found[key] = make()
            keep.save("found", json.dumps(found).encode())
        return found[key]

    for place, (name, one) in enumerate(known.items()):
        parts = dealt(one.y, folds, np.random.default_rng([seed, place]))
        rows = []
        for fold in range(folds):
            key = [seed, place, 1, fold]
            rows.append(measured(f"{name} fold {fold}", lambda: of_fold(one, parts == fold, trees, depths, key)))  # noqa: B023
            yield from curves(name, rows, depths)
            yield Progress(done := done + len(one.y) * trees, work)
        yield from of_folds(name, rows, depths)
        yield from doubts(one, rows)
    for place, (name, one) in enumerate(known.items()):
        told = {}
        for some in offers(one):
            key = [seed, place, 2, some]
            told[some] = measured(f"{name} halves {some}", lambda: of_halves(one, some, halves, key))  # noqa: B023
            yield Point(f"features_{name}", some, {what: told[some][what] for what in ("tree", "forest")})
            yield Point("likeness", 100 * some / one.x.shape[1], {name: told[some]["likeness"]})
            yield Progress(done := done + len(one.y) * halves * GROVE, work)
        yield from of_offers(name, told, math.isqrt(one.x.shape[1]), one.x.shape[1])
    yield from boundaries(known["cancer"], trees, np.random.default_rng([seed, 3]))


def offers(one: Numbers) -> list[int]:
    """Features per split that are compared: from one to all."""
    D = one.x.shape[1]
    return sorted({1, math.isqrt(D), D // 3, 2 * D // 3, D})


def dealt(y: NDArray[np.int64], folds: int, dice: np.random.Generator) -> NDArray[np.int64]:
    """The fold of each row, (N,); every fold has its share of every class."""
    fold = np.empty(len(y), dtype=np.int64)
    for k in range(int(y.max()) + 1):
        rows = dice.permutation(np.flatnonzero(y == k))
        fold[rows] = np.arange(len(rows)) % folds
    return fold


# ---- depth and number ----


def of_fold(one: Numbers, out: NDArray[np.bool_], trees: int, depths: Sequence[int], key: list[int]) -> dict[str, Any]:
    """Grown on the rows that are not `out`, tried on those that are: shares of right answers."""
    x, y, fresh, told = one.x[~out], one.y[~out], one.x[out], one.y[out]
    dice = np.random.default_rng(key)
    grown = [grow(x, y, depth=depth) for depth in depths]
    forest = grow_forest(x, y, dice=dice, trees=trees)
    seen, unseen, single = np.zeros((len(y), len(one.labels))), np.zeros((len(told), len(one.labels))), []
    test, bag = {}, {}
    for n, (tree, rows) in enumerate(zip(forest.trees, forest.rows, strict=True), 1):
        left_out = np.setdiff1d(np.arange(len(y)), rows)
        seen[left_out] += tree.shares(x[left_out])
        unseen += (share := tree.shares(fresh))
        single.append(right(share, told))
        if n in numbers(trees):
            some = seen.any(axis=1)  # rows that a tree has left out so far
            test[n], bag[n] = right(unseen, told), right(seen[some], y[some])
    lost: list[float] = []
    if key[1:] == [0, 1, 0]:  # of the tumors, on the rows of the first fold
        lost = permutation_importance(forest.predict, fresh, told, dice, repeats=3).tolist()
    return {
        "unlike": list(unlike(x, fresh, columns=True)),
        "train": [right(tree.shares(x), y) for tree in grown],
        "test": [right(tree.shares(fresh), told) for tree in grown],
        "numbers": list(test),
        "forest": list(test.values()),
        "bag": list(bag.values()),
        "single": float(np.mean(single)),
        "importance": sorted(
            zip(one.columns, forest.importance.tolist(), lost, strict=False),
            key=lambda row: -row[1],
        ),
    }


def numbers(trees: int) -> list[int]:
    """Numbers of trees at which a forest is tried while it grows."""
    return sorted({n for n in (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000) if n < trees} | {trees})


def right(shares: Floats, y: NDArray[np.int64]) -> float:
    return float((shares.argmax(1) == y).mean())


def curves(name: str, rows: list[dict[str, Any]], depths: Sequence[int]) -> Iterator[Frame]:
    """The means over the folds so far."""
    train, test = (np.mean([row[what] for row in rows], axis=0) for what in ("train", "test"))
    for depth, a, b in zip(depths, train, test, strict=True):
        yield Point(f"depth_{name}", depth, {"train": float(a), "test": float(b)})
    forest, bag = (np.mean([row[what] for row in rows], axis=0) for what in ("forest", "bag"))
    for n, a, b in zip(rows[0]["numbers"], forest, bag, strict=True):
        yield Point(f"number_{name}", n, {"test": float(a), "bag": float(b)})


def of_folds(name: str, rows: list[dict[str, Any]], depths: Sequence[int]) -> Iterator[Frame]:
    def mean(what: str) -> Floats:
        return np.asarray(np.mean([row[what] for row in rows], axis=0))

    best = int(mean("test").argmax())
    yield Level(f"{name}_learnt", float(mean("train")[-1]))
    yield Level(f"{name}_full", float(mean("test")[-1]))
    yield Level(f"{name}_best", float(mean("test")[best]))
    yield Level(f"{name}_best_depth", depths[best])
    yield Level(f"{name}_single", float(mean("single")))
    yield Level(f"{name}_forest", float(mean("forest")[-1]))
    yield Level(f"{name}_bag", float(mean("bag")[-1]))
    yield Level(f"{name}_gap", abs(float(mean("bag")[-1] - mean("forest")[-1])))
    if name == "cancer":
        told = rows[0]["importance"]
        yield Level("first_share", told[0][1])
        yield Level("first_lost", told[0][2])
        yield Level("most_lost", max(row[2] for row in told))
        yield Table("importance", ("feature", "share", "lost"), tuple((row[0], row[1], row[2]) for row in told[:8]))


def doubts(one: Numbers, rows: list[dict[str, Any]]) -> Iterator[Frame]:
    """Folds that were not prepared as the others, labels that do not follow from the features."""
    forest = float(np.mean([row["forest"][-1] for row in rows]))
    signs = [sign for row in rows for sign in row["unlike"]]
    yield from (Cause(*sign) for sign in told(signs, unrelated(forest, most_frequent(one.y))))


# ---- variance and likeness ----


def of_halves(one: Numbers, some: int, halves: int, key: list[int]) -> dict[str, Any]:
    """Trees on many halves of the rows; what is watched is the share that a tree gives to the right class of a row that
    none of them saw.

    variance   of one tree's share, over halves and dice; likeness: the part of it that trees of one half have in common
    average    variance of the average of 1, 2, 4, … trees: measured, and by the formula
    """
    dice = np.random.default_rng(key[:3])
    order = dice.permutation(len(one.y))
    out, pool = order[: len(order) // 3], order[len(order) // 3 :]
    share = np.empty((halves, GROVE, len(out)))  # (R, B, N)
    hits, single = [], []
    for half in range(halves):
        dice = np.random.default_rng([*key, half])
        rows = dice.permutation(pool)[: len(pool) // 2]
        forest = grow_forest(one.x[rows], one.y[rows], dice=dice, trees=GROVE, features=some)
        told = np.array([padded(tree, one.x[out], len(one.labels)) for tree in forest.trees])  # (B, N, K)
        share[half] = told[:, np.arange(len(out)), one.y[out]]
        single.append(np.mean([right(tree, one.y[out]) for tree in told]))
        hits.append(right(told.mean(axis=0), one.y[out]))
    within = share.var(axis=1, ddof=1).mean()
    between = share.mean(axis=1).var(axis=0, ddof=1).mean() - within / GROVE
    whole = between + within
    sizes = [n for n in (1, 2, 3, 4, 6, 8, 12, GROVE) if GROVE % n == 0]
    groups = [share.reshape(halves, GROVE // n, n, -1).mean(axis=2).var(axis=0, ddof=1).mean() for n in sizes]
    return {
        "tree": float(np.mean(single)),
        "forest": float(np.mean(hits)),
        "variance": float(whole),
        "likeness": float(between / whole),
        "sizes": sizes,
        "measured": [float(one) for one in groups],
        "formula": [float(between + within / n) for n in sizes],
    }


def padded(tree: Tree, x: Floats, classes: int) -> Floats:
    """Shares (N, K), also where a half had no row of the last class."""
    shares = tree.shares(x)
    return np.pad(shares, ((0, 0), (0, classes - shares.shape[1])))


def of_offers(name: str, told: dict[int, dict[str, Any]], few: int, every: int) -> Iterator[Frame]:
    for what, some in (("every", every), ("few", few)):
        one = told[some]
        if name == "cancer":
            for n, measured, formula in zip(one["sizes"], one["measured"], one["formula"], strict=True):
                yield Point("variance", n, {f"{what}_measured": measured, f"{what}_formula": formula})
            yield Level(f"variance_{what}", one["variance"])
            yield Level(f"average_{what}", one["measured"][-1])
            yield Level(f"tree_{what}", one["tree"])
        yield Level(f"{name}_likeness_{what}", one["likeness"])
    if name == "cancer":
        off = [m / f - 1 for one in told.values() for m, f in zip(one["measured"], one["formula"], strict=True)]
        yield Level("off_formula", max(map(abs, off)))
    columns = ("features", "tree", "forest", "likeness", "variance")
    rows = tuple((some, *(one[what] for what in columns[1:])) for some, one in told.items())
    yield Table(f"offers_{name}", columns, rows)


# ---- pictures ----

CELLS, SIZE, EDGE = 90, 360, 46  # cells along a side, and lengths in the picture
FILL, INK = ("#dbe9f6", "#fbe0cf"), ("#1f5a92", "#b3431a")  # benign, malignant


def boundaries(one: Numbers, trees: int, dice: np.random.Generator) -> Iterator[Frame]:
    """What one tree and a forest say everywhere on the plane of two features, with the rows that they grew on."""
    x = one.x[:, [one.columns.index(column) for column in SHOWN]]
    order = dice.permutation(len(one.y))
    half, out = order[::2], order[1::2]
    tree, forest = grow(x[half], one.y[half]), grow_forest(x[half], one.y[half], dice=dice, trees=trees, features=1)
    low, high = x.min(axis=0), x.max(axis=0)
    a, b = (np.linspace(low[n], high[n], CELLS) for n in (0, 1))
    plane = np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)  # (C * C, 2)
    said: tuple[tuple[str, Tree | Forest, tuple[str, str], tuple[str, str]], ...] = (
        (
            "tree",
            tree,
            ("一棵长到底的树", "A tree that grew to the end"),
            (
                "边界全是横竖的直线，伸出细长的条，只为几个样本而设。",
                "The boundary is made of long straight lines, with thin strips that are there for a few rows.",
            ),
        ),
        (
            "forest",
            forest,
            ("一片随机的树", "A forest"),
            (
                "边界是许多小台阶叠成的一条线，细条大多不见了。",
                "The boundary is one line of many small steps; most of the thin strips are gone.",
            ),
        ),
    )
    for name, model, (zh, en), (edge_zh, edge_en) in said:
        says = model.predict(plane).reshape(CELLS, CELLS)
        learnt, test = (right(model.shares(x[rows]), one.y[rows]) for rows in (half, out))
        yield Level(f"plane_{name}", test)
        alt = Text(
            f"{zh}把平均半径（横）和平均纹理（纵）的平面分成良性（蓝）和恶性（橙）；{edge_zh}圆点是良性、方点是恶性的训练"
            f"样本。训练集对 {learnt:.1%}，没见过的对 {test:.1%}。",
            f"{en} divides the plane of mean radius (across) and mean texture (up) into benign (blue) and malignant "
            f"(orange). {edge_en} Dots are benign rows that it grew on, squares malignant ones. Right on those: "
            f"{learnt:.1%}; on rows that it did not see: {test:.1%}.",
        )
        yield Picture(name, "svg", drawing(says, (x[half] - low) / (high - low), one.y[half]).encode(), alt)


def drawing(says: NDArray[np.int64], at: Floats, y: NDArray[np.int64]) -> str:
    """An SVG: the plane in two colors, runs of equal cells joined, and the rows as marks; low values lie below."""
    cell, whole = SIZE / CELLS, SIZE + EDGE
    bars = []
    for i, row in enumerate(says):
        ends = [*np.flatnonzero(np.diff(row)) + 1, CELLS]
        for start, end in zip([0, *ends], ends, strict=False):
            if row[start]:  # malignant; what is benign is the ground
                at_left, wide = EDGE + start * cell, (end - start) * cell
                bars.append(f"M{at_left:g} {SIZE - (i + 1) * cell:g}h{wide:g}v{cell:g}h{-wide:g}z")
    marks: tuple[list[str], list[str]] = ([], [])
    for (across, up), k in zip(at, y, strict=True):
        h, v = EDGE + across * SIZE, SIZE - up * SIZE
        marks[k].append(
            f"M{h - 2:.0f} {v - 2:.0f}h4v4h-4z" if k else f"M{h - 2:.0f} {v:.0f}a2 2 0 1 0 4 0a2 2 0 1 0-4 0"
        )
    text = 'font-family="sans-serif" font-size="14" fill="#222" text-anchor="middle"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" width="{whole}" height="{whole}">'
        f'<rect width="{whole}" height="{whole}" fill="#fff"/>'
        f'<rect x="{EDGE}" width="{SIZE}" height="{SIZE}" fill="{FILL[0]}"/>'
        f'<path d="{"".join(bars)}" fill="{FILL[1]}"/>'
        f'<path d="{"".join(marks[0])}" fill="{INK[0]}"/><path d="{"".join(marks[1])}" fill="{INK[1]}"/>'
        f'<text x="{EDGE + SIZE / 2}" y="{SIZE + 28}" {text}>{SHOWN[0]}</text>'
        f'<text transform="translate(26 {SIZE / 2}) rotate(-90)" {text}>{SHOWN[1]}</text></svg>'
    )


lab = Lab(
    one_tree_or_many,
    expect=(
        Band("cancer_best"),
        Band("cancer_forest", slack=2.0),  # of thirteen seeds one fell outside of the usual band of five
        Band("cancer_bag"),
        Band("wine_best"),
        Band("wine_forest"),
        Band("wine_bag"),
        Band("cancer_likeness_every"),
        Band("cancer_likeness_few"),
    ),
    claims=(
        Claim("learns-by-heart", lambda level: level["cancer_learnt"] >= 0.99 > 0.97 > level["cancer_full"]),
        Claim("forest-beats-best-tree", lambda level: level["cancer_forest"] > level["cancer_best"]),
        Claim("forest-beats-best-tree-on-wine", lambda level: level["wine_forest"] > level["wine_best"]),
        Claim("out-of-bag-agrees", lambda level: max(level["cancer_gap"], level["wine_gap"]) <= 0.03),
        Claim("fewer-features-less-alike", lambda level: level["cancer_likeness_few"] < level["cancer_likeness_every"]),
        Claim("average-follows-the-formula", lambda level: level["off_formula"] < 0.15),
        Claim("no-feature-is-needed", lambda level: level["most_lost"] < 0.04),
    ),
)
