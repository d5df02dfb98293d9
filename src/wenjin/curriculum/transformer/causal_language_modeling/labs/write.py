"""The poet that the lab before has trained writes on a title of yours, character by character.

    temperature 0      the likeliest character every time: the same poem for every seed, soon a dull one
    temperature 1      the odds as the model has them
    above              the odds come closer together, and the form breaks first

See      four poems on one title have little in common: only the form was learned by heart
Try      a title that no poet of the Tang could have written on; temperature 0, and 1.5
Source   sampling at a temperature: doi:10.1207/s15516709cog0901_7
Omits    every rule at decoding: whether lines and rhymes are right is the model's own doing
"""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from wenjin.kit.lab import Cause, Frame, Keep, Lab, Level, Progress, Slider, Table, Used
from wenjin.poet.measure import DULL, Written, repeated
from wenjin.poet.write import Poet
from wenjin.stack.infer.sampling import Sampler


def write(
    keep: Keep,
    title: str = "月",
    form: Literal["5x4", "7x4", "5x8", "7x8"] = "5x4",
    poems: Annotated[int, Slider(1, 20)] = 4,
    temperature: Annotated[float, Slider(0, 2, step=0.1)] = 0.8,
    top_p: Annotated[float, Slider(0.05, 1, step=0.05)] = 1.0,
    seed: int = 0,
) -> Iterator[Frame]:
    left = keep.load("poet") or b""
    with tempfile.TemporaryDirectory(prefix="wenjin-poet-") as folder:
        file = Path(folder) / "poet.safetensors"
        file.write_bytes(left)
        poet = Poet.from_file(file)
    steps = int(poet.made.get("steps", 0))
    yield Used("poet", f"your poet after {steps} steps", steps, hashlib.sha256(left).hexdigest())

    texts: list[str] = []
    for n in range(poems):
        texts.append("")
        for piece in poet.write(title, form, Sampler(temperature=temperature, top_p=top_p, seed=seed + n)):
            texts[-1] += piece
            yield Table("verse", ("number", "text"), tuple(enumerate(texts, 1)))
        yield Progress(n + 1, poems)
    written = [Written(form, title, text) for text in texts]
    formed = [poem for poem in written if poem.in_form]
    yield Level("form", len(formed) / poems)
    yield Level("rhyme", sum(poem.rhymed for poem in formed) / max(1, len(formed)))
    if (share := repeated(written)) > DULL:
        yield Cause("too-repetitive", {"percent": round(100 * share)})


lab = Lab(write)
