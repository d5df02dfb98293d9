"""A track laid over the calendar: which topic and which project in which week, from the hours that a learner has. Pure.

A plan is laid from today over what is left, so that after missed days it is a new one, and what was done is not in it.
Tracks come one after the other, the one in front first. A track can be given a share of the hours instead: that part of
every day is for it, what is left goes to the others in their order, and who has nothing left to do leaves the hours to
the rest. What two tracks have in common is learned once, with the one that comes to it first.

    order      unit after unit; a missing prerequisite comes right before the topic that needs it (`ways.in_time`)
    days       theory on weekdays, projects and practice at the weekend; when a unit has none of the one left, the other
    length     a topic's minutes and a project's hours, as the course gives them. Where a track counts in weeks and says
               how many hours a week it is made for, a stage takes no less than its weeks of that: what its topics and
               projects leave is practice of one's own, given out over its units
    choice     of several capstones one is done

Times are whole minutes, so that no week passes its hours by a rounding. Omits the daily reviews: they grow and shrink
by themselves.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby
from math import ceil
from typing import Any, Literal

from wenjin.study.course.graph import Course, Track, Unit
from wenjin.study.progress.ways import Leg, Stop, in_time
from wenjin.study.progress.work import Learner

Kind = Literal["topic", "project", "practice"]
DAY = timedelta(days=1)
LEAST, MOST_WEEKDAY, MOST_WEEKEND = 1.0, 16.0, 32.0  # hours: a week; one weekday; both days of a weekend
YEARS = 60  # a plan that is longer says so instead of a date


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours for study: on each weekday, and on a whole weekend."""

    weekday: float
    weekend: float

    @property
    def week(self) -> float:
        return 5 * self.weekday + self.weekend

    def minutes(self, day: date) -> int:
        return int(30 * self.weekend if day.weekday() >= 5 else 60 * self.weekday)

    @property
    def usable(self) -> bool:
        fits = 0 <= self.weekday <= MOST_WEEKDAY and 0 <= self.weekend <= MOST_WEEKEND
        return fits and self.week >= LEAST

    def part(self, percent: int) -> "Hours":
        return Hours(self.weekday * percent / WHOLE, self.weekend * percent / WHOLE)

    def as_dict(self) -> dict[str, float]:
        return {"weekday": self.weekday, "weekend": self.weekend}


USUAL = Hours(1.0, 2.0)  # until the learner says otherwise; the pages say so
WHOLE = 100  # percent of the hours


def hours_of(settings: Mapping[str, Any]) -> Hours | None:
    """The hours that the learner has set."""
    given = settings.get("hours")
    if not isinstance(given, Mapping):
        return None
    try:
        hours = Hours(float(given["weekday"]), float(given["weekend"]))
    except (KeyError, TypeError, ValueError):
        return None
    return hours if hours.usable else None


def shares_of(settings: Mapping[str, Any], tracks: Iterable[str]) -> dict[str, int]:
    """The percent of the hours that these tracks were given; without those that wait for their turn. Where they come
    to more than all hours, the later ones were not given."""
    given, found = settings.get("shares"), dict[str, int]()
    if not isinstance(given, Mapping):
        return found
    for track in tracks:
        share = given.get(track)
        if isinstance(share, int) and 0 < share <= WHOLE - sum(found.values()):
            found[track] = int(share)
    return found


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to do, and how many minutes of it are left. `id`: a topic's; the projects' of which one is done, with
    spaces between; a unit's for practice of one's own. `wanted`: the topic for whose sake a topic comes now; `after`:
    the topics that it uses; `first`: it opens its unit."""

    kind: Kind
    id: str
    track: str
    unit: str | None
    minutes: int
    wanted: str | None = None
    after: frozenset[str] = frozenset()
    first: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a piece that falls into a week."""

    piece: Piece
    minutes: int


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday; `minutes` is what its remaining days hold."""

    monday: date
    minutes: int
    shares: tuple[Share, ...]

    @property
    def taken(self) -> int:
        return sum(share.minutes for share in self.shares)


@dataclass(frozen=True, slots=True)
class Plan:
    """`ends`: the last day of each track; of a track of which nothing is left, the day before the plan begins.
    `shares`: the percent of the hours of tracks that go beside the others."""

    start: date
    hours: Hours
    weeks: tuple[Week, ...]
    ends: Mapping[str, date]
    whole: bool
    shares: Mapping[str, int] = field(default_factory=dict)

    @property
    def end(self) -> date:
        return max(self.ends.values(), default=self.start - DAY)

    @property
    def minutes(self) -> int:
        return sum(week.taken for week in self.weeks)


def plan(
    learner: Learner,
    ways: Sequence[tuple[Track, Sequence[Leg]]],
    hours: Hours,
    start: date,
    shares: Mapping[str, int] | None = None,
) -> Plan:
    """These tracks from this day on: those with a share beside the others, which come one after the other."""
    if not hours.usable:
        raise ValueError(f"no plan fits into {hours}")
    given = {track.id: share for track, _ in ways if (share := (shares or {}).get(track.id))}
    met: set[str] = set()
    turns: list[list[Piece]] = []
    rest = hours.part(WHOLE - sum(given.values()))
    lanes = []
    for track, legs in ways:
        if track.id in given:
            lanes.append(Lane(given[track.id], pieces(learner, track, legs, hours.part(given[track.id]))))
        else:
            turns += pieces(learner, track, legs, rest, met)
    lanes.append(Lane(WHOLE - sum(given.values()), turns))
    return lay(lanes, hours, start, [track.id for track, _ in ways], given)


def pieces(
    learner: Learner, track: Track, legs: Sequence[Leg], hours: Hours, met: set[str] | None = None
) -> list[list[Piece]]:
    """What is to be done, unit by unit. `met`: what stands in the plan already; what is added now is added to it."""
    met = set() if met is None else met
    found: list[tuple[Leg, list[Piece]]] = []
    for leg, stops in in_time(legs, learner):
        unit = leg.unit.id if leg.unit else None
        own = [_topic(learner, stop, track, unit) for stop in stops if stop.topic not in met]
        met.update(stop.topic for stop in stops)
        for names in _projects(track, leg.unit, learner) if leg.unit else ():
            if not met & set(names):
                own.append(_project(names, learner.course, track, unit))
                met.update(names)
        own = [piece for piece in own if piece.minutes]
        found.append((leg, [replace(own[0], first=True), *own[1:]] if own else []))
    return _with_practice(found, learner, track, hours)


def _topic(learner: Learner, stop: Stop, track: Track, unit: str | None) -> Piece:
    topic = learner.course.topics[stop.topic]
    minutes = topic.minutes if topic.id in learner.done else learner.left(topic)
    return Piece("topic", topic.id, track.id, unit, minutes, stop.wanted)


def _project(names: Sequence[str], course: Course, track: Track, unit: str | None) -> Piece:
    """A project, or the choice of one of several: as long as the longest, after all that any of them uses."""
    projects = [course.projects[name] for name in names]
    uses = frozenset(topic for project in projects for topic in project.topics)
    return Piece("project", " ".join(names), track.id, unit, 60 * max(p.hours for p in projects), after=uses)


def _projects(track: Track, unit: Unit, learner: Learner) -> Iterator[tuple[str, ...]]:
    """The projects of a unit that are not done, each alone but for a choice of capstones; then those of a stage's test
    whose last unit it is."""
    projects, done = learner.course.projects, learner.work.projects
    for task in unit.tasks:
        names = tuple(name.removeprefix("project:") for name in task.does if name.startswith("project:"))
        choice = len(names) > 1 and all(projects[name].kind == "capstone" for name in names)
        for group in [names] if choice else [(name,) for name in names]:
            if not set(group) & done.keys():
                yield group
    for test in track.stage_tests:
        if test.units and test.units[-1] == unit.id:
            yield from ((name,) for name in test.projects if name not in done)


def weeks_of(unit: Unit) -> int:
    """How many weeks a unit stands for: 2 for week "5-6"; 0 when its track does not count in weeks."""
    bounds = re.fullmatch(r"(\d+)(?:-(\d+))?", unit.number) if unit.kind == "week" else None
    return int(bounds[2] or bounds[1]) - int(bounds[1]) + 1 if bounds else 0


def _with_practice(
    found: Sequence[tuple[Leg, list[Piece]]], learner: Learner, track: Track, hours: Hours
) -> list[list[Piece]]:
    """Each unit with the practice that its stage's weeks leave beside its topics and projects."""
    units: list[list[Piece]] = []
    for _, group in groupby(found, key=lambda one: one[0].unit.part if one[0].unit else None):
        stage = list(group)
        spare = [0] * len(stage)
        if len(track.week_hours) == 2:
            least, most = track.week_hours
            week = 60 * min(max(hours.week, least), most)
            spare = [round(_wide(leg, own, learner, week)) - sum(p.minutes for p in own) for leg, own in stage]
        free, room = max(0, sum(spare)), sum(s for s in spare if s > 0)
        for (leg, own), extra in zip(stage, spare, strict=True):
            minutes = free * extra // room if extra > 0 and leg.unit else 0
            practice = [Piece("practice", leg.unit.id, track.id, leg.unit.id, minutes)] if minutes and leg.unit else []
            units.append(own + practice)
    return units


def _wide(leg: Leg, own: Sequence[Piece], learner: Learner, week: float) -> float:
    """The minutes of a unit's weeks, as far as it is not done."""
    if leg.unit is None or not weeks_of(leg.unit):
        return 0
    whole = sum(learner.course.topics[topic].minutes for topic in leg.unit.topics)
    left = sum(learner.left(learner.course.topics[topic]) for topic in leg.topics)
    return weeks_of(leg.unit) * week * (left / whole if whole else bool(own))


@dataclass(slots=True)
class Lane:
    """Units that are done one after the other with a share of the hours, in percent. `owed`: the minutes of its share
    that it has not had yet."""

    share: int
    units: list[list[Piece]]
    owed: float = 0.0


def lay(
    lanes: Sequence[Lane],
    hours: Hours,
    start: date,
    tracks: Sequence[str] = (),
    shares: Mapping[str, int] | None = None,
) -> Plan:
    """The units over the days from `start` on, none left free before the end."""
    weeks: dict[date, dict[Piece, int]] = {}
    left: dict[tuple[str, ...], int] = {}  # minutes of what was begun, for all lanes
    ends = dict.fromkeys(tracks, start - DAY)
    day, last = start, start + timedelta(days=366 * YEARS)

    def waiting(lane: Lane) -> dict[Piece, int]:
        """What is left of the unit that the lane has come to; where another lane has done the rest, of the next."""
        while lane.units:
            found = {p: n for p in lane.units[0] if (n := min(p.minutes, *(left.get(i, p.minutes) for i in _names(p))))}
            if found:
                return found
            for piece in lane.units.pop(0):
                ends[piece.track] = max(ends.get(piece.track, day), day)
        return {}

    while running := {n: found for n, lane in enumerate(lanes) if (found := waiting(lane))}:
        if day > last:
            return Plan(start, hours, _weeks(weeks, hours, start), ends, whole=False, shares=shares or {})
        free = hours.minutes(day)
        parts = sum(lanes[n].share for n in running)
        for n in running:
            lanes[n].owed += free * lanes[n].share / (parts or 1)
        while free and running:
            n = max(running, key=lambda one: lanes[one].owed)
            piece = _turn(running[n], day.weekday() >= 5)
            share = free if len(running) == 1 else max(1, ceil(lanes[n].owed))
            minutes = min(free, running[n][piece], share)
            free -= minutes
            lanes[n].owed -= minutes
            left.update(dict.fromkeys(_names(piece), running[n][piece] - minutes))
            week = weeks.setdefault(day - DAY * day.weekday(), {})
            week[piece] = week.get(piece, 0) + minutes
            ends[piece.track] = day
            running = {n: found for n in running if (found := waiting(lanes[n]))}
        day += DAY
    return Plan(start, hours, _weeks(weeks, hours, start), ends, whole=True, shares=shares or {})


def _names(piece: Piece) -> list[tuple[str, ...]]:
    """What is done when a piece is: the same topic or project in whatever track, practice in its own."""
    if piece.kind == "practice":
        return [(piece.kind, piece.track, piece.id)]
    return [(piece.kind, name) for name in piece.id.split()]


def _turn(waiting: Mapping[Piece, int], weekend: bool) -> Piece:
    """What comes next in a unit: by day theory; at the weekend a project whose theory has been, or practice of what
    was begun."""
    theory = [piece for piece in waiting if piece.kind == "topic"]
    ahead = {piece.id for piece in theory}
    ready = [piece for piece in waiting if piece.kind == "project" and not piece.after & ahead]
    practice = [piece for piece in waiting if piece.kind == "practice"]
    fresh = bool(theory) and theory[0].first and waiting[theory[0]] == theory[0].minutes
    return [*ready, *practice, *theory][0] if weekend and not fresh else [*theory, *ready, *practice][0]


def _weeks(found: Mapping[date, Mapping[Piece, int]], hours: Hours, start: date) -> tuple[Week, ...]:
    def holds(monday: date) -> int:
        days = [monday + DAY * n for n in range(7)]
        return sum(hours.minutes(day) for day in days if day >= start)

    shares = {monday: tuple(Share(piece, n) for piece, n in told.items()) for monday, told in found.items()}
    return tuple(Week(monday, holds(monday), shares[monday]) for monday in sorted(shares))
