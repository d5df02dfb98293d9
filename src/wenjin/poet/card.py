"""The report card of a poet: its figures, its curve and its verse, as one HTML page and as Markdown.

    html(facts, curve, "zh")        a page that needs nothing beside itself: no script, no font, no address
    markdown(facts, curve, "en")

`facts` is what report.read gives. The goals stand beside the figures: in form at least 0.9; rhyme at least halfway from
the count of 3-grams to real verse; no more copied, at the 95th percentile, than real verse that was held out shares;
variety (distinct-2) at least 0.9 of real verse.

Proof   tests/poet/test_card.py: every figure stands in both; nothing is fetched; what was written is text, never markup
"""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Literal

from wenjin.stack.data.verse import FORMS
from wenjin.stack.train.records import Record

Tongue = Literal["zh", "en"]
WIDE, HIGH, LEFT, LOW = 640, 240, 48, 28  # of the curve, and its margins, in pixels

VARIETY = ("distinct_1", "distinct_2", "distinct_3", "repetition")
WORDS = {
    "title": ("诗人成绩单", "Report card of the poet"),
    "figure": ("量的是", "Measured"),
    "poet": ("诗人", "poet"),
    "counted": ("三元组", "3-grams"),
    "real": ("真诗", "real verse"),
    "goal": ("目标", "goal"),
    "form": ("合体裁", "in form"),
    "rhyme": ("押韵（合体裁的诗里）", "rhymed (of those in form)"),
    "theme": ("题目的字出现在诗里", "a character of the title in the poem"),
    "theme_by_chance": ("换成别诗的题目", "with another poem's title"),
    "shared": ("与训练诗最长的相同处，中位数（字）", "longest run shared with the training verse, median (characters)"),
    "shared_95": ("同上，第 95 百分位（字）", "the same, 95th percentile (characters)"),
    "distinct_1": ("不同的字 ÷ 字数", "distinct-1"),
    "distinct_2": ("不同的二字组 ÷ 总数", "distinct-2"),
    "distinct_3": ("不同的三字组 ÷ 总数", "distinct-3"),
    "repetition": ("一首之内重复的二字组", "pairs of characters repeated within a poem"),
    "losses": ("猜下一个字有多难", "How hard is the next character?"),
    "nats": ("纳特/字", "nats per character"),
    "bits": ("比特/字", "bits per character"),
    "choices": ("困惑度", "perplexity"),
    "curve": ("训练", "Training"),
    "train": ("训练损失（纳特/词元）", "training loss (nats per token)"),
    "valid": ("验证损失", "validation loss"),
    "step": ("步", "step"),
    "verse": ("它写的诗", "What it wrote"),
    "made": ("怎样练成的", "How it was made"),
    "how": (
        "在 {poems} 首留出的绝句的题目上，以温度 {temperature} 自由抽样，不加任何规则；"
        "三元组只在第一行是自由抽的，其余各行替它摆好了体裁；损失在 {read} 首留出的诗上量。",
        "On the titles of {poems} quatrains that were held out, sampled freely at temperature {temperature} with no "
        "rule; the 3-grams are free in the first row only, and have the form imposed in all others; losses over "
        "{read} held-out poems.",
    ),
}
ROWS = ("form", "rhyme", "theme", "theme_by_chance", "shared", "shared_95", *VARIETY)
STYLE = """
:root{color-scheme:light dark;--ink:light-dark(#1d1a16,#e8e2d6);--quiet:light-dark(#6b6458,#a39a8a);
--paper:light-dark(#faf7f0,#191713);--rule:light-dark(#ddd5c5,#3a352c);--seal:#a8321f;--indigo:light-dark(#2c4a7c,#8fb0e8)}
body{max-width:46rem;margin:2.5rem auto;padding:0 1.2rem;font:1rem/1.7 "Noto Serif CJK SC","Songti SC",serif;
color:var(--ink);background:var(--paper)}
h1{font-size:1.7rem;border-bottom:3px solid var(--seal);padding-bottom:.3rem}h2{font-size:1.15rem;margin-top:2rem}
p.quiet,caption,td small{color:var(--quiet)}table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid var(--rule);padding:.3rem .5rem;text-align:right;font-variant-numeric:tabular-nums}
th:first-child,td:first-child{text-align:left}.met{color:light-dark(#2c6e49,#7fc49b)}.missed{color:var(--seal)}
.poems{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1rem}
.poems figure{margin:0;padding:.8rem 1rem;border:1px solid var(--rule);white-space:pre-line}
figcaption{font-weight:bold}svg{width:100%;height:auto}svg text{font:12px sans-serif;fill:var(--quiet)}
.train{fill:none;stroke:var(--rule);stroke-width:1.5}.valid{fill:none;stroke:var(--indigo);stroke-width:2}
.axis{stroke:var(--rule)}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dd{margin:0}
"""


def goals(facts: Mapping[str, Any]) -> dict[str, tuple[float, bool | None]]:
    """The figures that have a goal: figure -> (goal, is it met? None where one of the two is not there)."""
    poet, counted, real = (facts["measured"][who] for who in ("poet", "counted", "real"))
    found: dict[str, tuple[float, bool | None]] = {}
    halfway = None if counted["rhyme"] is None or real["rhyme"] is None else (counted["rhyme"] + real["rhyme"]) / 2
    for name, goal, more in (
        ("form", 0.9, True),
        ("rhyme", halfway, True),
        ("shared_95", real["shared_95"], False),
        ("distinct_2", None if real["distinct_2"] is None else 0.9 * real["distinct_2"], True),
    ):
        value = poet[name]
        if goal is not None:
            met = None if value is None else value >= goal if more else value <= goal
            found[name] = (goal, met)
    return found


def html(facts: Mapping[str, Any], curve: Sequence[Record], tongue: Tongue) -> str:
    """The whole page."""
    say = _speaker(tongue)
    head = "".join(f"<th>{say(who)}</th>" for who in ("figure", "poet", "counted", "real", "goal"))
    rows = "".join(
        f"<tr><td>{cells[0]}</td>{''.join(f'<td>{cell}</td>' for cell in cells[1:4])}"
        f'<td class="{ {True: "met", False: "missed", None: ""}[met] }">{cells[4]}</td></tr>'
        for *cells, met in _figures(facts, say)
    )
    losses = "".join(
        f"<tr><td>{escape(name)}</td><td>{nats}</td><td>{bits}</td><td>{choices}</td></tr>"
        for name, nats, bits, choices in _losses(facts, say)
    )
    poems = "".join(
        f"<figure><figcaption>{escape(poem['title'])}<small> {escape(FORMS[poem['form']])}</small></figcaption>"
        f"{escape(_broken(poem['text']))}</figure>"
        for poem in facts["samples"]
    )
    made = "".join(f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>" for name, value in _made(facts))
    title = f"{say('title')} · {escape(str(facts['poet']))}"
    return f"""<!doctype html>
<html lang="{"zh-Hans" if tongue == "zh" else "en"}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>{STYLE}</style>
<h1>{title}</h1>
<p class="quiet">{escape(_how(facts, say))}</p>
<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>
<h2>{say("losses")}</h2>
<table><thead><tr><th></th><th>{say("nats")}</th><th>{say("bits")}</th><th>{say("choices")}</th></tr></thead>
<tbody>{losses}</tbody></table>
<h2>{say("verse")}</h2><div class="poems">{poems}</div>
<h2>{say("curve")}</h2>{drawn(curve, say("train"), say("valid"), say("step"))}
<h2>{say("made")}</h2><dl>{made}</dl>
</html>
"""


def markdown(facts: Mapping[str, Any], curve: Sequence[Record], tongue: Tongue) -> str:
    """The same in Markdown; of the curve its validation losses."""
    say = _speaker(tongue)
    lines = [f"# {say('title')} · {_plain(facts['poet'])}", "", _plain(_how(facts, say)), ""]
    lines += ["| " + " | ".join(say(who) for who in ("figure", "poet", "counted", "real", "goal")) + " |"]
    lines += ["| --- |" + " ---: |" * 4]
    marks = {True: " ✓", False: " ✗", None: ""}
    lines += [f"| {' | '.join(cells[:4])} | {cells[4]}{marks[met]} |" for *cells, met in _figures(facts, say)]
    lines += ["", f"## {say('losses')}", "", f"| | {say('nats')} | {say('bits')} | {say('choices')} |"]
    lines += ["| --- | ---: | ---: | ---: |", *(f"| {' | '.join(row)} |" for row in _losses(facts, say))]
    lines += ["", f"## {say('verse')}", ""]
    for poem in facts["samples"]:
        text = _plain(_broken(poem["text"])).replace("\n", "  \n")
        lines += [f"**{_plain(poem['title'])}** {FORMS[poem['form']]}  ", text, ""]
    held = [record for record in curve if record.validation is not None]
    if held:
        lines += [f"## {say('curve')}", "", f"| {say('step')} | {say('valid')} |", "| ---: | ---: |"]
        lines += [f"| {record.step} | {record.validation:.4f} |" for record in held]
    lines += ["", f"## {say('made')}", "", *(f"- {_plain(name)}: {_plain(value)}" for name, value in _made(facts))]
    return "\n".join(lines) + "\n"


def drawn(curve: Sequence[Record], train: str, valid: str, step: str) -> str:
    """The losses as a drawing; nothing where there are fewer than two numbers."""
    losses = [(r.step, r.loss) for r in curve if math.isfinite(r.loss)]
    held = [(r.step, r.validation) for r in curve if r.validation is not None and math.isfinite(r.validation)]
    if len(losses) < 2:
        return ""
    last = max(x for x, _ in losses)
    low = min(y for _, y in [*losses, *held])
    high = max(y for _, y in [*losses, *held])
    wide, tall = WIDE - LEFT - 8, HIGH - LOW - 12

    def path(points: Sequence[tuple[int, float]]) -> str:
        at = [(LEFT + wide * x / last, 8 + tall * (high - y) / ((high - low) or 1)) for x, y in points]
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in at)

    few = losses[:: max(1, len(losses) // 400)]
    base = HIGH - LOW
    lines = f'<path class="axis" d="M{LEFT} 8V{base}H{WIDE - 8}"/><path class="train" d="{path(few)}"/>'
    if len(held) > 1:
        lines += f'<path class="valid" d="{path(held)}"/>'
    marks = f'<text x="2" y="16">{high:.2f}</text><text x="2" y="{base}">{low:.2f}</text>'
    marks += f'<text x="{WIDE - 8}" y="{HIGH - 8}" text-anchor="end">{last} {escape(step)}</text>'
    told = escape(f"{train}; {valid}")
    frame = f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{told}">{lines}{marks}</svg>'
    return f'{frame}<p class="quiet">{told}</p>'


def _figures(facts: Mapping[str, Any], say: Any) -> list[tuple[Any, ...]]:
    """name, poet, counted, real, goal, is it met?"""
    wanted, found = goals(facts), []
    for name in ROWS:
        values = [_number(facts["measured"][who][name]) for who in ("poet", "counted", "real")]
        goal, met = wanted.get(name, (None, None))
        sign = "" if goal is None else ("≤ " if name == "shared_95" else "≥ ")
        found.append((say(name), *values, sign + _number(goal) if goal is not None else "", met))
    return found


def _losses(facts: Mapping[str, Any], say: Any) -> list[tuple[str, str, str, str]]:
    return [
        (say(name) if name == "poet" else name, f"{nats:.3f}", f"{nats / math.log(2):.3f}", f"{math.exp(nats):.1f}")
        for name, nats in sorted(facts["losses"].items(), key=lambda row: -row[1])
    ]


def _made(facts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What it was made with, one level deep."""
    rows: list[tuple[str, Any]] = []
    for name, value in facts["made"].items():
        if isinstance(value, Mapping):
            rows += [(f"{name}.{inner}", one) for inner, one in value.items()]
        else:
            rows.append((name, value))
    return [*rows, ("corpus", facts["corpus"][:16])]


def _how(facts: Mapping[str, Any], say: Any) -> str:
    text: str = say("how")
    poems = facts["measured"]["poet"]["poems"]
    return text.format(poems=poems, temperature=facts["temperature"], read=facts["read"])


def _broken(text: str) -> str:
    """Two lines of verse a line of print."""
    for stop in "。？！；":
        text = text.replace(stop, f"{stop}\n")
    return text.rstrip("\n")


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}" if value < 1 or value % 1 else f"{value:.0f}"


def _plain(value: Any) -> str:
    """Text that Markdown does not read as anything else."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in str(value))


def _speaker(tongue: Tongue) -> Any:
    return lambda name: WORDS[name][0 if tongue == "zh" else 1]
