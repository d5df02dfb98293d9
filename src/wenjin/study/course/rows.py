"""Tables of TOML -> the frozen classes of `graph.py`, with everything that is wrong said at once."""

import tomllib
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from wenjin.kit.text import Text
from wenjin.study.course import tables
from wenjin.study.course.faults import Faults, nearest
from wenjin.study.course.graph import FORMAT

T = TypeVar("T")
BAD: Any = object()  # what a value that was refused becomes; nothing is built from it
NOUNS = {
    str: Text("一段文字", "a text in quotes"),
    int: Text("一个整数", "a whole number"),
    float: Text("一个数", "a number"),
    bool: Text("true 或 false", "true or false"),
    dict: Text("一张表", "a table"),
    list: Text("一个列表", "a list"),
    date: Text('加引号的日期，如 "2027-05-01"', 'a date in quotes, as in "2027-05-01"'),
}


def read_toml(path: Path, faults: Faults, *, versioned: bool = True) -> dict[str, Any] | None:
    """The table of a file, its `format` checked and taken off; None when it cannot be read."""
    try:
        table = tables.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.add(path, Text("没有这个文件。", "The file is missing."), Text("补上它。", "Add it."))
    except UnicodeDecodeError as error:
        faults.add(
            path,
            Text(f"第 {error.start} 个字节不是 UTF-8。", f"Byte {error.start} is not UTF-8."),
            Text("用 UTF-8 编码重新保存。", "Save the file as UTF-8."),
        )
    except tomllib.TOMLDecodeError as error:
        faults.add(
            path,
            Text(f"不是合法的 TOML：{error}。", f"This is not TOML: {error}."),
            Text("改正这一行；字符串要加引号，列表用方括号。", "Mend that line: texts need quotes, lists brackets."),
        )
    else:
        return _of_our_format(table, path, faults) if versioned else table
    return None


def _of_our_format(table: dict[str, Any], path: Path, faults: Faults) -> dict[str, Any] | None:
    found = table.pop("format", None)
    if found == FORMAT:
        return table
    if found is None:
        what = Text("没有写格式版本。", "The version of the format is missing.")
    else:
        what = Text(
            f"格式版本是 {found!r}，这里只认 {FORMAT}。", f"The format is {found!r}; this program reads {FORMAT}."
        )
    faults.add(path, what, Text(f"在开头写 format = {FORMAT}。", f"Write format = {FORMAT} at its head."))
    return None


def read_list(kind: type[T], rows: object, where: str, faults: Faults, **given: Any) -> list[T]:
    """Each table of a list as a `kind`; those with a fault are left out. Places are named by their id."""
    if not isinstance(rows, list):
        _refuse(where, rows, NOUNS[list], faults)
        return []
    read = (read_row(kind, row, f"{where} {_called(row, n)}", faults, **given) for n, row in enumerate(rows, 1))
    return [row for row in read if row is not None]


def read_row(kind: type[T], row: object, where: str, faults: Faults, **given: Any) -> T | None:
    """One table as a `kind`. `given` are fields that do not stand in the table. None when anything is wrong."""
    if not isinstance(row, dict):
        _refuse(where, row, NOUNS[dict], faults)
        return None
    values, known = dict(given), []
    for field, hint, name in _schema(cast(Any, kind)):
        if name is None or field.name in given:
            continue
        known.append(name)
        if name in row:
            values[field.name] = _value(hint, row[name], f"{where}, {name}", faults)
        elif field.default is MISSING and not _optional(hint):
            faults.add(where, Text(f"缺少 {name}。", f"{name} is missing."), Text(f"补上 {name}。", f"Add {name}."))
            values[field.name] = BAD
        else:
            values[field.name] = None if field.default is MISSING else field.default
    for name in row:
        if name not in known:
            faults.add(where, Text(f"有不认识的字段 {name}。", f"The field {name} is unknown."), nearest(name, known))
            values[name] = BAD
    return None if any(value is BAD for value in values.values()) else kind(**values)


def index(rows: Sequence[T], where: str, faults: Faults) -> dict[str, T]:
    """Rows by their id; an id that is used twice is a fault."""
    found: dict[str, T] = {}
    for row in rows:
        key: str = row.id  # type: ignore[attr-defined]
        if key in found:
            faults.add(
                f"{where} {key}",
                Text(f"{key} 这个 id 用了两次。", f"The id {key} is used twice."),
                Text("给其中一个换个名字，或删去重复的一个。", "Rename one of the two, or delete the repeated one."),
            )
        found[key] = row
    return found


@cache
def _schema(kind: type) -> tuple[tuple[Field[Any], Any, str | None], ...]:
    """The fields of a class, each with its type and its name in the file."""
    hints = get_type_hints(kind)
    return tuple((f, hints[f.name], f.metadata.get("row", f.name)) for f in fields(kind))


def _value(hint: Any, value: Any, where: str, faults: Faults) -> Any:
    if _optional(hint):
        hint = next(part for part in get_args(hint) if part is not NoneType)
    if hint is str:
        return _string(value, where, faults)
    if hint is date:
        return _day(value, where, faults)
    if get_origin(hint) is tuple:
        return _tuple(get_args(hint)[0], value, where, faults)
    if get_origin(hint) is Literal:
        return _choice(get_args(hint), value, where, faults)
    if is_dataclass(hint):
        built = read_row(hint, value, where, faults)  # type: ignore[arg-type]
        return BAD if built is None else built
    fits = type(value) is hint or (hint is float and type(value) is int)
    return value if fits else _refuse(where, value, NOUNS[hint], faults)


def _string(value: Any, where: str, faults: Faults) -> Any:
    if not isinstance(value, str):
        return _refuse(where, value, NOUNS[str], faults)
    if not value.strip():
        faults.add(where, Text("是空的。", "It is empty."), Text("写上内容。", "Write it."))
        return BAD
    return value


def _day(value: Any, where: str, faults: Faults) -> Any:
    """A day is written as a text: TOML's own dates are no JSON, which keeps these tables (tables.py)."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return _refuse(where, value, NOUNS[date], faults)


def _tuple(part: Any, value: Any, where: str, faults: Faults) -> Any:
    if not isinstance(value, list):
        return _refuse(where, value, NOUNS[list], faults)
    if part is str and all(isinstance(entry, str) and entry for entry in value):
        return tuple(value)
    if is_dataclass(part):
        built = [read_row(part, row, f"{where} {_called(row, n)}", faults) for n, row in enumerate(value, 1)]  # type: ignore[arg-type]
        return BAD if None in built else tuple(built)
    built = [_value(part, entry, f"{where} {n}", faults) for n, entry in enumerate(value, 1)]
    return BAD if any(entry is BAD for entry in built) else tuple(built)


def _choice(options: tuple[str, ...], value: Any, where: str, faults: Faults) -> Any:
    if value in options:
        return value
    what = Text(f"不能是 {value!r}。", f"It cannot be {value!r}.")
    faults.add(where, what, Text(f"可以是：{'、'.join(options)}。", f"It may be: {', '.join(options)}."))
    return BAD


def _refuse(where: str, value: Any, noun: Text, faults: Faults) -> Any:
    shown = repr(value) if len(repr(value)) <= 40 else repr(value)[:39] + "…"
    what = Text(f"应当是{noun.zh}，现在是 {shown}。", f"It should be {noun.en}; it is {shown}.")
    faults.add(where, what, Text(f"改成{noun.zh}。", f"Make it {noun.en}."))
    return BAD


def _called(row: object, number: int) -> str:
    return str(row["id"]) if isinstance(row, dict) and "id" in row else str(number)


def _optional(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint)
