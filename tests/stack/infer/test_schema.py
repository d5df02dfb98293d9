"""What is written under a schema is valid for an independent validator; what cannot be followed is refused by name."""

import json
import random
import re
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stack.infer.writing import write
from wenjin.stack.infer.automaton import Automaton
from wenjin.stack.infer.constrain import Forms
from wenjin.stack.infer.jsonnumbers import decimal, whole
from wenjin.stack.infer.language import ConstraintError
from wenjin.stack.infer.schema import language

PIECES = [bytes([b]) for b in range(256)] + [b"", b'{"', b'": ', b'", "', b'"}', b"true", b"  ", b"12", "月".encode()]
FORMS = Forms([*PIECES, "月亮".encode()[2:4], b"]}", b"\\u00", b'\\"', b"-0", b".5", b"null"], ends={256})

POINT = {
    "type": "object",
    "properties": {"x": {"type": "number"}, "y": {"type": "integer"}},
    "required": ["x", "y"],
    "additionalProperties": False,
}
TREE = {
    "type": "object",
    "properties": {"value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["value", "children"],
}
CHAIN = {
    "$ref": "#/$defs/link",
    "$defs": {
        "link": {
            "type": "object",
            "properties": {"next": {"anyOf": [{"$ref": "#/$defs/link"}, {"type": "null"}]}, "a/b": {"const": 1}},
            "required": ["next", "a/b"],
            "additionalProperties": False,
        }
    },
}
PETS = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"kind": {"const": kind}, sound: {"type": "boolean"}},
            "required": ["kind", sound],
        }
        for kind, sound in (("cat", "meows"), ("dog", "barks"))
    ]
}
SCHEMAS: list[Any] = [
    True,
    {},
    {"type": "object"},
    {"type": "array"},
    {"type": "string"},
    {"type": "number"},
    {"type": "integer"},
    {"type": ["boolean", "null"]},
    POINT,
    TREE,
    CHAIN,
    PETS,
    {"type": "object", "properties": {}, "additionalProperties": False},
    {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
    {"type": "object", "properties": {name: {"type": "null"} for name in "abcdefg"}, "required": ["c", "f"]},
    {"type": "object", "properties": {name: {"type": "null"} for name in "abcdefg"}},
    {"type": "object", "properties": {'"\\\n月🙂': {"enum": [1, 'a\n"b\\', None, [1, {"k": []}], 1.5, False]}}},
    {"type": "object", "required": ["more"]},
    {"type": "array", "items": POINT, "minItems": 1, "maxItems": 3},
    {"type": "array", "items": {"type": "boolean"}, "maxItems": 0},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 2},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
    {"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "null"}, "minItems": 3, "maxItems": 4},
    {"prefixItems": [{"const": 1}, {"const": 2}, {"const": 3}], "minItems": 1, "maxItems": 2, "type": "array"},
    {"type": "string", "minLength": 2, "maxLength": 4},
    {"type": "string", "minLength": 3},
    {"type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"},
    {"type": "string", "pattern": "0"},
    {"type": "string", "pattern": "^[^a-z]+$"},
    {"type": "string", "format": "date"},
    {"type": "string", "format": "date-time"},
    {"type": "string", "format": "time"},
    {"type": "string", "format": "uuid"},
    {"type": "string", "format": "ipv4"},
    {"type": "integer", "minimum": -17, "exclusiveMaximum": 230},
    {"type": "integer", "exclusiveMinimum": 5},
    {"type": "integer", "maximum": -5},
    {"type": "number", "minimum": -1.25, "maximum": 10},
    {"type": "number", "exclusiveMinimum": 0},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": "number", "maximum": -0.5},
    {"enum": ["red", "green", 3, None]},
    {"type": "string", "enum": ["red", 3]},
    {"const": {"a": [1, 2.5, "x"]}},
    {"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 3}, POINT]},
    {"allOf": [POINT], "description": "one"},
    {"oneOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
    {"type": "array", "items": {"$ref": "#/$defs/p"}, "$defs": {"p": POINT}},
    {"properties": {"a": {"$ref": "#/$defs/~1~0%25"}}, "required": ["a"], "$defs": {"/~%": {"const": 7}}},
]


def valid(schema: Any, raw: bytes) -> bool:
    return jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(json.loads(raw.decode()))


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: json.dumps(schema)[:60])
def test_what_is_written_is_valid_for_an_independent_validator(schema: Any, count: Callable[[int], int]) -> None:
    text = FORMS.schema(schema)
    for seed in range(count(200)):
        raw = write(text.copy(), random.Random(seed), free=5 + seed % 30)
        assert valid(schema, raw), raw


LEAVES = st.sampled_from(
    [
        {"type": "integer", "minimum": 3},
        {"type": "string", "maxLength": 5},
        {"type": "boolean"},
        {"const": "k"},
        {"enum": [1, "two", None]},
        {"type": "number", "exclusiveMinimum": -2, "maximum": 7.5},
        {"type": "string", "pattern": "^(a+b?|c)$"},
        {"$ref": "#/$defs/shared"},
        {},
    ]
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.dictionaries(st.sampled_from("abcde"), inner, max_size=4), st.sets(st.sampled_from("abz"))).map(
        lambda two: {"type": "object", "properties": two[0], "required": sorted(two[1])}
    )


def arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(inner, st.integers(0, 2), st.integers(2, 4)).map(
        lambda three: {"type": "array", "items": three[0], "minItems": three[1], "maxItems": three[2]}
    )


def any_of(parts: list[Any]) -> dict[str, Any]:
    return {"anyOf": parts}


NESTED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(objects(inner), arrays(inner), st.lists(inner, min_size=1, max_size=3).map(any_of)),
    max_leaves=5,
)


def test_schemas_put_together_at_random(count: Callable[[int], int]) -> None:
    @settings(max_examples=count(600), deadline=None)
    @given(inner=NESTED, seed=st.integers(0, 99))
    def check(inner: Any, seed: int) -> None:
        shared = {"type": "object", "properties": {"again": {"$ref": "#/$defs/shared"}}, "additionalProperties": False}
        schema = {**inner, "$defs": {"shared": shared}}
        if "$ref" in inner:
            schema = {"allOf": [inner], "$defs": {"shared": shared}}
        assert valid(schema, write(FORMS.schema(schema), random.Random(seed), free=20))

    check()


def accepts(schema: Any, text: str) -> bool:
    automaton = Automaton(*language(schema))
    state = automaton.start
    for byte in text.encode():
        state = automaton.step(state, byte)
    return automaton.complete[state]


def test_ordinary_writing_is_accepted() -> None:
    value = {"value": 1, "children": [{"value": -2, "children": []}, {"value": 30, "children": []}]}
    for text in (json.dumps(value), json.dumps(value, indent=2), json.dumps(value, separators=(",", ":"))):
        assert accepts(TREE, text)
    mixed = {"a": [1, 2.5, -3e-7, 'x"\\/\n月🙂', True, None, {}], "": {"b": []}}
    for text in (json.dumps(mixed), json.dumps(mixed, ensure_ascii=False), json.dumps(mixed, indent=1)):
        assert accepts({}, text)
        assert accepts({"type": "object"}, text)
        assert not accepts({"type": "array"}, text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[1,]", '{"a"}', '{"a":1,}', "01", "1.", ".5", "+1", "nul", "'a'", '"\n"', '"\\x"', "[1 2]", " 1"),
        *("NaN", "-", "--1", "1e", "{1:2}", "[1]]", "-Infinity", '"\\u12g4"', '"\\ud800"', '"\\udc00\\ud800"'),
    ],
)
def test_what_is_no_json_is_not_accepted(text: str) -> None:
    assert not accepts({}, text)


def test_nesting_ends_where_it_must_and_every_text_is_closed() -> None:
    text = FORMS.json()
    for _ in range(500):
        fits = text.allowed()
        if not fits[ord("[")]:
            break
        text.push(ord("["))
    deep = 0
    while not text.done:
        text.push(ord("]"))
        deep += 1
    assert 10 < deep < 100


@settings(max_examples=60, deadline=None)
@given(
    low=st.one_of(st.none(), st.integers(-1500, 1500)),
    high=st.one_of(st.none(), st.integers(-1500, 1500)),
    tried=st.lists(st.integers(-2500, 2500), max_size=30),
)
def test_whole_numbers_between_bounds(low: int | None, high: int | None, tried: list[int]) -> None:
    inside = [n for n in range(-2600, 2600) if (low is None or n >= low) and (high is None or n <= high)]
    if not inside:
        with pytest.raises(ConstraintError, match="No text fits"):
            Automaton(whole(low, high))
        return
    automaton = Automaton(whole(low, high))
    edges = [bound + d for bound in (low or 0, high or 0, 0, 10, 100, 999, -10, -99) for d in (-1, 0, 1)]
    for n in [*tried, *edges]:
        assert reads(automaton, str(n)) == (n in inside)
        assert not reads(automaton, "0" + str(n))
    assert not reads(automaton, "-0")


BOUNDS = st.one_of(st.none(), st.integers(-3000, 3000).map(lambda n: Decimal(n) / 100))


@settings(max_examples=60, deadline=None)
@given(
    low=BOUNDS,
    high=BOUNDS,
    above=st.booleans(),
    below=st.booleans(),
    tried=st.lists(st.decimals(-40, 40, places=3), max_size=20),
)
def test_decimals_between_bounds(
    low: Decimal | None, high: Decimal | None, above: bool, below: bool, tried: list[Decimal]
) -> None:
    def inside(x: Decimal) -> bool:
        under = low is not None and (x < low or (above and x == low))
        over = high is not None and (x > high or (below and x == high))
        return not under and not over

    try:
        automaton = Automaton(decimal(low, high, above=above, below=below))
    except ConstraintError:
        assert low is not None
        assert high is not None
        assert not inside((low + high) / 2)
        return
    near = [bound + d for bound in (low, high, Decimal(0)) if bound is not None for d in map(Decimal, STEPS)]
    for x in [*tried, *near]:
        if not (x.is_zero() and x.is_signed()):
            assert reads(automaton, f"{x:f}") == inside(x), (low, high, above, below, x)


STEPS = ("-1", "-0.01", "-0.001", "0", "0.000001", "0.5", "1.00")


def reads(automaton: Automaton, text: str) -> bool:
    state = automaton.start
    for byte in text.encode():
        state = automaton.step(state, byte)
    return automaton.complete[state]


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"not": {}}, "uses not"),
        ({"type": "object", "patternProperties": {}}, "uses patternProperties"),
        ({"type": "array", "uniqueItems": True}, "uses uniqueItems"),
        ({"type": "integer", "multipleOf": 3}, "uses multipleOf"),
        ({"allOf": [{}, {}]}, "allOf of more than one"),
        ({"anyOf": [{}], "type": "string"}, "type beside anyOf"),
        ({"$ref": "#", "minLength": 1}, "minLength beside"),
        ({"$ref": "https://a.example/b"}, "does not point into it"),
        ({"$ref": "#/$defs/none"}, "not there"),
        ({"$ref": "#"}, "refers to itself"),
        ({"anyOf": [{"$ref": "#"}, {"type": "null"}]}, "refers to itself"),
        ({"type": "string", "format": "email"}, "format email"),
        ({"type": "string", "pattern": "a", "maxLength": 3}, "together with another limit"),
        ({"type": "string", "pattern": "(?=a)"}, "is not supported"),
        ({"type": "string", "pattern": 3}, "must be a string"),
        ({"type": "word"}, "not a type of JSON"),
        ({"type": [["string"]]}, "not a type of JSON"),
        ({"properties": []}, "must be an object"),
        ({"type": "object", "required": "a"}, "list of names"),
        ({"enum": []}, "must be a list"),
        ({"type": "string", "minLength": -1}, "whole number"),
        ({"type": "array", "maxItems": 1.5}, "whole number"),
        ({"type": "number", "minimum": "0"}, "must be a number"),
        ({"type": "number", "minimum": 0.00000001}, "at most 6 places"),
        ({"type": "integer", "exclusiveMinimum": True}, "must be a number"),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "may hold at once"),
        ({"oneOf": [{"type": "string"}, {"const": "a"}]}, "may hold at once"),
        ([], "object or a boolean"),
        ({"items": 3, "type": "array"}, "object or a boolean"),
        (False, "No text fits"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "No text fits"),
        ({"type": "object", "required": ["a"], "additionalProperties": False}, "No text fits"),
        ({"type": "array", "minItems": 3, "maxItems": 2}, "No text fits"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "No text fits"),
        ({"const": float("nan")}, "no proper JSON"),
        ({"type": "string", "maxLength": 100_000}, "more than 60000 states"),
        ({"enum": ["x" * 100_000]}, "more than 60000 states"),
        ({"type": "array", "items": {"type": "string", "pattern": "^(.|..)*x.{18}y$"}}, "too many possibilities"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_both_languages(schema: Any, told: str) -> None:
    with pytest.raises(ConstraintError, match=told) as refused:
        FORMS.schema(schema)
    assert re.search("[\u4e00-\u9fff]", refused.value.zh)


def nested(kind: str, depth: int, width: int) -> Any:
    schema: Any = {"type": "string"}
    for _ in range(depth):
        schema = {kind: [schema] * width}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [{"const": n} for n in range(4000)]},
        {"oneOf": [{"enum": list(range(3000))}, {"enum": list(range(3000, 6000))}]},
        {"oneOf": [nested("anyOf", 4, 9), nested("oneOf", 4, 9)]},
        {"anyOf": [nested("anyOf", 4, 9)]},
        {"const": json.loads("[" * 700 + "]" * 700)},
    ],
)
def test_a_schema_made_to_take_long_is_refused_in_a_moment(schema: Any) -> None:
    begun = time.thread_time()
    with pytest.raises(ConstraintError):
        FORMS.schema(schema)
    assert time.thread_time() - begun < 5


def test_a_schema_too_deep_or_too_large_is_refused() -> None:
    deep: Any = {}
    for _ in range(200):
        deep = {"type": "array", "items": deep}
    many = {"type": "object", "properties": {f"p{n}": {"type": "object"} for n in range(10_000)}}
    chain = {"$ref": "#/$defs/0", "$defs": {str(n): {"$ref": f"#/$defs/{n + 1}"} for n in range(2_000)}}
    for schema in (deep, many, chain):
        with pytest.raises(ConstraintError, match="too large"):
            FORMS.schema(schema)
