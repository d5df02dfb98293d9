"""Fields become an answer and an answer fields again, the same; in the page and in the sheet of the terminal."""

import tomllib
from collections.abc import Callable
from random import Random
from typing import Any

from wenjin.study.cli.sheet import sheet
from wenjin.study.judge.forms import entries, fields, filled_in


def problem(dice: Random) -> dict[str, Any]:
    says = {"zh": "一", "en": "one"}
    form = dice.choice(["numeric", "order", "choice"])
    keys = dice.sample(["a", "b-c", "d e", 'f"', "七"], 3)
    shapes = dice.choices([[], [2], [2, 3]], k=3)
    steps = [{"key": key, "prompt": says, "options": [{"key": k, "text": says} for k in keys]} for key in keys]
    return {
        "form": form,
        "variant": 3,
        "show": says,
        "fields": [{"name": key, "label": says, "shape": shape} for key, shape in zip(keys, shapes, strict=True)],
        "items": [{"key": key, "text": says} for key in keys],
        "steps": steps,
    }


def typed(dice: Random, asked: dict[str, Any]) -> dict[str, str]:
    """Some of the fields, filled in with what people type."""

    def names(name: str, shape: list[int]) -> list[str]:
        return [one for n in range(shape[0]) for one in names(f"{name}.{n}", shape[1:])] if shape else [name]

    keys = [item["key"] for item in asked["items"]]
    match asked["form"]:
        case "numeric":
            all_of_them = [one for f in asked["fields"] for one in names(f"field.{f['name']}", f["shape"])]
            values = [repr(dice.gauss(0, 1e6)), "−3", "1，5", "0", 'x"\\\x7f\U0001f600', "2/3", " "]
            return {name: dice.choice(values) for name in all_of_them if dice.random() < 0.7}
        case "order":
            return {f"place.{key}": str(n) for n, key in enumerate(dice.sample(keys, 3), 1)}
        case _:
            return {f"step.{key}": dice.choice(keys) for key in keys if dice.random() < 0.7}


def test_what_is_typed_goes_into_a_sheet_and_back_and_stays_the_same(count: Callable[[int], int]) -> None:
    for seed in range(count(2000)):
        dice = Random(seed)
        asked = problem(dice)
        form = typed(dice, asked)
        answer = tomllib.loads(sheet("T", asked, "en", entries(asked, form)))["answer"]
        assert entries(asked, fields(asked, answer)) == entries(asked, form), (seed, form)


def test_a_row_with_a_blank_in_it_is_no_answer_and_not_lost() -> None:
    asked = {"form": "numeric", "fields": [{"name": "m", "shape": [2]}, {"name": "n", "shape": [2]}]}
    form = {"field.m.1": "4"}
    assert filled_in(asked, form) == {"m": None, "n": None}
    assert entries(asked, form) == {"m": [None, 4.0], "n": [None, None]}
    assert fields(asked, {"m": ["", 4], "n": []}) == {"field.m.1": "4"}
