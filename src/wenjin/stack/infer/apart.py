"""Whether two JSON schemas can accept the same value: `oneOf` may only be followed where no two of its choices can.

    apart({"type": "string"}, {"type": "null"})                                 True: no value has both types
    apart({… "kind": {"const": "cat"}}, {… "kind": {"const": "dog"}})           True where both require `kind`

True is a proof, False is not knowing.

Omits    numbers and lengths whose ranges do not meet
Proof    tests/stack/infer/test_schema.py
"""

from collections.abc import Callable
from typing import Any

KINDS = {str: ["string"], bool: ["boolean"], int: ["integer", "number"], float: ["number"], list: ["array"],
         dict: ["object"], type(None): ["null"]}  # fmt: skip
DEEPEST, TRIES = 8, 2_000  # schemas in one another, pairs looked at
Follow = Callable[[Any, str], Any]


def types(schema: dict[str, Any]) -> list[Any] | None:
    """The types that a schema names or its constant has; None where it says nothing."""
    if "const" in schema and "type" not in schema:
        return KINDS.get(type(schema["const"]), [])
    if "type" not in schema:
        return None
    return schema["type"] if isinstance(schema["type"], list) else [schema["type"]]


def apart(one: Any, other: Any, follow: Follow, depth: int = 0, left: list[int] | None = None) -> bool:
    """left: tries that remain, shared by all that belong to one question."""
    left = [TRIES] if left is None else left
    left[0] -= 1
    one, other = resolved(one, follow), resolved(other, follow)
    if depth > DEEPEST or left[0] < 0 or not isinstance(one, dict) or not isinstance(other, dict):
        return one is False or other is False
    for a, b in ((one, other), (other, one)):
        for key in ("anyOf", "oneOf"):
            if isinstance(a.get(key), list):
                return all(apart(choice, b, follow, depth + 1, left) for choice in a[key])
    if one.get("nullable") or other.get("nullable"):
        return False
    mine, theirs = values(one), values(other)
    if mine is not None and theirs is not None:
        left[0] -= len(mine) * len(theirs)
        return left[0] >= 0 and not any(same(a, b) for a in mine for b in theirs)
    kinds, others = kinds_of(one, mine), kinds_of(other, theirs)
    if kinds is not None and others is not None and not kinds & others:
        return True
    if kinds != {"object"} or others != {"object"}:
        return False
    shared = [
        name
        for name in one.get("properties", {})
        if name in other.get("properties", {}) and name in one.get("required", ()) and name in other.get("required", ())
    ]
    return any(apart(one["properties"][name], other["properties"][name], follow, depth + 1, left) for name in shared)


def resolved(schema: Any, follow: Follow) -> Any:
    for _ in range(DEEPEST):
        if not isinstance(schema, dict) or "$ref" not in schema:
            return schema
        schema = follow(schema["$ref"], "#")
    return True


def values(schema: dict[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    return schema["enum"] if isinstance(schema.get("enum"), list) else None


def kinds_of(schema: dict[str, Any], listed: list[Any] | None) -> set[str] | None:
    """Its types, a whole number counted as a number."""
    if listed is not None:
        found = [kind for value in listed for kind in KINDS.get(type(value), [])]
    else:
        named = types(schema)
        if named is None:
            return None
        found = [kind for kind in named if isinstance(kind, str)]
    return {"number" if kind == "integer" else kind for kind in found}


def same(a: Any, b: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)
