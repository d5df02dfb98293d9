"""What `wenjin checkpoint` prints: the list of papers, and the report of a sitting."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from wenjin.kit.text import Language, Text, visible
from wenjin.study.progress.paper import Paper, Sat, Scope, Sittings
from wenjin.study.progress.report import Found, Report

if TYPE_CHECKING:
    from rich.console import RenderableType

KIND = {
    "unit": Text("单元", "unit"),
    "test": Text("阶段测试", "stage test"),
    "project": Text("阶段测试（另有项目）", "stage test (with a project)"),
}
LINE = Text("{n} 题，{minutes} 分钟", "{n} questions, {minutes} min")
BEST = Text("考过 {times} 次，最好 {right}/{all}", "sat {times}×, best {right} of {all}")
UNTESTED = Text("还没写好、没有考到：{topics}", "not written, so not tested: {topics}")
NONE = Text("还没有能考的单元。", "No unit can be tested yet.")
SCORE = Text("对 {right} / {all} 题", "{right} of {all} right")
TIME = Text("用时 {spent}（限时 {minutes} 分钟）", "{spent} used (of {minutes} minutes)")
WHY = {"handed-in": Text("已交卷", "handed in"), "time": Text("时间到", "time was up")}
UNTIMED = Text(
    "第 {numbers} 题是计时停着的时候作答的，没有计时",
    "answered while the clock stood, so not timed: {numbers}",
)
PASSED = Text("通过（对 {least} 题起算）", "passed (from {least} right on)")
FAILED = Text("未通过（对 {least} 题起算通过）", "not passed (a pass begins at {least} right)")
OPEN = Text("没有作答", "left open")
RIGHT = Text("对", "right")
WRONG = Text("不对", "not right")
REVISIT = Text("回去看：{places}", "Read again: {places}")
ALL_RIGHT = Text("每个主题都对了。", "Every topic is right.")
BEFORE = Text("以前：{sittings}", "Earlier: {sittings}")
CARDS = Text(
    "{n} 张卡片不计分；写下的和答案在页面的报告里逐张对照、自己评。",
    "{n} cards do not count; compare what you typed with their answers on the report's page, and rate yourself.",
)
NUMBERS = Text("编号 {id}，卷子 {seed}，校验码 {code}", "id {id}, paper {seed}, code {code}")
PROJECTS = Text(
    "这个阶段另有项目，不在卷子里考：{projects}", "This stage also has a project, which no paper tests: {projects}"
)


def listing(found: list[tuple[Scope, Paper]], past: Sittings, language: Language) -> "RenderableType":
    """Units and tests that have a paper, by track; what was reached."""
    from rich.table import Table
    from rich.text import Text as Rich

    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    for narrow in (True, False, True, True):
        table.add_column(no_wrap=narrow)
    for scope, one in found:
        if not one.items:
            continue
        title = Rich(visible(scope.title[language]))
        if scope.kind != "unit":
            title.append(f"  {KIND[scope.kind][language]}", style="cyan")
        size = LINE.format(n=len(one.items), minutes=one.minutes)[language]
        table.add_row(
            scope.id, title, Rich(size, style="dim"), Rich(best(past.over(scope.id), language), style="green")
        )
    return table if table.row_count else Rich(NONE[language])


def best(sat: list[Sat], language: Language) -> str:
    if not sat:
        return ""
    top = max(sat, key=lambda one: one.right / max(1, one.all))
    return BEST.format(times=len(sat), right=top.right, all=top.all)[language]


def report(found: Report, code: str, language: Language) -> "RenderableType":
    """The report, topic by topic, the weak ones with their mistakes and sections."""
    from rich.text import Text as Rich

    sat = found.sitting
    made = Rich()
    made.append(visible(found.scope.title[language] if found.scope else sat.of), style="bold")
    made.append(f"  {WHY.get(sat.why, WHY['time'])[language]}\n", style="dim")
    made.append(SCORE.format(right=found.right, all=found.all)[language], style="bold")
    made.append(f"  {(PASSED if found.passed else FAILED).format(least=sat.least)[language]}")
    spent = f"{int(sat.spent) // 60}:{int(sat.spent) % 60:02}"
    made.append(f"  {TIME.format(spent=spent, minutes=sat.minutes)[language]}\n")
    if found.untimed:
        numbers = ", ".join(str(n) for n in found.untimed)
        made.append(UNTIMED.format(numbers=numbers)[language] + "\n", style="dim")
    if found.before:
        told = ", ".join(f"{day(one.began)} {one.right}/{one.all}" for one in found.before)
        made.append(BEFORE.format(sittings=told)[language] + "\n", style="dim")
    for one in found.topics:
        made.append("\n")
        made.append(f"{'✓' if not one.weak else '✗'} ", style="green" if not one.weak else "red")
        made.append(visible(one.topic.title[language]) if one.topic else one.id, style="bold")
        made.append(f"  {one.right}/{one.all}\n")
        questions(made, one, language)
    if not found.weak:
        made.append("\n" + ALL_RIGHT[language] + "\n", style="green")
    if sat.untested:
        made.append("\n" + UNTESTED.format(topics=", ".join(sat.untested))[language] + "\n", style="dim")
    if found.scope and found.scope.projects:
        made.append(PROJECTS.format(projects=", ".join(found.scope.projects))[language] + "\n", style="dim")
    if found.cards:
        made.append(CARDS.format(n=len(found.cards))[language] + "\n", style="dim")
    made.append("\n" + NUMBERS.format(id=sat.id, seed=sat.seed, code=code)[language], style="dim")
    return made


def questions(made: Any, one: Found, language: Language) -> None:
    for question in one.questions:
        title = question.exercise.title if question.exercise else None
        made.append(f"    {visible(title[language]) if title else question.id}: ")
        if question.answer is None:
            made.append(OPEN[language] + "\n", style="yellow")
        elif question.right:
            made.append(RIGHT[language] + "\n", style="green")
        else:
            made.append(question.answer.name or WRONG[language], style="bold yellow")
            made.append("\n")
            if told := question.answer.feedback.get(language):
                made.append(f"      {visible(told).strip()}\n")
    if one.weak:
        places = [f"/topics/{one.id}#{anchor}" for anchor in one.revisit] or [f"/topics/{one.id}"]
        made.append(f"    {REVISIT.format(places=', '.join(places))[language]}\n", style="cyan")


def as_data(found: Report, code: str) -> dict[str, Any]:
    """The report for scripts."""
    sat = found.sitting
    return {
        "id": sat.id,
        "of": sat.of,
        "seed": sat.seed,
        "began": sat.began and sat.began.isoformat(),
        "ended": sat.ended and sat.ended.isoformat(),
        "why": sat.why,
        "right": found.right,
        "all": found.all,
        "passed": found.passed,
        "least": sat.least,
        "untimed": sorted(sat.untimed),
        "spent": round(sat.spent, 3),
        "minutes": sat.minutes,
        "topics": [
            {
                "topic": one.id,
                "right": one.right,
                "all": one.all,
                "weak": one.weak,
                "revisit": [f"{one.id}#{anchor}" for anchor in one.revisit],
                "questions": [
                    {"id": q.id, "variant": q.variant, "right": q.right, "verdict": q.answer and q.answer.verdict,
                     "mistake": q.answer and q.answer.name}
                    for q in one.questions
                ],
            }
            for one in found.topics
        ],
        "weak": [one.id for one in found.weak],
        "untested": list(sat.untested),
        "cards": [{"card": card.id, "rating": card.rating or None} for card in found.cards],
        "before": [{"id": s.id, "right": s.right, "all": s.all} for s in found.before],
        "code": code,
    }  # fmt: skip


def day(at: datetime) -> str:
    return at.astimezone().date().isoformat()
