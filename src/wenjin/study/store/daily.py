"""The daily backup of a course that runs: once the first minutes are over, then whenever a day has passed."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from wenjin.kit.text import Text
from wenjin.study.store import backups
from wenjin.study.store.log import StoreError
from wenjin.study.store.owner import SharedLog
from wenjin.study.store.places import Places

AT_FIRST, AGAIN = 120.0, 1800.0  # seconds until the first look, and between looks
log_of_store = logging.getLogger("wenjin.store")


class Daily:
    """A thread of its own. `fault`: why the last one failed, as a sentence; None when it did not."""

    def __init__(
        self, log: SharedLog, places: Places, *, now: Callable[[], datetime] = datetime.now, at_first: float = AT_FIRST
    ) -> None:
        self.fault: Text | None = None
        self._log, self._places, self._now, self._at_first = log, places, now, at_first
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backup", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """One that is being made is given up: it has no name yet, so nothing is half there."""
        self._end.set()

    def look(self) -> None:
        """Make a backup if one is due. Nothing to keep is no reason for one."""
        try:
            if backups.due(self._places, self._now()) and self._log.since(0, most=1)[0]:
                backups.make(self._log, self._places, "daily", self._now(), self._go_on)
            self.fault = None
        except StoreError as error:
            self.fault = error.text
            log_of_store.error("the daily backup failed: %s", error)
        except Ended:
            pass
        except Exception:
            log_of_store.exception("the daily backup failed")

    def _run(self) -> None:
        wait = self._at_first
        while not self._end.wait(wait):
            self.look()
            wait = AGAIN

    def _go_on(self, part: float) -> None:
        if self._end.is_set():
            raise Ended
        self._end.wait(0.002)  # a page that waits goes first


class Ended(Exception):
    """The course is being closed."""
