"""A summary as a tree of words, and the tree as an outline (Markdown), as branches in a terminal, and as a mind map in
Mermaid's language. Pure; a page draws the same tree as a picture (web/mindmap.py).

The reflection is an empty place in each of them: what was learned is the learner's to say.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wenjin.kit.text import Language, Text, visible
from wenjin.study.course.graph import Course
from wenjin.study.course.margins import OWN_WORDS, margins
from wenjin.study.progress.paper import Scope, scopes
from wenjin.study.progress.questions import Question
from wenjin.study.progress.summary import Sat, Score, Told

SCORES, RUNS, NOTES = Text("练习", "Exercises"), Text("实验", "Labs"), Text("笔记", "Notes")
OPEN, ANSWERED = Text("还没有答案的问题", "Open questions"), Text("有了答案的问题", "Answered questions")
PAPERS = Text("检查点与阶段测试", "Checkpoints and stage tests")
STANDS = {
    "began": Text("{track} · {title}：没有交卷", "{track} · {title}: not handed in"),
    "given-up": Text("{track} · {title}：放弃了", "{track} · {title}: given up"),
    "ended": Text("{track} · {title}：答对 {right} / {all}", "{track} · {title}: {right} of {all} right"),
}
REVIEWS = Text("复习：{count} 张，记得 {recalled} 张", "Reviews: {count} cards, {recalled} recalled")
REVIEW = Text("复习：1 张，记得 {recalled} 张", "Reviews: 1 card, {recalled} recalled")
PASSED = Text("✓ {title}：通过，{attempts}", "✓ {title}: passed, {attempts}")
TRIED = Text("◐ {title}：还没通过，{attempts}", "◐ {title}: not passed yet, {attempts}")
ATTEMPT, ATTEMPTS = Text("1 次", "1 attempt"), Text("{n} 次", "{n} attempts")
MISTAKES = Text("，错在 {names}", ", mistakes: {names}")
RUN = Text("{title} {run}：{what}", "{title} {run}: {what}")
WHAT = {
    "queued": Text("没有跑完", "not over"),
    "stopped": Text("停在半路", "stopped"),
    "finished": Text("跑完", "finished"),
    "failed": Text("出错", "failed"),
}
NOTHING = Text("这段时间什么都没有记下。", "Nothing was recorded in this time.")
REFLECT = Text("我的反思", "What I make of it")
TO_WRITE = Text("（由你来写）", "(yours to write)")
LONGEST = 80  # characters of a question or a heading in the tree


@dataclass(frozen=True, slots=True)
class Node:
    """`kind` tells a picture how to draw it; `link` is where it leads in the pages, `run:…` for a run."""

    text: str
    kind: str = "group"
    link: str = ""
    children: tuple["Node", ...] = ()


def tree(
    title: str,
    told: Sequence[Told],
    course: Course,
    language: Language,
    reflection: str = "",
    link: str = "",
    papers: Sequence[Sat] = (),
) -> Node:
    """The summary below its title. `reflection`: what the learner wrote already; `link`: where it is written."""
    topics = [_topic(one, course, language) for one in told]
    if papers:
        known = scopes(course)
        topics.append(Node(PAPERS[language], "papers", "", tuple(_paper(one, known, language) for one in papers)))
    if not topics:
        topics = [Node(NOTHING[language], "nothing")]
    lines = [line for line in (_short(line) for line in reflection.split("\n")) if line]
    written = tuple(Node(line, "words") for line in lines) or (Node(TO_WRITE[language], "empty"),)
    return Node(title, "root", "", (*topics, Node(REFLECT[language], "reflection", link, written)))


def _topic(told: Told, course: Course, language: Language) -> Node:
    known = course.topics.get(told.topic)
    name = known.title[language] if known else told.topic
    heads: Mapping[str, str] = margins(known, language) if known else {}
    home = f"/topics/{told.topic}"

    def asked(heading: Text, kind: str, found: Sequence[Question]) -> Iterator[Node]:
        if found:
            leaves = tuple(Node(_short(q.text), "question", f"/questions#q-{q.id}") for q in found)
            yield Node(heading[language], kind, "", leaves)

    branches: list[Node] = []
    if told.scores:
        leaves = tuple(_score(id, score, course, language) for id, score in told.scores.items())
        branches.append(Node(SCORES[language], "scores", "", leaves))
    if told.runs:
        leaves = tuple(_run(*run, course, language) for run in told.runs)
        branches.append(Node(RUNS[language], "runs", "", leaves))
    if told.reviews[0]:
        words = (REVIEW if told.reviews[0] == 1 else REVIEWS).format(count=told.reviews[0], recalled=told.reviews[1])
        branches.append(Node(words[language], "reviews", "/review"))
    if told.notes:
        anchors = [note.partition("#")[2] for note in told.notes]
        order = {anchor: number for number, anchor in enumerate(heads)}
        anchors.sort(key=lambda anchor: (order.get(anchor, len(order)), anchor))
        leaves = tuple(
            Node(_short(heads.get(anchor, anchor)), "own" if anchor == OWN_WORDS else "note", f"{home}#note-{anchor}")
            for anchor in anchors
        )
        branches.append(Node(NOTES[language], "notes", "", leaves))
    branches += asked(OPEN, "open", told.open)
    branches += asked(ANSWERED, "answered", told.answered)
    return Node(name, "topic", home if known else "", tuple(branches))


def _score(id: str, score: Score, course: Course, language: Language) -> Node:
    exercise = course.exercises.get(id)
    title = exercise.title[language] if exercise and exercise.title else id
    times = ATTEMPT if score.attempts == 1 else ATTEMPTS.format(n=score.attempts)
    words = (PASSED if score.passed else TRIED).format(title=title, attempts=times)[language]
    if score.mistakes:
        words += MISTAKES.format(names=", ".join(f"{n} ×{times}" for n, times in score.mistakes.items()))[language]
    topic, _, name = id.partition("/")
    return Node(words, "passed" if score.passed else "tried", f"/topics/{topic}/exercises/{name}" if exercise else "")


def _paper(sat: Sat, known: Mapping[str, Scope], language: Language) -> Node:
    scope = known.get(sat.of)
    track, title = (scope.track.title, scope.title) if scope else sat.of.partition("/")[::2]
    words = STANDS[sat.what].format(track=track, title=title, right=sat.right, all=sat.all)
    return Node(words[language], "paper", f"/papers/{sat.paper}{'/report' if sat.what == 'ended' else ''}")


def _run(run: str, lab: str, what: str, course: Course, language: Language) -> Node:
    known = course.labs.get(lab)
    title = known.title[language] if known and known.title else lab
    return Node(
        RUN.format(title=title, run=run[:8], what=WHAT.get(what, Text(what, what))[language])[language],
        "run",
        f"/runs/{run}",
    )


def _short(text: str) -> str:
    line = " ".join(visible(text).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


# ---- as text ----


def markdown(node: Node, depth: int = 0) -> str:
    """An outline: the title as a heading, the rest as a list in a list. The reflection is a section of its own."""
    if node.kind != "root":
        return "  " * (depth - 1) + f"- {node.text}\n" + "".join(markdown(child, depth + 1) for child in node.children)
    *topics, last = node.children
    body = "".join(markdown(child, 1) for child in topics)
    words = "\n".join(child.text for child in last.children)
    return f"# {node.text}\n\n{body}\n## {last.text}\n\n{words}\n"


def branches(node: Node, before: str = "") -> str:
    """The tree with its branches drawn, for a terminal."""
    lines = [node.text] if node.kind == "root" else []
    for number, child in enumerate(node.children, 1):
        last = number == len(node.children)
        lines.append(f"{before}{'└─ ' if last else '├─ '}{child.text}")
        if child.children:
            lines.append(branches(child, before + ("   " if last else "│  ")))
    return "\n".join(lines)


def mermaid(node: Node, depth: int = 1) -> str:
    """The tree in Mermaid's language, for any reader of Markdown that draws it."""
    quoted = node.text.replace('"', "'").replace("`", "'")
    line = "  " * depth + f'n["{quoted}"]\n'
    made = ("mindmap\n" if node.kind == "root" else "") + line
    return made + "".join(mermaid(child, depth + 1) for child in node.children)
