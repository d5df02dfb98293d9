"""The pieces of our patterns against those of `tokenizers`, which has an engine of its own."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from tokenizers import Regex, pre_tokenizers

from tests.stack.text.texts import anything
from wenjin.stack.text.categories import categories
from wenjin.stack.text.errors import TextError
from wenjin.stack.text.pretokenize import GPT2, HAN, LLAMA3, QWEN2, Cutter, translate

CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
GAPS = r"[一-龥\u3041-\u30ff]+|\P{L}\d"
PATTERNS = {
    "gpt2": GPT2,
    "llama3": LLAMA3,
    "qwen2": QWEN2,
    "han": HAN,
    "cl100k": CL100K,
    "o200k": O200K,
    "deepseek": DEEPSEEK,
    "gaps": GAPS,
}
CUTTERS = {name: Cutter(pattern) for name, pattern in PATTERNS.items()}
SPLITS = {
    name: pre_tokenizers.Split(Regex(pattern.replace(r"\u3041-\u30ff", "ぁ-ヿ")), "isolated")
    for name, pattern in PATTERNS.items()
}


def theirs(name: str, text: str) -> list[str]:
    return [piece for piece, _ in SPLITS[name].pre_tokenize_str(text)]


def turns() -> list[int]:
    """The code points where a category ends or begins, and the first of all."""
    kinds = categories()
    edges = {at + step for at in range(1, len(kinds)) if kinds[at] != kinds[at - 1] for step in (-1, 0)}
    return sorted({*edges, *range(0x250)})


@pytest.mark.parametrize("name", PATTERNS)
def test_a_code_point_is_cut_as_the_library_cuts_it(name: str, count: Callable[[int], int]) -> None:
    points = range(0x110000) if count(20) == 20 and name in ("gpt2", "llama3", "qwen2") else turns()
    texts = [f"a{c} {c}{c}1'{c}s'S{c}\n " for point in points if not 0xD800 <= point < 0xE000 for c in [chr(point)]]
    for at in range(0, len(texts), 500):
        text = "".join(texts[at : at + 500])
        assert CUTTERS[name](text) == theirs(name, text), f"U+{points[at]:04X} and on"


@given(anything)
@settings(deadline=None)
def test_any_text_is_cut_as_the_library_cuts_it(text: str) -> None:
    for name, cut in CUTTERS.items():
        assert cut(text) == theirs(name, text), name
        assert "".join(cut(text)) == text


def test_the_head_of_the_file_shows_what_comes_out() -> None:
    assert Cutter(GPT2)("It's 月光, 2026") == ["It", "'s", " 月光", ",", " 2026"]
    assert Cutter(HAN)("春夜，poem 12") == ["春", "夜", "，poem", " ", "12"]


@pytest.mark.parametrize(
    ("pattern", "where"),
    [
        (r"(\w+)+$", "kind that is not supported"),
        (r"(?:a+)+b", "might never end"),
        (r"(?:a|b){2}", "might never end"),
        (r"\p{L}+\p{L}+\p{L}+\p{L}+x", "might never end"),
        (r"a**", "repeats a repetition"),
        (r"\p{Han}+", r"unsupported \p"),
        (r"\w+", r"unsupported \w"),
        (r"\bx", r"unsupported \b"),
        (r"(a)\1", "kind that is not supported"),
        (r"(?<=a)b", "kind that is not supported"),
        (r"(?:(?:a))", "kind that is not supported"),
        (r"[a&&b]", "class of a kind"),
        (r"[[:alpha:]]", "class of a kind"),
        (r"[a", "class of a kind"),
        (r"[\S]x", "negated category"),
        (r"(?:a", "lacks a )"),
        (r"a)", "too many"),
        (r"a{,3}", "cannot be read"),
        (r"a*", "nothing at all"),
        (r"a|", "nothing at all"),
        (r"(?=a)", "nothing at all"),
        ("", "nothing at all"),
        (r".", "unsupported ."),
        (r"^a$", "unsupported ^"),
        (r"(?i:\p{L})", "inside (?i:"),
        ("a\\", "unsupported"),
    ],
)
def test_a_pattern_that_cannot_be_kept_exactly_is_refused_by_a_sentence(pattern: str, where: str) -> None:
    with pytest.raises(TextError) as caught:
        Cutter(pattern)
    assert where in caught.value.en
    assert caught.value.zh.endswith("。")


def test_a_long_text_does_not_take_forever() -> None:
    began = time.process_time()
    for text in (" " * 50_000, "a" * 50_000, "\n" * 50_000, " \n" * 25_000, "'" * 50_000):
        for name in ("gpt2", "llama3", "qwen2"):
            CUTTERS[name](text)
    assert time.process_time() - began < 10


def test_only_the_members_that_a_text_can_have_are_spelled_out() -> None:
    cut = Cutter(LLAMA3)
    assert len(cut.fitting("poem").pattern) < len(cut.fitting("诗").pattern) < len(cut.fitting("𠮷").pattern)
    assert translate(r"\p{L}", 0x7F) == r"[\U00000041-\U0000005a\U00000061-\U0000007a]"
