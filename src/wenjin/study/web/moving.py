"""Whole records that move: an archive that came is checked, shown and taken in; a backup is made, or put back.

    checking -> ready -> working -> done    an archive; it is `ready` until the learner has seen what it holds
    working -> done                         a backup
    refused, failed                         with the sentence that says why

One at a time, each in a thread of its own, so that a page can say how far it is. The file of an archive lies in
<data>/incoming until it is taken or put away, or the course begins anew.
"""

import logging
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import uuid4

from wenjin.kit.text import Text
from wenjin.study.store import backups, intake
from wenjin.study.store.backups import KNOWN, Backup
from wenjin.study.store.log import Event, StoreError
from wenjin.study.store.opening import Opened
from wenjin.study.store.owner import SharedLog
from wenjin.study.store.places import Places

What = Literal["import", "restore", "backup"]
State = Literal["checking", "ready", "working", "done", "refused", "failed"]
GOING = ("checking", "working")
log_of_web = logging.getLogger("wenjin.web")

BUSY = Text(
    "上一份归档还在处理；等它结束再试。",
    "An archive or a backup is still being worked on; try again when that is over.",
)
RUNNING = Text(
    "有实验或回答正在写记录；请先停下它们，再恢复备份。什么也没有改动。",
    "A run or an answer is writing into the record just now; stop it first, then put the backup back. Nothing was "
    "changed.",
)
PAST = Text(
    "这份归档已经不在手边了：后来又上传过一份，或课程重新启动过。请再上传一次。",
    "This archive is no longer at hand: another one came since, or the course was started anew. Upload it again.",
)
BROKEN = Text("这里出错了，细节在日志里。", "Something failed here; the log says what.")


@dataclass(eq=False)
class Move:
    """
    name     of the file or the backup
    part     of the work that is done, 0 to 1
    why      it was refused, or failed
    before   the backup of what stood here before, by which it is undone
    """

    what: What
    name: str
    file: Path | None = None
    state: State = "working"
    id: str = field(default_factory=lambda: uuid4().hex)
    part: float = 0.0
    began: float = field(default_factory=time.monotonic)
    why: Text | None = None
    holds: intake.Preview | None = None
    taken: intake.Taken | None = None
    before: Backup | None = None
    thread: threading.Thread | None = None

    @property
    def going(self) -> bool:
        return self.state in GOING

    @property
    def left(self) -> float | None:
        """Seconds that it will probably take; None while nothing can be said."""
        took = time.monotonic() - self.began
        return took * (1 - self.part) / self.part if self.part > 0 and took > 1 else None

    def told(self, part: float) -> None:
        self.part = part


class Moves:
    """The one that is at hand. `busy`: does anything write into the log? `forget`: the log was replaced. `reader`: who
    reads the events of an archive before they are taken in."""

    def __init__(
        self,
        log: SharedLog,
        places: Places,
        *,
        busy: Callable[[], bool],
        forget: Callable[[], None],
        reader: Callable[[], Callable[[Event], bool]],
    ) -> None:
        self.log, self.places = log, places
        self.now: Move | None = None
        self._busy, self._forget, self._reader = busy, forget, reader
        self._one = threading.Lock()
        shutil.rmtree(self._incoming, ignore_errors=True)  # what a course that was killed had not yet taken

    @property
    def _incoming(self) -> Path:
        return self.places.data / "incoming"

    def folder(self) -> Path:
        """A folder of its own for a file that comes."""
        return self._incoming / uuid4().hex

    def arrived(self, file: Path) -> Move:
        """Check it, and find out what would change. Raises StoreError while another is worked on."""
        return self._begin(Move("import", file.name, file, "checking"), self._check)

    def refuse(self, name: str, why: Text) -> Move:
        """What came cannot be kept. Raises StoreError while another is worked on."""
        return self._begin(Move("import", name, state="refused", why=why), None)

    def take(self, id: str) -> Move:
        """Take in the archive that was shown. Raises StoreError where it is not that one that is at hand."""
        with self._one:
            now = self.now
            if now is None or now.id != id or now.state != "ready":
                raise StoreError(PAST)
            now.state, now.part, now.began = "working", 0.0, time.monotonic()
            self._start(now, self._take)
            return now

    def drop(self, id: str) -> None:
        """Put it away: it is deleted, and nothing was changed."""
        with self._one:
            if self.now is not None and self.now.id == id and not self.now.going:
                self._put_away(self.now)
                self.now = None

    def restore(self, backup: Backup) -> Move:
        """Raises StoreError while anything else is worked on, or writes."""
        undoes = self.now if self.now and self.now.before == backup and self.now.state == "done" else None
        laid = undoes.taken.laid if undoes and undoes.taken else []
        return self._begin(Move("restore", backup.name), lambda move: self._restore(move, backup, laid))

    def make(self) -> Move:
        return self._begin(Move("backup", ""), self._make)

    def close(self) -> None:
        """What is being taken in goes on to its end: half of it would have to be taken again."""
        if self.now is not None and self.now.thread is not None:
            self.now.thread.join(60)
        shutil.rmtree(self._incoming, ignore_errors=True)

    def _begin(self, move: Move, work: Callable[[Move], None] | None) -> Move:
        with self._one:
            if self.now is not None:
                if self.now.going:
                    raise StoreError(BUSY)
                self._put_away(self.now)
            self.now = move
            if work is not None:
                self._start(move, work)
            return move

    def _start(self, move: Move, work: Callable[[Move], None]) -> None:
        def run() -> None:
            before = move.state
            try:
                work(move)
            except StoreError as error:
                move.why = error.text
                move.state = "refused" if before == "checking" else "failed"
            except Exception:
                log_of_web.exception("%s of %r failed", move.what, move.name)
                move.why, move.state = BROKEN, "failed"
            finally:
                if move.state != "ready":
                    self._put_away(move)

        move.thread = threading.Thread(target=run, name=move.what, daemon=True)
        move.thread.start()

    def _check(self, move: Move) -> None:
        assert move.file is not None
        with Opened(move.file, KNOWN) as opened:
            opened.check(lambda part: move.told(part / 2), self._reader())
            move.holds = intake.preview(opened, self.log, self.places, lambda part: move.told(0.5 + part / 2))
        move.state = "ready"

    def _take(self, move: Move) -> None:
        assert move.file is not None
        with Opened(move.file, KNOWN) as opened:
            opened.check(lambda part: move.told(part / 4))  # it has lain on the disk since it was shown
            now = datetime.now()
            move.before = backups.make(self.log, self.places, "import", now, lambda part: move.told((1 + part) / 4))
            move.taken = intake.take_in(opened, self.log, self.places, lambda part: move.told((1 + part) / 2))
        move.state = "done"

    def _restore(self, move: Move, backup: Backup, laid: list[tuple[Path, str]]) -> None:
        if self._busy():
            raise StoreError(RUNNING)
        try:
            move.before = backups.restore(backup, self.places, datetime.now(), move.told, self.log).aside
        finally:
            self._forget()
        intake.remove(laid)
        move.state = "done"

    def _make(self, move: Move) -> None:
        made = backups.make(self.log, self.places, "asked", datetime.now(), move.told)
        move.name, move.state = made.name if made else "", "done"

    def _put_away(self, move: Move) -> None:
        if move.file is not None:
            with suppress(OSError):
                shutil.rmtree(move.file.parent)
            move.file = None
