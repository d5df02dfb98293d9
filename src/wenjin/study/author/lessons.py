"""Lessons: each language keeps the form, both have the same skeleton, and all they name is there."""

from collections.abc import Iterable
from itertools import zip_longest

from wenjin.kit.lab import Picture
from wenjin.kit.text import Language, Text
from wenjin.study.course import lesson as lessons
from wenjin.study.course.faults import Faults, nearest
from wenjin.study.course.form import FormError
from wenjin.study.course.graph import Lab, Topic
from wenjin.study.course.lesson import ANCHOR, CLOSING, DIRECTIVES, PARTS, Directive, Lesson, Question
from wenjin.study.course.panels import KNOBS

LANGUAGES: tuple[Language, ...] = ("zh", "en")
CHAIN = 4  # the fewest questions that make a chain
KINDS = {
    "question": Text("问题", "question"),
    "part": Text("部分", "part"),
    "directive": Text("指令", "directive"),
    "formula": Text("公式", "formula"),
    "asides": Text("旁注的个数", "number of asides"),
    "values": Text("引用的数", "recorded numbers"),
}


def check(topic: Topic, faults: Faults) -> dict[Language, Lesson]:
    """The faults of a topic's lessons; returns those that could be read."""
    assert topic.folder is not None
    read: dict[Language, Lesson] = {}
    for language in LANGUAGES:
        path = lessons.path(topic.folder, language)
        if path.is_file():
            read[language] = lessons.read(topic.folder, language)
            _form(read[language], language, faults.place(path), faults)
            _seen(topic, read[language], faults.place(path), faults)
        else:
            what = Text("没有这篇课文。", "The lesson is missing.")
            faults.add(path, what, Text("写上它。", "Write it."))
    if len(read) == 2:
        _same_skeleton(topic, read["zh"], read["en"], faults)
    if "zh" in read:
        _places(topic, read["zh"], faults)
    return read


def _form(lesson: Lesson, language: Language, place: str, faults: Faults) -> None:
    """What can be told from one language alone: headings, parts, directives, the end."""
    if lesson.unclosed:
        mark, line = lesson.unclosed
        what = Text(f"这里的 {mark} 没有合上。", f"The {mark} that opens here is never closed.")
        faults.add(f"{place}:{line}", what, Text(f"在结尾补上 {mark}。", f"Close it with {mark}."))
    if not lesson.title:
        what = Text("课文没有标题。", "The lesson has no title.")
        faults.add(f"{place}:1", what, Text("第一行写“# 标题”。", "Begin with a line `# title`."))
    if len(lesson.chain) < CHAIN:
        n = len(lesson.chain)
        what = Text(f"只有 {n} 个问题，成不了链。", f"Questions: {n}, too few for a chain.")
        faults.add(f"{place}:1", what, Text(f"至少写 {CHAIN} 个。", f"Write at least {CHAIN}."))
    seen: set[str] = set()
    for question in lesson.questions:
        _anchor(question, seen, f"{place}:{question.line}", faults)
        if question.anchor in CLOSING:
            _closing(question, language, f"{place}:{question.line}", faults)
        else:
            _question(question, language, place, faults)
        _directives(question, place, faults)
    _whole(lesson, language, place, faults)


def _whole(lesson: Lesson, language: Language, place: str, faults: Faults) -> None:
    """All four parts occur somewhere, and the closing sections stand at the end in their order."""
    have = {part.key for question in lesson.questions for part in question.parts}
    lacking = [name for key, name in PARTS.items() if key not in have]
    if lacking:
        zh, en = (["、", ", "][n].join(name[tongue] for name in lacking) for n, tongue in enumerate(LANGUAGES))
        what = Text(f"全文没有这些部分：{zh}。", f"The lesson lacks the parts {en}.")
        remedy = Text(
            f"在需要的问题下写“### {lacking[0][language]}”。", f"Write `### {lacking[0][language]}` where needed."
        )
        faults.add(f"{place}:1", what, remedy)
    end = [question.anchor for question in lesson.questions][-len(CLOSING) :]
    if end != list(CLOSING):
        names = [f"{name[language]} {{#{key}}}" for key, name in CLOSING.items()]
        what = Text("结尾不是规定的四节。", "It does not end with the four closing sections.")
        remedy = Text(f"依次写：{'、'.join(names)}。", f"End with: {', '.join(names)}.")
        faults.add(f"{place}:{lesson.questions[-1].line if lesson.questions else 1}", what, remedy)


def _anchor(question: Question, seen: set[str], spot: str, faults: Faults) -> None:
    if not ANCHOR.fullmatch(question.anchor):
        what = Text(f"“{question.heading}”没有锚点。", f"“{question.heading}” has no anchor.")
        remedy = Text(
            "在标题末尾写 {#名字}，用小写英文、数字和连字符，两种语言相同。",
            "End the heading with {#name}, in kebab-case, the same in both languages.",
        )
        faults.add(spot, what, remedy)
    elif question.anchor in seen:
        what = Text(f"锚点 {question.anchor} 用了两次。", f"The anchor {question.anchor} is used twice.")
        faults.add(spot, what, Text("给其中一个换个名字。", "Rename one of the two."))
    seen.add(question.anchor)


def _closing(question: Question, language: Language, spot: str, faults: Faults) -> None:
    right = CLOSING[question.anchor][language]
    if question.heading != right:
        what = Text(f"#{question.anchor} 这一节应叫“{right}”。", f"The section #{question.anchor} is called “{right}”.")
        faults.add(spot, what, Text("改成这个标题。", "Give it this heading."))
    if not question.text:
        what = Text(f"“{question.heading}”是空的。", f"“{question.heading}” is empty.")
        faults.add(spot, what, Text("写上这一节。", "Write this section."))


def _question(question: Question, language: Language, place: str, faults: Faults) -> None:
    if not question.answer:
        what = Text("问题下面没有简短回答。", "The question has no short answer.")
        remedy = Text("标题下先用一段话直接回答。", "Answer it in one paragraph right below the heading.")
        faults.add(f"{place}:{question.line}", what, remedy)
    names = [name[language] for name in PARTS.values()]
    for part in question.parts:
        if part.key is None:
            what = Text(f"“{part.heading}”不是课文的部分。", f"“{part.heading}” is no part of a lesson.")
            remedy = Text(f"部分有：{'、'.join(names)}。", f"The parts are: {', '.join(names)}.")
            faults.add(f"{place}:{part.line}", what, remedy)
    order = [list(PARTS).index(part.key) for part in question.parts if part.key]
    if order != sorted(set(order)):
        what = Text("各部分的顺序不对，或有重复。", "The parts are out of order, or one stands twice.")
        remedy = Text(f"顺序是：{' → '.join(names)}。", f"The order is: {' → '.join(names)}.")
        faults.add(f"{place}:{question.line}", what, remedy)


def _directives(question: Question, place: str, faults: Faults) -> None:
    for directive in question.directives:
        spot = f"{place}:{directive.line}"
        if directive.kind not in DIRECTIVES:
            what = Text(f"不认识指令 {directive.kind}。", f"The directive {directive.kind} is unknown.")
            faults.add(spot, what, nearest(directive.kind, DIRECTIVES))
        elif not directive.argument:
            what = Text(f"指令 {directive.kind} 没有写对象。", f"The directive {directive.kind} names nothing.")
            faults.add(spot, what, Text("在花括号后写名字。", "Write the name after the braces."))


def _seen(topic: Topic, lesson: Lesson, place: str, faults: Faults) -> None:
    """A chart has an alternative text; a picture brings its own."""
    pictures = {(f"lab:{lab.name}", name) for lab in topic.labs for name in _pictures(lab)}
    for one in lesson.directives:
        bare = one.kind == "figure" and one.argument and not dict(one.options).get("alt")
        if bare and (one.argument, *one.more) not in pictures:
            what = Text("图没有替代文字。", "The figure has no alternative text.")
            faults.add(f"{place}:{one.line}", what, Text('写上 alt="图里看到什么"。', 'Write alt="what one sees".'))


def _same_skeleton(topic: Topic, zh: Lesson, en: Lesson, faults: Faults) -> None:
    """The first place where the two languages part ways: what follows it would only repeat it."""
    assert topic.folder is not None
    file = faults.place(lessons.path(topic.folder, "en"))
    for ours, theirs in zip_longest(zh.skeleton(), en.skeleton()):
        if (ours and ours[:2]) != (theirs and theirs[:2]):
            zh_has, en_has = _described(ours), _described(theirs)
            line = theirs[2] if theirs else ours[2] if ours else 1
            at = ours[2] if ours else "-"
            faults.add(
                f"{file}:{line}",
                Text(
                    f"两种语言从这里不同：中文（第 {at} 行）是{zh_has.zh}，英文是{en_has.zh}。",
                    f"The languages part ways: zh (line {at}) has {zh_has.en}, en has {en_has.en}.",
                ),
                Text("让两篇的问题、指令和公式一一对应。", "Give both the same questions, directives and formulas."),
            )
            return


def _described(entry: tuple[str, str, int] | None) -> Text:
    if entry is None:
        return Text("文末", "its end")
    kind, what, _ = entry
    short = " ".join(what.split())
    short = f"“{short[:60]}…”" if len(short) > 60 else f"“{short}”"
    return Text(f"{KINDS[kind].zh}{short}", f"the {KINDS[kind].en} {short}")


def _places(topic: Topic, lesson: Lesson, faults: Faults) -> None:
    """Exercises and labs that a lesson names are those of the topic, and each exercise has its place in it."""
    assert topic.folder is not None
    place = faults.place(lessons.path(topic.folder, "zh"))
    exercises, labs = [e.name for e in topic.exercises], [lab.name for lab in topic.labs]
    for directive in lesson.directives:
        if not directive.argument:
            continue
        if directive.kind == "knob":
            _one_of(directive.argument, KNOBS, f"{place}:{directive.line}", faults)
        elif directive.kind == "exercise":
            _one_of(directive.argument, exercises, f"{place}:{directive.line}", faults)
        elif directive.kind in ("lab", "figure"):
            name = directive.argument.removeprefix("lab:")
            _one_of(name, labs, f"{place}:{directive.line}", faults)
            found = next((lab for lab in topic.labs if lab.name == name), None)
            if found is not None:
                _fits(directive, found, f"{place}:{directive.line}", faults)
    placed = {directive.argument for directive in lesson.directives if directive.kind == "exercise"}
    for name in exercises:
        if name not in placed:
            what = Text(f"课文里没有练习 {name}。", f"The exercise {name} has no place in the lesson.")
            remedy = Text("在用到它的地方写 {exercise} 指令。", "Put an {exercise} directive where it belongs.")
            faults.add(place, what, remedy)


def _fits(directive: Directive, lab: Lab, where: str, faults: Faults) -> None:
    """The arguments of a lab are those of its form; a figure is one of its charts or pictures."""
    if directive.kind == "lab" and lab.form is not None:
        try:
            lab.form.read(dict(directive.options))
        except FormError as error:
            faults.add(where, error.text, Text("改正参数。", "Mend the argument."))
    elif directive.kind == "figure" and lab.texts is not None:
        _one_of(directive.more[0] if directive.more else "", (*lab.texts.charts, *_pictures(lab)), where, faults)


def _pictures(lab: Lab) -> set[str]:
    """The pictures that the recorded run of a lab drew."""
    frames = lab.reference.frames if lab.reference else ()
    return {frame.name for frame in frames if isinstance(frame, Picture)}


def _one_of(name: str, known: Iterable[str], where: str, faults: Faults) -> None:
    if name not in (names := tuple(known)):
        what = Text(f"这个主题没有 {name}。", f"The topic has no {name}.")
        faults.add(where, what, nearest(name, names))
