"""The order of topics on the map, which nobody keeps by hand.

Stages stand as the syllabus lists them. Within a stage a topic comes after those it builds on; among equals the one
that the tracks meet earlier comes first.
"""

from collections.abc import Iterable, Mapping, Sequence

from wenjin.study.course.graph import Topic, Track


def depths(topics: Mapping[str, Topic]) -> dict[str, int]:
    """For each topic the number of topics on the longest way to it, itself included. A cycle counts as cut."""
    found: dict[str, int] = {}

    def depth(key: str) -> int:
        if key not in found:
            found[key] = 1  # what a topic in a cycle sees of itself
            found[key] = 1 + max((depth(before) for before in topics[key].prerequisites if before in topics), default=0)
        return found[key]

    for key in topics:
        depth(key)
    return found


def map_order(topics: Mapping[str, Topic], stages: Sequence[str], tracks: Sequence[Track]) -> dict[str, Topic]:
    """The topics by id, in the order of the map. A topic of an unknown stage stands last."""
    places: dict[str, list[int]] = {}
    for track in tracks:
        for place, key in enumerate(track.topics):
            places.setdefault(key, []).append(place)
    stage = {name: number for number, name in enumerate(stages)}
    depth = depths(topics)

    def rank(key: str) -> tuple[float, int, float, str]:
        met = places.get(key)
        mean = sum(met) / len(met) if met else float("inf")
        return stage.get(topics[key].stage, float("inf")), depth[key], mean, key

    return {key: topics[key] for key in sorted(topics, key=rank)}


def closure(keys: Iterable[str], topics: Mapping[str, Topic]) -> set[str]:
    """The given topics and everything they build on."""
    found: set[str] = set()
    waiting = list(keys)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting.extend(topics[key].prerequisites)
    return found


def cycles(topics: Mapping[str, Topic]) -> list[list[str]]:
    """Circles of prerequisites, each as the ids that one meets on the way round, the first one again at the end."""
    found: list[list[str]] = []
    done: set[str] = set()
    trail: list[str] = []

    def visit(key: str) -> None:
        if key in done or key not in topics:
            return
        if key in trail:
            found.append([*trail[trail.index(key) :], key])
            return
        trail.append(key)
        for before in topics[key].prerequisites:
            visit(before)
        trail.pop()
        done.add(key)

    for key in topics:
        visit(key)
    return found
