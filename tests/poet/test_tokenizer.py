"""The poet's tokenizer, learned of the shipped excerpt: once, whole, and as the library would."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from wenjin.poet.data import prepare
from wenjin.poet.errors import PoetError
from wenjin.poet.places import Places
from wenjin.poet.tokenizer import SMALLEST, learn, tokens_per_character
from wenjin.stack.data.sources import DataError
from wenjin.stack.data.verse import FORMS, SPECIALS, document, open_corpus
from wenjin.stack.text import tokenizer_json
from wenjin.stack.text.pretokenize import HAN

SIZE = 1500


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    found = Places(tmp_path_factory.mktemp("data"))
    for _ in prepare(found.corpus, excerpt=True):
        pass
    for _ in learn(found, size=SIZE):
        pass
    return found


def test_every_poem_comes_back_and_its_marks_are_single_tokens(places: Places) -> None:
    tokenizer = tokenizer_json.read(places.tokenizer)
    for verse in open_corpus(places.corpus).rows("train"):
        ids = tokenizer.encode(document(verse), tokenizer.specials)
        assert tokenizer.decode(ids) == document(verse)
        assert [id for id in ids if id < len(SPECIALS)] == [0, 1, 2, 3]
        assert max(tokenizer.encode(document(verse)), default=0) < tokenizer.size
        assert min(tokenizer.encode(document(verse))) >= len(SPECIALS)


def test_no_token_spans_two_characters(places: Places) -> None:
    tokenizer = tokenizer_json.read(places.tokenizer)
    verse = open_corpus(places.corpus).rows("valid")[0]
    assert all(len(tokenizer.decode([id])) == 1 for id in tokenizer.encode(verse.text))
    assert 1.0 <= tokens_per_character(tokenizer, open_corpus(places.corpus)) < 1.5


def test_the_library_learns_the_same(places: Places) -> None:
    def texts() -> Iterator[str]:
        for verse in open_corpus(places.corpus).rows("train"):
            yield from (FORMS[verse.form], verse.title, verse.text)

    library = Tokenizer(models.BPE())
    cut = pre_tokenizers.Split(Regex(HAN), "isolated")
    library.pre_tokenizer = pre_tokenizers.Sequence([cut, pre_tokenizers.ByteLevel(False, use_regex=False)])
    library.train_from_iterator(
        texts(),
        trainers.BpeTrainer(
            vocab_size=SIZE,
            special_tokens=list(SPECIALS),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    ours, theirs = (json.loads(text)["model"] for text in (places.tokenizer.read_text(), library.to_str()))
    assert ours["merges"] == theirs["merges"]
    assert ours["vocab"] == theirs["vocab"]


def test_what_is_kept_is_not_learned_again_unless_it_was_changed(places: Places, tmp_path: Path) -> None:
    copied = Places(tmp_path / "data")
    shutil.copytree(places.corpus.parent.parent, tmp_path / "data")
    kept = copied.tokenizer.read_text()
    assert len(list(learn(copied, size=SIZE))) == 1, "only what it says at the end"
    copied.tokenizer.write_text(kept.replace("<|end|>", "<|fin|>"))
    assert len(list(learn(copied, size=SIZE))) > 1
    assert copied.tokenizer.read_text() == kept
    assert len(list(learn(copied, size=SIZE, again=True))) > 1
    assert len(list(learn(copied, size=SIZE - 1))) > 1
    copied.tokenizer.with_name("tokenizer.made.json").write_text("[]")
    last = list(learn(copied, size=SIZE))[-1]
    assert (last.done, copied.tokenizer.read_text()) == (1.0, kept)
    assert f"{SIZE} tokens" in last.en


@pytest.mark.parametrize("size", [0, SMALLEST - 1, 1 << 17])
def test_a_size_that_cannot_be_is_refused_by_a_sentence(size: int, places: Places) -> None:
    with pytest.raises(PoetError, match=f"A vocabulary of {size} cannot be") as caught:
        next(learn(places, size=size))
    assert str(size) in caught.value.zh


def test_without_a_corpus_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="wenjin poet data"):
        next(learn(Places(tmp_path)))


def test_a_folder_that_cannot_be_written_is_told_by_a_sentence(places: Places, tmp_path: Path) -> None:
    shutil.copytree(places.corpus.parent, tmp_path / "corpora")
    (tmp_path / "poet").write_text("in the way")
    with pytest.raises(PoetError, match="cannot be written") as caught:
        list(learn(Places(tmp_path), size=SIZE))
    assert "写不进" in caught.value.zh
