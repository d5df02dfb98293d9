"""What a topic's files hold beside the code: facts, formulas, listings, cards, pitfalls, passes, mistakes, dates."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from wenjin.kit.exercise import Mistake
from wenjin.kit.text import Language, Text
from wenjin.study.course import lesson as lessons
from wenjin.study.course.faults import Faults, nearest
from wenjin.study.course.folders import snake
from wenjin.study.course.graph import Card, Exercise, Topic
from wenjin.study.course.lesson import Lesson
from wenjin.study.course.listing import ListingError, Listings
from wenjin.study.course.maths import Maths, MathsError
from wenjin.study.course.passes import PASSES, Dated, Explain, Pass, Pitfall
from wenjin.study.course.rows import read_row, read_toml
from wenjin.study.course.tasks import missing

FEWEST_MISTAKES = 3
LANGUAGES: tuple[Language, ...] = ("zh", "en")
LATEX = Text(
    "可用的命令见 katex.org/docs/supported.html。", "What can be set is listed at katex.org/docs/supported.html."
)
CITE = Text("写成 wenjin.stack.包.模块:名字。", "Write it as wenjin.stack.package.module:name.")


def facts(topic: Topic, place: str, faults: Faults) -> None:
    """What a written topic says of itself, which a planned one need not."""
    said = {"goal": topic.goal, "outside": topic.outside, "teaches": topic.teaches}
    lacking = [name for name, value in said.items() if not value]
    if lacking:
        what = Text(f"还没有写 {'、'.join(lacking)}。", f"Still to be written: {', '.join(lacking)}.")
        faults.add(place, what, Text("在 topic.toml 里补上。", "Add it to topic.toml."))
    if not topic.sources:
        what = Text("没有列出处。", "It lists no source.")
        faults.add(place, what, Text("写上 [[source]]。", "Add a [[source]]."))
    for source in topic.sources:
        if sum(part is not None for part in (source.doi, source.arxiv, source.address)) != 1:
            what = Text(
                f"出处《{source.title}》要有且只有一个去处。", f"“{source.title}” needs exactly one place to find it."
            )
            faults.add(place, what, Text("写 doi、arxiv 或 address 中的一个。", "Give one of doi, arxiv, address."))
    if topic.status == "whole":
        for lab in topic.labs:
            if not lab.written:
                what = Text(f"实验 {lab.name} 还没写。", f"The lab {lab.name} is not written.")
                remedy = Text('写上它，或写 status = "lesson"。', 'Write it, or say status = "lesson".')
                faults.add(place, what, remedy)


def formulas(lesson: Lesson, language: Language, folder: Path, maths: Maths, faults: Faults) -> None:
    place = faults.place(lessons.path(folder, language))
    for formula in lesson.formulas:
        try:
            maths.html(formula.tex, formula.display)
        except MathsError as error:
            faults.add(f"{place}:{formula.line}", error.text, LATEX)


def listings(lesson: Lesson, folder: Path, cite: Listings, faults: Faults) -> None:
    """What the lesson cites is in the source. One language is enough: both cite the same."""
    place = faults.place(lessons.path(folder, "zh"))
    for directive in lesson.directives:
        if directive.kind == "code" and directive.argument:
            try:
                cite.cite(directive.argument)
            except ListingError as error:
                faults.add(f"{place}:{directive.line}", error.text, CITE)


def cards(topic: Topic, anchors: Iterable[str], place: str, faults: Faults) -> None:
    if len(topic.cards) != topic.wanted_cards:
        have, want = len(topic.cards), topic.wanted_cards
        what = Text(f"有 {have} 张卡片，topic.toml 说 {want} 张。", f"It holds {have} cards; topic.toml says {want}.")
        faults.add(place, what, Text("补齐卡片，或改正数目。", "Write the cards, or correct the number."))
    for card in topic.cards:
        _section(card.section, anchors, f"{place}, card {card.id}", faults)
        for n, (front, back) in enumerate(card.sides[1:], 1):
            _wording(card, n, front, back, f"{place}, card {card.id}, other {n}", faults)


def _wording(card: Card, n: int, front: Text, back: Text, place: str, faults: Faults) -> None:
    """Another wording asks in other words, in both languages; and is answered in the same kind of text."""
    for language in LANGUAGES:
        if " ".join(front[language].split()) in {" ".join(told[language].split()) for told, _ in card.sides[:n]}:
            what = Text("这个问法与前面的一样。", "This wording is one that stands before it.")
            remedy = Text("换一种问法，或删去它。", "Ask in other words, or delete it.")
            faults.add(f"{place}, {language}", what, remedy)
        if card.kind == "code" and "```" not in back[language]:
            what = Text("写代码的卡片，答案里没有代码。", "The card asks for code; its answer shows none.")
            faults.add(f"{place}, {language}", what, Text("在 back 里写上代码。", "Show the code in its back."))


def pitfalls(found: list[Pitfall], anchors: Iterable[str], place: str, faults: Faults) -> None:
    if not found:
        what = Text("没有常见报错。", "There are no pitfalls.")
        faults.add(place, what, Text("写上真实的报错和引发它的程序。", "Add real messages and what raises them."))
    for pitfall in found:
        _section(pitfall.section, anchors, f"{place}, pitfall {pitfall.id}", faults)


def passes(found: list[Pass], explain: Explain | None, anchors: Iterable[str], place: str, faults: Faults) -> None:
    have = {one.id for one in found}
    lacking = [name for name in PASSES if name not in have]
    if lacking:
        what = Text(f"没有这几遍：{'、'.join(lacking)}。", f"These passes are missing: {', '.join(lacking)}.")
        faults.add(place, what, Text("写上每一遍的任务。", "Write the task of each."))
    for name in sorted(have - set(PASSES)):
        what = Text(f"没有 {name} 这种读法。", f"There is no pass {name}.")
        faults.add(place, what, nearest(name, PASSES))
    if explain is None or not explain.ideas or not explain.errors:
        what = Text("讲回来的量规不全。", "The rubric for explaining back is not whole.")
        remedy = Text(
            "写上 [explain]、[[explain.idea]] 和 [[explain.error]]。", "Write [explain], its ideas and its errors."
        )
        faults.add(place, what, remedy)
    for error in explain.errors if explain else ():
        _section(error.section, anchors, f"{place}, explain.error {error.id}", faults)


def dated(found: list[Dated], read: Mapping[Language, Lesson], today: date, place: str, faults: Faults) -> None:
    """The lesson still says in that section what is declared, and no day of review is past."""
    for one in found:
        where = f"{place}, dated {one.id}"
        for language, lesson in read.items():
            texts = {question.anchor: _spaced(question.text) for question in lesson.questions}
            if one.section not in texts:
                _section(one.section, texts, where, faults)
                break  # said once is enough: both languages have the same sections
            if _spaced(one.says[language]) not in texts[one.section]:
                what = Text(f"课文的 {one.section} 一节里没有这句话。", f"Section {one.section} does not say this.")
                remedy = Text(
                    "照抄课文里的字句，或删去这一条。", "Quote the lesson word for word, or delete the entry."
                )
                faults.add(f"{where}, says.{language}", what, remedy)
        if today > one.review:
            what = Text(
                f"复核日期 {one.review} 已经过了：“{one.says.zh}”",
                f"Its day of review, {one.review}, is past: “{one.says.en}”",
            )
            remedy = Text(
                "看这句话今天还对不对，不对就改课文；然后把 review 改成下一次复核的日期。",
                "See whether it still holds and mend the lesson if not; then set review to the next day to look.",
            )
            faults.add(where, what, remedy)


def _spaced(text: str) -> str:
    return " ".join(text.split())


def exercise(exercise: Exercise, folder: Path, anchors: Iterable[str], faults: Faults) -> bool:
    """The files and the mistakes of an exercise; can it be handed to the judge?"""
    if exercise.kind is None:
        what = Text(f"练习 {exercise.name} 没有写 kind。", f"The exercise {exercise.name} has no kind.")
        remedy = Text('写明答案的形式，例如 kind = "function"。', 'Say what an answer is, as in kind = "function".')
        faults.add(folder.parents[1] / "topic.toml", what, remedy)
    lacking = missing(exercise, folder)
    if lacking:
        what = Text(f"练习还缺：{'、'.join(lacking)}。", f"The exercise still lacks {', '.join(lacking)}.")
        faults.add(folder, what, Text("写上这些文件。", "Write these files."))
    if "mistakes.toml" in lacking:
        return False
    before = len(faults.found)
    mistakes = read_mistakes(folder / "mistakes.toml", faults)
    if len(faults.found) > before:
        return False
    place = faults.place(folder / "mistakes.toml")
    unnamed = [name for name in exercise.misconceptions if name not in mistakes]
    if unnamed:
        what = Text(
            f"topic.toml 要求识别 {'、'.join(unnamed)}，这里没有。",
            f"topic.toml wants these recognized, and they are not here: {', '.join(unnamed)}.",
        )
        faults.add(place, what, Text("把它们写成有名字的错误。", "Write them as named mistakes."))
    if len(mistakes) < FEWEST_MISTAKES:
        what = Text(f"只有 {len(mistakes)} 个错误。", f"Named mistakes: {len(mistakes)}, too few.")
        faults.add(place, what, Text(f"至少写 {FEWEST_MISTAKES} 个。", f"Name at least {FEWEST_MISTAKES}."))
    for mistake in mistakes.values():
        _section(mistake.section, anchors, f"{place}, {mistake.name}", faults)
    return not lacking


def read_mistakes(path: Path, faults: Faults) -> Mapping[str, Mistake]:
    """The mistakes of a file, by name; those with a fault are left out."""
    table = read_toml(path, faults, versioned=False) or {}
    place = faults.place(path)
    rows = {name: read_row(Mistake, row, f"{place}, {name}", faults, name=name) for name, row in table.items()}
    return {name: mistake for name, mistake in rows.items() if mistake is not None}


def exercise_folder(topic: Topic, exercise: Exercise) -> Path:
    assert topic.folder is not None
    return topic.folder / "exercises" / snake(exercise.name)


def _section(section: str, anchors: Iterable[str], where: str, faults: Faults) -> None:
    if section not in (known := tuple(anchors)):
        what = Text(f"section 写了 {section}，课文里没有这一节。", f"section names {section}, which the lesson lacks.")
        faults.add(where, what, nearest(section, known) if known else Text("先写课文。", "Write the lesson first."))
