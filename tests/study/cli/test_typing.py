"""`wenjin type` in a scripted terminal: what is right advances, what is not stops with its line; it goes on later."""

import json
from collections.abc import Callable

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from wenjin.study.cli import again, typing
from wenjin.study.course import lesson, load
from wenjin.study.course.steps import Block, blocks
from wenjin.study.progress.retyped import Retyped, retyped
from wenjin.study.store.log import happened

Said = tuple[int, str, str]
COURSE = load.load(coverage=False)
FOLDER = COURSE.topics["self-attention"].folder
assert FOLDER
BLOCKS = {block.name: block for block in blocks(lesson.read(FOLDER, "en"))}
PAIRS = BLOCKS["pairs"]


@pytest.fixture
def wenjin(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    monkeypatch.setattr(load, "load", lambda: COURSE)

    def run(*words: str, said: str = "", **more: str) -> Said:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None)
        typing.register(app)
        again.register(app)  # one command alone would have no name
        done = CliRunner().invoke(app, list(words), input=said.encode())
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def typed(steps: tuple[str, ...]) -> str:
    """As one would type it: several lines end with an empty one."""
    return "".join(f"{step}\n\n" if "\n" in step else f"{step}\n" for step in steps)


def test_a_block_is_typed_stopped_and_typed_to_its_end(wenjin: Callable[..., Said]) -> None:
    code, out, _ = wenjin("type", "self-attention", "--block", "pairs", said=typed(PAIRS.steps[:3]))
    assert code == 1
    assert out.count("✓") == 3
    assert f"Stopped at step 4 of {PAIRS.name}" in out
    rest = list(PAIRS.steps[3:])
    assert rest[0].startswith("q = ")
    wrong = rest[0].replace("5", "6")
    rest[0] = rest[0].replace("q =", "query =")
    code, out, _ = wenjin("type", "self-attention", "--block", "pairs", said=f"{wrong}\n{typed(tuple(rest))}")
    assert code == 0, out
    assert "Step 4 of 9" in out
    assert "✗ Line 1 means something else: q should be tensor" in out
    assert f"1 | {wrong}" in out
    assert "pairs is whole" in out
    assert "1 slips (meaning 1)" in out
    assert "(2, 3, 5, 7)" in out, "what the program prints"
    row = next(row for row in json.loads(wenjin("type", "self-attention", "--json")[1])["blocks"] if row["whole"])
    assert (row["block"], row["steps"], row["slips"], row["done"]) == ("pairs", 9, {"value": 1}, 1)
    assert "✓ pairs" in wenjin("type", "self-attention", "--list")[1]
    assert "○ average" in wenjin("type", "self-attention", "--list")[1]
    assert "Step 1 of 9" in wenjin("type", "self-attention", "--block", "pairs", "--again")[1]


def test_it_goes_on_with_the_first_block_that_is_not_whole(wenjin: Callable[..., Said]) -> None:
    first = next(iter(BLOCKS.values()))
    code, out, _ = wenjin("type", "self-attention", WENJIN_LANG="zh")
    assert code == 1
    assert f"{first.name}（self-attention#{first.section}），{len(first.steps)} 步" in out
    assert "停在" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["type", "nothing"], "There is no topic called nothing"),
        (["type", "ppo"], "The lesson ppo is not written yet"),
        (["type", "self-attention", "--block", "pears"], "has no program called pears"),
    ],
)
def test_refusals_are_sentences(wenjin: Callable[..., Said], words: list[str], said: str) -> None:
    code, _, error = wenjin(*words)
    assert code in (1, 2)
    assert said in error


def test_a_statement_of_several_lines_ends_with_an_empty_one() -> None:
    assert not typing.finished(["def f():"])
    assert not typing.finished(["def f():", "    return 1"])
    assert typing.finished(["def f():", "    return 1", ""])
    assert not typing.finished(["x = ["])
    assert typing.finished(["x = [", "1]"])
    assert typing.finished(["x = )"]), "its fault is told at once"


EVENTS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.sampled_from([2, 3]), st.booleans(), st.integers(0, 90)),
    max_size=40,
)


@given(EVENTS, st.integers(0, 40))
def test_the_fold_is_the_same_wherever_it_was_kept(rows: list[tuple[str, int, int, bool, int]], at: int) -> None:
    events = [
        happened("type", "t", {"block": b, "step": n, "of": of, "right": ok, "slip": None if ok else "value",
                               "ms": ms, "typed": 7, "text": f"{b}{n}"})
        for b, n, of, ok, ms in rows
    ]  # fmt: skip
    fold = Retyped()
    for event in events[:at]:
        fold.take(event)
    fold = Retyped.from_dict(json.loads(json.dumps(fold.as_dict())))
    for event in events[at:]:
        fold.take(event)
    assert fold.topics == retyped(events)
    for held in fold.topics.get("t", {}).values():
        assert len(held.steps) <= held.of
        assert held.steps == [f"{held.steps[0][0]}{n}" for n in range(len(held.steps))] if held.steps else True


def test_events_of_another_make_are_left_alone() -> None:
    made: list[dict[str, object]] = [{}, {"block": 3}, {"block": "a", "step": "x", "of": 2}]
    made.append({"block": "a", "step": 2, "of": 2})
    assert retyped([happened("type", "t", data) for data in made]) == {}
    assert not typing.whole(Block("a", "s", ("x = 1",)), None)
