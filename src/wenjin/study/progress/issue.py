"""A learner's question as the text of an issue: everything that one needs to understand it and to see it again.

Pure: what is known of the machine is told, and whoever calls says which paths are personal; they leave the text.
"""

from collections.abc import Iterable, Mapping

from wenjin.kit.text import Language, Text
from wenjin.study.course.graph import Course
from wenjin.study.course.margins import WHOLE, margins
from wenjin.study.progress.questions import Question
from wenjin.study.progress.state import Progress

TITLE = Text("{topic}：{text}", "{topic}: {text}")
WHERE = Text("在哪里", "Where")
TOPIC = Text("主题", "Topic")
SECTION = Text("小节", "Section")
LESSON = Text("读的课文", "Lesson read")
LANGUAGES = {"zh": Text("中文", "Chinese"), "en": Text("英文", "English")}
VERSION = Text("课程版本", "Course version")
ASKED = Text("问于", "Asked at")
QUESTION = Text("问题", "The question")
TRIED = Text("试过什么", "What was tried")
NOTHING = Text("（没有写）", "(not told)")
EXERCISES = Text("这一课的练习", "Exercises of this lesson")
EXERCISE = Text(
    "`{id}`：{attempts} 次，最近一次：{last}{mistakes}", "`{id}`: attempts: {attempts}, the last: {last}{mistakes}"
)
VERDICTS = {
    "pass": Text("通过", "passed"),
    "wrong": Text("不对", "not right"),
    "error": Text("没能运行", "did not run"),
    "timeout": Text("超时", "out of time"),
    "memory": Text("内存超限", "out of memory"),
    "blocked": Text("被沙箱拦下", "stopped by the sandbox"),
}
MISTAKES = Text("，认出的错误：{names}", ", mistakes named: {names}")
ANSWER = Text("提问的人自己的回答", "The asker's own answer")
MACHINE = Text("机器", "Machine")
PARTS = {"system": Text("系统", "system"), "cores": Text("核数", "cores"), "memory": Text("内存", "memory")}


def title(question: Question, course: Course, language: Language) -> str:
    """The issue's title: one line."""
    known = course.topics.get(question.topic)
    text = " ".join(question.text.split())
    name = known.title[language] if known else question.topic
    return TITLE.format(topic=name, text=text[:77] + "…" if len(text) > 78 else text)[language]


def issue(
    question: Question,
    course: Course,
    progress: Progress,
    machine: Mapping[str, str],
    personal: Iterable[tuple[str, str]],
    language: Language,
) -> str:
    """The issue as Markdown. `personal`: what must not leave this machine, and what stands in its place."""
    known = course.topics.get(question.topic)
    heads = margins(known, language) if known else {}
    place = known.title[language] if known and question.anchor == WHOLE else heads.get(question.anchor, question.anchor)
    spoken = LANGUAGES.get(question.language, Text(question.language, question.language))[language]
    digest = f"（SHA-256 {question.lesson}）" if language == "zh" else f" (SHA-256 {question.lesson})"
    facts = [
        (TOPIC, f"{known.title[language] if known else question.topic} (`{question.topic}`)"),
        (SECTION, f"{place} (`{question.place}`)"),
        (LESSON, spoken + (digest if question.lesson else "")),
        (VERSION, question.version or "?"),
        (ASKED, question.at.strftime("%Y-%m-%d %H:%M UTC")),
    ]
    parts = [
        f"# {title(question, course, language)}",
        f"## {WHERE[language]}",
        _listed((name[language], value) for name, value in facts),
        f"## {QUESTION[language]}",
        question.text.strip(),
        f"## {TRIED[language]}",
        question.tried.strip() or NOTHING[language],
    ]
    if tried := _exercises(question.topic, progress, language):
        parts += [f"{EXERCISES[language]}{'：' if language == 'zh' else ':'}", tried]
    if question.answer:
        parts += [f"## {ANSWER[language]}", question.answer.strip()]
    told = ((PARTS[name][language] if name in PARTS else name, value) for name, value in machine.items())
    parts += [f"## {MACHINE[language]}", _listed(told)]
    return scrubbed("\n\n".join(parts) + "\n", personal)


def scrubbed(text: str, personal: Iterable[tuple[str, str]]) -> str:
    """The text without what is personal, the longest first: a folder before the one that holds it."""
    for secret, word in sorted(personal, key=lambda pair: -len(pair[0])):
        if len(secret) > 1:
            text = text.replace(secret, word)
    return text


def _listed(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in pairs)


def _exercises(topic: str, progress: Progress, language: Language) -> str:
    lines = []
    for id, standing in progress.exercises.items():
        if id.partition("/")[0] == topic and standing.attempts:
            names = ", ".join(f"`{name}` ×{times}" for name, times in standing.mistakes.items())
            told = MISTAKES.format(names=names)[language] if names else ""
            last = VERDICTS[standing.last][language] if standing.last in VERDICTS else standing.last
            words = EXERCISE.format(id=id, attempts=standing.attempts, last=last, mistakes=told)
            lines.append(f"- {words[language]}")
    return "\n".join(lines)
