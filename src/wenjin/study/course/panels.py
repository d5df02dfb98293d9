"""The panels that directives put into a lesson: listing, run, exercise, lab, figure."""

import html
from collections.abc import Callable

from wenjin.kit.text import Text
from wenjin.study.course.dialect import Directive
from wenjin.study.course.highlight import code_block
from wenjin.study.course.listing import ListingError, Listings
from wenjin.study.course.page import Context

Markdown = Callable[[str], str]

OUTPUT = Text("输出", "Output")
EXERCISE = Text("练习", "Exercise")
OPEN = Text("开始做", "Start")
LAB = Text("实验", "Lab")
FIGURE = Text("图", "Figure")
MEASURES = Text("会量出：", "It will measure: ")
MINUTES = Text("两个核上约 {minutes:g} 分钟", "about {minutes:g} min on two cores")
LATER = Text("这个实验随后续版本开放，现在还不能运行。", "This lab opens with a later version; it cannot be run yet.")
FIGURE_LATER = Text(
    "这张图来自实验的参考运行，随实验一起开放。", "This figure comes from the lab's reference run and opens with it."
)


def listing(directive: Directive, line: int, context: Context, listings: Listings) -> str:
    """Lines of the library, with their numbers and a link to the whole file."""
    try:
        cited = listings.cite(directive.words[0] if directive.words else "")
    except ListingError as fault:
        return context.fault(line, fault.text, Text("", ""))
    context.cited.add(cited.path)
    name = f"{cited.module}:{cited.name}" if cited.name else cited.module
    address = f"/library/{cited.module}#L{cited.first}"
    place = f"{cited.path.name}:{cited.first}–{cited.last}"
    caption = f'<a href="{address}"><code>{html.escape(name)}</code> <span class="label">{place}</span></a>'
    code = code_block(cited.text, first=cited.first)
    return f'<figure class="listing"><figcaption>{caption}</figcaption>{code}</figure>\n'


def run(directive: Directive, body: str, line: int, context: Context) -> str:
    """An example and the output that was recorded for it."""
    name = directive.words[0] if directive.words else ""
    record = context.recorded(name)
    code = code_block(body, first=None)
    if not record:
        topic = context.topic.id if context.topic else ""
        return code + context.fault(
            line,
            Text(f"运行 {name} 还没有记录。", f"The run {name} is not recorded."),
            Text(f"请运行 `wenjin course record {topic}`。", f"Run `wenjin course record {topic}`."),
        )
    output = str(record.get("output", "")).rstrip("\n")
    shown = f'<pre class="output" tabindex="0">{html.escape(output)}</pre>' if output else ""
    caption = f'<figcaption class="label">{OUTPUT[context.language]}</figcaption>' if output else ""
    return f'<figure class="run" id="run-{html.escape(name)}">{code}{caption}{shown}</figure>\n'


def exercise(directive: Directive, line: int, context: Context, markdown: Markdown) -> str:
    """Where an exercise of this topic is done: its title, what it asks, the way there."""
    name = directive.words[0] if directive.words else ""
    rows = context.topic.exercises if context.topic else ()
    found = next((row for row in rows if row.name == name), None)
    if found is None or found.title is None or found.task is None:
        known = "、".join(row.name for row in rows)
        return context.fault(
            line,
            Text(
                f"练习 {name} 不在这个主题里，或还没有写完。",
                f"The exercise {name} is not of this topic, or not written.",
            ),
            Text(f"这个主题的练习：{known}。", f"Exercises of this topic: {known.replace('、', ', ')}."),
        )
    language = context.language
    address = f"/topics/{found.topic}/exercises/{found.name}"
    asks = markdown(found.task[language].strip().split("\n\n")[0])
    return (
        f'<aside class="exercise" id="exercise-{found.name}"><p class="label">{EXERCISE[language]}</p>'
        f'<h4><a href="{address}">{html.escape(found.title[language])}</a></h4>{asks}'
        f'<p><a class="button" href="{address}">{OPEN[language]}</a></p></aside>\n'
    )


def lab(directive: Directive, body: str, line: int, context: Context, markdown: Markdown) -> str:
    """What a lab asks and will measure. Its body, if any, is the lesson's own way of asking, in its own language."""
    name = directive.words[0] if directive.words else ""
    rows = context.topic.labs if context.topic else ()
    found = next((row for row in rows if row.name == name), None)
    if found is None:
        known = "、".join(row.name for row in rows)
        return context.fault(
            line,
            Text(f"实验 {name} 不在这个主题里。", f"The lab {name} is not of this topic."),
            Text(f"这个主题的实验：{known}。", f"Labs of this topic: {known.replace('、', ', ')}."),
        )
    language = context.language
    told = markdown(body) if body.strip() else f'<p lang="en">{html.escape(found.asks)}</p>'
    result = f'<p class="quiet">{MEASURES[language]}<span lang="en">{html.escape(found.result)}</span></p>'
    return (
        f'<aside class="lab" id="lab-{found.name}"><p class="label">{LAB[language]} · '
        f"{MINUTES[language].format(minutes=found.minutes)}</p><h4><code>{html.escape(found.name)}</code></h4>"
        f'{told}{"" if body.strip() else result}<p class="quiet">{LATER[language]}</p></aside>\n'
    )


def figure(directive: Directive, line: int, context: Context) -> str:
    """What a figure of a lab will show, while the lab has no reference run."""
    source = directive.words[0] if directive.words else ""
    kind, _, name = source.partition(":")
    if kind != "lab" or context.topic is None or all(row.name != name for row in context.topic.labs):
        return context.fault(
            line,
            Text(f"图 {source} 不属于这个主题的任何实验。", f"The figure {source} belongs to no lab of this topic."),
            Text('写成 {figure} lab:名字 序列 alt="…"。', 'Write {figure} lab:NAME series alt="…".'),
        )
    language = context.language
    alt = html.escape(directive.options.get("alt", ""))
    return (
        f'<aside class="figure"><p class="label">{FIGURE[language]}</p><p>{alt}</p>'
        f'<p class="quiet">{FIGURE_LATER[language]}</p></aside>\n'
    )
