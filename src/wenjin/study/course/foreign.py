"""Markdown that a stranger wrote, a model perhaps, made harmless before it is rendered.

HTML and pictures are no part of the dialect. What is left to take away: ids and anchors, directives, folded remarks,
formulas (shown as they were written: a stranger may not keep the formula engine busy), links into this course, and
characters that turn the writing around. A link that leads out shows its host, whatever its text claims.
"""

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from markdown_it.token import Token

from wenjin.kit.text import visible

LONGEST = 60_000  # characters that are read as Markdown; more is shown as plain lines
COLORED = ("python", "py")  # other languages would each load a part of the highlighter, for good
DEEPEST = 400  # marks of quotes or lists in one line: more is no text


def plain(text: str) -> str:
    """Safe to read as Markdown in reasonable time; what is not becomes a block of code."""
    text = visible(text)
    if len(text) > LONGEST or any(line.count(">") + line.count("[") > DEEPEST for line in text.splitlines()):
        return "\n".join("    " + line for line in text.splitlines())
    return text


def tamed(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without what a stranger may not do."""
    return list(_blocks(tokens))


def _blocks(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "p"
            token.attrs = {"class": "note-heading"} if token.nesting == 1 else {}
        elif token.type == "fence" and token.info.strip() not in COLORED:
            token.info = ""
        elif token.type.startswith("container_"):
            continue
        elif token.type == "math_block":
            token = _code(f"$$\n{token.content}\n$$", block=True)
        if token.children:
            token.children = list(_line(token.children))
        yield token


def _line(children: Sequence[Token]) -> Iterator[Token]:
    hosts: list[str] = []  # of the links that are open; "" for one that leads nowhere from here
    for child in children:
        if child.type == "link_open":
            hosts.append(host(str(child.attrGet("href") or "")))
            child.attrs.pop("title", None)
            if hosts[-1]:
                yield child
        elif child.type == "link_close":
            if leads := hosts.pop() if hosts else "":
                yield child
                yield Token("text", "", 0, content=f" ({leads})", meta={"linked": True})
        elif child.type == "math_inline":
            yield _code(f"{child.meta['before']}${child.content}${child.meta['after']}")
        elif child.type == "text":
            child.meta["linked"] = True  # a publication's number is left as it stands
            child.content = visible(child.content)  # once more: an entity may have named what turns the writing
            yield child
        else:
            yield child


def host(href: str) -> str:
    """Where an address leads, in letters that cannot be mistaken; "" unless it is one of the web, or of a mailbox."""
    try:
        parts = urlsplit(href)
        name = parts.hostname or ""
        name = name if name.isascii() else name.encode("idna").decode()
    except ValueError:
        return ""
    if parts.scheme == "mailto" and parts.path:
        return "mailto:" + parts.path[:80]
    if parts.scheme not in ("http", "https") or not name:
        return ""
    return name


def _code(text: str, block: bool = False) -> Token:
    return Token(
        "fence" if block else "code_inline", "code", 0, content=text, block=block, markup="```" if block else "`"
    )
