"""Typed steps beside a listing, in the real sandbox: what does the same is right, else its line is told."""

from collections.abc import Iterator

import pytest

from wenjin.study.judge.client import Judge, local_judge
from wenjin.study.judge.library import imported, sources

LISTING = [
    "import torch",
    "def half(x, by=2):\n    y = x / by\n    return y",
    "total = half(torch.tensor([2.0, 4.0]))",
    "noise = torch.randn(3)",
    "for n in range(2):\n    print(n, total.sum().item())",
]


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with local_judge() as judge:
        yield judge


def say(judge: Judge, at: int, typed: str, before: list[str] | None = None) -> dict:  # type: ignore[type-arg]
    return judge.beside(LISTING, before or LISTING[:at], typed)


def test_the_right_text_goes_on_whatever_its_names_and_spaces(judge: Judge) -> None:
    typed: list[str] = []
    for step in (
        "import torch as torch",
        "def halve(value, by=2):\n  return value*0.5*2/by   # the same in other words",
        "all_of_it = halve(torch.tensor([2., 4.]))",
        "n1 = torch.randn(3)",
        "for k in (0, 1): print(k, all_of_it.sum().item())",
    ):
        told = judge.beside(LISTING, typed, step)
        assert (told["right"], told["slip"], told["run"]) == (True, None, True), told
        typed.append(step)
    assert told["output"] == "0 3.0\n1 3.0\n"


@pytest.mark.parametrize(
    ("at", "typed", "slip", "line", "words"),
    [
        (1, "def half(x, by=2):\n    y = x * by\n    return y", "value", 2, "x * by"),
        (1, "def half(x):\n    return x / 3", "value", 1, "total should be"),
        (2, "total = half(torch.tensor([2.0, 5.0]))", "value", 1, "should be tensor([1., 2.])"),
        (2, "total = haIf(torch.tensor([2.0, 4.0]))", "name", 1, "haIf"),
        (2, "total = half(torch.tensor([2.0, 4.0])", "syntax", 1, "no Python"),
        (2, "total = half(torch.tensor([[2.0], 4.0]))", "raises", 1, "stops"),
        (2, "pass", "value", 1, "total should be"),
        (4, "for n in range(2):\n    print(n, total.mean().item())", "output", 2, "it should print"),
        (4, "", "syntax", 1, "Nothing is typed"),
        (4, "import os\nos.kill(os.getpid(), 9)", "stopped", 1, "did not end"),
    ],
)  # fmt: skip
def test_a_changed_meaning_stops_with_its_line(
    judge: Judge, at: int, typed: str, slip: str, line: int, words: str
) -> None:
    told = say(judge, at, typed)
    assert not told["right"]
    assert (told["slip"], told["line"]) == (slip, line), told
    assert words in told["text"]["en"], told["text"]["en"]
    assert told["text"]["zh"] != told["text"]["en"]


def test_what_differs_between_two_runs_of_the_listing_is_no_difference(judge: Judge) -> None:
    timed = ["import time", "took = time.perf_counter()", "print(f'{took:.9f}')", "one = 1"]
    assert judge.beside(timed, timed[:1], "took = time.perf_counter() + 0")["right"]
    assert judge.beside(timed, timed[:3], "one = 1")["right"]
    assert judge.beside(timed, timed[:3], "one = 2")["slip"] == "value"


def test_the_library_is_there_and_nothing_else_of_the_course(judge: Judge) -> None:
    listing = ["from wenjin.stack.nn.attention import mix", "import torch", "y = mix(torch.eye(2), torch.eye(2))"]
    assert judge.beside(listing, listing[:2], "y = mix(torch.eye(2), torch.eye(2))")["run"]
    assert judge.beside(listing, listing[:1], "import wenjin.study\nimport torch")["slip"] == "raises"
    assert "wenjin.stack.nn.attention" in sources(listing)
    assert not sources(["import wenjin.study.judge.worker", "from wenjin import study"]).keys() - {"wenjin"}
    assert list(imported("import (")) == []


def test_a_listing_that_needs_files_is_compared_by_its_form(judge: Judge) -> None:
    listing = ["open('/nowhere/of/the/course')", "x = 1 + 2"]
    told = judge.beside(listing, listing[:1], "z = 1 + 2")
    assert (told["right"], told["run"]) == (True, False)
    told = judge.beside(listing, listing[:1], "x = 2 + 1")
    assert (told["right"], told["run"], told["slip"]) == (False, False, "value")
