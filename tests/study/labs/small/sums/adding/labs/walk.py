"""A walk by coin flips.

See     the place after each step, and how far the walk came
Try     another seed; fewer steps
Source  generated here
"""

import json
import time
from collections.abc import Iterator
from random import Random
from typing import Annotated

from wenjin.kit.lab import Band, Claim, Frame, Keep, Lab, Level, Picture, Point, Progress, Slider, Table, Used
from wenjin.kit.text import Text


def walk(
    keep: Keep,
    steps: Annotated[int, Slider(1, 10_000)] = 20,
    strides: Annotated[tuple[int, ...], Slider(1, 9)] = (1, 2),
    pause: Annotated[float, Slider(0, 60)] = 0.0,
    seed: int = 0,
) -> Iterator[Frame]:
    state = json.loads(keep.load("state.json") or '{"step": 0, "place": 0}')
    step, place = state["step"], state["place"]
    yield Used("coins", "generated here", steps, "00" * 32)
    yield Progress(step, steps)
    while step < steps:
        step += 1
        place += Random(f"{seed} {step}").choice((-1, 1)) * strides[step % len(strides)]
        yield Point("place", step, {"walk": place, "steps": step})
        keep.save("state.json", json.dumps({"step": step, "place": place}).encode())
        yield Progress(step, steps)
        time.sleep(pause)
    yield Table("end", ("steps", "place"), ((steps, place),))
    yield Picture("seal", "svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", Text("空白", "Blank"))
    yield Level("distance", abs(place))
    yield Level("share", abs(place) / steps)


lab = Lab(walk, expect=(Band("share"),), claims=(Claim("near", lambda level: level["distance"] <= 40),))
