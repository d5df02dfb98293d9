"""A topic's notes as one Markdown file of the learner's workspace, to be read and changed in any editor.

    # 自注意力 <!-- notes: self-attention … -->
    ## 为什么要除以根号 d？ <!-- note: why-sqrt-d 1f0c9a44d2b7 -->

    the text of the note …

The number is the digest of the text that was written there. Where the text has another digest now, it was changed in
the file. A line of a note that looks like such a heading gets a backslash in front, which reading takes off again.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from wenjin.kit.text import Text
from wenjin.study.store.log import StoreError

LARGEST = 4 << 20  # bytes of a file that is read back
TOP = re.compile(r"# .*<!-- notes: \S+ .*-->\s*")
HEAD = re.compile(r"## .*<!-- note: (\S+) ([0-9a-f]{12}) -->\s*")
ESCAPED = re.compile(r"\\*(?:## .*<!-- note: \S+ [0-9a-f]{12} -->|# .*<!-- notes: \S+ .*-->)\s*")
HOW = "a note is what stands below its heading; empty it to delete the note / 标题下面就是笔记，清空即删除"
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030")  # the last is what editors call GBK or ANSI

UNUSABLE = Text(
    "笔记存下了，但文件 {where} 读写不了（{detail}）；请检查磁盘空间和权限。",
    "The note is kept, but the file {where} cannot be read or written ({detail}); check space and permissions.",
)
TOO_LARGE = Text(
    "笔记文件 {where} 超过 {most} MiB，所以没有读回，也没有改动它；请把它改小。",
    "The file of notes {where} is larger than {most} MiB: it was not read back and not changed; make it smaller.",
)


NO_TEXT = Text(
    "笔记文件 {where} 不是 UTF-8 编码，又认不准是哪一种，所以没有读回，也没有改动它；请在编辑器里另存为 UTF-8。",
    "The file of notes {where} is not UTF-8, and no other encoding fits for sure: it was not read back and not "
    "changed; save it as UTF-8 in your editor.",
)
NO_FILE = Text(
    "笔记文件 {where} 是一个链接，或者不是普通文件，所以没有读回，也没有改动它；请把它移走，换成文件本身。",
    "The file of notes {where} is a link, or no plain file: it was not read back and not changed; move it away, or put "
    "the file itself in its place.",
)


class Unreadable(StoreError):
    """The file, not the log, is what fails: the notes are safe."""


@dataclass(frozen=True, slots=True)
class Section:
    """A note as a file holds it. `base`: the digest of the text from which it was changed, if it was."""

    anchor: str
    base: str
    text: str

    @property
    def changed(self) -> bool:
        return digest(self.text) != self.base


def tidy(text: str) -> str:
    """A text as the file keeps it: without blank lines around, with one kind of line end."""
    return text.replace("\r\n", "\n").strip("\n").rstrip()


def digest(text: str) -> str:
    return hashlib.sha256(tidy(text).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def compose(topic: str, title: str, notes: Iterable[tuple[str, str, str]]) -> str:
    """The file of a topic; notes as (anchor, heading, text)."""
    parts = [f"# {_plain(title)} <!-- notes: {topic} · {HOW} -->\n"]
    for anchor, heading, text in notes:
        lines = [f"\\{line}" if ESCAPED.fullmatch(line) else line for line in tidy(text).split("\n")]
        parts.append(f"## {_plain(heading)} <!-- note: {anchor} {digest(text)} -->\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def sections(content: str, otherwise: str) -> list[Section]:
    """The notes of a file. What the learner wrote above the first heading belongs to the anchor `otherwise`."""
    found: list[tuple[str, str, list[str]]] = [(otherwise, digest(""), [])]
    for line in content.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"):
        if head := HEAD.fullmatch(line):
            found.append((head[1], head[2], []))
        elif not TOP.fullmatch(line):
            found[-1][2].append(line.removeprefix("\\") if ESCAPED.fullmatch(line) else line)
    made = [Section(anchor, base, tidy("\n".join(lines))) for anchor, base, lines in found]
    return made if made[0].text else made[1:]


def stamp(file: Path) -> tuple[int, int] | None:
    """What tells that a file was changed: its time and size; None where there is none."""
    with suppress(OSError):
        status = file.lstat()
        return status.st_mtime_ns, status.st_size
    return None


def load(file: Path, kept: Path) -> str | None:
    """What the file holds; None where there is none. What is no file, or surely no text of ours, is refused and left
    as it is. A text in another encoding is read, and its bytes are first copied below `kept`."""
    try:
        content = _bytes(file)
        if content is None:
            raise Unreadable(NO_FILE.format(where=file))
        if len(content) > LARGEST:
            raise Unreadable(TOO_LARGE.format(where=file, most=LARGEST >> 20))
        text, encoding = _text(content)
        if text is None:
            raise Unreadable(NO_TEXT.format(where=file))
        if encoding != "utf-8":
            copy = kept / f"{file.stem}.{hashlib.sha256(content).hexdigest()[:12]}.md"  # once, however often it is read
            kept.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
        return text
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreadable(UNUSABLE.format(where=file, detail=error.strerror)) from error


def _bytes(file: Path) -> bytes | None:
    """None where this is a link (it may lead to anything), a folder or a pipe."""
    if not stat.S_ISREG(file.lstat().st_mode):
        return None
    opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # it may have become one of them since
    with open(opened, "rb") as lines:
        return lines.read(LARGEST + 1)


def _text(content: bytes) -> tuple[str | None, str]:
    """The text and its encoding; None where we cannot be sure. In another encoding than UTF-8 our own line must come
    out right."""
    for encoding in ENCODINGS:
        with suppress(UnicodeDecodeError):
            text = content.decode(encoding)
            if HOW in text or (encoding == "utf-8" and "\0" not in text):
                return text, encoding
    return None, ""


def store(file: Path, content: str) -> None:
    """All of it or what stood there before."""
    new = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(content.encode("utf-8", "replace"))
        os.replace(new, file)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise Unreadable(UNUSABLE.format(where=file, detail=error.strerror)) from error


def _plain(heading: str) -> str:
    return " ".join(heading.replace("<!--", "").replace("-->", "").split())
