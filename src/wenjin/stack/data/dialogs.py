"""Short dialogs as chatterbot-corpus writes them -> turns.

    categories:                        the corner of YAML that these files use: two lists, one in the other, of strings
    - greetings                        that are plain, quoted, or literal (|), and that may go on, indented, on the
    conversations:                     lines below
    - - 你好吗?
      - 挺好.

Of low quality: gathered from users, short, in part translated word by word. They show what such data do to a model.

Omits   all else of YAML: anchors, tags, flow, folded strings (>), maps in lists, which no file of the package uses
Source  YAML 1.2.2, sections 7.3 and 8; the package chatterbot-corpus 1.3.3
Proof   tests/stack/data/test_text_readers.py and test_any_text.py: equal to PyYAML on strings of all these kinds, and
        on whatever PyYAML writes
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wenjin.stack.data.files import unpacked

ITEM = re.compile(r"(- - |  - |- -$|  -$|- )(.*)")  # trivia.yml once forgets the second dash
BLANK = " \t\r"  # no other space is one in YAML
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "_": "\xa0", "N": "\x85"}


@dataclass(frozen=True, slots=True)
class Dialog:
    """`language`: chinese or english; `topic`: the file, as in greetings."""

    language: str
    topic: str
    turns: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.turns[0]


def read(text: str) -> Iterator[Dialog]:
    """The dialogs of a kept part. Raises ValueError, with the file and the line."""
    for name, held in unpacked(text):
        *_, language, file = name.split("/")
        try:
            for turns in conversations(held):
                yield Dialog(language, file.removesuffix(".yml"), turns)
        except ValueError as error:
            raise ValueError(f"{name}, {error}") from None


def conversations(text: str) -> Iterator[tuple[str, ...]]:
    """The turns of each. Raises ValueError, with the line."""
    turns: list[str] = []
    for begins, turn in _items(text):
        if begins and turns:
            yield tuple(turns)
            turns = []
        turns.append(turn)
    if turns:
        yield tuple(turns)


def _items(text: str) -> Iterator[tuple[bool, str]]:
    """(is it the first of its dialog, its string) of every turn."""
    lines = text.split("\n")
    try:
        at = next(n for n, line in enumerate(lines) if line.rstrip() == "conversations:") + 1
    except StopIteration:
        raise ValueError("there is no line 'conversations:'") from None
    while at < len(lines):
        first, line = at, lines[at].rstrip("\r")
        at += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        item = ITEM.match(line)
        if not item:
            raise ValueError(f"line {first + 1} is no turn: {line[:40]}")
        while at < len(lines) and not re.match(r"(- |  ?- ?|\S)", lines[at]):  # what is indented more goes on
            at += 1
        try:
            yield item[1].startswith("-"), _string([item[2], *lines[first + 1 : at]])
        except ValueError as error:
            raise ValueError(f"line {first + 1}: {error}") from None


def _string(lines: list[str]) -> str:
    head = lines[0].strip(BLANK)
    if re.fullmatch(r"\|[-+]?", head):
        return _literal(head, lines[1:])
    if head[:1] in ("&", "*", "!", "{", "[", ">", "%", "@", "`"):
        raise ValueError(f"a string that these files do not use: {head[:40]}")
    folded = _folded(lines)
    if head[:1] == "'":
        if not re.fullmatch(r"'(?:[^']|'')*'", folded, re.DOTALL):
            raise ValueError("a quotation mark is missing")
        return folded[1:-1].replace("''", "'")
    if head[:1] == '"':
        if not re.fullmatch(r'"(?:[^"\\]|\\.)*"', folded, re.DOTALL):
            raise ValueError("a quotation mark is missing")
        return ESCAPE.sub(_escaped, folded[1:-1])
    return re.sub(r"[ \t]+#.*$", "", folded)


def _folded(lines: list[str]) -> str:
    """Lines joined as YAML does: a line end is a space, an empty line a line end."""
    out = lines[0].strip(BLANK)
    empty = 0
    for line in (one.strip(BLANK) for one in lines[1:]):
        if not line:
            empty += 1
        else:
            out += ("\n" * empty or " ") + line
            empty = 0
    return out


def _literal(head: str, lines: list[str]) -> str:
    indent = next((len(line) - len(line.lstrip()) for line in lines if line.strip()), 0)
    body = "\n".join(line[indent:] for line in lines)
    if head == "|+":
        return body
    return body.rstrip("\n") + ("\n" if head == "|" and body.strip() else "")


def _escaped(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else ESCAPES.get(code, code)
