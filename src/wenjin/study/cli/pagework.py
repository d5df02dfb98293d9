"""A paper's files and its page are one piece of work: what was typed in the page stands in the files, and back.

They are shared when the files are laid, before they are judged and when the table is left. Of each file it is noted
(`paper/ID/shared`) what it held, how often the page had been kept, and whether the text had come from the page, when
both said the same. Since then

    only the page has changed   the file gets its text; what was written in the file is put beside it first
    only the file has changed   the page gets what the file says
    both have                   the file counts and the page gets what it says; the page's own text is put beside it

Beside 01-name.toml means 01-name.page.toml and 01-name.before.toml. A file that is no answer sheet (TOML that cannot
be read) is left as it is, and so is the page.
"""

import hashlib
import json
import tomllib
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wenjin.kit.text import Text
from wenjin.study.cli.sheet import sheet
from wenjin.study.cli.views import title

if TYPE_CHECKING:
    from wenjin.study.cli.desk import Desk
    from wenjin.study.progress.paper import Sitting

LARGEST = (1 << 20) + 1  # bytes of a file; more is taken by no judge
HEAD, MARK = "### ", ">>>"
CAME = Text("页面上新写的放进了：{names}", "What was newly typed in the page stands in: {names}")
BOTH = Text(
    "{name} 和页面都改过：以文件为准，页面上写的放在 {beside}。",
    "{name} and the page were both changed: the file counts, and what the page had is in {beside}.",
)

BEFORE = Text(
    "{name} 里原来写的放在 {beside}。",
    "What had been written in {name} is in {beside}.",
)

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page of the paper and its file. `fresh` is the file as it is laid.

    read     what a file says, as the fields of the page; None where it cannot be read
    write    a file that says what these fields do
    nothing  whether fields are as they were handed out
    same     two ways to say the same are the same
    """

    n: int
    file: Path
    fresh: str
    read: Callable[[str], Fields | None]
    write: Callable[[Fields], str]
    nothing: Callable[[Fields], bool]
    same: Callable[[Fields, Fields], bool]


def leaves(desk: "Desk", sat: "Sitting", file: Callable[[str], Path], cards: Path) -> list[Leaf]:
    """The questions in their order, then the cards."""
    found = [question(desk, n, item, variant, file(item)) for n, (item, variant) in enumerate(sat.items, 1)]
    return [*found, deck(desk, len(found) + 1, sat.cards, cards)] if sat.cards else found


def question(desk: "Desk", n: int, item: str, variant: int, file: Path) -> Leaf:
    from wenjin.study.judge.forms import entries, fields, untouched

    exercise = desk.course.exercises[item]
    if exercise.code:
        problem: Mapping[str, Any] = {"form": exercise.kind}
        return Leaf(
            n,
            file,
            exercise.starter,
            lambda text: {"source": text},
            lambda typed: typed.get("source", ""),
            lambda typed: untouched(exercise, problem, typed),
            lambda one, two: one.get("source") == two.get("source"),
        )
    problem, head = desk.judge.problem(item, variant), title(exercise, desk.language)

    def read(text: str) -> Fields | None:
        try:
            answer = tomllib.loads(text).get("answer")
        except (ValueError, RecursionError):
            return None
        return fields(problem, answer) if isinstance(answer, dict) else None

    return Leaf(
        n,
        file,
        sheet(head, problem, desk.language),
        read,
        lambda typed: sheet(head, problem, desk.language, entries(problem, typed)),
        lambda typed: untouched(exercise, problem, typed),
        lambda one, two: entries(problem, one) == entries(problem, two),
    )


def deck(desk: "Desk", n: int, cards: tuple[str, ...], file: Path) -> Leaf:
    def front(id: str) -> str:
        from wenjin.kit.text import visible

        topic, _, name = id.partition("/")
        known = desk.course.topics[topic].cards if topic in desk.course.topics else ()
        found = next((card for card in known if card.id == name), None)
        return visible(found.front[desk.language]).strip() if found else id

    def plain(typed: Fields) -> dict[str, str]:
        """What was typed for each card; a line that would look like the next card's head is moved by a space."""
        texts = {card: typed.get(f"card.{card}", "").strip() for card in cards}
        return {card: f"\n{text}".replace(f"\n{HEAD}", f"\n {HEAD}")[1:] for card, text in texts.items() if text}

    def write(typed: Fields) -> str:
        texts = plain(typed)
        parts = (f"{HEAD}{card}\n{front(card)}\n\n{MARK}\n{texts.get(card, '')}\n" for card in cards)
        return "\n".join(parts)

    return Leaf(
        n,
        file,
        write({}),
        lambda text: {f"card.{card}": typed for card, typed in recalled(text).items() if card in cards},
        write,
        lambda typed: not plain(typed),
        lambda one, two: plain(one) == plain(two),
    )


def recalled(text: str) -> dict[str, str]:
    """What stands below the marks of a file of cards."""
    found = {}
    for part in ("\n" + text).split("\n" + HEAD)[1:]:
        head, _, rest = part.partition("\n")
        if typed := rest.partition(MARK)[2].strip():
            found[head.strip()] = typed
    return found


def share(desk: "Desk", id: str, found: list[Leaf], anew: Collection[Path] = ()) -> list[Text]:
    """Bring files and page together; what is to be said of it. `anew`: files laid just now, as if never before."""
    from wenjin.study.judge.sitting import page_of
    from wenjin.study.store.log import Conflict, StoreError
    from wenjin.study.store.workspace import write

    subject = f"paper/{id}/shared"
    before = desk.log.draft(subject)
    noted: dict[str, Any] = json.loads(before.text) if before else {}
    told, came = [], []
    for leaf in found:
        text = content(leaf.file)
        if text is None:
            continue
        kept = desk.log.draft(page_of(id, leaf.n))
        typed: Fields = json.loads(kept.text) if kept else {}
        known = None if leaf.file in anew else noted.get(leaf.file.stem)
        held, revision, laid = known or (digest(leaf.fresh), 0, True)
        laid = laid and digest(text) == held
        here, now = leaf.read(text), kept.revision if kept else 0
        of_page = now > revision and not leaf.nothing(typed)
        of_file = digest(text) != held and (here is None or not leaf.nothing(here))
        if here is None or not leaf.same(here, typed):
            if of_page and not of_file and here is not None:
                if not laid:
                    other = beside(leaf.file, "before", text)
                    told.append(BEFORE.format(name=leaf.file.name, beside=other.name))
                text, laid = leaf.write(typed), True
                write(leaf.file, text)
                came.append(leaf.file.name)
            elif of_page:
                other = beside(leaf.file, "page", leaf.write(typed))
                told.append(BOTH.format(name=leaf.file.name, beside=other.name))
            if of_file and here is not None:
                try:
                    fields = json.dumps(dict(here), ensure_ascii=False)
                    now = desk.log.save_draft(page_of(id, leaf.n), fields, now).revision
                except Conflict:
                    continue  # the page is being typed in: next time
        noted[leaf.file.stem] = (digest(text), now, laid)
    with suppress(StoreError, Conflict):  # a disk that refuses costs only a second look
        desk.log.save_draft(subject, json.dumps(noted), before.revision if before else 0)
    return [CAME.format(names=", ".join(came)), *told] if came else told


def content(file: Path) -> str | None:
    """What a file holds; None where it is not there, or is more than an answer, or no text."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST)
        return raw.decode("utf-8-sig").replace("\r\n", "\n") if len(raw) < LARGEST else None
    except (OSError, UnicodeDecodeError):
        return None


def beside(file: Path, what: str, text: str) -> Path:
    """Put a text next to a file, under a name that is free or has it already."""
    from wenjin.study.store.workspace import write

    n = 1
    while True:
        other = file.with_name(f"{file.stem}.{what}{'' if n == 1 else f'-{n}'}{file.suffix}")
        if not other.exists() or content(other) == text:
            break
        n += 1
    write(other, text)
    return other


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
