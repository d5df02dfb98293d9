"""Sitting a paper with the real judge and store: references pass, planted errors are named, one answer counts."""

import pytest

from tests.study.judge.papers.conftest import OF, begin, wrong
from wenjin.study.judge.sitting import Over, Room
from wenjin.study.progress.paper import paper, seal
from wenjin.study.progress.report import report
from wenjin.study.progress.state import state
from wenjin.study.store.log import happened


def test_the_reference_answers_pass_the_paper(room: Room) -> None:
    sat = begin(room)
    with room.open(sat):
        for item, variant in sat.items:
            assert room.answer(sat, item, room.judge().solution(item, variant).encode())["verdict"] == "pass"
    room.end(sat, "handed-in")
    found = room.get(sat.id)
    assert found is not None
    assert (found.right, found.why) == (len(sat.items), "handed-in")
    assert not report(found, room.all(), room.course).weak
    passed = state(room.log.events(), room.course).exercises
    assert all(passed[item].status == "passed" for item, _ in sat.items), "each answer is an attempt, too"
    assert len(room.log.events("attempt")) == len(sat.items)


def test_planted_errors_make_weak_topics_and_say_where_to_read(room: Room) -> None:
    sat = begin(room)
    planted = {item for item, _ in sat.items if item.startswith("decision-trees")}
    for item, variant in sat.items:
        right = room.judge().solution(item, variant).encode()
        room.answer(sat, item, wrong(room, item, variant) if item in planted else right)
    assert not room.log.events("attempt"), "nothing is told before the end"
    room.end(sat, "handed-in")
    room.end(sat, "time")  # again: it has ended
    found = room.get(sat.id)
    assert found is not None
    told = report(found, room.all(), room.course)
    assert [weak.id for weak in told.weak] == ["decision-trees-and-forests"]
    assert (told.weak[0].right, told.weak[0].all) == (0, len(planted))
    assert told.weak[0].revisit
    assert len(room.log.events("attempt")) == len(sat.items)


def test_the_last_answer_counts_and_the_numbers_are_those_of_the_paper(room: Room) -> None:
    sat = begin(room)
    item, variant = next((i, v) for i, v in sat.items if room.course.exercises[i].kind == "numeric")
    assert room.answer(sat, item, wrong(room, item, variant))["verdict"] == "wrong"
    for other in (variant + 1, 0):  # right for other numbers
        assert room.answer(sat, item, room.judge().solution(item, other).encode())["verdict"] != "pass"
    assert room.answer(sat, item, room.judge().solution(item, variant).encode())["verdict"] == "pass"
    assert room.answer(sat, item, b"\xff[[[")["verdict"] == "error"
    room.answer(sat, item, room.judge().solution(item, variant).encode())
    found = room.get(sat.id)
    assert found is not None
    assert found.right == 1


def test_cards_are_kept_and_rated_only_after_the_end_and_never_counted(room: Room) -> None:
    sat = begin(room)
    card = sat.cards[0]
    room.type(sat, card, "because")
    room.rate(sat, card, 4)
    room.end(sat, "handed-in")
    ended = room.get(sat.id)
    assert ended is not None
    assert not ended.ratings
    room.rate(ended, card, 2)
    room.rate(ended, "no/card", 2)
    ended = room.get(sat.id)
    assert ended is not None
    told = report(ended, room.all(), room.course)
    assert (ended.ratings, told.cards[0].typed, told.right, told.all) == ({card: 2}, "because", 0, len(sat.items))


def test_an_answer_that_arrives_after_the_end_changes_no_code(room: Room) -> None:
    sat = begin(room)
    room.end(sat, "handed-in")
    code = seal(room.log.events("paper", sat.id), sat.id)
    room.log.append(happened("paper", sat.id, {"what": "answered", "item": sat.items[0][0], "verdict": "pass"}))
    assert seal(room.log.events("paper", sat.id), sat.id) == code


def test_a_paper_that_is_given_up_takes_nothing_and_ends_not_until_it_is_taken_up(room: Room) -> None:
    sat = begin(room)
    item, variant = sat.items[0]
    right = room.judge().solution(item, variant).encode()
    room.answer(sat, item, right)
    room.give_up(sat)
    with pytest.raises(Over):
        room.answer(sat, item, right)
    room.end(sat, "handed-in")
    assert (room.all().open(OF), room.all().over(OF), len(room.all().given_up(OF))) == ([], [], 1)
    assert not room.log.events("attempt")
    again = room.get(sat.id)
    assert again is not None
    room.take_up(again)
    room.take_up(again)
    assert [one.id for one in room.all().open(OF)] == [sat.id]
    assert room.enter(room.scopes()[OF], 5) == sat.id
    room.end(again, "handed-in")
    ended = room.get(sat.id)
    assert ended is not None
    room.give_up(ended)
    assert (ended.right, len(room.all().over(OF)), room.enter(room.scopes()[OF], 5) == sat.id) == (1, 1, False)


def test_the_same_seed_draws_the_same_paper_twice(room: Room) -> None:
    one, two = begin(room, seed=1), begin(room, seed=1)
    assert (one.items, one.cards, one.minutes) == (two.items, two.cards, two.minutes)
    assert one.items == tuple((i.id, i.variant) for i in paper(room.course, room.scopes()[OF], 1).items)
    assert begin(room, seed=2).items != one.items
