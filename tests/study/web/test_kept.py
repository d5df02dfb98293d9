"""What the log comes to is kept: pages read what is new, a kill costs little, and a long reading says so."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.study.web.conftest import Visit
from wenjin.study.course.graph import Course
from wenjin.study.progress.ledger import ledger
from wenjin.study.progress.recall import recall
from wenjin.study.progress.week import weeks
from wenjin.study.store.log import Event, happened
from wenjin.study.store.owner import SharedLog, open_log
from wenjin.study.store.places import Places, places
from wenjin.study.web import kept
from wenjin.study.web.record import Record

READER = Path(__file__).with_name("reader.py")
EXERCISE = "self-attention/attention-by-hand"
PAGES = ("/", "/review", "/review/statistics", "/progress", "/week", "/summary", "/summary?unit=qmatter/transformer",
         "/checkpoint", "/questions", "/tracks/qmatter", "/map", "/topics/self-attention", "/place")  # fmt: skip


def years(course: Course, count: int) -> list[Event]:
    """Reviews and attempts, one an hour until now."""
    dice, now = random.Random(7), datetime.now(UTC)
    cards = [f"{topic.id}/{card.id}" for topic in course.topics.values() for card in topic.cards]
    exercises = [exercise.id for exercise in course.exercises.values() if exercise.written]
    found = []
    for n in range(count):
        at = now - timedelta(hours=count - n)
        if n % 20:
            found.append(happened("review", dice.choice(cards), {"rating": dice.randint(1, 4), "ms": 900}, at))
        else:
            verdict = dice.choice(["pass", "wrong"])
            found.append(happened("attempt", dice.choice(exercises), {"verdict": verdict, "name": "labels"}, at))
    return found


class Rows:
    """How many events a log hands out."""

    def __init__(self, log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read = 0
        since, events = log.since, log.events

        def counted(*words: Any, **more: Any) -> Any:
            found = since(*words, **more)
            self.read += len(found[0])
            return found

        def listed(*words: Any, **more: Any) -> Any:
            found = events(*words, **more)
            self.read += len(found)
            return found

        monkeypatch.setattr(log, "since", counted)
        monkeypatch.setattr(log, "events", listed)


def site(visit: Visit) -> Any:
    return visit.client.app.state.site  # type: ignore[attr-defined]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[tuple[SharedLog, Places]]:
    here = places(tmp_path / "data", tmp_path / "workspace", environ={})
    opened = open_log(here, role="command")
    yield opened, here
    opened.close()


def test_a_page_reads_what_is_new_and_not_the_whole_log(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = site(visit)
    ours.log.extend(years(ours.course, 3000))
    ours.record.settle()
    for path in ("/week", "/summary"):
        visit.client.get(path)
    rows = Rows(ours.log, monkeypatch)
    for path in PAGES:
        ours.log.append(happened("review", "self-attention/scaling", {"rating": 3}))
        before = rows.read
        assert visit.client.get(path).status_code == 200, path
        assert rows.read - before <= 2 * len(PAGES), f"{path} read {rows.read - before} of 3000 events"


def test_a_record_goes_on_from_what_was_kept(
    log: tuple[SharedLog, Places], course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_log, here = log
    told = years(course, 700)
    kept_log.extend(told)
    first = Record(kept_log, course, here)
    now = datetime.now().astimezone()
    assert first.weeks(now) == weeks(told, now)
    first.learner()
    first.close()
    rows = Rows(kept_log, monkeypatch)
    again = Record(kept_log, course, here)
    plain = ledger(told, course, now)
    assert again.learner(now).mastery == plain.learner(now).mastery
    assert again.weeks(now) == weeks(told, now)
    assert rows.read == 0, "nothing is read again"
    kept_log.append(happened("attempt", EXERCISE, {"verdict": "pass"}))
    assert EXERCISE in again.learner().work.passed
    assert rows.read == 1


def test_another_log_in_its_place_is_read_from_its_beginning(log: tuple[SharedLog, Places], course: Course) -> None:
    kept_log, here = log
    kept_log.extend(years(course, 60))
    record = Record(kept_log, course, here)
    record.learner()
    other = [happened("attempt", EXERCISE, {"verdict": "pass"})]
    kept_log.replace(other, [])
    assert record.learner().work.passed.keys() == {EXERCISE}
    kept_log.replace([], [])
    assert not record.learner().work.began


def test_a_reading_that_is_killed_is_gone_on_with(
    tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = places(tmp_path / "data", tmp_path / "workspace", environ={})
    told = years(course, 3000)
    log = open_log(here, role="command")
    log.extend(told)
    log.close()
    reader = subprocess.Popen([sys.executable, str(READER), str(here.data)], stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "reading\n"
    until = time.monotonic() + 60
    while not (here.data / "derived/ledger").exists() and time.monotonic() < until:
        time.sleep(0.002)
    reader.kill()
    assert reader.wait() < 0, "it was killed before the end"
    reader.stdout.close()
    log = open_log(here, role="command")
    try:
        rows = Rows(log, monkeypatch)
        record = Record(log, course, here, kept.until_read)
        now = datetime.now().astimezone()
        assert record.learner(now).mastery == ledger(told, course, now).learner(now).mastery
        assert rows.read < len(told), "it began again"
    finally:
        log.close()


def test_what_only_the_whole_log_tells_is_read_a_batch_at_a_time(
    log: tuple[SharedLog, Places], course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "BATCH", 50)
    kept_log, here = log
    told = years(course, 400)
    first = next(event for event in told if event.kind == "review")
    told.append(happened("undo", first.subject, {"event": first.id}))
    kept_log.extend(told)
    now = datetime.now().astimezone()
    record = Record(kept_log, course, here, kept.until_read)

    assert record.recall(now, lambda found: dict(found.current)) == recall(told, now).current


def test_while_much_is_read_a_page_says_how_much_and_then_comes(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = site(visit)
    ours.log.extend(years(ours.course, 1200))
    gate = threading.Event()
    since = ours.log.since

    def slowly(*words: Any, **more: Any) -> Any:
        assert words[0] < 400 or gate.wait(30)
        return since(*words, **more)

    monkeypatch.setattr(ours.log, "since", slowly)
    monkeypatch.setattr(kept, "BATCH", 200)
    monkeypatch.setattr(kept, "PATIENCE", 1.0)
    for language, words in (("en", "400 of 1,200 events read"), ("zh", "已读 400 / 1,200 条")):
        begun = time.monotonic()
        answer = visit.client.get("/", headers={"accept-language": language})
        assert (answer.status_code, answer.headers["refresh"]) == (503, "1")
        assert words in answer.text
        assert time.monotonic() - begun < 2 * kept.PATIENCE, "it waited more than once"
        assert "<progress aria-label=" in answer.text
    told = visit.client.get("/topics/self-attention")
    assert told.status_code == 503, "its cards are not known yet"
    assert visit.client.get("/settings").status_code == 200, "what needs no record is there"
    sent: list[Any] = []
    form = {"csrf": visit.csrf, "topic": "self-attention"}
    sending = threading.Thread(target=lambda: sent.append(visit.client.post("/review/cards", data=form)))
    sending.start()
    sending.join(0.5)
    assert sending.is_alive(), "what is sent waits, and is not lost"
    gate.set()
    sending.join(30)
    assert sent[0].status_code == 200
    assert visit.client.get("/").status_code == 200
    assert len(ours.log.events("cards", "self-attention")) == 1


def test_a_kept_record_depends_on_how_events_are_read_and_on_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    opened = Path.read_bytes

    def noted(path: Path) -> bytes:
        read.append(path.stem)
        return opened(path)

    monkeypatch.setattr(Path, "read_bytes", noted)
    kept.readers.__wrapped__("ledger")
    assert {"ledger", "state", "work", "evidence", "days", "recall", "mistakes", "paper", "questions"} <= set(read)
    assert {"schedule", "model", "clock", "dice"} <= set(read)
    assert not {"today", "plan", "pace", "deck", "report", "choosing", "summary"} & set(read)


def test_command_and_page_agree(visit: Visit) -> None:
    ours = site(visit)
    ours.log.extend(years(ours.course, 300))
    ours.log.append(happened("week", "2026-W01", dict.fromkeys(("theory", "practice", "code", "notes"), 7)))
    environ = os.environ | {"WENJIN_DATA": str(visit.places.data), "WENJIN_WORKSPACE": str(visit.places.workspace)}
    environ["WENJIN_LANG"] = "en"

    def command(*words: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "wenjin.cli", *words, "--json"],
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    learner = ours.record.learner()
    held = command("progress")
    assert {id: value for stage in held["stages"] for id, value in stage["topics"].items()} == {
        id: pytest.approx(one.value, abs=1e-3) for id, one in learner.mastery.items()
    }
    assert len(command("week", "list")["weeks"]) == len(ours.record.weeks(datetime.now().astimezone()))
    step = command("next")
    assert f"/topics/{step['step']}/exercises/{step['exercise'].partition('/')[2]}" in visit.client.get("/").text
