"""JSON as a language: numbers, strings, white space, and values in one another without an end.

    value   = object | array | string | number | true | false | null
    RULES   the rules that these call each other by; infer/automaton.py takes them

Narrower than the standard where a model could lose its way or a program its value: between two signs stand nothing, one
space, or one line break with at most 16 spaces; whole numbers have at most 18 digits, fractions 15, exponents 2; a
\\u escape is never half of a pair. Everything that is in this language is JSON.

Sources  RFC 8259 (2 to 7)
Proof    tests/stack/infer/test_schema.py: what is written under it is read by Python's json and by another reader
"""

import json
from collections.abc import Callable
from typing import Any

from wenjin.stack.infer.language import (
    Call,
    Either,
    Letters,
    Node,
    Repeat,
    Row,
    either,
    many,
    maybe,
    others,
    row,
    word,
)

SPACE = Call("space")
DIGIT = Letters(((48, 57),))
ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
RAW = others(((0, 31), (34, 34), (92, 92)))  # characters that stand for themselves in a string

_hex = Letters(((48, 57), (65, 70), (97, 102)))
_pair = row(
    Letters(((68, 68), (100, 100))), Letters(((56, 57), (65, 66), (97, 98))), _hex, _hex,
    word("\\u"), Letters(((68, 68), (100, 100))), Letters(((67, 70), (99, 102))), _hex, _hex,
)  # fmt: skip
_alone = either(
    row(Letters(((48, 57), (65, 67), (69, 70), (97, 99), (101, 102))), _hex, _hex, _hex),
    row(Letters(((68, 68), (100, 100))), Letters(((48, 55),)), _hex, _hex),
)
CHARACTER = either(
    Letters(RAW),
    row(
        word("\\"), either(Letters(tuple((ord(c), ord(c)) for c in '"/\\bfnrt')), row(word("u"), either(_alone, _pair)))
    ),
)
DIGITS = Repeat(DIGIT, 0, 17)
WHOLE = either(word("0"), row(maybe(word("-")), Letters(((49, 57),)), DIGITS))
NUMBER = row(
    maybe(word("-")),
    either(word("0"), row(Letters(((49, 57),)), DIGITS)),
    maybe(row(word("."), Repeat(DIGIT, 1, 15))),
    maybe(row(Letters(((69, 69), (101, 101))), maybe(Letters(((43, 43), (45, 45)))), Repeat(DIGIT, 1, 2))),
)


def listed(opening: str, closing: str, part: Node, least: int = 0, most: int | None = None) -> Node:
    """Parts between two signs, with commas between them."""
    if most == 0:
        return row(word(opening), SPACE, word(closing))
    after = Repeat(row(SPACE, word(","), SPACE, part), max(least - 1, 0), None if most is None else most - 1)
    inner = row(part, after, SPACE)
    return row(word(opening), SPACE, maybe(inner) if least == 0 else inner, word(closing))


def member(key: Node, value: Node) -> Node:
    return row(key, SPACE, word(":"), SPACE, value)


VALUE, STRING = Call("value"), Call("string")
OBJECT = listed("{", "}", member(STRING, VALUE))
ARRAY = listed("[", "]", VALUE)
RULES: dict[str, Node] = {
    "space": maybe(either(word(" "), row(word("\n"), Repeat(word(" "), 0, 16)))),
    "string": row(word('"'), many(CHARACTER), word('"')),
    "object": OBJECT,
    "array": ARRAY,
    "value": either(Call("object"), Call("array"), STRING, NUMBER, word("true"), word("false"), word("null")),
}


def literal(value: Any) -> Node:
    """This value and no other; white space may differ."""
    if isinstance(value, dict):
        members = [member(word(json.dumps(key, ensure_ascii=False)), literal(inner)) for key, inner in value.items()]
        return between("{", members, "}")
    if isinstance(value, list):
        return between("[", [literal(inner) for inner in value], "]")
    return word(json.dumps(value, ensure_ascii=False, allow_nan=False))


def between(opening: str, parts: list[Node], closing: str) -> Node:
    inner: list[Node] = []
    for part in parts:
        inner += [word(","), SPACE] if inner else []
        inner += [part, SPACE]
    return row(word(opening), SPACE, *inner, word(closing))


def quoted(node: Node) -> Node:
    """Texts of a language as JSON strings: what must be escaped is, what need not be is not."""
    return row(word('"'), changed(node, escaped), word('"'))


def changed(node: Node, letters: Callable[[Letters], Node]) -> Node:
    """The tree with something else in place of its characters."""
    if isinstance(node, Letters):
        return letters(node)
    if isinstance(node, Repeat):
        return Repeat(changed(node.part, letters), node.least, node.most)
    if isinstance(node, (Row, Either)):
        return type(node)(tuple(changed(part, letters) for part in node.parts))
    return node


def escaped(node: Letters) -> Node:
    raw, special = [], []
    for first, last in node.ranges:
        raw += [(max(first, low), min(last, high)) for low, high in RAW if first <= high and last >= low]
        special += [code for code in (*range(32), 34, 92) if first <= code <= last]
    if not special:
        return node
    return either(Letters(tuple(raw)), *(word(ESCAPES.get(code, f"\\u{code:04x}")) for code in special))
