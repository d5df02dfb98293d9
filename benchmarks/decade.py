"""Ten years of heavy use as a store of SQLite: a million events, made by a seeded die in about half a minute.

A learner who reviews some two hundred cards on each of 3,650 days, answers forty exercises, keeps notes, runs labs and
talks with models. Subjects are the course's own. Written row by row as the program writes them, in one transaction.
"""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

DAYS = 3650
ROW = "INSERT INTO event (id, at, kind, subject, data) VALUES (?, ?, ?, ?, ?)"
Row = tuple[str, str, str, str, str]


def days(count: int, end: datetime, seed: int = 7) -> Iterator[Row]:
    """`count` events that end at `end`, evenly over ten years."""
    from wenjin.study.course.load import load

    course = load(coverage=False)
    dice = random.Random(seed)
    cards = [f"{topic.id}/{card.id}" for topic in course.topics.values() for card in topic.cards]
    exercises = [(id, exercise) for id, exercise in course.exercises.items() if exercise.written]
    labs = [f"{topic.id}/{lab.name}" for topic in course.topics.values() for lab in topic.labs]
    topics = [topic.id for topic in course.topics.values() if topic.cards]
    begun = end - timedelta(days=DAYS)
    a_day = count / DAYS
    kinds = ("review", "attempt", "hint", "note", "run", "chat")
    shares = (0.80, 0.155, 0.02, 0.01, 0.009, 0.006)
    for n in range(count):
        day, rest = divmod(n, a_day)
        at = begun + timedelta(days=day, hours=2 + 8 * rest / a_day)  # one sitting of eight hours
        kind = dice.choices(kinds, shares)[0]
        subject, data = happening(dice, kind, cards, exercises, labs, topics)
        stamp = at.isoformat(timespec="microseconds")
        yield f"{dice.getrandbits(128):032x}", stamp, kind, subject, json.dumps(data)


def happening(
    dice: random.Random,
    kind: str,
    cards: list[str],
    exercises: list[tuple[str, Any]],
    labs: list[str],
    topics: list[str],
) -> tuple[str, dict[str, Any]]:
    """What happened, and to what."""
    if kind == "review":
        rating = dice.choices((1, 2, 3, 4), (8, 12, 65, 15))[0]
        return dice.choice(cards), {"rating": rating, "ms": dice.randrange(900, 30_000)}
    if kind in ("attempt", "hint"):
        id, exercise = dice.choice(exercises)
        if kind == "hint":
            return id, {"exercise": id, "number": 1}
        verdict = dice.choices(("pass", "wrong", "error"), (55, 38, 7))[0]
        name = dice.choice(exercise.misconceptions) if verdict == "wrong" and exercise.misconceptions else None
        answer = "def answer(x):\n    return x @ x.T / len(x) ** 0.5\n" * 3
        return id, {"exercise": id, "answer": answer, "verdict": verdict, "name": name, "ms": 70.0, "variant": 0}
    if kind == "note":
        return f"{dice.choice(topics)}#whole", {"text": "方差是 $d$，所以除以它的根。" * dice.randrange(1, 12)}
    if kind == "chat":
        turn = f"{dice.getrandbits(128):032x}"
        return turn, {"do": "say", "turn": turn, "parent": None, "text": "以月为题写一首诗"}
    run = f"{dice.getrandbits(128):032x}"
    return dice.choice(labs), {"run": run, "what": "queued", "arguments": {"seed": dice.randrange(9)}, "prediction": {}}


def lay(folder: Path, count: int, end: datetime | None = None) -> Path:
    """The data folder of such a learner; `folder` must not hold one yet."""
    from wenjin.study.store.database import Database

    folder.mkdir(mode=0o700, parents=True)
    file = folder / "wenjin.db"
    Database(f"sqlite:///{file}", folder / "backups").close()
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute("BEGIN")
        database.executemany(ROW, days(count, end or datetime.now(UTC)))
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder
