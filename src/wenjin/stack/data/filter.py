"""Is this running English text, or a list, a table, a menu, noise? The rules by which MassiveText was filtered.

    fault(document)        "" for text worth learning from, else a key of FAULTS: the first rule that it breaks

The rules look at words, lines and repetition only, never at what a text says: they are cheap, and right on average.
Verse has rules of its own (clean.py).

Omits    languages written without spaces, for which other limits hold; repeated runs of five to ten words; telling
         languages apart
Sources  Rae et al. 2021, arXiv:2112.11446 (A.1.1: quality, and Table A1: repetition), with their limits
Proof    tests/stack/data/test_filter.py: a text of our own against each rule, and each rule against a broken text
"""

from collections import Counter
from collections.abc import Callable
from itertools import islice

FAULTS = {  # in the order in which they are looked for
    "short": ("太短：不足 50 个词", "too short: fewer than 50 words"),
    "long": ("太长：超过 10 万个词", "too long: more than 100,000 words"),
    "words": ("词太短或太长：不像句子", "words too short or too long on average to be sentences"),
    "symbols": ("# 或省略号太多", "too many # or ellipses"),
    "bullets": ("几乎每行都是列表项", "almost every line is an item of a list"),
    "cut": ("太多行以省略号结尾", "too many lines end in an ellipsis"),
    "letters": ("太多“词”里没有字母", "too many words without a letter"),
    "stops": ("没有英文句子离不开的小词", "none of the small words that English sentences cannot do without"),
    "lines": ("重复的行太多", "too many lines that stand there twice"),
    "phrases": ("同一个短语反复出现", "one phrase over and over"),
}
STOPS = frozenset(["the", "be", "to", "of", "and", "that", "have", "with"])
PHRASES = ((2, 0.20), (3, 0.18), (4, 0.16))  # words of a phrase, most of the characters that the commonest may fill
BULLETS = ("-", "*", "•", "·", "‣")


def fault(text: str) -> str:
    """The first rule that a document breaks, or nothing."""
    words, lines = text.split(), [line.strip() for line in text.splitlines() if line.strip()]
    return next((name for name, broken in RULES.items() if broken(words, lines)), "")


def _stop_words(words: list[str], _: list[str]) -> bool:
    return len(STOPS & {word.strip(".,;:!?\"'()").lower() for word in words}) < 2


def _phrases(words: list[str], _: list[str]) -> bool:
    """Does the commonest phrase of n words, counted as often as it stands, fill too much of the text?"""
    characters = sum(map(len, words))
    for size, most in PHRASES:
        counts = Counter(zip(*(islice(words, n, None) for n in range(size)), strict=False))
        phrase, times = max(counts.items(), key=lambda one: one[1] * sum(map(len, one[0])))
        if times > 1 and times * sum(map(len, phrase)) > most * characters:
            return True
    return False


RULES: dict[str, Callable[[list[str], list[str]], bool]] = {
    "short": lambda words, lines: len(words) < 50,
    "long": lambda words, lines: len(words) > 100_000,
    "words": lambda words, lines: not 3 <= sum(map(len, words)) / len(words) <= 10,
    "symbols": lambda words, lines: any(sum(w.count(s) for w in words) > 0.1 * len(words) for s in ("#", "...", "…")),
    "bullets": lambda words, lines: sum(line.startswith(BULLETS) for line in lines) > 0.9 * len(lines),
    "cut": lambda words, lines: sum(line.endswith(("...", "…")) for line in lines) > 0.3 * len(lines),
    "letters": lambda words, lines: sum(any(map(str.isalpha, w)) for w in words) < 0.8 * len(words),
    "stops": _stop_words,
    "lines": lambda words, lines: len(lines) - len(set(lines)) > 0.3 * len(lines),
    "phrases": _phrases,
}
