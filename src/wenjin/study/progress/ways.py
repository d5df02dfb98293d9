"""Which tracks a learner follows and by which path, and which topics the path's rule leaves of them. Pure.

    no rule                     its units in their order
    placement                   the same without what is known: the plan is made of the weak points
    missing-prerequisites       before its units, what they build on and the learner lacks
    changed-since-last-visit    what is new to the learner, and what has changed since they said they had seen it

A topic may stand before one of its prerequisites in a track. `in_time` then puts the prerequisite right before it, and
says for which topic; what is learned in one track counts in all.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wenjin.study.course.graph import Course, Topic, Track, TrackPath, Unit
from wenjin.study.progress.work import Learner


@dataclass(frozen=True, slots=True)
class Leg:
    """A unit as a learner goes through it: the topics that are left of it. `unit` is None for what comes before;
    `again` are topics that are taken up although they were done."""

    unit: Unit | None
    topics: tuple[str, ...]
    again: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stop:
    """A topic in the order in which it is learned; `wanted` is the topic for whose sake it comes now, if it is not
    this one's own turn."""

    topic: str
    wanted: str | None = None


def followed(settings: Mapping[str, Any], course: Course) -> list[Track]:
    """The tracks that are followed, the one in front first."""
    front, listed = settings.get("track"), settings.get("tracks")
    names = [front, *(listed if isinstance(listed, list) else [])]
    if isinstance(listed, list) and front not in listed:
        names = names[1:]
    return [course.tracks[name] for name in dict.fromkeys(map(str, names)) if name in course.tracks]


def path_of(track: Track, settings: Mapping[str, Any]) -> TrackPath | None:
    """The path chosen in a track; where none was, the whole track."""
    chosen = settings.get("path")
    name = chosen.get(track.id) if isinstance(chosen, Mapping) else None
    return next((path for path in track.paths if path.id == name), None)


def way(learner: Learner, track: Track, path: TrackPath | None, marks: Mapping[str, str] | None = None) -> list[Leg]:
    """What the path's rule leaves of the track. `marks`: of each topic, what stands for its present content."""
    units = {unit.id: unit for unit in track.units}
    chosen = [units[id] for id in path.units] if path else list(track.units)
    rule = path.rule if path else None
    if rule == "missing-prerequisites":
        own = dict.fromkeys(topic for unit in chosen for topic in unit.topics)
        before = Leg(None, tuple(missing(own, learner.course, learner.done)))
        return [before] * bool(before.topics) + [Leg(unit, unit.topics) for unit in chosen]
    if rule is None:
        return [Leg(unit, unit.topics) for unit in chosen]
    fresh = changed(learner, marks or {}) if rule == "changed-since-last-visit" else frozenset()
    again = fresh & learner.done
    legs = [Leg(unit, tuple(t for t in unit.topics if t not in learner.done or t in fresh), again) for unit in chosen]
    return [leg for leg in legs if leg.topics]


def changed(learner: Learner, marks: Mapping[str, str]) -> frozenset[str]:
    """The topics that have changed since the learner said that they had seen them."""
    seen = learner.work.settings.get("seen")
    known = seen if isinstance(seen, Mapping) else {}
    return frozenset(topic for topic, mark in marks.items() if topic in known and known[topic] != mark)


def missing(topics: Collection[str], course: Course, done: Collection[str]) -> list[str]:
    """What these topics build on, near and far, outside of them and not done: each after what it builds on itself."""
    found: list[str] = []
    seen: set[str] = set()

    def visit(id: str) -> None:
        for need in course.topics[id].prerequisites:
            if need not in seen:
                seen.add(need)
                visit(need)
                if need not in topics and need not in done:
                    found.append(need)

    for id in topics:
        visit(id)
    return found


def lacking(topic: str, course: Course, done: Collection[str]) -> list[Topic]:
    """The prerequisites of a topic, near and far, that are not done."""
    return [course.topics[id] for id in missing([topic], course, done)]


def in_time(legs: Sequence[Leg], learner: Learner) -> Iterator[tuple[Leg, list[Stop]]]:
    """The legs with the topics that are to be learned, each right after the prerequisites that are still missing."""
    met = set(learner.done)
    for leg in legs:
        stops: list[Stop] = []
        for topic in leg.topics:
            if topic in met and topic not in leg.again:
                continue
            for before in missing([topic], learner.course, met):
                stops.append(Stop(before, topic))
                met.add(before)
            stops.append(Stop(topic))
            met.add(topic)
        yield leg, stops


def chosen(settings: Mapping[str, Any], course: Course, tracks: Sequence[str]) -> dict[str, Any]:
    """The settings that put these tracks in front, in this order; those followed before stay, behind them."""
    names = list(dict.fromkeys([*tracks, *(track.id for track in followed(settings, course))]))
    return {"tracks": names, "track": names[0]}


def left(settings: Mapping[str, Any], course: Course, track: str) -> dict[str, Any]:
    """The settings without this track: what was learned in it stays learned."""
    names = [one.id for one in followed(settings, course) if one.id != track]
    kept = {key: value for key in ("begun", "promised") if isinstance(value := settings.get(key), dict)}
    told = {key: {name: day for name, day in value.items() if name != track} for key, value in kept.items()}
    return {"tracks": names, "track": names[0] if names else None, **told}
