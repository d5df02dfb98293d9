"""The exercises of tokenization: right answers pass in other styles, and every mistake is told by its own name."""

import json
import random
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wenjin
from tests.curriculum import programs
from wenjin.kit.exercise import Choice, Code, Numeric
from wenjin.stack.text import bpe
from wenjin.stack.text.normalize import calm, compose, narrow
from wenjin.stack.text.segment import Words, backward, edges, forward
from wenjin.study.judge import answers
from wenjin.study.judge.messages import mistake_text
from wenjin.study.judge.reference import Reference
from wenjin.study.judge.shelf import Shelf

ROOT = Path(wenjin.__file__).parent / "curriculum"
FOLDER = ROOT / "language" / "tokenization"
SHELF = Shelf(ROOT)
NAMES = ("merge-by-hand", "same-text-twice", "segment-the-sentence")

Count = Callable[[int], int]


def exercise(name: str) -> Any:
    return SHELF.get(f"tokenization/{name}").exercise


MERGE: Numeric = exercise("merge-by-hand")
SAME: Code = exercise("same-text-twice")
CUT: Choice = exercise("segment-the-sentence")
LETTERS = "lowernstid"


def judged(variant: int, answer: dict[str, Any]) -> Any:
    return answers.judge(MERGE, json.dumps({"variant": variant, "answer": answer}).encode())


def by_library(givens: dict[str, Any]) -> dict[str, Any]:
    """What stack.text.bpe learns and cuts, its ids turned into the numbers of the exercise: the letters are written
    as bytes in the order of their numbers, so that ties fall alike."""
    first = bpe.symbols(b"a")[0]

    def coded(word: str) -> bytes:
        return bytes(ord("a") + LETTERS.index(letter) for letter in word)

    def number(id: int) -> int:
        return id - first + 1 if id < 256 else id - 256 + len(LETTERS) + 1

    words = {coded(word): times for word, times in givens["words"]}
    counted = {tuple(bpe.symbols(word)): times for word, times in words.items()}
    merges, rows = bpe.train(words, 6), []
    for n, pair in enumerate(merges):
        rows.append([number(pair[0]), number(pair[1]), bpe.count_pairs(counted)[pair]])
        joined: dict[tuple[int, ...], int] = {}
        for word, times in counted.items():
            made = bpe.join(word, pair, 256 + n)
            joined[made] = joined.get(made, 0) + times
        counted = joined
    table = bpe.table_of(merges)
    new = [[number(id) for id in bpe.encode(bpe.symbols(coded(word)), table)] for word in givens["new"]]
    first_word, second_word = ([*ids, *[0] * (9 - len(ids))] for ids in new)
    return {"merges": rows, "first": first_word, "second": second_word}


def test_by_hand_agrees_with_the_library(count: Count) -> None:
    for variant in range(count(100)):
        givens = MERGE.draw(random.Random(variant))
        assert judged(variant, by_library(givens)).verdict == "pass", variant


def test_by_hand_tells_each_mistake(count: Count) -> None:
    for variant in range(count(60)):
        givens = MERGE.draw(random.Random(variant))
        for name in MERGE.mistakes:
            believed = MERGE.solution(givens, fault=frozenset((name,)))
            assert judged(variant, believed).name == name, variant


def test_the_same_dice_give_the_same_words() -> None:
    assert MERGE.draw(random.Random(5)) == MERGE.draw(random.Random(5))
    assert MERGE.draw(random.Random(5)) != MERGE.draw(random.Random(6))


def by_parts(text: str, limit: int) -> str:
    """With the library's own steps, and the limit kept one character at a time."""
    text = calm(compose(narrow(text))).replace("\u200b", "").replace("\ufeff", "")
    while len(text.encode()) > limit:
        text = text[:-1]
    return text


def one_by_one(text: str, limit: int) -> str:
    """No translate, no replace: a character at a time."""
    out: list[str] = []
    for n, character in enumerate(text):
        usual = unicodedata.normalize("NFKC", character)
        if "\uff01" <= character <= "\uff5e" and usual.isalnum():
            out.append(usual)
        elif character == "\r":
            out.append("" if text[n + 1 : n + 2] == "\n" else "\n")
        elif character == "\n":
            out.append("\n")
        elif character.isspace():
            out.append(" ")
        elif character not in "\u200b\ufeff":
            out.append(character)
    room, kept = limit, ""
    for character in unicodedata.normalize("NFC", "".join(out)):
        room -= len(character.encode())
        if room < 0:
            break
        kept += character
    return kept


@pytest.mark.parametrize("style", [by_parts, one_by_one], ids=lambda f: f.__name__)
def test_right_programs_of_other_styles_agree_with_the_solution(style: Any, count: Count) -> None:
    for seed in range(count(400)):
        for case in SAME.cases(random.Random(seed)):
            assert style(*case.args) == SAME.solution(*case.args), (seed, case.tag)


def test_the_solution_shown_to_learners_is_right(count: Count) -> None:
    space: dict[str, Any] = {}
    text = (FOLDER / "exercises" / "same_text_twice" / "solution.py").read_text(encoding="utf-8")
    exec(compile(text, "solution.py", "exec"), space)
    for seed in range(count(400)):
        for case in SAME.cases(random.Random(seed)):
            assert space["prepare"](*case.args) == SAME.solution(*case.args), (seed, case.tag)


def test_every_mistake_of_the_program_is_told_by_its_own_name(count: Count) -> None:
    programs.every_mistake_has_its_own_name(Reference(SAME, seed) for seed in range(count(100)))


def test_only_the_limited_cases_are_too_long() -> None:
    limited = {"bytes", "bytes-emoji", "bytes-marks"}
    for case in SAME.cases(random.Random(3)):
        assert (len(SAME.solution(case.args[0], 10**6).encode()) > case.args[1]) == (case.tag in limited), case.tag


COSTS = {"研究": 6, "研究生": 9, "生命": 8, "命": 10, "起源": 10}


def test_the_right_options_are_what_the_library_does() -> None:
    words = Words({word: 2 ** (20 - cost) for word, cost in COSTS.items()}, 2**20, 3)
    right = {step.key: next(o.text.zh for o in step.options if o.mistake is None) for step in CUT.steps}
    text = "研究生命起源"
    assert " / ".join(forward(text, words)) == right["left"]
    assert " / ".join(backward(text, words)) == right["right"]
    ways = {0: 1}  # how many ways lead to each place, single characters that are no words left out
    for start, end in edges(text, words):
        if text[start:end] in words:
            ways[end] = ways.get(end, 0) + ways.get(start, 0)
    assert right["ways"].startswith(f"{ways[len(text)]} 种")
    assert right["cost"].endswith(str(sum(COSTS[word] for word in ("研究", "生命", "起源"))))
    assert sum(COSTS[word] for word in ("研究生", "命", "起源")) == 29


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_short_and_point_into_the_lesson(name: str) -> None:
    lessons = [(FOLDER / f"lesson.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")]
    for mistake in exercise(name).mistakes.values():
        text = mistake_text(mistake)
        assert len(text.zh) <= 500, mistake.name
        assert len(text.en) <= 500, mistake.name
        assert all(f"{{#{mistake.section}}}" in lesson for lesson in lessons), mistake.name
