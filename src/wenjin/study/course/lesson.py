"""A lesson file -> its skeleton: questions, parts, directives, formulas and values, each with its line.

Nothing is rendered here (render.py does that). The text of a lesson:

    # title
    an introduction of one paragraph
    ## a question {#anchor}            the first paragraph below it is the short answer
    ### 原理 | Principle               parts: principle, derivation, code, practice
    ```{code} stack.nn.attention:attend    ```{run} name    ```{exercise} name    ```{lab} name heads=4
    ```{figure} lab:sharpness loss alt="…"     a chart or a picture of a lab's recorded run
    ```{knob} merges with="…"              something small to turn; its text says what to try
    $$ … $$ {check="function"}         a formula of its own, tied to a function of checks.py
    :::{aside} title … :::             a side remark, folded
    {{ name.value }} {{ name.value:.3f }}  a number of the recorded run `name`
    ## 小结 {#summary}   ## 易错 {#mistakes}   ## 延伸 {#further}   ## 接下来的问题 {#next}      the end

The two languages have the same skeleton: `Lesson.skeleton` is equal.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wenjin.kit.text import Language, Text

PARTS = {
    "principle": Text("原理", "Principle"),
    "derivation": Text("推导", "Derivation"),
    "code": Text("代码", "Code"),
    "practice": Text("实践", "Practice"),
}
CLOSING = {
    "summary": Text("小结", "Summary"),
    "mistakes": Text("易错", "Common mistakes"),
    "further": Text("延伸", "Further reading"),
    "next": Text("接下来的问题", "Questions this opens"),
}
DIRECTIVES = ("code", "run", "exercise", "lab", "figure", "knob")
FENCE = re.compile(r"^(?P<mark>`{3,}|~{3,})(?P<info>.*)$")
DIRECTIVE = re.compile(r"^\s*\{(?P<kind>[\w-]+)\}\s*(?P<rest>.*)$")
ASIDE = re.compile(r"^:{3,}\s*\{(?P<kind>[\w-]+)\}\s*(?P<title>.*)$")
HEADING = re.compile(r"^(?P<level>#{1,6})\s+(?P<text>.*?)\s*(?:\{#(?P<anchor>[^}]*)\})?\s*$")
ANCHOR = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FORMULA_END = re.compile(r"\$\$\s*(?:\{check=\"(?P<check>\w+)\"\})?\s*$")
OPTION = re.compile(r"(\w+)=(\"[^\"]*\"|\S+)")
INLINE_CODE = re.compile(r"(`+).+?\1")
INLINE_MATHS = re.compile(r"(?<![\\$])\$(?![\s$])((?:[^$\\\n]|\\.|\n(?!\s*\n))+?)(?<!\s)\$(?![\d$])")
VALUE = re.compile(r"\{\{\s*(?P<run>\w+)\.(?P<variable>\w+)\s*(?::(?P<spec>[^}\s]+))?\s*\}\}")


@dataclass(frozen=True, slots=True)
class Directive:
    """A fenced block that the page fills. `argument` is its first word, `more` other plain words, `body` its text."""

    kind: str
    argument: str
    more: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    body: str
    line: int


@dataclass(frozen=True, slots=True)
class Formula:
    """Mathematics: on lines of its own (`display`) or within a sentence. `check` names a function of checks.py."""

    tex: str
    display: bool
    check: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Value:
    """A number taken from a recorded run: `{{ run.variable:spec }}`."""

    run: str
    variable: str
    spec: str
    line: int


@dataclass(frozen=True, slots=True)
class Part:
    """A `###` heading: `key` is one of PARTS, or None when it is none of them."""

    key: str | None
    heading: str
    line: int


@dataclass(slots=True)
class Question:
    """A `##` heading and what stands below it. `answer` is the first paragraph."""

    anchor: str
    heading: str
    line: int
    answer: str = ""
    parts: list[Part] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)
    formulas: list[Formula] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    asides: int = 0
    text: str = ""  # its prose, for searching


@dataclass(slots=True)
class Lesson:
    """A lesson in one language. What stands above the first question belongs to `head`."""

    title: str = ""
    head: Question = field(default_factory=lambda: Question("", "", 1))
    questions: list[Question] = field(default_factory=list)
    unclosed: tuple[str, int] | None = None  # a fence, formula or aside that never ends, and its line

    @property
    def chain(self) -> list[Question]:
        """The questions proper, without the closing sections."""
        return [question for question in self.questions if question.anchor not in CLOSING]

    @property
    def directives(self) -> list[Directive]:
        return [d for question in (self.head, *self.questions) for d in question.directives]

    @property
    def formulas(self) -> list[Formula]:
        return [f for question in (self.head, *self.questions) for f in question.formulas]

    @property
    def values(self) -> list[Value]:
        return [v for question in (self.head, *self.questions) for v in question.values]

    def skeleton(self) -> Iterator[tuple[str, str, int]]:
        """What both languages share, in order: (kind, what it is, its line). Words are left out, `alt` among them."""
        for question in self.questions:
            yield "question", question.anchor, question.line
            parts = [(part.line, "part", part.key or part.heading) for part in question.parts]
            directives = [(d.line, "directive", _shared(d)) for d in question.directives]
            formulas = [(f.line, "formula", _formula(f)) for f in question.formulas if f.display]
            for line, kind, what in sorted(parts + directives + formulas):
                yield kind, what, line
            yield "asides", str(question.asides), question.line
            values = sorted(f"{v.run}.{v.variable}" for v in question.values)
            yield "values", " ".join(values), question.line


def path(folder: Path, language: Language) -> Path:
    return folder / f"lesson.{language}.md"


def read(folder: Path, language: Language) -> Lesson:
    """The lesson of a topic's folder. Raises FileNotFoundError where it is not written."""
    return parse(path(folder, language).read_text(encoding="utf-8"))


def parse(markdown: str) -> Lesson:
    """The skeleton of a lesson file. It never fails: what is against the form is told in study/author/lessons.py."""
    return _Parser(markdown).lesson


class _Parser:
    """One pass over the lines. `at` is the line being read, from 0."""

    def __init__(self, markdown: str) -> None:
        self.lines = markdown.lstrip("\ufeff").splitlines()
        self.at = 0
        self.lesson = Lesson()
        self.here = self.lesson.head
        self.open_asides: list[int] = []
        self.prose: list[tuple[int, str]] = []
        while self.at < len(self.lines):
            self.step(self.lines[self.at])
            self.at += 1
        self.close()
        if self.open_asides:
            self.lesson.unclosed = (":::", self.open_asides[-1])

    def step(self, line: str) -> None:
        if fence := FENCE.match(line.strip()):
            self.fence(fence["mark"], fence["info"])
        elif line.lstrip().startswith("$$"):
            self.formula(line.strip())
        elif ASIDE.match(line):
            self.here.asides += 1
            self.open_asides.append(self.at + 1)
        elif line.strip() and set(line.strip()) == {":"} and len(line.strip()) >= 3:
            if self.open_asides:
                self.open_asides.pop()
        elif (heading := HEADING.match(line)) and len(heading["level"]) <= 3:
            self.heading(len(heading["level"]), heading["text"], heading["anchor"] or "")
        else:
            self.prose.append((self.at + 1, line))

    def heading(self, level: int, text: str, anchor: str) -> None:
        if level == 1 and not self.lesson.title:
            self.lesson.title = text
        elif level == 3:
            key = next((key for key, name in PARTS.items() if text in (name.zh, name.en)), None)
            self.prose.append((self.at + 1, ""))
            self.here.parts.append(Part(key, text, self.at + 1))
        else:
            self.close()
            self.here = Question(anchor, text, self.at + 1)
            self.lesson.questions.append(self.here)

    def fence(self, mark: str, info: str) -> None:
        start = self.at
        body = []
        while self.at + 1 < len(self.lines):
            self.at += 1
            line = self.lines[self.at].strip()
            if line.startswith(mark) and set(line) == {mark[0]}:
                break
            body.append(self.lines[self.at])
        else:
            self.lesson.unclosed = (mark, start + 1)
        if directive := DIRECTIVE.match(info):
            self.here.directives.append(
                read_directive(directive["kind"], directive["rest"], "\n".join(body), start + 1)
            )
        self.prose.append((start + 1, ""))

    def formula(self, first: str) -> None:
        start, text = self.at, first[2:]
        while not (end := FORMULA_END.search(text)):
            if self.at + 1 == len(self.lines):
                self.lesson.unclosed = ("$$", start + 1)
                return
            self.at += 1
            text += "\n" + self.lines[self.at].strip()
        self.here.formulas.append(Formula(text[: end.start()].strip(), True, end["check"], start + 1))
        self.prose.append((start + 1, ""))

    def close(self) -> None:
        """The prose of the question that ends: its short answer, its values and its formulas within sentences."""
        text = "\n".join(line for _, line in self.prose)
        here, first = self.here, self.prose[0][0] if self.prose else 1
        paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
        before_parts = here.parts[0].line if here.parts else len(self.lines) + 1
        if paragraphs and any(line.strip() and number < before_parts for number, line in self.prose):
            here.answer = paragraphs[0]
        here.text = text.strip()
        bare = INLINE_CODE.sub(lambda code: " " * len(code[0]), text)
        for found in INLINE_MATHS.finditer(bare):
            line = self._line(first, text, found.start())
            here.formulas.append(Formula(found[1], False, None, line))
        for found in VALUE.finditer(bare):
            line = self._line(first, text, found.start())
            here.values.append(Value(found["run"], found["variable"], found["spec"] or "", line))
        self.prose = []

    def _line(self, first: int, text: str, offset: int) -> int:
        number = text.count("\n", 0, offset)
        return self.prose[number][0] if number < len(self.prose) else first


def read_directive(kind: str, rest: str, body: str, line: int) -> Directive:
    options = tuple((name, value.strip('"')) for name, value in OPTION.findall(rest))
    words = OPTION.sub("", rest).split()
    return Directive(kind, words[0] if words else "", tuple(words[1:]), options, body, line)


def _shared(directive: Directive) -> str:
    options = [f"{name}={value}" for name, value in directive.options if name != "alt"]
    body = f" | {directive.body.strip()}" if directive.kind == "run" else ""
    return " ".join([f"{{{directive.kind}}}", directive.argument, *directive.more, *options]) + body


def _formula(formula: Formula) -> str:
    """A formula without the words in it, which are in the lesson's own language."""
    tex = re.sub(r"\\text\{[^}]*\}", r"\\text{}", re.sub(r"\s+", "", formula.tex))
    return tex + (f" check={formula.check}" if formula.check else "")
