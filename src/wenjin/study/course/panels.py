"""The panels that directives put into a lesson: listing, run, exercise, lab, figure, knob."""

import base64
import html
from collections.abc import Callable
from urllib.parse import urlencode

from wenjin.kit.lab import Picture, Used
from wenjin.kit.text import Text
from wenjin.study.course.chart import draw
from wenjin.study.course.dialect import Directive
from wenjin.study.course.faults import nearest
from wenjin.study.course.form import FormError
from wenjin.study.course.graph import Lab
from wenjin.study.course.highlight import code_block
from wenjin.study.course.listing import ListingError, Listings
from wenjin.study.course.page import Context

Markdown = Callable[[str], str]

OUTPUT = Text("输出", "Output")
EXERCISE = Text("练习", "Exercise")
OPEN = Text("开始做", "Start")
LAB = Text("实验", "Lab")
MINUTES = Text("两个核上约 {minutes:g} 分钟", "about {minutes:g} min on two cores")
LATER = Text("这个实验还没有写。", "This lab is still to be written.")
PREDICT = Text("先猜，再跑", "Predict, then run")
KNOBS = ("merges", "posterior")
TURN = Text("拧一拧", "Turn it")
NO_SCRIPT = Text("这里要打开 JavaScript 才能拧。", "It turns where JavaScript is on.")
RECORDED = Text(
    "实验[{title}]的参考运行，种子 {seed}；数据 {data}。", "The reference run of [{title}], seed {seed}; data {data}."
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
    """What a lab asks and the way to its form, filled with the directive's arguments. Its body, if any, is the
    lesson's own way of asking, in its own language."""
    name = directive.words[0] if directive.words else ""
    found = _lab(name, context)
    if found is None:
        known = "、".join(row.name for row in (context.topic.labs if context.topic else ()))
        return context.fault(
            line,
            Text(f"实验 {name} 不在这个主题里。", f"The lab {name} is not of this topic."),
            Text(f"这个主题的实验：{known}。", f"Labs of this topic: {known.replace('、', ', ')}."),
        )
    language = context.language
    label = f'<p class="label">{LAB[language]} · {MINUTES[language].format(minutes=found.minutes)}</p>'
    if found.form is None or found.texts is None:
        told = markdown(body) if body.strip() else f'<p lang="en">{html.escape(found.asks)}</p>'
        return (
            f'<aside class="lab" id="lab-{found.name}">{label}<h4><code>{html.escape(found.name)}</code></h4>'
            f'{told}<p class="quiet">{LATER[language]}</p></aside>\n'
        )
    try:
        found.form.read(directive.options)
    except FormError as error:
        return context.fault(line, error.text, Text("改正参数。", "Mend the argument."))
    asked = f"?{urlencode(directive.options)}" if directive.options else ""
    address = html.escape(f"/topics/{found.topic}/labs/{found.name}{asked}")
    told = markdown(body) if body.strip() else f"<p>{html.escape(found.texts.asks[language])}</p>"
    return (
        f'<aside class="lab" id="lab-{found.name}">{label}'
        f'<h4><a href="{address}">{html.escape(found.texts.title[language])}</a></h4>{told}'
        f'<p><a class="button" href="{address}">{PREDICT[language]}</a></p></aside>\n'
    )


def figure(directive: Directive, line: int, context: Context) -> str:
    """A chart of the run that a lab's author recorded, as drawing and table, or a picture that it drew: no script."""
    source, chart = (*directive.words, "", "")[:2]
    kind, _, name = source.partition(":")
    found = _lab(name, context) if kind == "lab" else None
    if found is None:
        return context.fault(
            line,
            Text(f"图 {source} 不属于这个主题的任何实验。", f"The figure {source} belongs to no lab of this topic."),
            Text('写成 {figure} lab:名字 图名 alt="…"。', 'Write {figure} lab:NAME CHART alt="…".'),
        )
    topic = context.topic.id if context.topic else ""
    if found.texts is None or found.reference is None or context.topic is None or context.topic.folder is None:
        return context.fault(
            line,
            Text(f"实验 {name} 还没有记录。", f"The lab {name} is not recorded."),
            Text(f"请运行 `wenjin course record {topic}`。", f"Run `wenjin course record {topic}`."),
        )
    pictures = {frame.name: frame for frame in found.reference.frames if isinstance(frame, Picture)}
    if chart not in found.texts.charts and chart not in pictures:
        known = (*found.texts.charts, *pictures)
        return context.fault(
            line, Text(f"实验 {name} 没有图 {chart}。", f"The lab {name} has no chart {chart}."), nearest(chart, known)
        )
    language = context.language
    alt = directive.options.get("alt", "")
    if chart in pictures:
        shown = picture(pictures[chart], alt or pictures[chart].alt[language])
    else:
        shown = draw(chart, found.texts.charts[chart], found.reference.frames, language, alt=alt).html
    data = ", ".join(dict.fromkeys(f.source for f in found.reference.frames if isinstance(f, Used)))
    note = RECORDED[language].format(
        title=html.escape(found.texts.title[language]), seed=found.reference.seeds[0], data=html.escape(data)
    )
    link = f'<a href="/topics/{found.topic}/labs/{found.name}">'
    note = note.replace("[", link).replace("]", "</a>")
    return f'<div class="lab-figure">{shown}<p class="quiet">{note}</p></div>\n'


def knob(directive: Directive, body: str, line: int, context: Context, markdown: Markdown) -> str:
    """Something to turn; without scripts, the text about it."""
    name = directive.words[0] if directive.words else ""
    if name not in KNOBS:
        what = Text(f"没有名为 {name} 的旋钮。", f"There is no knob called {name}.")
        return context.fault(line, what, nearest(name, KNOBS))
    given = html.escape(directive.options.get("with", ""))
    label = f'<p class="label">{TURN[context.language]}</p>'
    return (
        f'<aside class="knob" data-knob="{name}" data-with="{given}">{label}{markdown(body)}'
        f'<p class="knob-still">{NO_SCRIPT[context.language]}</p></aside>\n'
    )


def picture(shown: Picture, alt: str) -> str:
    """A picture that a lab drew, within the page."""
    return f'<figure class="run-picture"><img src="{address(shown)}" alt="{html.escape(alt)}"></figure>'


def address(shown: Picture) -> str:
    """A picture as the address of itself."""
    kind = "image/svg+xml" if shown.kind == "svg" else "image/png"
    return f"data:{kind};base64,{base64.b64encode(shown.data).decode()}"


def _lab(name: str, context: Context) -> Lab | None:
    return next((row for row in (context.topic.labs if context.topic else ()) if row.name == name), None)
