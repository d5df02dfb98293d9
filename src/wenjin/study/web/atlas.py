"""The map: where each topic stands and how the lines run. Pure: a graph goes in, coordinates come out.

A drawing has regions (one a stage), stacked in tiers in the order of the stages. Stages that do not need each
other share a tier side by side. Inside a region topics stand in rows, each below what it needs.

Three rules hold for every graph, and the tests draw random ones to see that they do:
- what a topic needs stands above it, so every line runs downward;
- a line passes a row through a place of its own (a dummy node), so it never runs behind a topic. It crosses a
  region only where it begins or ends; past the others it keeps to the gutters between them;
- nothing overlaps.

A topic that needs one of a later stage (QLoRA needs quantization) is drawn as a guest in that later region.
Lines that follow from others are left out (a needs b, b needs c: no line from c to a).

Method: layered drawing after Sugiyama, Tagawa, Toda (1981); order.py holds the two steps that move things sideways.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from wenjin.study.web.order import Item, Row, arrange

NODE_WIDTH, NODE_HEIGHT = 180.0, 46.0
LANE = 12.0  # room for a line that passes
GAP = 18.0  # between two topics, side by side
ROW_GAP = 34.0
PAD, HEAD, BETWEEN = 16.0, 30.0, 44.0  # of a region: inside, for its title, to the next tier
COLUMNS, TOGETHER = 3, 5  # topics side by side: in a region, in a tier


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    @property
    def center(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Line:
    """The way from `source` down to `target`: points (x, y); curves join those in the gaps between rows."""

    source: str
    target: str
    points: tuple[tuple[float, float], ...]

    @property
    def path(self) -> str:
        """As the `d` of an SVG path: straight past a row, an S-curve between two rows."""
        x, y = self.points[0]
        parts = [f"M{x:.0f} {y:.0f}"]
        for (x0, y0), (x1, y1) in pairwise(self.points):
            middle = (y0 + y1) / 2
            parts.append(
                f"V{y1:.0f}"
                if abs(x0 - x1) < 0.5
                else f"C{x0:.0f} {middle:.0f} {x1:.0f} {middle:.0f} {x1:.0f} {y1:.0f}"
            )
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Drawing:
    width: float
    height: float
    regions: dict[str, Box]  # stage -> where
    nodes: dict[str, Box]  # topic -> where
    lines: tuple[Line, ...]


def draw(stages: Mapping[str, Sequence[str]], needs: Mapping[str, Sequence[str]]) -> Drawing:
    """Draw the topics of each stage (both in the order of the map) and what each topic needs. Acyclic."""
    needs = reduced(needs)
    homes = at_home(stages, needs)
    blocks = {stage: in_rows(topics, needs) for stage, topics in homes.items()}
    tiers = side_by_side(blocks, needs)
    rows, ways = thread(tiers, blocks, needs)
    arrange(rows, ways.values())
    return measure(tiers, blocks, rows, ways)


def reduced(needs: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Only what does not follow from the rest: the transitive reduction."""
    above: dict[str, set[str]] = {}

    def ancestors(topic: str) -> set[str]:
        if topic not in above:
            above[topic] = set().union(*({need} | ancestors(need) for need in needs[topic]))
        return above[topic]

    return {
        topic: [need for need in dict.fromkeys(of) if not any(need in ancestors(other) for other in of)]
        for topic, of in needs.items()
    }


def at_home(stages: Mapping[str, Sequence[str]], needs: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The topics drawn in each region: a topic stands with its stage, or with the last stage that it needs."""
    rank = {topic: number for number, topics in enumerate(stages.values()) for topic in topics}
    home: dict[str, int] = {}

    def settle(topic: str) -> int:
        if topic not in home:
            home[topic] = max([rank[topic], *(settle(need) for need in needs[topic])])
        return home[topic]

    names = list(stages)
    regions: dict[str, list[str]] = {name: [] for name in names}
    for topic in rank:
        regions[names[settle(topic)]].append(topic)
    return {name: topics for name, topics in regions.items() if topics}


def in_rows(topics: Sequence[str], needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Rows of at most COLUMNS topics, each below what it needs; those on which most hangs come first."""
    inside = set(topics)
    depth: dict[str, int] = {}  # the longest chain that starts here

    def chain(topic: str) -> int:
        if topic not in depth:
            depth[topic] = 1 + max([chain(t) for t in topics if topic in needs[t]], default=0)
        return depth[topic]

    rows: list[list[str]] = []
    left = sorted(topics, key=lambda topic: -chain(topic))
    while left:
        waiting = set(left)
        free = [t for t in left if not any(need in inside and need in waiting for need in needs[t])][:COLUMNS]
        rows.append(free)
        left = [t for t in left if t not in free]
    return rows


def side_by_side(blocks: Mapping[str, list[list[str]]], needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Tiers of stages: the next stage joins the tier if it needs nothing in it and there is room."""
    stage_of = {topic: stage for stage, rows in blocks.items() for row in rows for topic in row}
    after = {s: {stage_of[n] for row in rows for t in row for n in needs[t]} - {s} for s, rows in blocks.items()}
    tiers: list[list[str]] = []
    for stage, rows in blocks.items():
        width = max(map(len, rows))
        if tiers and not after[stage] & set(tiers[-1]):
            taken = sum(max(map(len, blocks[other])) for other in tiers[-1])
            if taken + width <= TOGETHER:
                tiers[-1].append(stage)
                continue
        tiers.append([stage])
    return tiers


def thread(
    tiers: list[list[str]], blocks: Mapping[str, list[list[str]]], needs: Mapping[str, Sequence[str]]
) -> tuple[list[Row], dict[tuple[str, str], list[Item]]]:
    """Give every line a place in every row that it passes. Lines from one topic share their places.

    Returns the rows, top to bottom, and for each (source, target) its items, one a row, both ends included.
    A row's cells are those of its tier: gutter, region, gutter, region, …, gutter.
    """
    where: dict[str, tuple[int, int, int]] = {}  # topic -> tier, cell, row inside the tier
    first: list[int] = []  # tier -> its first row overall
    rows: list[Row] = []
    for tier, stages in enumerate(tiers):
        first.append(len(rows))
        for number in range(max(len(blocks[stage]) for stage in stages)):
            row = Row(tier, [[] for _ in range(2 * len(stages) + 1)])
            for cell, stage in enumerate(stages):
                for topic in blocks[stage][number] if number < len(blocks[stage]) else []:
                    where[topic] = (tier, 2 * cell + 1, number)
                    row.cells[2 * cell + 1].append(Item(topic, NODE_WIDTH + GAP, node=True))
            rows.append(row)

    nodes = {item.name: item for row in rows for cell in row.cells for item in cell}
    passing: dict[tuple[str, int, int], Item] = {}  # source, row, cell (-1: some gutter) -> the place

    def place(source: str, row: int, cell: int) -> Item:
        if (source, row, cell) not in passing:
            passing[source, row, cell] = item = Item(source, LANE, node=False)
            rows[row].cells[max(cell, 0)].append(item)
        return passing[source, row, cell]

    ways: dict[tuple[str, str], list[Item]] = {}
    for target, sources in needs.items():
        tier1, cell1, row1 = where[target]
        for source in sources:
            tier0, cell0, row0 = where[source]
            way = [nodes[source]]
            for at in range(first[tier0] + row0 + 1, first[tier1] + row1):
                tier = rows[at].tier
                way.append(place(source, at, cell0 if tier == tier0 else cell1 if tier == tier1 else -1))
            ways[source, target] = [*way, nodes[target]]
    return rows, ways


def measure(
    tiers: list[list[str]],
    blocks: Mapping[str, list[list[str]]],
    rows: list[Row],
    ways: Mapping[tuple[str, str], list[Item]],
) -> Drawing:
    """Coordinates, once everything has its x: rows get their y, regions their boxes, lines their points."""
    tops: list[float] = []
    regions: dict[str, Box] = {}
    nodes: dict[str, Box] = {}
    y = 0.0
    for number, row in enumerate(rows):
        opens = number == 0 or rows[number - 1].tier != row.tier
        if opens:
            y += (BETWEEN + PAD if number else 0) + HEAD
            for cell, stage in enumerate(tiers[row.tier]):
                left, right = row.spans[2 * cell + 1]
                count = len(blocks[stage])
                height = HEAD + count * NODE_HEIGHT + (count - 1) * ROW_GAP + PAD
                regions[stage] = Box(left, y - HEAD, right - left, height)
        else:
            y += ROW_GAP
        tops.append(y)
        for item in row.items():
            if item.node:
                nodes[item.name] = Box(item.x - NODE_WIDTH / 2, y, NODE_WIDTH, NODE_HEIGHT)
        y += NODE_HEIGHT
    at = {id(item): number for number, row in enumerate(rows) for item in row.items()}
    lines = []
    for (source, target), way in ways.items():
        points: list[tuple[float, float]] = []
        for item in way:
            top = tops[at[id(item)]]
            points += [(item.x, top), (item.x, top + NODE_HEIGHT)]
        lines.append(Line(source, target, tuple(points[1:-1])))
    width = max((row.spans[-1][1] for row in rows), default=0.0)
    return Drawing(width, y + PAD, regions, nodes, tuple(lines))
