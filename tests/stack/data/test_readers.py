"""Both readers against counts and fields that another method finds in the same real texts."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from wenjin.stack.data import poems, wordnet
from wenjin.stack.data.load import EXCERPTS, load

NOWHERE = Path("/nonexistent")
DOG = (
    "02086723 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 002 @ 02085998 n 0000 ~ 01325095 n 0000 | a member of "
    'the genus Canis (probably descended from the common wolf); occurs in many breeds; "the dog barked all night"  '
)
ILL = '00283703 00 s 02 ill(p) 0 sick_of(a) 0 001 & 00282613 a 0000 | tired; "he felt ill"; "sick of it"  \n'


def shipped(name: str) -> str:
    return gzip.decompress((EXCERPTS / f"{name}.gz").read_bytes()).decode("utf-8")


@pytest.mark.parametrize("part", ["noun", "verb", "adj", "adv"])
def test_senses_are_those_that_plain_patterns_find(part: str) -> None:
    text = shipped(f"wordnet.{part}")
    read = list(wordnet.read(text))
    heads = re.findall(r"^(\d{8}) (\d\d) ([nvasr]) ([0-9a-f]{2}) ", text, re.MULTILINE)
    assert len(read) == len(heads) == text.count("\n") == text.count(" | ")
    assert Counter(sense.category for sense in read) == Counter(wordnet.CATEGORIES[int(h[1])] for h in heads)
    assert sum(len(sense.words) for sense in read) == sum(int(h[3], 16) for h in heads)
    assert [sense.id[1:] for sense in read] == [h[0] for h in heads]
    glosses = re.findall(r" \| (.*)$", text, re.MULTILINE)
    for one, gloss in zip(read, glosses, strict=True):
        parts = re.sub(r";\s+", "; ", gloss).strip().split('; "')
        assert re.sub(r";\s+", "; ", one.gloss) == parts[0].strip(), gloss
        assert len(one.examples) >= len(parts) - 1
        assert all(example in gloss for example in one.examples)


def test_a_sense_has_its_words_category_examples_and_relations() -> None:
    (dog,) = wordnet.read(DOG)
    assert dog.words == ("dog", "domestic dog", "Canis familiaris")
    assert (dog.id, dog.category) == ("n02086723", "noun.animal")
    assert dog.gloss.endswith("occurs in many breeds")
    assert dog.examples == ("the dog barked all night",)
    assert dog.relations == (("@", "n02085998"), ("~", "n01325095"))
    (ill,) = wordnet.read("  1 This software and database is being provided to you\n" + ILL)
    assert (ill.words, ill.relations) == (("ill", "sick of"), (("&", "a00282613"),))
    assert ill.id == "a00283703"


@pytest.mark.parametrize("line", ["not a sense", "02086723 05 n zz dog 0 000 | x", "02086723 77 n 01 dog 0 000 | x"])
def test_what_is_no_sense_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 is no sense"):
        list(wordnet.read(f"{DOG}\n{line}"))


def test_poems_are_those_that_a_plain_parse_finds() -> None:
    corpus = load("classical-poems", part="tang", data=NOWHERE)
    rows = [json.loads(line) for line in shipped("tang-300.jsonl").splitlines()]
    assert corpus.count == len(corpus.rows) == len(rows) == 320
    assert sum(len(poem.text) for poem in corpus.rows) == sum(len(line) for row in rows for line in row[2])
    assert ("登鸛雀樓", "王之渙", ("白日依山盡，黃河入海流。", "欲窮千里目，更上一層樓。")) in {
        (poem.title, poem.author, poem.lines) for poem in corpus.rows
    }


def test_every_shape_of_the_collection_is_read() -> None:
    flat = [{"author": "甲", "title": "一", "paragraphs": ["山", ""], "id": "x"}, {"title": "空", "paragraphs": []}]
    nested = {
        "title": "書",
        "author": "乙",
        "content": [{"type": "體", "content": [{"chapter": "二", "paragraphs": ["水"]}]}],
    }
    song = [{"author": "丙", "rhythmic": "詞牌", "paragraphs": ["月"]}]
    text = poems.compact(json.dumps(one) for one in (flat, nested, song))
    assert [(p.title, p.author, p.text) for p in poems.read(text)] == [
        ("一", "甲", "山"),
        ("二", "乙", "水"),
        ("詞牌", "丙", "月"),
    ]


def test_the_files_of_a_part_stand_in_the_order_of_the_collection() -> None:
    names = [f"package/dist/quantangshi/poet.{of}.{n}.json" for of in ("song", "tang") for n in (10000, 0, 2000)]
    assert poems.members("tang", [*names, "package/dist/quantangshi/authors.tang.json", "../poet.tang.1.json"]) == [
        f"package/dist/quantangshi/poet.tang.{n}.json" for n in (0, 2000, 10000)
    ]
