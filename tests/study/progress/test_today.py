"""The day from events alone: the unfinished run, the next step with what it lacks, the weakest prerequisite."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import FULL
from tests.study.cli.school import course
from tests.study.progress.learned import NOW, holds, knowing, someone
from wenjin.kit.text import Text
from wenjin.study.course.graph import Course, Exercise, Track, Unit
from wenjin.study.course.load import load
from wenjin.study.course.order import closure
from wenjin.study.progress.deck import deck
from wenjin.study.progress.paper import sittings
from wenjin.study.progress.today import Step, Today, next_step, today, weakest
from wenjin.study.progress.work import Learner, Work, learner
from wenjin.study.store.log import Event, happened

COURSE = course()
IDS = list(COURSE.exercises)
REAL = load()
LAB = next(lab for topic in REAL.topics.values() for lab in topic.labs)


def whole(found: Course) -> Course:
    """A course in which every topic is written, with one exercise."""

    def made(id: str) -> Exercise:
        return Exercise(
            id=f"{id}/one", topic=id, name="one", kind="choice", asks="", misconceptions=(), folder=REAL.root
        )

    topics = {id: replace(topic, status="whole", exercises=(made(id),)) for id, topic in found.topics.items()}
    return replace(found, topics=topics)


WHOLE = whole(REAL)


def event(kind: str, subject: str, **data: Any) -> Event:
    return happened(kind, subject, data, NOW)


def run(name: str, *what: str) -> list[Event]:
    return [event("run", LAB.id, run=name, what=each) for each in what]


def day(events: list[Event], of: Course = COURSE) -> Today:
    now = NOW + timedelta(minutes=1)
    return today(learner(events, of, now), deck(events, of, now))


def test_a_newcomer_has_begun_nothing_and_begins_at_the_start() -> None:
    found = day([event("setting", "track", value="qmatter")])
    assert not found.began
    assert found.run is None
    assert found.step is not None
    assert found.step.exercise == COURSE.exercises[IDS[0]]


def test_what_was_tried_last_comes_before_what_is_new() -> None:
    tried = [event("attempt", IDS[0], verdict="pass"), event("attempt", IDS[2], verdict="wrong")]
    found = day(tried).step
    assert found is not None
    assert (found.exercise, found.status, found.because) == (COURSE.exercises[IDS[2]], "tried", "tried")
    later = day([*tried, event("attempt", IDS[1], verdict="wrong")]).step
    assert later is not None
    assert later.exercise == COURSE.exercises[IDS[1]], "the last, whatever the order of the course"
    found = day([event("attempt", IDS[1], verdict="pass")]).step
    assert found is not None
    assert (found.exercise, found.because) == (COURSE.exercises[IDS[2]], "after")


def test_when_all_is_passed_there_is_no_next_step() -> None:
    found = day([event("attempt", id, verdict="pass") for id in IDS])
    assert (found.began, found.step, found.weakest, found.things) == (True, None, None, 0)


def test_the_chosen_tracks_say_what_comes_next() -> None:
    text = Text("轨", "track")
    topics = {name: replace(COURSE.topics["kinds"], id=name, exercises=moved(name)) for name in ("one", "two")}
    units = {name: Unit("u", "week", "1", text, (name,), (), text, ()) for name in topics}
    back = Track(id="back", title=text, audience=text, idea=text, covers=(), units=(units["two"],))
    forth = replace(back, id="forth", units=(units["one"],))
    both = replace(COURSE, topics=topics, tracks={"back": back, "forth": forth})
    found = day([event("setting", "track", value="back")], both).step
    assert found is not None
    assert (found.topic.id, found.because, found.track) == ("two", "track", back)
    passed = [event("attempt", id, verdict="pass") for id in both.exercises if id.startswith("two/")]
    follows = [event("setting", "tracks", value=["back", "forth"]), event("setting", "track", value="back")]
    found = day(passed + follows, both).step
    assert found is not None
    assert (found.topic.id, found.track) == ("one", forth), "the second track goes on where the first is done"
    assert (began := day([], both).step) is not None
    assert began.topic.id == "one"
    assert day([event("setting", "track", value="gone")], both).step == began


def moved(topic: str) -> Any:
    return tuple(replace(each, id=f"{topic}/{each.name}", topic=topic) for each in COURSE.topics["kinds"].exercises)


def stepping(
    track: str, known: Collection[str], tried: Collection[str] = (), of: Course = WHOLE
) -> tuple[Learner, Step]:
    events = [event("setting", "track", value=track)]
    events += [event("attempt", f"{topic}/one", verdict="wrong") for topic in tried]
    found = someone(of, known, events)
    step = next_step(found)
    assert step is not None
    return found, step


@settings(deadline=None, max_examples=2000 if FULL else 100)
@given(st.data())
def test_no_topic_is_proposed_without_naming_what_it_lacks(data: st.DataObject) -> None:
    track = data.draw(st.sampled_from(["none", *REAL.tracks]))
    of = data.draw(st.sampled_from([REAL, WHOLE]))
    known = data.draw(knowing(of)) - {"python-core"}
    tried = data.draw(st.lists(st.sampled_from(list(of.topics)), max_size=2))
    learner, step = stepping(track, known, tried, of)
    lacks = closure([step.topic.id], of.topics) - {step.topic.id} - known
    assert {topic.id for topic in step.missing} == lacks
    assert set(step.topic.prerequisites) - known <= {topic.id for topic in step.missing}
    if of is WHOLE and step.because != "tried" and track != "none":
        assert not lacks, "where all is written, the prerequisite itself is the step"
    weak = weakest(learner, step)
    if weak is not None:
        assert weak.topic.id in closure([weak.wanted.id], of.topics) - {step.topic.id}
        assert weak.topic.written


def test_every_track_offers_the_prerequisite_in_time() -> None:
    for track in REAL.tracks.values():
        met: list[str] = []
        while True:
            found = someone(WHOLE, met, [event("setting", "track", value=track.id)])
            step = next_step(found)
            if step is None or step.because not in ("track", "wanted"):
                break
            assert step.missing == ()
            assert step.because == ("wanted" if step.wanted else "track")
            if step.topic.id not in track.topics:
                assert step.wanted is not None
                assert step.topic.id in closure([step.wanted.id], REAL.topics)
            met.append(step.topic.id)
        assert set(met) == closure(track.topics, REAL.topics)


def test_the_weakest_prerequisite_is_the_one_that_is_held_least() -> None:
    known = closure(["multi-head-attention"], WHOLE.topics) - {"multi-head-attention"}
    learner, step = stepping("qmatter", known, ["multi-head-attention"])
    assert step.missing == ()
    assert weakest(learner, step) is None, "all are known"
    held = {**learner.mastery, "word-vectors": holds("word-vectors", "fading", 0.4)}
    held["self-attention"] = holds("self-attention", "fading", 0.5)
    found = weakest(replace(learner, mastery=held), step)
    assert found is not None
    assert (found.topic.id, found.wanted.id, found.value) == ("word-vectors", "multi-head-attention", 0.4)
    learner, step = stepping("qmatter", known - {"self-attention"}, ["multi-head-attention"])
    found = weakest(learner, step)
    assert found is not None
    assert (found.topic.id, found.value) == ("self-attention", None), "nothing of it was shown"


def test_an_open_test_and_open_papers_are_things_to_do() -> None:
    began = [event("place", "p", what="began"), event("paper", "s", what="began", of="a/b", seed=1, items=[])]
    found = day(began)
    assert (found.began, found.placing, found.placed, found.things) == (True, True, True, 2), "the test and the step"
    papers = sittings(began).open()
    found = today(found_by(began), deck(began, COURSE, NOW), papers)
    assert ([one.id for one in found.papers], found.things) == (["s"], 3)
    over = day([*began, event("place", "p", what="ended", known={})])
    assert (over.placing, over.placed, over.things) == (False, True, 1)
    assert day([*began, event("place", "q", what="ended", known={})]).placing, "another test"
    assert not day([event("attempt", IDS[0], verdict="wrong")]).placed


def found_by(events: list[Event]) -> Learner:
    return learner(events, COURSE, NOW + timedelta(minutes=1))


def test_a_week_that_was_not_judged_is_named() -> None:
    scores = {"theory": 5, "practice": 5, "code": 5, "notes": 5}
    assert day([]).check == "2026-W48"
    assert day([event("week", "2026-W47", **scores)]).check == "2026-W48"
    assert day([event("week", "2026-W48", theory=5)]).check == "2026-W48"
    assert day([event("week", "2026-W48", **scores)]).check is None


def test_the_steps_of_tracks_that_share_the_hours_stand_beside_the_next_one() -> None:
    chosen = [event("setting", "tracks", value=["qmatter", "seven-stages", "sixteen-topics"])]
    chosen.append(event("setting", "track", value="qmatter"))
    assert today(someone(WHOLE, events=chosen), deck([], WHOLE, NOW)).beside == ()
    chosen.append(event("setting", "shares", value={"sixteen-topics": 30}))
    found = today(someone(WHOLE, {"python-core"}, chosen), deck([], WHOLE, NOW))
    assert found.step is not None
    assert found.step.track == REAL.tracks["qmatter"]
    assert [step.track for step in found.beside if step.track] == [REAL.tracks["sixteen-topics"]]
    assert found.beside[0].exercise != found.step.exercise


def test_a_run_is_unfinished_until_it_finished_or_failed() -> None:
    assert day(run("a", "queued", "started", "finished"), REAL).run is None
    assert day(run("a", "queued", "failed"), REAL).run is None
    for what, going in ((("queued",), True), (("started", "stopped"), False), (("stopped", "resumed"), True)):
        found = day(run("a", *what), REAL).run
        assert found is not None
        assert (found.run, found.lab, found.going, found.since) == ("a", LAB, going, NOW)
    found = day(
        [*run("a", "started"), *run("b", "started", "stopped", "remark"), *run("c", "started", "finished")], REAL
    ).run
    assert found is not None
    assert (found.run, found.going) == ("b", False)
    assert day([event("run", "gone/lab", run="a", what="started")], REAL).run is None


@settings(deadline=None, max_examples=500 if FULL else 50)
@given(st.data())
def test_the_fold_can_stop_and_go_on_and_stays_small(data: st.DataObject) -> None:
    kinds = st.sampled_from(["attempt", "run", "project", "setting", "review", "place", "paper"])
    what = st.sampled_from(["done", "open", "queued", "started", "stopped", "finished", "failed"])
    subject = st.sampled_from([IDS[0], IDS[1], LAB.id, "track", "rlhf-pipeline"])
    told = data.draw(st.lists(st.tuples(kinds, subject, what, st.integers(0, 90)), max_size=80))
    events = [
        event(kind, subject, what=what, run=f"r{n}", value=what, verdict="pass" if n % 2 else "wrong")
        for kind, subject, what, n in told
    ]
    cut = data.draw(st.integers(0, len(events)))
    straight, first = Work(NOW.tzinfo), Work(NOW.tzinfo)
    for each in events:
        straight.take(each)
    for each in events[:cut]:
        first.take(each)
    second = Work.from_dict(first.as_dict(), NOW.tzinfo)
    for each in events[cut:]:
        second.take(each)
    assert second.as_dict() == straight.as_dict()
    assert len(straight.runs) <= 50


def test_a_day_ends_at_four_in_the_morning() -> None:
    late = happened("attempt", IDS[0], {"verdict": "pass"}, NOW.replace(hour=3))
    found = someone(COURSE, events=[late])
    assert found.work.passed == {IDS[0]: (NOW.date() - timedelta(days=1)).isoformat()}
