"""What the lab commands show: a lab's question, a run with its results, the list of runs, two runs side by side."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wenjin.kit.lab import Table as Rows
from wenjin.kit.text import Language, Text
from wenjin.study.cli.terminal import clean
from wenjin.study.course.graph import CauseTexts, Course, Lab
from wenjin.study.labs.book import Comparison, Run
from wenjin.study.labs.causes import said
from wenjin.study.labs.verdict import Foretold, Judged, RunVerdict

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

BLOCKS = "▁▂▃▄▅▆▇█"
STATES = {
    "queued": Text("排队", "queued"),
    "running": Text("运行中", "running"),
    "stopped": Text("已停", "stopped"),
    "finished": Text("完成", "finished"),
    "failed": Text("出错", "failed"),
}
NORMAL = {True: Text("正常", "normal"), False: Text("不正常", "not normal"), None: Text("未判断", "not judged")}
HEADS = {
    "name": Text("结果", "Result"),
    "value": Text("数值", "Value"),
    "band": Text("参考范围", "Usual range"),
    "run": Text("编号", "Run"),
    "at": Text("时间", "When"),
    "lab": Text("实验", "Lab"),
    "state": Text("状态", "State"),
    "seconds": Text("用时", "Took"),
    "verdict": Text("判断", "Verdict"),
    "remark": Text("评语", "Remark"),
    "argument": Text("参数", "Argument"),
}
CLAIMS = {True: Text("成立", "holds"), False: Text("不成立", "does not hold"), None: Text("看不出", "cannot be told")}
FORETOLD = Text("预测", "Prediction")
RIGHT, OTHER = Text("与结果相符", "as it came"), Text("结果是：{answer}", "what came: {answer}")
REASON, TRY = Text("多半因为", "Most likely"), Text("试试", "Try")
FALLBACK = Text(
    "数据 {id} 没有取到首选来源，用的是替代：{source}（{rows} 行）。",
    "Data {id}: the first source was not there; used instead: {source} ({rows} rows).",
)
DATA = Text("数据 {id}：{source}，{rows} 行，SHA-256 {sha}…", "Data {id}: {source}, {rows} rows, SHA-256 {sha}…")
SPENT = Text("用时 {seconds}，内存最多 {memory} MiB。", "Took {seconds}, at most {memory} MiB.")
SAID = Text("它最后打印的：", "The last that it printed:")
FORCED = Text("中途换过代码，由你决定继续。", "The code changed on the way, and you let it go on.")
NO_RUNS = Text(
    "实验本还是空的；用 wenjin lab list 看有哪些实验。", "The lab book is empty; wenjin lab list shows the labs."
)


def clock(seconds: float) -> str:
    """1:05, 2:00:00, and tenths below a minute: 3.2 s."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def sentence(run: Run) -> str:
    """The arguments in one line."""
    return clean(" ".join(f"--{name.replace('_', '-')} {_plain(value)}" for name, value in run.arguments.items()))


def result(run: Run, course: Course, language: Language) -> "RenderableType":
    """A run with all that is known of it."""
    from rich.console import Group
    from rich.text import Text as Rich

    lab, verdict = course.lab(run.lab), run.verdict
    title = lab.title[language] if lab and lab.title else run.lab
    head = Rich(clean(title), style="bold").append(f"  {run.lab}  {run.id[:8]}", style="not bold dim")
    parts: list[RenderableType] = [head, Rich(sentence(run), style="dim")]
    if run.why is not None:
        parts.append(Rich("\n" + clean(run.why[language]), style="bold red"))
        if run.output:
            parts.append(Rich(f"\n{SAID[language]}\n{clean(run.output)[-1500:].rstrip()}", style="dim"))
    if run.frames:
        parts += ["", *_curves(run, lab, language)]
        judged = verdict.levels if verdict else [Judged(n, v, None, None, None) for n, v in run.levels.items()]
        parts.append(_levels(judged, lab, language))
        parts += _tables(run, lab, language)
    if verdict is not None:
        parts += _claims(verdict, lab, language)
        parts += [_foretold(each, run, lab, language) for each in verdict.predictions]
        style = {True: "bold green", False: "bold red", None: "bold"}[verdict.normal]
        parts.append(Rich("\n" + clean(verdict.text(_names(lab))[language]), style=style))
    parts += _causes(run, course.causes, language)
    for used in run.data:
        told = FALLBACK if used.fallback else DATA
        text = told.format(id=used.id, source=used.source, rows=f"{used.rows:,}", sha=used.sha256[:12])
        parts.append(Rich(clean(text[language]), style="yellow" if used.fallback else "dim"))
    if run.seconds:
        spent = SPENT.format(seconds=clock(run.seconds), memory=f"{run.memory / 2**20:.0f}")
        parts.append(Rich(spent[language], style="dim"))
    if run.forced:
        parts.append(Rich(FORCED[language], style="yellow"))
    if run.remark:
        parts.append(Rich(f"{HEADS['remark'][language]}  {clean(run.remark)}"))
    return Group(*parts)


def listing(runs: Sequence[Run], language: Language) -> "RenderableType":
    """The book, the newest first."""
    from rich.text import Text as Rich

    if not runs:
        return Rich(NO_RUNS[language])
    table = _table("run", "at", "lab", "state", "seconds", "verdict", "remark", language=language)
    for run in reversed(runs):
        verdict = run.verdict
        table.add_row(
            run.id[:8],
            f"{run.at.astimezone():%m-%d %H:%M}",
            clean(run.lab),
            STATES[run.state][language],
            clock(run.seconds) if run.seconds else "",
            NORMAL[verdict.normal][language] if verdict else "",
            clean(run.remark)[:60],
        )
    return table


def labs(course: Course, language: Language) -> "RenderableType":
    """Every written lab with its parameters."""
    from rich.text import Text as Rich

    made = Rich()
    for lab in course.labs.values():
        if lab.form is not None and lab.texts is not None:
            made.append(f"{clean(lab.texts.title[language])}  ", style="bold").append(f"{lab.id}\n", style="dim")
            for field in lab.form.fields:
                words = lab.texts.parameters.get(field.name)
                about = clean(words.title[language]) if words else ""
                made.append(f"    --{field.name.replace('_', '-')} {field.word(field.default)}").append(
                    f"  {about}\n", style="dim"
                )
    made.rstrip()
    return made


def comparison(both: Comparison, course: Course, language: Language) -> "RenderableType":
    """Two runs: arguments that differ are set off, results beside each other."""
    from rich.console import Group
    from rich.text import Text as Rich

    lab = course.lab(both.a.lab)
    heads = [f"{run.id[:8]}  {run.at.astimezone():%m-%d %H:%M}" for run in (both.a, both.b)]
    table = _table("argument", language=language)
    for head in heads:
        table.add_column(head, justify="right")
    for name, one, other, same in both.arguments:
        words = lab.texts.parameters.get(name) if lab and lab.texts else None
        title = clean(words.title[language]) if words else name
        style = "dim" if same else "bold"
        table.add_row(Rich(title, style=style), Rich(_plain(one), style=style), Rich(_plain(other), style=style))
    table.add_section()
    for name, one, other in both.levels:
        table.add_row(_name(name, lab, language), _value(name, one, lab, language), _value(name, other, lab, language))
    parts: list[RenderableType] = [table]
    for run in (both.a, both.b):
        if run.verdict is not None:
            parts.append(Rich(f"{run.id[:8]}  {clean(run.verdict.text(_names(lab))[language])}"))
        if run.remark:
            parts.append(Rich(f"{run.id[:8]}  {HEADS['remark'][language]}  {clean(run.remark)}", style="dim"))
    return Group(*parts)


def _curves(run: Run, lab: Lab | None, language: Language) -> list["RenderableType"]:
    """Each series as a line of blocks, from its first value to its last."""
    from rich.table import Table
    from rich.text import Text as Rich

    made: list[RenderableType] = []
    for chart, points in run.curve.items():
        texts = lab.texts.charts.get(chart) if lab and lab.texts else None
        made.append(Rich(clean(texts.title[language]) if texts else chart, style="dim"))
        table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=True)
        for series in dict.fromkeys(name for point in points for name in point.y):
            values = [point.y[series] for point in points if series in point.y]
            name = texts.series[series][language] if texts and series in texts.series else series
            table.add_row(clean(name), Rich(spark(values), style="cyan"), f"{values[0]:.4g} → {values[-1]:.4g}")
        made.append(table)
    return made


def spark(values: Sequence[float], width: int = 32) -> str:
    """Values as blocks of eight heights, evenly chosen; what is no number is a gap."""
    chosen = [values[n * len(values) // min(width, len(values))] for n in range(min(width, len(values)))]
    finite = [value for value in chosen if abs(value) < float("inf")]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[round((v - low) * scale)] if abs(v) < float("inf") else " " for v in chosen)


def _tables(run: Run, lab: Lab | None, language: Language) -> list["RenderableType"]:
    """What the lab measured in rows."""
    from rich.table import Table
    from rich.text import Text as Rich

    made: list[RenderableType] = []
    for frame in run.frames:
        if isinstance(frame, Rows):
            texts = lab.texts.tables.get(frame.name) if lab and lab.texts else None
            made.append(Rich("\n" + clean(texts.title[language] if texts else frame.name), style="bold"))
            table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
            for column in frame.columns:
                known = texts.columns.get(column) if texts else None
                table.add_column(clean(known[language] if known else column))
            for row in frame.rows:
                table.add_row(*(Rich(clean(cell) if isinstance(cell, str) else f"{cell:.4g}") for cell in row))
            made.append(table)
    return made


def _levels(levels: Sequence[Judged], lab: Lab | None, language: Language) -> "Table":
    from rich.text import Text as Rich

    table = _table("name", "value", "band", language=language)
    for level in levels:
        band = ""
        if level.low is not None:
            band = f"{_value(level.name, level.low, lab, language)} – {_value(level.name, level.high, lab, language)}"
        mark, style = {True: ("✓ ", "green"), False: ("✗ ", "bold red"), None: ("  ", "")}[level.inside]
        name = Rich(mark, style=style).append(_name(level.name, lab, language))
        table.add_row(name, Rich(_value(level.name, level.value, lab, language), style=style), Rich(band, style="dim"))
    return table


def _claims(verdict: RunVerdict, lab: Lab | None, language: Language) -> list["RenderableType"]:
    from rich.text import Text as Rich

    made: list[RenderableType] = []
    for name, held in verdict.claims.items():
        mark, style = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("·", "dim")}[held]
        texts = lab.texts.claims.get(name) if lab and lab.texts else None
        line = Rich(f"{mark} ", style=style).append(clean(texts.text[language]) if texts else name, style="default")
        made.append(line.append(f"  {CLAIMS[held][language]}", style="dim"))
    return made


def _foretold(foretold: Foretold, run: Run, lab: Lab | None, language: Language) -> "RenderableType":
    """The prediction beside what came."""
    from rich.text import Text as Rich

    asked = next((p for p in lab.texts.predictions if p.id == foretold.id), None) if lab and lab.texts else None
    texts = {option.key: clean(option.text[language]) for option in asked.options} if asked else {}
    answer = texts.get(foretold.answer, foretold.answer)
    line = Rich(f"{FORETOLD[language]}  ", style="bold")
    line.append(clean(asked.question[language]) if asked else foretold.id, style="not bold")
    line.append(f"\n    {texts.get(foretold.chosen, foretold.chosen) if foretold.chosen else '—'}", style="not bold")
    came = RIGHT if foretold.right else OTHER.format(answer=answer)
    line.append(f"  {came[language]}", style="not bold green" if foretold.right else "not bold yellow")
    if foretold.about in run.levels:
        shown = _value(foretold.about, run.levels[foretold.about], lab, language)
        line.append(f"  {_name(foretold.about, lab, language)} {shown}", style="not bold dim")
    return line


def _causes(run: Run, known: Mapping[str, CauseTexts], language: Language) -> list["RenderableType"]:
    from rich.text import Text as Rich

    made: list[RenderableType] = []
    for cause in run.causes:
        words = said(cause, known)
        line = Rich("\n" + clean(words.title[language]), style="yellow")
        for head, text in ((REASON, words.reason), (TRY, words.remedy)):
            if text is not None:
                line.append(f"\n  {head[language]}  ", style="bold default").append(clean(text[language]), "default")
        made.append(line)
    return made


def _table(*names: str, language: Language) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in names:
        table.add_column(HEADS[name][language], justify="right" if name in ("value", "seconds") else "left")
    return table


def _names(lab: Lab | None) -> dict[str, Text]:
    if lab is None or lab.texts is None:
        return {}
    return {n: t.title for n, t in lab.texts.levels.items()} | {n: t.text for n, t in lab.texts.claims.items()}


def _name(level: str, lab: Lab | None, language: Language) -> str:
    texts = lab.texts.levels.get(level) if lab and lab.texts else None
    return clean(texts.title[language]) if texts else level


def _value(level: str, value: float | None, lab: Lab | None, language: Language) -> str:
    """A level as its author wants it written, with its unit."""
    if value is None:
        return "—"
    texts = lab.texts.levels.get(level) if lab and lab.texts else None
    unit = f" {texts.unit[language]}" if texts and texts.unit else ""
    return f"{format(value, texts.format if texts else '.4g')}{unit}"


def _plain(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else clean(str(value))
