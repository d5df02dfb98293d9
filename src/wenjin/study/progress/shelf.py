"""Where on the shelf of resources to look for a topic, and when in the course a resource helps. Pure."""

from collections.abc import Set
from dataclasses import dataclass

from wenjin.study.course.graph import Course, Resource, Topic, Track, Unit


@dataclass(frozen=True, slots=True)
class Shelved:
    """A resource and the units that send a learner to it; `whole` are tracks that name it for all of their way."""

    resource: Resource
    units: tuple[tuple[Track, Unit], ...]
    whole: tuple[Track, ...]


def shelf(course: Course, topic: Topic | None = None) -> list[Shelved]:
    """All resources, or those of the units that a topic stands in, in the order of the shelf."""
    found = [shelved(course, resource, topic) for resource in course.resources.values()]
    return [one for one in found if one.units or (topic is None and one.whole)]


def shelved(course: Course, resource: Resource, topic: Topic | None = None) -> Shelved:
    def sends(unit: Unit) -> bool:
        return resource.id in unit.resources and (topic is None or topic.id in (*unit.topics, *unit.revisits))

    units = tuple((track, unit) for track in course.tracks.values() for unit in track.units if sends(unit))
    return Shelved(resource, units, tuple(t for t in course.tracks.values() if resource.id in t.resources))


@dataclass(frozen=True, slots=True)
class Use:
    """A resource on one track: the units that send to it (none where it is for the whole of it), and which of their
    topics the learner knows and lacks."""

    resource: Resource
    units: tuple[Unit, ...]
    known: tuple[Topic, ...]
    lacks: tuple[Topic, ...]


def by_track(course: Course, done: Set[str]) -> list[tuple[Track, tuple[Use, ...]]]:
    """The shelf as each track uses it, in the order in which its resources are met; those for all of it come first."""
    return [(track, tuple(uses(course, track, done))) for track in course.tracks.values()]


def uses(course: Course, track: Track, done: Set[str]) -> list[Use]:
    found = []
    for id in dict.fromkeys([*track.resources, *(id for unit in track.units for id in unit.resources)]):
        units = tuple(unit for unit in track.units if id in unit.resources) if id not in track.resources else ()
        topics = dict.fromkeys(topic for unit in units or track.units for topic in (*unit.topics, *unit.revisits))
        known = tuple(course.topics[topic] for topic in topics if topic in done)
        lacks = tuple(course.topics[topic] for topic in topics if topic not in done)
        found.append(Use(course.resources[id], units, known, lacks))
    return found
