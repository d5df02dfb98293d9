"""Sitting a paper in the terminal: a file for each question, a line for each command, and the bell.

papers/ID/01-write-attention.py   a question; .toml where numbers, choices or an order are asked
papers/ID/cards.txt               the cards, each with room below it

What is typed in the paper's page comes into the files, and back (pagework.py).
"""

import hashlib
import json
import sys
import threading
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from wenjin.kit.text import Text
from wenjin.study.cli import pagework
from wenjin.study.cli.terminal import clean, console, say
from wenjin.study.cli.views import task
from wenjin.study.progress.stopwatch import BEAT

if TYPE_CHECKING:
    from wenjin.study.cli.desk import Desk
    from wenjin.study.judge.sitting import Room
    from wenjin.study.progress.paper import Scope, Sitting

HEADING = Text(
    "{title}：{n} 题，{minutes} 分钟，已用 {spent}。文件在 {folder}",
    "{title}: {n} questions, {minutes} minutes, {spent} used. The files are in {folder}",
)
CARDS = Text(
    "卡片在 cards.txt 里：把想到的写在每张下面。不计分，交卷以后自己评。",
    "The cards are in cards.txt: write below each what you recall. They do not count; you rate them afterwards.",
)
KEYS = Text(
    "题号 看题  回车 保存改过的文件  t 还剩多少时间  h 交卷  q 离开（计时停下）",
    "a number shows a question  Enter keeps changed files  t time left  h hand in  q leave (the clock stops)",
)
LEFT = Text("还剩 {left}", "{left} left")
KEPT = Text("已保存：{names}", "Kept: {names}")
UNCHANGED = Text("没有改过的文件。", "No file has changed.")
NOT_TAKEN = Text("{name} 没有收下：{why}", "{name} was not taken: {why}")
BELL = Text("时间到。", "The time is up.")
STOOD = Text(
    "计时停着的时候改过：第 {numbers} 题；报告里会写明这些没有计时。",
    "Changed while the clock stood: {numbers}. The report will say that these were not timed.",
)
SURE = Text("交卷以后不能再改。再按一次 h 交卷。", "Nothing can be changed afterwards. Press h again to hand in.")
LEAVING = Text(
    "计时停在 {spent}；接着做：wenjin checkpoint resume {id}", "The clock stands at {spent}; to go on: wenjin "
    "checkpoint resume {id}",
)  # fmt: skip


class Table:
    """One sitting and its files. What stands in a file is judged when it is kept; the verdict waits for the report."""

    sat: "Sitting"

    def __init__(self, desk: "Desk", room: "Room", sat: "Sitting | None" = None, folder: Path | None = None) -> None:
        self.desk, self.room, self._folder = desk, room, folder
        self.kept: dict[str, bytes] = {}
        self._turn = threading.RLock()
        self._leaves: list[pagework.Leaf] = []
        self._looks: object = None  # the dates and sizes of the files when they were read last
        if sat is not None:
            self.sat = sat

    @property
    def folder(self) -> Path:
        return self._folder or self.desk.places.workspace / "papers" / self.sat.id

    def begin(self, scope: "Scope", seed: int) -> None:
        found = self.room.get(self.room.begin(scope, seed))
        assert found is not None
        self.sat = found

    def file(self, item: str) -> Path:
        """Where the answer to a question stands: 01-name.py; in a folder of answers also topic/name.py, name.py."""
        exercise = self.desk.course.exercises[item]
        suffix = ".py" if exercise.code else ".toml"
        number = [id for id, _ in self.sat.items].index(item) + 1
        named = self.folder / f"{number:02}-{exercise.name}{suffix}"
        plain = exercise.name.replace("-", "_") + suffix
        others = [self.folder / exercise.topic / plain, self.folder / plain] if self._folder else []
        return next((path for path in (named, *others) if path.is_file()), named)

    def holds(self, scope: "Scope", seed: int) -> bool:
        """Whether the folder has an answer to any question of this paper, or what was typed for its cards."""
        from wenjin.study.progress.paper import Sitting, paper

        drawn = paper(self.desk.course, scope, seed)
        self.sat = Sitting("", items=tuple((item.id, item.variant) for item in drawn.items), cards=drawn.cards)
        files = [*(self.file(item.id) for item in drawn.items), *([self.folder / "cards.txt"] if drawn.cards else [])]
        return any(file.is_file() for file in files)

    def lay(self) -> list[Path]:
        """Make the files that are not there, and tell which; what was written stays."""
        from wenjin.study.store.workspace import write

        self._leaves = pagework.leaves(self.desk, self.sat, self.file, self.folder / "cards.txt")
        missing = [leaf for leaf in self._leaves if not leaf.file.exists()]
        for leaf in missing:
            write(leaf.file, leaf.fresh)
        for (item, _), leaf in zip(self.sat.items, self._leaves, strict=False):
            self.kept[item] = leaf.fresh.encode()
            if item in self.sat.answers and self.desk.course.exercises[item].code:
                self.kept[item] = self.sat.answers[item].text.encode()
        return [leaf.file for leaf in missing]

    def share(self, anew: Collection[Path] = ()) -> None:
        """Bring together what stands in the files and in the page."""
        with self._turn:
            for told in pagework.share(self.desk, self.sat.id, self._leaves, anew):
                print(clean(say(told)))

    def keep(self, unconfined: bool, last: bool = False) -> list[str]:
        """Judge every file that has changed, and say which were kept; the names of files that are not there. `last`:
        the paper is handed in."""
        from wenjin.study.judge.sitting import Over

        missing, kept = [], []
        with self._turn:
            if self._leaves:  # a folder of answers has no page
                self.share()
            for item, _ in self.sat.items:
                file = self.file(item)
                try:
                    with file.open("rb") as opened:
                        text = opened.read(pagework.LARGEST)
                except OSError:
                    missing.append(item)
                    continue
                if text == self.kept.get(item):
                    continue
                try:
                    verdict = self.room.answer(self.sat, item, text, confirmed=unconfined, last=last)
                except Over:
                    break
                if verdict["name"] in ("judge-fault", "unconfined"):
                    why = verdict["feedback"][self.desk.language]
                    print(clean(say(NOT_TAKEN.format(name=file.name, why=why))), file=sys.stderr)
                    continue
                self.kept[item] = text
                kept.append(file.name)
            kept += self._keep_cards()
        if self._folder is None:
            print(clean(say(KEPT.format(names=", ".join(kept)) if kept else UNCHANGED)))
        return missing

    def _keep_cards(self) -> list[str]:
        """The cards below whose mark something was written."""
        from wenjin.study.judge.sitting import Over

        try:
            with (self.folder / "cards.txt").open("rb") as opened:
                text = opened.read(pagework.LARGEST).decode("utf-8", "replace")
        except OSError:
            return []
        kept = []
        for card, typed in pagework.recalled(text).items():
            known = self.sat.typed.get(card)
            if card in self.sat.cards and self.kept.get(card) != typed.encode():
                if known is None or known.text != typed:
                    try:
                        self.room.type(self.sat, card, typed)
                    except Over:
                        break
                    kept.append(card)
                self.kept[card] = typed.encode()
        return kept

    def note(self) -> None:
        """Remember what the files hold, so that it can be told what is changed while the clock stands."""
        from wenjin.study.store.log import Conflict, StoreError

        files = [self.file(item) for item, _ in self.sat.items]
        looks = [(stat.st_mtime_ns, stat.st_size) for file in files if file.is_file() for stat in (file.stat(),)]
        if looks == self._looks:
            return
        self._looks, log = looks, self.desk.log
        with suppress(StoreError, Conflict):  # a disk that refuses costs only this
            before = log.draft(self._notes)
            log.save_draft(self._notes, json.dumps(self._hashes()), before.revision if before else 0)

    def changed(self) -> list[str]:
        """The questions whose files are not as they were when the clock ran last."""
        before = self.desk.log.draft(self._notes)
        noted = json.loads(before.text) if before is not None else {}
        return [item for item, digest in self._hashes().items() if noted.get(item, digest) != digest]

    @property
    def _notes(self) -> str:
        return f"paper/{self.sat.id}/files"

    def _hashes(self) -> dict[str, str]:
        files = {item: self.file(item) for item, _ in self.sat.items}
        return {i: hashlib.sha256(f.read_bytes()).hexdigest() for i, f in files.items() if f.is_file()}

    # ---- on the clock ----

    def run(self, bell: threading.Event, unconfined: bool) -> None:
        """Until it is handed in, left, or the time is up."""
        self.desk.judge  # noqa: B018  it starts while the files are laid
        laid = self.lay()
        scope = self.room.scopes().get(self.sat.of)
        heading = HEADING.format(
            title=scope.title if scope else self.sat.of,
            n=len(self.sat.items),
            minutes=self.sat.minutes,
            spent=clock(self.room.clock(self.sat).spent),
            folder=self.folder,
        )
        print(clean(say(heading)))
        if self.sat.cards:
            print(say(CARDS))
        stood = self.changed()
        self.share(anew=laid)
        if stood:
            self.room.untimed(self.sat, stood)
            numbers = [str(n) for n, (item, _) in enumerate(self.sat.items, 1) if item in stood]
            print(say(STOOD.format(numbers=", ".join(numbers))))
        with self.room.open(self.sat) as watch:
            self.note()
            ringer = threading.Thread(target=self._ring, args=(bell, unconfined), daemon=True)
            ringer.start()
            print(say(KEYS))
            self._commands(bell, unconfined)
            bell.set()
            ringer.join()
            if self.sat.ended is None:
                self.share()
            self.note()
            spent = watch.spent
        if self.sat.ended is None:
            print(clean(say(LEAVING.format(spent=clock(spent), id=self.sat.id))))

    def _ring(self, bell: threading.Event, unconfined: bool) -> None:
        """At the end of the time what stands in the files is kept."""
        while not bell.wait(BEAT):
            self.note()
            if self.room.clock(self.sat).over:
                print("\n" + say(BELL), flush=True)
                self.keep(unconfined, last=True)
                self.room.end(self.sat, "time")
                print(say(Text("按回车看报告。", "Press Enter to see the report.")), flush=True)
                return

    def _commands(self, bell: threading.Event, unconfined: bool) -> None:
        sure = False
        while self.sat.ended is None:
            try:
                line = input("> ").strip()
            except EOFError:
                return
            if self.sat.ended is not None:
                return
            if line == "q":
                return
            if line == "h" and sure:
                self.keep(unconfined, last=True)
                self.room.end(self.sat, "handed-in")
                return
            sure = line == "h"
            if sure:
                print(say(SURE))
            elif line == "":
                self.keep(unconfined)
            elif line == "t":
                print(say(LEFT.format(left=clock(self.room.clock(self.sat).left))))
            elif line.isdecimal() and len(line) < 4 and 0 < int(line) <= len(self.sat.items):
                self._show(int(line))
            else:
                print(say(KEYS))

    def _show(self, number: int) -> None:
        item, _ = self.sat.items[number - 1]
        console().print(task(self.desk.course.exercises[item], self.desk.language))
        print(clean(str(self.file(item))))


def clock(seconds: float) -> str:
    """12:05."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"
