"""Stage 2 of the poet: the prepared verse -> its tokenizer, byte-level BPE in a file that `tokenizers` opens.

    for progress in learn(Places()):      some seconds
        print(progress)
    tokenizer = tokenizer_json.read(Places().tokenizer)

Each Han character is a piece of its own, so that no token spans two of them: a poem's lines are counted in
characters, and the model should see them. The common characters become one token each, a rare one is spelled in two or
three bytes' tokens; none is unknown. Only poems of the training split are counted.

Omits    tokens for words of several characters, with which poems would have fewer tokens
Proof    tests/poet/test_tokenizer.py: the same as `tokenizers` learns; every poem comes back; what is kept is not
         learned again
"""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from wenjin.poet.data import Progress
from wenjin.poet.errors import PoetError
from wenjin.poet.places import Places
from wenjin.stack.data.verse import FORMS, SPECIALS, VerseCorpus, open_corpus
from wenjin.stack.text import bpe_train, tokenizer_json
from wenjin.stack.text.alphabet import ORDER
from wenjin.stack.text.pretokenize import HAN, Cutter
from wenjin.stack.text.tokenizer import Tokenizer, byte_level

SIZE = 8192  # tokens, specials and bytes included
SMALLEST = len(SPECIALS) + len(ORDER)


def learn(places: Places, *, size: int = SIZE, again: bool = False) -> Iterator[Progress]:
    """Learn the tokenizer of the prepared corpus and keep it. One that was learned of the same corpus is taken as is.

    size     how many tokens, at most; a small corpus has fewer to give
    again    learn it although it is there
    Raises DataError without a corpus, PoetError for a size that cannot be or a folder that cannot be written.
    """
    if not SMALLEST <= size <= 1 << 16:
        raise PoetError(
            f"词表大小 {size} 不行：要在 {SMALLEST} 与 65536 之间（特殊词元和 256 个字节总要有）。",
            f"A vocabulary of {size} cannot be: choose {SMALLEST} to 65536 (special tokens and bytes are always in).",
        )
    corpus = open_corpus(places.corpus)
    made = {"corpus": corpus.sha256, "size": size, "pattern": HAN}
    if again or _made(places.tokenizer) != made:
        pieces: Counter[str] = Counter()
        yield from _count(corpus, pieces)
        yield Progress("学习合并", "learning merges", 0.9, None)
        merges = bpe_train.train({piece.encode(): n for piece, n in pieces.items()}, size - SMALLEST)
        _keep(byte_level(merges, HAN, SPECIALS), places.tokenizer, made)
    tokenizer = tokenizer_json.read(places.tokenizer)
    rate = tokens_per_character(tokenizer, corpus)
    yield Progress(
        f"分词器有 {tokenizer.size} 个词元；验证集里每个字 {rate:.3f} 个词元",
        f"the tokenizer has {tokenizer.size} tokens; {rate:.3f} tokens a character of held-out poems",
        1.0,
        0.0,
    )


def tokens_per_character(tokenizer: Tokenizer, corpus: VerseCorpus) -> float:
    """On held-out poems, stops included; 1.0 would be one token for each character."""
    texts = [verse.text for verse in corpus.rows("valid")]
    return sum(len(tokenizer.encode(text)) for text in texts) / max(1, sum(map(len, texts)))


def _count(corpus: VerseCorpus, pieces: Counter[str]) -> Iterator[Progress]:
    """Fill `pieces` with those of all training poems: form, title and text."""
    cut, verses, began = Cutter(HAN), corpus.rows("train"), time.monotonic()
    for number, verse in enumerate(verses, 1):
        for text in (FORMS[verse.form], verse.title, verse.text):
            pieces.update(cut(text))
        if number % 2000 == 0:
            done = number / len(verses)
            left = (time.monotonic() - began) * (1 - done) / done
            yield Progress("数字", "counting characters", 0.9 * done, left)


def _made(path: Path) -> dict[str, object] | None:
    """What the kept tokenizer was learned of; None where there is none, or where the file was changed since."""
    try:
        note = json.loads(_note(path).read_text(encoding="utf-8"))
        if note.pop("sha256") == hashlib.sha256(path.read_bytes()).hexdigest():
            return dict(note)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        pass
    return None


def _keep(tokenizer: Tokenizer, path: Path, made: dict[str, object]) -> None:
    """The file, then the note that says that it is whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tokenizer_json.write(tokenizer, path)
        note = json.dumps(made | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
        part = _note(path).with_suffix(".part")
        part.write_text(note, encoding="utf-8")
        os.replace(part, _note(path))
    except OSError as error:
        raise PoetError(
            f"写不进 {path.parent}：{error.strerror}。腾出空间或换一个数据文件夹，再运行一次。",
            f"{path.parent} cannot be written: {error.strerror}. Make room or choose another data folder, then run "
            "this again.",
        ) from None


def _note(path: Path) -> Path:
    return path.with_name("tokenizer.made.json")
