"""A lab for the tests of the pages: doubling, counted. It shows every kind of frame and needs no torch."""

import json
import time
from collections.abc import Iterator
from typing import Annotated, Literal

from wenjin.kit.lab import Band, Cause, Claim, Frame, Keep, Lab, Level, Picture, Point, Progress, Slider, Table, Used
from wenjin.kit.text import Text

DOT = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3"/></svg>'


def growth(
    keep: Keep,
    steps: Annotated[int, Slider(2, 2000, log=True)] = 12,
    rate: Annotated[float, Slider(0.5, 4.0, step=0.1)] = 2.0,
    rule: Literal["times", "plus"] = "times",
    starts: Annotated[tuple[int, ...], Slider(1, 99)] = (1, 3),
    pause: Annotated[float, Slider(0, 2)] = 0.0,
    substitute: bool = False,
    seed: int = 0,
) -> Iterator[Frame]:
    yield Used("numbers", "counted by hand", 4096, "ab" * 32, substitute)
    sizes = json.loads(keep.load("sizes") or json.dumps([[float(start) for start in starts]]))
    for step in range(steps):
        if step + 1 == len(sizes):
            time.sleep(pause)
            sizes.append([size * rate if rule == "times" else size + rate for size in sizes[-1]])
            keep.save("sizes", json.dumps(sizes).encode())
        first, last = sizes[step + 1][0], sizes[step + 1][-1]
        yield Point("size", step, {"first": first, "last": last})
        yield Point("ratio", step, {"first": sizes[step + 1][0] / sizes[step][0]})
        yield Progress(step + 1, steps)
        yield Level("ratio", sizes[step + 1][0] / sizes[step][0] + seed * 1e-3)
    if rate > 3:
        yield Cause("too-fast", {"rate": rate})
    yield Table("ends", ("start", "end"), tuple((start, end) for start, end in zip(starts, sizes[-1], strict=True)))
    yield Picture("dot", "svg", DOT, Text("一个圆点", "a dot"))


lab = Lab(growth, expect=(Band("ratio"),), claims=(Claim("doubles", lambda level: 1.9 < level["ratio"] < 2.2),))
