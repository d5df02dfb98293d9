"""A JSON schema as a language: every text of it is JSON that the schema accepts.

    node, rules = language({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]})
    Automaton(node, rules)

Not every such JSON is in it: properties come in the order of the schema, and none that it does not list, unless it
lists none. A part of the schema is a rule, so that $ref may lead back to where it stands; infer/automaton.py bounds how
often. What cannot be followed is refused by its name and place, never passed over.

Followed type, properties, required, additionalProperties, items, prefixItems, minItems, maxItems, enum, const, pattern
         or minLength and maxLength, format (date, time, date-time, uuid, ipv4), minimum, maximum and the exclusive
         ones, anyOf, oneOf where the choices exclude one another, allOf of one, $ref inside the schema, nullable
Omits    refused: not, if, several allOf, patternProperties, uniqueItems, multipleOf, contains, dependent…, unevaluated…
Source   JSON Schema 2020-12, core (8) and validation (6)
Proof    tests/stack/infer/test_schema.py: what is written under a schema is valid for an independent validator
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from wenjin.stack.infer import jsonnumbers, jsontext
from wenjin.stack.infer.apart import TRIES, apart, types
from wenjin.stack.infer.jsontext import CHARACTER, NUMBER, SPACE, STRING, VALUE, WHOLE
from wenjin.stack.infer.language import EMPTY, NOTHING, Call, ConstraintError, Either, Node, Repeat, maybe, row, word
from wenjin.stack.infer.regex import parse

DEEPEST, PARTS = 32, 5_000  # schemas in one another, schemas in all
ANNOTATIONS = {
    *("title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "strict"),
    *("$schema", "$id", "$comment", "$defs", "definitions", "discriminator"),
}
NUMERIC = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
KEYWORDS: dict[str, set[str]] = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"},
    "string": {"minLength", "maxLength", "pattern", "format"},
    "integer": NUMERIC | {"format"},
    "number": NUMERIC | {"format"},
    "boolean": set(),
    "null": set(),
}
CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
DAY = r"\d{3}[1-9]-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))"
FORMATS = {
    "date": DAY,
    "time": CLOCK,
    "date-time": DAY + "T" + CLOCK,
    "uuid": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "ipv4": r"((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)",
}


def language(schema: Any) -> tuple[Node, Mapping[str, Node]]:
    """The texts that the schema accepts, and the rules that they call. Raises ConstraintError."""
    reader = Reader(schema)
    return reader.node(schema, "#", 0), reader.rules


def fault(where: str, zh: str, en: str) -> ConstraintError:
    shown = ascii(where[:100])[1:-1]
    return ConstraintError(f"JSON schema 的 {shown} {zh}。", f"The JSON schema at {shown} {en}.")


class Reader:
    """Turns parts of one schema into nodes; `where` is the pointer to a part."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.rules: dict[str, Node] = dict(jsontext.RULES)
        self.parts = 0

    def lacks(self, where: str, key: str) -> ConstraintError:
        shown = ascii(key[:60])[1:-1]
        return fault(where, f"用了 {shown}，这里不支持它", f"uses {shown}, which is not supported here")

    def part(self, schema: Any, where: str, depth: int) -> Node:
        """The same as a rule of its own, so that it may be copied."""
        self.rules[where] = self.node(schema, where, depth + 1)
        return Call(where)

    def node(self, schema: Any, where: str, depth: int) -> Node:
        self.parts += 1
        if self.parts > PARTS or depth > DEEPEST:
            raise fault(
                where, f"太大（至多 {PARTS} 个部分、{DEEPEST} 层）", f"is too large ({PARTS} parts, {DEEPEST} deep)"
            )
        if isinstance(schema, bool):
            return VALUE if schema else NOTHING
        if not isinstance(schema, dict):
            raise fault(where, "应是对象或布尔值", "must be an object or a boolean")
        keys = {key for key in schema if key not in ANNOTATIONS and not key.startswith("x-")}
        if "nullable" in keys:
            inner = {key: value for key, value in schema.items() if key != "nullable"}
            nodes = [self.node(inner, where, depth + 1)]
            return Either((*nodes, word("null"))) if schema["nullable"] is True else nodes[0]
        for key in ("$ref", "anyOf", "oneOf", "allOf", "const", "enum"):
            if key in keys:
                more = keys - {key} - ({"type"} if key in ("const", "enum") else set())
                if more:
                    raise self.lacks(where, f"{min(more)} beside {key}")
                return self.choice(key, schema, where, depth)
        kinds = types(schema)
        if kinds is None:
            kinds = [kind for kind, words in KEYWORDS.items() if kind != "integer" and words & keys]
            if not kinds:
                kinds = ["any"]
        ways: dict[str, Callable[[], Node]] = {
            "any": lambda: VALUE,
            "object": lambda: self.object(schema, where, depth),
            "array": lambda: self.array(schema, where, depth),
            "string": lambda: self.string(schema, where),
            "integer": lambda: self.number(schema, where, whole=True),
            "number": lambda: self.number(schema, where, whole=False),
            "boolean": lambda: Either((word("true"), word("false"))),
            "null": lambda: word("null"),
        }
        if not kinds or not all(isinstance(kind, str) and kind in ways for kind in kinds):
            raise fault(f"{where}/type", "不是 JSON 的类型", "is not a type of JSON")
        known = {"type"}.union(*(KEYWORDS[kind] for kind in kinds if kind in KEYWORDS))
        if keys - known:
            raise self.lacks(where, min(keys - known))
        nodes = [ways[kind]() for kind in dict.fromkeys(kinds)]
        return nodes[0] if len(nodes) == 1 else Either(tuple(nodes))

    def choice(self, key: str, schema: dict[str, Any], where: str, depth: int) -> Node:
        """One value, one of several, or one of several schemas."""
        value, place = schema[key], f"{where}/{key}"
        if key == "$ref":
            return self.reference(value, where, depth)
        if key == "const":
            value = [value]
        if not isinstance(value, list) or not value:
            raise fault(place, "应是非空的列表", "must be a list that is not empty")
        if key in ("const", "enum"):
            kinds = types(schema)
            fitting = [one for one in value if kinds is None or set(kinds) & set(types({"const": one}) or ())]
            try:
                return Either(tuple(map(jsontext.literal, fitting)))
            except ValueError:
                raise fault(place, "里有 JSON 没有的数", "has a number that JSON lacks") from None
        if key == "allOf" and len(value) > 1:
            raise self.lacks(where, "allOf of more than one")
        left = [TRIES]
        if key == "oneOf" and not all(
            apart(one, other, self.follow, left=left) for n, one in enumerate(value) for other in value[:n]
        ):
            zh = "的各项可能同时成立：请用 anyOf，或给每项一个取值不同的必填 const"
            en = "has choices that may hold at once: use anyOf, or give each a required property with its own const"
            raise fault(place, zh, en)
        return Either(tuple(self.node(one, f"{place}/{n}", depth + 1) for n, one in enumerate(value)))

    def reference(self, pointer: Any, where: str, depth: int) -> Node:
        target = self.follow(pointer, where)
        name = "->" + pointer
        if name not in self.rules:
            self.rules[name] = NOTHING  # what follows may refer to it
            self.rules[name] = self.node(target, pointer, depth + 1)
        return Call(name)

    def follow(self, pointer: Any, where: str) -> Any:
        """What a $ref points to. Raises ConstraintError."""
        if not isinstance(pointer, str) or not (pointer == "#" or pointer.startswith("#/")):
            raise fault(where, "的 $ref 应指向这份 schema 内部（#/…）", "has a $ref that does not point into it (#/…)")
        found = self.root
        for step in unquote(pointer).split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and step in found:
                found = found[step]
            elif isinstance(found, list) and step.isascii() and step.isdecimal() and int(step[:9]) < len(found):
                found = found[int(step[:9])]
            else:
                shown = ascii(pointer[:80])
                raise fault(where, f"的 $ref {shown} 不存在", f"has a $ref to {shown}, which is not there")
        return found

    def object(self, schema: dict[str, Any], where: str, depth: int) -> Node:
        given, needed = schema.get("properties", {}), schema.get("required", [])
        extra = schema.get("additionalProperties", True)
        if not isinstance(given, dict):
            raise fault(f"{where}/properties", "应是对象", "must be an object")
        if not isinstance(needed, list) or not all(isinstance(name, str) for name in needed):
            raise fault(f"{where}/required", "应是名字的列表", "must be a list of names")
        listed = given | {name: extra for name in needed if name not in given}
        if not listed:
            if extra is False:
                return row(word("{"), SPACE, word("}"))
            inner = self.part(extra, f"{where}/additionalProperties", depth)
            return jsontext.listed("{", "}", jsontext.member(STRING, inner))
        members = []
        for name, inner in listed.items():
            key = word(json.dumps(name, ensure_ascii=False))
            node = jsontext.member(key, self.part(inner, f"{where}/properties/{name}", depth))
            members.append((node, name in needed))
        inside = row(some(members), SPACE)
        return row(word("{"), SPACE, inside if any(must for _, must in members) else maybe(inside), word("}"))

    def array(self, schema: dict[str, Any], where: str, depth: int) -> Node:
        if schema.get("uniqueItems", False) is not False:
            raise self.lacks(where, "uniqueItems")
        least, most = count(schema, "minItems", where) or 0, count(schema, "maxItems", where)
        first, items = schema.get("prefixItems", []), schema.get("items", True)
        if not isinstance(first, list):
            raise fault(f"{where}/prefixItems", "应是列表", "must be a list")
        if most is not None and most < least:
            return NOTHING
        item = self.part(items, f"{where}/items", depth)
        if not first:
            return jsontext.listed("[", "]", item, least, most)
        comma = row(SPACE, word(","), SPACE)
        onward = NOTHING if items is False else row(comma, item)
        lead = len(first)
        tail: Node = EMPTY
        if most is None or most > lead:
            tail = Repeat(onward, max(least - lead, 0), None if most is None else most - lead)
        for n in reversed(range(lead)):
            inner = row(*([comma] if n else []), self.part(first[n], f"{where}/prefixItems/{n}", depth), tail)
            tail = EMPTY if most is not None and n >= most else maybe(inner) if n >= least else inner
        return row(word("["), SPACE, tail, SPACE, word("]"))

    def string(self, schema: dict[str, Any], where: str) -> Node:
        least, most = count(schema, "minLength", where), count(schema, "maxLength", where)
        texts = [key for key in ("pattern", "format") if key in schema]
        if len(texts) == 2 or (texts and (least or most is not None)):
            raise self.lacks(where, f"{texts[0]} together with another limit")
        if texts == ["pattern"]:
            if not isinstance(schema["pattern"], str):
                raise fault(f"{where}/pattern", "应是字符串", "must be a string")
            return jsontext.quoted(parse(schema["pattern"], dialect="ecma", anywhere=True))
        if texts:
            if not isinstance(schema["format"], str) or schema["format"] not in FORMATS:
                raise self.lacks(where, f"format {schema['format']}")
            return jsontext.quoted(parse(FORMATS[schema["format"]], dialect="ecma"))
        if not least and most is None:
            return STRING
        if most is not None and most < (least or 0):
            return NOTHING
        return row(word('"'), Repeat(CHARACTER, least or 0, most), word('"'))

    def number(self, schema: dict[str, Any], where: str, *, whole: bool) -> Node:
        if schema.get("multipleOf", 1) != 1 or (not whole and "multipleOf" in schema):
            raise self.lacks(where, "multipleOf")
        low, least = bound(schema, "minimum", where), bound(schema, "exclusiveMinimum", where)
        high, most = bound(schema, "maximum", where), bound(schema, "exclusiveMaximum", where)
        if low is least is high is most is None:
            return WHOLE if whole else NUMBER
        above = least is not None and (low is None or least >= low)
        below = most is not None and (high is None or most <= high)
        low, high = least if above else low, most if below else high
        if not whole:
            return jsonnumbers.decimal(low, high, above=above, below=below)
        first = None if low is None else math.floor(low) + 1 if above else math.ceil(low)
        last = None if high is None else math.ceil(high) - 1 if below else math.floor(high)
        return jsonnumbers.whole(first, last)


def some(members: Sequence[tuple[Node, bool]]) -> Node:
    """Members in their order with commas between them, at least one; those that must stand do."""
    if len(members) == 1:
        return members[0][0]
    middle = len(members) // 2
    left, right = members[:middle], members[middle:]
    more = [row(SPACE, word(","), SPACE, node) for node, _ in right]
    both = row(some(left), *(one if must else maybe(one) for one, (_, must) in zip(more, right, strict=True)))
    return both if any(must for _, must in left) else Either((both, some(right)))


def count(schema: dict[str, Any], key: str, where: str) -> int | None:
    value = schema.get(key)
    if value is None and key not in schema:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e6 or value != int(value):
        raise fault(f"{where}/{key}", "应是 0 到 10⁶ 的整数", "must be a whole number from 0 to 10⁶")
    return int(value)


def bound(schema: dict[str, Any], key: str, where: str) -> Decimal | None:
    value = schema.get(key)
    if value is None and key not in schema:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e18:
        raise fault(f"{where}/{key}", "应是绝对值小于 10¹⁸ 的数", "must be a number below 10¹⁸")
    return Decimal(str(value))
