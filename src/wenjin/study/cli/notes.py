"""`wenjin note add | find | list`: the notes beside the lessons, from a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.terminal import clean, fail, language, say, sentences

if TYPE_CHECKING:
    from wenjin.study.store.notes import Note, Notes

DATA = Text("数据目录（也可用 WENJIN_DATA）", "The data folder (or WENJIN_DATA)")
ADD = Text(
    """在一课的某一节旁边添一段笔记；不写文字就从标准输入读。

    \b
    wenjin note add self-attention "方差是 $d$" --section why-sqrt-d
    wenjin note add self-attention < draft.md
    """,
    """Add a note beside a section of a lesson; without a text it is read from standard input.

    \b
    wenjin note add self-attention 'The variance is $d$' --section why-sqrt-d
    wenjin note add self-attention < draft.md
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
    wenjin note list self-attention
    """,
    """List all notes, or those of a topic.

    \b
    wenjin note list
    wenjin note list self-attention
    """,
)
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
NOT_FOUND = Text("没有一条笔记里有这些词。", "No note has these words.")

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))]


def register(app: typer.Typer) -> None:
    note = typer.Typer(no_args_is_help=True, help=say(Text("笔记：添、找、列", "Notes: add, find, list")))
    note.command(help=say(ADD))(add)
    note.command(help=say(FIND))(find)
    note.command("list", help=say(LIST))(listed)
    app.add_typer(note, name="note")


@contextmanager
def desk(data: Path | None) -> Iterator["Notes"]:
    """The learner's notes, for one command."""
    from wenjin.study.course.load import load
    from wenjin.study.store.notes import Notes
    from wenjin.study.store.owner import open_log
    from wenjin.study.store.places import places

    with sentences():
        here = places(data)
        course = load()
        log = open_log(here, role="command")
        try:
            yield Notes(log, here.workspace, course)
        finally:
            log.close()


def add(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help=say(TOPIC))],
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", show_default=False)] = None,
    section: Annotated[str | None, typer.Option("--section", metavar="ANCHOR", help=say(SECTION))] = None,
    data: Data = None,
) -> None:
    from wenjin.study.course.margins import WHOLE, margins
    from wenjin.study.store.notes import LONGEST

    with desk(data) as notes:
        found = notes.course.topics.get(topic)
        if found is None:
            fail(NO_TOPIC.format(name=clean(topic)), 2)
        anchor = section or WHOLE
        if anchor not in (known := margins(found, language())):
            fail(NO_SECTION.format(topic=topic, name=clean(anchor), known=", ".join(known)), 2)
        words = text if text is not None else sys.stdin.buffer.read(4 * LONGEST + 1).decode("utf-8", "replace")
        if not words.strip():
            fail(EMPTY, 2)
        if len(words) + len(notes.draft(topic, anchor).text) > LONGEST:
            fail(TOO_LONG.format(most=LONGEST), 2)
        notes.add(topic, anchor, words.rstrip(), language())
        if fault := notes.faults.get(topic):
            print(clean(say(fault)), file=sys.stderr)
        else:
            print(clean(say(ADDED.format(file=notes.file(topic)))))


def find(words: Annotated[list[str], typer.Argument(metavar="WORDS...")], data: Data = None) -> None:
    from wenjin.study.web.search import Search, of_notes

    with desk(data) as notes:
        every = notes.every(language())
        hits = Search(of_notes(every, notes.course)).find(" ".join(words), language(), limit=len(every) + 1)
        by_url = {f"/topics/{note.topic}#note-{note.anchor}": note for note in every}
        for hit in hits:
            show(by_url[hit.url], notes)
    if not hits:
        fail(NOT_FOUND)


def listed(
    topic: Annotated[str | None, typer.Argument(metavar="[TOPIC]", show_default=False, help=say(TOPIC))] = None,
    data: Data = None,
) -> None:
    with desk(data) as notes:
        if topic is not None and topic not in notes.course.topics:
            fail(NO_TOPIC.format(name=clean(topic)), 2)
        every = notes.every(language()) if topic is None else list(notes.of(topic, language()).values())
        for note in every:
            show(note, notes)
    if not every:
        print(say(NONE))


def show(note: "Note", notes: "Notes") -> None:
    """A note as text: where it stands, then what it says, set in."""
    from wenjin.study.course.margins import margins

    topic = notes.course.topics.get(note.topic)
    head = margins(topic, language()).get(note.anchor, note.anchor) if topic else note.anchor
    print(clean(f"{note.id}  {head}"))
    print("".join(f"    {line}\n" for line in clean(note.text.strip()).split("\n")))
