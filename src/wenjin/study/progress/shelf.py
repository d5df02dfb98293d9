"""Where on the shelf of resources to look for a topic, and when in the course a resource helps. Pure."""

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
