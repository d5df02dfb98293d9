"""word_count: a small program that reads text and prints how many words it has."""

from collections.abc import Sequence
from random import Random

from wenjin.kit.exercise import Case, Code, read_mistakes
from wenjin.kit.text import Text

NONE: frozenset[str] = frozenset()


def word_count(stdin: str, fault: frozenset[str] = NONE) -> str:
    words = stdin.split(" ") if "splits-at-each-blank" in fault else stdin.split()
    return f"{len(words)}\n"


def cases(dice: Random) -> Sequence[Case]:
    words = " ".join(["ab"] * dice.randint(3, 9))
    return [
        Case("one-blank", (words,), Text("单个空格", "single blanks")),
        Case("two-blanks", (words.replace(" ", "  "),), Text("两个空格", "two blanks")),
    ]


exercise = Code(form="program", define="", solution=word_count, cases=cases, mistakes=read_mistakes(__file__))
