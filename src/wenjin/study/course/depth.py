"""A lesson at three depths, as text for a terminal; the page shows the same three (templates/topic.html).

core        the questions with their short answers, and the closing sections: a whole reading by itself
derivation  the lesson, without what is set aside
beyond      with all that is set aside

What a page draws stands as text: listings and recorded runs as code, numbers filled in, charts as their description,
exercises and labs as the commands that open them. Formulas stay as they are typed.
"""

import re
from collections.abc import Iterator
from typing import Literal

from wenjin.kit.text import Language, Text
from wenjin.study.course.dialect import NUMBER
from wenjin.study.course.graph import Course, Topic
from wenjin.study.course.lesson import ASIDE, CLOSING, DIRECTIVE, FENCE, HEADING, Directive, path, read_directive
from wenjin.study.course.listing import ListingError, Listings
from wenjin.study.course.page import Context

Depth = Literal["core", "derivation", "beyond"]
DEPTHS: tuple[Depth, ...] = ("core", "derivation", "beyond")
CHECK = re.compile(r'\s*\{check="\w+"\}')
LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\(#([\w-]+)\)")
SEE = Text("{words}（#{anchor}）", "{words} (#{anchor})")
PRINTS = Text("打印：", "prints:")
FIGURE = Text("（图：{alt}）", "(figure: {alt})")
EXERCISE = Text("（练习：wenjin check {name}）", "(exercise: wenjin check {name})")
LAB = Text("（实验：wenjin lab run {name}）", "(lab: wenjin lab run {name})")
KNOB = Text("（页面上可以亲手调一调。）", "(There is something to turn on the page.)")


def lesson_at(topic: Topic, course: Course, language: Language, depth: Depth) -> str:
    """The lesson of a written topic as Markdown. Raises FileNotFoundError."""
    assert topic.folder is not None
    text = path(topic.folder, language).read_text(encoding="utf-8")
    context = Context(language, course=course, topic=topic)
    made = "\n".join(_filled(cut(text.lstrip("\ufeff").splitlines(), depth), context))
    return re.sub(r"\n{3,}", "\n\n", made).strip() + "\n"


def cut(lines: list[str], depth: Depth) -> list[str]:
    """The lines of a lesson that belong to a depth, as the lesson has them."""
    kept: list[str] = []
    fence, asides, answered, core = "", 0, True, False
    for line in lines:
        if fence:
            inside, fence = True, "" if line.strip() == fence else fence
        else:
            opens = FENCE.match(line.strip())
            inside, fence = bool(opens), opens["mark"] if opens else ""
        if not inside and ASIDE.match(line):
            asides += 1
        heading = None if inside or asides else HEADING.match(line)
        if heading and len(heading["level"]) == 2:
            core = heading["anchor"] not in CLOSING
            answered = False
            kept += ["", line, ""]
        elif asides and depth != "beyond":
            pass
        elif depth != "core" or not core or not answered:
            if core and depth == "core" and not line.strip() and kept[-1].strip():
                answered = kept[-1][:2] != "##"
            if heading is None or depth != "core" or not core:
                kept.append(line)
            else:
                answered = True
        if not inside and asides and line.strip() and set(line.strip()) == {":"}:
            asides -= 1
    return kept


def _filled(lines: list[str], context: Context) -> Iterator[str]:
    """The lines with what a page would put into them."""
    at = 0
    while at < len(lines):
        line = lines[at]
        opens = FENCE.match(line.strip())
        if opens is None:
            yield _prose(line, context)
            at += 1
            continue
        end = next((n for n in range(at + 1, len(lines)) if lines[n].strip() == opens["mark"]), len(lines))
        body = "\n".join(lines[at + 1 : end])
        named = DIRECTIVE.match(opens["info"])
        if named is None:
            yield from lines[at : end + 1]
        else:
            yield from _said(read_directive(named["kind"], named["rest"], body, at + 1), context)
        at = end + 1


def _prose(line: str, context: Context) -> str:
    aside, heading = ASIDE.match(line), HEADING.match(line)
    if aside:
        return f"> {_prose(aside['title'], context)}"
    if line.strip() and set(line.strip()) == {":"}:
        return ""
    if heading:
        line = f"{heading['level']} {heading['text']}" + (f" (#{heading['anchor']})" if heading["anchor"] else "")

    def number(found: re.Match[str]) -> str:
        return found[0] if found[1] else context.number(found[2], found[3], found[4] or "", 0)

    def see(found: re.Match[str]) -> str:
        return SEE.format(words=found[1], anchor=found[2])[context.language]

    return LINK.sub(see, NUMBER.sub(number, CHECK.sub("", line)))


def _said(directive: Directive, context: Context) -> Iterator[str]:
    """A directive in words and code."""
    language, topic = context.language, context.topic
    blanks = {"name": f"{topic.id if topic else ''}/{directive.argument}"}
    match directive.kind:
        case "code":
            try:
                yield f"```python\n{Listings().cite(directive.argument).text}\n```"
            except ListingError as error:
                yield error.text[language]
        case "run":
            yield f"```python\n{directive.body}\n```"
            output = str(context.recorded(directive.argument).get("output", "")).rstrip()
            if output:
                yield f"{PRINTS[language]}\n\n```text\n{output}\n```"
        case "figure":
            alt = dict(directive.options).get("alt") or " ".join((directive.argument, *directive.more))
            yield FIGURE.format(alt=alt)[language]
        case "exercise":
            yield EXERCISE.format(**blanks)[language]
        case "lab":
            yield LAB.format(**blanks)[language]
        case _:
            yield KNOB[language]
