"""The character-level set of the training benchmarks: quatrains and eight-line poems of the complete Tang, text alone.

    train, valid = character_set(poems)        poems with a blank line between, a couplet a line; 9 of 10 to train

Its rules are simple and fixed, so that figures compare with those of earlier runs: a poem of 4 or 8 lines of 5 or 7
characters without a gap or note is taken, equal ones once; near duplicates stay, and may stand on both sides. The poet
learns from the cleaned corpus instead.

Proof    tests/stack/data/test_characters.py: equal to a plain program with the same rules
"""

import random
import re
from collections.abc import Iterable

from wenjin.stack.data.poems import Poem
from wenjin.stack.data.simplify import simplified

WHOLE = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf，。？！；]+")
SEED = 1337


def character_set(poems: Iterable[Poem]) -> tuple[str, str]:
    """The training and the validation text. The same poems give the same texts, whatever their order."""
    taken = ["\n".join(poem.lines) for poem in poems if regular(poem.text)]
    unique = sorted(set(simplified("\n\n".join(taken), variants=False).split("\n\n")) - {""})
    random.Random(SEED).shuffle(unique)
    train = int(0.9 * len(unique))
    return "\n\n".join(unique[:train]) + "\n\n", "\n\n".join(unique[train:]) + "\n"


def regular(text: str) -> bool:
    """Four or eight lines, all of five or all of seven characters, and nothing else."""
    if not WHOLE.fullmatch(text):
        return False
    lines = [line for line in re.split("[，。？！；]", text) if line]
    return len(lines) in (4, 8) and {len(line) for line in lines} in ({5}, {7})
