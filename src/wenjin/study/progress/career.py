"""A role, what shows that one can do it, and how far the learner is from it. Pure.

A role is a path of a track that says so. Its topics are those of the path's units and all that they build on; its
projects those that the path names.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from wenjin.study.course.graph import Course, Project, Topic, Track, TrackPath
from wenjin.study.progress.ways import in_time, way
from wenjin.study.progress.work import Learner


@dataclass(frozen=True, slots=True)
class Role:
    """
    topics   the role's own, in the order of its path
    gap      what is still to be learned of them and of what they build on, each after what it builds on
    minutes  of the gap; hours: of the projects that are not done
    """

    track: Track
    path: TrackPath
    topics: tuple[Topic, ...]
    known: int
    gap: tuple[Topic, ...]
    minutes: int
    projects: tuple[Project, ...]
    hours: int


def roles(course: Course) -> Iterator[tuple[Track, TrackPath]]:
    """The paths that lead to a job, of all tracks."""
    yield from ((track, path) for track in course.tracks.values() for path in track.paths if path.role)


def role(learner: Learner, track: Track, path: TrackPath) -> Role:
    """A role as far as this learner is concerned."""
    course = learner.course
    legs = way(learner, track, path)
    own = dict.fromkeys(topic for leg in legs for topic in leg.topics)
    gap = [course.topics[stop.topic] for _, stops in in_time(legs, learner) for stop in stops]
    projects = tuple(course.projects[id] for id in path.projects)
    return Role(
        track,
        path,
        tuple(course.topics[id] for id in own),
        sum(id in learner.done for id in own),
        tuple(gap),
        sum(learner.left(topic) for topic in gap),
        projects,
        sum(project.hours for project in projects if project.id not in learner.work.projects),
    )
