"""Random texts under a constraint, for tests of it: any token that is allowed, then what brings it to its end."""

import random
from collections.abc import Sequence

from wenjin.stack.infer.constrain import Text

CLOSING = (b'"', b"}", b"]", b":", b"0", b",")  # what brings JSON to an end


def write(text: Text, dice: random.Random, free: int = 40, most: int = 2000) -> bytes:
    """A complete text; the first `free` tokens are any. Fails at a dead end."""
    pieces: Sequence[bytes] = text.form.vocabulary.pieces
    ids: list[int] = []
    while not text.done:
        fits = text.allowed().nonzero()[:, 0].tolist()
        assert fits, "a dead end"
        end = [id for id in fits if id in text.form.vocabulary.ends]
        assert bool(end) == text.complete
        closing = [id for piece in CLOSING for id in fits if id < len(pieces) and pieces[id] == piece]
        if end and (len(ids) >= free or dice.random() < 0.2):
            ids.append(end[0])
        elif len(ids) >= free and closing:
            ids.append(dice.choice(closing))
        else:
            ids.append(dice.choice([id for id in fits if id not in end] or end))
        text.push(ids[-1])
        assert len(ids) < most
    assert text.complete
    return b"".join(pieces[id] for id in ids if id < len(pieces))
