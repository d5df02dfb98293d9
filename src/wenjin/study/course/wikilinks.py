"""Links between notes and topics: [[self-attention]], [[自注意力#why-sqrt-d]], [[bpe|the tokenizer]].

A name is a topic's id or its title in either language; what stands behind # is a section, a lab (`lab-x`) or a card.
A link that leads nowhere is shown as it was typed, with a word on why: it may have been right in another version.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from markdown_it.token import Token

from wenjin.kit.text import Language, Text
from wenjin.study.course import dialect
from wenjin.study.course.graph import Course
from wenjin.study.course.margins import WHOLE, margins

LINK = re.compile(r"\[\[([^\[\]|#\n]{1,120})(?:#([^\[\]|#\n]{1,120}))?(?:\|([^\[\]|\n]{1,200}))?\]\]")
NO_TOPIC = Text("没有主题“{name}”", "there is no topic {name}")
NO_SECTION = Text("{topic} 没有“{name}”这一节", "{topic} has no section {name}")
NEAR = Text("，是不是 {name}？", "; did you mean {name}?")


@dataclass(frozen=True, slots=True)
class Link:
    """`typed` as it stands in the note. `topic` is None, or `fault` says so, where it leads nowhere."""

    typed: str
    topic: str | None
    anchor: str
    words: str
    fault: Text | None = None

    @property
    def address(self) -> str:
        if self.anchor.startswith("lab-"):
            return f"/topics/{self.topic}/labs/{self.anchor.removeprefix('lab-')}"
        return f"/topics/{self.topic}" + (f"#{self.anchor}" if self.anchor not in ("", WHOLE) else "")


def links(text: str, course: Course) -> list[Link]:
    """All links of a note, in order; code holds none."""
    found: list[Link] = []
    for token in dialect.parser().parse(text, {}):
        for child in token.children or ():
            if child.type == "text":
                found += [part for part in _parts(child.content, course) if isinstance(part, Link)]
    return found


def linked(tokens: Sequence[Token], course: Course, language: Language) -> list[Token]:
    """The tokens of a line, with links in the place of what was typed."""
    made: list[Token] = []
    for token in tokens:
        if token.type != "text" or "[[" not in token.content:
            made.append(token)
            continue
        for part in _parts(token.content, course, language):
            if isinstance(part, str):
                made.append(Token("text", "", 0, content=part))
            elif part.fault is not None:
                typed, why = html.escape(part.typed), html.escape(part.fault[language])
                told = f'<span class="link-broken">{typed} <small>({why})</small></span>'
                made.append(Token("html_inline", "", 0, content=told))
            else:
                told = f'<a href="{html.escape(part.address)}">{html.escape(part.words)}</a>'
                made.append(Token("html_inline", "", 0, content=told))
    return made


def resolve(name: str, course: Course) -> str | None:
    """The topic that has this id, or this title in either language."""
    if name in course.topics:
        return name
    wanted = name.casefold()
    titles = (t.id for t in course.topics.values() if wanted in (t.title.zh.casefold(), t.title.en.casefold()))
    return next(titles, None)


def _parts(text: str, course: Course, language: Language = "en") -> Iterator[str | Link]:
    at = 0
    for found in LINK.finditer(text):
        if found.start() > at:
            yield text[at : found.start()]
        yield _link(found, course, language)
        at = found.end()
    if at < len(text):
        yield text[at:]


def _link(found: re.Match[str], course: Course, language: Language) -> Link:
    name, anchor, words = found[1].strip(), (found[2] or "").strip(), (found[3] or "").strip()
    topic = resolve(name, course)
    if topic is None:
        fault = _fault(NO_TOPIC.format(name=name), name, list(course.topics))
        return Link(found[0], None, anchor, words or name, fault)
    heads = margins(course.topics[topic], language)
    if anchor and anchor not in heads:
        return Link(
            found[0], topic, anchor, words, _fault(NO_SECTION.format(topic=topic, name=anchor), anchor, [*heads])
        )
    title = course.topics[topic].title[language]
    return Link(found[0], topic, anchor, words or (f"{title} · {_plain(heads[anchor])}" if anchor else title))


def _fault(what: Text, name: str, known: list[str]) -> Text:
    near = get_close_matches(name, known, 1)
    told = NEAR.format(name=near[0]) if near else Text("", "")
    return Text(what.zh + told.zh, what.en + told.en)


def _plain(heading: str) -> str:
    return re.sub(r"[`*$]|\\\w+ ?", "", heading).strip()
