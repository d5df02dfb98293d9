r"""The learner's cards as a package of Anki: collection.anki2 (SQLite, schema 11) and an empty list of media, zipped.

Every program that calls itself Anki reads this oldest form. Formulas stand between \( \) and \[ \], as its MathJax
wants them; a card goes with its tags, its schedule (state, due day, FSRS stability and difficulty) and its answers.
A card has the same number in every package, so that a later one changes it instead of bringing it twice.
Left out: pictures (the cards have none), and cards that repeat an exercise, which only the course can ask.

Source  docs.ankiweb.net and the table layout of Anki 2.1 (`collection.anki2`, version 11)
Proof   tests/study/store/test_anki.py: the package `anki` imports it and every field is read back
"""

import hashlib
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from wenjin.study.course.dialect import parser
from wenjin.study.memory.schedule import NEW, Standing
from wenjin.study.store import faults

MODEL, DECK = 1_700_000_000_001, 1_700_000_000_002
FIELDS = ("Front", "Back", "Topic", "Card")
ROLLOVER = timedelta(hours=4)  # when a day ends, in Anki and here
FRONT = "{{Front}}"
BACK = "{{FrontSide}}\n\n<hr id=answer>\n\n{{Back}}\n\n<p class=topic>{{Topic}}</p>"
CSS = ".card { font-family: sans-serif; font-size: 20px; line-height: 1.6; } .topic { opacity: .6; font-size: 14px; }"
TABLES = """
CREATE TABLE col (id integer PRIMARY KEY, crt integer NOT NULL, mod integer NOT NULL, scm integer NOT NULL,
  ver integer NOT NULL, dty integer NOT NULL, usn integer NOT NULL, ls integer NOT NULL, conf text NOT NULL,
  models text NOT NULL, decks text NOT NULL, dconf text NOT NULL, tags text NOT NULL);
CREATE TABLE notes (id integer PRIMARY KEY, guid text NOT NULL, mid integer NOT NULL, mod integer NOT NULL,
  usn integer NOT NULL, tags text NOT NULL, flds text NOT NULL, sfld integer NOT NULL, csum integer NOT NULL,
  flags integer NOT NULL, data text NOT NULL);
CREATE TABLE cards (id integer PRIMARY KEY, nid integer NOT NULL, did integer NOT NULL, ord integer NOT NULL,
  mod integer NOT NULL, usn integer NOT NULL, type integer NOT NULL, queue integer NOT NULL, due integer NOT NULL,
  ivl integer NOT NULL, factor integer NOT NULL, reps integer NOT NULL, lapses integer NOT NULL, left integer NOT NULL,
  odue integer NOT NULL, odid integer NOT NULL, flags integer NOT NULL, data text NOT NULL);
CREATE TABLE revlog (id integer PRIMARY KEY, cid integer NOT NULL, usn integer NOT NULL, ease integer NOT NULL,
  ivl integer NOT NULL, lastIvl integer NOT NULL, factor integer NOT NULL, time integer NOT NULL,
  type integer NOT NULL);
CREATE TABLE graves (usn integer NOT NULL, oid integer NOT NULL, type integer NOT NULL);
CREATE INDEX ix_notes_csum ON notes (csum);
CREATE INDEX ix_cards_nid ON cards (nid);
CREATE INDEX ix_cards_sched ON cards (did, queue, due);
CREATE INDEX ix_revlog_cid ON revlog (cid);
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: when, how it was rated (1 to 4), how long it took, and where the card stood afterwards."""

    at: datetime
    rating: int
    ms: int
    after: Standing


@dataclass(frozen=True, slots=True)
class Row:
    """A card to be written; front and back in Markdown."""

    id: str
    topic: str
    front: str
    back: str
    tags: Sequence[str] = ()
    standing: Standing = NEW
    suspended: bool = False
    answers: Sequence[Answered] = ()


def write(target: Path, deck: str, rows: Sequence[Row], now: datetime) -> None:
    """The package, all of it or nothing. Raises StoreError when the disk refuses."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with tempfile.TemporaryDirectory(prefix="wenjin-anki-") as folder:
            collection = Path(folder, "collection.anki2")
            with closing(sqlite3.connect(collection)) as database, database:
                database.executescript(TABLES)
                _fill(database, deck, rows, now)
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as package:
                package.write(collection, "collection.anki2")
                package.writestr("media", "{}")
        os.replace(part, target)
    except OSError as error:
        raise faults.of_system(error, target) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _fill(database: sqlite3.Connection, deck: str, rows: Sequence[Row], now: datetime) -> None:
    stamp = int(now.timestamp())
    first = min([now, *(answer.at for row in rows for answer in row.answers)])
    begun = _day(first.astimezone(now.tzinfo))  # from which due days are counted
    database.execute(
        "INSERT INTO col VALUES (1, ?, ?, ?, 11, 0, 0, 0, ?, ?, ?, ?, '{}')",
        (
            int(begun.timestamp()),
            stamp * 1000,
            stamp * 1000,
            *map(json.dumps, (_settings(), _model(stamp), *_decks(deck))),
        ),
    )
    moments: set[int] = set()
    for position, row in enumerate(rows):
        number = numbered(row.id)
        fields = (html(row.front), html(row.back), row.topic, row.id)
        tags = f" {' '.join(row.tags)} " if row.tags else ""
        checksum = int(hashlib.sha1(fields[0].encode()).hexdigest()[:8], 16)
        database.execute(
            "INSERT INTO notes VALUES (?, ?, ?, ?, -1, ?, ?, ?, ?, 0, '')",
            (number, _guid(row.id), MODEL, stamp, tags, "\x1f".join(fields), fields[0], checksum),
        )
        placed = _placed(row, position, begun, now)
        database.execute(
            "INSERT INTO cards VALUES (?, ?, ?, 0, ?, -1, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?)",
            (number, number, DECK, stamp, *placed, *_memory(row.standing)),
        )
        before = NEW
        for answer in row.answers:
            moment = int(answer.at.timestamp() * 1000)
            while moment in moments:
                moment += 1
            moments.add(moment)
            kind = {"new": 0, "learning": 0, "review": 1, "relearning": 2}[before.phase]
            log = (moment, number, answer.rating, _interval(answer.after), _interval(before), max(0, answer.ms), kind)
            database.execute("INSERT INTO revlog VALUES (?, ?, -1, ?, ?, ?, 2500, ?, ?)", log)
            before = answer.after


def _placed(row: Row, position: int, begun: datetime, now: datetime) -> tuple[int, ...]:
    """type, queue, due and interval of a card, its ease, how often it was answered, and forgotten."""
    standing = row.standing
    counts = (2500 if standing.reviews else 0, standing.reviews, standing.lapses)
    if standing.phase == "new" or standing.due is None:
        kind, queue, due, interval = 0, 0, position, 0
    elif standing.phase == "review":
        kind = queue = 2
        due = (_day(standing.due.astimezone(now.tzinfo)).date() - begun.date()).days
        interval = max(1, _interval(standing))
    else:
        kind, queue, interval = (1 if standing.phase == "learning" else 3), 1, 0 if standing.phase == "learning" else 1
        due = int(standing.due.timestamp())
    return kind, -1 if row.suspended else queue, due, interval, *counts


def _memory(standing: Standing) -> tuple[int, str]:
    """The steps that are left, and what FSRS remembers."""
    left = 1001 if standing.phase in ("learning", "relearning") else 0
    if standing.stability is None or standing.difficulty is None:
        return left, ""
    said = {"s": round(standing.stability, 4), "d": round(standing.difficulty, 3), "dr": 0.9}
    if standing.last:
        said["lrt"] = int(standing.last.timestamp())
    return left, json.dumps(said, separators=(",", ":"))


def _interval(standing: Standing) -> int:
    """Days, or seconds as a negative number, from the last answer to the next."""
    if standing.due is None or standing.last is None:
        return 0
    apart = standing.due - standing.last
    return max(1, round(apart / timedelta(days=1))) if standing.phase == "review" else -int(apart.total_seconds())


def _day(at: datetime) -> datetime:
    """The beginning of its day."""
    return (at - ROLLOVER).replace(hour=4, minute=0, second=0, microsecond=0)


def numbered(card: str) -> int:
    """A card's number: the same in every package, in the range of Anki's own, which are milliseconds since 1970."""
    return 1_500_000_000_000 + int.from_bytes(hashlib.sha256(card.encode()).digest()[:5], "big") % 190_000_000_000


def _guid(card: str) -> str:
    return f"wenjin-{hashlib.sha256(card.encode()).hexdigest()[:16]}"


def html(text: str) -> str:
    """Markdown as Anki shows it."""
    return str(_parser().render(text)).strip()


def _parser() -> Any:
    made = parser()
    made.add_render_rule("math_inline", _inline)
    made.add_render_rule("math_block", _block)
    return made


def _inline(self: RendererHTML, tokens: Sequence[Token], n: int, options: Any, env: Any) -> str:
    return rf"\({_escape(tokens[n].content)}\)"


def _block(self: RendererHTML, tokens: Sequence[Token], n: int, options: Any, env: Any) -> str:
    return rf"<p>\[{_escape(tokens[n].content.strip())}\]</p>"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _settings() -> dict[str, Any]:
    return {
        "nextPos": 1,
        "curDeck": DECK,
        "activeDecks": [DECK],
        "sortType": "noteFld",
        "sortBackwards": False,
        "addToCur": True,
        "newBury": True,
        "rollover": 4,
        "schedVer": 2,
        "fsrs": True,
    }


def _model(stamp: int) -> dict[str, Any]:
    fields = [
        {"name": name, "ord": n, "sticky": False, "rtl": False, "font": "Arial", "size": 20, "media": []}
        for n, name in enumerate(FIELDS)
    ]
    card = {"name": "Card 1", "ord": 0, "qfmt": FRONT, "afmt": BACK, "bqfmt": "", "bafmt": "", "did": None}
    model = {
        "id": MODEL,
        "name": "Wenjin",
        "type": 0,
        "mod": stamp,
        "usn": -1,
        "sortf": 0,
        "did": DECK,
        "tmpls": [card],
        "flds": fields,
        "css": CSS,
        "latexPre": "",
        "latexPost": "",
        "latexsvg": False,
        "req": [[0, "any", [0]]],
        "tags": [],
        "vers": [],
    }
    return {str(MODEL): model}


def _decks(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    def deck(number: int, title: str) -> dict[str, Any]:
        today = {key: [0, 0] for key in ("newToday", "revToday", "lrnToday", "timeToday")}
        said = {"id": number, "name": title, "mod": 0, "usn": -1, "desc": "", "dyn": 0, "conf": 1, "collapsed": False}
        return said | today | {"browserCollapsed": False, "extendNew": 0, "extendRev": 0}

    new = {"bury": True, "delays": [1, 10], "initialFactor": 2500, "ints": [1, 4, 7], "order": 1, "perDay": 20}
    again = {"bury": True, "ease4": 1.3, "fuzz": 0.05, "ivlFct": 1, "maxIvl": 36500, "minSpace": 1, "perDay": 200}
    lapse = {"delays": [10], "leechAction": 0, "leechFails": 8, "minInt": 1, "mult": 0}
    usual = {
        "id": 1,
        "name": "Default",
        "mod": 0,
        "usn": 0,
        "maxTaken": 60,
        "autoplay": True,
        "timer": 0,
        "replayq": True,
    }
    options = {"1": usual | {"new": new, "rev": again, "lapse": lapse, "dyn": False}}
    return {"1": deck(1, "Default"), str(DECK): deck(DECK, name)}, options
