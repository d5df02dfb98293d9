"""The answer sheet of an exercise that is not answered by a program: a TOML file with the question as its comments."""

import json
from collections.abc import Mapping
from typing import Any

from wenjin.kit.text import Language, Text, visible
from wenjin.study.judge.forms import is_empty

FILL = {
    "numeric": Text(
        "在等号右边填上你算出的数；矩阵逐行写，如 [[1.0, 2.0], [3.0, 4.0]]。",
        "Fill in the numbers that you worked out; a matrix row by row, as in [[1.0, 2.0], [3.0, 4.0]].",
    ),
    "choice": Text("在引号里填上你选的那一项的代号。", "Put the key of your choice between the quotes."),
    "proof": Text("在引号里填上这一步成立的理由的代号。", "Put the key of the line that follows between the quotes."),
    "order": Text(
        '把代号按正确的顺序填进方括号，如 ["b", "a"]。', 'Put the keys in the right order, as in ["b", "a"].'
    ),
}
NUMBER = Text("一个数", "one number")
ROW = Text("{n} 个数", "{n} numbers")
MATRIX = Text("{n} 行，每行 {m} 个数", "{n} rows of {m} numbers")


def sheet(title: str, problem: Mapping[str, Any], language: Language, answer: Mapping[str, Any] | None = None) -> str:
    """The file as it is laid, from `Judge.problem`. Every blank is empty: it is never an answer by itself. With an
    answer (None where it has a blank) it is filled in."""
    given = answer or {}
    lines = [*_comment(title), "#", *_comment(FILL[problem["form"]][language]), ""]
    if problem["form"] == "numeric":
        lines += [*_comment(problem["show"][language]), f"variant = {problem['variant']}", "", "[answer]"]
        for blank in problem["fields"]:
            lines += ["", *_comment(f"{blank['label'][language]} ({_shape(blank['shape'], language)})")]
            value = given.get(blank["name"])
            none = blank["shape"] and is_empty(value)
            lines += [f"{_key(blank['name'])} = {'[]' if none else _value(value)}"]
    elif problem["form"] == "order":
        for item in problem["items"]:
            lines += _comment(f"{item['key']}  {item['text'][language]}")
        lines += [f"variant = {problem['variant']}", "", "[answer]", f"order = {_value(given.get('order', []))}"]
    else:
        lines += [f"variant = {problem['variant']}", "", "[answer]"]
        for n, step in enumerate(problem["steps"], 1):
            lines += ["", *_comment(f"{n}. {step['prompt'][language]}")]
            for option in step["options"]:
                lines += _comment(f"  {option['key']}  {option['text'][language]}")
            lines += [f"{_key(step['key'])} = {_value(given.get(step['key']))}"]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in visible(text).strip("\n").split("\n")]


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _value(value: Any) -> str:
    """As TOML has it. A blank is an empty text."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    text = json.dumps(value or "", ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value) if isinstance(value, float) else text


def _shape(shape: list[int], language: Language) -> str:
    if not shape:
        return NUMBER[language]
    if len(shape) == 1:
        return ROW.format(n=shape[0])[language]
    return MATRIX.format(n=shape[0], m=shape[1])[language]
