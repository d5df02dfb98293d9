"""The files of a lab -> what the graph says of it: `labs/NAME.py` (only its signature), `labs/NAME.toml`, and
`recorded/lab_NAME.json` where there is one. Nothing is run. The fields are listed in lab.py."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from wenjin.kit.lab import BadRow, from_row
from wenjin.kit.text import Text
from wenjin.study.course.faults import Faults, nearest
from wenjin.study.course.form import Form, SignatureError, read_form
from wenjin.study.course.graph import Lab
from wenjin.study.course.lab import (
    Chart,
    ClaimTexts,
    LabTexts,
    LevelTexts,
    Parameter,
    Reference,
    TableTexts,
)
from wenjin.study.course.rows import read_row, read_toml

FORMAT = 1
GROUPS: dict[str, tuple[str, type, str | None]] = {  # in the file -> field, class, what it holds by name
    "parameter": ("parameters", Parameter, "options"),
    "chart": ("charts", Chart, "series"),
    "level": ("levels", LevelTexts, None),
    "table": ("tables", TableTexts, "columns"),
    "claim": ("claims", ClaimTexts, None),
}
T = TypeVar("T")


def read_lab(lab: Lab, folder: Path, faults: Faults) -> Lab:
    """The lab with what `folder` (the topic's `labs`) holds; as it was while its file is not written."""
    file = folder / f"{lab.name.replace('-', '_')}.py"
    if not file.is_file():
        return lab
    form, texts = _form(file, faults), _texts(file.with_suffix(".toml"), faults)
    if form is None or texts is None:
        return lab
    _fit(form, texts, faults.place(file.with_suffix(".toml")), faults)
    reference = read_reference(reference_path(folder.parent, lab.name), faults)
    return replace(lab, folder=folder, form=form, texts=texts, reference=reference)


def reference_path(topic: Path, name: str) -> Path:
    return topic / "recorded" / f"lab_{name.replace('-', '_')}.json"


def read_reference(path: Path, faults: Faults) -> Reference | None:
    """The recorded run; None where there is none or it is not one."""
    if not path.is_file():
        return None
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        if row["format"] != FORMAT or row["kind"] != "lab":
            raise ValueError(f"format {row['format']}, kind {row['kind']}")
        return Reference(
            lab_sha256=row["lab_sha256"],
            library_sha256=row["library_sha256"],
            data=MappingProxyType(row["data"]),
            seeds=tuple(row["seeds"]),
            bands=MappingProxyType({name: (float(low), float(high)) for name, (low, high) in row["bands"].items()}),
            arguments=MappingProxyType(row["arguments"]),
            frames=tuple(from_row(frame) for frame in row["frames"]),
            seconds=float(row["seconds"]),
            machine=row["machine"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, BadRow) as error:
        what = Text(f"不是一次运行的记录：{error}。", f"This is not the record of a run: {error}.")
        again = Text("用 wenjin course record 重新记录。", "Record it again with wenjin course record.")
        faults.add(path, what, again)
        return None


def _form(file: Path, faults: Faults) -> Form | None:
    place, remedy = faults.place(file), Text("改正签名。", "Mend the signature.")
    try:
        return read_form(file.read_text(encoding="utf-8"), file.stem)
    except SignatureError as error:
        faults.add(f"{place}:{error.line}", error.text, remedy)
    except (SyntaxError, UnicodeDecodeError) as error:
        line = getattr(error, "lineno", 1)
        faults.add(f"{place}:{line}", Text(f"不是合法的 Python：{error}。", f"This is not Python: {error}."), remedy)
    return None


def _texts(path: Path, faults: Faults) -> LabTexts | None:
    table = read_toml(path, faults)
    if table is None:
        return None
    place = faults.place(path)
    groups: dict[str, Any] = {}
    for name, (field, kind, inner) in GROUPS.items():
        groups[field] = _by_name(kind, table.pop(name, {}), inner, f"{place}, {name}", faults)
    texts = read_row(LabTexts, table, place, faults)
    if texts is None or any(group is None for group in groups.values()):
        return None
    return replace(texts, **groups)


def _by_name(kind: type[T], rows: Any, inner: str | None, where: str, faults: Faults) -> Mapping[str, T] | None:
    """The tables below `where`, each as a `kind`; `inner` is a field of theirs that again holds texts by name."""
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        what = Text("下面应当是一张张有名字的表。", "What stands below it should be tables with names.")
        faults.add(where, what, Text("写成 [组.名字]。", "Write [group.name]."))
        return None
    found: dict[str, T] = {}
    for name, row in rows.items():
        rest, texts = dict(row), {}
        for key, text in (rest.pop(inner, {}) if inner else {}).items():
            if (read := read_row(Text, text, f"{where}.{name}.{inner}.{key}", faults)) is not None:
                texts[key] = read
        if (one := read_row(kind, rest, f"{where}.{name}", faults)) is None:
            return None
        found[name] = replace(one, **{inner: MappingProxyType(texts)}) if inner else one  # type: ignore[type-var]
    return MappingProxyType(found)


def _fit(form: Form, texts: LabTexts, place: str, faults: Faults) -> None:
    """Every parameter and option has its words, and predictions are about something."""
    names = [field.name for field in form.fields]
    for name in texts.parameters.keys() - set(names):
        what = Text(f"实验没有参数 {name}。", f"The lab has no parameter {name}.")
        faults.add(f"{place}, parameter", what, nearest(name, names))
    for field in form.fields:
        words = texts.parameters.get(field.name)
        lacking = [option for option in field.options if words and option not in words.options]
        if words is None or lacking:
            shown = ", ".join(lacking) or field.name
            what = Text(f"{shown} 没有名称。", f"{shown} has no words.")
            faults.add(f"{place}, parameter.{field.name}", what, Text("写上名称。", "Give it a title."))
    for prediction in texts.predictions:
        where, about = f"{place}, prediction {prediction.id}", [*texts.levels, *texts.claims]
        if prediction.about not in about:
            what = Text(f"about 写了 {prediction.about}。", f"about names {prediction.about}.")
            faults.add(where, what, nearest(prediction.about, about))
        keys = [option.key for option in prediction.options]
        if prediction.answer not in keys:
            what = Text(f"answer 写了 {prediction.answer}。", f"answer names {prediction.answer}.")
            faults.add(where, what, nearest(prediction.answer, keys))
