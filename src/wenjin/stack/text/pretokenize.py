r"""Cut text into the pieces that no token may cross, by the pattern that a published tokenizer names.

    Cutter(GPT2)("It's 月光, 2026")       ["It", "'s", " 月光", ",", " 2026"]

Those patterns are written for engines that know Unicode categories (\p{L}: a letter). Python's `re` does not, and its
\s has four characters more. So a pattern is read once and written again with the members of each category spelled
out; what such patterns never need is refused, and with it the ways to make a pattern that runs forever. The members
beyond ASCII or beyond FFFF are only spelled out when the text has such characters: tests against them cost time.

Omits    scripts, look-behind, anchors, \w, \b, back-references, intersections of classes, repeated groups
Sources  GPT-2: Radford et al. 2019 (2.2) and its published encoder; Llama 3 arXiv:2407.21783 (3.2) and its published
         tokenizer; Qwen2 arXiv:2407.10671 (2.1) and its published tokenizer.json
Proof    tests/stack/text/test_pretokenize.py: the pieces of `tokenizers`, around every code point and on any text
"""

import re
from functools import cache

from wenjin.stack.text.categories import SPACE, members
from wenjin.stack.text.errors import TextError

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
IDEOGRAPHS = "㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af"
HAN = rf"[{IDEOGRAPHS}]|[^{IDEOGRAPHS}\s]+|\s+"  # each Han character is a piece of its own: for verse
ASCII, PLANE, ALL = 0x7F, 0xFFFF, 0x10FFFF
GREEDY = 3  # that many * or + in one branch: more, and a long text could take forever
PLAIN = {"r": r"\r", "n": r"\n", "t": r"\t", "v": r"\x0b", "f": r"\f"}


class Cutter:
    """`cutter(text)` is the list of its pieces, matches and what stands between them: joined they are the text."""

    def __init__(self, pattern: str) -> None:
        """Raises TextError for a pattern that cannot be written exactly in Python's own language."""
        self.pattern = pattern
        translate(pattern, ASCII)

    def __call__(self, text: str) -> list[str]:
        found = self.fitting(text).findall(text)
        if sum(map(len, found)) == len(text):
            return found
        return self.with_gaps(text)

    def fitting(self, text: str) -> re.Pattern[str]:
        """The pattern with no more members than the text can have."""
        if text.isascii():
            return compiled(self.pattern, ASCII)
        beyond = len(text.encode("utf-16-le", "surrogatepass")) > 2 * len(text)
        return compiled(self.pattern, ALL if beyond else PLANE)

    def with_gaps(self, text: str) -> list[str]:
        """Pieces by a pattern that leaves something out."""
        pieces, end = [], 0
        for match in self.fitting(text).finditer(text):
            pieces += [text[end : match.start()], match[0]]
            end = match.end()
        return [piece for piece in [*pieces, text[end:]] if piece]


@cache
def compiled(pattern: str, last: int) -> re.Pattern[str]:
    """The pattern for texts up to a code point; made once, for it takes a while."""
    return re.compile(translate(pattern, last))


def translate(pattern: str, last: int = ALL) -> str:
    """The pattern in Python's language, right for texts whose characters go up to code point `last`.

    Raises TextError for what Python would read otherwise, or could not finish.
    """
    reader = Reader(pattern, last)
    written, solid = reader.choice(nested=False)
    if reader.here:
        raise reader.refuse("多了一个 )", "has a ) too many")
    if not solid:
        raise reader.refuse("能匹配空串", "can match nothing at all")
    return written


class Reader:
    """Reads a pattern from left to right. Each method returns what it wrote, and whether that always takes a letter."""

    def __init__(self, pattern: str, last: int) -> None:
        self.pattern, self.last, self.at = pattern, last, 0

    @property
    def here(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self, count: int = 1) -> str:
        self.at += count
        return self.pattern[self.at - count : self.at]

    def refuse(self, zh: str, en: str) -> TextError:
        shown = ascii(self.pattern[:120])
        return TextError(
            f"切分正则 {shown} 第 {self.at} 个字符处：{zh}。", f"The pattern {shown}, at {self.at}: it {en}."
        )

    def choice(self, nested: bool) -> tuple[str, bool]:
        branches = [self.branch(nested)]
        while self.here == "|":
            self.take()
            branches.append(self.branch(nested))
        return "|".join(text for text, _ in branches), all(solid for _, solid in branches)

    def branch(self, nested: bool) -> tuple[str, bool]:
        written, solid, greedy = [], False, 0
        while self.here not in ("", "|", ")"):
            group = self.here == "("
            text, sure = self.group(nested) if group else (self.atom(), True)
            times = self.times()
            if times[:1] in ("*", "+") or times.endswith(",}"):
                greedy += 1
            if (group and times not in ("", "?")) or greedy > GREEDY:
                raise self.refuse("重复太多，可能永远算不完", "repeats too much: it might never end")
            written.append(text + times)
            solid = solid or (sure and not times.startswith(("*", "?", "{0")))
        return "".join(written), solid

    def group(self, nested: bool) -> tuple[str, bool]:
        opening = next((o for o in ("(?:", "(?i:", "(?=", "(?!") if self.pattern.startswith(o, self.at)), "")
        if not opening or nested:
            raise self.refuse("有不支持的括号", "has a group of a kind that is not supported")
        self.take(len(opening))
        text, solid = self.choice(nested=True)
        if self.take() != ")":
            raise self.refuse("少了一个 )", "lacks a )")
        if opening == "(?i:" and "\\U" in text:
            raise self.refuse("在 (?i: 里用了 Unicode 类别", "has a Unicode category inside (?i:")
        return f"{opening}{text})", solid and opening in ("(?:", "(?i:")

    def times(self) -> str:
        """The quantifier here, or nothing. A + after it means: give nothing back."""
        match = re.compile(r"[?*+][?+]?|\{\d{1,3}(,\d{0,3})?\}").match(self.pattern, self.at)
        if not match and self.here == "{":
            raise self.refuse("有看不懂的 {", "has a { that cannot be read")
        self.at = match.end() if match else self.at
        if match and self.here in ("?", "+", "*", "{"):
            raise self.refuse("一个重复叠着另一个", "repeats a repetition")
        return match[0] if match else ""

    def atom(self) -> str:
        """One character, or one class of them."""
        if self.here in ("*", "+", "?", "{", ".", "^", "$"):
            raise self.refuse(f"有不支持的 {self.here}", f"has an unsupported {self.here}")
        if self.here == "[":
            return self.bracket()
        if self.here != "\\":
            return re.escape(self.take())
        inside, positive = self.escape()
        return f"[{'' if positive else '^'}{inside}]"

    def bracket(self) -> str:
        self.take()
        negated = self.here == "^" and bool(self.take())
        parts: list[str] = []
        while self.here != "]" or not parts:
            if self.here in ("", "[") or self.pattern.startswith("&&", self.at):
                raise self.refuse("有不支持的字符类", "has a class of a kind that is not supported")
            if self.here == "\\":
                inside, positive = self.escape()
                if not positive:
                    raise self.refuse("在 [ ] 里用了否定的类别", "has a negated category inside [ ]")
                parts.append(inside)
            else:
                parts.append("-" if self.here == "-" and self.take() else re.escape(self.take()))
        self.take()
        return f"[{'^' if negated else ''}{''.join(parts)}]"

    def escape(self) -> tuple[str, bool]:
        r"""What \x stands for, as it is written inside [ ], and whether it is meant or its opposite."""
        self.take()
        letter = self.take()
        if letter in PLAIN:
            return PLAIN[letter], True
        if letter in ("s", "S"):
            return SPACE, letter == "s"
        if letter in ("d", "D"):
            return members("Nd", self.last), letter == "d"
        if letter in ("p", "P"):
            match = re.compile(r"\{(\^?)([A-Z][a-z]?)\}").match(self.pattern, self.at)
            if match:
                self.at = match.end()
                try:
                    return members(match[2], self.last) or "\\U0010ffff-\\U0010ffff", (letter == "p") != bool(match[1])
                except KeyError:
                    pass
        elif letter == "u" and (match := re.compile("[0-9a-fA-F]{4}").match(self.pattern, self.at)):
            self.at = match.end()
            return f"\\u{match[0]}", True
        elif letter and not letter.isalnum():
            return re.escape(letter), True
        raise self.refuse(f"有不支持的 \\{letter}", f"has an unsupported \\{letter}")
