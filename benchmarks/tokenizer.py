"""Byte-level BPE: 8,000 merges learned of all verse, and poems turned into ids; the peer is the package tokenizers."""

import json
import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

os.environ["RAYON_NUM_THREADS"] = "1"  # one core for both: ours knows no threads

from tokenizers import Regex, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Library

from wenjin.stack.data.load import load
from wenjin.stack.text import bpe_train
from wenjin.stack.text.pretokenize import GPT2, HAN, Cutter
from wenjin.stack.text.tokenizer import Tokenizer, byte_level
from wenjin.stack.text.tokenizer_json import to_json

MERGES, SECONDS, ROUNDS = 8000, 60.0, 5
PART = 20_000  # characters that a cutter gets at once
ENCODED = 3000  # poems


def spent(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the processor, and what came out."""
    begun = time.process_time()
    made = work()
    return time.process_time() - begun, made


def ours(texts: list[str], pattern: str) -> Tokenizer:
    pieces: Counter[str] = Counter()
    cut = Cutter(pattern)
    for text in texts:
        pieces.update(cut(text))
    merges = bpe_train.train({piece.encode(): times for piece, times in pieces.items()}, MERGES)
    return byte_level(merges, pattern)


def theirs(texts: list[str], pattern: str) -> list[list[str]]:
    library = Library(models.BPE())
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    library.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=256 + MERGES, initial_alphabet=alphabet, show_progress=False)
    library.train_from_iterator(texts, trainer)
    found: list[list[str]] = json.loads(library.to_str())["model"]["merges"]
    return found


def encoding(made: Tokenizer, texts: list[str], where: str, least: float) -> dict[str, Any]:
    """Megabytes of UTF-8 a second of the processor, in turns; each round with nothing kept of earlier ones."""
    size = sum(len(text.encode()) for text in texts) / 1e6
    mine, peers, same = [], [], True
    for _ in range(ROUNDS):
        fresh = Tokenizer(made.vocabulary, made.merges, made.added, made.settings)
        library = Library.from_str(json.dumps(to_json(made)))
        seconds, ids = spent(lambda fresh=fresh: [fresh.encode(text) for text in texts])
        mine.append(size / seconds)
        seconds, others = spent(lambda library=library: [library.encode(text).ids for text in texts])
        peers.append(size / seconds)
        same = same and ids == others
    us, peer = statistics.median(mine), statistics.median(peers)
    return {
        "name": f"encode {where}",
        "ours": us,
        "peer": peer,
        "unit": "MB/s",
        "goal": f"the same ids, at least {least:g} times as fast",
        "ok": same and us >= peer * least,
        "how": f"{len(texts):,} poems, {size:.2f} MB, {ROUNDS} rounds in turns, one core, ids equal: {same}",
    }


def measure() -> list[dict[str, Any]]:
    corpora = [load("classical-poems", part="tang")]
    if not corpora[0].fallback:
        corpora.append(load("classical-poems", part="songci"))
    poems = [f"{poem.title}\n{poem.text}\n" for corpus in corpora for poem in corpus.rows]
    whole = "".join(poems)
    texts = [whole[at : at + PART] for at in range(0, len(whole), PART)]
    seconds, made = spent(lambda: ours(texts, GPT2))
    peer, merges = spent(lambda: theirs(texts, GPT2))
    same = [list(pair) for pair in made.merges] == merges
    first = {
        "name": "learn 8,000 merges",
        "ours": seconds,
        "peer": peer,
        "unit": "s of one core",
        "goal": f"the same merges in at most {SECONDS:.0f} s",
        "ok": same and seconds <= SECONDS,
        "how": f"{corpora[0].source}: {len(whole.encode()) / 1e6:.1f} MB as whole lines (GPT-2's pattern), "
        f"cutting included, merges equal: {same}",
    }
    some = random.Random(0).sample(poems, min(ENCODED, len(poems)))
    # A whole line is hardly ever seen twice, so that each is joined anew; characters are, and are only looked up.
    return [
        first,
        encoding(made, some, "whole lines", 0.3),
        encoding(ours(some, HAN), some, "by character", 1.0),
    ]
