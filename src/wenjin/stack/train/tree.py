"""Nested dicts and lists that hold tensors <-> plain JSON beside a flat table of tensors.

    split({"step": 3, "state": {0: {"mean": tensor}}})
        ->  {"step": 3, "state": {"$items": [[0, {"mean": {"$tensor": "state.0.mean"}}]]}},  {"state.0.mean": tensor}

Tuples come back as tuples and numbers that are keys as numbers, as the states of optimizers and of Python's random
numbers need; NaN and infinity as themselves.

Proof   tests/stack/train/test_checkpoint.py: join undoes split on any tree
"""

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor


def split(tree: Any) -> tuple[Any, dict[str, Tensor]]:
    """JSON with references, and the tensors that they mean. Raises TypeError for what neither can hold."""
    tensors: dict[str, Tensor] = {}
    return _split(tree, "", tensors), tensors


def join(parts: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The tree that was split."""
    if isinstance(parts, list):
        return [join(one, tensors) for one in parts]
    if not isinstance(parts, dict):
        return parts
    match list(parts.items()):
        case [("$tensor", name)]:
            return tensors[name]
        case [("$tuple", items)]:
            return tuple(join(one, tensors) for one in items)
        case [("$items", items)]:
            return {join(key, tensors): join(one, tensors) for key, one in items}
        case [("$float", word)]:
            return float(word)
    return {key: join(one, tensors) for key, one in parts.items()}


def _split(tree: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(tree, Tensor):
        while name in tensors:  # two ways through a tree can read alike: a.b -> c and a -> b.c
            name += "+"
        tensors[name] = tree
        return {"$tensor": name}
    if isinstance(tree, float) and not math.isfinite(tree):
        return {"$float": str(tree)}
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    if isinstance(tree, list | tuple):
        items = [_split(one, f"{name}.{n}" if name else str(n), tensors) for n, one in enumerate(tree)]
        return {"$tuple": items} if isinstance(tree, tuple) else items
    if not isinstance(tree, Mapping):
        raise TypeError(f"{name or 'the tree'} is a {type(tree).__name__}, which no checkpoint can hold")
    items = [(key, _split(one, f"{name}.{key}" if name else str(key), tensors)) for key, one in tree.items()]
    if all(isinstance(key, str) and not key.startswith("$") for key, _ in items):
        return dict(items)
    return {"$items": [[_split(key, "", tensors), one] for key, one in items]}
