"""Texts to try a tokenizer on: any Unicode, and what tokenizers stumble over more often than chance would bring."""

import gzip
import json
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from tests.conftest import FULL
from wenjin.stack.data.load import load
from wenjin.stack.text.bpe import Pair
from wenjin.stack.text.bpe_train import train
from wenjin.stack.text.pretokenize import Cutter

HARD = (
    "'s 't're 'LL ſ'ſ İi \r\n\n \t\x0b\x1c\x1f\x85\xa0\u3000\u200b\u200d1２三Ⅳ½ aé\u0301ﬁǅ月光，𠮷👩\u200d🔬🏳\ufe0f "
    "ก็한ㅎ\ufeff\ufffd\x00ĠĊ▁<|end|>"
)
EXAMPLES = 100 if FULL else 20  # of a test that is run for many tokenizers
anything = st.one_of(
    st.text(),
    st.text(alphabet=st.sampled_from(HARD), max_size=40),
    st.lists(st.sampled_from([*HARD.split(" "), " ", "  ", "\n", "poem", "2026"]), max_size=12).map("".join),
)


@cache
def poems() -> tuple[str, ...]:
    """The shipped excerpt."""
    return tuple(f"{poem.title}\n{poem.text}" for poem in load("classical-poems", part="tang", excerpt=True).rows)


@cache
def mixed() -> tuple[str, ...]:
    """Poems, and as many English sentences."""
    path = Path(load.__code__.co_filename).parent / "excerpts/wordnet.noun.gz"
    glosses = [line.split(" | ")[1] for line in gzip.decompress(path.read_bytes()).decode().splitlines()[:600]]
    return (*poems(), *glosses)


@cache
def learned(pattern: str, merges: int = 400) -> list[Pair]:
    """What the mixed texts teach, cut by a pattern."""
    counts: dict[bytes, int] = {}
    cut = Cutter(pattern)
    for text in mixed():
        for piece in cut(text):
            counts[piece.encode()] = counts.get(piece.encode(), 0) + 1
    return train(counts, merges)


def compact(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)
