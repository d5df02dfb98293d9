"""Six merges of byte-pair encoding by hand, then two new words cut with them.

    words and how often each occurs -> the most frequent pair, six times -> the new words, joined in that order

Rule    letters have the numbers 1 to 10, and what merge n makes has the number 10 + n, so that answers are numbers
Rule    words are drawn until each mistake shows, and shows unlike every other
Proof   tests/curriculum/test_tokenization_exercises.py: on many variants the solution equals stack.text.bpe, and
        every mistake is told by its own name
"""

from collections import Counter
from itertools import combinations, pairwise
from random import Random
from typing import Any

from wenjin.kit.exercise import Field, Numeric, read_mistakes
from wenjin.kit.text import Text

LETTERS = "lowernstid"  # the letter at place n has the number n + 1
KNOWN = (
    "low", "lower", "lowest", "slow", "slower", "slowest", "slowed", "new", "newer", "newest", "renewed", "wide",
    "wider", "widest", "widen", "widened", "old", "older", "oldest", "lone", "stone", "stoned", "tow", "tower",
    "towed", "wind", "winded", "wonder", "tender", "tired", "trend", "trended", "slender", "render", "rested",
    "nested", "listen", "listened", "insert", "inserted", "stolen", "wooden", "silent", "rented", "sorted", "noted",
    "wired", "winter", "western",
)  # fmt: skip
MERGES, ROOM = 6, 9  # ROOM: places for a new word's tokens; what is left over is 0
NONE: frozenset[str] = frozenset()
IN_TRAINING = {
    "token-is-a-word",
    "words-counted-once",
    "counts-not-renewed",
    "pairs-across-words",
    "ties-by-first-seen",
}

Pair = tuple[int, int]
Word = tuple[int, ...]


def spell(word: str) -> Word:
    return tuple(LETTERS.index(letter) + 1 for letter in word)


def join(word: Word, pair: Pair, new: int) -> Word:
    """The pair made one symbol wherever it stands, from left to right."""
    made: list[int] = []
    at = 0
    while at < len(word):
        both = word[at : at + 2] == pair
        made.append(new if both else word[at])
        at += 2 if both else 1
    return tuple(made)


def count(words: dict[Word, int], fault: frozenset[str]) -> Counter[Pair]:
    """How often each pair of neighbors stands in the text; keys come in the order in which they are first seen."""
    pairs: Counter[Pair] = Counter()
    before: Word = ()
    for word, times in words.items():
        often = 1 if "words-counted-once" in fault else times
        for pair in pairwise(word):
            pairs[pair] += often
        if "pairs-across-words" in fault:  # as if the text had no spaces
            if before:
                pairs[before[-1], word[0]] += 1
            if often > 1:
                pairs[word[-1], word[0]] += often - 1
            before = word
    return pairs


def choose(words: dict[Word, int], fault: frozenset[str]) -> tuple[Pair, int]:
    """The pair to join next, and how often it stands there."""
    pairs = count(words, fault)
    if "token-is-a-word" in fault:  # glue the most frequent word together, then the next
        open_words = [(times, word) for word, times in words.items() if len(word) > 1]
        _, word = max(open_words, key=lambda row: row[0])
        left, right = word[:2]
        return (left, right), pairs[left, right]
    if "ties-by-first-seen" in fault:
        best = max(pairs, key=lambda pair: pairs[pair])
    else:
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
    return best, pairs[best]


def learn(words: dict[Word, int], fault: frozenset[str]) -> list[tuple[int, int, int]]:
    """Six rows: left, right, how often."""
    if "counts-not-renewed" in fault:
        ranked = sorted(count(words, NONE).items(), key=lambda row: (-row[1], row[0]))
        return [(*pair, times) for pair, times in ranked[:MERGES]]
    rows = []
    for n in range(MERGES):
        pair, times = choose(words, fault)
        rows.append((*pair, times))
        smaller: dict[Word, int] = {}
        for word, often in words.items():
            made = join(word, pair, len(LETTERS) + 1 + n)
            smaller[made] = smaller.get(made, 0) + often
        words = smaller
    return rows


def encode(word: Word, pairs: list[Pair], fault: frozenset[str]) -> Word:
    """The merges, in the order learned, on a new word."""
    new = {pair: len(LETTERS) + 1 + n for n, pair in enumerate(pairs)}
    if "unseen-words-stay-letters" in fault:
        return word
    if "merge-order-does-not-matter" in fault:  # the leftmost pair that is known, whichever it is
        while known := [n for n, pair in enumerate(pairwise(word)) if pair in new]:
            at = known[0]
            word = (*word[:at], new[word[at], word[at + 1]], *word[at + 2 :])
        return word
    for pair, symbol in new.items():
        if "joined-tokens-rest" in fault and max(pair) > len(LETTERS):
            continue
        word = join(word, pair, symbol)
    return word


def dict_of(words: list[tuple[str, int]]) -> dict[Word, int]:
    return {spell(word): times for word, times in words}


def solution(givens: dict[str, Any], fault: frozenset[str] = NONE) -> dict[str, Any]:
    return answer(learn(dict_of(givens["words"]), fault), givens["new"], fault)


def answer(rows: list[tuple[int, int, int]], new: list[str], fault: frozenset[str]) -> dict[str, Any]:
    pairs = [(left, right) for left, right, _ in rows]
    told = {}
    for name, word in zip(("first", "second"), new, strict=True):
        tokens = encode(spell(word), pairs, fault)
        told[name] = [*tokens, *[0] * (ROOM - len(tokens))]
    return {"merges": [list(row) for row in rows], **told}


def draw(dice: Random) -> dict[str, Any]:
    """Four words with their counts, and two new ones that look like them."""
    while True:
        words = list(zip(dice.sample(KNOWN, 4), dice.sample(range(2, 10), 4), strict=True))
        learned = {name: learn(dict_of(words), name) for name in NAMES}
        if len({str(rows) for rows in learned.values()}) < 1 + len(IN_TRAINING):
            continue
        for _ in range(30):
            new = [invented(words, dice), invented(words, dice)]
            told = [answer(learned[name], new, name) for name in NAMES]
            if all(a != b for a, b in combinations(told, 2)):
                return {"words": words, "new": new}


def invented(words: list[tuple[str, int]], dice: Random) -> str:
    """A word of five to seven letters in which every pair of neighbors stands in some word of the corpus."""
    follow: dict[str, list[str]] = {}
    for word, _ in words:
        for left, right in pairwise(word):
            follow.setdefault(left, []).append(right)
    while True:
        made = dice.choice(sorted(follow))
        while len(made) < 7 and made[-1] in follow:
            made += dice.choice(follow[made[-1]])
        if len(made) > 4 and made not in dict(words):
            return made


def show(givens: dict[str, Any]) -> Text:
    numbers = "   ".join(f"{letter} {n}" for n, letter in enumerate(LETTERS, 1))
    words = "\n".join(f"{word:<9} {times}" for word, times in givens["words"])
    spelled = "\n".join(f"{word:<9} {'  '.join(map(str, spell(word)))}" for word in givens["new"])
    one, two = givens["new"]
    return Text(
        f"字母的编号：\n\n```text\n{numbers}\n```\n\n语料里的词和出现次数：\n\n```text\n{words}\n```\n\n"
        f"要切的两个新词是 {one} 和 {two}：\n\n```text\n{spelled}\n```",
        f"Numbers of the letters:\n\n```text\n{numbers}\n```\n\nThe words of the corpus and how often each occurs:\n\n"
        f"```text\n{words}\n```\n\nThe two new words are {one} and {two}:\n\n```text\n{spelled}\n```",
    )


MISTAKES = read_mistakes(__file__)
NAMES = [NONE, *(frozenset((name,)) for name in MISTAKES)]

exercise = Numeric(
    fields=(
        Field("merges", Text("六次合并：左、右、次数（6×3）", "Six merges: left, right, times (6×3)"), (MERGES, 3)),
        Field("first", Text("第一个新词，不足 9 个补 0", "First new word, filled up with 0"), (ROOM,)),
        Field("second", Text("第二个新词，不足 9 个补 0", "Second new word, filled up with 0"), (ROOM,)),
    ),
    draw=draw,
    show=show,
    solution=solution,
    mistakes=MISTAKES,
)
