"""Training and encoding: plain against fast, and both against `tokenizers`."""

import json
import random
from collections import Counter
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from tests.stack.text.texts import learned, poems
from wenjin.stack.text import bpe, bpe_train
from wenjin.stack.text.alphabet import visible
from wenjin.stack.text.bpe import Pair, symbols, table_of, tokens_of
from wenjin.stack.text.bpe_encode import Encoder
from wenjin.stack.text.pretokenize import GPT2, LLAMA3

few = st.text("ab", min_size=1, max_size=12)
some = st.one_of(few, st.text("abc", max_size=8), st.text("月光明a ", max_size=6), st.text(max_size=6))
corpora = st.dictionaries(some, st.integers(1, 5), max_size=10)


def counted(texts: Mapping[str, int]) -> dict[bytes, int]:
    return {text.encode(): times for text, times in texts.items()}


def theirs(texts: Mapping[str, int], merges: int, least: int = 0) -> list[list[str]]:
    """What the library learns of these pieces."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=256 + merges,
        min_frequency=least,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((text for text, times in texts.items() for _ in range(times)), trainer)
    found: list[list[str]] = json.loads(tokenizer.to_str())["model"]["merges"]
    return found


def shown(merges: list[Pair]) -> list[list[str]]:
    """As the library writes them, up to the first that makes a token a second time."""
    tokens, known, rows = tokens_of(merges), set(), []
    for left, right in merges:
        token = tokens[left] + tokens[right]
        if token in known:
            break
        known.add(token)
        rows.append([visible(tokens[left]), visible(tokens[right])])
    return rows


@given(corpora, st.integers(0, 30), st.integers(1, 3))
@settings(deadline=None)
def test_fast_training_learns_what_plain_training_learns(texts: dict[str, int], merges: int, least: int) -> None:
    pieces = counted(texts)
    assert bpe_train.train(pieces, merges, least) == bpe.train(pieces, merges, least)


@given(corpora, st.integers(0, 30), st.integers(1, 3))
@settings(deadline=None)
def test_the_library_learns_the_same_until_a_token_is_made_twice(
    texts: dict[str, int], merges: int, least: int
) -> None:
    ours = shown(bpe_train.train(counted(texts), merges, least))
    assert ours == theirs(texts, merges, least)[: len(ours)]


def test_real_text_teaches_the_library_the_same_from_the_first_merge_to_the_last() -> None:
    texts = dict(Counter(line for poem in poems() for line in poem.split("\n")))
    ours = bpe_train.train(counted(texts), 1500)
    assert len(shown(ours)) == len(ours) == 1500
    assert shown(ours) == theirs(texts, 1500)


def test_merges_by_hand() -> None:
    corpus = {b"low": 5, b"lower": 2, b"newest": 6, b"widest": 3}
    assert shown(bpe.train(corpus, 5)) == [["e", "s"], ["es", "t"], ["l", "o"], ["lo", "w"], ["e", "w"]]
    assert shown(bpe.train({b"aaaa": 1}, 9)) == [["a", "a"], ["aa", "aa"]]
    assert bpe.train({}, 3) == bpe_train.train({}, 3) == bpe_train.train({b"": 4}, 3) == []
    assert bpe_train.train(corpus, 0) == []


def test_training_tells_how_far_it_is() -> None:
    told: list[int] = []
    bpe_train.train({b"abab": 3}, 2, progress=told.append)
    assert told == [1, 2]


@given(st.text("abc", max_size=150) | st.text(max_size=40), st.randoms(use_true_random=False), st.booleans())
@settings(deadline=None)
def test_fast_encoding_gives_the_ids_of_plain_encoding(text: str, dice: random.Random, shuffled: bool) -> None:
    table = table_of(bpe_train.train(counted({text: 1, text[::-1]: 2, text[3:]: 1}), 40))
    if shuffled:  # no training would give this order, but a file may
        ranks = dice.sample(range(len(table)), len(table))
        table = {pair: (ranks[at], id) for at, (pair, (_, id)) in enumerate(table.items())}
    start, encoder = symbols(text.encode()), Encoder(table)
    plain = bpe.encode(start, table)
    assert plain == encoder.short(list(start)) == encoder.long(list(start)) == encoder(start)


def test_encoding_undoes_nothing_of_the_text() -> None:
    for pattern in (GPT2, LLAMA3):
        merges = learned(pattern)
        tokens, encoder = tokens_of(merges), Encoder(table_of(merges))
        for poem in poems():
            data = poem.encode()
            assert b"".join(tokens[id] for id in encoder(symbols(data))) == data
