"""The character-level set against a plain program with the same rules, on the shipped poems."""

import random
import re

from opencc import OpenCC

from wenjin.stack.data.characters import character_set
from wenjin.stack.data.load import load
from wenjin.stack.data.poems import Poem


def plain(poems: list[Poem]) -> tuple[str, str]:
    convert, kept = OpenCC("t2s").convert, []
    for poem in poems:
        body = "".join(poem.lines)
        if not re.fullmatch(r"[\u4e00-\u9fff，。？！；\u3400-\u4dbf]+", body):
            continue
        lines = [x for x in re.split("[，。？！；]", body) if x]
        if {len(x) for x in lines} in ({5}, {7}) and len(lines) in (4, 8):
            kept.append(convert("\n".join(poem.lines)))
    kept = sorted(set(kept))
    random.Random(1337).shuffle(kept)
    n = int(0.9 * len(kept))
    return "\n\n".join(kept[:n]) + "\n\n", "\n\n".join(kept[n:]) + "\n"


def test_the_set_is_that_of_a_plain_program() -> None:
    poems = list(load("classical-poems", part="tang", excerpt=True).rows)
    poems += [poems[0], Poem("一", "甲", ("山□水月人，花鳥風雨雪。", "春夏秋冬日，東西南北中。"))]
    train, valid = character_set(poems)
    assert (train, valid) == plain(poems)
    assert character_set(reversed(poems)) == (train, valid)
    assert "□" not in train + valid
