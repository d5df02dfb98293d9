"""A lesson -> HTML. Also tasks, hints, cards and feedback, and the library's source files.

The page works without scripts, holds no `style=`, and passes no HTML of the Markdown through. What it is made of,
for the style sheet:

    p.lead                                   the introduction
    section.question#ANCHOR > h2 > a.anchor  a question; its first paragraph is p.answer, the short answer
    section.closing.closing-summary|-mistakes|-further|-next#ANCHOR     the end of a lesson
    section.part.part-principle|-code|-practice > h3
    details.part.part-derivation > summary > h3           derivations fold
    details.aside > summary                  a side remark, folded
    div.equation > div.formula (scrolls) + span.number, span.checked    a displayed formula; .checked: code checks it
    span.formula-inline, .after-han, .before-han          a formula in a line, and where it touches a Chinese character
    span.together                            a formula with the punctuation that touches it; no line ends between them
    span.gap                                 empty, between Chinese and Latin: to be widened where the browser has no
                                             `text-autospace`
    figure.listing > figcaption > a + pre.code            lines of the library with their numbers
    figure.run > pre.code + figcaption + pre.output       an example and what it printed
    pre.code(.numbered) > code > span.line[data-line]     code; ::before draws the number from data-line, so that it is
                                             not copied. Pygments' short classes inside: k, n, s1, c1, mi, o, …
    div.scroll > table                       th, td with .align-left, .align-center, .align-right
    div.lab-figure > figure.chart, p.quiet   a chart of a lab's recorded run (chart.py)
    aside.knob[data-knob]                    something to turn (islands/src/knobs.ts)
    aside.exercise, aside.lab > p.label, h4, p …, p > a.button
    p.fault, code.fault                      what could not be rendered, and why; `course check` refuses it
    a.external                               a link that leaves the course

Links in a lesson: `#anchor`, `exercises/NAME`, `TOPIC`, `TOPIC#anchor`, `/page`, `https://…`.
"""

import hashlib
import html
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from markdown_it.token import Token

from wenjin.kit.text import Language, Text, visible
from wenjin.study.course import dialect, foreign, panels, wikilinks
from wenjin.study.course.graph import Course, Topic
from wenjin.study.course.highlight import code_block
from wenjin.study.course.lesson import CLOSING, PARTS
from wenjin.study.course.listing import Listings
from wenjin.study.course.maths import Maths, MathsError
from wenjin.study.course.page import Context, Page

TAG = re.compile(r"\\tag(\*?)\s*\{([^{}]*)\}")
HAN = "\u3400-\u9fff\uf900-\ufaff"
IS_HAN = re.compile(f"[{HAN}]")
SEAM = re.compile(rf"(?<=[{HAN}])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%])(?=[{HAN}])")
BASE = '<span class="katex-base">'  # KaTeX's unit within which no line ends
OUTSIDE = re.compile(r"(https?|mailto):")
CITED = re.compile(r"\b(?:arXiv:(\d{4}\.\d{4,5})|doi:(10\.\d{4,9}/[\w.()/-]*\w))")
CHECKED = Text("程序核对过", "checked by code")
CHECKED_WHY = Text("checks.py 的 {name} 验证这个式子", "{name} in checks.py verifies this formula")
HERE = Text("这一节的链接", "Link to this section")
Stamps = dict[Path, tuple[int, int] | None]
KEPT, LESSONS = 4096, 8  # texts and lessons that are kept rendered; a lesson takes two megabytes


class Renderer:
    """Renders the texts of a course; safe to share between threads. What did not change is rendered once."""

    def __init__(self, maths: Maths, listings: Listings | None = None) -> None:
        self.maths = maths
        self.listings = listings or Listings()
        self._lessons: dict[tuple[str, Language], tuple[tuple[bytes, Topic], Stamps, Page]] = {}
        self._texts: dict[tuple[str, Language, bool], str] = {}
        self._lock = threading.Lock()
        self._md = dialect.parser()
        self._md.renderer.rules.update(  # type: ignore[attr-defined]
            text=self._text,
            math_inline=self._math_inline,
            math_block=self._math_block,
            fence=self._fence,
            link_open=self._link_open,
            table_open=lambda *_: '<div class="scroll"><table>\n',
            table_close=lambda *_: "</table></div>\n",
            th_open=self._cell,
            td_open=self._cell,
            container_fold_open=self._fold_open,
            container_fold_close=lambda *_: "</details>\n",
        )

    def render(self, topic: Topic, course: Course, language: Language) -> Page:
        """The lesson of a topic that has one. Faults stand in the page and in `Page.faults`; nothing is raised."""
        assert topic.folder is not None
        path = topic.folder / f"lesson.{language}.md"
        source = path.read_bytes()
        made_of = (hashlib.sha256(source).digest(), topic)
        known = self._lessons.get((topic.id, language))
        if known and known[0] == made_of and known[1] == _stamps(known[1]):
            return known[2]
        where = path.relative_to(course.root).as_posix() if path.is_relative_to(course.root) else path.as_posix()
        context = Context(language, where, course, topic)
        page = self._lesson(source.decode("utf-8"), context)
        with self._lock:
            self._lessons.pop((topic.id, language), None)
            while len(self._lessons) >= LESSONS:
                del self._lessons[next(iter(self._lessons))]  # the one that was rendered first
            self._lessons[topic.id, language] = (made_of, _stamps(context.cited), page)
        return page

    def markdown(self, text: str, language: Language = "zh", inline: bool = False) -> str:
        """A task, hint, card or feedback as HTML; with `inline` without a paragraph around it."""
        key = (text, language, inline)
        kept = self._texts.get(key)
        if kept is None:
            env = {"context": Context(language)}
            kept = self._md.renderInline(text, env) if inline else self._md.render(text, env)
            self._keep(key, kept)
        return kept

    def note(self, text: str, topic: Topic | None, course: Course, language: Language) -> str:
        """A learner's note, beside a topic or on its own, as HTML. Its headings are no headings of the page, and carry
        no id."""
        text = visible(text)
        key = (f"{topic.id if topic else '#'}\n{text}", language, False)
        kept = self._texts.get(key)
        if kept is None:
            env = {"context": Context(language, course=course, beside=topic)}
            tokens = self._md.parse(text, env)
            for token in tokens:
                if token.type in ("heading_open", "heading_close"):
                    token.tag = "p"
                    token.attrs = {"class": "note-heading"} if token.nesting == 1 else {}
                if token.children and "[[" in token.content:
                    token.children = wikilinks.linked(token.children, course, language)
            kept = self._md.renderer.render(tokens, self._md.options, env)
            self._keep(key, kept)
        return kept

    def foreign(self, text: str, language: Language) -> str:
        """What a model wrote, as HTML: nothing in it loads, links say where they lead, ids and directives are none."""
        env = {"context": Context(language)}
        return str(
            self._md.renderer.render(foreign.tamed(self._md.parse(foreign.plain(text), env)), self._md.options, env)
        )

    def source(self, module: str) -> Page:
        """A source file of the library, each line with the id L<number>. Raises ListingError."""
        cited = self.listings.cite(module)
        return Page(cited.module, code_block(cited.text, first=1, ids=True))

    def _keep(self, key: tuple[str, Language, bool], rendered: str) -> None:
        with self._lock:
            if len(self._texts) >= KEPT:
                self._texts.clear()
            self._texts[key] = rendered

    # The structure of a lesson

    def _lesson(self, text: str, context: Context) -> Page:
        env = {"context": context, "numbers": context.number}
        out: list[str] = []
        outline: list[tuple[str, str]] = []
        title, section, part = "", "", ""
        starts: list[int] = []  # where in `out` each section begins
        answered = False
        for block in _blocks(self._md.parse(text.lstrip("\ufeff"), env)):
            level = block[0].tag if block[0].type == "heading_open" else ""
            if level in ("h1", "h2", "h3"):
                out.append(part)
                part = ""
                heading = self._inline(block[1], env)
            if level == "h1":
                title = heading
            elif level == "h2":
                anchor = dialect.anchor(block[0]) or ""
                answered = anchor in CLOSING
                kind = f"closing closing-{anchor}" if answered else "question"
                outline.append((anchor, heading))
                link = f'<a class="anchor" href="#{anchor}" aria-label="{HERE[context.language]}">#</a>'
                out.append(section)
                starts.append(len(out))
                out.append(f'<section class="{kind}" id="{anchor}">\n<h2>{heading} {link}</h2>\n')
                section = "</section>\n"
            elif level == "h3":
                opened, part = _part(block[1].content, heading)
                out.append(opened)
            elif block[0].type == "paragraph_open" and not section:
                out.append(f'<p class="lead">{self._inline(block[1], env)}</p>\n')
            elif block[0].type == "paragraph_open" and not answered:
                out.append(f'<p class="answer">{self._inline(block[1], env)}</p>\n')
                answered = True
            else:
                out.append(self._md.renderer.render(block, self._md.options, env))
        out += [part, section]
        anchors = {anchor for anchor, _ in outline} | {"cards"}
        for target, line in context.targets:
            if target not in anchors:
                what = Text(f"这篇课文没有锚点 #{target}。", f"This lesson has no anchor #{target}.")
                known = ", ".join(sorted(anchors))
                context.fault(line, what, Text(f"有的锚点：{known}。", f"Its anchors: {known}."))
        bounds = pairwise([0, *starts, len(out)])
        sections = tuple("".join(out[start:end]) for start, end in bounds)
        return Page(title, "".join(sections), tuple(outline), tuple(context.faults), sections)

    def _inline(self, token: Token, env: dict[str, Any]) -> str:
        return str(self._md.renderer.render([token], self._md.options, env))

    # The look of single tokens

    def _text(self, tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
        """Running text, with Chinese and Latin set apart and publications linked by their numbers."""
        text = SEAM.sub('<span class="gap"></span>', html.escape(tokens[at].content, quote=False))
        return text if tokens[at].meta.get("linked") else CITED.sub(_publication, text)

    def _math_inline(self, tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
        context: Context = env["context"]
        try:
            formula = self.maths.html(tokens[at].content)
        except MathsError as fault:
            return context.fault(_line(tokens[at]), fault.text, Text("", ""), inline=True)
        opens, closes = (html.escape(tokens[at].meta[side], quote=False) for side in ("before", "after"))
        before = opens or (tokens[at - 1].content[-1:] if at else "")
        after = closes or (tokens[at + 1].content[:1] if at + 1 < len(tokens) else "")
        kind = "formula-inline" + " after-han" * bool(IS_HAN.match(before)) + " before-han" * bool(IS_HAN.match(after))
        if not opens and not closes:
            return f'<span class="{kind}">{formula}</span>'
        first, *rest = formula.split(BASE)
        formula = BASE.join([first, f"<wbr>{BASE}".join(rest)]) if rest else first
        return f'<span class="together">{opens}<span class="{kind}">{formula}</span>{closes}</span>'

    def _math_block(self, tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
        """KaTeX sets its own \\tag over a long formula; here the number has a column of its own."""
        context: Context = env["context"]
        token = tokens[at]
        tags = TAG.findall(token.content)
        try:
            formula = self.maths.html(TAG.sub("", token.content) if len(tags) == 1 else token.content, display=True)
        except MathsError as fault:
            return context.fault(_line(token), fault.text, Text("", ""))
        beside = ""
        if len(tags) == 1:
            star, number = tags[0]
            beside += f'<span class="number">{html.escape(number if star else f"({number})")}</span>'
        if check := token.meta.get("check"):
            why = html.escape(CHECKED_WHY[context.language].format(name=check))
            beside += f'<span class="checked" title="{why}">{CHECKED[context.language]}</span>'
        return f'<div class="equation"><div class="formula">{formula}</div>{beside}</div>\n'

    def _fence(self, tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
        context: Context = env["context"]
        token = tokens[at]
        directive = dialect.directive(token)
        if directive is None:
            return code_block(token.content, token.info.strip().split(" ")[0] or "text")
        line, body = _line(token), token.content
        if context.topic is not None:
            match directive.name:
                case "code":
                    return panels.listing(directive, line, context, self.listings)
                case "run":
                    return panels.run(directive, body, line, context)
                case "exercise":
                    return panels.exercise(directive, line, context, self._within(context))
                case "lab":
                    return panels.lab(directive, body, line, context, self._within(context))
                case "figure":
                    return panels.figure(directive, line, context)
                case "knob":
                    return panels.knob(directive, body, line, context, self._within(context))
        return context.fault(
            line,
            Text(f"这里不能用指令 {directive.name}。", f"The directive {directive.name} cannot stand here."),
            Text(
                "课文里可用 code、run、exercise、lab、figure、knob。",
                "A lesson has code, run, exercise, lab, figure and knob.",
            ),
        )

    def _within(self, context: Context) -> Callable[[str], str]:
        return lambda text: self._md.render(text, {"context": context})

    def _fold_open(self, tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
        context: Context = env["context"]
        name, _, title = tokens[at].info.strip().partition("}")
        fault = ""
        if name != "{aside":
            what = Text(f"不认识的折叠块 {name}}}。", f"Unknown folded block {name}}}.")
            fault = context.fault(_line(tokens[at]), what, Text("写 :::{aside} 标题。", "Write :::{aside} title."))
        summary = self._md.renderInline(title.strip(), env)
        return f'<details class="aside"><summary>{summary}</summary>\n{fault}'

    def _link_open(self, tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
        context: Context = env["context"]
        href = str(tokens[at].attrGet("href") or "")
        if OUTSIDE.match(href):
            return f'<a class="external" rel="noopener noreferrer" href="{html.escape(href)}">'
        topic, mark, anchor = href.partition("#")
        home = context.topic or context.beside
        if href.startswith("#") and context.beside:
            href = f"/topics/{context.beside.id}{href}"
        elif href.startswith("#"):
            context.targets.append((anchor, _line(tokens[at])))
        elif home and re.fullmatch(r"exercises/[a-z0-9-]+", href):
            names = [row.name for row in home.exercises]
            if href.removeprefix("exercises/") not in names:
                what = Text(f"没有练习 {href}。", f"There is no {href}.")
                context.fault(
                    _line(tokens[at]), what, Text(f"有：{'、'.join(names)}。", f"There are: {', '.join(names)}.")
                )
            href = f"/topics/{home.id}/{href}"
        elif context.course and topic in context.course.topics:
            href = f"/topics/{topic}{mark}{anchor}"
        elif not href.startswith("/") or href.startswith("//"):
            what = Text(f"链接 {href} 不知指向哪里。", f"The link {href} leads nowhere.")
            remedy = Text(
                "写 #锚点、主题、主题#锚点、exercises/名字 或完整网址。",
                "Write #anchor, TOPIC, TOPIC#anchor, exercises/NAME or a full address.",
            )
            context.fault(_line(tokens[at]), what, remedy)
        return f'<a href="{html.escape(href)}">'

    def _cell(self, tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
        style = str(tokens[at].attrGet("style") or "")
        align = f' class="align-{style.removeprefix("text-align:")}"' if style else ""
        return f"<{tokens[at].tag}{align}>"


def _blocks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The blocks at the outermost level, each with all that it holds."""
    block: list[Token] = []
    depth = 0
    for token in tokens:
        block.append(token)
        depth += token.nesting
        if depth == 0:
            yield block
            block = []


def _part(text: str, heading: str) -> tuple[str, str]:
    """How a part begins and ends. A heading that names no part stays a heading."""
    for key, name in PARTS.items():
        if text.startswith((name.zh, name.en)):
            if key == "derivation":
                return f'<details class="part part-derivation"><summary><h3>{heading}</h3></summary>\n', "</details>\n"
            return f'<section class="part part-{key}"><h3>{heading}</h3>\n', "</section>\n"
    return f"<h3>{heading}</h3>\n", ""


def _publication(found: re.Match[str]) -> str:
    address = f"https://arxiv.org/abs/{found[1]}" if found[1] else f"https://doi.org/{found[2]}"
    return f'<a class="external" rel="noopener noreferrer" href="{address}">{found[0]}</a>'


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def _stamps(files: Iterable[Path]) -> Stamps:
    """The state of each file: when one changes, what was rendered from it is stale."""
    return {file: (file.stat().st_mtime_ns, file.stat().st_size) if file.is_file() else None for file in files}
