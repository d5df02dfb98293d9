"""The learner's notes: typed as drafts, kept as events when the hand rests, mirrored as files of the workspace.

    typed -> draft "note:topic#anchor" -> (a pause, or the page is left) event "note" -> <workspace>/notes/<topic>.md

The draft is the note as it stands. The first words of a note make an event at once, so that the log names every note
there is; after that an event is a revision, and any of them can be brought back as the next one. A file that the
learner changed is read back before anything is written over it: a change of a text that nobody else changed is the next
revision, else both texts stand in the note.

A note whose first line is `private: true` is for its writer alone: whatever is shared or published leaves it out.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wenjin.kit.text import Language, Text
from wenjin.study.course.graph import Course
from wenjin.study.course.margins import WHOLE, margins
from wenjin.study.store import mirror
from wenjin.study.store.log import Conflict, Draft, Event, Log, happened

LONGEST = 1_000_000  # characters of a note: about what one request can carry
LONG = 6_000  # characters from which on a note is shown by its beginning where it is one of many
BEGINNING = (12, 600)  # lines, and characters
PRIVATE = re.compile(r"\s*private:\s*true[ \t]*(?:\n|$)", re.IGNORECASE)
Told = dict[str, list[Event]]  # note -> its events
FROM_FILE = Text("（文件里改成了这样）", "(changed to this in the file)")
TOO_LONG = Text(
    "{where} 里 {anchor} 的笔记超过 {most} 字，没有读回；请把它改短。",
    "The note on {anchor} in {where} has more than {most} characters and was not read back; make it shorter.",
)


@dataclass(frozen=True, slots=True)
class Note:
    """`at`: when it was last kept; `revision` is what the next change must be based on."""

    topic: str
    anchor: str
    text: str
    revision: int
    at: datetime

    @property
    def id(self) -> str:
        return f"{self.topic}#{self.anchor}"

    @property
    def private(self) -> bool:
        """Is it for its writer alone?"""
        return is_private(self.text)

    @property
    def long(self) -> bool:
        return len(self.text) > LONG


@dataclass(frozen=True, slots=True)
class Revision:
    """A text that a note had. `id` is its event's; `source`: file, where it was read back from one."""

    id: str
    number: int
    at: datetime
    text: str
    source: str


def is_private(text: str) -> bool:
    """Does the first line of a note say so?"""
    return PRIVATE.match(text) is not None


def beginning(text: str) -> str:
    """The first lines of a long text."""
    lines, letters = BEGINNING
    return "\n".join(text[:letters].split("\n")[:lines])


def body(text: str) -> str:
    """What a note says, without the line that makes it private."""
    return PRIVATE.sub("", text, count=1) if is_private(text) else text


class Notes:
    """All notes of one learner. Safe to use from several threads; raises StoreError, and Conflict from `save`."""

    def __init__(self, log: Log, workspace: Path, course: Course) -> None:
        self.log, self.course = log, course
        self._folder = workspace / "notes"
        self._history = workspace / ".history" / "notes"
        self._drafts: dict[str, tuple[int, Draft]] = {}  # note -> how many events it had, and its draft then
        self._stamps: dict[str, tuple[int, int] | None] = {}  # topic -> the file as we know it
        self.faults: dict[str, Text] = {}  # topic -> why its file does not follow
        self._one = threading.RLock()  # one reads or writes the files at a time

    def file(self, topic: str) -> Path:
        return self._folder / f"{topic}.md"

    def of(self, topic: str, language: Language = "zh") -> dict[str, Note]:
        """The notes of a topic by anchor, in the order of its page; those that are empty are left out."""
        self.absorb(topic, language)
        return self._of(topic, language)

    def every(self, language: Language = "zh") -> list[Note]:
        """All notes, by topic in the order of the course."""
        for topic in {subject.partition("#")[0] for subject in self._events()}:
            self.absorb(topic, language)
        events = self._events()
        mine = {subject.partition("#")[0] for subject in events}
        order = [*(topic for topic in self.course.topics if topic in mine), *sorted(mine - set(self.course.topics))]
        return [note for topic in order for note in self._of(topic, language, events).values()]

    def draft(self, topic: str, anchor: str) -> Draft:
        """A note as it stands; revision 0 where nothing was ever saved."""
        id = f"{topic}#{anchor}"
        return self._draft(id, self._events().get(id, []))

    def save(self, topic: str, anchor: str, text: str, revision: int) -> Draft:
        """Keep what was typed. Conflict when another window, or the file, has changed revision `revision` since."""
        id = f"{topic}#{anchor}"
        known = self.log.events("note", id)
        now = self._draft(id, known)
        if known and (now.revision, now.text) == (revision, text):  # to settle a text is not to change it
            return now
        if not known and text.strip():
            known = [happened("note", id, {"text": text})]
            self.log.append(known[0])
        self._drafts.pop(id, None)
        saved = self.log.save_draft(f"note:{id}", text, revision)
        self._drafts[id] = (len(known), saved)
        return saved

    def settle(self, topic: str, anchor: str, language: Language = "zh") -> Text | None:
        """What stands there is a revision now, and in the file. Returns why the file could not follow, if so."""
        self._keep(f"{topic}#{anchor}")
        self.absorb(topic, language, write=True)
        return self.faults.get(topic)

    def revisions(self, topic: str, anchor: str) -> list[Revision]:
        """The texts that a note had, the oldest first. What was typed last may be none yet."""
        told = self.log.events("note", f"{topic}#{anchor}")
        return [
            Revision(event.id, number, event.at, event.data["text"], event.data.get("from", ""))
            for number, event in enumerate(told, 1)
        ]

    def bring_back(self, topic: str, anchor: str, revision: str, language: Language = "zh") -> Text | None:
        """Make an earlier text the newest revision; what stands there now is one too. Raises KeyError where there is
        no such revision. Returns why the file could not follow, if so."""
        found = {known.id: known.text for known in self.revisions(topic, anchor)}[revision]
        self.absorb(topic, language)
        while True:
            self._keep(f"{topic}#{anchor}")
            now = self.draft(topic, anchor)
            with suppress(Conflict):
                self.save(topic, anchor, found, now.revision)
                return self.settle(topic, anchor, language)

    def add(self, topic: str, anchor: str, text: str, language: Language = "zh") -> Note:
        """Put a text below what a note holds already."""
        while True:
            now = self.draft(topic, anchor)
            with suppress(Conflict):
                self.save(topic, anchor, f"{now.text.rstrip()}\n\n{text}".lstrip("\n"), now.revision)
                break
        self.settle(topic, anchor, language)
        return self._of(topic, language)[anchor]

    def absorb(self, topic: str, language: Language = "zh", write: bool = False) -> None:
        """Read back what the learner changed in the file of a topic; with `write`, bring it up to date in any case."""
        file = self.file(topic)
        with self._one:
            try:
                seen = mirror.stamp(file)
                if seen == self._stamps.get(topic) and not write:
                    return
                if seen != self._stamps.get(topic):
                    content = mirror.load(file, self._history)
                    found = mirror.sections(content, WHOLE) if content is not None else []
                    changed = [section for section in found if section.changed]
                    if long := [section.anchor for section in changed if len(section.text) > LONGEST]:
                        raise mirror.Unreadable(TOO_LONG.format(where=file, anchor=long[0], most=LONGEST))
                    for section in changed:
                        self._take(topic, section, language)
                    self._stamps[topic] = seen
                    write = write or bool(changed)
                if write:
                    self._write(topic, language)
                self.faults.pop(topic, None)
            except mirror.Unreadable as error:
                self.faults[topic] = error.text

    def _take(self, topic: str, section: mirror.Section, language: Language) -> None:
        """A section that the learner changed in the file: the next revision, or beside what changed here too."""
        while True:
            now = self.draft(topic, section.anchor)
            if mirror.digest(now.text) == mirror.digest(section.text):
                return
            text = section.text
            if mirror.digest(now.text) != section.base:
                text = f"{now.text.rstrip()}\n\n---\n\n{FROM_FILE[language]}\n\n{section.text}"
            with suppress(Conflict):
                self.save(topic, section.anchor, text, now.revision)
                self._keep(f"{topic}#{section.anchor}", source="file")
                return

    def _keep(self, id: str, source: str | None = None) -> None:
        """Make what stands in a note its newest revision, unless it is that already."""
        known = self.log.events("note", id)
        draft = self._draft(id, known)
        if draft.text != (known[-1].data["text"] if known else ""):
            told = {"text": draft.text} | ({"from": source} if source else {})
            self.log.append(happened("note", id, told))
            self._drafts[id] = (len(known) + 1, draft)

    def _write(self, topic: str, language: Language) -> None:
        known = self.course.topics.get(topic)
        heads = margins(known, language) if known else {}
        notes = [(n.anchor, heads.get(n.anchor, n.anchor), n.text) for n in self._of(topic, language).values()]
        if notes or self.file(topic).exists():
            mirror.store(self.file(topic), mirror.compose(topic, heads.get(WHOLE, topic), notes))
            self._stamps[topic] = mirror.stamp(self.file(topic))

    def _of(self, topic: str, language: Language, events: Told | None = None) -> dict[str, Note]:
        known = self.course.topics.get(topic)
        order = {anchor: n for n, anchor in enumerate(margins(known, language))} if known else {}
        found = sorted(
            self._found(topic, events or self._events()),
            key=lambda note: (order.get(note.anchor, len(order)), note.anchor),
        )
        return {note.anchor: note for note in found}

    def _found(self, topic: str, events: Told) -> Iterator[Note]:
        for id, told in events.items():
            if id.partition("#")[0] == topic:
                draft = self._draft(id, told)
                if draft.text.strip():
                    yield Note(topic, id.partition("#")[2], draft.text, draft.revision, told[-1].at)

    def _events(self) -> Told:
        found: Told = {}
        for event in self.log.events("note"):
            found.setdefault(event.subject, []).append(event)
        return found

    def _draft(self, id: str, events: list[Event]) -> Draft:
        known = self._drafts.get(id)
        if known is None or known[0] != len(events):  # another process has written: a command beside the server
            kept = self.log.draft(f"note:{id}")
            known = (len(events), kept or Draft(f"note:{id}", events[-1].data["text"] if events else "", 0))
            self._drafts[id] = known
        return known[1]
