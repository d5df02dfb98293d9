"""Whether a learner is on time, said plainly, and what would help. Pure.

When a track is begun, the last day of its plan is written down as promised. A plan laid today over what is left ends on
another day: that is how late it is, or how early. Besides there is the learner's own pace: what was done of the course
in the last four weeks, by the minutes that the course gives for it, and where that leads. A topic that is begun counts
by its parts, so the two ends differ by a few days without any meaning: up to GRACE is on time. A project shows nothing
before it is done; while one comes next, who is late by no more than it takes is not called late. Other hours, another
share or another order are no pace: the promise then moves as the end does (choosing.py).

Omits   reading and reviews, which finish nothing: the pace counts exercises, labs and projects
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from wenjin.study.course.graph import Track, TrackPath
from wenjin.study.progress.plan import MOST_WEEKDAY, MOST_WEEKEND, Hours, Plan, Share, plan, shares_of
from wenjin.study.progress.ways import Leg, followed, path_of, way
from wenjin.study.progress.work import Learner, written

GRACE = 3  # days
WINDOW = 28  # days over which a pace is taken
TOO_MUCH = 60.0  # hours a week that nobody is told to learn
STEP = 0.5  # hours a week
CENTURY = 36_500.0  # days

Standing = Literal["new", "early", "on-time", "late"]


@dataclass(frozen=True, slots=True)
class Pace:
    """
    begun, promised   the day on which the track was begun, and the end that its plan had then; None before that
    end               where the plan ends that is laid today
    late              days between the two, less those of a project that may be nearly done; negative when it is ahead
    done              hours of the course that were done in the days before today that `over` counts, at most four weeks
    own               where that pace leads; None when nothing was done yet
    """

    begun: date | None
    promised: date | None
    end: date
    late: int
    done: float
    over: int
    own: date | None

    @property
    def standing(self) -> Standing:
        if self.promised is None:
            return "new"
        return "on-time" if abs(self.late) <= GRACE else "late" if self.late > 0 else "early"

    @property
    def weekly(self) -> float:
        return 7 * self.done / self.over if self.over else 0.0


@dataclass(frozen=True, slots=True)
class Help:
    """What would bring a late plan back. `hours`: a week, kept from now on, with which it still ends as promised; None
    when no honest number does. `shorter`: the paths of the track that would end by then with the present hours."""

    hours: float | None
    shorter: tuple[TrackPath, ...]


def ways(
    learner: Learner, tracks: Sequence[Track], marks: Mapping[str, str] | None = None
) -> list[tuple[Track, list[Leg]]]:
    """These tracks by the paths that the learner has chosen in them."""
    settings = learner.work.settings
    return [(track, way(learner, track, path_of(track, settings), marks)) for track in tracks]


def following(learner: Learner, hours: Hours, marks: Mapping[str, str] | None = None) -> Plan:
    """The plan of all that is followed, laid today."""
    settings = learner.work.settings
    tracks = followed(settings, learner.course)
    shares = shares_of(settings, [track.id for track in tracks])
    return plan(learner, ways(learner, tracks, marks), hours, learner.today, shares)


def until(learner: Learner, track: Track) -> tuple[list[Track], dict[str, int]]:
    """The tracks whose plan tells where this one ends, with the shares among them: those in front of it, or beside it;
    alone, as if begun today, one that is not followed."""
    settings = learner.work.settings
    tracks = followed(settings, learner.course)
    if track not in tracks:
        return [track], {}
    shares = shares_of(settings, [one.id for one in tracks])
    place = tracks.index(track)
    return (tracks if track.id in shares else [t for t in tracks if t.id in shares or t in tracks[: place + 1]]), shares


def pace(learner: Learner, track: Track, laid: Plan) -> Pace:
    """How a followed track stands, by the plan that was laid today."""
    settings = learner.work.settings
    begun, promised = (_day(settings.get(key), track.id) for key in ("begun", "promised"))
    end = laid.ends.get(track.id, laid.end)
    over = min(WINDOW, max(1, (learner.today - begun).days)) if begun and begun < learner.today else 0
    since = learner.today - timedelta(days=over)
    done = sum((m for day, m in finished(learner) if since <= day < learner.today), 0.0) / 60
    shares = [share for week in laid.weeks if week.monday <= end for share in week.shares]
    ahead = sum(s.minutes for s in shares if s.piece.kind != "practice" and _before(s, track, laid)) / 60
    own = learner.today + timedelta(days=round(min(CENTURY, ahead / done * over))) if done else None
    late = (end - promised).days if promised else 0
    if late > 0:
        late = max(0, late - hidden(laid))
    return Pace(begun, promised, end, late, done, over, own)


def _before(share: Share, track: Track, laid: Plan) -> bool:
    """Is this done before the track ends: for itself, for one in front of it, or beside it?"""
    names = list(laid.ends)
    place = names.index(track.id) if track.id in names else len(names)
    return bool(laid.shares) or share.piece.track in names[: place + 1]


def hidden(laid: Plan) -> int:
    """The days of a project that comes next, and may be under way without showing."""
    following = next(
        (share.piece for week in laid.weeks for share in week.shares if share.piece.kind != "practice"), None
    )
    if following is None or following.kind != "project":
        return 0
    return round(7 * following.minutes / 60 / laid.hours.week)


def finished(learner: Learner) -> list[tuple[date, float]]:
    """The minutes of the course that were done, with their days: a topic's by its exercises and labs, a project's."""
    course, work = learner.course, learner.work
    days = {**work.passed, **work.finished}
    found = []
    for topic in course.topics.values():
        own = written(topic)
        found += [(date.fromisoformat(days[id]), topic.minutes / len(own)) for id in own if id in days]
    projects = [(day, course.projects[id].hours) for id, day in work.projects.items() if id in course.projects]
    return found + [(date.fromisoformat(day), 60.0 * hours) for day, hours in projects]


def remedy(learner: Learner, track: Track, laid: Plan, late: Pace) -> Help:
    """What would help, where the track is late."""
    promised = late.promised
    if promised is None:
        return Help(None, ())
    before, shares = until(learner, track)

    def ends(hours: Hours, path: TrackPath | None = None) -> date:
        legs = ways(learner, before)
        if path is not None:
            legs[before.index(track)] = (track, way(learner, track, path))
        return plan(learner, legs, hours, learner.today, shares).ends[track.id]

    now = path_of(track, learner.work.settings)
    shorter = [p for p in track.paths if p != now and not p.rule and len(p.units) < len(track.units)]
    return Help(enough(laid.hours, promised, ends), tuple(p for p in shorter if ends(laid.hours, p) <= promised))


def enough(hours: Hours, promised: date, ends: Callable[[Hours], date]) -> float | None:
    """The fewest hours a week, in steps of half an hour, with which it ends by that day."""
    room = min(
        (bound / given for bound, given in ((MOST_WEEKDAY, hours.weekday), (MOST_WEEKEND, hours.weekend)) if given)
    )
    least, most = int(hours.week / STEP), int(min(TOO_MUCH, room * hours.week) / STEP)
    if least >= most or ends(scaled(hours, most * STEP)) > promised:
        return None
    while least + 1 < most:  # `most` is enough, `least` is not
        middle = (least + most) // 2
        if ends(scaled(hours, middle * STEP)) <= promised:
            most = middle
        else:
            least = middle
    return most * STEP


def scaled(hours: Hours, week: float) -> Hours:
    """The same shares of a week, with another sum."""
    return Hours(hours.weekday * week / hours.week, hours.weekend * week / hours.week)


def promise(learner: Learner, laid: Plan, tracks: Sequence[str], *, anew: bool = False) -> dict[str, dict[str, str]]:
    """The settings that write down when these tracks were begun and when their plan says that they end. A promise that
    was given stands, unless it is to be given anew."""
    told: dict[str, dict[str, str]] = {}
    for key, days in (("begun", dict.fromkeys(tracks, learner.today)), ("promised", dict(laid.ends))):
        kept = learner.work.settings.get(key)
        known = dict(kept) if isinstance(kept, Mapping) else {}
        fresh = {track: days[track].isoformat() for track in tracks if track in days and (anew or track not in known)}
        told[key] = known | fresh
    return told


def _day(days: object, track: str) -> date | None:
    """What a setting says of a track; None when it says nothing that can be read."""
    told = days.get(track) if isinstance(days, Mapping) else None
    try:
        return date.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
