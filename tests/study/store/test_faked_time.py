"""The course as a process whose clock is set while it runs (clock.c): days back, years ahead, changes of summer time,
other zones. No review is lost, no card comes a day later than its button said, and no interval is negative.

tests/study/web/test_clock.py and tests/study/progress/test_deck.py do the same with a clock that is handed in, by far
more turns; here it is the system's own. What is waited for and measured goes by the clock that nobody sets.
"""

import random
import re
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import FULL
from tests.study.tools import program
from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.memory.schedule import RATINGS
from wenjin.study.progress.deck import deck
from wenjin.study.store.log import Event
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

TOPIC = "self-attention"
DAY, YEAR, SECOND = timedelta(days=1), timedelta(days=365), timedelta(seconds=1)
ZONES = ("America/New_York", "Asia/Shanghai", "Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kathmandu")
WRONG = (-DAY, -YEAR, 10 * YEAR)
REVIEWS = 3  # a sitting


class World:
    """The true time, which passes as fast as the machine's but may be moved on, and the clock that the course sees."""

    def __init__(self, folder: Path, begin: datetime) -> None:
        self.file, self.library = folder / "shift", folder / "clock.so"
        source = Path(__file__).with_name("clock.c")
        subprocess.run([program("cc", "gcc"), "-shared", "-fPIC", "-O2", "-o", self.library, source], check=True)
        self.shift = begin - datetime.now(UTC)
        self.wrong = timedelta(0)
        self.show()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def show(self, true: datetime | None = None, wrong: timedelta = timedelta(0)) -> None:
        """From now on it is `true` (as it was, where none is given), and the clock is wrong by so much."""
        if true is not None:
            self.shift = true - datetime.now(UTC)
        self.wrong = wrong
        written = self.file.with_suffix(".new")
        written.write_text(f"{(self.shift + wrong).total_seconds():.0f}\n", encoding="utf-8")
        written.replace(self.file)

    def inside(self, zone: str) -> list[str]:
        """What runs a program in this world."""
        return ["env", f"LD_PRELOAD={self.library}", f"SHIFT={self.file}", f"TZ={zone}"]


def sittings(zone: str, begin: datetime, dice: random.Random) -> list[tuple[datetime, timedelta]]:
    """When the learner sits down by the true time, and how wrong the clock is: some days, then around the next two
    changes of summer time where the zone has them."""
    after = begin + 2 * DAY
    found = [(begin + DAY, timedelta(0)), (after, dice.choice(WRONG)), (after + timedelta(hours=29), timedelta(0))]
    at = after + 2 * DAY
    for change in changes(zone, at):
        found += [(change + shift, timedelta(0)) for shift in (-SECOND, timedelta(minutes=30), timedelta(minutes=70))]
        at = change + DAY
    return [*found, (at + DAY, dice.choice(WRONG)), (at + 2 * DAY, timedelta(0))]


def changes(zone: str, begin: datetime) -> list[datetime]:
    """The next two moments at which the zone's clocks are set, within a year, to the minute."""
    made, found, at = ZoneInfo(zone), list[datetime](), begin.replace(second=0, microsecond=0)
    offset = at.astimezone(made).utcoffset()
    for _ in range(366):
        day, at = at, at + DAY
        if at.astimezone(made).utcoffset() != offset:
            while day.astimezone(made).utcoffset() == offset:
                day += timedelta(minutes=1)
            found.append(day)
            offset = day.astimezone(made).utcoffset()
    return found[:2]


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_reviews_are_kept_and_no_card_is_put_off_whatever_the_clock_says(
    database: str,
    benchmark: Callable[[str], ModuleType],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    count: Callable[[int], int],
) -> None:
    kill, hands = benchmark("kill"), benchmark("hands")
    address = request.getfixturevalue("postgres").fresh() if database == "postgres" else ""
    world = World(tmp_path, datetime(2027, 1, 10, 9, 0, 0, tzinfo=UTC))
    dice, course = random.Random(database), load()
    cards = [card.id for card in course.topics[TOPIC].cards]
    done: list[tuple[str, datetime]] = []  # the reviews acknowledged, and when it truly was
    life, zone = 0, ZONES[0]
    for life in range(count(20)):
        zone = ZONES[life % len(ZONES)]
        with kill.started(tmp_path, world.inside(zone), address) as (_, line, _):
            if life == 0:
                line.good("POST", "/review/cards", form={"topic": TOPIC})
            revision = line.good("GET", f"/api/notes/{hands.NOTE}")[0]["revision"]
            for true, wrong in sittings(zone, world.now(), dice):
                world.show(true, wrong)
                for _ in range(REVIEWS):
                    asked = re.search(r'name="card" value="([^"]+)"', line.good("GET", "/review")[0].decode())
                    card = asked[1] if asked else f"{TOPIC}/{dice.choice(cards)}"
                    id = uuid4().hex
                    line.good("POST", "/api/review", {"card": card, "rating": dice.choice(RATINGS), "id": id})
                    done.append((id, world.now()))
                typed = {"text": f"note at {true}", "revision": revision, "settled": True}
                revision = line.good("PUT", f"/api/notes/{hands.NOTE}", typed)[0]["revision"]
                for page in ("/", "/review/statistics"):
                    line.good("GET", page)
            if FULL and life == 0:  # the short depth has a run in test_clock.py alone
                the_duration_of_a_run_goes_by_the_steady_clock(line, hands, world)
    here = places(tmp_path / "data", environ={"WENJIN_DATABASE_URL": address} if address else {})
    log = open_log(here, role="command")
    events = log.events()
    assert log.draft("note:" + hands.NOTE.replace("/", "#")).text == f"note at {true}"  # type: ignore[union-attr]
    log.close()
    assert [event.id for event in events if event.kind == "review"] == [id for id, _ in done]
    no_card_is_put_off(events, course, dict(done), ZoneInfo(zone), world)
    print(f"{len(done)} reviews in {life + 1} lives, {world.now() - datetime(2027, 1, 10, tzinfo=UTC)} of true time")


def no_card_is_put_off(
    events: list[Event], course: Course, true: dict[str, datetime], zone: ZoneInfo, world: World
) -> None:
    """By the readings that the process wrote: each button said a time to come, and no card waits a day longer."""
    promised: dict[str, datetime] = {}
    for number, event in enumerate(events):
        if event.kind == "review":
            found = deck(events[:number], course, event.at.astimezone(zone))
            told = found.intervals(found.entries[event.subject])
            assert min(told) > timedelta(0)
            promised[event.subject] = true[event.id] + told[event.data["rating"] - 1]
    now = world.now()
    for later in (timedelta(0), 6 * DAY, 60 * DAY):
        found = deck(events, course, (now + later).astimezone(zone))
        assert sum(entry.standing.reviews for entry in found.entries.values()) == len(true)
        for id, due in promised.items():
            standing = found.entries[id].standing
            assert standing.due is not None
            wait = standing.due - found.now
            assert wait <= max(due - (now + later), timedelta(0)) + DAY, (id, wait)


def the_duration_of_a_run_goes_by_the_steady_clock(line: Any, hands: ModuleType, world: World) -> None:
    """The clock is set back by a day and on by ten years while a lab is at work."""
    form = {f"arg.{name}": value for name, value in hands.ARGUMENTS.items()} | {"do": "skip"}
    began = time.monotonic()
    _, location = line.good("POST", "/topics/{}/labs/{}".format(*hands.LAB.split("/")), form=form)
    kept = hands.Kept(open=hands.Watched(location.removeprefix("/runs/")))
    world.show(wrong=-DAY)
    line.good("GET", "/")
    world.show(wrong=10 * YEAR)
    line.watch(kept)
    world.show()
    took = time.monotonic() - began
    shown = line.good("GET", f"/runs/{kept.open.run}")[0].decode()
    said = [float(number) for number in re.findall(r"(\d+(?:\.\d+)?) (?:s|秒)\b", shown)]
    assert kept.open.rows
    assert said
    assert all(0 <= seconds <= took + 1 for seconds in said), (said, took)
