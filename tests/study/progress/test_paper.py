"""Papers: a seed draws one paper, every written topic is on it, and a sitting is what its events say."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.study.course.load import load
from wenjin.study.progress.paper import (
    CARDS,
    LONGEST,
    WANTED,
    Sittings,
    cost,
    paper,
    scopes,
    seal,
    sitting,
    sittings,
)
from wenjin.study.progress.report import report
from wenjin.study.store.log import Event, happened

COURSE = load(coverage=False)
SCOPES = scopes(COURSE)
NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)


def events(of: str, seed: int, verdicts: dict[str, tuple[str, str | None, str | None]], why: str = "") -> list[Event]:
    """A sitting: its questions answered with these verdicts, names and sections."""
    drawn = paper(COURSE, SCOPES[of], seed)
    told = [drawn.began(), {"what": "resumed", "spent": 0.0}]
    for n, (item, (verdict, name, section)) in enumerate(verdicts.items(), 1):
        row = {"what": "answered", "item": item, "answer": "…", "verdict": verdict, "name": name, "section": section}
        told.append(row | {"feedback": {"zh": "因为", "en": "because"}, "passed": 0, "total": 1, "spent": 30.0 * n})
    if why:
        right = sum(verdict == "pass" for verdict, _, _ in verdicts.values())
        end = {"what": "ended", "of": of, "right": right, "all": len(drawn.items), "spent": 200.0, "why": why}
        told.append(end)
    return [happened("paper", f"{of}#{seed}", data, NOW + timedelta(seconds=n)) for n, data in enumerate(told)]


def test_all_units_and_stage_tests_can_be_named_and_a_test_comes_after_its_last_unit() -> None:
    units = {f"{track.id}/{unit.id}" for track in COURSE.tracks.values() for unit in track.units}
    tests = {f"{track.id}/{test.id}" for track in COURSE.tracks.values() for test in track.stage_tests}
    assert set(SCOPES) == units | tests
    order = list(SCOPES)
    assert order.index("thirty-weeks/stage-1") == order.index("thirty-weeks/weeks-5-6") + 1
    assert SCOPES["thirty-weeks/stage-2"].kind == "project"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(SCOPES)), st.integers(0, 10**9))
def test_a_seed_draws_one_paper_with_every_written_topic_and_nothing_else(of: str, seed: int) -> None:
    scope = SCOPES[of]
    drawn = paper(COURSE, scope, seed)
    assert drawn == paper(load_again(), scopes(load_again())[of], seed)
    written = {topic for topic in scope.topics if any(e.written for e in COURSE.topics[topic].exercises)}
    asked = [item.exercise.topic for item in drawn.items]
    assert set(asked) == written
    assert set(drawn.untested) == set(scope.topics) - written
    assert all(asked.count(topic) <= WANTED for topic in written)
    assert len({item.id for item in drawn.items}) == len(drawn.items)
    assert {card.partition("/")[0] for card in drawn.cards} <= written
    assert all(sum(card.startswith(f"{topic}/") for card in drawn.cards) <= CARDS for topic in written)
    least = sum(min(cost(e) for e in COURSE.topics[topic].exercises if e.written) for topic in written)
    assert drawn.minutes <= max(LONGEST, least)
    assert drawn.minutes == sum(item.minutes for item in drawn.items)


AGAIN: list[Any] = []


def load_again() -> Any:
    """Another course of the same files: nothing of the first is shared."""
    if not AGAIN:
        AGAIN.append(load(coverage=False))
    return AGAIN[0]


def test_seeds_differ() -> None:
    scope = SCOPES["thirty-weeks/stage-1"]
    papers = {tuple((i.id, i.variant) for i in paper(COURSE, scope, seed).items) for seed in range(20)}
    assert len(papers) == 20


def test_a_long_test_asks_every_topic_once_and_keeps_to_its_length_where_it_can() -> None:
    topics = [t for t in COURSE.topics.values() if any(e.written for e in t.exercises)]
    made = replace(COURSE, topics=dict(COURSE.topics))
    copies = []
    for n in range(30):
        one = topics[n % len(topics)]
        name = f"{one.id}-{n}"
        exercises = tuple(replace(e, id=f"{name}/{e.name}", topic=name) for e in one.exercises)
        made.topics[name] = replace(one, id=name, exercises=exercises)  # type: ignore[index]
        copies.append(name)
    scope = replace(SCOPES["thirty-weeks/stage-1"], topics=tuple(copies))
    for seed in range(10):
        drawn = paper(made, scope, seed)
        assert [item.exercise.topic for item in drawn.items] == copies
        shortest = sum(min(cost(e) for e in made.topics[name].exercises if e.written) for name in copies)
        assert drawn.minutes == shortest > LONGEST


def test_a_sitting_is_what_its_events_say() -> None:
    of = "qmatter/transformer"
    drawn = paper(COURSE, SCOPES[of], 1)
    first, second = (item.id for item in drawn.items)
    told = events(of, 1, {first: ("wrong", "no-scale", "why-sqrt-d")})
    found = sitting(told, f"{of}#1")
    assert found is not None
    assert (found.of, found.seed, found.minutes, found.ended) == (of, 1, drawn.minutes, None)
    assert (found.spent, found.right, found.opened) == (30.0, 0, 1)
    again = [*told, happened("paper", f"{of}#1", {"what": "answered", "item": first, "verdict": "pass", "spent": 40.0})]
    better = sitting(again, f"{of}#1")
    assert better is not None
    assert better.right == 1, "the last answer counts"
    late = [*events(of, 1, {}, "time"), *again[2:]]
    after = sitting(late, f"{of}#1")
    assert after is not None
    assert (after.right, after.why, second in after.answers) == (0, "time", False), "nothing counts after the end"
    assert sitting(told[1:], f"{of}#1") is None, "a sitting that nobody began"


def test_the_report_names_weak_topics_the_weakest_first_and_where_to_read_again() -> None:
    of = "sixteen-topics/python"
    ids = [item.id for item in paper(COURSE, SCOPES[of], 1).items]
    core = [id for id in ids if id.startswith("python-core/")]
    trees = [id for id in ids if id.startswith("decision-trees")]
    verdicts: dict[str, tuple[str, str | None, str | None]] = {
        core[0]: ("pass", None, None),
        core[1]: ("wrong", "shared-default", "default-arguments"),
        trees[0]: ("wrong", "no-weights", "split"),
    }
    told = events(of, 1, verdicts, "handed-in")
    other = events(of, 2, {}, "time")
    sat = sitting(told, f"{of}#1")
    assert sat is not None
    found = report(sat, sittings([*other, *told]), COURSE)
    assert (found.right, found.all) == (1, 4)
    assert [(weak.id, weak.right, weak.all) for weak in found.weak] == [
        ("decision-trees-and-forests", 0, 2),
        ("python-core", 1, 2),
    ]
    assert found.weak[0].revisit == ("split",)
    assert found.weak[1].revisit == ("default-arguments",)
    assert [one.seed for one in found.before] == [2]
    assert [question.answer is None for question in found.weak[0].questions].count(True) == 1


def test_all_sittings_go_through_json_at_any_place() -> None:
    of = "qmatter/transformer"
    told = [*events(of, 1, {}, "time"), *events(of, 2, {}), *events("thirty-weeks/stage-1", 3, {}, "handed-in")]
    whole = sittings(told)
    for cut in range(len(told)):
        first = sittings(told[:cut])
        second = Sittings.from_dict(first.as_dict())
        for event in told[cut:]:
            second.take(event)
        assert second == whole
    assert [one.seed for one in whole.open()] == [2]
    assert [one.seed for one in whole.over(of)] == [1]


def test_the_seal_changes_with_each_event_and_not_with_a_rating() -> None:
    told = events("qmatter/transformer", 1, {}, "handed-in")
    id = told[0].subject
    kept = seal(told, id)
    rated = happened("paper", id, {"what": "rated", "card": "self-attention/x", "rating": 3}, NOW)
    assert seal([*told, rated, *events("qmatter/transformer", 2, {})], id) == kept
    changes: list[Callable[[Event], Event]] = [
        lambda e: replace(e, at=e.at + timedelta(microseconds=1)),
        lambda e: replace(e, data={**e.data, "spent": 1.25}),
        lambda e: replace(e, id="0" * 32),
    ]
    for n in range(len(told)):
        for change in changes:
            assert seal([*told[:n], change(told[n]), *told[n + 1 :]], id) != kept
        assert seal([*told[:n], *told[n + 1 :]], id) != kept
