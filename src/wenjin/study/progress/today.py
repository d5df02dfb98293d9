"""What to do today: the unfinished run, the due cards, the next step of the track. Pure, from events and the course."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from wenjin.study.course.graph import Course, Exercise, Lab, Topic
from wenjin.study.progress.deck import Deck, Happening
from wenjin.study.progress.state import Progress, Status, state

GOING = ("queued", "started", "resumed")
OVER = ("finished", "failed")


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: a topic, and the exercise in it that is still to be passed."""

    topic: Topic
    exercise: Exercise | None
    status: Status


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run of a lab that was begun and neither finished nor failed: still going, or stopped and kept."""

    run: str
    lab: Lab
    topic: Topic
    going: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Today:
    """`began`: whether the learner has done anything yet; `progress` and `deck` are what the rest was derived from."""

    began: bool
    run: Unfinished | None
    deck: Deck
    step: Step | None
    progress: Progress


def today(events: Sequence[Happening], course: Course, cards: Deck) -> Today:
    """The day as these events, in their order, leave it. `cards`: the deck of the same events."""
    progress = state(events, course)
    began = any(event.kind in ("attempt", "review", "run", "note", "cards") for event in events)
    step = next_step(course, progress)
    done = began and step is not None and step.exercise is None  # everything that can be practiced is passed
    return Today(began, unfinished(events, course), cards, None if done else step, progress)


def next_step(course: Course, progress: Progress) -> Step | None:
    """The exercise tried last if it is not passed; else the first that is not, in the order of the chosen track, then
    of the course. When all are passed, or none is written, the first topic that can be read."""
    tried = [name for name, standing in progress.exercises.items() if standing.status == "tried"]
    name = tried[-1] if tried else following(course, progress)
    if name is not None:
        exercise = course.exercises[name]
        return Step(course.topics[exercise.topic], exercise, progress.exercises[name].status)
    return next((Step(topic, None, "new") for topic in course.topics.values() if topic.written), None)


def following(course: Course, progress: Progress) -> str | None:
    """The first exercise that is not passed: along the chosen track; where it has none left, after the one passed
    last, in the order of the course."""
    track = course.tracks.get(str(progress.settings.get("track")))
    for topic in track.topics if track else ():
        for exercise in course.topics[topic].exercises:
            if exercise.id in progress.exercises and progress.exercises[exercise.id].status != "passed":
                return exercise.id
    passed = [name for name, standing in progress.exercises.items() if standing.status == "passed"]
    return progress.following(passed[-1] if passed else None)


def unfinished(events: Iterable[Happening], course: Course) -> Unfinished | None:
    """The run begun last that is neither finished nor failed. What is said of a run besides does not change that."""
    labs = {lab.id: (lab, topic) for topic in course.topics.values() for lab in topic.labs}
    found: dict[str, Unfinished] = {}
    for event in events:
        if event.kind != "run" or event.subject not in labs:
            continue
        run, what = str(event.data.get("run")), event.data.get("what")
        lab, topic = labs[event.subject]
        if what in OVER:
            found.pop(run, None)
        elif what in GOING or what == "stopped":
            since = found[run].since if run in found else event.at
            found[run] = Unfinished(run, lab, topic, what in GOING, since)
    return next(reversed(found.values()), None)
