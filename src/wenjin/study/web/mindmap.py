"""A summary's tree as a picture: from left to right, a branch for each topic. Pure: a tree -> SVG without any style.

Every text of it stands in the outline beside it, with its links: the picture is one image.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from wenjin.study.progress.outline import Node

COLUMN, GAP, LINE, PAD = 220, 36, 19, 12  # pixels: of a column, between two, of a line of text, between two boxes
WIDE = 15.5  # of a Chinese character; a Latin one is half as wide
MOST_LINES = 3


@dataclass
class Box:
    """A node where it is drawn: its left upper corner, its lines and what hangs on it."""

    node: Node
    x: float
    y: float
    lines: list[str]
    children: list["Box"]

    @property
    def height(self) -> float:
        return LINE * len(self.lines) + 6

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def mindmap(root: Node, title: str) -> Markup:
    """The tree as SVG; its width follows the depth, its height the leaves."""
    top, bottom = _placed(root, 0, 0.0)
    boxes = list(_all(top))
    width = max(box.x for box in boxes) + COLUMN
    height = max([bottom, *(box.y + box.height for box in boxes)]) + 2
    head = f'<svg class="mindmap" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
    made = [Markup(head) + Markup('role="img" aria-label="{}">').format(title)]
    made += [_branch(box, child) for box in boxes for child in box.children]
    made += [_drawn(box) for box in boxes]
    return Markup("").join([*made, Markup("</svg>")])


def _placed(node: Node, depth: int, top: float) -> tuple[Box, float]:
    """The node's box and all below it, from `top` down; returns where the next may begin."""
    lines = wrapped(node.text, COLUMN - 12)
    box = Box(node, depth * (COLUMN + GAP), top, lines, [])
    at = top
    for child in node.children:
        placed, at = _placed(child, depth + 1, at)
        box.children.append(placed)
    if box.children:
        first, last = box.children[0], box.children[-1]
        box.y = max(top, (first.middle + last.middle - box.height) / 2)
    return box, max(at, box.y + box.height + PAD)


def _all(box: Box) -> Iterator[Box]:
    yield box
    for child in box.children:
        yield from _all(child)


def _branch(box: Box, child: Box) -> Markup:
    x, y, to, end = box.x + COLUMN, box.middle, child.x, child.middle
    half = (x + to) / 2
    return Markup(f'<path d="M{x:.0f} {y:.1f} C{half:.0f} {y:.1f} {half:.0f} {end:.1f} {to:.0f} {end:.1f}"/>')


def _drawn(box: Box) -> Markup:
    lines = Markup("").join(
        Markup('<text x="{}" y="{}">{}</text>').format(f"{box.x + 6:.0f}", f"{box.y + 16 + LINE * n:.1f}", line)
        for n, line in enumerate(box.lines)
    )
    frame = f'<rect x="{box.x:.0f}" y="{box.y:.1f}" width="{COLUMN}" height="{box.height:.1f}" rx="4"/>'
    return Markup('<g data-kind="{}">').format(box.node.kind) + Markup(frame) + lines + Markup("</g>")


def wrapped(text: str, width: float) -> list[str]:
    """The text in lines of at most so many pixels, at most MOST_LINES; a longer one ends in …"""
    lines, line, used = [], "", 0.0
    for piece in re.findall(r"[!-~]+ ?|[^!-~]", text):
        wide = sum(WIDE / 2 if char.isascii() else WIDE for char in piece)
        if line and used + wide > width:
            lines.append(line.rstrip())
            line, used = "", 0.0
        while wide > width:  # a word longer than a line
            lines.append(piece[: int(2 * width / WIDE)])
            piece = piece[int(2 * width / WIDE) :]
            wide = sum(WIDE / 2 if char.isascii() else WIDE for char in piece)
        line, used = line + piece, used + wide
    lines.append(line.rstrip())
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1][:-1] + "…"]
    return lines or [str(escape(text))]
