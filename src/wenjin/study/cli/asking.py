"""Ask one exercise that is no program, line by line: over a pipe as at a terminal.

    numbers    a blank at a time; of a row or a matrix all numbers on one line
    choices    the number of an option, a step at a time
    an order   the numbers of the lines, in the order in which they belong

An empty line means that the learner does not know; `q` leaves the question open.
"""

import sys
from collections.abc import Mapping
from typing import Any

from wenjin.kit.text import Language, Text
from wenjin.study.cli.terminal import clean, console, say

HOW = Text("空行：不会   q：先离开，以后接着做", "empty line: I do not know   q: leave and go on later")
NUMBERS = Text("要 {n} 个数，用空格分开：", "{n} numbers, with spaces between: ")
OPTION = Text("选 1–{n}：", "1–{n}: ")
PLACES = Text("按顺序写编号，用空格分开：", "the numbers in their order, with spaces between: ")
AGAIN = Text("这一行读不懂，请再写一次。", "This line cannot be read; write it again.")


class Left(Exception):
    """The learner leaves; the question stays open."""


def ask(problem: Mapping[str, Any], language: Language) -> dict[str, Any] | None:
    """The answer as the judge reads it; None when the learner does not know. Raises Left."""
    from wenjin.study.cli.views import prose

    out = console()
    if "show" in problem:
        out.print(prose(problem["show"][language]))
    found: dict[str, Any] = {}
    match problem["form"]:
        case "numeric":
            for blank in problem["fields"]:
                numbers = read(clean(blank["label"][language]) + ": ", size(blank["shape"]), None)
                if numbers is None:
                    return None
                found[blank["name"]] = shaped(numbers, blank["shape"])
        case "order":
            for n, item in enumerate(problem["items"], 1):
                print(f"  {n}  {clean(item['text'][language])}")
            places = read(say(PLACES), len(problem["items"]), len(problem["items"]))
            if places is None:
                return None
            found["order"] = [problem["items"][int(n) - 1]["key"] for n in places]
        case _:
            for step in problem["steps"]:
                out.print(prose(step["prompt"][language]))
                for n, option in enumerate(step["options"], 1):
                    print(f"  {n}  {clean(option['text'][language])}")
                chosen = read(say(OPTION.format(n=len(step["options"]))), 1, len(step["options"]))
                if chosen is None:
                    return None
                found[step["key"]] = step["options"][int(chosen[0]) - 1]["key"]
    return found


def read(prompt: str, count: int, most: int | None) -> list[float] | None:
    """So many numbers from a line, each from 1 to `most` where there is one; None for an empty line."""
    if count > 1 and most is None:
        prompt = prompt + say(NUMBERS.format(n=count))
    while True:
        print(prompt, end="", flush=True)
        line = sys.stdin.readline()
        said = line.replace("，", " ").replace(",", " ").replace("−", "-").split()
        if not line or said == ["q"]:
            print()
            raise Left
        if not said:
            return None
        try:
            numbers = [float(each) for each in said]
        except ValueError:
            numbers = []
        whole = most is None or all(1 <= n <= most and n == int(n) for n in numbers)  # inf and nan are none
        distinct = most is None or len(set(numbers)) == len(numbers)
        if len(numbers) == count and whole and distinct:
            return numbers
        print(say(AGAIN))


def size(shape: list[int]) -> int:
    total = 1
    for length in shape:
        total *= length
    return total


def shaped(numbers: list[float], shape: list[int]) -> Any:
    """The numbers row by row in this shape; one number where there is none."""
    if not shape:
        return numbers[0]
    each = len(numbers) // shape[0]
    return [shaped(numbers[n * each : (n + 1) * each], shape[1:]) for n in range(shape[0])]
