"""What was derived from the log up to some event, kept so that a start need not read years again.

    <data>/derived/<name>    one line of JSON: version, number, mark, size, digest; then the bytes

A snapshot is never the truth. One that is damaged, of another version, or of another log (a backup was put back) is
passed over, and one that cannot be written is not written: both cost time alone. Deleting the folder loses nothing.
"""

import hashlib
import json
import os
import re
from contextlib import suppress

from wenjin.study.store.log import Log
from wenjin.study.store.places import Places

NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")


class Snapshots:
    """The snapshots of a log. Safe to use from several threads and processes; the last to save wins."""

    def __init__(self, log: Log, places: Places) -> None:
        self._log, self.folder = log, places.data / "derived"

    def save(self, name: str, version: str, seq: int, body: bytes) -> bool:
        """Keep what events 1 to `seq` came to. Whether that worked."""
        mark = self._log.mark(seq)
        if not NAME.fullmatch(name) or mark is None:
            return False
        head = {"version": version, "seq": seq, "mark": mark, "size": len(body), "sha256": _digest(body)}
        file = self.folder / name
        new = file.with_name(f".{name}.{os.getpid()}.new")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.write_bytes(json.dumps(head).encode() + b"\n" + body)
            os.replace(new, file)
            return True
        except OSError:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            return False

    def load(self, name: str, version: str) -> tuple[int, bytes] | None:
        """The number of the last event that is in it, and what was kept; None where there is nothing to rely on."""
        if not NAME.fullmatch(name):
            return None
        try:
            line, _, body = (self.folder / name).read_bytes().partition(b"\n")
            head = json.loads(line)
            sound = head["version"] == version and head["size"] == len(body) and head["sha256"] == _digest(body)
            seq = int(head["seq"])
            mark = str(head["mark"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return (seq, body) if sound and self._log.mark(seq) == mark else None

    def forget(self) -> None:
        """Delete all of them."""
        with suppress(OSError):
            for file in self.folder.iterdir():
                file.unlink()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
