"""The course that tests of the learner's record use: whole, and its own answers pass."""

from pathlib import Path

from tests.study.generated import CARDS, EXERCISES
from wenjin.study.course.load import load
from wenjin.study.judge.client import local_judge


def test_it_has_the_real_graph_and_every_topic_is_written(generated_course: Path) -> None:
    course, real = load(generated_course), load(coverage=False)
    assert list(course.topics) == list(real.topics)
    for id, topic in course.topics.items():
        assert topic.written
        assert topic.prerequisites == real.topics[id].prerequisites
        assert (len(topic.cards), tuple(each.name for each in topic.exercises)) == (CARDS, EXERCISES)
    assert {id: track.topics for id, track in course.tracks.items()} == {
        id: track.topics for id, track in real.tracks.items()
    }


def test_its_answers_pass_and_fresh_numbers_are_fresh(generated_course: Path) -> None:
    course = load(generated_course, coverage=False)
    with local_judge(generated_course) as judge:
        for exercise in list(course.exercises)[:3]:
            for variant in (1, 2):
                answer = judge.solution(exercise, variant)
                assert judge.judge(exercise, answer.encode(), variant=variant)["verdict"] == "pass"
        one, other = (judge.problem("history-of-ai/reckon-back", variant)["show"] for variant in (1, 2))
        assert one != other
