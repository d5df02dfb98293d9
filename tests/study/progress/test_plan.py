"""A track over the calendar: no week passes its hours, order and prerequisites hold, the thirty weeks fit."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import FULL
from tests.study.progress.learned import NOW, knowing, someone
from wenjin.study.course.load import load
from wenjin.study.course.order import closure
from wenjin.study.progress.plan import Hours, Lane, Piece, Plan, hours_of, lay, plan, shares_of, weeks_of
from wenjin.study.progress.ways import way
from wenjin.study.store.log import happened

COURSE = load()
MONDAY = NOW.date()
USUAL_PLAN = Hours(2.5, 5)
HOURS = st.builds(Hours, st.floats(0, 16, allow_nan=False), st.floats(0, 32, allow_nan=False)).filter(
    lambda hours: hours.usable
)
ROUTES = [(track, path) for track in COURSE.tracks.values() for path in (None, *track.paths)]


def laid(track: str, hours: Hours = USUAL_PLAN, known: frozenset[str] = frozenset(), start: date = MONDAY) -> Plan:
    found, learner = COURSE.tracks[track], someone(COURSE, known)
    return plan(learner, [(found, way(learner, found, None))], hours, start)


def met(found: Plan, kind: str = "topic") -> list[str]:
    """What begins in the plan, in its order."""
    return list(dict.fromkeys(s.piece.id for week in found.weeks for s in week.shares if s.piece.kind == kind))


@pytest.mark.parametrize("track", COURSE.tracks)
def test_a_plan_holds_every_topic_that_is_needed_once_and_whole(track: str) -> None:
    found = laid(track)
    wanted = closure(COURSE.tracks[track].topics, COURSE.topics)
    assert set(met(found)) == wanted
    for topic in wanted:
        minutes = sum(s.minutes for week in found.weeks for s in week.shares if s.piece.id == topic)
        assert minutes == COURSE.topics[topic].minutes


@settings(deadline=None, max_examples=600 if FULL else 30)
@given(st.data())
def test_no_week_passes_its_hours_and_order_and_prerequisites_hold(data: st.DataObject) -> None:
    routes = data.draw(st.lists(st.sampled_from(ROUTES), min_size=1, max_size=3, unique_by=lambda route: route[0].id))
    hours, known = data.draw(HOURS), data.draw(knowing(COURSE))
    start = MONDAY + timedelta(days=data.draw(st.integers(0, 13)))
    learner = someone(COURSE, known)
    found = plan(learner, [(track, way(learner, track, path)) for track, path in routes], hours, start)
    assert found.whole
    week_minutes = 60 * hours.week + 1e-6  # the sum of five floats
    for week in found.weeks:
        assert week.monday.weekday() == 0
        assert week.taken <= week.minutes <= week_minutes
        assert all(share.minutes > 0 for share in week.shares)
    for week in found.weeks[:-1]:
        assert week.taken == week.minutes, "no time is left free before the end"
    order, done = met(found), set(known)
    for topic in order:
        assert set(COURSE.topics[topic].prerequisites) <= done, "what it builds on has been before"
        done.add(topic)
    assert not set(order) & known, "what is known is not planned"
    own = [topic for track, path in routes for leg in way(learner, track, path) for topic in leg.topics]
    assert done >= set(own)
    early = {s.piece.id for week in found.weeks for s in week.shares if s.piece.wanted}
    plain = [topic for topic in order if topic not in early]
    assert plain == [topic for topic in dict.fromkeys(own) if topic in plain], "otherwise in the order of the track"


def test_a_missing_prerequisite_comes_right_before_the_topic_that_needs_it() -> None:
    found = laid("qmatter")
    early = {s.piece.id: s.piece.wanted for week in found.weeks for s in week.shares if s.piece.wanted}
    assert early["python-modules-and-paths"] == "python-concurrency", "a later topic of the track comes forward"
    assert early["linear-algebra"] == "tensors", "a topic from outside the track"
    order = met(found)
    assert order.index("linear-algebra") < order.index("tensors")


@pytest.mark.parametrize("hours", [Hours(2, 5), Hours(2.5, 5), Hours(3, 4), Hours(3, 6), Hours(4, 5)])
@pytest.mark.parametrize("day", range(7))
def test_the_thirty_weeks_take_24_to_32(hours: Hours, day: int) -> None:
    start = MONDAY + timedelta(days=day)
    found = laid("thirty-weeks", hours, start=start)
    assert 24 <= len(found.weeks) <= 32, hours
    assert 24 * 7 <= (found.end - start).days + 1 <= 32 * 7


def test_with_the_hours_it_is_made_for_each_stage_has_its_weeks() -> None:
    track, found = COURSE.tracks["thirty-weeks"], laid("thirty-weeks", Hours(2.5, 5))
    assert len(found.weeks) == 30
    weeks: dict[str, float] = {}
    parts = {unit.id: unit.part.en for unit in track.units if unit.part}
    for week in found.weeks:
        assert 15 * 60 <= week.minutes <= 20 * 60
        for share in week.shares:
            part = parts[str(share.piece.unit)]
            weeks[part] = weeks.get(part, 0) + share.minutes / 1050
    assert list(weeks.values()) == pytest.approx([6, 8, 8, 8], abs=0.01)
    assert [weeks_of(unit) for unit in track.units] == [1] * 4 + [2] * 13


def test_theory_is_for_weekdays_and_projects_for_weekends() -> None:
    whole, learner = COURSE.tracks["thirty-weeks"], someone(COURSE)
    no_weekend = plan(learner, [(whole, way(learner, whole, None))], Hours(3, 0), MONDAY + timedelta(days=5))
    assert no_weekend.weeks[0].monday == MONDAY + timedelta(days=7), "a weekend without hours holds nothing"
    one, two = (Piece("topic", id, "t", "u", 600, first=id == "one") for id in ("one", "two"))
    project = Piece("project", "p", "t", "u", 300, after=frozenset({"one"}))
    practice = Piece("practice", "u", "t", "u", 60)
    weeks = lay([Lane(100, [[one, two, project, practice]])], Hours(2, 4), MONDAY, ["t"]).weeks
    told = [[(share.piece.id, share.minutes) for share in week.shares] for week in weeks]
    assert told == [[("one", 600), ("p", 240)], [("two", 600), ("p", 60), ("u", 60)]]
    lane = Lane(100, [[one, two, project, practice]])
    saturday = lay([lane], Hours(2, 4), MONDAY + timedelta(days=5), ["t"]).weeks[0]
    assert [share.piece.id for share in saturday.shares] == ["one", "u"], "nothing is practiced before it was met"


def test_one_of_the_capstones_is_planned() -> None:
    found = met(laid("thirty-weeks"), "project")
    assert " ".join(COURSE.tracks["thirty-weeks"].capstones) in found
    assert "rlhf-pipeline" in found, "the project of a stage's test"
    assert len(found) == len(set(found))


def test_what_is_done_leaves_the_plan_and_missed_days_move_its_end() -> None:
    track = COURSE.tracks["qmatter"]
    exercise = next(e for e in COURSE.topics["python-core"].exercises if e.written)
    events = [happened("attempt", exercise.id, {"verdict": "pass"}, NOW)]
    events += [happened("project", "parallel-log-analyzer", {"what": "done"}, NOW)]
    learner = someone(COURSE, events=events)
    found = plan(learner, [(track, way(learner, track, None))], Hours(1, 2), MONDAY)
    before = laid("qmatter", Hours(1, 2))
    assert found.minutes < before.minutes
    assert met(found, "project") == ["knowledge-base-manager"]
    events.append(happened("project", "parallel-log-analyzer", {"what": "open"}, NOW))
    learner = someone(COURSE, events=events)
    assert "parallel-log-analyzer" in met(
        plan(learner, [(track, way(learner, track, None))], Hours(1, 2), MONDAY), "project"
    )
    ends = [laid("qmatter", Hours(1, 2), start=MONDAY + timedelta(days=7 * n)).end for n in range(4)]
    assert [end - ends[0] for end in ends] == [timedelta(days=7 * n) for n in range(4)], "a missed week costs a week"


def test_tracks_follow_one_another_and_share_what_is_learned() -> None:
    learner = someone(COURSE)
    both = [(COURSE.tracks[id], way(learner, COURSE.tracks[id], None)) for id in ("qmatter", "sixteen-topics")]
    found = plan(learner, both, Hours(2, 4), MONDAY)
    assert found.ends["qmatter"] == laid("qmatter", Hours(2, 4)).end
    assert found.ends["qmatter"] < found.ends["sixteen-topics"] == found.end
    assert found.minutes < laid("qmatter", Hours(2, 4)).minutes + laid("sixteen-topics", Hours(2, 4)).minutes


def test_tracks_with_a_share_go_beside_the_others() -> None:
    """Each day in the parts that were given; when a track is done, its hours go to the others."""
    one, other = (Piece("topic", id, id, "u", minutes) for id, minutes in (("one", 3000), ("other", 500)))
    found = lay([Lane(25, [[other]]), Lane(75, [[one]])], Hours(2, 4), MONDAY, ["one", "other"], {"other": 25})
    told = [{share.piece.id: share.minutes for share in week.shares} for week in found.weeks]
    assert told[:3] == [{"one": 630, "other": 210}] * 2 + [{"one": 760, "other": 80}]
    assert told[3] == {"one": 840}
    assert found.ends["other"] == MONDAY + timedelta(days=16)
    assert found.end == found.ends["one"]
    assert sum(week.taken for week in found.weeks) == 3500
    assert all(week.taken == week.minutes for week in found.weeks[:-1])


@settings(deadline=None, max_examples=400 if FULL else 15)
@given(st.data())
def test_shared_hours_are_shared_and_order_and_prerequisites_hold(data: st.DataObject) -> None:
    routes = data.draw(st.lists(st.sampled_from(ROUTES), min_size=2, max_size=3, unique_by=lambda route: route[0].id))
    hours, known = data.draw(HOURS), data.draw(knowing(COURSE))
    names = [track.id for track, _ in routes]
    shares = shares_of({"shares": {id: data.draw(st.integers(0, 60)) for id in names[1:]}}, names)
    learner = someone(COURSE, known)
    ways = [(track, way(learner, track, path)) for track, path in routes]
    found = plan(learner, ways, hours, MONDAY, shares)
    assert found.whole
    assert dict(found.shares) == shares
    for week in found.weeks[:-1]:
        assert week.taken == week.minutes, "no time is left free before the end"
    done = set(known)
    for topic in met(found):
        assert set(COURSE.topics[topic].prerequisites) <= done, "what it builds on has been before"
        done.add(topic)
    assert done >= {topic for _, legs in ways for leg in legs for topic in leg.topics}
    for topic in set(met(found)):
        minutes = sum(s.minutes for week in found.weeks for s in week.shares if s.piece.id == topic)
        assert minutes == COURSE.topics[topic].minutes, "what two tracks have in common is learned once"
    assert found.end == max(found.ends.values())
    given = sum(shares.values())
    for id, share in shares.items():
        for week in found.weeks:  # while nothing else is done, each has its part
            if week.monday + timedelta(days=6) < min(found.ends.values()) and given < 100:
                own = sum(s.minutes for s in week.shares if s.piece.track == id)
                assert abs(own - week.minutes * share / 100) <= 2 * len(routes)


def test_shares_that_cannot_be_are_none() -> None:
    names = ["qmatter", "seven-stages", "sixteen-topics"]
    for value in (None, 3, [], {"qmatter": "half"}, {"qmatter": 0}, {"qmatter": -5}, {"qmatter": 101}, {"gone": 20}):
        assert shares_of({"shares": value}, names) == {}
    assert shares_of({"shares": {"seven-stages": 60, "sixteen-topics": 50}}, names) == {"seven-stages": 60}


def test_a_finished_track_has_an_empty_plan() -> None:
    found = laid("sixteen-topics", known=frozenset(COURSE.topics))
    assert (found.weeks, found.minutes) == ((), 0)
    assert found.ends == {"sixteen-topics": MONDAY - timedelta(days=1)}


@pytest.mark.parametrize(
    "value", [None, 3, {}, {"weekday": 1}, {"weekday": "x", "weekend": 2}, {"weekday": -1, "weekend": 9},
              {"weekday": 0, "weekend": 0.5}, {"weekday": 17, "weekend": 1}, {"weekday": float("nan"), "weekend": 2}]
)  # fmt: skip
def test_hours_that_cannot_be_are_no_hours(value: object) -> None:
    assert hours_of({"hours": value}) is None
    assert hours_of({"hours": {"weekday": 1, "weekend": 2.5}}) == Hours(1, 2.5)


def test_no_plan_is_laid_into_no_time() -> None:
    with pytest.raises(ValueError, match="no plan"):
        laid("qmatter", Hours(0, 0))
