"""The two steps of the map that move things sideways: which order keeps lines from crossing, and which x keeps
them straight. Pure; `atlas` says what the rows are.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import combinations, pairwise

GUTTER = 24.0  # the least width of a gutter
SWEEPS = 8


@dataclass(slots=True, eq=False)
class Item:
    """A topic, or the place where a line passes a row."""

    name: str
    width: float  # with the space around it
    node: bool
    x: float = 0.0


@dataclass(slots=True, eq=False)
class Row:
    """cells alternate: gutter, region, gutter, …; `spans` are their left and right edges, the same in a tier."""

    tier: int
    cells: list[list[Item]]
    spans: list[tuple[float, float]] = field(default_factory=list)

    def items(self) -> list[Item]:
        return [item for cell in self.cells for item in cell]


Links = dict[int, list[Item]]


def arrange(rows: list[Row], ways: Collection[list[Item]]) -> None:
    """Give every item an x: order the rows to cross little, then pull the lines straight."""
    up, down = links(ways)
    assign_spans(rows)
    for row in rows:
        spread(row)
    to_gutters(rows, up, down)
    best, kept = crossings(rows, down), snapshot(rows)
    for sweep in range(SWEEPS):
        toward = (up, down)[sweep % 2]
        for row in rows if sweep % 2 == 0 else reversed(rows):
            for cell in row.cells:
                cell.sort(key=lambda item: mean(toward.get(id(item), ()), item.x))
            spread(row)
        now = crossings(rows, down)
        if now < best:
            best, kept = now, snapshot(rows)
    for row, cells in zip(rows, kept, strict=True):
        row.cells = cells
        spread(row)
    for sweep in range(2 * SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            straighten(row, up, down)


def links(ways: Iterable[list[Item]]) -> tuple[Links, Links]:
    """For each item (by id) the items that its lines come from, and go to."""
    up: Links = {}
    down: Links = {}
    seen = set()
    for way in ways:
        for above, below in pairwise(way):
            if (id(above), id(below)) not in seen:
                seen.add((id(above), id(below)))
                up.setdefault(id(below), []).append(above)
                down.setdefault(id(above), []).append(below)
    return up, down


def to_gutters(rows: list[Row], up: Links, down: Links) -> None:
    """Move each line that passes a whole tier from the first gutter, where it was put, to the nearest one."""
    before: Row | None = None
    for row in rows:
        first = before is None or before.tier != row.tier
        gutters = range(0, len(row.cells), 2)
        for item in list(row.cells[0]):
            above = up[id(item)][0]
            if first:
                aim = mean([above, *ends(item, down)], above.x)
                cell = min(gutters, key=lambda g: abs(sum(row.spans[g]) / 2 - aim))
            else:
                assert before is not None
                cell = next(g for g in gutters if above in before.cells[g])
            row.cells[0].remove(item)
            row.cells[cell].append(item)
        before = row
    assign_spans(rows)
    for row in rows:
        spread(row)


def ends(item: Item, down: Links) -> list[Item]:
    """The topics at which the lines through an item end."""
    found: list[Item] = []
    for below in down.get(id(item), ()):
        found += [below] if below.node else ends(below, down)
    return found


def assign_spans(rows: list[Row]) -> None:
    """The edges of the cells of each tier, wide enough for the widest row; tiers are centered on each other."""
    tiers: dict[int, list[Row]] = {}
    for row in rows:
        tiers.setdefault(row.tier, []).append(row)
    widths = {
        tier: [
            max(GUTTER, *(sum(item.width for item in row.cells[cell]) + 12 for row in members))
            for cell in range(len(members[0].cells))
        ]
        for tier, members in tiers.items()
    }
    total = max((sum(of) for of in widths.values()), default=0.0)
    for tier, members in tiers.items():
        left, spans = (total - sum(widths[tier])) / 2, []
        for width in widths[tier]:
            spans.append((left, left + width))
            left += width
        for row in members:
            row.spans = spans


def spread(row: Row) -> None:
    """Set the items of each cell side by side, in the middle of the cell."""
    for cell, (left, right) in zip(row.cells, row.spans, strict=True):
        x = (left + right - sum(item.width for item in cell)) / 2
        for item in cell:
            item.x = x + item.width / 2
            x += item.width


def straighten(row: Row, up: Links, down: Links) -> None:
    """Move each item toward the middle of what it is joined to, as far as order and space allow."""
    for cell, (left, right) in zip(row.cells, row.spans, strict=True):
        if not cell:
            continue
        offsets, x = [], 0.0
        for item in cell:
            offsets.append(x + item.width / 2)
            x += item.width
        wished = [
            mean([*up.get(id(item), ()), *down.get(id(item), ())], item.x) - offset
            for item, offset in zip(cell, offsets, strict=True)
        ]
        weights = [1.0 if item.node else 2.0 for item in cell]  # a bend in a line is seen more than a shifted topic
        low, high = left + 6, right - 6 - x
        for item, offset, start in zip(cell, offsets, isotonic(wished, weights), strict=True):
            item.x = offset + min(max(start, low), high)


def isotonic(wished: list[float], weights: list[float]) -> list[float]:
    """The rising numbers nearest to the wished ones (least squares; pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for value, weight in zip(wished, weights, strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            value0, weight0, many = pools.pop()
            both = weight0 + pool[1]
            pool = ((value0 * weight0 + pool[0] * pool[1]) / both, both, many + pool[2])
        pools.append(pool)
    return [value for value, _, many in pools for _ in range(many)]


def crossings(rows: list[Row], down: Links) -> int:
    """How many pairs of lines cross between consecutive rows."""
    total = 0
    for row in rows:
        segments = [(item.x, below.x) for item in row.items() for below in down.get(id(item), ())]
        total += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(segments, 2))
    return total


def snapshot(rows: list[Row]) -> list[list[list[Item]]]:
    return [[list(cell) for cell in row.cells] for row in rows]


def mean(items: Collection[Item], otherwise: float) -> float:
    return sum(item.x for item in items) / len(items) if items else otherwise
