"""`wenjin note add | find | list | history | restore`: the notes beside the lessons, from a terminal."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.opened import opened
from wenjin.study.cli.terminal import clean, fail, language, say

if TYPE_CHECKING:
    from wenjin.study.store.notes import Note, Notes

DATA = Text("数据目录（也可用 WENJIN_DATA）", "The data folder (or WENJIN_DATA)")
ADD = Text(
    """在一课的某一节旁边添一段笔记；不写文字就从标准输入读。

    \b
    wenjin note add self-attention "方差是 $d$" --section why-sqrt-d
    wenjin note add self-attention < draft.md
    wenjin note add ppo "只给自己看" --private
    """,
    """Add a note beside a section of a lesson; without a text it is read from standard input.

    \b
    wenjin note add self-attention 'The variance is $d$' --section why-sqrt-d
    wenjin note add self-attention < draft.md
    wenjin note add ppo 'for me alone' --private
    """,
)
FIND = Text(
    """找出含有这些词的笔记。

    \b
    wenjin note find 方差
    wenjin note find square root
    """,
    """Find the notes that have these words.

    \b
    wenjin note find 方差
    wenjin note find square root
    """,
)
LIST = Text(
    """列出全部笔记，或一课的笔记。

    \b
    wenjin note list
    wenjin note list self-attention --whole       长的也全部打印
    """,
    """List all notes, or those of a topic.

    \b
    wenjin note list
    wenjin note list self-attention --whole       long ones, too, from beginning to end
    """,
)
HISTORY = Text(
    """列出一条笔记以前的稿；--show 看其中一稿。

    \b
    wenjin note history self-attention --section why-sqrt-d
    wenjin note history self-attention --section why-sqrt-d --show 2
    """,
    """List the earlier versions of a note; --show prints one.

    \b
    wenjin note history self-attention --section why-sqrt-d
    wenjin note history self-attention --section why-sqrt-d --show 2
    """,
)
RESTORE = Text(
    """取回一条笔记以前的一稿：它成为最新的一稿，什么都不会丢。

    \b
    wenjin note restore self-attention 2 --section why-sqrt-d
    """,
    """Bring back an earlier version of a note: it becomes the newest one, and nothing is lost.

    \b
    wenjin note restore self-attention 2 --section why-sqrt-d
    """,
)
PRIVATE = Text("只给自己看：分享和发布时不带上它", "For you alone: left out of what is shared")
SHOW = Text("看第几稿", "Which version to print")
JSON = Text("给脚本用的 JSON", "JSON for scripts")
NO_VERSION = Text("没有第 {n} 稿；这条笔记有 {most} 稿。", "There is no version {n}; the note has {most}.")
VERSION = Text("第 {n} 稿  {at}  {text}", "{n}  {at}  {text}")
BACK = Text("第 {n} 稿取回来了。", "Version {n} is back.")
BROKEN = Text("{typed}：{why}。", "{typed}: {why}.")
TOPIC = Text("主题的名字，如 self-attention", "The topic's name, such as self-attention")
SECTION = Text(
    "哪一节：课文网址里 # 后面的名字；不写就是整课", "Which section: its name behind # in the address; else the whole"
)
NO_TOPIC = Text(
    "没有主题 {name}；wenjin note list 之外，地图上有全部主题的名字。",
    "There is no topic {name}; the map shows them all.",
)
NO_SECTION = Text("{topic} 没有 {name} 这一节。有：{known}。", "{topic} has no section {name}. It has {known}.")
EMPTY = Text(
    "没有文字可记；请把它写在后面，或从标准输入送进来。",
    "There is no text; write it behind the topic, or send it to the input.",
)
TOO_LONG = Text(
    "这条笔记会超过 {most} 字，没有记；请分几节记，或存成文件。",
    "The note would have more than {most} characters and was not written; spread it over sections, or use a file.",
)
ADDED = Text("记在 {file}", "Written to {file}")
NONE = Text("还没有笔记。", "No notes yet.")
NOT_HERE = Text(
    "{topic} 的这一节没有笔记；有笔记的小节：{known}。用 --section 指明。",
    "There is no note on this section of {topic}. Sections with notes: {known}; name one with --section.",
)
WHOLE_TOO = Text("长的笔记也全部打印", "Print long notes whole")
CUT = Text("……共 {n} 字，--whole 看全部", "… {n} characters in all; --whole prints them")
NOT_FOUND = Text("没有一条笔记里有这些词。", "No note has these words.")

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))]
Json = Annotated[bool, typer.Option("--json", help=say(JSON))]
Whole = Annotated[bool, typer.Option("--whole", help=say(WHOLE_TOO))]
Section = Annotated[str | None, typer.Option("--section", metavar="ANCHOR", help=say(SECTION))]


def register(app: typer.Typer) -> None:
    note = typer.Typer(no_args_is_help=True, help=say(Text("笔记：添、找、列", "Notes: add, find, list")))
    note.command(help=say(ADD))(add)
    note.command(help=say(FIND))(find)
    note.command("list", help=say(LIST))(listed)
    note.command(help=say(HISTORY))(history)
    note.command(help=say(RESTORE))(restore)
    app.add_typer(note, name="note")


@contextmanager
def desk(data: Path | None) -> Iterator["Notes"]:
    """The learner's notes, for one command."""
    from wenjin.study.store.notes import Notes

    with opened(data) as found:
        yield Notes(found.log, found.here.workspace, found.course)


def add(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help=say(TOPIC))],
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", show_default=False)] = None,
    section: Section = None,
    private: Annotated[bool, typer.Option("--private", help=say(PRIVATE))] = False,
    as_json: Json = False,
    data: Data = None,
) -> None:
    from wenjin.study.course.wikilinks import links
    from wenjin.study.store.notes import LONGEST, is_private

    with desk(data) as notes:
        anchor = place(notes, topic, section)
        words = text if text is not None else sys.stdin.buffer.read(4 * LONGEST + 1).decode("utf-8", "replace")
        if not words.strip():
            fail(EMPTY, 2)
        if len(words) + len(notes.draft(topic, anchor).text) > LONGEST:
            fail(TOO_LONG.format(most=LONGEST), 2)
        words = words.encode("utf-8", "replace").decode()
        now = notes.draft(topic, anchor).text
        if private and not is_private(now):
            make_private(notes, topic, anchor)
        kept = notes.add(topic, anchor, words.rstrip(), language())
        for link in links(words, notes.course):
            if link.fault is not None:
                print(clean(say(BROKEN.format(typed=link.typed, why=link.fault))), file=sys.stderr)
        if as_json:
            print(json.dumps(row(kept) | {"file": str(notes.file(topic))}, ensure_ascii=False))
        elif topic not in notes.faults:
            print(clean(say(ADDED.format(file=notes.file(topic)))))
        warn(notes, topic, 1)


def warn(notes: "Notes", topic: str | None = None, code: int = 0) -> None:
    """Say which files do not follow, and why; with a code, that is the end."""
    found = [fault for about, fault in notes.faults.items() if topic in (None, about)]
    for fault in found:
        print(clean(say(fault)), file=sys.stderr)
    if found and code:
        raise typer.Exit(code)


def make_private(notes: "Notes", topic: str, anchor: str) -> None:
    from contextlib import suppress

    from wenjin.study.store.log import Conflict
    from wenjin.study.store.notes import is_private

    while not is_private((now := notes.draft(topic, anchor)).text):
        with suppress(Conflict):
            notes.save(topic, anchor, f"private: true\n{now.text}", now.revision)


def place(notes: "Notes", topic: str, section: str | None) -> str:
    """The anchor that is meant; refused where the course has no such place."""
    from wenjin.study.course.margins import WHOLE, margins

    found = notes.course.topics.get(topic)
    if found is None:
        fail(NO_TOPIC.format(name=clean(topic)), 2)
    anchor = section or WHOLE
    if anchor not in (known := margins(found, language())):
        fail(NO_SECTION.format(topic=topic, name=clean(anchor), known=", ".join(known)), 2)
    return anchor


def history(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help=say(TOPIC))],
    section: Section = None,
    number: Annotated[int | None, typer.Option("--show", metavar="N", help=say(SHOW))] = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    with desk(data) as notes:
        anchor = place(notes, topic, section)
        notes.absorb(topic, language())
        told = notes.revisions(topic, anchor)
        warn(notes, topic)
        elsewhere = list(notes.of(topic, language()))
    if number is not None and not 1 <= number <= len(told):
        fail(NO_VERSION.format(n=number, most=len(told)), 2)
    chosen = told if number is None else [told[number - 1]]
    if as_json:
        rows = [{"number": r.number, "at": r.at.isoformat(), "text": r.text, "source": r.source} for r in chosen]
        print(json.dumps({"note": f"{topic}#{anchor}", "versions": rows}, ensure_ascii=False))
    elif number is not None:
        print(clean(chosen[0].text))
    else:
        for one in told:
            at, line = f"{one.at.astimezone():%Y-%m-%d %H:%M}", " ".join(clean(one.text).split())[:60]
            print(say(VERSION.format(n=one.number, at=at, text=line)))
        if not told:
            print(clean(say(NOT_HERE.format(topic=topic, known=", ".join(elsewhere)) if elsewhere else NONE)))


def restore(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help=say(TOPIC))],
    number: Annotated[int, typer.Argument(metavar="N", help=say(SHOW))],
    section: Section = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    with desk(data) as notes:
        anchor = place(notes, topic, section)
        told = notes.revisions(topic, anchor)
        if not 1 <= number <= len(told):
            fail(NO_VERSION.format(n=number, most=len(told)), 2)
        notes.bring_back(topic, anchor, told[number - 1].id, language())
        if as_json:
            now = {"note": f"{topic}#{anchor}", "text": told[number - 1].text, "brought_back": number}
            print(json.dumps(now, ensure_ascii=False))
        else:
            print(say(BACK.format(n=number)))
        warn(notes, topic, 1)


def find(
    words: Annotated[list[str], typer.Argument(metavar="WORDS...")],
    whole: Whole = False,
    as_json: Json = False,
    data: Data = None,
) -> None:
    from wenjin.study.web.search import Search, of_notes
    from wenjin.study.web.search import place as address

    with desk(data) as notes:
        every = notes.every(language())
        hits = Search(of_notes(every, notes.course)).find(" ".join(words), language(), limit=len(every) + 1)
        by_url = {address(note.topic, note.anchor): note for note in every}
        present([by_url[hit.url] for hit in hits], notes, as_json, whole)
    if not hits and not as_json:
        fail(NOT_FOUND)


def listed(
    topic: Annotated[str | None, typer.Argument(metavar="[TOPIC]", show_default=False, help=say(TOPIC))] = None,
    whole: Whole = False,
    as_json: Json = False,
    data: Data = None,
) -> None:
    with desk(data) as notes:
        if topic is not None and topic not in notes.course.topics:
            fail(NO_TOPIC.format(name=clean(topic)), 2)
        every = notes.every(language()) if topic is None else list(notes.of(topic, language()).values())
        present(every, notes, as_json, whole)
    if not every and not as_json:
        print(say(NONE))


def present(found: "list[Note]", notes: "Notes", as_json: bool, whole: bool) -> None:
    if as_json:
        print(json.dumps({"notes": [row(note) for note in found]}, ensure_ascii=False))
    for note in found if not as_json else ():
        show(note, notes, whole)
    warn(notes)


def row(note: "Note") -> dict[str, object]:
    at = note.at.isoformat()
    return {"topic": note.topic, "anchor": note.anchor, "text": note.text, "at": at, "private": note.private}


def show(note: "Note", notes: "Notes", whole: bool) -> None:
    """A note as text: where it stands, then what it says, set in; of a long one the beginning."""
    from wenjin.study.course.margins import margins
    from wenjin.study.store.notes import beginning

    topic = notes.course.topics.get(note.topic)
    head = margins(topic, language()).get(note.anchor, note.anchor) if topic else note.anchor
    print(clean(f"{note.id}  {head}"))
    text = clean(note.text.strip())
    told = text if whole else beginning(text)
    more = say(CUT.format(n=f"{len(text):,}")) if told != text else ""
    print("".join(f"    {line}\n" for line in [*told.split("\n"), *([more] if more else [])]))
