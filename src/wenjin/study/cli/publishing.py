"""Notes, runs, code and progress as a folder of Markdown and as a small static site that opens without the course.

    DIR/markdown/index.md, notes/TOPIC.md, runs/RUN.md, code/TOPIC/FILE.py, pictures/RUN-CHART.svg
    DIR/site/…         the same as HTML with one sheet; formulas are MathML, which browsers set by themselves
    DIR/record.zip     everything, to be imported again: not to be published (`archive` writes it)

Each page is Markdown first and HTML is made of it, so both say the same. Private notes are in neither. Nothing is
loaded from anywhere else. Left out: lessons, which are the course's own, and conversations with models.
"""

import html
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from wenjin.kit.text import Language, Text
from wenjin.study.course.dialect import parser
from wenjin.study.course.graph import Course
from wenjin.study.course.margins import margins
from wenjin.study.course.maths import Maths, MathsError
from wenjin.study.labs.book import Run, book
from wenjin.study.progress.state import state
from wenjin.study.store.log import Log
from wenjin.study.store.notes import Notes, body
from wenjin.study.store.places import Places

TITLE = Text("我的问津", "My Wenjin")
MADE = Text("写于 {day}。", "Written on {day}.")
PROGRESS, NOTES, RUNS, CODE = (
    Text("进展", "Progress"),
    Text("笔记", "Notes"),
    Text("实验", "Runs"),
    Text("代码", "Code"),
)
PASSED = Text("通过 {passed}/{total} 道练习", "{passed} of {total} exercises passed")
NOTHING = Text("还没有。", "Nothing yet.")
ASKED, MEASURED, REMARK = Text("参数", "Arguments"), Text("量到的", "Measured"), Text("评注", "Remark")
BACK = Text("回到目录", "Back to the contents")
SHEET = """:root { color-scheme: light dark; }
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 1.05rem/1.7 Georgia, "Noto Serif CJK SC", serif; }
pre { overflow-x: auto; padding: .8rem; border: 1px solid; } img { max-width: 100%; background: white; }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem .2rem 0; text-align: start; }
"""
MATHML = re.compile(r"<math.*?</math>", re.DOTALL)
COLORS = ("#1f4e79", "#b5382e", "#3b7a57", "#8a6d1f", "#6b4a8a", "#444444")


@dataclass
class Page:
    """A page by its name without an ending, as `notes/ppo`; `pictures`: what it shows, as (file, what it is)."""

    name: str
    title: str
    text: str
    pictures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def up(self) -> str:
        return "../" * self.name.count("/")


def publish(target: Path, log: Log, places: Places, course: Course, language: Language, now: datetime) -> int:
    """Write both folders below `target`; returns how many pages there are. OSError where the disk refuses."""
    pictures: dict[str, str] = {}
    notes = list(noted(Notes(log, places.workspace, course), course, language))
    runs = list(ran(log, course, language, pictures))
    code = worked(places.workspace, course)
    pages = [contents(log, course, language, now, notes, runs, code), *notes, *runs]
    names = {page.name for page in pages}
    maths = Maths(places.data / "formulas")
    try:
        for page in pages:
            shown = "".join(f"\n![{said}]({page.up}{file})\n" for file, said in page.pictures)
            put(target / "markdown" / f"{page.name}.md", f"# {page.title}\n\n{page.text}{shown}")
            put(target / "site" / f"{page.name}.html", as_html(page, names, maths, language))
    finally:
        maths.close()
    for folder in ("markdown", "site"):
        for file, drawing in pictures.items():
            put(target / folder / file, drawing)
        for file, source in code.items():
            place = target / folder / file
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)
    put(target / "site" / "style.css", SHEET)
    return len(pages)


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8", "replace"))


def noted(notes: Notes, course: Course, language: Language) -> Iterator[Page]:
    """A page for each topic with notes that are not private."""
    found: dict[str, list[str]] = {}
    for note in notes.every(language):
        if not note.private:
            topic = course.topics.get(note.topic)
            head = margins(topic, language).get(note.anchor, note.anchor) if topic else note.anchor
            found.setdefault(note.topic, []).append(f"## {head}\n\n{body(note.text).strip()}\n")
    for name, parts in found.items():
        yield Page(f"notes/{name}", titled(course, name, language), "\n".join(parts))


def ran(log: Log, course: Course, language: Language, pictures: dict[str, str]) -> Iterator[Page]:
    """A page for each run that is over."""
    for run in book(log.events("run")).values():
        if run.state not in ("finished", "stopped", "failed"):
            continue
        page = Page(
            f"runs/{run.id}", f"{lab_title(course, run.lab, language)} · {run.at.astimezone():%Y-%m-%d %H:%M}", ""
        )
        parts = [f"## {ASKED[language]}\n\n{listed(run.arguments)}"]
        if run.verdict:
            parts.insert(0, f"{run.verdict.text()[language]}\n")
        if run.levels:
            parts.append(f"## {MEASURED[language]}\n\n{listed({n: f'{v:.6g}' for n, v in run.levels.items()})}")
        if run.remark:
            parts.append(f"## {REMARK[language]}\n\n{run.remark}\n")
        page.text = "\n".join(parts)
        for number, (chart, drawing) in enumerate(drawn(run).items()):
            file = f"pictures/{run.id}-{number}.svg"
            pictures[file] = drawing
            page.pictures.append((file, chart))
        yield page


def worked(workspace: Path, course: Course) -> dict[str, Path]:
    """The learner's own answers, by where they are laid."""
    found = {}
    for exercise in course.exercises.values():
        file = workspace / exercise.topic / f"{exercise.name.replace('-', '_')}.py"
        if file.is_file() and not file.is_symlink():
            found[f"code/{exercise.topic}/{file.name}"] = file
    return found


def contents(
    log: Log,
    course: Course,
    language: Language,
    now: datetime,
    notes: Sequence[Page],
    runs: Sequence[Page],
    code: Mapping[str, Path],
) -> Page:
    passed = {
        e for e, standing in state(log.events("attempt"), course).exercises.items() if standing.status == "passed"
    }
    parts = [MADE.format(day=f"{now:%Y-%m-%d}")[language], f"## {PROGRESS[language]}"]
    rows = []
    for topic in course.topics.values():
        ids = [exercise.id for exercise in topic.exercises if exercise.written]
        if done := sum(id in passed for id in ids):
            said = PASSED.format(passed=done, total=len(ids))[language]
            rows.append(f"- {escaped(topic.title[language])}: {said}")
    parts.append("\n".join(rows) or NOTHING[language])
    for title, pages in ((NOTES, notes), (RUNS, runs)):
        links = "\n".join(f"- [{escaped(page.title)}]({page.name}.md)" for page in pages)
        parts += [f"## {title[language]}", links or NOTHING[language]]
    parts += [f"## {CODE[language]}", "\n".join(f"- [{file}]({file})" for file in code) or NOTHING[language]]
    return Page("index", TITLE[language], "\n\n".join(parts) + "\n")


def as_html(page: Page, names: set[str], maths: Maths, language: Language) -> str:
    """A page; links to what is not published become their words."""
    md = parser()

    def formula(self: RendererHTML, tokens: Sequence[Token], n: int, options: Any, env: Any) -> str:
        display = tokens[n].type == "math_block"
        try:
            made = MATHML.search(maths.html(tokens[n].content.strip(), display))
        except MathsError:
            made = None
        set_out = made[0] if made else f"<code>{html.escape(tokens[n].content)}</code>"
        return f"<p>{set_out}</p>\n" if display else set_out

    def opened(self: RendererHTML, tokens: Sequence[Token], n: int, options: Any, env: Any) -> str:
        href = leads(str(tokens[n].attrGet("href") or ""), page, names)
        env.setdefault("open", []).append(href)
        return f'<a href="{html.escape(href)}" rel="noreferrer">' if href else ""

    def closed(self: RendererHTML, tokens: Sequence[Token], n: int, options: Any, env: Any) -> str:
        return "</a>" if env["open"].pop() else ""

    for kind, rule in (
        ("math_inline", formula),
        ("math_block", formula),
        ("link_open", opened),
        ("link_close", closed),
    ):
        md.add_render_rule(kind, rule)
    shown = "".join(f'<p><img src="{page.up}{file}" alt="{html.escape(said)}"></p>\n' for file, said in page.pictures)
    back = f'<p><a href="{page.up}index.html">{BACK[language]}</a></p>\n' if page.up else ""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{html.escape(page.title)}'
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if language == "zh" else "en"}">\n{head}</title>\n'
        f'<link rel="stylesheet" href="{page.up}style.css">\n'
        f"<main>\n{back}<h1>{html.escape(page.title)}</h1>\n{md.render(page.text, {})}{shown}</main>\n</html>\n"
    )


def leads(href: str, page: Page, names: set[str]) -> str:
    """Where a link leads in the site; "" where that is not in it."""
    if re.match(r"(https?|mailto):", href):
        return href
    if page.name == "index":
        return f"{href[:-3]}.html" if href.endswith(".md") else href
    topic = href.removeprefix("/topics/").partition("#")[0].partition("/")[0]
    run = href.removeprefix("/runs/")
    for name in (f"notes/{topic}", f"runs/{run}"):
        if name in names and name != page.name:
            return f"{page.up}{name}.html"
    return ""


def drawn(run: Run) -> dict[str, str]:
    """Each chart of a run as a picture of its own: lines over their points, with the least and greatest values."""
    found = {}
    for chart, points in run.curve.items():
        series: dict[str, list[tuple[float, float]]] = {}
        for point in points:
            for name, value in point.y.items():
                if isinstance(value, int | float) and abs(value) < 1e300:
                    series.setdefault(name, []).append((point.x, value))
        rows = [row for line in series.values() for row in line]
        if rows:
            found[chart] = picture(chart, series, rows)
    return found


def picture(
    title: str, series: Mapping[str, Sequence[tuple[float, float]]], rows: Sequence[tuple[float, float]]
) -> str:
    left, right = min(x for x, _ in rows), max(x for x, _ in rows)
    low, high = min(y for _, y in rows), max(y for _, y in rows)
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360" font-family="sans-serif" font-size="13">',
        f"<title>{html.escape(title)}</title>",
        '<path d="M60 20V310H620" fill="none" stroke="#888"/>',
        f'<text x="54" y="26" text-anchor="end">{high:.4g}</text>',
        f'<text x="54" y="310" text-anchor="end">{low:.4g}</text>',
        f'<text x="60" y="330">{left:.4g}</text><text x="620" y="330" text-anchor="end">{right:.4g}</text>',
    ]
    for n, (name, line) in enumerate(series.items()):
        at = " ".join(
            f"{60 + 560 * (x - left) / ((right - left) or 1):.1f},{310 - 290 * (y - low) / ((high - low) or 1):.1f}"
            for x, y in line
        )
        color = COLORS[n % len(COLORS)]
        parts.append(f'<polyline points="{at}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts.append(f'<text x="{60 + 110 * (n % 5)}" y="350" fill="{color}">{html.escape(name)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def listed(values: Mapping[str, Any]) -> str:
    return "\n".join(f"- {escaped(name)}: `{value}`" for name, value in values.items()) + "\n"


def titled(course: Course, topic: str, language: Language) -> str:
    known = course.topics.get(topic)
    return known.title[language] if known else topic


def lab_title(course: Course, id: str, language: Language) -> str:
    lab = course.labs.get(id)
    return lab.title[language] if lab and lab.title else id


def escaped(text: str) -> str:
    """Words that Markdown shall show as they are."""
    return re.sub(r"([\\`*_\[\]<>$#])", r"\\\1", text)
