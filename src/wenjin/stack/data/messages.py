r"""Catalogs of translated messages -> pairs in English and Chinese.

    #, python-format                         a .po file of gettext: entries of quoted strings that go on over lines
    msgid "Ensure that there are no more "
    "than %(max)s digits."
    msgstr[0] "确认小数不超过 %(max)s 位。"

    {"": {…}, "menu\u0004Code": ["代码"]}    JupyterLab's: context, \u0004, message -> its translations

Of a message with a plural, the plural is the English; Chinese has one form. What is not translated, or only guessed
(fuzzy), or the same in both, is left out. Contexts and blanks (%(max)s, %1) stay.

Omits   comments, references, entries that are no longer used (#~)
Source  GNU gettext manual, "The Format of PO Files"
Proof   tests/stack/data/test_text_readers.py: the pairs are those of a catalog compiled and read by Python's gettext;
        test_any_text.py: what is written as a catalog is read back
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from wenjin.stack.data.files import unpacked

FIELD = re.compile(r"(msgctxt|msgid_plural|msgid|msgstr)(?:\[\d+\])? *")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"$')
ESCAPE = re.compile(r"\\(.)")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Message:
    """`context` tells equal messages apart; mostly empty."""

    en: str
    zh: str
    context: str
    catalog: str

    @property
    def key(self) -> str:
        return self.en.casefold()


def read(text: str) -> Iterator[Message]:
    """The pairs of a kept part. Raises ValueError, with the name of the catalog and, in a .po file, the line."""
    for name, held in unpacked(text):
        try:
            pairs = jupyter(held) if name.endswith(".json") else po(held)
            for context, en, zh in pairs:
                if en.strip() and zh.strip() and en != zh:
                    yield Message(en, zh, context, name)
        except (ValueError, AttributeError, TypeError) as error:
            raise ValueError(f"{name} is no catalog: {error}") from None


def jupyter(text: str) -> Iterator[tuple[str, str, str]]:
    """(context, English, Chinese) of a catalog in JSON."""
    for key, translated in json.loads(text).items():
        if key:  # the empty one is the catalog's head
            context, _, message = key.rpartition("\x04")
            yield context, message, str(translated[0])


def po(text: str) -> Iterator[tuple[str, str, str]]:
    """(context, English, Chinese) of a .po file. Raises ValueError."""
    entry: dict[str, str] = {}
    fuzzy, field = False, ""
    for number, line in enumerate([*(line.strip() for line in text.split("\n")), ""], 1):
        begins = FIELD.match(line)
        if "msgstr" in entry and (line.startswith("#") or (begins and begins[1] in ("msgid", "msgctxt"))):
            yield from _whole(entry, fuzzy=fuzzy)  # entries need no empty line between them
            entry, fuzzy, field = {}, False, ""
        if line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
            continue
        if begins:
            field, line = begins[1], line[begins.end() :]
            entry.setdefault(field, "")
        if not line:
            yield from _whole(entry, fuzzy=fuzzy)
            entry, fuzzy, field = {}, False, ""
        elif (quoted := QUOTED.match(line)) and field:
            entry[field] += ESCAPE.sub(lambda escape: ESCAPES.get(escape[1], escape[1]), quoted[1])
        else:
            raise ValueError(f"line {number}: {line[:40]}")


def _whole(entry: dict[str, str], *, fuzzy: bool) -> Iterator[tuple[str, str, str]]:
    if entry.get("msgid") and entry.get("msgstr") and not fuzzy:
        yield entry.get("msgctxt", ""), entry.get("msgid_plural") or entry["msgid"], entry["msgstr"]
