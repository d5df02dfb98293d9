"""Regular expressions, parsed by us: the part of their syntax that describes a regular language and nothing else.

    parse(r"[a-z]+@[a-z]+\\.com")                        the whole text matches, as with re.fullmatch
    parse("^ab|c", dialect="ecma", anywhere=True)       a part of it matches, as JSON schemas mean their patterns

Literals, `.`, classes, escapes, groups, `|`, `* + ? {m,n}`, `^` and `$` at the edges. \\d \\w \\s are those of ASCII;
in the dialect of JavaScript \\s has the spaces of Unicode, as it says. A lazy repeat describes the same texts as a
greedy one. Repeats, depth and length are limited here, what a pattern grows into in infer/automaton.py.

Omits    refused by name: references back, looking ahead or behind, \\b, possessive repeats and atomic groups, inline
         flags, \\p{…}
Sources  the syntax: Python's re (with re.ASCII), and ECMA-262 (22.2.1) without its flags
Proof    tests/stack/infer/test_regex.py: a text is accepted if and only if re.fullmatch accepts it
"""

from enum import Enum
from typing import Literal

from wenjin.stack.infer.language import (
    ANY,
    EMPTY,
    HIGHEST,
    ConstraintError,
    Either,
    Letters,
    Node,
    Ranges,
    Repeat,
    Row,
    many,
    others,
    united,
)

Dialect = Literal["python", "ecma"]
LONGEST, DEEPEST, TIMES = 20_000, 100, 10_000  # characters of a pattern, groups in groups, repeats

DIGITS: Ranges = ((48, 57),)
WORDS: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
SPACES: dict[Dialect, Ranges] = {
    "python": ((9, 13), (32, 32)),
    "ecma": united(
        (ord(first), ord(last))
        for first, last in (
            "\t\r",
            "  ",
            "\xa0\xa0",
            "\u1680\u1680",
            "\u2000\u200a",
            "\u2028\u2029",
            "\u202f\u202f",
            "\u205f\u205f",
            "\u3000\u3000",
            "\ufeff\ufeff",
        )
    ),
}
ENDS: dict[Dialect, Ranges] = {"python": ((10, 10),), "ecma": ((10, 10), (13, 13), (0x2028, 0x2029))}  # not in `.`
PLAIN = {"n": 10, "r": 13, "t": 9, "f": 12, "v": 11}
HEX = {"x": 2, "u": 4, "U": 8}
Edge = Enum("Edge", ["INSIDE", "HELD", "FREE"])  # of a part: in the middle, at the text's edge, at the match's edge
START, END = Letters(((-1, -1),)), Letters(((-2, -2),))  # anchors, until `edges` has taken them away


def parse(pattern: str, *, dialect: Dialect = "python", anywhere: bool = False) -> Node:
    """The texts that match as a whole, or with `anywhere`, those in which some part does. Raises ConstraintError."""
    if len(pattern) > LONGEST:
        zh = f"正则表达式有 {len(pattern)} 个字符，最多 {LONGEST} 个：请写短一些。"
        raise ConstraintError(
            zh, f"The pattern has {len(pattern)} characters, at most {LONGEST} are taken: shorten it."
        )
    reader = Reader(pattern, dialect)
    node = reader.choice(0)
    if reader.at < len(pattern):
        raise reader.fault("括号不成对", "a ) that closes no group")
    edge = Edge.FREE if anywhere else Edge.HELD
    return reader.edges(node, edge, edge)


class Reader:
    """Reads a pattern from left to right; `at` is where it stands."""

    def __init__(self, pattern: str, dialect: Dialect) -> None:
        self.pattern, self.dialect, self.at = pattern, dialect, 0

    def fault(self, zh: str, en: str) -> ConstraintError:
        shown = ascii(self.pattern[:60])
        return ConstraintError(
            f"正则表达式 {shown} 在第 {self.at} 个字符处：{zh}。", f"Pattern {shown}, at character {self.at}: {en}."
        )

    def lacks(self, what: str) -> ConstraintError:
        return self.fault(f"不支持 {what}", f"{what} is not supported")

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self, text: str) -> bool:
        if self.pattern.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def next(self) -> str:
        if self.at == len(self.pattern):
            raise self.fault("写到一半就结束了", "it ends too early")
        self.at += 1
        return self.pattern[self.at - 1]

    def choice(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise self.fault(f"括号超过 {DEEPEST} 层", f"more than {DEEPEST} groups in one another")
        parts = [self.row(depth)]
        while self.take("|"):
            parts.append(self.row(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def row(self, depth: int) -> Node:
        parts: list[Node] = []
        while (letter := self.peek()) and letter not in "|)":
            parts.append(self.repeated(self.atom(depth)))
        return Row(tuple(parts))

    def atom(self, depth: int) -> Node:
        letter = self.next()
        if letter == "(":
            return self.group(depth)
        if letter == "[":
            return Letters(self.members())
        if letter == ".":
            return Letters(others(ENDS[self.dialect]))
        if letter == "^":
            return START
        if letter == "$":
            return END
        if letter == "\\":
            return self.escape()
        if letter in "*+?":
            raise self.fault(f"{letter} 前面没有可重复的东西", f"{letter} has nothing to repeat")
        return self.single(letter)

    def single(self, letter: str | int) -> Letters:
        code = letter if isinstance(letter, int) else ord(letter)
        if 0xD800 <= code <= 0xDFFF:
            raise self.fault("半个代理对不是字符", "half of a surrogate pair is no character")
        return Letters(((code, code),))

    def group(self, depth: int) -> Node:
        if self.take("?"):
            if self.take("P<") or (self.pattern[self.at : self.at + 2] not in ("<=", "<!") and self.take("<")):
                name, _, _ = self.pattern[self.at :].partition(">")
                if not name.isidentifier() or not self.pattern.startswith(">", self.at + len(name)):
                    raise self.fault("组名不合规", "not the name of a group")
                self.at += len(name) + 1
            elif not self.take(":"):
                raise self.lacks(f"(?{self.peek()}")
        node = self.choice(depth + 1)
        if not self.take(")"):
            raise self.fault("括号没有闭合", "a ( is not closed")
        return node

    def repeated(self, part: Node) -> Node:
        """`part` with the repeat that may follow it."""
        begun = self.at
        bounds = self.bounds()
        if bounds is None:
            return part
        if part in (START, END):
            raise self.fault("^ 和 $ 不能重复", "^ and $ cannot be repeated")
        if self.peek() == "+":
            raise self.lacks(self.pattern[begun : self.at + 1])
        self.take("?")
        if self.peek() in ("*", "+", "?") or self.bounds() is not None:
            raise self.fault("重复后面又是重复", "a repeat of a repeat")
        return Repeat(part, *bounds)

    def bounds(self) -> tuple[int, int | None] | None:
        for letter, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(letter):
                return bounds
        if self.peek() != "{":
            return None
        inner, closed, _ = self.pattern[self.at + 1 : self.at + 40].partition("}")
        least, comma, most = inner.partition(",")
        numbers = [number for number in (least, most) if number]
        if not closed or not numbers or not all(number.isascii() and number.isdecimal() for number in numbers):
            if inner == "," and closed and self.dialect == "python":
                raise self.lacks("{,}")
            return None  # a brace that stands for itself
        if not least and self.dialect == "ecma":
            return None
        self.at += len(inner) + 2
        low = int(least or 0)
        high = (int(most) if most else None) if comma else low
        if max(low, high or 0) > TIMES:
            raise self.fault(f"重复次数超过 {TIMES}", f"more than {TIMES} repeats")
        if high is not None and high < low:
            raise self.fault("重复的上限小于下限", "a repeat whose most is below its least")
        return low, high

    def escape(self, inside: bool = False) -> Letters:
        """What a backslash and what follows it stand for. `inside`: of a class."""
        letter = self.next()
        table = {"d": DIGITS, "w": WORDS, "s": SPACES[self.dialect]}
        if letter.lower() in table:
            ranges = table[letter.lower()]
            return Letters(ranges if letter.islower() else others(ranges))
        if letter in PLAIN:
            return self.single(PLAIN[letter])
        if letter == "a" and self.dialect == "python":
            return self.single(7)
        if letter == "b" and inside:
            return self.single(8)
        if letter in HEX and (letter != "U" or self.dialect == "python"):
            digits = self.pattern[self.at : self.at + HEX[letter]]
            if len(digits) < HEX[letter] or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
                raise self.fault(f"\\{letter} 后面要 {HEX[letter]} 个十六进制数字", f"\\{letter} wants hex digits")
            self.at += HEX[letter]
            if int(digits, 16) > HIGHEST:
                raise self.fault("没有这个字符", "there is no such character")
            return self.single(int(digits, 16))
        if letter == "0" and not self.peek().isdecimal():
            return self.single(0)
        if letter in "AZ" and not inside and self.dialect == "python":
            return START if letter == "A" else END
        if letter.isalnum():
            raise self.lacks(f"\\{letter}")
        return self.single(letter)

    def members(self) -> Ranges:
        """The characters of a class, whose [ was read."""
        without = self.take("^")
        ranges: list[tuple[int, int]] = []
        first = self.dialect == "python"  # there, a ] that comes first stands for itself
        while first or self.peek() != "]":
            first = False
            low = self.member()
            if self.peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self.member()
                if len(low) != 1 or len(high) != 1 or low[0][0] != low[0][1] or high[0][0] != high[0][1]:
                    raise self.fault("一组字符不能作区间的一端", "a class cannot be the end of a range")
                if high[0][0] < low[0][0]:
                    raise self.fault("区间的终点在起点之前", "a range that ends before it begins")
                low = ((low[0][0], high[0][0]),)
            ranges += low
        self.at += 1
        joined = united(ranges)
        return others(joined) if without else joined

    def member(self) -> Ranges:
        letter = self.next()
        return (self.escape(inside=True) if letter == "\\" else self.single(letter)).ranges

    def edges(self, node: Node, front: Edge, back: Edge) -> Node:
        """The tree without its anchors: they may stand at an edge of the text only, and there they are true."""
        if isinstance(node, Either):
            return Either(tuple(self.edges(part, front, back) for part in node.parts))
        if node in (START, END):
            if (front if node == START else back) == Edge.INSIDE:
                raise self.lacks("^ or $ in the middle / 写在中间的 ^ 或 $")
            return padded(EMPTY, *((Edge.HELD, back) if node == START else (front, Edge.HELD)))
        if isinstance(node, Repeat):
            inner = self.edges(node.part, Edge.INSIDE, Edge.INSIDE)
            return padded(Repeat(inner, node.least, node.most), front, back)
        if not isinstance(node, Row):
            return padded(node, front, back)
        parts = list(node.parts)
        while parts and parts[0] == START and front != Edge.INSIDE:
            parts, front = parts[1:], Edge.HELD
        while parts and parts[-1] == END and back != Edge.INSIDE:
            parts, back = parts[:-1], Edge.HELD
        if not parts:
            return padded(EMPTY, front, back)
        fronts = [front, *[Edge.INSIDE] * (len(parts) - 1)]
        backs = [*[Edge.INSIDE] * (len(parts) - 1), back]
        return Row(tuple(map(self.edges, parts, fronts, backs)))


def padded(node: Node, front: Edge, back: Edge) -> Node:
    """With room for any text at an edge that is free."""
    before, after = (many(ANY),) * (front == Edge.FREE), (many(ANY),) * (back == Edge.FREE)
    return Row((*before, node, *after))
