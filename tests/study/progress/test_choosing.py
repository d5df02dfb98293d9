"""What is kept when a learner chooses, and that choosing neither hides lateness nor makes it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.study.progress.learned import NOW, someone
from wenjin.study.course.load import load
from wenjin.study.course.marks import marks
from wenjin.study.progress import choosing
from wenjin.study.progress.career import role, roles
from wenjin.study.progress.pace import Pace, following, pace
from wenjin.study.progress.plan import USUAL, Hours, hours_of
from wenjin.study.progress.shelf import shelf
from wenjin.study.progress.ways import followed, path_of
from wenjin.study.progress.work import Learner
from wenjin.study.store.log import happened

COURSE = load()


class Someone:
    """A learner who chooses, day after day."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.day = 0

    @property
    def now(self) -> Learner:
        return someone(COURSE, (), self.events, NOW + timedelta(days=self.day))

    def keep(self, told: dict[str, Any]) -> None:
        self.events += [happened("setting", key, {"key": key, "value": value}, NOW) for key, value in told.items()]

    def pace(self, track: str) -> Pace:
        laid = following(self.now, hours_of(self.now.work.settings) or USUAL)
        return pace(self.now, COURSE.tracks[track], laid)


@pytest.fixture
def one() -> Someone:
    one = Someone()
    one.keep(choosing.begin(one.now, ["qmatter"]))
    return one


def test_what_the_course_was_at_the_first_choice_is_what_news_are_told_beside() -> None:
    one = Someone()
    assert choosing.begin(one.now, ["qmatter"], met={"a": "1"})["met"] == {"a": "1"}
    one.keep(choosing.begin(one.now, ["qmatter"], met={"a": "1"}))
    assert "met" not in choosing.begin(one.now, ["seven-stages"], met={"a": "2"}), "it was looked at since"


def test_going_first_through_something_else_is_no_lateness(one: Someone) -> None:
    one.day = 10
    late = one.pace("qmatter").late
    assert late > 5
    one.keep(choosing.begin(one.now, ["seven-stages"]))
    assert [track.id for track in followed(one.now.work.settings, COURSE)] == ["seven-stages", "qmatter"]
    assert (one.pace("qmatter").late, one.pace("seven-stages").late) == (late, 0), "what was late stays late"
    one.keep(choosing.begin(one.now, ["qmatter"]))
    assert (one.pace("qmatter").late, one.pace("seven-stages").late) == (late, 0)
    one.keep(choosing.leave(one.now, "qmatter"))
    assert one.pace("seven-stages").late == 0
    assert one.pace("qmatter").standing == "new", "what was left is promised no more"


def test_another_path_begins_anew_and_the_same_one_does_not(one: Someone) -> None:
    one.keep(choosing.begin(one.now, ["thirty-weeks"], "ai-engineer"))
    assert path_of(COURSE.tracks["thirty-weeks"], one.now.work.settings) is not None
    one.day = 20
    late = one.pace("thirty-weeks").late
    assert late > 10
    one.keep(choosing.choose_path(one.now, "thirty-weeks", "ai-engineer"))
    assert one.pace("thirty-weeks").late == late
    one.keep(choosing.choose_path(one.now, "thirty-weeks", None))
    assert (one.pace("thirty-weeks").late, path_of(COURSE.tracks["thirty-weeks"], one.now.work.settings)) == (0, None)


def test_other_hours_are_no_pace(one: Someone) -> None:
    one.keep(choosing.keep_hours(one.now, Hours(1, 3)))
    first = one.pace("qmatter").promised
    for hours in (Hours(2, 3), Hours(0.5, 1), Hours(1, 3)):
        one.keep(choosing.keep_hours(one.now, hours))
        found = one.pace("qmatter")
        assert (found.late, found.standing) == (0, "on-time"), "nothing was done: neither early nor late"
    assert found.promised == first


def test_more_hours_make_up_what_is_late_and_fewer_hide_nothing(one: Someone) -> None:
    one.keep(choosing.keep_hours(one.now, Hours(1, 2)))
    one.day = 20
    late = one.pace("qmatter")
    assert late.late > 10
    one.keep(choosing.keep_hours(one.now, Hours(0.9, 2)))
    assert one.pace("qmatter").late == late.late, "what was late stays late"
    one.keep(choosing.keep_hours(one.now, Hours(1, 2)))
    one.keep(choosing.keep_hours(one.now, Hours(4, 8)))
    assert (one.pace("qmatter").late, one.pace("qmatter").standing) == (0, "on-time")
    one.day = 30
    assert one.pace("qmatter").late > 5


def test_a_track_can_be_given_a_share_of_the_hours(one: Someone) -> None:
    one.keep(choosing.begin(one.now, ["qmatter", "seven-stages", "sixteen-topics"]))
    one.day = 10
    late, end = one.pace("qmatter").late, one.pace("qmatter").end
    one.keep(choosing.keep_share(one.now, "seven-stages", 40))
    assert one.pace("qmatter").late == late, "to share the hours is no lateness"
    assert one.pace("qmatter").end > end
    assert (choosing.free(one.now, "seven-stages"), choosing.free(one.now, "qmatter")) == (100, 60)
    for share in (61, -1):
        with pytest.raises(ValueError, match="of 60 percent"):
            choosing.keep_share(one.now, "qmatter", share)
    one.keep(choosing.leave(one.now, "seven-stages"))
    assert choosing.free(one.now, "qmatter") == 100
    one.keep(choosing.keep_share(one.now, "sixteen-topics", 30))
    one.keep(choosing.keep_share(one.now, "sixteen-topics", 0))
    assert one.now.work.settings["shares"] == {}


def test_having_caught_up_is_kept_by_topic(one: Someone) -> None:
    told = choosing.caught_up(one.now, COURSE.tracks["qmatter"], marks(COURSE))
    assert set(told["seen"]) == set(COURSE.tracks["qmatter"].topics)


def test_every_role_names_topics_and_projects_and_its_gap() -> None:
    found = list(roles(COURSE))
    assert len(found) == 10
    for track, path in found:
        new, knows = role(someone(COURSE), track, path), role(someone(COURSE, COURSE.topics), track, path)
        assert new.projects
        assert {topic.id for topic in new.topics} <= {topic.id for topic in new.gap} <= COURSE.topics.keys()
        assert new.minutes == sum(topic.minutes for topic in new.gap)
        assert new.hours == sum(project.hours for project in new.projects)
        assert (knows.gap, knows.minutes, knows.known) == ((), 0, len(knows.topics))
        done = [happened("project", project.id, {"what": "done"}, NOW) for project in new.projects]
        assert role(someone(COURSE, events=done), track, path).hours == 0


def test_every_resource_stands_on_the_shelf_with_when_it_helps() -> None:
    assert {one.resource.id for one in shelf(COURSE)} == set(COURSE.resources)
    for topic in COURSE.topics.values():
        for one in shelf(COURSE, topic):
            assert one.units
            assert all(topic.id in (*unit.topics, *unit.revisits) for _, unit in one.units)
            assert all(one.resource.id in unit.resources for _, unit in one.units)
