"""Two functions to repair and a decorator to finish: the cases, and the mistakes as programs.

Rule    a function that must be handed to another cannot be sent into a sandbox, so the answer carries its own
        `session`, which calls the three and reports; it is given, and the learner leaves it alone
Rule    what a mistaken program keeps between calls (a default, a count) is kept between cases here as well: such a
        program gives two answers to one question, and by that it is told. Steps that use the default and steps that
        read counts stand in different cases, so that each tells one mistake only
Proof   tests/curriculum/test_python_core_exercises.py
"""

import functools
from collections.abc import Callable
from itertools import combinations
from random import Random
from typing import Any

from wenjin.kit.exercise import Case, Code, read_mistakes
from wenjin.kit.text import Text

NONE: frozenset[str] = frozenset()
Step = list[Any]
FRUIT = ("apple", "cherry", "fig", "grape", "kiwi", "lemon", "mango", "olive", "peach", "pear", "plum", "quince")

DEFAULT: list[str] = []  # what "default-made-at-each-call" forgets to make anew
MOST = 1000  # words in it: a judge that runs for weeks must not send a longer list with each attempt
COUNT = [0]  # what "one-count-for-all" counts with


def collecting(fault: frozenset[str]) -> Callable[..., list[str]]:
    def collect(word: str, into: list[str] | None = None) -> list[str]:
        if "default-made-at-each-call" in fault:
            if len(DEFAULT) > MOST:
                DEFAULT.clear()
            into = DEFAULT if into is None else into
        elif "empty-is-missing" in fault:
            into = into or []
        elif into is None:
            into = []
        if "rebinding-reaches-the-caller" in fault:
            into = [*into, word]
        else:
            into.append(word)
        return into

    return collect


def ranking(fault: frozenset[str]) -> Callable[..., Any]:
    def ranked(words: list[str], *, reverse: bool = False) -> Any:
        if "arguments-passed-by-value" in fault or "sort-returns-the-list" in fault:
            done = words.sort(reverse=reverse)
            return done if "sort-returns-the-list" in fault else words
        return sorted(words, reverse=reverse)

    return ranked


def logging(fault: frozenset[str]) -> Callable[..., Any]:
    def logged(function: Callable[..., Any]) -> Any:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            COUNT[0] += 1
            wrapper.calls = COUNT[0] if "one-count-for-all" in fault else wrapper.calls + 1  # type: ignore[attr-defined]
            if "packed-twice" in fault:
                result = function(args, kwargs)
            elif "first-argument-only" in fault:
                result = function(*args[:1], **kwargs)
            elif "keywords-dropped" in fault:
                result = function(*args)
            else:
                result = function(*args, **kwargs)
            return None if "result-lost" in fault else result

        if "name-lost" not in fault:
            functools.update_wrapper(wrapper, function)
        wrapper.calls = 0  # type: ignore[attr-defined]
        return wrapper

    return logged


def solution(lists: dict[str, list[str]], steps: list[Step], fault: frozenset[str] = NONE) -> Any:
    """`session` of the answer, on functions with these faults."""
    collect, ranked, logged = collecting(fault), ranking(fault), logging(fault)

    @logged
    def show(*args: Any, **kwargs: Any) -> Any:
        """Shows what it was called with."""
        return [list(args), kwargs]

    @logged
    def total(*numbers: Any, start: int = 0) -> Any:
        """Adds up."""
        return start + sum(numbers)

    seen: list[Any] = []
    for act, *rest in steps:
        if act == "collect":
            word, *name = rest
            answer = collect(word, *(lists[n] for n in name))
            seen.append([" ".join(answer), bool(name) and answer is lists[name[0]]])
        elif act == "ranked":
            name, reverse = rest
            answer = ranked(lists[name], reverse=reverse)
            seen.append([answer and " ".join(answer), answer is lists[name]])
        elif act == "show":
            seen.append(show(*rest[0], **rest[1]))
        elif act == "total":
            seen.append(total(*rest[0], **rest[1]))
        elif act == "calls":
            seen.append([show.calls, total.calls])
        elif act == "names":
            seen.append([f"{f.__name__}: {f.__doc__}" for f in (show, total)])
    return [seen, {name: " ".join(words) for name, words in lists.items()}]


def cases(dice: Random) -> list[Case]:
    def words(n: int) -> list[str]:
        """`n` of them, in no order and in no reversed one."""
        while True:
            drawn = dice.sample(FRUIT, n)
            if n < 3 or drawn not in (sorted(drawn), sorted(drawn, reverse=True)):
                return drawn

    def number() -> int:
        return dice.randrange(2, 60)

    def case(tag: str, lists: dict[str, list[str]], steps: list[Step], zh: str, en: str) -> Case:
        return Case(tag, (lists, steps), Text(zh, en))

    two, three = words(2), words(3)
    return [
        case("default", {}, [["collect", w] for w in two], "两次都不给 into", "twice without `into`"),
        case("default", {}, [["collect", w] for w in words(1)], "不给 into", "once without `into`"),
        case("given", {"a": words(2)}, [["collect", words(1)[0], "a"]], "接在给的列表后面", "onto a given list"),
        case("empty", {"a": []}, [["collect", w, "a"] for w in two], "给的列表是空的", "onto an empty list"),
        case("ranked", {"a": three}, [["ranked", "a", False]], "排一个列表", "a list in order"),
        case("ranked", {"a": words(4)}, [["ranked", "a", True]], "倒过来排", "a list in reverse order"),
        case("one", {}, [["show", [number()], {}]], "一个位置参数", "one positional argument"),
        case("many", {}, [["show", [number(), number(), number()], {}]], "三个位置参数", "three positional arguments"),
        case("keywords", {}, [["show", [number()], {"unit": words(1)[0]}]], "带关键字参数", "with a keyword argument"),
        case("many", {}, [["total", [number(), number()], {}]], "求两个数的和", "the sum of two numbers"),
        case("keywords", {}, [["total", [number()], {"start": number()}]], "和带起点", "a sum with a start"),
        case("counted", {}, [["show", [number()], {}], ["calls"]], "数一次调用", "one call is counted"),
        case(
            "counted",
            {},
            [["show", [number()], {}], ["total", [number()], {}], ["total", [number()], {}], ["calls"]],
            "两个函数各数各的",
            "two functions count apart",
        ),
        case("default", {}, [["collect", w] for w in three], "三次都不给 into", "three times without `into`"),
        case("names", {}, [["names"]], "名字和说明还在", "names and docstrings are kept"),
        case("given", {"a": words(1), "b": words(3)}, [["collect", two[0], "b"], ["collect", two[1], "a"]],
             "两个列表各接一个词", "a word onto each of two lists"),
    ]  # fmt: skip


BY_PLACE = (
    ("default-made-at-each-call", "empty-is-missing", "rebinding-reaches-the-caller"),
    ("arguments-passed-by-value", "sort-returns-the-list"),
    ("packed-twice", "first-argument-only", "keywords-dropped"),
)

exercise = Code(
    form="function",
    define="session",
    solution=solution,
    cases=cases,
    mistakes=read_mistakes(__file__),
    exclusive=frozenset(frozenset(pair) for place in BY_PLACE for pair in combinations(place, 2)),
    signatures={
        # What is kept from earlier calls depends on what was called before; which cases fail does not.
        frozenset({"default"}): "default-made-at-each-call",
        frozenset({"counted"}): "one-count-for-all",
        # The same beliefs, written so that Python itself refuses the call.
        frozenset({"keywords"}): "keywords-dropped",
        frozenset({"many"}): "first-argument-only",
        frozenset({"many", "keywords"}): "first-argument-only",
    },
)
