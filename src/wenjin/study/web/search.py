"""Search over the course, in both languages, and over what the learner wrote: notes, summaries, questions, remarks.
A pasted error message is known whatever numbers and names are in it (course/pitfalls.py).

    text -> tokens: Chinese as overlapping pairs (梯度下降 -> 梯度 度下 下降), the rest as words -> FTS5, in memory

Pairs find every Chinese word of two or more characters without a dictionary, and nothing in between: 服务 does not
match 务服. The index is made anew at each start: it takes some ten milliseconds and can never be stale.
"""

import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from markupsafe import Markup, escape

from wenjin.kit.text import Language, visible
from wenjin.study.course.graph import Course
from wenjin.study.course.lesson import parse
from wenjin.study.course.margins import OWN_WORDS, margins
from wenjin.study.course.pitfalls import Met, every, matching
from wenjin.study.labs.book import Run
from wenjin.study.progress.outline import REFLECT
from wenjin.study.progress.questions import Question
from wenjin.study.progress.summary import REFLECTION, WEEK
from wenjin.study.store.chats import Chat
from wenjin.study.store.notes import Note, body

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
PIECES = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+")
LANGUAGES: tuple[Language, ...] = ("zh", "en")
SIGNS = {
    "sqrt": "√",
    "cdot": "·",
    "times": "×",
    "infty": "∞",
    "sum": "Σ",
    "le": "≤",
    "ge": "≥",
    "approx": "≈",
    "to": "→",
    "top": "ᵀ",
    **dict.fromkeys(("left", "right", "big", "Big", "bigl", "bigr", "displaystyle"), ""),
    **dict.fromkeys(("quad", "qquad"), " "),
}
PART = r"\{((?:[^{}]|\{[^{}]*\})*)\}"  # of a formula, with at most one more inside
LIMIT = 40
WINDOW = 46  # characters of text shown before and after what was found (half as many count in Chinese)


@dataclass(frozen=True, slots=True)
class Document:
    """Something to find; `within`: what it is part of. `kind`: topic, lesson, card, exercise, lab, pitfall, note,
    summary, question, run or chat."""

    kind: str
    language: Language
    title: str
    within: str
    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    kind: str
    language: Language
    title: Markup
    within: str
    url: str
    snippet: Markup


class Search:
    """An index of documents. Safe to use from several threads."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._documents = list(documents)
        self._lock = threading.Lock()
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute("create virtual table found using fts5(title, body, language unindexed)")
        rows = [(number, tokens(d.title), tokens(d.text), d.language) for number, d in enumerate(self._documents, 1)]
        self._index.executemany("insert into found(rowid, title, body, language) values (?, ?, ?, ?)", rows)

    def find(self, query: str, language: Language, limit: int = LIMIT) -> list[Hit]:
        """Best first: what matches all of the query in the reader's language, else in the other one, else a part."""
        wanted = asked(query)
        other: Language = "en" if language == "zh" else "zh"
        terms = [term(piece) for piece in wanted]
        for tongue, word in ((language, " AND "), (other, " AND "), (language, " OR ")) if wanted else ():
            with self._lock:
                rows = self._index.execute(
                    "select rowid from found where found match ? and language = ? "
                    "order by bm25(found, 6.0, 1.0), rowid limit ?",
                    (word.join(terms), tongue, limit),
                ).fetchall()
            if rows:
                return [hit(self._documents[number - 1], wanted) for (number,) in rows]
        return []


def asked(query: str) -> list[str]:
    """The pieces of a query that are looked for."""
    return PIECES.findall(query.lower())[:12]


def tokens(text: str) -> str:
    """A text as FTS5 shall see it: pairs of Chinese characters, and words."""
    return " ".join(token for piece in PIECES.findall(text.lower()) for token in pairs(piece))


def pairs(piece: str) -> Iterator[str]:
    if re.match(f"[{HAN}]", piece) and len(piece) > 1:
        yield from (piece[n : n + 2] for n in range(len(piece) - 1))
    else:
        yield piece


def term(piece: str) -> str:
    """A piece of the query in FTS5's language: its pairs in a row; a word, or one character, as a beginning."""
    whole = re.match(f"[{HAN}]{{2}}", piece)
    return f'"{" ".join(pairs(piece))}"' + ("" if whole else "*")


def hit(document: Document, wanted: list[str]) -> Hit:
    text = re.sub(r"\s+", " ", document.text).strip()
    places = [place for piece in wanted if (place := text.lower().find(piece)) >= 0]
    middle = min(places, default=0)
    window = WINDOW if document.language == "zh" else 2 * WINDOW
    start = 0 if middle < window else middle - window // 2
    cut = text[start : start + 2 * window]
    shown = marked(cut, wanted)
    snippet = Markup("…" if start else "") + shown + Markup("…" if start + len(cut) < len(text) else "")
    return Hit(document.kind, document.language, marked(document.title, wanted), document.within, document.url, snippet)


def marked(text: str, wanted: list[str]) -> Markup:
    """The text, safe, with what was asked for in <mark>."""
    found = re.compile("|".join(map(re.escape, sorted(wanted, key=len, reverse=True))), re.IGNORECASE)
    parts, at = [], 0
    for match in found.finditer(text):
        parts += [escape(text[at : match.start()]), Markup("<mark>") + escape(match[0]) + Markup("</mark>")]
        at = match.end()
    return Markup("").join([*parts, escape(text[at:])])


def documents(course: Course) -> Iterator[Document]:
    """All that a course lets one find."""
    for topic in course.topics.values():
        home = f"/topics/{topic.id}"
        for language in LANGUAGES:
            title = topic.title[language]
            about = [topic.question, *([topic.goal] if topic.goal else []), *topic.teaches]
            stage = course.stages[topic.stage].title[language]
            yield Document("topic", language, title, stage, home, " ".join(text[language] for text in about))
            for card in topic.cards:
                asked, _, code = card.front[language].partition("```")
                told = plain(f"{card.back[language]}\n{code.partition(chr(10))[2]}")
                yield Document("card", language, plain(asked).strip(), title, f"{home}#card-{card.id}", told)
            for exercise in topic.exercises:
                if exercise.title and exercise.task:
                    url = f"{home}/exercises/{exercise.name}"
                    task = plain(exercise.task[language])
                    yield Document("exercise", language, exercise.title[language], title, url, task)
            for lab in topic.labs:
                if lab.texts:
                    url = f"{home}/labs/{lab.name}"
                    yield Document(
                        "lab", language, lab.texts.title[language], title, url, plain(lab.texts.asks[language])
                    )
            if topic.written and topic.folder:
                lesson = parse((topic.folder / f"lesson.{language}.md").read_text(encoding="utf-8"))
                for question in lesson.questions:
                    url = f"{home}#{question.anchor}"
                    yield Document("lesson", language, plain(question.heading), title, url, plain(question.text))
    for met in every(course):
        yield from (of_pitfall(met, language) for language in LANGUAGES)


def of_pitfall(met: Met, language: Language) -> Document:
    one, url = met.pitfall, f"/topics/{met.topic.id}#pitfall-{met.pitfall.id}"
    told = plain(f"{one.cause[language]}\n{one.repair[language]}")
    return Document("pitfall", language, visible(one.message), met.topic.title[language], url, told)


def errors(pasted: str, course: Course, language: Language) -> list[Hit]:
    """The pitfalls that a pasted message, or the end of a traceback, is one of; best first."""
    return [hit(of_pitfall(met, language), asked(pasted)) for met in matching(pasted, every(course))]


def joined(*found: list[Hit]) -> list[Hit]:
    """These hits in their order, none of them twice."""
    kept: dict[tuple[str, str], Hit] = {}
    for hit in chain(*found):
        kept.setdefault((hit.kind, hit.url), hit)
    return list(kept.values())


def of_notes(notes: Iterable[Note], course: Course) -> Iterator[Document]:
    """The learner's notes, under the headings of both languages, since a note itself may be in either."""
    for note in notes:
        topic = course.topics.get(note.topic)
        for language in LANGUAGES:
            heads = margins(topic, language) if topic else {}
            title, url = plain(heads.get(note.anchor, note.anchor)), place(note.topic, note.anchor)
            within = topic.title[language] if topic else note.topic
            if note.anchor == REFLECTION and WEEK.fullmatch(note.topic):
                title, within = REFLECT[language], note.topic
            kind = "summary" if note.anchor in (OWN_WORDS, REFLECTION) else "note"
            yield Document(kind, language, title, within, url, plain(body(note.text)))


def place(topic: str, anchor: str) -> str:
    """Where a note stands in the pages."""
    if WEEK.fullmatch(topic):
        return f"/summary?week={topic}#note-{anchor}"
    return f"/topics/{topic}#note-{anchor}"


def of_questions(questions: Iterable[Question], course: Course) -> Iterator[Document]:
    """The learner's questions with what was tried and answered, below the topics' names in both languages."""
    for question in questions:
        if not question.removed:
            topic = course.topics.get(question.topic)
            text = plain(f"{question.text}\n{question.tried}\n{question.answer}")
            for language in LANGUAGES:
                within = topic.title[language] if topic else question.topic
                title = " ".join(plain(question.text).split())
                yield Document("question", language, title, within, f"/questions#q-{question.id}", text)


def of_runs(runs: Iterable[Run], course: Course) -> Iterator[Document]:
    """The runs on which the learner remarked."""
    for run in runs:
        if run.remark.strip():
            lab = course.labs.get(run.lab)
            for language in LANGUAGES:
                title = lab.title[language] if lab and lab.title else run.lab
                yield Document("run", language, title, f"{run.at:%Y-%m-%d %H:%M}", f"/runs/{run.id}", plain(run.remark))


def of_chats(chats: Iterable[Chat], language: Language) -> Iterator[Document]:
    """Conversations with models, all that was said in each; they are in no certain language, so in the reader's."""
    for chat in chats:
        said = "\n".join(plain(turn.text) for turn in chat.turns.values())
        yield Document("chat", language, visible(chat.title), "", f"/chat/{chat.id}", said)


def plain(markdown: str) -> str:
    """Markdown without its marks, formulas as one would type them."""
    marks = r"^[ \t]*(?:#+|[-*+]|\d+\.|>)[ \t]+|^[ \t]*[-|:][-|: ]*$|\{#[\w-]+\}"
    text = re.sub(marks, "", visible(markdown), flags=re.MULTILINE)
    text = re.sub(r"\{\{[^{}]*\}\}", "…", text)  # what may be skipped over holds no beginning of the same: a note
    text = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", text)  # of nothing but brackets takes no longer
    text = re.sub(r"\\(?:text|mathrm|operatorname)\{([^{}\\]*)\}", r"\1", text)
    text = re.sub(r"\\([a-zA-Z]+) ?", lambda found: SIGNS.get(found[1], found[0]), text)
    text = re.sub(rf"\\[dt]?frac{PART}{PART}", r"\1/\2", text)
    text = re.sub(r"\\[!,;:]|\^(?=ᵀ)", "", text)
    return re.sub(r"[*`|{}]|\$\$?|\\(?=[a-zA-Z])", "", text)
