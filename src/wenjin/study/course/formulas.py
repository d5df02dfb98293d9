"""The formulas of the course as they were set when the pages were built: one SQLite file that is only read.

    key -> HTML without inline styles, and the rules of its classes (see `maths`, which makes both)

With it a running course starts no formula engine; a formula that is not in it is set when somebody reads it.
"""

import json
import sqlite3
import threading
import zlib
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

Formula = tuple[str, dict[str, str]]  # HTML; class -> rule


def write(path: Path, formulas: Mapping[str, Formula]) -> None:
    """A new file of these formulas; the same formulas make the same bytes."""
    with closing(sqlite3.connect(path)) as shelf:
        shelf.execute("PRAGMA journal_mode = OFF")
        shelf.execute("CREATE TABLE formula (key TEXT PRIMARY KEY, html BLOB, rules TEXT) WITHOUT ROWID")
        rows = [(key, zlib.compress(page.encode()), json.dumps(made)) for key, (page, made) in sorted(formulas.items())]
        shelf.executemany("INSERT INTO formula VALUES (?, ?, ?)", rows)
        shelf.commit()


class Formulas:
    """Looks formulas up; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._shelf = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)

    def find(self, key: str) -> Formula | None:
        """None when it is not there, or the file cannot be read: the formula is then set anew."""
        try:
            with self._lock:
                row = self._shelf.execute("SELECT html, rules FROM formula WHERE key = ?", (key,)).fetchone()
            return None if row is None else (zlib.decompress(row[0]).decode(), dict(json.loads(row[1])))
        except (sqlite3.Error, zlib.error, ValueError):
            return None

    def close(self) -> None:
        self._shelf.close()
