"""A Vocabulary that behaves as Python's own containers do: the cases, and the mistakes as programs.

Rule    two objects that are compared cannot be sent into a sandbox as data, so the answer carries its own `session`,
        which applies operators and reports; it is given, and the learner leaves it alone
Rule    what is shared between vocabularies is shared between cases as well, as in a real program: it gives two
        answers to one question, and by that it is told
Proof   tests/curriculum/test_python_core_exercises.py
"""

from collections.abc import Iterable, Iterator
from itertools import combinations
from random import Random
from typing import Any

from wenjin.kit.exercise import Case, Code, read_mistakes
from wenjin.kit.text import Text

NONE: frozenset[str] = frozenset()
Step = list[Any]
POOL = ("bridge", "cloud", "dew", "field", "lake", "moon", "night", "pine", "rain", "river", "snow", "wind", "autumn")

SHARED: dict[str, int] = {}  # the class attribute of "class-attribute-shared"


class Vocabulary:
    """The solution with faults: each name in `fault` is one belief."""

    def __init__(self, fault: frozenset[str], words: Iterable[str] = (), unknown: str = "<unk>") -> None:
        self.fault = fault
        self.unknown = unknown
        self.counts: dict[str, int] = SHARED if "class-attribute-shared" in fault else {}
        self.ids: dict[str, int] = {}
        self.position = 0
        self.add(words)

    def add(self, words: Iterable[str]) -> None:
        for word in words:
            self.counts[word] = self.counts.get(word, 0) + 1
        if not ("ids-made-once" in self.fault and self.ids):
            self.number()

    def number(self) -> None:
        if "dict-order-is-sorted" in self.fault:
            ranked = sorted(self.counts, key=lambda word: -self.counts[word])
        elif "counts-rank-themselves" in self.fault:
            ranked = list(self.counts)
        else:
            ranked = sorted(self.counts, key=lambda word: (-self.counts[word], word))
        self.ids = {word: id for id, word in enumerate([self.unknown, *ranked])}
        self.once = iter(list(self.ids))

    def count(self, word: str) -> int:
        if "asking-adds" in self.fault and word not in self.counts:
            self.counts[word] = 0
            self.number()
        return self.counts.get(word, 0)

    def copy(self) -> "Vocabulary":
        other = Vocabulary(self.fault, unknown=self.unknown)
        other.counts = self.counts if "copy-shares-the-counts" in self.fault else dict(self.counts)
        other.number()
        return other

    def __getitem__(self, word: str) -> int:
        if "unknown-raises" in self.fault:
            return self.ids[word]
        return self.ids.get(word, 0)

    def __contains__(self, word: object) -> bool:
        return word in self.ids

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[str]:
        if "iterates-only-once" in self.fault:
            return self.once
        if "loops-share-a-position" in self.fault:
            self.position = 0
            return self
        return iter(self.ids)

    def __next__(self) -> str:
        if self.position >= len(self.ids):
            raise StopIteration
        self.position += 1
        return list(self.ids)[self.position - 1]

    def __eq__(self, other: object) -> bool:
        if "equal-means-identical" in self.fault:
            return self is other
        if not isinstance(other, Vocabulary):
            if "compares-with-anything" in self.fault:
                raise AttributeError("counts")
            return NotImplemented
        if "equality-sees-words-only" in self.fault:
            return list(self.ids) == list(other.ids)
        if "equality-sees-order" in self.fault:
            return [self.unknown, *self.counts.items()] == [other.unknown, *other.counts.items()]
        return (self.unknown, self.counts) == (other.unknown, other.counts)

    def __hash__(self) -> int:
        if self.fault & {"hash-of-what-changes", "equal-means-identical"}:
            return hash(frozenset(self.counts.items()))
        raise TypeError("unhashable type: 'Vocabulary'")


def solution(steps: list[Step], fault: frozenset[str] = NONE) -> list[Any]:
    """`session` of the answer, on a Vocabulary with these faults."""
    made: dict[str, Vocabulary] = {}
    seen: list[Any] = []
    for act, name, *rest in steps:
        if act == "make":
            made[name] = Vocabulary(fault, *rest)
            continue
        vocabulary = made[name]
        if act == "add":
            vocabulary.add(rest[0])
        elif act == "copy":
            made[rest[0]] = vocabulary.copy()
        elif act == "count":
            seen.append(vocabulary.count(rest[0]))
        elif act == "[]":
            seen.append(vocabulary[rest[0]])
        elif act == "in":
            seen.append(rest[0] in vocabulary)
        elif act == "len":
            seen.append(len(vocabulary))
        elif act == "loop":
            seen.append(" ".join(vocabulary))
        elif act == "loops":
            seen.append(", ".join([f"{a} {b}" for a in vocabulary for b in vocabulary]))
        elif act == "==":
            seen.append(vocabulary == made[rest[0]])
        elif act == "== value":
            seen.append(vocabulary == rest[0])
        elif act == "hash":
            try:
                hash(vocabulary)
            except TypeError:
                seen.append("TypeError")
            else:
                seen.append("a number")
    return seen


def cases(dice: Random) -> list[Case]:
    late, early = sorted(dice.sample(POOL, 2), reverse=True)  # the later one in the alphabet comes first in the text
    often, rare, new = dice.sample([word for word in POOL if word not in (late, early)], 3)

    def case(tag: str, steps: list[Step], zh: str, en: str) -> Case:
        """A count at the end of each: counts that are shared with other cases never stay what they were."""
        return Case(tag, ([*steps, ["count", "v", steps[0][2][0]]],), Text(zh, en))

    text = [rare, often, late, often, early]  # once, twice, once, twice, once: neither sorted nor ranked
    return [
        case("counts", [["make", "v", [often, rare, often]], ["count", "v", often], ["count", "v", rare]],
             "三个词的计数", "counts of three words"),
        case("ids", [["make", "v", [rare, often, often]], *(["[]", "v", w] for w in (often, rare, "<unk>"))],
             "出现多的编号小", "the more frequent word has the smaller id"),
        case("ties", [["make", "v", [late, early]], ["loop", "v"], ["[]", "v", early]],
             "两个词一样多", "two words equally often"),
        case("unknown", [["make", "v", [rare]], ["[]", "v", new], ["in", "v", new], ["in", "v", "<unk>"], ["len", "v"]],
             "没见过的词", "a word that was never seen"),
        case("asked", [["make", "v", [rare]], ["count", "v", new], ["len", "v"], ["in", "v", new]],
             "问一个没见过的词有多少次", "the count of a word that was never seen"),
        case("list", [["make", "v", text], ["loop", "v"], ["len", "v"]], "五个词走一遍", "five words, one loop"),
        case("twice", [["make", "v", [rare, often]], ["loop", "v"], ["loop", "v"]], "走两遍", "two loops"),
        case("pairs", [["make", "v", [often]], ["loops", "v"]], "循环套循环", "a loop within a loop"),
        case("add", [["make", "v", [rare]], ["add", "v", [often, often]], ["[]", "v", often], ["loop", "v"]],
             "再加两个词", "two more words"),
        case("apart", [["make", "v", [rare]], ["make", "w", [often]], ["loop", "v"], ["count", "v", often]],
             "两个词表各数各的", "two vocabularies count apart"),
        case("equal", [["make", "v", text], ["make", "w", text], ["==", "v", "w"]], "同样的词", "the same words"),
        case("order", [["make", "v", text], ["make", "w", [*reversed(text)]], ["==", "v", "w"]],
             "同样的词，次序不同", "the same words in another order"),
        case("more", [["make", "v", [often] * 2 + [rare]], ["make", "w", [often] * 3 + [rare]], ["==", "v", "w"]],
             "同样的词，次数不同", "the same words, not as often"),
        case("mark", [["make", "v", [rare]], ["make", "w", [rare], "[?]"], ["==", "v", "w"], ["loop", "w"]],
             "未知词的写法不同", "another sign for the unknown"),
        case("value", [["make", "v", [rare]], ["== value", "v", [rare]], ["== value", "v", rare]],
             "与列表和字符串比", "compared with a list and with a text"),
        case("copy", [["make", "v", [rare]], ["copy", "v", "w"], ["==", "v", "w"], ["add", "w", [often]],
                      ["count", "v", often], ["count", "w", often]],
             "改副本，原件不变", "the copy is changed, the original is not"),
        case("hash", [["make", "v", [rare]], ["hash", "v"]], "能不能当字典的键", "may it be a key of a dict?"),
    ]  # fmt: skip


BY_PLACE = (
    ("dict-order-is-sorted", "counts-rank-themselves"),
    ("iterates-only-once", "loops-share-a-position"),
    ("equal-means-identical", "compares-with-anything", "equality-sees-words-only", "equality-sees-order"),
    ("equal-means-identical", "hash-of-what-changes"),
    ("class-attribute-shared", "copy-shares-the-counts"),
    ("unknown-raises", "asking-adds"),
)

exercise = Code(
    form="function",
    define="session",
    solution=solution,
    cases=cases,
    mistakes=read_mistakes(__file__),
    exclusive=frozenset(frozenset(pair) for place in BY_PLACE for pair in combinations(place, 2)),
    signatures={
        frozenset({"unknown"}): "unknown-raises",
        frozenset({"unknown", "asked"}): "unknown-raises",
        frozenset({"value"}): "compares-with-anything",
        frozenset({"twice", "pairs"}): "iterates-only-once",
        frozenset({"pairs"}): "loops-share-a-position",
        frozenset({"hash"}): "hash-of-what-changes",
        frozenset({"order"}): "equality-sees-order",
        frozenset({"ties", "list"}): "dict-order-is-sorted",
        frozenset({"ties"}): "dict-order-is-sorted",
        frozenset({"copy"}): "copy-shares-the-counts",
        frozenset({"asked"}): "asking-adds",
        frozenset({"add"}): "ids-made-once",
    },
)
