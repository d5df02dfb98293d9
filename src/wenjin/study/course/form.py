"""A lab's signature -> its form. The file is read, never run: the page, the command line and the worker all use this.

    def cost_of_length(
        keep: Keep,                                                        first, and no field
        width: Annotated[int, Slider(8, 1024, log=True)] = 64,             int or float, with or without a range
        scale: Literal["none", "sqrt", "d"] = "sqrt",                      one of these texts
        lengths: Annotated[tuple[int, ...], Slider(16, 8192)] = (64, 128), whole numbers, written 64, 128
        causal: bool = False, note: str = "",
        seed: int = 0,                                                     in every lab; from 0 to 2^31 - 1
    ) -> Iterator[Frame]: ...

A form reads words, as a page or a command line sends them, into arguments, and says in a sentence which of them it
cannot read; `words` goes the other way: `form.read(form.words(arguments)) == arguments`.
"""

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal

from wenjin.kit.text import Text

Kind = Literal["int", "float", "bool", "str", "choice", "ints"]
Value = int | float | bool | str | tuple[int, ...]
YES, NO = ("true", "yes", "on", "1", "是"), ("false", "no", "off", "0", "否")
SEED_HIGH = 2**31 - 1
WHOLE_HIGH = 2**53  # above it JSON and a browser lose digits
LONGEST, MOST = 2000, 64  # characters of a text, numbers of a list
NOUNS = {
    "int": Text("一个整数", "a whole number"),
    "float": Text("一个数", "a number"),
    "bool": Text("true 或 false", "true or false"),
    "str": Text(f"不超过 {LONGEST} 字的一段文字", f"a text of at most {LONGEST} characters"),
    "ints": Text("用逗号隔开的整数", "whole numbers with commas between them"),
}


class FormError(ValueError):
    """A value that cannot be used; `name` is its parameter, `text` says what is wrong with it."""

    def __init__(self, name: str, text: Text) -> None:
        super().__init__(text.en)
        self.name, self.text = name, text


class SignatureError(ValueError):
    """A signature that is no form: for the lab's author. `line` counts from 1."""

    def __init__(self, line: int, text: Text) -> None:
        super().__init__(text.en)
        self.line, self.text = line, text


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter. `low` and `high` are both allowed; None where there is no range. `options` belong to a choice."""

    name: str
    kind: Kind
    default: Value
    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False
    options: tuple[str, ...] = ()

    def read(self, word: str) -> Value:
        """The value that was written. Raises FormError."""
        plain = word.strip()
        match self.kind:
            case "int":
                return self._within(self._whole(plain), word)
            case "float":
                return self._within(self._number(plain), word)
            case "bool" if plain.lower() in (*YES, *NO):
                return plain.lower() in YES
            case "str" if len(word) <= LONGEST:
                return word
            case "choice" if plain in self.options:
                return plain
            case "ints":
                parts = [part.strip() for part in plain.replace("，", ",").replace("、", ",").split(",")]
                if len(parts) > MOST:
                    raise self._refusal(Text(f"最多 {MOST} 个数。", f"holds at most {MOST} numbers."))
                return tuple(int(self._within(self._whole(part), part)) for part in parts)
        raise self._bad(word)

    def word(self, value: Value) -> str:
        """The value as it would be written."""
        if isinstance(value, bool):
            return "true" if value else "false"
        return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)

    def _whole(self, word: str) -> int:
        try:
            return int(word)
        except ValueError:
            raise self._bad(word) from None

    def _number(self, word: str) -> float:
        try:
            number = float(word)
        except ValueError:
            raise self._bad(word) from None
        if not math.isfinite(number):
            raise self._bad(word)
        return number

    def _within(self, number: float, word: str) -> int | float:
        low, high = self.low, self.high
        if (low is not None and number < low) or (high is not None and number > high):
            range_zh, range_en = f"{_shown(low)} 到 {_shown(high)}", f"{_shown(low)} to {_shown(high)}"
            raise self._refusal(
                Text(
                    f"要在 {range_zh} 之间，现在是 {_short(word)}。",
                    f"must lie in {range_en}; it is {_short(word)}.",
                )
            )
        return number

    def _bad(self, word: str) -> FormError:
        noun = NOUNS.get(self.kind) or Text("、".join(self.options) + " 之一", f"one of {', '.join(self.options)}")
        got = Text(f"“{_short(word)}”", f"“{_short(word)}”") if word.strip() else Text("空的", "empty")
        return self._refusal(Text(f"要写{noun.zh}，现在是{got.zh}。", f"must be {noun.en}; it is {got.en}."))

    def _refusal(self, text: Text) -> FormError:
        return FormError(self.name, Text(f"{self.name} {text.zh}", f"{self.name} {text.en}"))


def as_kept(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as a record keeps them: JSON has lists and no tuples."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in arguments.items()}


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a lab, in the order of its signature."""

    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """Raises FormError for a name that is none of them."""
        found = next((field for field in self.fields if field.name == name), None)
        if found is None:
            names = [field.name for field in self.fields]
            close = get_close_matches(name, names, n=1)
            text = Text(
                f"没有参数 {_short(name)}。" + (f"是不是 {close[0]}？" if close else f"有：{'、'.join(names)}。"),
                f"There is no parameter {_short(name)}. "
                + (f"Did you mean {close[0]}?" if close else f"There are: {', '.join(names)}."),
            )
            raise FormError(name, text)
        return found

    def read(self, words: Mapping[str, str]) -> dict[str, Value]:
        """All arguments, by name: those that are written, and the defaults of the others. Raises FormError."""
        for name in words:
            self.field(name)
        return {f.name: f.read(words[f.name]) if f.name in words else f.default for f in self.fields}

    def words(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        """Arguments as words; a list from JSON counts as the numbers that it holds. Raises FormError."""
        return {
            name: self.field(name).word(tuple(value) if isinstance(value, list) else value)
            for name, value in arguments.items()
        }

    @property
    def defaults(self) -> dict[str, Value]:
        return {field.name: field.default for field in self.fields}


def read_form(source: str, function: str) -> Form:
    """The form of the function of that name in a lab's source. Raises SignatureError, and SyntaxError."""
    tree = ast.parse(source)
    node = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == function), None)
    if node is None:
        raise SignatureError(1, Text(f"没有函数 {function}。", f"There is no function {function}."))
    arguments = node.args
    if arguments.posonlyargs or arguments.vararg or arguments.kwarg:
        raise _unusable(node, Text("不能有 *、** 或 /。", "A lab takes no *args, **kwargs or /."))
    plain = arguments.args
    if not plain or plain[0].arg != "keep" or len(arguments.defaults) != len(plain) - 1:
        what = Text("第一个参数是 keep: Keep，其余都要有默认值。", "keep: Keep comes first; all others have a default.")
        raise _unusable(node, what)
    pairs = [*zip(plain[1:], arguments.defaults, strict=True)]
    for name, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is None:
            raise _unusable(name, Text(f"{name.arg} 没有默认值。", f"{name.arg} has no default."))
        pairs.append((name, default))
    fields = tuple(_field(name, default) for name, default in pairs)
    if not any(field.name == "seed" and field.kind == "int" for field in fields):
        raise _unusable(node, Text("每个实验都要有 seed: int = 0。", "Every lab has seed: int = 0."))
    return Form(fields)


def _field(argument: ast.arg, default: ast.expr) -> Field:
    """One parameter. Its default must itself be a value that the form accepts."""
    name, hint = argument.arg, argument.annotation
    slider: dict[str, Any] = {}
    if isinstance(hint, ast.Subscript) and _name(hint.value) == "Annotated" and isinstance(hint.slice, ast.Tuple):
        parts = hint.slice.elts
        hint, slider = parts[0], _slider(parts[-1], name)
    options: tuple[str, ...] = ()
    if isinstance(hint, ast.Name) and hint.id in ("int", "float", "bool", "str"):
        kind: Kind = hint.id  # type: ignore[assignment]
    elif isinstance(hint, ast.Subscript) and _name(hint.value) == "Literal":
        kind, chosen = "choice", _literal(hint.slice, name)
        options = chosen if isinstance(chosen, tuple) else (chosen,)
        if not all(isinstance(option, str) for option in options):
            raise _unusable(argument, Text(f"{name} 的选项要是文字。", f"The options of {name} must be texts."))
    elif hint is not None and ast.unparse(hint) == "tuple[int, ...]":
        kind = "ints"
    else:
        raise _unusable(
            argument,
            Text(
                f"{name} 的类型不能成为表单：用 int、float、bool、str、Literal[…] 或 tuple[int, ...]，范围写 Slider。",
                f"The type of {name} is no form: use int, float, bool, str, Literal[…] or tuple[int, ...], "
                "with a Slider for a range.",
            ),
        )
    field = Field(name, kind, _literal(default, name), options=options, **slider)
    if name == "seed":
        field = replace(field, low=field.low or 0, high=field.high or SEED_HIGH)
    elif kind in ("int", "ints") and field.low is None:
        field = replace(field, low=-WHOLE_HIGH, high=WHOLE_HIGH)
    try:
        same = field.read(field.word(field.default)) == field.default
    except (FormError, TypeError):
        same = False
    if not same or (slider and kind in ("bool", "str", "choice")):
        what = Text(f"{name} 的默认值与它的类型或范围不合。", f"The default of {name} is not of its type or range.")
        raise _unusable(argument, what)
    return field


def _slider(call: ast.expr, name: str) -> dict[str, Any]:
    """The arguments of Slider(low, high, step=…, log=…)."""
    if not isinstance(call, ast.Call) or _name(call.func) != "Slider" or len(call.args) > 4:
        raise _unusable(call, Text(f"{name} 的范围要写成 Slider(…)。", f"The range of {name} must be a Slider(…)."))
    words = dict(zip(("low", "high", "step", "log"), call.args, strict=False))
    words |= {word.arg: word.value for word in call.keywords if word.arg}
    found = {key: _literal(value, name) for key, value in words.items()}
    named = {"low", "high"} <= found.keys() <= {"low", "high", "step", "log"}
    if not named or found["low"] >= found["high"] or (found.get("log") and found["low"] <= 0):
        what = Text(
            f"{name} 的 Slider 要有 low < high；log 时 low 要大于 0。",
            f"The Slider of {name} needs low < high, and low above 0 when it is logarithmic.",
        )
        raise _unusable(call, what)
    return found


def _literal(node: ast.expr, name: str) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        what = Text(
            f"{name} 的默认值、选项和范围要直接写成值。", f"{name}: default, options and range must be written out."
        )
        raise _unusable(node, what) from None


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _unusable(node: ast.stmt | ast.expr | ast.arg, text: Text) -> SignatureError:
    return SignatureError(node.lineno, text)


def _shown(number: float | None) -> str:
    return "…" if number is None else f"{number:g}" if abs(number) < 1e6 else f"{number:,.0f}"


def _short(word: str) -> str:
    return word if len(word) <= 40 else word[:39] + "…"
