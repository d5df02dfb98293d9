"""A poet writes: streamed as at once, any title only text, whole in one file and in a folder."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from wenjin.poet.errors import PoetError
from wenjin.poet.report import nats_per_character
from wenjin.poet.write import Poet
from wenjin.stack.data.verse import FORMS, SPECIALS, Verse, document
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.models.llama import Llama
from wenjin.stack.text.bpe import Pair
from wenjin.stack.text.characters import Characters
from wenjin.stack.text.tokenizer import byte_level

TEXT = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。月光" + "".join(FORMS.values())
SMALL = {"dim": 32, "layers": 2, "heads": 2, "hidden": 48, "context": 128, "qk_norm": True, "std": 0.2}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def by_characters() -> Poet:
    table = Characters.of([TEXT], specials=SPECIALS)
    return Poet(Llama(vocab=table.size, **SMALL), table, {"steps": 3})


def by_bytes() -> Poet:
    merges: list[Pair] = []
    tokens = byte_level(merges, specials=SPECIALS)
    return Poet(Llama(vocab=tokens.size, **SMALL), tokens, {"steps": 3})


@pytest.mark.parametrize("made", [by_characters, by_bytes])
def test_streamed_equals_written_at_once(made: type) -> None:
    poet: Poet = made()
    pieces = list(poet.write("月", "5x4", Sampler(seed=3)))
    (whole,) = poet.write_all([("5x4", "月")], Sampler(seed=3))
    assert "".join(pieces) == whole.text
    assert len(pieces) > 2
    assert "<|" not in whole.text


def test_many_come_each_for_its_title_whatever_the_lengths() -> None:
    poet = by_characters()
    asked = [("5x4", "月"), ("7x4", "登楼"), ("5x4", "山"), ("5x8", "黄河入海流")]
    written = list(poet.write_all(asked, Sampler(temperature=0)))
    assert sorted((one.form, one.title) for one in written) == sorted(asked)
    alone = {title: "".join(poet.write(title, form, Sampler(temperature=0))) for form, title in asked}
    assert {one.title: one.text for one in written} == alone


@pytest.mark.parametrize("title", ["", "  ", "一\n二", "字" * 25, "\x1b[2J"])
def test_what_is_no_title_is_refused(title: str) -> None:
    with pytest.raises(PoetError, match="A title has"):
        next(by_characters().write(title, "5x4", Sampler()))


def test_an_unknown_form_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(PoetError, match="7x8") as told:
        next(by_characters().write("月", "6x6", Sampler()))
    assert "七言律诗" in told.value.zh


def test_a_title_is_never_more_than_text() -> None:
    for poet in (by_characters(), by_bytes()):
        ids = poet.prompt("<|end|>", "5x4")
        assert ids.count(poet.tokens.specials["<|end|>"]) == 0


@pytest.mark.parametrize("made", [by_characters, by_bytes])
def test_one_file_holds_all_of_a_poet(made: type, tmp_path: Path) -> None:
    poet: Poet = made()
    (tmp_path / "poet").write_bytes(poet.as_bytes())
    again = Poet.from_file(tmp_path / "poet")
    assert again.made == {"steps": 3}
    assert list(again.write("月", "5x4", Sampler(seed=1))) == list(poet.write("月", "5x4", Sampler(seed=1)))
    spoiled = io.BytesIO(poet.as_bytes()[:-100]).getvalue()
    (tmp_path / "cut").write_bytes(spoiled)
    with pytest.raises(PoetError, match="cannot be read"):
        Poet.from_file(tmp_path / "cut")


def test_a_folder_holds_what_writes_the_same_again(tmp_path: Path) -> None:
    poet = by_bytes()
    with pytest.raises(PoetError, match="no trained poet"):
        Poet.load(tmp_path / "model")
    poet.save(tmp_path / "model")
    again = Poet.load(tmp_path / "model")
    assert list(again.write("月", "5x4", Sampler(seed=1))) == list(poet.write("月", "5x4", Sampler(seed=1)))
    (tmp_path / "model" / "tokenizer.json").write_text("{}")
    with pytest.raises(PoetError, match="cannot be read"):
        Poet.load(tmp_path / "model")


@pytest.mark.parametrize("made", [by_characters, by_bytes])
def test_nats_per_character_equal_a_plain_loop(made: type) -> None:
    poet: Poet = made()
    verses = [
        Verse("a", "5x4", "月", "", "白日依山尽，黄河入海流。", "", 0),
        Verse("b", "5x4", "登楼", "", "月。", "", 1),
    ]
    total, count = 0.0, 0
    with torch.no_grad():
        for verse in verses:
            ids = poet.tokens.encode(document(verse), SPECIALS)
            odds = poet.model(torch.tensor([ids])).log_softmax(-1)[0]
            total -= sum(float(odds[n - 1, ids[n]]) for n in range(1, len(ids)))
            count += len(FORMS[verse.form]) + len(verse.title) + len(verse.text) + 3  # but the first special token
    assert nats_per_character(poet, verses) == pytest.approx(total / count, rel=1e-5)
