"""What to do today and why: the test and papers that are open, the unfinished run, the due cards, the next step, the
weakest prerequisite; and whether this week was judged yet. Pure, and without a model: every reason is a fact of the
events or of the course.

The next step is the exercise tried last, if it is not passed; else the first topic that is not done along the tracks
that are followed, a missing prerequisite right before the topic that needs it; without a track, along the course. Where
tracks share the hours, the steps of the others stand beside it. Only
what is written can be a step; what it builds on and is not done is named with it, written or not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from wenjin.study.course.graph import Exercise, Lab, Topic, Track
from wenjin.study.course.order import closure, depths
from wenjin.study.progress.deck import Deck
from wenjin.study.progress.pace import ways
from wenjin.study.progress.paper import Sat
from wenjin.study.progress.plan import shares_of
from wenjin.study.progress.ways import Stop, followed, in_time, lacking
from wenjin.study.progress.week import name as week_of
from wenjin.study.progress.work import Learner, Status

Because = Literal["tried", "track", "wanted", "course", "after", "first"]


@dataclass(frozen=True, slots=True)
class Step:
    """
    topic, exercise  what to do next; the exercise in it that is still to be passed
    because          it was tried last; it is next on `track`; `wanted` needs it there; it is next in the course, or
                     follows what was passed last; or it is the first lesson of all
    missing          what the topic builds on and is not done, each after what it builds on itself
    fresh            nothing of the topic was tried yet: its lesson comes first
    """

    topic: Topic
    exercise: Exercise | None
    status: Status
    because: Because = "course"
    track: Track | None = None
    wanted: Topic | None = None
    missing: tuple[Topic, ...] = ()
    fresh: bool = False

    def as_dict(self) -> dict[str, Any]:
        told = {"step": self.topic.id, "exercise": self.exercise.id if self.exercise else None, "status": self.status}
        why = {"because": self.because, "track": self.track.id if self.track else None}
        wanted = self.wanted.id if self.wanted else None
        missing = [topic.id for topic in self.missing]
        return told | why | {"wanted": wanted, "missing": missing, "fresh": self.fresh}


@dataclass(frozen=True, slots=True)
class Weakest:
    """The prerequisite that is held least of those that `wanted` builds on. `value` is None where nothing of it was
    shown yet."""

    topic: Topic
    wanted: Topic
    value: float | None


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
    """
    began    whether the learner has done anything yet
    step     None when all that is written is done; `beside`: those of the tracks that go beside its own
    papers   the papers that are not handed in, the newest first
    placing  a placement test is open; `placed`: one was begun at some time
    check    this week, where the learner has not judged it yet
    """

    began: bool
    run: Unfinished | None
    deck: Deck
    step: Step | None
    weakest: Weakest | None
    beside: tuple[Step, ...] = ()
    papers: tuple[Sat, ...] = ()
    placing: bool = False
    placed: bool = False
    check: str | None = None

    @property
    def things(self) -> int:
        return sum(map(bool, (self.placing, self.papers, self.run, self.deck.queue, self.step, self.weakest)))


def today(learner: Learner, cards: Deck, papers: Sequence[Sat] = ()) -> Today:
    """The day. `cards`: the deck of the same events; `papers`: those that are open."""
    work, week = learner.work, week_of(learner.today)
    step = next_step(learner)
    if step is None and not work.began:
        step = first(learner)
    return Today(
        work.began,
        unfinished(learner),
        cards,
        step,
        weakest(learner, step) if step else None,
        tuple(beside(learner, step)) if step else (),
        tuple(papers),
        bool(work.placing),
        work.placed,
        None if week in work.judged else week,
    )


def next_step(learner: Learner) -> Step | None:
    """What to do next; None when everything that can be practiced is done."""
    exercises = learner.course.exercises
    hand = [id for id in learner.work.tried if id in exercises and exercises[id].written]
    unfinished = [id for id in hand if id not in learner.work.passed]
    if unfinished:
        return _step(learner, exercises[unfinished[-1]], "tried")
    return along(learner, followed(learner.work.settings, learner.course)) or _in_course(learner)


def along(learner: Learner, tracks: Sequence[Track]) -> Step | None:
    """The first thing to do along these tracks, one after the other."""
    for track, stop in stops(learner, tracks):
        exercise = _open(learner, stop.topic)
        if exercise is not None:
            wanted = learner.course.topics[stop.wanted] if stop.wanted else None
            return _step(learner, exercise, "wanted" if wanted else "track", track, wanted)
    return None


def beside(learner: Learner, step: Step) -> Iterator[Step]:
    """Where tracks share the hours: what comes next in each that has a share, and in the others; without the step."""
    tracks = followed(learner.work.settings, learner.course)
    shares = shares_of(learner.work.settings, [track.id for track in tracks])
    rest = [track for track in tracks if track.id not in shares]
    met = {step.exercise}
    for lane in [rest, *([track] for track in tracks if track.id in shares)] if shares else []:
        found = along(learner, lane)
        if found is not None and found.exercise not in met:
            met.add(found.exercise)
            yield found


def stops(learner: Learner, tracks: Sequence[Track]) -> Iterator[tuple[Track, Stop]]:
    """The topics that are still to be learned along these tracks."""
    for track, legs in ways(learner, tracks):
        for _, found in in_time(legs, learner):
            yield from ((track, stop) for stop in found)


def _in_course(learner: Learner) -> Step | None:
    """The first exercise that is to be passed after the one passed last, in the order of the course; then the others.
    Topics that are known without it are left alone."""
    course, done = learner.course, learner.done
    names = [e.id for e in course.exercises.values() if e.written]
    passed = [name for name in names if name in learner.work.passed]
    turn = names.index(passed[-1]) + 1 if passed else 0
    for name in names[turn:] + names[:turn]:
        exercise = course.exercises[name]
        if name not in learner.work.passed and exercise.topic not in done:
            return _step(learner, exercise, "after" if passed else "course")
    return None


def _open(learner: Learner, topic: str) -> Exercise | None:
    """The first exercise of a topic that is not passed; of a topic that is taken up again, the first."""
    own = [exercise for exercise in learner.course.topics[topic].exercises if exercise.written]
    waiting = [exercise for exercise in own if exercise.id not in learner.work.passed]
    return waiting[0] if waiting else None


def _step(
    learner: Learner, exercise: Exercise, because: Because, track: Track | None = None, wanted: Topic | None = None
) -> Step:
    topic = learner.course.topics[exercise.topic]
    missing = tuple(lacking(topic.id, learner.course, learner.done))
    fresh = all(learner.status(each.id) == "new" for each in topic.exercises)
    return Step(topic, exercise, learner.status(exercise.id), because, track, wanted, missing, fresh)


def first(learner: Learner) -> Step | None:
    """The first lesson that can be read, for who has begun nothing where no exercise is written."""
    topic = next((topic for topic in learner.course.topics.values() if topic.written), None)
    if topic is None:
        return None
    return Step(topic, None, "new", "first", missing=tuple(lacking(topic.id, learner.course, learner.done)))


def weakest(learner: Learner, step: Step) -> Weakest | None:
    """Of what the step builds on, or the topic for whose sake it comes, the written topic that is held least and is
    neither known nor the step itself; of equals the one that builds on least."""
    course = learner.course
    wanted = step.wanted or step.topic
    depth = depths(course.topics)
    found = [
        topic
        for topic in closure([wanted.id], course.topics) - {wanted.id, step.topic.id}
        if course.topics[topic].written and _weak(learner, topic)
    ]
    if not found:
        return None
    least = min(found, key=lambda topic: (learner.value(topic), depth[topic], topic))
    held = learner.mastery.get(least)
    return Weakest(course.topics[least], wanted, held.value if held is not None and held.evidence else None)


def _weak(learner: Learner, topic: str) -> bool:
    """Is a topic not known, or no longer?"""
    held = learner.mastery.get(topic)
    return topic not in learner.done or (held is not None and held.standing == "fading")


def unfinished(learner: Learner) -> Unfinished | None:
    """The run begun last that is neither finished nor failed."""
    labs = learner.course.labs
    for id, run in reversed(learner.work.runs.items()):
        if run.lab in labs:
            lab = labs[run.lab]
            topic = learner.course.topics[lab.topic or run.lab.partition("/")[0]]
            return Unfinished(id, lab, topic, run.going, datetime.fromisoformat(run.since))
    return None
