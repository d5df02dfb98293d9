"""Which pass is next and why; what one explanation has that the one before had not."""

from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.course.passes import PASSES
from wenjin.study.progress.passes import Read, Since, passes, since, upcoming
from wenjin.study.store.log import happened

IDEAS = st.lists(st.sampled_from("abcd"), unique=True)


def test_the_next_pass_has_its_reason() -> None:
    assert upcoming(Read()) == ("question", "order")
    assert upcoming(Read({"question": "done", "cost": "begun"})) == ("cost", "begun")
    assert upcoming(Read(gaps=["x"], passes={"picture": "done"})) == ("question", "missing")
    assert upcoming(Read({"question": "done"}, gaps=["x"]), wrong=True) == ("code", "wrong")
    assert upcoming(Read({"question": "done", "code": "done"}), wrong=True) == ("picture", "order")
    assert upcoming(Read(dict.fromkeys(PASSES, "done"), gaps=["x"]), wrong=True) is None


@given(st.lists(st.tuples(st.sampled_from([*PASSES, "x"]), st.sampled_from(["begun", "done"])), max_size=30))
def test_whoever_does_what_is_next_does_all_eight(first: list[tuple[str, str]]) -> None:
    events = [happened("pass", "t", {"pass": name, "what": what}) for name, what in first]
    order = []
    while ahead := upcoming(passes(events).get("t", Read())):
        order.append(ahead[0])
        events.append(happened("pass", "t", {"pass": ahead[0], "what": "done"}))
        assert len(order) <= len(PASSES)
    done = {name for name, what in first if what == "done"}
    assert sorted(order) == sorted(set(PASSES) - done)


@given(IDEAS, IDEAS, IDEAS, IDEAS)
def test_what_changed_between_two_explanations_adds_up(before: list, now: list, wrong: list, still: list) -> None:  # type: ignore[type-arg]
    found = since({"missing": before, "errors": wrong}, {"missing": now, "errors": still})
    assert set(before) - set(found.gained) | set(found.lost) == set(now)
    assert set(wrong) - set(found.mended) | set(found.made) == set(still)
    assert since({"missing": now, "errors": still}, {"missing": now, "errors": still}) == Since((), (), (), ())


def test_an_event_of_another_make_is_no_gap() -> None:
    assert since({"missing": None, "errors": [3]}, {}) == Since((), (), (), ())
    fold = passes([happened("explain", "t", {"missing": "all"}), happened("explain", "t", {"missing": ["a"]})])
    assert (fold["t"].gaps, fold["t"].explained, fold["t"].whole) == (["a"], 2, True)
